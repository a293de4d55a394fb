"""The form that registers a person and begins a course."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.course.queries import protocol_of
from unstuck.clinic.people.actions import Identity
from unstuck.clinic.protocol.models import Release
from unstuck.clinic.protocol.queries import released


class EnrolForm(forms.Form):
    """Who, and under which released version. Where it has arms, one of them is chosen."""

    name = forms.CharField(label=_("Name"), max_length=200)
    born_on = forms.DateField(label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date"}))
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    plan = forms.ChoiceField(label=_("Protocol"))

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.releases = {str(r.pk): r for r in released()}
        self.fields["plan"].choices = [c for pk, r in self.releases.items() for c in _choices(pk, r)]  # type: ignore[attr-defined]

    def identity(self) -> Identity:
        """Who is registered."""
        data = self.cleaned_data
        return Identity(data["name"], data["born_on"], data["email"], data["phone"])

    def choice(self) -> tuple[Release, str | None]:
        """The release and the arm that were chosen."""
        pk, _colon, arm = self.cleaned_data["plan"].partition(":")
        return self.releases[pk], arm or None


def _choices(pk: str, release: Release) -> list[tuple[str, str]]:
    title = f"{release.title}, {release.version}"
    arms = protocol_of(release).arms
    return [(f"{pk}:{arm.key}", f"{title}: {arm.title}") for arm in arms] or [(pk, title)]
