"""Charts as SVG text, made on the server from frozen values. No script, no style attribute; classes colour them.

Every chart has a title and a description in words, and the page puts the same figures in a table beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_LEFT, _RIGHT, _TOP, _FLOOR = 52.0, 700.0, 56.0, 290.0
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A dose or a therapy session on the time axis; `done` False is planned and drawn hollow."""

    at: datetime
    kind: str
    done: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One score over time with doses and therapy; `band` is where a change could be chance."""

    title: str
    low: float
    high: float
    points: tuple[tuple[datetime, float], ...]
    marks: tuple[Mark, ...] = ()
    band: tuple[float, float] | None = None
    band_words: str = ""


@dataclass(frozen=True, slots=True)
class Small:
    """A small multiple: one cluster on its own full range."""

    title: str
    low: float
    high: float
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        return _LEFT + (at - self.start) / (self.end - self.start) * (_RIGHT - _LEFT)

    def y(self, value: float) -> float:
        return _FLOOR - (value - self.low) / (self.high - self.low) * (_FLOOR - _TOP)


def curve_svg(curve: Curve, now: datetime, zone: tzinfo) -> SafeString:
    """The curve, always on the instrument's full range. Text is at least 14 units of a drawing 760 wide."""
    scale = _scale(curve, now)
    parts = [
        f"<title>{escape(curve.title)}</title><desc>{escape(describe(curve, zone))}</desc>",
        *_grid(scale, curve.high),
        f'<text class="lab" x="0" y="16">{escape(curve.title)} <tspan>{_words(curve)}</tspan></text>',
        *_band(scale, curve),
        *_marks(scale, curve.marks),
        *_line(scale, curve.points),
        f'<path class="axis" d="M{_LEFT} {_FLOOR}H{_RIGHT}"/>',
        *_dates(scale, now, zone),
        *_now(scale, now, zone),
    ]
    return _svg("chart chart-wide", "0 0 760 360", parts)


def small_svg(small: Small) -> SafeString:
    """A cluster's course, evenly spaced from the first to the last answer."""
    width, floor, top = 130.0, 84.0, 14.0
    steps = max(1, len(small.values) - 1)
    xy = [
        (10 + i * width / steps, floor - (v - small.low) / (small.high - small.low) * (floor - top))
        for i, v in enumerate(small.values)
    ]
    told = f"{small.title}: {', '.join(f'{v:g}' for v in small.values)} {_('of')} {small.high:g}"
    parts = [
        f"<title>{escape(told)}</title>",
        '<path class="grid" d="M0 14H150M0 49H150"/><path class="axis" d="M0 84H150"/>',
        f'<path class="l1" d="{_path(xy)}"/>',
        *(f'<circle class="m1" cx="{x:.1f}" cy="{y:.1f}" r="{4 if len(xy) > 6 else 6}"/>' for x, y in xy),
        f'<text class="tick" x="0" y="101">{_("first")}</text>',
        f'<text class="tick end" x="149" y="101">{_("last")}</text>',
    ]
    return _svg("chart", "0 0 150 104", parts)


def describe(curve: Curve, zone: tzinfo) -> str:
    """The chart in words, for those who do not see it."""
    if not curve.points:
        return _("No score yet.")
    told = [f"{v:g} {_('on')} {at.astimezone(zone):%d %b %Y}" for at, v in curve.points]
    doses = sum(1 for m in curve.marks if m.kind == "dose" and m.done)
    therapies = sum(1 for m in curve.marks if m.kind == "therapy" and m.done)
    sums = _("%(doses)s doses and %(therapies)s therapy sessions so far.") % {"doses": doses, "therapies": therapies}
    return f"{'; '.join(told)}. {sums}"


def _svg(css: str, box: str, parts: list[str]) -> SafeString:
    body = "".join(parts)
    return mark_safe(f'<svg class="{css}" viewBox="{box}" role="img">{body}</svg>')


def _words(curve: Curve) -> str:
    return escape(_("points, %(low)g to %(high)g; lower is better") % {"low": curve.low, "high": curve.high})


def _scale(curve: Curve, now: datetime) -> _Scale:
    moments = [now, *(at for at, _value in curve.points), *(m.at for m in curve.marks)]
    start, end = min(moments), max(moments)
    slack = max((end - start) * 0.04, 2 * _DAY)
    return _Scale(start - slack, end + slack, curve.low, curve.high)


