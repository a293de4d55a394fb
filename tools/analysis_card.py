"""Draws the figures of docs/science/longitudinal_analysis.md from made-up trials alone, and prints what stands in them.

python tools/analysis_card.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unstuck.core.shares import wilson_interval
from unstuck.lab.analysis.imputation import Jackknife, Strategy, jackknife, people
from unstuck.lab.analysis.repeated import mmrm
from unstuck.lab.pk.plots import STYLE, save
from unstuck.lab.trials.fixed_visits import FixedVisits, Luck, made_up, patients_of, simulate

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs/science"
FORMULA = "chg ~ base*visit + arm*visit"
DAYS = (7, 14, 28, 56, 84)
SIZES = (16, 20, 24, 30, 40, 60, 100, 200)
TRIALS, AVERAGED, SEED = 40_000, 200, 20261122
COLOURS = {"control": "#6b6b6b", "treated": "#1f4e8c", "model": "#a0304a", "kr": "#1f4e8c"}
Floats = NDArray[np.float64]


def main() -> None:
    """Writes both figures and prints their numbers."""
    with rc_context(STYLE):
        first = Figure(figsize=(9.2, 3.3), layout="constrained")
        left, right = first.subplots(1, 2)
        means(left)
        error_rates(right)
        save(first, DOCS / "analysis_mmrm.svg")
        second = Figure(figsize=(9.2, 3.0), layout="constrained")
        left, right = second.subplots(1, 2)
        x, y = patients_of(_design(), Luck(SEED, 1, first=1))
        who = people(_table(x[0], y[0]), FORMULA, "id", "visit", "arm", 0)
        found = [jackknife(who, each) for each in Strategy]
        strategies(left, found)
        tipping(right, found[0])
        save(second, DOCS / "analysis_imputation.svg")


def _design() -> FixedVisits:
    """Made-up trials of 400 in which those who do badly leave: many more in the control arm, and early."""
    truth = np.array([[-2.0, -3, -4, -5, -5], [-6, -9, -11, -12, -12]])
    return replace(made_up(400, truth), hazard=np.array([-1.4, 0.13, 0.0]))


def _table(x: Floats, y: Floats) -> dict[str, Floats]:
    patients, visits = y.shape
    columns = {"id": np.arange(patients) * 1.0, "arm": x[:, 1], "base": x[:, 2]}
    wide = {name: np.repeat(cells, visits) for name, cells in columns.items()}
    return {**wide, "visit": np.tile(np.array(DAYS) * 1.0, patients), "chg": y.ravel()}


def means(panel: Axes) -> None:
    """What the seen average, what the model says, and what is true, on average over many trials."""
    made = _design()
    x, y = patients_of(made, Luck(SEED, AVERAGED))
    fits = [mmrm(_table(x[r], y[r]), FORMULA, "id", "visit").means("arm") for r in range(AVERAGED)]
    model = np.mean([[each.estimate for each in told] for told in fits], axis=0).reshape(len(DAYS), 2).T
    for arm, name in enumerate(("control", "treated")):
        mine, colour = x[0, :, 1] == arm, COLOURS[name]
        seen = np.nanmean(y[:, mine], axis=(0, 1))
        panel.plot(DAYS, made.means[arm], color=colour, linewidth=4, alpha=0.25, label="truth" if arm == 0 else None)
        panel.plot(DAYS, model[arm], "o", color=colour, markersize=4, label="model" if arm == 0 else None)
        panel.plot(DAYS, seen, "x", color=colour, markersize=6, label="those still seen" if arm == 0 else None)
        panel.text(DAYS[-1], made.means[arm, -1] + 0.5, name, color=colour, ha="right", va="bottom")
        left = np.isnan(y[:, mine]).mean(axis=(0, 1)).round(2)
        print(name, "model", model[arm].round(2), "seen", seen.round(2), "left", left)
    panel.set(xlabel="day", ylabel="mean change, points", xticks=DAYS)
    panel.set_title(f"Leaving depends on the last score ({AVERAGED} made-up trials)")
    panel.legend(loc="upper right", ncols=3, bbox_to_anchor=(1.02, 1.02), fontsize=8)


def error_rates(panel: Axes) -> None:
    """How often a null trial is called positive, by size and standard error."""
    for corrected, name in ((False, "model"), (True, "kr")):
        rates = [float(simulate(made_up(n), Luck(SEED, TRIALS), 2).rejects(kenward_roger=corrected)[0]) for n in SIZES]
        ends = np.array([wilson_interval(round(rate * TRIALS), TRIALS) for rate in rates])
        label = "Kenward-Roger" if corrected else "model's standard error"
        wide = np.abs(ends.T - np.array(rates)) * 100
        panel.errorbar(
            SIZES, np.array(rates) * 100, wide, color=COLOURS[name], capsize=2, marker="o", markersize=3, label=label
        )
        print(label, dict(zip(SIZES, rates, strict=True)))
    panel.axhline(5, color="#999999", linewidth=0.8, linestyle="--")
    panel.set(
        title=f"False positives, {TRIALS:,} null trials a point",
        xlabel="patients",
        ylabel="% below p = 0.05",
        xscale="log",
    )
    panel.set_xticks(SIZES, [str(n) for n in SIZES])
    panel.minorticks_off()
    panel.legend()


def strategies(panel: Axes, found: list[Jackknife]) -> None:
    """The same trial under each assumption about those who left."""
    for place, each in enumerate(found):
        told = each.at()
        panel.plot([told.low, told.high], [place, place], color=COLOURS["treated"])
        panel.plot([told.estimate], [place], "o", color=COLOURS["treated"])
        print(each.strategy, round(told.estimate, 3), round(told.se, 3))
    panel.axvline(0, color="#999999", linewidth=0.8, linestyle="--")
    panel.set_yticks(range(len(found)), [each.strategy.upper() for each in found])
    panel.invert_yaxis()
    panel.set(
        title="Four assumptions about those who left", xlabel="difference at the last visit, points (95 % interval)"
    )


def tipping(panel: Axes, found: Jackknife) -> None:
    """How p moves when those who left the treated arm are made worse by so many points."""
    tip = found.tipping_point() or 0.0
    deltas = np.linspace(0, 1.3 * tip, 60)
    panel.plot(deltas, [found.at(delta).p for delta in deltas], color=COLOURS["treated"])
    panel.axhline(0.05, color="#999999", linewidth=0.8, linestyle="--")
    panel.axvline(tip, color=COLOURS["model"], linewidth=0.8)
    panel.set(
        title=f"Tipping point: {tip:.1f} points worse",
        xlabel="points added to those imputed in the treated arm",
        ylabel="p",
        yscale="log",
    )
    print("tipping point", tip, "imputed", found.imputed)


if __name__ == "__main__":
    main()
