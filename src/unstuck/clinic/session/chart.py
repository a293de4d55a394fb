"""The chart of one session as frozen values: panels on one axis of time, limits with their figures, the same as rows.

Limits are those of the plan's urgent alerts that a single value breaks; a rule that joins several values has no line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.session import words
from unstuck.clinic.session.queries import Live
from unstuck.core import events as ev
from unstuck.core.conditions import Any, AtLeast, AtMost, Condition, Seen
from unstuck.core.course import standing
from unstuck.core.infusion import Infusion
from unstuck.core.protocol import MonitoringPlan

PRESSURE = ("systolic_mmhg", "diastolic_mmhg")
PANELS: tuple[tuple[tuple[str, ...], str, float, float, float], ...] = (
    (PRESSURE, "mmHg", 60, 180, 150),
    (("pulse_per_min",), "/min", 50, 120, 84),
    (("spo2_percent",), "%", 88, 100, 84),
)
"""What a panel shows, its unit, the range it always covers (not a limit of care), and its height in the drawing."""

_BEFORE, _AFTER = timedelta(minutes=5), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Line:
    """A limit, or the person's own value before the dose."""

    value: float
    words: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    value: float
    out: bool  # breaks a limit


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure on its own scale; two series for pressure. Never two scales in one panel."""

    title: str
    unit: str
    low: float
    high: float
    height: float
    names: tuple[str, ...]
    series: tuple[tuple[Point, ...], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch in which the drug ran, or will run as it is set now."""

    start: datetime
    end: datetime
    planned: bool


