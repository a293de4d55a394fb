"""The chart of a session as SVG text. Its data attributes carry the scales, so that a device can add what waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from unstuck.clinic.session.chart import Chart, Panel, Point

_LEFT, _RIGHT, _WIDTH, _TOP, _GAP, _HEAD = 56.0, 600.0, 760, 34.0, 22.0, 22.0
_NEAR = 15.0  # two labels at the right edge stand so far apart at least
_MARKS = {"pulse_per_min": ("l3", "m3"), "spo2_percent": ("l4", "hollow h4")}


@dataclass(frozen=True, slots=True)
class _Scale:
    chart: Chart

    def x(self, at: datetime) -> float:
        return _LEFT + (at - self.chart.start) / (self.chart.end - self.chart.start) * (_RIGHT - _LEFT)


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a panel lies."""

    panel: Panel
    top: float

    @property
    def floor(self) -> float:
        return self.top + self.panel.height

    def y(self, value: float) -> float:
        span = self.panel.high - self.panel.low
        return self.floor - (value - self.panel.low) / span * self.panel.height


def chart_svg(chart: Chart, zone: tzinfo) -> SafeString:
    """The figure: one panel a measure, limits named at the right edge, the drug below, the present as a line."""
    scale, boxes = _Scale(chart), list(_boxes(chart))
    floor = boxes[-1].floor + 26
    parts = [
        f"<title>{escape(_('Readings of this session'))}</title><desc>{escape(_described(chart))}</desc>",
        *(part for box in boxes for part in _drawn(box, scale)),
        *_drug(chart, scale, floor),
        *_clocks(chart, scale, floor, zone),
        *_now(chart, scale, floor, zone),
    ]
    head = (
        f'<svg class="chart chart-wide" viewBox="0 0 {_WIDTH} {floor + 40:.0f}" role="img" id="chart-svg"'
        f' data-start="{chart.start.isoformat()}" data-end="{chart.end.isoformat()}"'
        f' data-left="{_LEFT}" data-right="{_RIGHT}">'
    )
    return mark_safe(f"{head}{''.join(parts)}</svg>")


def _boxes(chart: Chart) -> Iterator[_Box]:
    top = _TOP
    for panel in chart.panels:
        yield _Box(panel, top + _HEAD)
        top += _HEAD + panel.height + _GAP


def _drawn(box: _Box, scale: _Scale) -> Iterator[str]:
    panel = box.panel
    yield (
        f'<g data-panel="{" ".join(panel.names)}" data-low="{panel.low:g}" data-high="{panel.high:g}"'
        f' data-top="{box.top:g}" data-floor="{box.floor:g}">'
    )
    title = f"{escape(panel.title)} <tspan>{panel.unit}</tspan>"
    yield f'<text class="lab" x="{_LEFT}" y="{box.top - 8:.1f}">{title}</text>'
    for value in _ticks(panel):
        yield f'<path class="grid" d="M{_LEFT} {box.y(value):.1f}H{_RIGHT}"/>'
        yield f'<text class="tick end" x="48" y="{box.y(value) + 5:.1f}">{value:g}</text>'
    yield from _lines(box)
    yield from _series(box, scale)
    yield "</g>"


