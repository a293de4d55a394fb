"""The form that registers a person and begins a course; who is registered already is asked about, not doubled."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.course.queries import own_courses, protocol_of
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import Identity
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.people.queries import known_as
from unstuck.clinic.protocol.models import Release
from unstuck.clinic.protocol.queries import released
from unstuck.core.protocol import Protocol

LOT, SAME = "by-lot", "same"


class IdentityForm(forms.Form):
    """Who a person is, as told at the front desk."""

    name = forms.CharField(label=_("Name"), max_length=200)
    born_on = forms.DateField(label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date"}))
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)

    def identity(self) -> Identity:
        """Who is registered."""
        data = self.cleaned_data
        return Identity(data["name"], data["born_on"], data["email"], data["phone"])


class EnrolForm(IdentityForm):
    """Who, and under which released version. Where it has arms one is chosen, or drawn by lot from who may not know.

    Where somebody of that name and birth date is registered, the form asks whether it is the same person: two records
    of one person would hide the doses of the one from the other.
    """

    who = forms.ChoiceField(
        label=_("Somebody of this name and birth date is registered here. Is it the same person?"),
        choices=[
            (SAME, _("The same person: begin another course on the same record")),
            ("other", _("Somebody else of the same name and birth date")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the two.")},
    )
    plan = forms.ChoiceField(label=_("Protocol"))

    def __init__(self, account: Account, data: Any = None, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(told or {}))
        self.twin = _twin(data if data is not None else told or {})
        if self.twin is None:
            del self.fields["who"]
        self.releases = {str(r.pk): r for r in released()}
        choices = [c for pk, r in self.releases.items() for c in _choices(pk, r, account)]
        self.fields["plan"].choices = choices  # type: ignore[attr-defined]

    @property
    def same(self) -> Person | None:
        """Who begins another course; None where somebody is registered anew."""
        return self.twin if self.cleaned_data.get("who") == SAME else None

    def clean_who(self) -> str:
        """No second course beside one that goes on."""
        told = str(self.cleaned_data["who"])
        if told == SAME and self.twin and any(one.ended_at is None for one in own_courses(self.twin.pk)):
            raise forms.ValidationError(_now("A course of this person goes on. It ends before another begins."))
        return told

    def choice(self) -> tuple[Release, str | None]:
        """The release, and the arm that was chosen or drawn."""
        pk, _colon, arm = self.cleaned_data["plan"].partition(":")
        release = self.releases[pk]
        return release, draw_arm(protocol_of(release)) if arm == LOT else arm or None


def _twin(told: Mapping[str, Any]) -> Person | None:
    """Who is registered with the name and birth date that stand on the form."""
    try:
        born = forms.DateField().clean(told.get("born_on"))
    except forms.ValidationError:
        return None
    return known_as(str(told.get("name", "")), born)


def draw_arm(protocol: Protocol) -> str:
    """An arm of the protocol, drawn by lot in the ratio that it states."""
    weights = [arm.ratio for arm in protocol.arms]
    return secrets.SystemRandom().choices(protocol.arms, weights)[0].key


def _choices(pk: str, release: Release, account: Account) -> list[tuple[str, str]]:
    """One choice an arm for who may know it; one for all of them where the lot decides."""
    title = f"{release.title}, {release.version}"
    protocol = protocol_of(release)
    if not protocol.arms:
        return [(pk, title)]
    lot = (f"{pk}:{LOT}", _now("%(title)s: arm by lot, not shown") % {"title": title})
    if protocol.blinded and not access.knows_arms(account, frozenset(protocol.blinded)):
        return [lot]
    return [lot, *((f"{pk}:{arm.key}", f"{title}: {arm.title}") for arm in protocol.arms)]
