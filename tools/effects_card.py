"""Every figure and number of docs/science/effects.md, from the library's data: `python tools/effects_card.py [FOLDER]`.

Writes effects_*.svg into FOLDER (docs/science) and the table of numbers into its effects.md, between its two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from unstuck.lab.effects import cascade
from unstuck.lab.effects.acute import Acute, cadss, occupied
from unstuck.lab.effects.parameters import load_effects
from unstuck.lab.effects.people import Crowd
from unstuck.lab.effects.plasticity import Index, hours_above, trace
from unstuck.lab.effects.pressure import Rises, load_series, read_rises, scaled_to, worst
from unstuck.lab.patients.response import (
    Response,
    crowd,
    first_of,
    graded_for,
    plasticity_index,
    setting,
    typical,
)
from unstuck.lab.pk import Person, Regimen, dose, infusion, people

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "science"
START, END = "<!-- made by tools/effects_card.py -->", "<!-- end of what is made -->"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "unstuck",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BLUE, RUST, GREY = "#1f5f8b", "#b5532a", "#777777"
MODEL, KETAMINE, ADULT = load_effects(), setting("ketamine"), Person(70.0, 40.0)
STANDARD = infusion(40, mg_per_kg=0.5)
READ_AT_MIN = (10, 20, 30, 40, 55, 70, 85, 100)
PEOPLE = 4000


def main(folder: Path = FOLDER) -> None:
    """Writes the four pictures and the table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw, size in PICTURES:
        with rc_context(STYLE):
            figure = Figure(figsize=size, layout="constrained")
            FigureCanvasSVG(figure)
            draw(figure)
            figure.savefig(folder / f"effects_{name}.svg", metadata={"Date": None})
    card = folder / "effects.md"
    if card.is_file():
        before, _, rest = card.read_text(encoding="utf-8").partition(START)
        after = rest.partition(END)[2]
        card.write_text(f"{before}{START}\n\n{table()}\n{END}{after}", encoding="utf-8")


def a_crowd(regimen: Regimen, until_h: float, scaled: bool = False) -> Response:
    """Typical adults with all their spread; `scaled` to the highest published pressures."""
    given = KETAMINE
    if scaled:
        given = replace(given, effects=scaled_to(MODEL, worst(load_series()), typical(given, STANDARD, ADULT, 2).acute))
    return crowd(given, regimen, people(*[ADULT] * PEOPLE), Crowd.of(1, PEOPLE), graded_for(regimen, until_h))


def rises(scaled: bool = False) -> tuple[Rises, Rises]:
    """Systolic and diastolic rises as read at the usual times."""
    return read_rises(MODEL, a_crowd(STANDARD, 2.0, scaled).acute, Crowd.of(1, PEOPLE), READ_AT_MIN)


def draw_acute(figure: Figure) -> None:
    """Six panels of one standard infusion: the middle of a crowd and its 5 to 95 % band."""
    seen = a_crowd(STANDARD, 4.0)
    a, minutes = seen.acute, seen.time_h * 60
    panels = (
        (seen.conc_ng_per_ml["ketamine_venous"], "venous ketamine, ng/mL"),
        (100 * a.occupancy, "NMDA channels blocked, %"),
        (a.cadss_points, "dissociation, CADSS"),
        (a.systolic_rise_mmhg, "systolic rise, mmHg"),
        (a.pulse_rise_per_min, "pulse rise, per min"),
        (100 * a.sedated_share, "any sedation, % of people"),
    )
    for axes, (curve, label) in zip(figure.subplots(2, 3).ravel(), panels, strict=True):
        low, middle, high = np.quantile(curve, (0.05, 0.5, 0.95), axis=0)
        axes.axvspan(0, 40, color="#eeeeee", lw=0)
        axes.fill_between(minutes, low, high, color=BLUE, alpha=0.25, lw=0)
        axes.plot(minutes, middle, color=BLUE)
        axes.set(title=label, xlim=(0, 240), xticks=range(0, 241, 60), ylim=(0, None), xlabel="min")
    figure.axes[0].plot([40], [185], "o", color=RUST, label="published mean, 185")
    figure.axes[0].legend(frameon=False, fontsize=8)


