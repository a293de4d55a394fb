"""Plots of concentrations, as a journal would print them: one output a panel, arterial and venous named, ranges
shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from unstuck.core.errors import Complaint
from unstuck.lab.pk.answer import LONG_H, Answer, Lines

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "svg.hashsalt": "unstuck",
    "savefig.dpi": 200,
}
COLOURS = ("#a0304a", "#1f4e8c", "#3a7d44", "#8a5a00")
FORMATS = (".svg", ".pdf", ".png")


def draw_answer(answer: Answer, path: Path) -> None:
    """Writes the answer's curves to that file. Raises Complaint for a format that cannot be written."""
    with rc_context(STYLE):
        count = len(answer.outputs)
        columns = min(2, count)
        rows = -(-count // columns)
        figure = Figure(figsize=(3.7 * columns, 2.5 * rows + 0.5), layout="constrained")
        figure.suptitle(_heading(answer), fontsize=10, x=0.01, ha="left")
        for place, (name, lines) in enumerate(answer.outputs.items(), start=1):
            panel = figure.add_subplot(rows, columns, place)
            _panel(panel, answer, name, lines, COLOURS[(place - 1) % len(COLOURS)])
        save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Writes a figure; an SVG holds no date, so that the same figure is the same file."""
    if path.suffix.lower() not in FORMATS:
        raise Complaint(f"{path.name!r} names no format that is known.", "--plot", f"End it in {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise Complaint("There is no such folder.", str(path.parent), "Make it, or name another file.")
    FigureCanvasAgg(figure)
    dateless = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    figure.savefig(path, metadata=dateless.get(path.suffix.lower()))


def words(output: str) -> str:
    """An output's name as a heading: 'ketamine, arterial'."""
    analyte, _, site = output.rpartition("_")
    return f"{analyte}, {'sampling site not stated' if site == 'unstated' else site}"


def _panel(panel: Axes, answer: Answer, name: str, lines: Lines, colour: str) -> None:
    long = answer.time_h[-1] > LONG_H
    x = answer.time_h / 24 if long else answer.time_h
    if lines.band and lines.inner:
        panel.fill_between(x, *lines.band, color=colour, alpha=0.15, lw=0, label="5 to 95 %")
        panel.fill_between(x, *lines.inner, color=colour, alpha=0.28, lw=0, label="25 to 75 %")
    panel.plot(x, lines.middle, color=colour, label="median" if lines.band else "typical")
    panel.set_title(words(name))
    panel.set_xlabel("time (days)" if long else "time (h)")
    panel.set_ylabel("concentration (ng/mL)")
    panel.set_xlim(0, float(x[-1]))
    panel.set_ylim(bottom=0)
    panel.legend(fontsize=7.5, handlelength=1.4)


def _heading(answer: Answer) -> str:
    if answer.count:
        return f"{answer.found.key}: {answer.count} adults, seed {answer.seed}"
    assert answer.person is not None
    return f"{answer.found.key}: typical person, {answer.person.weight_kg:g} kg, {answer.person.age_years:g} years"
