"""What the pages of the rota take in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.alerts.pages import DUTY_WORDS
from unstuck.clinic.alerts.rota import NewShift
from unstuck.clinic.people.models import Account, Role
from unstuck.core.alerting import Duty


class _Moment(forms.DateTimeInput):
    """The browser's own field for a day and a time."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        return f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else super().format_value(value)


def staff() -> Any:
    """Accounts in use that belong to staff."""
    return Account.objects.filter(is_active=True, person=None).exclude(grants=None).distinct().order_by("display_name")


class ShiftForm(forms.Form):
    """Who is on duty for what, from when until when, in the site's time."""

    account = forms.ModelChoiceField(label=_("Who"), queryset=Account.objects.none(), to_field_name="key")
    duty = forms.ChoiceField(label=_("For what"), choices=[(duty.value, words) for duty, words in DUTY_WORDS.items()])
    starts_at = forms.DateTimeField(label=_("From"), widget=_Moment)
    ends_at = forms.DateTimeField(label=_("Until"), widget=_Moment)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = staff()  # type: ignore[attr-defined]
        hour = at.replace(minute=0, second=0, microsecond=0)
        self.fields["starts_at"].initial, self.fields["ends_at"].initial = hour, hour + timedelta(hours=8)

    def shift(self) -> NewShift:
        """What the valid form asks for."""
        told = self.cleaned_data
        return NewShift(told["account"], Duty(told["duty"]), told["starts_at"], told["ends_at"])


class LeadForm(forms.Form):
    """Who owns what nobody else does."""

    account = forms.ModelChoiceField(label=_("Safety lead"), queryset=Account.objects.none(), to_field_name="key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        care = [Role.NURSE.value, Role.THERAPIST.value, Role.PRESCRIBER.value]
        self.fields["account"].queryset = staff().filter(grants__role__in=care)  # type: ignore[attr-defined]


class SignForm(forms.Form):
    """The password of whoever signs."""

    password = forms.CharField(label=_("Your password"), widget=forms.PasswordInput)