def draw_pressure(figure: Figure) -> None:
    """The published series beside the model, by the statistic that each published; one panel a pressure."""
    plain, high = rises(), rises(scaled=True)
    for axes, place, title in zip(figure.subplots(1, 2, sharey=True), (0, 1), ("systolic", "diastolic"), strict=True):
        for row, s in enumerate(load_series()):
            told = (s.systolic_mmhg, s.diastolic_mmhg)[place]
            spread = (s.systolic_sd_mmhg, s.diastolic_sd_mmhg)[place]
            axes.errorbar([told], [row], xerr=[spread] if spread else None, fmt="o", color=RUST, capsize=3)
            axes.plot([plain[place].of(s.statistic)], [row], "D", color=BLUE, mfc="white")
            axes.plot([high[place].of(s.statistic)], [row], "D", color=GREY, mfc="white")
        axes.set(title=f"{title} rise, mmHg", xlim=(0, 32), ylim=(3.5, -0.5))
        names = [f"{s.infusions} infusions\n{s.statistic.value.replace('_', ' ')}" for s in load_series()]
        axes.set_yticks(range(len(names)), names)
    marks = (
        ("o", RUST, "published (bar: SD)"),
        ("D", BLUE, "model"),
        ("D", GREY, "model, scaled to the highest series"),
    )
    for mark, colour, label in marks:
        figure.axes[1].plot([], [], mark, color=colour, mfc=colour if mark == "o" else "white", label=label)
    figure.legend(
        *figure.axes[1].get_legend_handles_labels(), frameon=False, fontsize=8, ncols=3, loc="outside lower center"
    )


def draw_bell(figure: Figure) -> None:
    """What the receptor does to dissociation and to glutamate over four decades of concentration."""
    conc = np.geomspace(3, 5000, 400)
    blocked = occupied(MODEL.occupancy, conc, np.zeros_like(conc))
    left, right = figure.subplots(1, 2)
    _marked(left, conc, cadss(MODEL.dissociation, conc) / 92, "CADSS, share of its range", BLUE)
    left.plot(conc, blocked, color=GREY, label="NMDA channels blocked")
    left.axvspan(50, 200, color="#eeeeee", lw=0, zorder=0)
    left.set(title="tuned where shaded (50 to 200 ng/mL)")
    drive = cascade.surge(MODEL.cascade, blocked) / MODEL.cascade.glutamate_gain
    _marked(right, conc, drive, "drive of glutamate, share of its top", RUST)
    right.axvspan(185, 230, color="#eeeeee", lw=0, zorder=0)
    right.axvline(1959 * MODEL.esketamine.ketamine_potency, color=GREY, ls=":", label="anaesthesia (Långsjö 2005)")
    right.set(title="bell: treatment is shaded")
    for axes in (left, right):
        axes.legend(frameon=False, fontsize=8, loc="upper left")


def _marked(axes: Axes, conc: np.ndarray, curve: np.ndarray, label: str, colour: str) -> None:
    axes.plot(conc, curve, color=colour, label=label)
    axes.set(xscale="log", xlabel="ketamine at the site, ng/mL", ylim=(0, 1.3))


def draw_plasticity(figure: Figure) -> None:
    """The index after one session and after six, with the interval of its uncertain figures."""
    six = STANDARD.repeat(6, every_h=56)
    names = (("permissive", "permissive state"), ("spines", "spines"), ("default_mode", "default-mode shift"))
    for axes, (name, title) in zip(figure.subplots(1, 3), names, strict=True):
        for regimen, colour, label in ((six, RUST, "six sessions"), (STANDARD, BLUE, "one session")):
            _band(axes, _index(regimen), name, colour, label)
        axes.set(title=title, xlabel="days", xlim=(0, 28), ylim=(0, None))
    figure.axes[0].set_ylabel("1 = peak of one standard session")
    figure.axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle("Hypothesis: a model-relative index, not a prediction for any person", fontsize=9)


def _index(regimen: Regimen) -> Index:
    return plasticity_index(KETAMINE, regimen, ADULT, 24.0 * 28)


def _band(axes: Axes, told: Index, name: str, colour: str, label: str) -> None:
    low, middle, high = getattr(told, name)
    axes.fill_between(told.time_h / 24, low, high, color=colour, alpha=0.2, lw=0)
    axes.plot(told.time_h / 24, middle, color=colour, label=label)


PICTURES: tuple[tuple[str, Callable[[Figure], None], tuple[float, float]], ...] = (
    ("acute", draw_acute, (8, 4.6)),
    ("pressure", draw_pressure, (8, 3.2)),
    ("bell", draw_bell, (8, 3.2)),
    ("plasticity", draw_plasticity, (8, 3.2)),
)


