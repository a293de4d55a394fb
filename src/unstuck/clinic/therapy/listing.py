"""The lists of a course's therapy: items with their words and how they were rated, session by session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from unstuck.core.course import Course as State
from unstuck.core.therapy import Scale, Therapy
from unstuck.core.therapy_course import items_of, ratings_of
from unstuck.core.therapy_events import TherapyItemListed


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of an item: its first and last value, and every value in order."""

    scale: Scale
    values: tuple[float, ...]

    @property
    def first(self) -> float | None:
        """The first value, None before any."""
        return self.values[0] if self.values else None

    @property
    def last(self) -> float | None:
        """The last value, None before any."""
        return self.values[-1] if self.values else None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list, in words, with its measures."""

    key: str
    words: str
    list_key: str
    list_title: str
    measured: tuple[Measured, ...]

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The measures that a session asks for."""
        return tuple(one.scale for one in self.measured)


def items(state: State, therapy: Therapy, words: Mapping[str, str]) -> tuple[Item, ...]:
    """Every item of the therapy's lists in this course, in the order of listing, a ladder's by distress."""
    lists = {each.key: each for each in therapy.lists}
    found = []
    for event in items_of(state, therapy.key):
        what = event.what
        assert isinstance(what, TherapyItemListed)
        listing = lists.get(what.list)
        if listing is None:
            continue  # the site's structure has lost this list; the entry stands in the ledger
        measured = tuple(
            Measured(scale, tuple(v for _e, v in ratings_of(state, therapy.key, what.item, scale.key)))
            for scale in listing.measures
        )
        found.append(Item(what.item, words.get(event.id) or _("erased"), what.list, listing.title, measured))
    ladders = {each.key for each in therapy.lists if each.ladder}
    return tuple(sorted(found, key=lambda one: _rung(one) if one.list_key in ladders else (0, 0.0)))


def _rung(item: Item) -> tuple[int, float]:
    """By the first rating of its first measure; what nobody rated stands last."""
    first = item.measured[0].first if item.measured else None
    return (1, 0.0) if first is None else (0, first)
