"""Plots of a report as SVG text: no script, no foreign host, colours by class so that light and dark both read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH = 640
LEFT, RIGHT = 190, 40  # space for the words on the left, and beyond the axis
ROW = 34
WIDEST = 26  # letters of a label that fit on the left
READ = "How trials are read, by what is true"
ESTIMATED = "Estimates and true differences, by what is true"
SWEPT = "Share of trials read as working, by design"
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from `low` to `high` over the width of the plot."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where that value lies, in pixels, kept within the plot."""
        share = (value - self.low) / (self.high - self.low)
        return round(LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT), 1)

    def ticks(self) -> list[float]:
        """Round values along the axis, five or so."""
        raw = (self.high - self.low) / 5
        size = 10 ** len(str(int(raw))) / 10 if raw >= 1 else 0.1
        step = next(s * size for s in (0.5, 1, 2, 5, 10) if s * size >= raw)
        first = int(self.low // step) * step
        return [round(first + k * step, 6) for k in range(12) if self.low <= first + k * step <= self.high + 1e-9]


def readings_svg(rows: Sequence[tuple[str, Told]]) -> str:
    """For each scenario the shares of trials read as working, as cannot tell, and as worse; widths are shares."""
    axis, parts = Axis(0, 100), []
    for place, (words, readings) in enumerate(rows):
        top, left = place * ROW + 8, 0.0
        parts.append(_label(words, top + 15))
        for name in ("works", "cannot_tell", "worse"):
            share = 100 * (readings[name]["share"] or 0.0)
            x, wide = axis.at(left), axis.at(left + share) - axis.at(left)
            title = f"<title>{escape(name.replace('_', ' '))}: {share:.1f} %</title>"
            parts.append(f'<rect class="{name}" x="{x}" y="{top}" width="{wide:.1f}" height="22">{title}</rect>')
            if wide > 38:
                parts.append(f'<text class="on-{name}" x="{x + wide / 2:.1f}" y="{top + 15}">{share:.0f} %</text>')
            left += share
    return _svg("".join(parts) + axis_along(axis, len(rows) * ROW, "share of trials, %"), len(rows) * ROW + 44, READ)


def estimates_svg(rows: Sequence[tuple[str, Told]], unit: str) -> str:
    """For each scenario the middle 90 % of estimates, their median, and the true difference as seen and by the drug."""
    ends = [v for _, s in rows for v in (*s["quantiles"], s["true_seen"], s["true_drug"]) if v is not None]
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    axis, parts = Axis(low - 1, high + 1), []
    bottom = len(rows) * ROW
    parts.append(f'<path class="zero" d="M{axis.at(0)} 0V{bottom}"/>')
    for place, (words, one) in enumerate(rows):
        y = place * ROW + 18
        first, _, middle, _, last = one["quantiles"]
        parts.append(_label(words, y + 4))
        parts.append(f'<path class="range" d="M{axis.at(first)} {y}H{axis.at(last)}"/>')
        parts.append(_dot(axis.at(middle), y, f"median {middle:.1f}"))
        if one["true_seen"] is not None:
            parts.append(_mark("seen", axis.at(one["true_seen"]), y))
            parts.append(_mark("drug", axis.at(one["true_drug"]), y))
    return _svg("".join(parts) + axis_along(axis, bottom, unit), bottom + 44, ESTIMATED)


def sweep_svg(points: Sequence[tuple[str, Told]]) -> str:
    """For each cell of a sweep the share of trials read as working, with its exact interval."""
    axis, parts = Axis(0, 100), []
    for place, (words, share) in enumerate(points):
        y = place * ROW + 18
        low, high, middle = (100 * share[k] for k in ("low", "high", "share"))
        parts.append(_label(words, y + 4))
        parts.append(f'<path class="range" d="M{axis.at(low)} {y}H{axis.at(high)}"/>')
        parts.append(_dot(axis.at(middle), y, f"{middle:.1f} %"))
    bottom = len(points) * ROW
    mark = f'<path class="zero" d="M{axis.at(80)} 0V{bottom}"/>'
    scale = axis_along(axis, bottom, "share of trials read as working, %")
    return _svg(mark + "".join(parts) + scale, bottom + 44, SWEPT)


def _dot(x: float, y: float, words: str) -> str:
    return f'<circle class="middle" cx="{x}" cy="{y}" r="5"><title>{words}</title></circle>'


def _mark(kind: str, x: float, y: float) -> str:
    """A stroke for the difference as seen, a diamond for the drug's own."""
    if kind == "seen":
        return f'<path class="seen" d="M{x} {y - 11}V{y + 11}"><title>true difference as seen</title></path>'
    shape = f"M{x} {y - 7}L{x + 5} {y}L{x} {y + 7}L{x - 5} {y}Z"
    return f'<path class="drug" d="{shape}"><title>by the drug alone</title></path>'


def _label(words: str, y: float) -> str:
    """Words beside a row; where they are long, what follows the colon stands below."""
    parts = words.rsplit(": ", 1) if len(words) > WIDEST else [words]
    x, top = LEFT - 10, y - 7 * (len(parts) - 1)
    lines = "".join(f'<tspan x="{x}" y="{top + 14 * n}">{escape(part)}</tspan>' for n, part in enumerate(parts))
    return f'<text class="label">{lines}</text>'


def axis_along(axis: Axis, bottom: float, unit: str) -> str:
    """The axis with its round values and its unit below."""
    parts = [f'<path class="axis" d="M{LEFT} {bottom}H{WIDTH - RIGHT}"/>']
    parts += [f'<text class="tick" x="{axis.at(t)}" y="{bottom + 16}">{t:,.10g}</text>' for t in axis.ticks()]
    middle = (LEFT + WIDTH - RIGHT) / 2
    return "".join(parts) + f'<text class="tick" x="{middle}" y="{bottom + 36}">{escape(unit)}</text>'


def _svg(inside: str, height: float, name: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(name)}">{inside}</svg>'
