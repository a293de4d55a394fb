"""Forest plots as SVG: each row its name, interval and numbers on one line; a narrow twin for phones.

Shape tells the rows apart before colour does: a filled diamond is this clinic, an open one a mean of several trials, an
open square one trial.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_WIDE, _LEFT, _RIGHT, _ROW, _TOP = 800.0, 330.0, 590.0, 66.0, 44.0
_NARROW, _NLEFT, _NRIGHT, _NROW = 360.0, 14.0, 346.0, 116.0
_STUB = 24.0
"""How long the line before an arrow is where the whole interval lies beyond the axis."""
_NAME, _DETAIL, _NARROW_DETAIL = 42, 46, 48


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `kind` is trial, mean, or own."""

    name: str
    detail: str
    estimate: float
    low: float
    high: float
    kind: str = "trial"


@dataclass(frozen=True, slots=True)
class Axis:
    """The common axis. `ratio`: values are logarithms, printed as ratios; `percent`: shares, printed in percent."""

    low: float
    high: float
    ticks: tuple[float, ...]
    zero: float | None
    left: str
    right: str
    ratio: bool = False
    percent: bool = False
    places: int = 2

    def printed(self, value: float) -> str:
        """The value as a reader knows it."""
        if self.ratio:
            return f"{math.exp(value):.{self.places}f}"
        return f"{100 * value:.0f}" if self.percent else f"{value:.{self.places}f}"

    def tick(self, value: float) -> str:
        """The value below the axis."""
        if self.ratio:
            return f"{math.exp(value):g}"
        return f"{100 * value:.0f} %" if self.percent else f"{value:g}"


@dataclass(frozen=True, slots=True)
class Forest:
    """Everything that one plot shows."""

    title: str
    heading: str
    axis: Axis
    rows: tuple[Row, ...]


def numbers(row: Row, axis: Axis) -> str:
    """Estimate and interval in words."""
    unit = " %" if axis.percent else ""
    to = _("to")
    return f"{axis.printed(row.estimate)}{unit} ({axis.printed(row.low)} {to} {axis.printed(row.high)})"


def axis_for(rows: tuple[Row, ...], left: str, right: str, *, ratio: bool = False) -> Axis:
    """An axis that holds every interval, cut where one interval would squeeze all others."""
    ends = [x for row in rows for x in (row.low, row.high)] or [-1.0, 1.0]
    reach = min(max(abs(x) for x in ends), math.log(10) if ratio else 3.0)
    ticks = _ratio_ticks(reach) if ratio else _even_ticks(min(0.0, *ends), max(0.0, *ends))
    return Axis(ticks[0], ticks[-1], ticks, 0.0, left, right, ratio)


def share_axis(left: str, right: str) -> Axis:
    """Shares from 0 to 100 percent."""
    return Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), None, left, right, percent=True)


def _even_ticks(low: float, high: float) -> tuple[float, ...]:
    low, high = max(low, -3.0), min(high, 3.0)
    step = next(s for s in (0.25, 0.5, 1.0, 2.0) if (high - low) / s <= 6.5)
    return tuple(round(step * k, 4) for k in range(math.floor(low / step), math.ceil(high / step) + 1))


def _ratio_ticks(reach: float) -> tuple[float, ...]:
    wide = 10.0 if reach > math.log(4) else 4.0
    return tuple(math.log(x) for x in ((0.1, 0.3, 1, 3, 10) if wide == 10.0 else (0.25, 0.5, 1, 2, 4)))


def wide_svg(forest: Forest) -> SafeString:
    """The plot for screens of 48 rem and more."""
    axis, floor = forest.axis, _TOP + _ROW * len(forest.rows)
    parts = [
        f"<title>{escape(forest.title)}</title><desc>{escape(told(forest))}</desc>",
        *_grid(axis, _LEFT, _RIGHT, (_TOP, floor)),
        f'<text class="tick" x="0" y="26">{_("Who")}</text>',
        f'<text class="tick" x="{_LEFT}" y="26">{escape(forest.heading)}</text>',
        f'<text class="tick end" x="790" y="26">{_("estimate (95 % interval)")}</text>',
        *(part for i, row in enumerate(forest.rows) for part in _wide_row(row, axis, _TOP + _ROW * i)),
        *_ends(axis, _LEFT, _RIGHT, floor),
    ]
    return _svg("chart chart-wide", f"-10 0 {_WIDE + 10:.0f} {floor + 62:.0f}", parts)


def _wide_row(row: Row, axis: Axis, top: float) -> Iterator[str]:
    y = top + _ROW / 2
    if row.kind == "own":
        yield f'<rect class="ownrow" x="-10" y="{top + 3:.0f}" width="{_WIDE + 10:.0f}" height="60" rx="6"/>'
    details = _lines(row.detail, _DETAIL)
    first = y - 3 if len(details) < 2 else y - 11
    yield f'<text class="lab" x="0" y="{first:.0f}">{escape(_cut(row.name, _NAME))}</text>'
    for line, words in enumerate(details):
        yield f'<text class="tick" x="0" y="{first + 18 * (line + 1):.0f}">{escape(words)}</text>'
    yield from _mark(row, axis, (_LEFT, _RIGHT), y)
    yield f'<text class="lab end" x="790" y="{y + 5:.0f}">{numbers(row, axis)}</text>'


