"""What the stock's pages take in. Every form that two people sign ends with the second person's name and password."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.custody.amounts import Form as DrugForm
from unstuck.clinic.custody.amounts import TooFine, parts_of
from unstuck.clinic.custody.cosign import Credentials
from unstuck.clinic.custody.counts import Count
from unstuck.clinic.custody.models import SAFE, Container, Drawing, Lot, Outcome, Product, Reason
from unstuck.clinic.custody.queries import Face
from unstuck.clinic.custody.receiving import NewProduct, Receipt

CODE = r"^[\w.:/+\-]+$"
SIZE: dict[str, Any] = {"max_digits": 9, "decimal_places": 3}


class ActForm(forms.Form):
    """The base: a hidden id makes a second tap harmless."""

    act = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, data: Any = None, **initial: Any) -> None:
        names = f"{type(self).__name__.lower()}_%s"  # a page may hold several forms
        super().__init__(data, auto_id=names, initial={"act": uuid.uuid4().hex, **initial})


class SignedForm(ActForm):
    """A form that a second person signs on the same page. The browser must not fill in the first person's password."""

    second_username = forms.CharField(
        label=_("Second person: user name"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    second_password = forms.CharField(
        label=_("Second person: password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    second_code = forms.CharField(
        label=_("Second person: code"),
        required=False,
        help_text=_("Only for those who have a second factor."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, data: Any = None, **initial: Any) -> None:
        super().__init__(data, **initial)
        own = [name for name in self.fields if not name.startswith("second_")]
        self.order_fields([*own, "second_username", "second_password", "second_code"])

    @property
    def asks(self) -> bool:
        """Whether a colleague is to sign from their own session."""
        return "ask" in self.data

    def let_ask(self) -> None:
        """Where a colleague is asked, the second person's fields on this page may stay empty."""
        if self.asks:
            for name in ("second_username", "second_password"):
                self.fields[name].required = False

    def credentials(self) -> Credentials:
        """What the second person typed."""
        told = self.cleaned_data
        return Credentials(told["second_username"], told["second_password"], told["second_code"])


def amount_field(label: str, unit: str, required: bool = True) -> forms.DecimalField:
    """A field for an amount in the lot's unit, never filled in beforehand."""
    attrs = {"inputmode": "decimal", "autocomplete": "off"}
    text = forms.TextInput(attrs=attrs)
    return forms.DecimalField(label=f"{label}, {unit}", min_value=0, required=required, widget=text, **SIZE)


def yes_or_no(label: Any) -> forms.TypedChoiceField:
    """A question that has to be answered: neither answer is the default."""
    choices = [("", _("Choose")), ("no", _("No")), ("yes", _("Yes"))]
    return forms.TypedChoiceField(label=label, choices=choices, coerce=lambda said: said == "yes")


class ProductForm(SignedForm):
    """A product as its label describes it."""

    key = forms.RegexField(CODE, label=_("Short name"), max_length=60, help_text=_("Letters and figures, no spaces."))
    title = forms.CharField(label=_("Name"), max_length=120)
    drug = forms.RegexField(CODE, label=_("Drug, as orders name it"), max_length=40)
    form = forms.ChoiceField(label=_("Form"), choices=DrugForm.choices)
    mg_per_unit = forms.DecimalField(label=_("mg per mL, spray or tablet"), min_value=Decimal("0.001"), **SIZE)
    content = forms.DecimalField(
        label=_("mL, sprays or tablets in one container"), min_value=Decimal("0.001"), max_value=10_000, **SIZE
    )
    multi_dose = yes_or_no(_("One container is for several people"))
    in_use_days = forms.IntegerField(
        label=_("Days it may be used once open"),
        required=False,
        min_value=0,
        max_value=3650,
        help_text=_("As the label says."),
    )
    gtin = forms.RegexField(r"^\d{14}$", label=_("GTIN, 14 figures"), required=False)

    def product(self) -> NewProduct:
        """What the valid form asks for."""
        told = self.cleaned_data
        facts = {name: told[name] for name in ("key", "title", "drug", "mg_per_unit", "content", "multi_dose", "gtin")}
        return NewProduct(form=DrugForm(told["form"]), in_use_days=told["in_use_days"], **facts)


class ReceiptForm(SignedForm):
    """A delivery of one lot."""

    product = forms.ModelChoiceField(label=_("Product"), queryset=Product.objects.all(), empty_label=_("Choose"))
    barcode = forms.CharField(
        label=_("Scan of a container"), required=False, max_length=120, help_text=_("Fill in the lot and the day too.")
    )
    code = forms.RegexField(CODE, label=_("Lot"), max_length=40)
    expires_on = forms.DateField(label=_("Last day it may be used"), widget=forms.DateInput(attrs={"type": "date"}))
    containers = forms.IntegerField(label=_("Containers"), min_value=1)
    label_mg_per_unit = forms.DecimalField(
        label=_("Strength on the label in your hands: mg per mL, spray or tablet"),
        help_text=_("Both of you read it off a container. It must be the product's."),
    )
    location = forms.RegexField(r"^[a-z0-9_]{1,40}$", label=_("Where it is kept"), max_length=40)
    masked = yes_or_no(_("For blinded courses: known by its neutral label only"))

    def receipt(self) -> Receipt:
        """What the valid form asks for."""
        told = self.cleaned_data
        names = ("product", "code", "expires_on", "containers", "label_mg_per_unit", "barcode", "masked", "location")
        return Receipt(**{name: told[name] for name in names})


class WasteForm(SignedForm):
    """An amount wasted from one container."""

    number = forms.TypedChoiceField(label=_("Container"), coerce=int)
    reason = forms.ChoiceField(label=_("Why"), choices=[("", _("Choose")), *Reason.choices])

    def __init__(self, lot: Lot, containers: list[Container], data: Any = None) -> None:
        super().__init__(data)
        self.fields["number"] = forms.TypedChoiceField(
            label=_now("Container"), coerce=int, choices=[("", _now("Choose")), *_containers(lot, containers)]
        )
        self.fields["amount"] = amount_field(_now("How much"), lot.unit)
        self.order_fields(["number", "amount", "reason"])
        self.let_ask()


def _containers(lot: Lot, containers: list[Container]) -> Iterator[tuple[int, str]]:
    for one in containers:
        state = _now("sealed") if one.sealed else _now("open")
        yield one.number, f"{_now('No.')} {one.number}, {state}, {lot.amount(one.left)} {lot.unit}"


class DrawingForm(SignedForm):
    """What became of a drawing: given, wasted, or both. Only a waste needs the second person."""

    reason = forms.ChoiceField(label=_("Why wasted"), choices=[("", _("Choose")), *Reason.choices], required=False)

    def __init__(self, drawing: Drawing, data: Any = None) -> None:
        super().__init__(data)
        self.fields["given"] = amount_field(_now("Given to the person"), drawing.lot.unit, required=False)
        self.fields["wasted"] = amount_field(_now("Wasted"), drawing.lot.unit, required=False)
        self.order_fields(["given", "wasted", "reason"])
        for name in ("second_username", "second_password"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if not told.get("given") and not told.get("wasted"):
            raise forms.ValidationError(_("Say how much was given or wasted."))
        if told.get("wasted"):
            signers = [] if self.asks else ["second_username", "second_password"]
            for name in ("reason", *signers):
                if not told.get(name) and name not in self.errors:
                    self.add_error(name, _("A waste needs this."))
        return told


class OwnSignatureForm(forms.Form):
    """Who is signed in signs as second person: their own password once more, since a screen can stand open."""

    password = forms.CharField(
        label=_("Your own password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, data: Any, coded: bool) -> None:
        super().__init__(data)
        if coded:
            text = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})
            self.fields["code"] = forms.CharField(label=_now("Your code"), widget=text)


class CountForm(SignedForm):
    """A count of every lot at a location. What the acts leave is not shown: who counts must look."""

    def __init__(self, faces: list[tuple[Lot, Face, list[Container]]], data: Any = None) -> None:
        super().__init__(data)
        self.faces = faces
        names: list[str] = []
        for lot, _face, containers in faces:
            names += self._ask(lot, containers)
        self.order_fields(names)

    def _ask(self, lot: Lot, containers: list[Container]) -> Iterator[str]:
        whole = forms.IntegerField(
            label=_now("Sealed containers"),
            min_value=0,
            max_value=100_000,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        )
        self.fields[f"{lot.key}_sealed"] = whole
        yield f"{lot.key}_sealed"
        for one in containers:
            if not one.sealed and one.left:
                label = _now("In open no. %(number)s") % {"number": one.number}
                self.fields[f"{lot.key}_{one.number}"] = amount_field(label, lot.unit)
                yield f"{lot.key}_{one.number}"

    def groups(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """The fields of each lot under its name, then those of the second person."""
        for lot, face, _held in self.faces:
            own = [self[name] for name in self.fields if name.startswith(f"{lot.key}_")]
            yield f"{face.name}, {face.code or face.label}", own
        yield _now("Second person"), [self[name] for name in self.fields if name.startswith("second_")]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        for lot, _face, containers in self.faces:
            for one in containers:
                name = f"{lot.key}_{one.number}"
                if told.get(name):
                    self._exact(lot, name)
        return told

    def _exact(self, lot: Lot, name: str) -> None:
        try:
            parts_of(lot.form, self.cleaned_data[name])
        except TooFine as refusal:
            self.add_error(name, str(refusal))

    def counts(self, location: str = SAFE) -> Iterator[Count]:
        """One count for each lot."""
        told = self.cleaned_data
        for lot, _face, containers in self.faces:
            opened = {one.number: told[f"{lot.key}_{one.number}"] for one in containers if not one.sealed and one.left}
            parts = {number: parts_of(lot.form, amount) if amount else 0 for number, amount in opened.items()}
            yield Count(lot, told[f"{lot.key}_sealed"], parts, location)


class InvestigationForm(ActForm):
    """What was found out so far."""

    body = forms.CharField(label=_("What was found out"), max_length=4000, widget=forms.Textarea)


class ReportForm(ActForm):
    """Under which reference the loss was reported."""

    reference = forms.RegexField(CODE, label=_("Reference of the report"), max_length=60)


class ClosingForm(SignedForm):
    """How a discrepancy ends."""

    outcome = forms.ChoiceField(label=_("What it was"), choices=[("", _("Choose")), *Outcome.choices])


class AsideForm(ActForm):
    """Set a lot aside, or release it."""

    aside = forms.BooleanField(required=False)


class DayForm(forms.Form):
    """The day of a sheet."""

    on = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))

    def day(self) -> date:
        """The day that the valid form names."""
        day: date = self.cleaned_data["on"]
        return day
