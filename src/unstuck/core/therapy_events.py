"""What happens in structured therapy: its part of the closed union of `events`. Words live in erasable rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TherapyItemListed:
    """A situation, a stuck point or a target was put on a list of the therapy, under a code; its words live apart."""

    therapy: str
    list: str
    item: str


@dataclass(frozen=True, slots=True)
class TherapyRecorded:
    """The structured facts of one session. `observed_at` is when it began.

    `cycle` is the number of the dose that the session belongs to, 0 where it belongs to none. `figures` are
    (figure, value) pairs, `choices` are (choice, option) pairs, `ratings` are (item, measure, value) triples.
    """

    step: str
    occurrence: int
    therapy: str
    version: str
    number: int
    cycle: int = 0
    figures: tuple[tuple[str, float], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    ratings: tuple[tuple[str, str, float], ...] = ()


TherapyWhat = TherapyItemListed | TherapyRecorded
