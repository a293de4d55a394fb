"""Answers become scores: what is complete, what is estimated, and what is unknown.

A missing answer is never read as "no". Scores of sums carry the lowest and highest value that the missing answers
leave possible, and a flag is decided only where that whole range says the same (`change` does likewise).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from unstuck.core.complaints import raise_any
from unstuck.core.conditions import Truth, all_of, negate
from unstuck.core.errors import Complaint
from unstuck.core.instrument import (
    Alternatives,
    CountAtLeast,
    Instrument,
    Item,
    Kind,
    Method,
    PersonIs,
    Rung,
    Scale,
    ScaleAtLeast,
    ScaleAtMost,
    Test,
    Triage,
    scale_range,
)

Answer = float | Collection[int] | None  # a number, the picked choices of a multiple item, or None: not answered
Answers = Mapping[str, Answer]
NOBODY: Mapping[str, str] = {}


class Completeness(StrEnum):
    """How a scale's value came about."""

    COMPLETE = "complete"
    PRO_RATED = "pro_rated"  # estimated from the answered items; shown, never used by a gate
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ScaleScore:
    """A scale's value or None with its reason; `lowest` and `highest` are what the missing answers leave possible."""

    key: str
    value: float | None
    completeness: Completeness
    lowest: float
    highest: float
    reason: str = ""

    @property
    def for_gate(self) -> float | None:
        """The value where a gate may read it: only a complete one."""
        return self.value if self.completeness is Completeness.COMPLETE else None


@dataclass(frozen=True, slots=True)
class TriageResult:
    """`level` is None while an unanswered item could still change it; then `at_least` is the level already certain."""

    key: str
    level: str | None
    at_least: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """One completed set of answers and all that follows from it.

    `counted` holds the number that each item counts as: its answer, or the lowest one where it was rightly not asked.
    """

    instrument: str
    version: str
    answers: Answers
    counted: Mapping[str, float]
    scales: Mapping[str, ScaleScore]
    flags: Mapping[str, Truth] = field(default_factory=dict)
    triages: Mapping[str, TriageResult] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def value(self, scale: str = "total") -> float | None:
        """The scale's value, complete or pro-rated, or None."""
        return self.scales[scale].value

    @property
    def complete(self) -> bool:
        """Whether every item that had to be answered was."""
        return not self.missing


def score(instrument: Instrument, answers: Answers, person: Mapping[str, str] = NOBODY) -> Scored:
    """Scores, flags and triage levels of these answers. Raises Complaint, telling every answer that cannot be."""
    raise_any(complaints_about(instrument, answers))
    sheet = _Sheet(instrument, answers, person)
    scales = {s.key: _score_scale(sheet, s) for s in instrument.scales}
    sheet = _Sheet(instrument, answers, person, scales)
    return Scored(
        instrument=instrument.key,
        version=instrument.version,
        answers=dict(answers),
        counted=_counted(sheet),
        scales=scales,
        flags={f.key: _any_row(sheet, f.when) for f in instrument.flags},
        triages={t.key: _triage(sheet, t) for t in instrument.triages},
        missing=tuple(i.key for i in instrument.items if not i.optional and sheet.lacks(i)),
    )


def _counted(sheet: _Sheet) -> dict[str, float]:
    items = [i for i in sheet.instrument.items if i.kind is not Kind.MULTIPLE]
    given = {k: v for k, v in sheet.answers.items() if isinstance(v, int | float)}
    return {i.key: _whole(v) for i in items if (v := given.get(i.key, sheet.number(i))) is not None}


def complaints_about(instrument: Instrument, answers: Answers) -> list[Complaint]:
    """Every answer that cannot be: to an unknown item, out of range, or to an item that was not asked."""
    items = {item.key: item for item in instrument.items}
    found = [Complaint(f"{instrument.title} has no item {key}.", key) for key in answers if key not in items]
    for key, item in items.items():
        if answers.get(key) is None:
            continue
        fault = _fault_in(item, answers[key])
        if not fault and _shown(instrument, item, answers) is Truth.FAILS:
            fault = f"was answered, but is not asked after the answer to {item.show_if and item.show_if.item}"
        if fault:
            found.append(Complaint(f"{fault}.", key))
    return found