def _grid(scale: _Scale, high: float) -> list[str]:
    lines = []
    for quarter in range(5):
        value = high * quarter / 4
        y = scale.y(value)
        lines.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>')
        lines.append(f'<text class="tick end" x="44" y="{y + 5:.1f}">{value:g}</text>')
    return lines


def _band(scale: _Scale, curve: Curve) -> list[str]:
    if curve.band is None:
        return []
    low, high = max(curve.band[0], curve.low), min(curve.band[1], curve.high)
    top, bottom = scale.y(high), scale.y(low)
    start = scale.x(curve.points[0][0]) if curve.points else _LEFT
    box = f'<rect class="zone" x="{start:.1f}" y="{top:.1f}" width="{_RIGHT - start:.1f}" height="{bottom - top:.1f}"/>'
    words = f'<text class="tick end" x="694" y="{top + 16:.1f}">{escape(curve.band_words)}</text>'
    return [box, words]


def _marks(scale: _Scale, marks: tuple[Mark, ...]) -> list[str]:
    found, last = [], -99.0
    for number, mark in enumerate(sorted((m for m in marks if m.kind == "dose"), key=lambda m: m.at), 1):
        x = scale.x(mark.at)
        found.append(_dose(x, mark.done, number if x - last >= 16 else None))
        last = x if x - last >= 16 else last
    return found + [_therapy(scale.x(m.at), m.done) for m in marks if m.kind == "therapy"]


def _dose(x: float, done: bool, number: int | None) -> str:
    shape = "m2" if done else "hollow h2x"
    stem = f'<path class="stem2" d="M{x:.1f} {_FLOOR if done else 62}V48"/>'
    label = f'<text class="tick mid" x="{x:.1f}" y="30">{number}</text>' if number else ""
    return f'{stem}<path class="{shape}" d="M{x - 8:.1f} 34h16l-8 13z"/>{label}'


def _therapy(x: float, done: bool) -> str:
    shape = "m3" if done else "hollow h3x"
    return f'<path class="stem3" d="M{x:.1f} 290v14"/><path class="{shape}" d="M{x:.1f} 300l7 8l-7 8l-7 -8z"/>'


def _line(scale: _Scale, points: tuple[tuple[datetime, float], ...]) -> list[str]:
    if not points:
        return []
    xy = [(scale.x(at), scale.y(value)) for at, value in points]
    dots = [f'<circle class="m1" cx="{x:.1f}" cy="{y:.1f}" r="{5 if len(xy) > 12 else 7}"/>' for x, y in xy]
    ends = [(xy[0], points[0][1], -14.0)] + (
        [((xy[-1][0] - 14, xy[-1][1]), points[-1][1], 24.0)] if len(xy) > 1 else []
    )
    labels = [f'<text class="big halo end" x="{x + 8:.1f}" y="{y + dy:.1f}">{v:g}</text>' for (x, y), v, dy in ends]
    return [f'<path class="l1" d="{_path(xy)}"/>', *dots, *labels]


def _path(xy: list[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in xy)


def _dates(scale: _Scale, now: datetime, zone: tzinfo) -> list[str]:
    """Four dates along the axis, leaving out those that today's tag would cover."""
    found = []
    for quarter in range(5):
        at = scale.start + (scale.end - scale.start) * quarter / 4
        x = min(max(scale.x(at), _LEFT + 20), _RIGHT - 20)
        if abs(x - scale.x(now)) > 88:
            local = at.astimezone(zone)
            found.append(f'<text class="tick mid" x="{x:.1f}" y="336">{local.day} {local:%b}</text>')
    return found


def _now(scale: _Scale, now: datetime, zone: tzinfo) -> list[str]:
    x = scale.x(now)
    left = min(max(x - 54, 0), _RIGHT - 50)
    local = now.astimezone(zone)
    words = escape(_("today %(day)s") % {"day": f"{local.day} {local:%b}"})
    return [
        f'<path class="nowline" d="M{x:.1f} {_TOP}V320"/>',
        f'<rect class="nowtag" x="{left:.1f}" y="320" width="108" height="22" rx="4"/>',
        f'<text class="nowtag-t" x="{left + 54:.1f}" y="336">{words}</text>',
    ]
