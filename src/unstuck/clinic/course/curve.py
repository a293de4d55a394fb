"""The score's curve on the course page: what it shows, in words, in a drawing and in a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.charts import Curve, Mark, Small, curve_svg, small_svg
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import when, whole
from unstuck.core.events import AssessmentCompleted
from unstuck.core.instrument import Instrument, Shift
from unstuck.core.outcomes import Point, points, started_at
from unstuck.core.protocol import Dose, Expose
from unstuck.core.schedule import Due, State


@dataclass(frozen=True, slots=True)
class ScoreRow:
    day: str
    when: str
    value: str
    change: str
    word: str


@dataclass(frozen=True, slots=True)
class ClusterCard:
    title: str
    first: str
    last: str
    top: str
    svg: str
    words: str


@dataclass(frozen=True, slots=True)
class CurveCard:
    """The curve with its finding, its limits and the same figures as a table."""

    title: str
    finding: str
    remark: str
    svg: str
    rows: tuple[ScoreRow, ...]
    clusters: tuple[ClusterCard, ...]
    not_validated: bool


def reliable_fall(instrument: Instrument) -> float | None:
    """The fall that the instrument's default definition calls reliable, in points; None where it has none in points."""
    default = instrument.definitions[0] if instrument.definitions else None
    for rule in instrument.changes:
        if rule.key == "reliable" and rule.definition == default:
            for test in rule.tests:
                if test.shift is Shift.FALL and test.figure:
                    return test.figure.value
    return None


def curve_card(loaded: Loaded, instrument: Instrument, steps: tuple[Due, ...], at: datetime, zone: tzinfo) -> CurveCard:
    seen = points(loaded.state, instrument.key)
    start = started_at(loaded.state)
    before = [p for p in seen if start is None or p.at <= start]
    base = before[-1] if before else None
    reliable = reliable_fall(instrument)
    return CurveCard(
        title=instrument.title,
        finding=_finding(seen, base, reliable),
        remark=_remark(seen, reliable, zone),
        svg=curve_svg(_drawing(loaded, instrument, seen, base, reliable, steps), at, zone),
        rows=tuple(_score_row(p, base, reliable, zone) for p in seen),
        clusters=_clusters(loaded, instrument) if len(seen) > 1 else (),
        not_validated=any(_is_demo(e.what) for e in loaded.state.assessments),
    )


def _is_demo(what: object) -> bool:
    return isinstance(what, AssessmentCompleted) and what.wording == "demo"


def _drawing(
    loaded: Loaded,
    instrument: Instrument,
    seen: tuple[Point, ...],
    base: Point | None,
    reliable: float | None,
    steps: tuple[Due, ...],
) -> Curve:
    low, high = instrument.range_of("total")
    marks = [*_marks(loaded, steps, Dose, "dose"), *_marks(loaded, steps, Expose, "therapy")]
    band = (base.value - reliable, base.value + reliable) if base and reliable else None
    return Curve(
        title=instrument.title,
        low=low,
        high=high,
        points=tuple((p.at, p.value) for p in seen),
        marks=tuple(marks),
        band=band,
        band_words=_("inside: could be chance (±%(n)g)") % {"n": reliable} if reliable else "",
    )


def _marks(loaded: Loaded, steps: tuple[Due, ...], kind: type, name: str) -> list[Mark]:
    """Done ones filled; open, planned and awaited ones hollow at their target. Conditional ones are not drawn."""
    found = []
    for row in steps:
        if not isinstance(loaded.protocol.step(row.step).activity, kind):
            continue
        if row.done_at:
            found.append(Mark(row.done_at, name, True))
        elif row.target and row.state not in (State.SKIPPED, State.CONDITIONAL):
            found.append(Mark(row.target, name, False))
    return found


def _finding(seen: tuple[Point, ...], base: Point | None, reliable: float | None) -> str:
    if not seen:
        return _("No score yet")
    if base is None or seen[-1].at <= base.at:
        return _("%(value)s before treatment") % {"value": whole(seen[-1].value)}
    change = seen[-1].value - base.value
    size = _("Down %(n)s points since the start") if change < 0 else _("Up %(n)s points since the start")
    words = size % {"n": whole(abs(change))} if change else _("No change since the start")
    return f"{words}: {_against(change, reliable)}" if reliable else words


def _against(change: float, reliable: float | None) -> str:
    if reliable is None:
        return ""
    if abs(change) < reliable:
        return _("inside what could be chance")
    return _("a reliable fall") if change < 0 else _("a reliable rise")


def _remark(seen: tuple[Point, ...], reliable: float | None, zone: tzinfo) -> str:
    last = _("Last answered %(when)s.") % {"when": when(seen[-1].at, zone)} if seen else ""
    rule = _("Reliable change is %(n)g points.") % {"n": reliable} if reliable else ""
    return " ".join(filter(None, (last, rule, _("One person's curve cannot say why."))))


def _score_row(point: Point, base: Point | None, reliable: float | None, zone: tzinfo) -> ScoreRow:
    day, moment = f"{point.day:.0f}", when(point.at, zone)
    if base is None or point.at < base.at:
        return ScoreRow(day, moment, whole(point.value), "", _("before"))
    if point.at == base.at:
        return ScoreRow(day, moment, whole(point.value), "", _("start"))
    change = point.value - base.value
    return ScoreRow(day, moment, whole(point.value), f"{change:+g}", _against(change, reliable))


def _clusters(loaded: Loaded, instrument: Instrument) -> tuple[ClusterCard, ...]:
    cards = []
    for scale in instrument.scales:
        seen = points(loaded.state, instrument.key, scale.key)
        if scale.key != "total" and len(seen) > 1:
            low, high = instrument.range_of(scale.key)
            cards.append(_cluster(scale.label, seen, low, high))
    return tuple(cards)


def _cluster(title: str, seen: tuple[Point, ...], low: float, high: float) -> ClusterCard:
    change = seen[-1].value - seen[0].value
    word = _("Down %(n)s.") if change < 0 else _("Up %(n)s.")
    return ClusterCard(
        title=title,
        first=whole(seen[0].value),
        last=whole(seen[-1].value),
        top=whole(high),
        svg=small_svg(Small(title, low, high, tuple(p.value for p in seen))),
        words=word % {"n": whole(abs(change))} if change else _("No change."),
    )