def _fault_in(item: Item, answer: Answer) -> str:
    if item.kind is Kind.MULTIPLE:
        picked = answer if isinstance(answer, Collection) and not isinstance(answer, str) else None
        allowed = {c.value for c in item.choices}
        return "" if picked is not None and set(picked) <= allowed else f"{answer} is no selection of {sorted(allowed)}"
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return f"{answer!r} is not a number"
    if not item.low <= answer <= item.high:
        return f"{answer} is out of range {item.low} to {item.high}"
    whole = item.kind is Kind.NUMBER or answer == int(answer)
    return "" if whole else f"{answer} is none of the choices"


def _shown(instrument: Instrument, item: Item, answers: Answers) -> Truth:
    """Whether the item is asked, given the answer to the item it hangs on."""
    rule = item.show_if
    if rule is None:
        return Truth.HOLDS
    upper = _shown(instrument, instrument.item(rule.item), answers)
    answer = answers.get(rule.item)
    if upper is not Truth.HOLDS:
        return upper
    if not isinstance(answer, int | float):
        return Truth.UNKNOWN
    return Truth.HOLDS if answer >= rule.at_least else Truth.FAILS


def shown_items(instrument: Instrument, answers: Answers) -> tuple[Item, ...]:
    """The items to ask, given what was answered so far."""
    return tuple(i for i in instrument.items if _shown(instrument, i, answers) is Truth.HOLDS)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The answers beside their instrument, as scoring reads them."""

    instrument: Instrument
    answers: Answers
    person: Mapping[str, str]
    scales: Mapping[str, ScaleScore] = field(default_factory=dict)

    def lacks(self, item: Item) -> bool:
        """Whether an answer is due and is not there. Where it is unknown if the item is asked, it is due."""
        shown = _shown(self.instrument, item, self.answers)
        return shown is Truth.UNKNOWN or (shown is Truth.HOLDS and self.answers.get(item.key) is None)

    def number(self, item: Item) -> float | None:
        """The value that counts: the answer, the lowest one where the item was not asked, None where it lacks."""
        if self.lacks(item):
            return None
        answer = self.answers.get(item.key)
        return float(answer) if isinstance(answer, int | float) else float(item.low)


def _score_scale(sheet: _Sheet, scale: Scale) -> ScaleScore:
    items = [sheet.instrument.item(key) for key in scale.items]
    values = [sheet.number(item) for item in items]
    known = [(item, v) for item, v in zip(items, values, strict=True) if v is not None]
    lowest = _combine(scale, items, [i.low if v is None else v for i, v in zip(items, values, strict=True)])
    highest = _combine(scale, items, [i.high if v is None else v for i, v in zip(items, values, strict=True)])
    lacking = [i.key for i, v in zip(items, values, strict=True) if v is None]
    if not lacking:
        return ScaleScore(scale.key, lowest, Completeness.COMPLETE, lowest, highest)
    if len(lacking) > scale.missing_allowed:
        reason = f"no answer to {', '.join(lacking)}"
        return ScaleScore(scale.key, None, Completeness.MISSING, lowest, highest, reason)
    value = _pro_rated(scale, items, known)
    reason = f"estimated without {', '.join(lacking)}"
    return ScaleScore(scale.key, value, Completeness.PRO_RATED, lowest, highest, reason)


def _combine(scale: Scale, items: list[Item], values: list[float]) -> float:
    match scale.method:
        case Method.SUM:
            return _whole(sum(values))
        case Method.MEAN:
            return sum(values) / len(values)
        case Method.RESCALED_MEAN:
            shares = [(v - i.low) / (i.high - i.low) for i, v in zip(items, values, strict=True)]
            return 100 * sum(shares) / len(shares)
        case _:
            assert_never(scale.method)


def _pro_rated(scale: Scale, items: list[Item], known: list[tuple[Item, float]]) -> float:
    """The answered items' mean stands in for those that lack, within the scale's range."""
    part = _combine(scale, [i for i, _ in known], [v for _, v in known])
    if scale.method is Method.SUM:
        part = part * len(items) / len(known)
    low, high = scale_range(scale, items)
    return _whole(min(max(part, low), high))


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


def _any_row(sheet: _Sheet, rows: Alternatives) -> Truth:
    return _or([all_of([_judge(sheet, test) for test in row]) for row in rows])


def _or(truths: list[Truth]) -> Truth:
    return negate(all_of([negate(t) for t in truths]))


def _judge(sheet: _Sheet, test: Test) -> Truth:
    match test:
        case CountAtLeast():
            return _count(sheet, test)
        case ScaleAtLeast(scale, figure):
            return _reaches(sheet.scales[scale], figure.value)
        case ScaleAtMost(scale, figure):
            found = sheet.scales[scale]
            return certainly(found.highest <= figure.value, found.lowest > figure.value)
        case PersonIs(fact, value, known):
            said = sheet.person.get(fact)
            return certainly(said == value, said in known and said != value)
        case _:
            assert_never(test)


def certainly(yes: bool, no: bool) -> Truth:
    """HOLDS or FAILS where either is certain, else UNKNOWN."""
    return Truth.HOLDS if yes else Truth.FAILS if no else Truth.UNKNOWN


def _reaches(found: ScaleScore, value: float) -> Truth:
    return certainly(found.lowest >= value, found.highest < value)


def _count(sheet: _Sheet, test: CountAtLeast) -> Truth:
    """Counted are answers that were given, even where the item before them lacks: a given "yes" is never lost."""
    items = [sheet.instrument.item(key) for key in test.items]
    hits = sum(_meets(sheet.answers.get(i.key), test) for i in items)
    open_ = sum(sheet.lacks(i) and not _meets(sheet.answers.get(i.key), test) for i in items)
    return certainly(hits >= test.need, hits + open_ < test.need)


def _meets(answer: Answer, test: CountAtLeast) -> bool:
    values = [answer] if isinstance(answer, int | float) else list(answer or ())
    return any(v >= test.value and (test.top is None or v <= test.top) for v in values)


def _triage(sheet: _Sheet, triage: Triage) -> TriageResult:
    """The first rung that holds, unless one above it is still open; then no level, only what is certain at least."""
    open_: list[Rung] = []
    for rung in triage.rungs:
        truth = _any_row(sheet, rung.when)
        if truth is Truth.HOLDS:
            return _level(triage, rung.key, open_)
        if truth is Truth.UNKNOWN:
            open_.append(rung)
    return _level(triage, triage.clear, open_)


def _level(triage: Triage, certain: str, open_: list[Rung]) -> TriageResult:
    if not open_:
        return TriageResult(triage.key, certain, certain)
    return TriageResult(triage.key, None, certain, f"not answered in full: {open_[0].label} is not ruled out")


@dataclass(frozen=True, slots=True)
class EventParts:
    """What an `AssessmentCompleted` event stores of a scored assessment: its fields of the same names."""

    answers: tuple[tuple[str, float], ...]
    scores: tuple[tuple[str, float | str | None], ...]
    flags: tuple[str, ...]


def event_parts(scored: Scored) -> EventParts:
    """The parts to record. Scores are what rules may read, so an estimated scale stands there as None.

    Scores hold the scales, the flags ("holds", "fails" or None), the levels, and the value of items rightly not asked.
    A multiple item gives one pair for each picked choice. Flags name what holds, and `pro_rated.SCALE` for estimates.
    """
    scales: dict[str, float | str | None] = {k: s.for_gate for k, s in scored.scales.items()}
    flags = {k: None if t is Truth.UNKNOWN else t.value for k, t in scored.flags.items()}
    levels = {k: t.level for k, t in scored.triages.items()}
    not_asked = {k: v for k, v in scored.counted.items() if scored.answers.get(k) is None}
    estimated = [k for k, s in scored.scales.items() if s.completeness is Completeness.PRO_RATED]
    return EventParts(
        answers=tuple(_pairs(scored.answers)),
        scores=tuple({**scales, **flags, **levels, **not_asked}.items()),
        flags=(*(k for k, t in scored.flags.items() if t is Truth.HOLDS), *(f"pro_rated.{k}" for k in estimated)),
    )


def _pairs(answers: Answers) -> Iterator[tuple[str, float]]:
    for key, answer in answers.items():
        if isinstance(answer, int | float):
            yield key, answer
        else:
            yield from ((key, value) for value in sorted(answer or ()))


def gate_facts(scored: Scored) -> dict[str, float | str]:
    """What rules may see, by name: `pcl5_week.total`, `cssrs_screen.item4`, `phq9.suicide`, `cssrs_screen.risk`."""
    parts = event_parts(scored)
    singles = [(k, v) for k, v in parts.answers if k in scored.counted]
    known = [*singles, *((k, v) for k, v in parts.scores if v is not None)]
    return {f"{scored.instrument}.{key}": value for key, value in known}


def interviewer_severity(frequency: int, intensity: int) -> int:
    """Severity of one CAPS-5 symptom, 0 to 4, from the rated frequency and intensity, each 0 to 4.

    The lower of the two counts, but an intensity at least two above the frequency lifts the frequency by one, never
    the other way round. Source: caps5_training.
    """
    return frequency + 1 if intensity >= frequency + 2 else min(frequency, intensity)
