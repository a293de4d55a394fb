"""What the training page takes in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.training.record import BASES, Signing, skills


class SigningForm(forms.Form):
    """Who is able to do what, and how that is known."""

    account = forms.ModelChoiceField(Account.objects.none(), label=_("Who"))
    skill = forms.ChoiceField(label=_("Is able to"))
    basis = forms.ChoiceField(label=_("How that is known"), choices=[("", "-"), *BASES.items()])

    def __init__(self, by: Account, data: Any = None) -> None:
        super().__init__(data)
        staff = Account.objects.filter(is_active=True, grants__isnull=False).exclude(grants__role=Role.PATIENT)
        self.fields["account"].queryset = staff.exclude(pk=by.pk).distinct()  # type: ignore[attr-defined]
        self.fields["skill"].choices = [("", "-"), *((s.key, s.title) for s in skills().values())]  # type: ignore[attr-defined]

    def signing(self) -> Signing:
        """What the valid form says."""
        return Signing(self.cleaned_data["account"], self.cleaned_data["skill"], self.cleaned_data["basis"])