@dataclass(frozen=True, slots=True)
class Row:
    """The readings of one moment, for the table."""

    clock: str
    cells: tuple[tuple[str, bool], ...]  # text, and whether it breaks a limit


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the figure shows."""

    start: datetime
    end: datetime
    now: datetime
    panels: tuple[Panel, ...]
    stretches: tuple[Stretch, ...]
    finding: str
    remark: str
    rows: tuple[Row, ...]


Limits = dict[str, tuple[float | None, float | None]]


def chart(live: Live, at: datetime, zone: tzinfo) -> Chart | None:
    """The chart at one instant; None before check-in."""
    if live.sitting is None:
        return None
    plan = live.loaded.protocol.monitoring
    taken = _taken(live, at)
    limits = limits_of(plan) if plan else {}
    start, end = _span(live, taken, at)
    panels = tuple(_panel(spec, live, taken, limits) for spec in PANELS)
    return Chart(
        start=start,
        end=end,
        now=at,
        panels=panels,
        stretches=tuple(_stretches(live.session.run, at)),
        finding=_finding(panels),
        remark=_("Limits: profile “%(name)s”, as the protocol was signed.") % {"name": plan.profile if plan else "-"},
        rows=tuple(_rows(taken, limits, zone)),
    )


def limits_of(plan: MonitoringPlan) -> Limits:
    """For each fact the highest value that is too low and the lowest that is too high, over the urgent alerts."""
    found: Limits = {}
    for rule in (leaf for alert in plan.alerts if alert.urgent for leaf in _alone(alert.rule)):
        low, high = found.get(rule.fact, (None, None))
        if isinstance(rule, AtMost):
            low = rule.value if low is None else max(low, rule.value)
        else:
            high = rule.value if high is None else min(high, rule.value)
        found[rule.fact] = (low, high)
    return found


def _alone(rule: Condition) -> Iterator[AtMost | AtLeast]:
    """The leaves each of which makes the rule hold by itself."""
    match rule:
        case AtMost() | AtLeast():
            yield rule
        case Any(rules):
            for inner in rules:
                yield from _alone(inner)
        case _:
            return


def _taken(live: Live, at: datetime) -> dict[str, list[Seen]]:
    """The readings of this visit by name, oldest first."""
    here = (live.place.step, live.place.occurrence)
    found: dict[str, list[Seen]] = {}
    for event in sorted(standing(live.loaded.state.log), key=lambda e: e.observed_at):
        if isinstance(event.what, ev.ReadingTaken) and ev.step_of(event.what) == here and event.observed_at <= at:
            found.setdefault(event.what.name, []).append(Seen(event.observed_at, event.what.value))
    return found


def _span(live: Live, taken: dict[str, list[Seen]], at: datetime) -> tuple[datetime, datetime]:
    """From the first reading or check-in to what is expected, and never a shorter time than half an hour."""
    shown = {name for names, *_rest in PANELS for name in names}
    moments = [seen.at for name in shown for seen in taken.get(name, ())]
    assert live.sitting is not None
    first = min([live.sitting.opened_at, *moments]) - _BEFORE
    stay = live.session.stay_until
    last = max([at, *moments, *([stay] if stay and live.session.dose else [])]) + _AFTER
    return first, max(last, first + timedelta(minutes=30))


def _panel(
    spec: tuple[tuple[str, ...], str, float, float, float], live: Live, taken: dict[str, list[Seen]], limits: Limits
) -> Panel:
    names, unit, low, high, height = spec
    series = tuple(tuple(_point(seen, limits.get(name)) for seen in taken.get(name, ())) for name in names)
    lines = tuple(line for name in names for line in _lines(name, live, taken, limits))
    values = [p.value for one in series for p in one] + [line.value for line in lines]
    title = _("Blood pressure") if names == PRESSURE else str(words.READINGS[names[0]][0])
    return Panel(title, unit, min([low, *values]), max([high, *values]), height, names, series, lines)


def _point(seen: Seen, limit: tuple[float | None, float | None] | None) -> Point:
    value = float(seen.value)
    return Point(seen.at, value, limit is not None and breaks(value, limit))


def breaks(value: float, limit: tuple[float | None, float | None]) -> bool:
    """Whether the value is at or beyond one of the two."""
    low, high = limit
    return (low is not None and value <= low) or (high is not None and value >= high)


def _lines(name: str, live: Live, taken: dict[str, list[Seen]], limits: Limits) -> Iterator[Line]:
    low, high = limits.get(name, (None, None))
    which = {PRESSURE[0]: _("sys "), PRESSURE[1]: _("dia ")}.get(name, "")
    if high is not None:
        yield Line(high, _("act: %(which)s%(v)s or over") % {"which": which, "v": f"{high:g}"})
    if low is not None:
        yield Line(low, _("act: %(which)s%(v)s or under") % {"which": which, "v": f"{low:g}"})
    dose = live.session.dose
    own = [seen for seen in taken.get(name, ()) if dose and seen.at <= dose.observed_at]
    if own:
        yield Line(float(own[-1].value), _("own start %(v)s") % {"v": f"{own[-1].value:g}"}, own=True)


def _stretches(run: Infusion | None, at: datetime) -> Iterator[Stretch]:
    for segment in run.segments if run else ():
        if segment.mg_per_min > 0 and segment.end is not None and segment.end > segment.start:
            if segment.start < at:
                yield Stretch(segment.start, min(segment.end, at), planned=False)
            if segment.end > at:
                yield Stretch(max(segment.start, at), segment.end, planned=True)


def _finding(panels: Sequence[Panel]) -> str:
    """One sentence about the last value of each panel."""
    last = [(panel.title, [one[-1] for one in panel.series if one]) for panel in panels]
    if not any(points for _title, points in last):
        return _("Nothing was read in this session yet")
    out = [title for title, points in last if any(p.out for p in points)]
    if out:
        return _("%(what)s: beyond a limit at the last reading") % {"what": ", ".join(out)}
    return _("The last readings lie within the limits")


def _rows(taken: dict[str, list[Seen]], limits: Limits, zone: tzinfo) -> Iterator[Row]:
    """The newest first; pressure in one cell."""
    at: dict[datetime, dict[str, float]] = {}
    for name in (name for names, *_rest in PANELS for name in names):
        for seen in taken.get(name, ()):
            at.setdefault(seen.at, {})[name] = float(seen.value)
    for moment in sorted(at, reverse=True):
        values = at[moment]
        cells = tuple(_cell([name for name in names if name in values], values, limits) for names, *_rest in PANELS)
        yield Row(words.clock_words(moment, zone), cells)


def _cell(names: list[str], values: dict[str, float], limits: Limits) -> tuple[str, bool]:
    out = any(name in limits and breaks(values[name], limits[name]) for name in names)
    return "/".join(f"{values[name]:g}" for name in names), out
