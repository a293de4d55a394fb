"""What an instrument is: items, scales, cut-offs and definitions of change. Scoring is in `assessment`.

Labels are our own short ones and never the official wording; a site brings that (see `wording_file`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Sourced


class Rater(StrEnum):
    """Who gives the answers."""

    PATIENT = "patient"
    CLINICIAN = "clinician"


class Recall(StrEnum):
    """The time that an answer looks back on. Two recalls of one family are two instruments."""

    NOW = "now"
    SESSION = "session"
    WEEK = "week"
    TWO_WEEKS = "two_weeks"
    MONTH = "month"
    YEAR = "year"
    LIFETIME = "lifetime"
    TREATMENT = "treatment"


class Kind(StrEnum):
    """The form of an answer: one of the choices, a number on a line, or any number of the choices."""

    CHOICE = "choice"
    NUMBER = "number"
    MULTIPLE = "multiple"


class LicenceStatus(StrEnum):
    """What a site must do before it shows the official wording."""

    FREE = "free"
    FREE_UNCHANGED = "free_unchanged"  # free, but registered and never altered
    PERMISSION = "permission"
    OWN = "own"  # our own structure, under this project's licence
    UNCLEAR = "unclear"


class Method(StrEnum):
    """How item values become a scale."""

    SUM = "sum"
    MEAN = "mean"
    RESCALED_MEAN = "rescaled_mean"  # each item put on 0 to 100 first, so that mixed ranges weigh alike


class Role(StrEnum):
    """What a flag is for."""

    CUTOFF = "cutoff"
    DIAGNOSIS = "diagnosis"
    ALERT = "alert"
    EXPOSURE = "exposure"


class Shift(StrEnum):
    """How a change is tested against its figure."""

    FALL = "fall"  # points lower than before
    FALL_SHARE = "fall_share"  # share of the earlier value, 0 to 1
    RISE = "rise"
    END_AT_MOST = "end_at_most"  # the later value alone
    FLAG_GONE = "flag_gone"  # the named flag does not hold at the later time
    LEVEL_RISE = "level_rise"  # the named triage stands higher than before


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms the official wording may be used, and who says so."""

    status: LicenceStatus
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be picked, with our own label."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class ShowIf:
    """The item is asked only where an earlier item was answered with at least this value."""

    item: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `screen` numbers the page on a phone; `loinc` and `cdisc` are empty unless a source was checked."""

    key: str
    label: str
    low: int
    high: int
    choices: tuple[Choice, ...] = ()
    kind: Kind = Kind.CHOICE
    show_if: ShowIf | None = None
    screen: int = 1
    optional: bool = False
    loinc: str = ""
    cdisc: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise Complaint(f"{self.key}: the lowest answer {self.low} is not below the highest {self.high}.")
        values = [c.value for c in self.choices]
        if self.kind is Kind.NUMBER and values:
            raise Complaint(f"{self.key}: a number on a line has no choices.")
        if self.kind is not Kind.NUMBER and values != list(range(self.low, self.high + 1)):
            raise Complaint(f"{self.key}: the choices {values} do not run from {self.low} to {self.high}.")


@dataclass(frozen=True, slots=True)
class Scale:
    """A score over items. `missing_allowed` answers may lack; then the mean of the rest stands in, and it is marked."""

    key: str
    label: str
    items: tuple[str, ...]
    method: Method = Method.SUM
    missing_allowed: int = 0
    missing_source: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A named stretch of a scale that begins at `start` and ends before the next band."""

    scale: str
    key: str
    label: str
    start: Sourced


@dataclass(frozen=True, slots=True)
class CountAtLeast:
    """At least `need` of the items were answered with `value` or more (up to `top` where it is set)."""

    items: tuple[str, ...]
    value: int
    need: int = 1
    top: int | None = None


@dataclass(frozen=True, slots=True)
class ScaleAtLeast:
    """The scale reaches the figure."""

    scale: str
    figure: Sourced


@dataclass(frozen=True, slots=True)
class ScaleAtMost:
    """The scale does not pass the figure."""

    scale: str
    figure: Sourced


@dataclass(frozen=True, slots=True)
class PersonIs:
    """A fact about the person; any value outside `known` judges nothing."""

    fact: str
    value: str
    known: tuple[str, ...]


Part = TypeVar("Part", Item, Scale)
Test = CountAtLeast | ScaleAtLeast | ScaleAtMost | PersonIs
Alternatives = tuple[tuple[Test, ...], ...]  # any of these rows, in which every test holds


