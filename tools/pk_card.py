"""Draws every figure of docs/science/pharmacokinetics.md, and prints its table, from the library's data alone.

python tools/pk_card.py
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unstuck.lab.pk import ParameterSet, Person, Regimen, Standing, dose, infusion, load_set, predict, set_names
from unstuck.lab.pk.exact import Course
from unstuck.lab.pk.plots import STYLE, save, words

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs/science"
FINE_H = np.arange(0, 24.0001, 1 / 120)
AGE_YEARS = 40
COLOURS = {"arterial": "#a0304a", "venous": "#1f4e8c", "unstated": "#6b6b6b"}
DASHES = ("-", "--", ":", "-.")


def main() -> None:
    """Writes the figures, prints the table of measurements."""
    rows = measured()
    with rc_context(STYLE):
        save(models(rows[0]), DOCS / "pk_models.svg")
        save(routes(), DOCS / "pk_routes.svg")
        save(measurements(rows), DOCS / "pk_measured.svg")
    print(table(rows))


def table(rows: list[dict[str, Any]]) -> str:
    """The table of measurements as Markdown."""
    lines = ["| measurement | published | bounds | model | met |", "|---|---|---|---|---|"]
    for row in rows:
        found = asked(row)
        met = "yes" if row["low"] <= found <= row["high"] else "**no**"
        lines.append(f"| {label(row)} | {row['value']:g} | {row['low']:g} to {row['high']:g} | {found:.1f} | {met} |")
    return "\n".join(lines)


def measured() -> list[dict[str, Any]]:
    """The rows of `library/pk/measured/clinical.toml`."""
    text = (ROOT / "library/pk/measured/clinical.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["measured"]
    return rows


def models(end: dict[str, Any]) -> Figure:
    """Every adult ketamine set for 0.5 mg/kg over 40 minutes, one panel a sampling site, with the level measured at the
    infusion's end; nothing is averaged."""
    figure = Figure(figsize=(10.4, 3.5), layout="constrained")
    drawn = [(s, o) for s in adult_sets() for o in s.domain.outputs if o.startswith("ketamine_")]
    for place, site in enumerate(COLOURS, start=1):
        panel = figure.add_subplot(1, 3, place)
        chosen = [(s, o) for s, o in drawn if o.endswith(site)]
        for n, (found, output) in enumerate(chosen):
            curve = course_of(found, infusion(40, mg_per_kg=0.5))[output][0]
            panel.plot(FINE_H * 60, curve, color=COLOURS[site], ls=DASHES[n], label=found.key)
        if site == "venous":
            panel.plot(end["at_min"], end["value"], "o", color="black", ms=5, label="measured, Zarate 2006")
        panel.set_title(words(f"ketamine_{site}"))
        panel.set_xlim(0, 240)
        panel.set_ylim(0, 280)
        panel.set_xlabel("time (min)")
        panel.legend(fontsize=7.5)
    figure.axes[0].set_ylabel("ketamine (ng/mL)")
    return figure


def adult_sets() -> list[ParameterSet]:
    """The sets for racemic ketamine in adults that can be solved."""
    found = [load_set(name) for name in set_names()]
    solvable = [s for s in found if s.standing is not Standing.REFERENCE_VALUES and s.drug == "ketamine"]
    return [s for s in solvable if s.domain.age_years[0] <= AGE_YEARS <= s.domain.age_years[1]]


