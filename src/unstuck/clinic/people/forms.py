"""What the account pages take in."""

from __future__ import annotations

from collections.abc import Iterator

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.people.access import is_patient
from unstuck.clinic.people.actions import NewAccount
from unstuck.clinic.people.models import Account, Role

STAFF_ROLES = [choice for choice in Role.choices if choice[0] != Role.PATIENT]


class SignInForm(AuthenticationForm):
    """Name and password. The error does not tell which of the two was wrong.

    A patient's page opens by passkey or one-time code; a password opens it in a demonstration only.
    """

    def confirm_login_allowed(self, user: Account) -> None:
        super().confirm_login_allowed(user)
        if is_patient(user) and not settings.UNSTUCK_DEMO:
            raise self.get_invalid_login_error()


class ForgottenForm(PasswordResetForm):
    """Who has forgotten a password. Patients have none: nothing is sent to them, and the page tells them their door."""

    def get_users(self, email: str) -> Iterator[Account]:
        """Every account with that address that signs in by a password."""
        return (user for user in super().get_users(email) if not is_patient(user))


class RolesForm(forms.Form):
    """Which roles an account is to have. The patient's role comes with a person and is not given here."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=STAFF_ROLES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def chosen(self) -> tuple[Role, ...]:
        """The roles that the valid form asks for."""
        return tuple(Role(role) for role in self.cleaned_data["roles"])


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new account: the holder is sent a link to set a password."""

    roles = forms.MultipleChoiceField(label=_("Roles"), choices=STAFF_ROLES, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Account
        fields = ("username", "display_name", "email")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["email"].required = True

    def new_account(self) -> NewAccount:
        """What the valid form asks for."""
        told = self.cleaned_data
        roles = [Role(role) for role in told["roles"]]
        return NewAccount(told["username"], told["display_name"], roles, told["email"])


class CodeForm(forms.Form):
    """A code from an app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Six figures from your app, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )
