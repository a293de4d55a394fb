"""The therapies that this site knows: the library's, and its own in the folder `therapies` of its data folder."""

from __future__ import annotations

from django.conf import settings

from unstuck.core.protocol import Activity
from unstuck.core.therapy import Therapy, name_of, therapies_for
from unstuck.core.therapy_file import library_therapies, read_therapies

GENERAL = "general"
"""What a session is kept in whose kind of therapy nobody has described."""


def known() -> dict[str, Therapy]:
    """Every therapy by its key; a site's own file replaces the library's of the same key. Raises Complaints."""
    own = sorted((settings.UNSTUCK_HOME / "therapies").glob("*.toml"))
    return {one.key: one for one in (*library_therapies(), *read_therapies(own))}


def fitting(activity: Activity) -> tuple[Therapy, ...]:
    """The structures for a session of this activity, the general one where no other fits; none for no therapy."""
    if not name_of(activity):
        return ()
    everything = known()
    return therapies_for(activity, everything.values()) or (everything[GENERAL],)
