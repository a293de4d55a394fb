"""Forest and funnel plots. Shape and place carry the meaning; colour (Okabe and Ito's) helps and is safe for all eyes.

Needs the `plots` extra. The numbers stand beside the picture, so that nobody has to read them off it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from unstuck.core.errors import Complaint
from unstuck.lab.meta.inference import quantile
from unstuck.lab.meta.pool import Pooled
from unstuck.lab.meta.sample import Effects
from unstuck.lab.meta.tables import ForestRow, Kind, decimals, interval_text, plain, weight_text

INK, BLUE, VERMILION, PALE = "#1a1a1a", "#0072B2", "#D55E00", "#d9d9d9"
ROW_INCHES, WIDTH_INCHES, FONT_POINTS = 0.29, 9.6, 10
NOTE_CHARACTERS, NOTE_LINE_INCHES = 125, 0.17
SUFFIXES = (".png", ".svg", ".pdf")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a plot. `ratio`: the effects are logarithms of ratios, and the axis shows the ratios themselves."""

    title: str = ""
    axis: str = "Effect"
    left: str = ""  # whom an effect below zero favours
    right: str = ""
    note: str = ""
    ratio: bool = False


def forest(rows: Sequence[ForestRow], path: Path, words: Words | None = None) -> None:
    """A forest plot of the rows, with estimate, interval and weight beside it, written to a .png, .svg or .pdf file."""
    words = words or Words()
    inches = ROW_INCHES * (len(rows) + 1) + 1.35 + _note_inches(words)
    figure = _figure(inches)
    labels, axis, numbers = _columns(figure, inches, words)
    said = [_as_ratio(row) for row in rows] if words.ratio else list(rows)
    texts = [interval_text(row, decimals(said)) for row in said]
    for place, (row, text) in enumerate(zip(rows, texts, strict=True)):
        _draw(axis, row, len(rows) - place)
        _write((labels, numbers), row, text, len(rows) - place)
    _limits(axis, rows)
    for each in (labels, axis, numbers):
        each.set_ylim(0.3, len(rows) + 1.5)
    _headings(labels, numbers, len(rows) + 1, words)
    _dress(axis, words)
    _around(figure, words, inches)
    _save(figure, path)


