"""A kind of therapy as structure: which sessions it has, and which facts of a session are kept as figures and codes.

The structure is data (`library/therapies`) in words of our own; no manual's text stands in it. What was said in a
session is not part of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unstuck.core.activities import Activity, Expose, Integrate, kind_of
from unstuck.core.errors import Complaint
from unstuck.core.sourced import Grade
from unstuck.core.therapy_events import TherapyRecorded


@dataclass(frozen=True, slots=True)
class Scale:
    """A figure from `low` to `high`; `ends` says in words what the two ends mean."""

    key: str
    label: str
    low: float
    high: float
    ends: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One code of a choice."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One or, where `many`, several of a few codes."""

    key: str
    label: str
    options: tuple[Option, ...]
    many: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list that the person and the therapist fill: situations, stuck points, targets. Each item is measured.

    A `ladder` is shown from the lowest first rating to the highest, as a hierarchy is worked.
    """

    key: str
    title: str
    item: str
    measures: tuple[Scale, ...]
    ladder: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """What sessions `first` to `last` are for; `last` is None for all that follow."""

    title: str
    first: int
    last: int | None
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """A usual range, with its source and how far it can be trusted."""

    least: int
    most: int
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Therapy:
    """The structure of one kind of therapy. `fits` names the steps it is for, such as `expose pe`."""

    key: str
    version: str
    title: str
    summary: str
    fits: tuple[str, ...]
    sources: tuple[str, ...]
    sessions: Extent | None = None
    minutes: Extent | None = None
    stages: tuple[Stage, ...] = ()
    lists: tuple[ItemList, ...] = ()
    figures: tuple[Scale, ...] = ()
    choices: tuple[Choice, ...] = ()
    note: str = ""

    def stage(self, number: int) -> Stage | None:
        """What session `number` is for, where the structure says so."""
        found = (s for s in self.stages if s.first <= number and (s.last is None or number <= s.last))
        return next(found, None)

    def measures(self) -> dict[tuple[str, str], Scale]:
        """Each measure by its list and its own key."""
        return {(each.key, scale.key): scale for each in self.lists for scale in each.measures}


def name_of(activity: Activity) -> str:
    """How a therapy's `fits` names this activity; empty for one that is no therapy."""
    match activity:
        case Expose(therapy=kind):
            return f"{kind_of(activity)} {kind}"
        case Integrate(manner=kind):
            return f"{kind_of(activity)} {kind}"
        case _:
            return ""


def therapies_for(activity: Activity, known: Iterable[Therapy]) -> tuple[Therapy, ...]:
    """The structures that a session of this activity may be kept in."""
    name = name_of(activity)
    return tuple(one for one in known if name and name in one.fits)


def list_of(item: str) -> str:
    """The list that an item's code belongs to: codes are the list's key, a dot and a number."""
    return item.rpartition(".")[0]


def refuse_unfit(therapy: Therapy, told: TherapyRecorded) -> None:
    """Raises Complaint where the record holds what the structure does not know, or a figure outside its scale."""
    if (told.therapy, told.version) != (therapy.key, therapy.version):
        raise Complaint(f"This session is kept as {told.therapy} {told.version}, not as {therapy.key}.")
    _scales(((key, value) for key, value in told.figures), {scale.key: scale for scale in therapy.figures})
    measures = {f"{each} {key}": scale for (each, key), scale in therapy.measures().items()}
    _scales(((f"{list_of(item)} {key}", value) for item, key, value in told.ratings), measures)
    options = {(choice.key, option.key) for choice in therapy.choices for option in choice.options}
    for pair in told.choices:
        if pair not in options:
            raise Complaint(f"{therapy.title} has no choice {pair[0]} with the option {pair[1]}.")
    single = [choice.key for choice in therapy.choices if not choice.many]
    for key in single:
        if sum(1 for choice, _option in told.choices if choice == key) > 1:
            raise Complaint(f"Of {key} one option can be chosen.")


def _scales(told: Iterable[tuple[str, float]], known: dict[str, Scale]) -> None:
    for key, value in told:
        scale = known.get(key)
        if scale is None:
            raise Complaint(f"The structure has no figure {key!r}.", mend=f"It has: {', '.join(known)}.")
        if not scale.low <= value <= scale.high:
            raise Complaint(
                f"{scale.label} is {value:g}.", mend=f"It runs from {scale.low:g} to {scale.high:g}; look again."
            )
