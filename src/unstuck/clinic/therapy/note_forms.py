"""What the pages of private notes take in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.therapy.models import PrivateNote
from unstuck.clinic.therapy.notes import LEAST, REASONS, Holder, Wanted

_PASSPHRASE = {"autocomplete": "off"}


class NoteForm(forms.Form):
    """A note of one's own."""

    words = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 8}), max_length=20000)


class HoldersForm(forms.Form):
    """Two people, each with a passphrase that the other does not see."""

    first = forms.ModelChoiceField(Account.objects.none(), label=_("First key holder"))
    first_passphrase = forms.CharField(
        label=_("Passphrase of the first"), widget=forms.PasswordInput(attrs=_PASSPHRASE), max_length=200
    )
    second = forms.ModelChoiceField(Account.objects.none(), label=_("Second key holder"))
    second_passphrase = forms.CharField(
        label=_("Passphrase of the second"), widget=forms.PasswordInput(attrs=_PASSPHRASE), max_length=200
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix=self.prefix)
        staff = (
            Account.objects.filter(is_active=True, grants__isnull=False).exclude(grants__role=Role.PATIENT).distinct()
        )
        for name in ("first", "second"):
            self.fields[name].queryset = staff  # type: ignore[attr-defined]
            self.fields[f"{name}_passphrase"].help_text = _("At least %(n)s characters.") % {"n": LEAST}

    def both(self) -> tuple[Holder, Holder]:
        """The two, with what they typed."""
        told = self.cleaned_data
        return Holder(told["first"], told["first_passphrase"]), Holder(told["second"], told["second_passphrase"])


class RecoveryForm(HoldersForm):
    """What two key holders do: put the key back, or open one author's notes for somebody else."""

    prefix = "open"
    course = forms.CharField(label=_("Course"), max_length=64, help_text=_("Its key, such as c_1a2b."))
    author = forms.ModelChoiceField(Account.objects.none(), label=_("Whose notes"))
    reader = forms.ModelChoiceField(Account.objects.none(), label=_("Opened for"))
    reason = forms.ChoiceField(label=_("Why"), choices=[("", "-"), *REASONS.items()])
    field_order = ("course", "author", "reader", "reason", "first", "first_passphrase", "second", "second_passphrase")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        authors = Account.objects.filter(pk__in=PrivateNote.objects.values("author"))
        readers = Account.objects.filter(is_active=True, grants__role__in=(Role.THERAPIST, Role.PRESCRIBER)).distinct()
        self.fields["author"].queryset, self.fields["reader"].queryset = authors, readers  # type: ignore[attr-defined]

    def clean_course(self) -> Any:
        """The course of that key."""
        found = PrivateNote.objects.filter(course__key=self.cleaned_data["course"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("Nobody keeps notes on a course of this key."))
        return found.course

    def wanted(self) -> Wanted:
        """What the valid form asks for."""
        told = self.cleaned_data
        return Wanted(told["course"], told["author"], told["reader"], told["reason"])


class KeyBackForm(HoldersForm):
    """Both holders put the key back after its file was lost."""

    prefix = "back"