@dataclass(frozen=True, slots=True)
class Flag:
    """A named yes, no or unknown that follows from the answers."""

    key: str
    label: str
    role: Role
    when: Alternatives
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a triage; the first of its alternatives that holds puts the person there."""

    key: str
    label: str
    when: Alternatives
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Triage:
    """Levels from the most serious down; `clear` is the level where no rung holds and nothing was left open."""

    key: str
    label: str
    rungs: tuple[Rung, ...]
    clear: str
    clear_label: str


@dataclass(frozen=True, slots=True)
class ShiftTest:
    """One test of a change. `of` names a scale, a flag or a triage; `figure` is None for those without a number."""

    shift: Shift
    of: str
    figure: Sourced | None = None


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """A named kind of change: every test holds. Rules of one `definition` are read together."""

    key: str
    label: str
    definition: str
    tests: tuple[ShiftTest, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire or rating: complete, checked, and the same for clinic, simulator and export."""

    key: str
    version: str
    title: str
    family: str
    rater: Rater
    recall: Recall
    minutes: Sourced
    items: tuple[Item, ...]
    scales: tuple[Scale, ...]
    licence: Licence
    sources: tuple[str, ...]
    higher_is_worse: bool = True
    bands: tuple[Band, ...] = ()
    flags: tuple[Flag, ...] = ()
    triages: tuple[Triage, ...] = ()
    changes: tuple[ChangeRule, ...] = ()
    loinc_panel: str = ""
    loinc_total: str = ""
    cdisc_category: str = ""
    cdisc_total: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        faults = [*_repeated(self), *_items_lacking(self), *_parts_lacking(self)]
        if faults:
            raise Complaint(f"{'; '.join(faults)}.", self.key)

    def item(self, key: str) -> Item:
        """The item of that key. Raises Complaint."""
        return _named(self.items, key, f"{self.title} has no item {key}")

    def scale(self, key: str) -> Scale:
        """The scale of that key. Raises Complaint."""
        return _named(self.scales, key, f"{self.title} has no scale {key}")

    def range_of(self, scale: str) -> tuple[float, float]:
        """Lowest and highest value that the scale can take."""
        return scale_range(self.scale(scale), [self.item(k) for k in self.scale(scale).items])

    @property
    def definitions(self) -> tuple[str, ...]:
        """Names under which definitions of change are kept, the default first."""
        return tuple(dict.fromkeys(rule.definition for rule in self.changes))

    @property
    def screens(self) -> tuple[tuple[Item, ...], ...]:
        """The items, page by page."""
        numbers = sorted({item.screen for item in self.items})
        return tuple(tuple(i for i in self.items if i.screen == n) for n in numbers)


def scale_range(scale: Scale, items: Sequence[Item]) -> tuple[float, float]:
    """Lowest and highest value of a scale over its items."""
    low, high = sum(i.low for i in items), sum(i.high for i in items)
    match scale.method:
        case Method.SUM:
            return low, high
        case Method.MEAN:
            return low / len(items), high / len(items)
        case Method.RESCALED_MEAN:
            return 0, 100


def _named(things: Iterable[Part], key: str, complaint: str) -> Part:
    for thing in things:
        if thing.key == key:
            return thing
    raise Complaint(complaint)


def each_test(instrument: Instrument) -> Iterator[tuple[str, Test]]:
    """Every test of flags and triages, with the key of what it belongs to."""
    rungs = [r for t in instrument.triages for r in t.rungs]
    owners = [(f.key, f.when) for f in instrument.flags] + [(r.key, r.when) for r in rungs]
    for key, rows in owners:
        yield from ((key, test) for row in rows for test in row)


def _repeated(instrument: Instrument) -> Iterator[str]:
    own = [*(i.key for i in instrument.items), *(s.key for s in instrument.scales)]
    own += [*(f.key for f in instrument.flags), *(t.key for t in instrument.triages)]
    for kind, keys in (("key", own), ("change", _change_keys(instrument))):
        for key, count in Counter(keys).items():
            if count > 1:
                yield f"the {kind} {key} stands {count} times"


def _change_keys(instrument: Instrument) -> list[str]:
    return [f"{rule.definition}.{rule.key}" for rule in instrument.changes]


def _items_lacking(instrument: Instrument) -> Iterator[str]:
    known = [item.key for item in instrument.items]
    for place, item in enumerate(instrument.items):
        if item.show_if and item.show_if.item not in known[:place]:
            yield f"{item.key} is shown after {item.show_if.item}, which is no earlier item"
    for scale in instrument.scales:
        yield from (f"scale {scale.key} names the unknown item {key}" for key in scale.items if key not in known)
        if not scale.items or scale.missing_allowed >= len(scale.items):
            yield f"scale {scale.key} could be scored from no answer at all"
    for owner, test in each_test(instrument):
        if isinstance(test, CountAtLeast):
            yield from (f"{owner} names the unknown item {key}" for key in test.items if key not in known)


def _parts_lacking(instrument: Instrument) -> Iterator[str]:
    scales = {s.key for s in instrument.scales}
    others = {f.key for f in instrument.flags} | {t.key for t in instrument.triages}
    for owner, test in each_test(instrument):
        if isinstance(test, ScaleAtLeast | ScaleAtMost) and test.scale not in scales:
            yield f"{owner} names the unknown scale {test.scale}"
    for band in instrument.bands:
        if band.scale not in scales:
            yield f"band {band.key} names the unknown scale {band.scale}"
    for rule in instrument.changes:
        for shift in rule.tests:
            wanted = others if shift.shift in (Shift.FLAG_GONE, Shift.LEVEL_RISE) else scales
            if shift.of not in wanted:
                yield f"change {rule.key} names {shift.of}, which is not there"