def _figure(inches: float) -> Figure:
    figure = Figure(figsize=(WIDTH_INCHES, inches), layout=None, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _note_inches(words: Words) -> float:
    return NOTE_LINE_INCHES * len(_note_lines(words))


def _note_lines(words: Words) -> list[str]:
    return textwrap.wrap(words.note, NOTE_CHARACTERS)


def _columns(figure: Figure, inches: float, words: Words) -> tuple[Axes, Axes, Axes]:
    bottom, top = (0.8 + _note_inches(words)) / inches, 1 - (0.42 if words.title else 0.1) / inches
    height = top - bottom
    labels, axis, numbers = (
        figure.add_axes((left, bottom, wide, height)) for left, wide in ((0.01, 0.36), (0.37, 0.37), (0.75, 0.245))
    )
    for text in (labels, numbers):
        text.set_axis_off()
        text.set_xlim(0, 1)
    return labels, axis, numbers


def _draw(axis: Axes, row: ForestRow, at: float) -> None:
    """A square with whiskers for a study, a diamond for a mean, a bracketed line for a prediction."""
    if row.low is None or row.high is None:
        return
    if row.kind is Kind.POOLED and row.estimate is not None:
        corners = [(row.low, at), (row.estimate, at + 0.32), (row.high, at), (row.estimate, at - 0.32)]
        axis.add_patch(Polygon(corners, closed=True, facecolor=VERMILION, edgecolor=INK, linewidth=0.8))
    elif row.kind is Kind.PREDICTION:
        axis.plot([row.low, row.high], [at, at], color=VERMILION, linewidth=2, linestyle=(0, (3, 1.5)))
        axis.plot([row.low, row.high], [at, at], color=VERMILION, linewidth=0, marker="|", markersize=9)
    elif row.estimate is not None:
        axis.plot([row.low, row.high], [at, at], color=INK, linewidth=1.1)
        size = 3.5 + 1.1 * (row.weight_percent or 0.0) ** 0.5
        axis.plot([row.estimate], [at], color=BLUE, marker="s", markersize=size, markeredgecolor="white")


def _write(beside: tuple[Axes, Axes], row: ForestRow, text: str, at: float) -> None:
    labels, numbers = beside
    heavy = "bold" if row.kind in (Kind.POOLED, Kind.HEADING) else "normal"
    inset = 0.0 if row.kind is Kind.HEADING else 0.03
    labels.text(inset, at, _shortened(row.label), va="center", fontsize=FONT_POINTS, weight=heavy, color=INK)
    numbers.text(0.72, at, text, va="center", ha="right", fontsize=FONT_POINTS, weight=heavy, color=INK)
    numbers.text(0.98, at, weight_text(row), va="center", ha="right", fontsize=FONT_POINTS, color=INK)


def _shortened(label: str, most: int = 46) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _headings(labels: Axes, numbers: Axes, at: float, words: Words) -> None:
    style: dict[str, Any] = {"va": "center", "fontsize": FONT_POINTS - 1, "color": "#555555"}
    labels.text(0.03, at, "Study", **style)
    numbers.text(0.72, at, "Ratio [interval]" if words.ratio else "Effect [interval]", ha="right", **style)
    numbers.text(0.98, at, "Weight", ha="right", **style)


def _as_ratio(row: ForestRow) -> ForestRow:
    estimate, low, high = (None if x is None else float(np.exp(x)) for x in (row.estimate, row.low, row.high))
    return ForestRow(row.kind, row.label, estimate, low, high, row.weight_percent)


def _limits(axis: Axes, rows: Sequence[ForestRow]) -> None:
    """The axis holds zero and every interval, with a little room."""
    ends = [0.0, *(end for row in rows for end in (row.low, row.high) if end is not None)]
    room = 0.04 * (max(ends) - min(ends) or 1)
    axis.set_xlim(min(ends) - room, max(ends) + room)


def _dress(axis: Axes, words: Words) -> None:
    axis.axvline(0, color="#555555", linewidth=1)
    axis.set_yticks([])
    for side in ("left", "right", "top"):
        axis.spines[side].set_visible(False)
    axis.tick_params(labelsize=FONT_POINTS - 1)
    axis.set_xlabel(words.axis, fontsize=FONT_POINTS, labelpad=18 if words.left or words.right else 4)
    for text, place, side in ((f"← {words.left}", 0.0, "left"), (f"{words.right} →", 1.0, "right")):
        if text.strip(" ←→"):
            style: dict[str, Any] = {"fontsize": FONT_POINTS - 1, "color": "#555555", "ha": side, "va": "top"}
            axis.annotate(text, (place, 0), (0, -18), xycoords="axes fraction", textcoords="offset points", **style)
    if words.ratio:
        _ratio_ticks(axis)


def _ratio_ticks(axis: Axes) -> None:
    """Ticks at round ratios, evenly spaced as logarithms."""
    low, high = axis.get_xlim()
    round_ones = [mark * 10.0**power for power in range(-4, 5) for mark in (1, 2, 5)]
    within = [ratio for ratio in round_ones if low <= np.log(ratio) <= high]
    axis.set_xticks([float(np.log(ratio)) for ratio in within], [f"{ratio:g}" for ratio in within])


def _around(figure: Figure, words: Words, inches: float) -> None:
    if words.title:
        figure.text(0.02, 1 - 0.12 / inches, words.title, va="top", fontsize=FONT_POINTS + 2, weight="bold", color=INK)
    if words.note:
        figure.text(
            0.02, 0.08 / inches, words.note, va="bottom", fontsize=FONT_POINTS - 1.5, color="#555555", wrap=True
        )


def funnel(effects: Effects, pooled: Pooled, path: Path, words: Words | None = None) -> None:
    """A funnel plot: effect against standard error, precise studies above, with the region of chance around the mean.

    The numbers of the studies are those of the rows, and their list stands beside the plot.
    """
    words = words or Words()
    under = 0.55 + _note_inches(words)
    inches = max(4.6, 1.2 + 0.2 * effects.k) + _note_inches(words)
    figure = _figure(inches)
    axis = figure.add_axes((0.09, under / inches, 0.53, 1 - (0.5 + under) / inches))
    se = np.sqrt(effects.v)
    bottom, middle = 1.08 * float(se.max()), pooled.mean.estimate
    wide = quantile(None, pooled.options.level) * bottom
    region = [(middle, 0.0), (middle - wide, bottom), (middle + wide, bottom)]
    axis.add_patch(Polygon(region, closed=True, facecolor="#eef3f7", edgecolor=BLUE, linestyle="--", linewidth=1))
    axis.plot([middle, middle], [0, bottom], color=VERMILION, linewidth=1.4)
    axis.plot(effects.y, se, color=BLUE, marker="o", linestyle="", markersize=7, markeredgecolor="white")
    for number, (x, y) in enumerate(zip(effects.y, se, strict=True), start=1):
        axis.annotate(str(number), (x, y), (6, -3), textcoords="offset points", fontsize=8, color=INK)
    _dress_funnel(axis, bottom, words)
    axis.annotate("pooled", (middle, 0), (0, 4), textcoords="offset points", ha="center", fontsize=9, color=VERMILION)
    _list_beside(figure, effects, words, inches)
    _around(figure, words, inches)
    _save(figure, path)


def _dress_funnel(axis: Axes, bottom: float, words: Words) -> None:
    axis.set_ylim(bottom, 0)
    axis.axvline(0, color="#999999", linewidth=0.8)
    axis.set_xlabel(words.axis, fontsize=FONT_POINTS)
    axis.set_ylabel("Standard error (precise studies above)", fontsize=FONT_POINTS)
    axis.tick_params(labelsize=FONT_POINTS - 1)
    for side in ("right", "top"):
        axis.spines[side].set_visible(False)
    if words.ratio:
        _ratio_ticks(axis)


def _list_beside(figure: Figure, effects: Effects, words: Words, inches: float) -> None:
    top = 1 - 0.55 / inches
    said = "log ratio (standard error)" if words.ratio else "effect (standard error)"
    figure.text(0.985, top + 0.22 / inches, said, fontsize=8.5, ha="right", color="#555555")
    places = decimals(
        [ForestRow(Kind.STUDY, "", y, y - se, y + se) for y, se in zip(effects.y, effects.v**0.5, strict=True)]
    )
    for number, (label, y, v) in enumerate(zip(effects.labels, effects.y, effects.v, strict=True), start=1):
        at = top - 0.2 * (number - 1) / inches
        figure.text(0.665, at, str(number), fontsize=8.5, ha="right", color=INK)
        figure.text(0.675, at, _shortened(label, 26), fontsize=8.5, color=INK)
        numbers = f"{plain(float(y), places)} ({plain(float(v) ** 0.5, places)})"
        figure.text(0.985, at, numbers, fontsize=8.5, ha="right", color=INK)


def _save(figure: Figure, path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise Complaint(f"A plot cannot be written as {path.suffix or 'a file without an ending'!r}.", str(path), MEND)
    metadata = {"Date": None} if path.suffix == ".svg" else {"CreationDate": None} if path.suffix == ".pdf" else None
    with rc_context({"svg.hashsalt": "unstuck"}):  # so that the same plot has the same bytes
        figure.savefig(path, dpi=150, metadata=metadata)


MEND = f"End its name with one of {', '.join(SUFFIXES)}."