def table() -> str:
    """The numbers of the card as a Markdown table."""
    rows = [("what", "model", "published"), ("---", "---", "---"), *_acute_rows(), *_series_rows(), *_late_rows()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _acute_rows() -> Iterator[tuple[str, str, str]]:
    a = typical(KETAMINE, STANDARD, ADULT, 6.0).acute
    for low in (185.0, 230.0):
        blocked = 100 * float(occupied(MODEL.occupancy, np.array([low]), np.zeros(1))[0])
        yield f"NMDA channels blocked at {low:.0f} ng/mL", f"{blocked:.0f} %", "45 to 55 % (derived)"
    yield "CADSS, peak", _peak(a, "cadss_points", "points"), "about 20 at 35 to 50 min"
    yield "CADSS left at 2 h", f"{_left(a):.0f} % of the peak", "gone by about 2 h"
    yield "systolic rise, typical", _peak(a, "systolic_rise_mmhg", "mmHg"), "3.3 to 16 at 30 to 40 min"
    yield "diastolic rise, typical", _peak(a, "diastolic_rise_mmhg", "mmHg"), "3.2 to 11"
    yield "pulse rise, typical", _peak(a, "pulse_rise_per_min", "per min"), "1.9"
    nose = setting("esketamine")
    for mg, told in ((56, "49 %"), (84, "61 %")):
        b = typical(nose, dose("intranasal", mg=mg), ADULT, 4.0).acute
        late = float(np.interp(1.5, b.time_h, b.sedated_share[0]))
        said = f"{100 * b.sedated_share.max():.0f} %, {100 * late:.0f} % at 1.5 h"
        yield f"any sedation, esketamine {mg} mg by nose", said, f"{told}, over at 1 to 1.5 h"


def _peak(a: Acute, name: str, unit: str) -> str:
    curve = getattr(a, name)[0]
    return f"{curve.max():.1f} {unit} at {60 * a.time_h[curve.argmax()]:.0f} min"


def _left(a: Acute) -> float:
    curve = a.cadss_points[0]
    return float(100 * np.interp(2.0, a.time_h, curve) / curve.max())


def _series_rows() -> Iterator[tuple[str, str, str]]:
    plain, high = rises(), rises(scaled=True)
    for s in load_series():
        model = "/".join(f"{r.of(s.statistic):.1f}" for r in plain)
        scaled = "/".join(f"{r.of(s.statistic):.1f}" for r in high)
        memory = ", from memory" if s.grade.value == "assumed" else ""
        what = f"pressure, {s.statistic.value.replace('_', ' ')}"
        said = f"{s.systolic_mmhg:g}/{s.diastolic_mmhg:g} mmHg ({s.infusions} infusions{memory})"
        yield what, f"{model} mmHg; scaled to the highest series {scaled}", said
    spread = "/".join(f"{r.sd_at_peak:.1f}" for r in plain)
    yield "pressure, SD between readings at the peak", f"{spread} mmHg", "11.2/8.5 mmHg (2,342 infusions)"


def _late_rows() -> Iterator[tuple[str, str, str]]:
    told = trace(MODEL, first_of(typical(KETAMINE, STANDARD, ADULT, 24.0 * 20).exposure))
    shares = {h: float(np.interp(h, told.time_h, told.spines) / told.spines.max()) for h in (24, 168, 336)}
    said = ", ".join(f"{100 * s:.0f} % at {h // 24} d" for h, s in shares.items())
    yield "spines, share of the peak (hypothesis)", said, "raised at 1 d and at 14 d (mouse)"
    mode = {h: float(np.interp(h, told.time_h, told.default_mode) / told.default_mode.max()) for h in (24, 48, 240)}
    said = ", ".join(f"{100 * s:.0f} % at {h // 24} d" for h, s in mode.items())
    yield "default-mode shift, share of the peak (hypothesis)", said, "there at 1 to 2 d, gone at 10 d"
    one = _index(STANDARD)
    hours = [float(hours_above(one.time_h, row, 0.5)) for row in one.permissive]
    said = f"{hours[1]:.0f} h (5 to 95 %: {hours[0]:.0f} to {hours[2]:.0f})"
    yield "hours with the permissive state above one half (hypothesis)", said, "nobody measured it"


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