def _ticks(panel: Panel) -> list[float]:
    """Round figures, four or five to a panel."""
    span = panel.high - panel.low
    step = next(s for s in (2, 5, 10, 20, 40, 100) if span / s <= 5)
    first = int(-(-panel.low // step)) * step
    return [float(v) for v in range(first, int(panel.high) + 1, step)]


def _lines(box: _Box) -> Iterator[str]:
    """Limits and the own start; labels that would touch move apart."""
    last = box.top - 2 * _NEAR
    for line in sorted(box.panel.lines, key=lambda one: -one.value):
        y = box.y(line.value)
        label = max(y + 5, last + _NEAR)
        last = label
        css, text = ("base", "tick") if line.own else ("limit", "limit-t")
        yield f'<path class="{css}" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield f'<text class="{text}" x="{_RIGHT + 8}" y="{label:.1f}">{escape(line.words)}</text>'


def _series(box: _Box, scale: _Scale) -> Iterator[str]:
    if len(box.panel.series) == 2:
        yield from _pressure(box, scale)
        return
    css, mark = _MARKS[box.panel.names[0]]
    points = box.panel.series[0]
    if len(points) > 1:
        yield f'<path class="{css}" d="{_path(box, scale, points)}"/>'
    for point in points:
        yield _dot("out" if point.out else mark, scale.x(point.at), box.y(point.value), square="h4" in mark)
    if points:
        x, y = scale.x(points[-1].at) + 12, box.y(points[-1].value) + 6
        yield f'<text class="big halo" x="{x:.1f}" y="{y:.1f}">{points[-1].value:g}</text>'


def _dot(css: str, x: float, y: float, square: bool) -> str:
    if square:
        return f'<rect class="{css}" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>'
    return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'


def _pressure(box: _Box, scale: _Scale) -> Iterator[str]:
    """Two arrowheads and a stem where both were read at one moment."""
    high, low = box.panel.series
    for points in (high, low):
        if len(points) > 1:
            yield f'<path class="l5" d="{_path(box, scale, points)}"/>'
    partner = {point.at: point for point in low}
    for point in high:
        if point.at in partner:
            x, top, floor = scale.x(point.at), box.y(point.value), box.y(partner[point.at].value)
            yield f'<path class="l1" d="M{x:.1f} {top:.1f}V{floor:.1f}"/>'
    for points, way in ((high, 11), (low, -11)):
        for point in points:
            css = "out" if point.out else "m1"
            yield f'<path class="{css}" d="M{scale.x(point.at) - 8:.1f} {box.y(point.value) - way:.1f}h16l-8 {way}z"/>'
    if high:
        words = f"{high[-1].value:g}" + (f"/{low[-1].value:g}" if low and low[-1].at == high[-1].at else "")
        x, y = scale.x(high[-1].at) + 12, box.y(high[-1].value) - 2
        yield f'<text class="big halo" x="{x:.1f}" y="{y:.1f}">{words}</text>'


def _path(box: _Box, scale: _Scale, points: tuple[Point, ...]) -> str:
    return "M" + " L".join(f"{scale.x(p.at):.1f} {box.y(p.value):.1f}" for p in points)


def _drug(chart: Chart, scale: _Scale, floor: float) -> Iterator[str]:
    for one in chart.stretches:
        x, width = scale.x(one.start), max(2.0, scale.x(one.end) - scale.x(one.start))
        css = "infuse-plan" if one.planned else "infuse"
        yield f'<rect class="{css}" x="{x:.1f}" y="{floor - 12:.1f}" width="{width:.1f}" height="8"/>'
    if chart.stretches:
        yield f'<text class="tick" x="{_RIGHT + 8}" y="{floor - 3:.1f}">{escape(_("dose"))}</text>'


def _clocks(chart: Chart, scale: _Scale, floor: float, zone: tzinfo) -> Iterator[str]:
    """The axis of time, with six or fewer times of day at round minutes."""
    yield f'<path class="axis" d="M{_LEFT} {floor}H{_RIGHT}"/>'
    minutes = (chart.end - chart.start) / timedelta(minutes=1)
    step = next((s for s in (5, 10, 15, 20, 30, 60, 120) if minutes / s <= 7), 240)
    local = chart.start.astimezone(zone).replace(second=0, microsecond=0)
    first = local + timedelta(minutes=-local.minute % step if step <= 60 else 60 - local.minute)
    while first < chart.end:
        x = scale.x(first)
        if _LEFT + 16 <= x <= _RIGHT - 8:
            yield f'<path class="axis" d="M{x:.1f} {floor}v5"/>'
            yield f'<text class="tick mid" x="{x:.1f}" y="{floor + 22:.1f}">{first:%H:%M}</text>'
        first += timedelta(minutes=step)


def _now(chart: Chart, scale: _Scale, floor: float, zone: tzinfo) -> Iterator[str]:
    x = scale.x(chart.now)
    left = min(max(x - 46, 0), _RIGHT - 40)
    words = escape(_("now %(at)s") % {"at": f"{chart.now.astimezone(zone):%H:%M}"})
    yield f'<g data-now><path class="nowline" d="M{x:.1f} 26V{floor}"/>'
    yield f'<rect class="nowtag" x="{left:.1f}" y="4" width="92" height="22" rx="4"/>'
    yield f'<text class="nowtag-t" x="{left + 46:.1f}" y="20">{words}</text></g>'


def _described(chart: Chart) -> str:
    told = []
    for panel in chart.panels:
        values = ", ".join(f"{point.value:g}" for series in panel.series for point in series)
        told.append(f"{panel.title}: {values or _('none')}")
    return f"{chart.finding}. {'; '.join(told)}."