def routes() -> Figure:
    """The recommended model by route, and the esketamine device, venous ketamine and its first metabolite."""
    figure = Figure(figsize=(10.4, 3.5), layout="constrained")
    given: dict[str, tuple[str, Regimen]] = {
        "infusion 35 mg, 40 min": ("ket1", infusion(40, mg=35)),
        "intramuscular 35 mg": ("ket1", dose("im", mg=35)),
        "subcutaneous 35 mg": ("ket1", dose("sc", mg=35)),
        "nasal 50 mg": ("ket1", dose("intranasal", mg=50)),
        "sublingual 100 mg": ("ket1", dose("sublingual", mg=100)),
        "oral 100 mg": ("ket1", dose("oral", mg=100)),
        "esketamine device 56 mg": ("perezruixo2021", dose("intranasal", mg=56)),
    }
    for place, (title, pick) in enumerate({"ketamine or esketamine, venous": 0, "its first metabolite": 1}.items(), 1):
        panel = figure.add_subplot(1, 2, place)
        for n, (name, (model, regimen)) in enumerate(given.items()):
            found = load_set(model)
            outputs = [o for o in found.domain.outputs if o.endswith("venous")]
            curve = course_of(found, regimen)[outputs[pick]][0]
            style = "--" if model != "ket1" else "-"
            panel.plot(FINE_H, curve, style, color=f"C{n}", label=name)
        panel.set_title(title)
        panel.set_xlim(0, 6)
        panel.set_ylim(bottom=0)
        panel.set_xlabel("time (h)")
        panel.set_ylabel("concentration (ng/mL)")
    figure.axes[0].legend(fontsize=7.5)
    return figure


def measurements(rows: list[dict[str, Any]]) -> Figure:
    """Model over measurement, with the bounds of each; what is missed is red."""
    figure = Figure(figsize=(8.6, 4.6), layout="constrained")
    panel: Axes = figure.add_subplot()
    for n, row in enumerate(reversed(rows)):
        ratio, low, high = asked(row) / row["value"], row["low"] / row["value"], row["high"] / row["value"]
        colour = "#1f4e8c" if low <= ratio <= high else "#c0202a"
        panel.plot([low, high], [n, n], color="#b8b8b8", lw=5, solid_capstyle="butt")
        panel.plot(ratio, n, "o", color=colour, ms=5)
    panel.axvline(1, color="black", lw=0.7)
    panel.set_xscale("log")
    ticks = [0.5, 0.7, 1.0, 1.4, 2.0]
    panel.set_xticks(ticks, [f"{t:g}" for t in ticks])
    panel.set_xticks([], minor=True)
    panel.set_yticks(range(len(rows)), [label(row) for row in reversed(rows)], fontsize=7.5)
    panel.set_xlabel("model over measurement; the bar is what counts as met")
    return figure


def label(row: dict[str, Any]) -> str:
    """A measurement in words."""
    amount = f"{row['mg']:g} mg" if "mg" in row else f"{row['mg_per_kg']:g} mg/kg"
    over = f" over {row['minutes']:g} min" if "minutes" in row else ""
    what = {"level": f"level at {row.get('at_min', 0):g} min", "peak": "peak", "area": "AUC", "area_24": "AUC 0-24 h"}
    route = {"iv_infusion": "iv", "iv_bolus": "iv", "intranasal": "nasal"}.get(row["route"], row["route"])
    return f"{words(row['output'])}: {amount} {route}{over}, {what[row['quantity']]}"


def asked(row: dict[str, Any]) -> float:
    """What the row's model says of the row's quantity, in ng/mL or h ng/mL."""
    amount = {k: row[k] for k in ("mg", "mg_per_kg") if k in row}
    regimen = infusion(row["minutes"], **amount) if "minutes" in row else dose(row["route"], **amount)
    course = course_of(load_set(row["model"]), regimen, float(row["weight_kg"]))
    curve, output = course[row["output"]][0], row["output"]
    read: dict[str, Callable[[], float]] = {
        "level": lambda: float(curve[np.abs(FINE_H - row["at_min"] / 60).argmin()]),
        "peak": lambda: float(curve.max()),
        "area": lambda: float(course.auc[output][0] + course.auc_to_come[output][0]),
        "area_24": lambda: float(course.auc[output][0]),
    }
    return read[row["quantity"]]()


def course_of(found: ParameterSet, regimen: Regimen, weight_kg: float = 70.0) -> Course:
    """The course of a typical adult, every half minute over a day."""
    return predict(found, regimen, Person(weight_kg, AGE_YEARS), FINE_H)


if __name__ == "__main__":
    main()
