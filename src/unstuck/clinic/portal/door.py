"""The one guard of the own pages: a patient who has signed in; whoever has not goes to the door for patients."""

from __future__ import annotations

from django.views.decorators.cache import never_cache

from unstuck.clinic.people import access
from unstuck.clinic.people.access import P, View


def own(view: View[P]) -> View[P]:
    """The view is for patients; no other account sees it, and nobody else's browser is sent to the staff's sign-in."""
    guarded = access.require(access.is_patient)(never_cache(view))
    guarded.login_url = "portal:enter"  # type: ignore[attr-defined]
    return guarded