def narrow_svg(forest: Forest) -> SafeString:
    """The same plot for phones: name, detail and numbers above each interval."""
    axis, floor = forest.axis, _NROW * len(forest.rows) + 8
    parts = [
        *_grid(axis, _NLEFT, _NRIGHT, (4, floor), ticks=axis.ticks[:: 2 if len(axis.ticks) > 5 else 1]),
        *(part for i, row in enumerate(forest.rows) for part in _narrow_row(row, axis, 4 + _NROW * i)),
        *_ends(axis, _NLEFT, _NRIGHT, floor),
    ]
    words = f"{forest.title}. {_('The figures are in the table below.')}"
    body = f"<title>{escape(words)}</title>" + "".join(parts)
    return _svg("chart chart-twin only-narrow", f"0 0 {_NARROW:.0f} {floor + 62:.0f}", [body])


def _narrow_row(row: Row, axis: Axis, top: float) -> Iterator[str]:
    if row.kind == "own":
        yield f'<rect class="ownrow" x="0" y="{top:.0f}" width="360" height="{_NROW - 4:.0f}" rx="6"/>'
    yield f'<text class="lab halo" x="8" y="{top + 18:.0f}">{escape(_cut(row.name, _NAME))}</text>'
    for line, words in enumerate(_lines(row.detail, _NARROW_DETAIL)):
        yield f'<text class="tick halo" x="8" y="{top + 36 + 17 * line:.0f}">{escape(words)}</text>'
    yield f'<text class="lab halo" x="8" y="{top + 72:.0f}">{numbers(row, axis)}</text>'
    yield from _mark(row, axis, (_NLEFT, _NRIGHT), top + 93)


def _mark(row: Row, axis: Axis, ends: tuple[float, float], y: float) -> Iterator[str]:
    """The interval with its mark; an arrow head where it goes on beyond the axis, and no mark for an estimate there."""
    left, right = (_x(value, axis, ends) for value in (row.low, row.high))
    if row.low > axis.high:
        left -= _STUB
    if row.high < axis.low:
        right += _STUB
    yield f'<path class="{"ci-own" if row.kind == "own" else "ci"}" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'
    if row.low < axis.low:
        yield f'<path class="m5" d="M{left - 8:.1f} {y:.1f}l9 -6v12z"/>'
    if row.high > axis.high:
        yield f'<path class="m5" d="M{right + 8:.1f} {y:.1f}l-9 -6v12z"/>'
    if axis.low <= row.estimate <= axis.high:
        yield _sign(row.kind, _x(row.estimate, axis, ends), y)


def _sign(kind: str, x: float, y: float) -> str:
    """What stands at the estimate."""
    match kind:
        case "own":
            return f'<path class="m1" d="M{x:.1f} {y - 11:.1f}l11 11l-11 11l-11 -11z"/>'
        case "mean":
            return f'<path class="hollow h1" d="M{x:.1f} {y - 9:.1f}l12 9l-12 9l-12 -9z"/>'
        case _:
            return f'<rect class="hollow h5" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>'


def _x(value: float, axis: Axis, ends: tuple[float, float]) -> float:
    inside = min(max(value, axis.low), axis.high)
    return ends[0] + (inside - axis.low) / (axis.high - axis.low) * (ends[1] - ends[0])


def _grid(
    axis: Axis, left: float, right: float, span: tuple[float, float], ticks: tuple[float, ...] | None = None
) -> Iterator[str]:
    for tick in ticks or axis.ticks:
        x = _x(tick, axis, (left, right))
        yield f'<path class="grid" d="M{x:.1f} {span[0]:.0f}V{span[1]:.0f}"/>'
        yield f'<text class="tick mid" x="{x:.1f}" y="{span[1] + 20:.0f}">{axis.tick(tick)}</text>'
    if axis.zero is not None:
        x = _x(axis.zero, axis, (left, right))
        yield f'<path class="zero" d="M{x:.1f} {span[0]:.0f}V{span[1]:.0f}"/>'


def _ends(axis: Axis, left: float, right: float, floor: float) -> Iterator[str]:
    yield f'<path class="axis" d="M{left:.0f} {floor:.0f}H{right:.0f}"/>'
    yield f'<text class="tick" x="{left:.0f}" y="{floor + 42:.0f}">{escape(axis.left)}</text>'
    yield f'<text class="tick end" x="{right:.0f}" y="{floor + 42:.0f}">{escape(axis.right)}</text>'


def told(forest: Forest) -> str:
    """The plot in words."""
    return " ".join(f"{row.name}: {numbers(row, forest.axis)}." for row in forest.rows)


def _lines(words: str, most: int) -> list[str]:
    """At most two lines; what does not fit stands in the table."""
    lines = wrap(words, most)
    return lines if len(lines) <= 2 else [lines[0], _cut(" ".join(lines[1:]), most)]


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip(' ,;')}…"


def _svg(css: str, box: str, parts: list[str]) -> SafeString:
    return mark_safe(f'<svg class="{css}" viewBox="{box}" role="img">{"".join(parts)}</svg>')
