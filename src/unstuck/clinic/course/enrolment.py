"""The form that registers a person and begins a course."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.course.queries import protocol_of
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import Identity
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol.models import Release
from unstuck.clinic.protocol.queries import released
from unstuck.core.protocol import Protocol

LOT = "by-lot"


class EnrolForm(forms.Form):
    """Who, and under which released version. Where it has arms one is chosen, or drawn by lot from who may not know."""

    name = forms.CharField(label=_("Name"), max_length=200)
    born_on = forms.DateField(label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date"}))
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    plan = forms.ChoiceField(label=_("Protocol"))

    def __init__(self, account: Account, data: Any = None) -> None:
        super().__init__(data)
        self.releases = {str(r.pk): r for r in released()}
        choices = [c for pk, r in self.releases.items() for c in _choices(pk, r, account)]
        self.fields["plan"].choices = choices  # type: ignore[attr-defined]

    def identity(self) -> Identity:
        """Who is registered."""
        data = self.cleaned_data
        return Identity(data["name"], data["born_on"], data["email"], data["phone"])

    def choice(self) -> tuple[Release, str | None]:
        """The release, and the arm that was chosen or drawn."""
        pk, _colon, arm = self.cleaned_data["plan"].partition(":")
        release = self.releases[pk]
        return release, draw_arm(protocol_of(release)) if arm == LOT else arm or None


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
