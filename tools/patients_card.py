"""Every figure and number of docs/science/symptoms.md and patients.md: `python tools/patients_card.py [FOLDER]`.

Writes symptoms_*.svg and patients_*.svg into FOLDER (docs/science) and the page of `unstuck validate` into patients.md.
Takes some minutes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from unstuck.core.library_file import library_root
from unstuck.lab.fit import design
from unstuck.lab.fit.arms import ARMS, Arm, crowd_of, weekly
from unstuck.lab.fit.ensemble import battery_halves
from unstuck.lab.fit.plots import design_picture
from unstuck.lab.fit.targets import load_targets
from unstuck.lab.fit.validate import Validation, text_of, validate
from unstuck.lab.patients.batch import Plan, simulate
from unstuck.lab.patients.ensemble import FIT, load_ensemble
from unstuck.lab.patients.inner import STATES
from unstuck.lab.patients.minds import TruthOf

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "science"
START, END = "<!-- made by tools/patients_card.py -->", "<!-- end of what is made -->"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "unstuck",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BLUE, RUST, GREY, GREEN = "#1f5f8b", "#b5532a", "#777777", "#4c7a34"
PEOPLE, BAND = 300, 12  # people of one truth; members behind a band


def main(folder: Path = FOLDER) -> None:
    """Writes the pictures and the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    page = validate(min(30, len(load_ensemble().members)), 120)
    answers = design.under_each_learner()
    pictures: tuple[tuple[str, Callable[[Figure], None], tuple[float, float]], ...] = (
        ("symptoms_scales", scales, (7.4, 3.0)),
        ("patients_stuck", stuck, (7.4, 3.0)),
        ("patients_arms", courses, (7.4, 3.4)),
        ("patients_checks", lambda figure: checks(figure, page), (7.4, 5.4)),
        ("patients_design", lambda figure: design_picture(figure, answers), (7.4, 1.9 * len(answers))),
    )
    for name, draw, size in pictures:
        with rc_context(STYLE):
            figure = Figure(figsize=size, layout="constrained")
            FigureCanvasSVG(figure)
            draw(figure)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    (library_root() / "fear" / FIT).write_text(fit_text(page), encoding="utf-8")
    _between(folder / "patients.md", f"{text_of(page)}\n{design.text_of(answers)}\n{calibration()}")


def fit_text(page: Validation) -> str:
    """What the ensemble was fitted to, what was held out and what it misses, for the reports that rest on it."""
    keep = ("key", "title", "unit", "half", "observed", "posterior", "covered")
    lines = [{name: value for name, value in line.items() if name in keep} for line in page.plain()["lines"]]
    told = {"command": "python tools/patients_card.py", "ensemble": page.ensemble, "lines": lines}
    return json.dumps(told | {"misfits": list(page.misfits)}, indent=1) + "\n"


def _between(path: Path, text: str) -> None:
    """The text between the two marks of the card, where there is one."""
    if path.is_file():
        before, _, rest = path.read_text(encoding="utf-8").partition(START)
        after = rest.partition(END)[2]
        path.write_text(f"{before}{START}\n\n```text\n{text}```\n\n{END}{after}", encoding="utf-8")


def calibration() -> str:
    """What the check of the fit found, in words."""
    found = json.loads((library_root() / "fear" / "ensemble_check.json").read_text(encoding="utf-8"))
    best = sorted(found["directions"], key=lambda d: -d["recovery"])[:6]
    rows = [
        f"CALIBRATION from {found['rows']} prior simulations: 50 % intervals cover {100 * found['cover_50']:.0f} %, "
        f"90 % intervals {100 * found['cover_90']:.0f} %.",
        f"{len(found['learned'])} of {len(found['directions'])} directions are learned (recovery over 0.3); best:",
    ]
    fitted, held = battery_halves()
    rows.insert(
        0, f"BATTERY: members pass {100 * fitted:.0f} % of the fitted checks, {100 * held:.0f} % of those held out."
    )
    return "\n".join([*rows, *(f"  {d['name']:36} recovery r {d['recovery']:.2f}" for d in best)]) + "\n"


def scales(figure: Figure) -> None:
    """The self-report against the interview, and what a second filling in adds."""
    crowd = crowd_of(TruthOf(), 2 * PEOPLE, 1, "civilian")
    out = simulate(crowd, Plan(), (0.0, 0.5, 1.0))
    first, again = out.seen_on(0), out.seen_on(1)
    left, right = figure.subplots(1, 2)
    left.plot(first["pcl5"], first["caps5"], ".", color=BLUE, alpha=0.4, markersize=4)
    r = np.corrcoef(first["pcl5"], first["caps5"])[0, 1]
    left.set(xlabel="PCL-5", ylabel="CAPS-5", xlim=(0, 80), ylim=(0, 80))
    left.set_title(f"before treatment: r = {r:.2f} (published .66)")
    change = again["pcl5"] - first["pcl5"]
    right.hist(change, bins=np.arange(-24, 25, 2), color=BLUE, alpha=0.7)
    inside = 1.96 * change.std()
    right.axvspan(-inside, inside, color=GREY, alpha=0.15)
    right.set(
        xlabel="PCL-5, twelve hours later less before",
        ylabel="people",
        title=f"noise alone: 95 % within ±{inside:.0f} points",
    )


def stuck(figure: Figure) -> None:
    """Intrusions that refuel themselves, and the same people where they do not."""
    crowd = crowd_of(TruthOf(), 60, 2, "civilian")
    quiet = {"life.belief_start": 0.9, "life.belief_drift": 0.0, "life.stress_per_year": 0.0}
    days = np.arange(0.0, 365.0, 5.0)
    pe = ARMS["pe_alone"].plan()
    kinds = (
        ("refuel 1.4: stuck", 1.4, Plan()),
        ("refuel 0.8: not stuck", 0.8, Plan()),
        ("refuel 1.4, with PE", 1.4, pe),
    )
    for axis, (title, refuel, plan) in zip(figure.subplots(1, 3, sharey=True), kinds, strict=True):
        fixed = {n: np.full(crowd.people, v) for n, v in {**quiet, "life.refuel": refuel}.items()}
        seen = simulate(replace(crowd, life={**crowd.life, **fixed}), plan, list(days)).states[
            :, :, STATES.index("intrusion")
        ]
        axis.plot(days, seen[:25].T, color=GREY, alpha=0.35, linewidth=0.7)
        axis.plot(days, np.median(seen, axis=0), color=RUST if refuel > 1 else BLUE, linewidth=2)
        axis.set(title=title, xlabel="days", ylim=(0, 1))
    figure.axes[0].set_ylabel("fear in intrusions, 0 to 1")


def courses(figure: Figure) -> None:
    """Mean PCL-5 of arms: the middle of the ensemble and nine tenths of its members."""
    days = np.concatenate([np.arange(0.0, 30.0, 3.0), np.arange(30.0, 161.0, 10.0)])
    members = load_ensemble().members[:BAND]
    pe = Arm("pe_weekly", "civilian", (0.0,), "pe", weekly(10), expectation=0.5)
    groups = (
        (
            ("waiting", GREY, Plan()),
            ("PE weekly", BLUE, pe.plan()),
            ("CPT weekly", GREEN, ARMS["cpt_civilians"].plan()),
        ),
        (("midazolam x 6", GREY, ARMS["mdz6"].plan()), ("ketamine x 6", RUST, ARMS["ket6"].plan())),
        (("PE", BLUE, ARMS["pe_alone"].plan()), ("PE, ketamine a day before x 3", RUST, ARMS["pe_24h"].plan())),
    )
    for axis, group in zip(figure.subplots(1, 3, sharey=True), groups, strict=True):
        for label, colour, plan in group:
            means = []
            for n, truth in enumerate(members):
                pcl5 = simulate(crowd_of(truth, 150, 50 + n, "civilian"), plan, list(days)).truth.pcl5
                means.append(pcl5.mean(axis=0) - pcl5[:, 0].mean())
            low, middle, high = np.quantile(means, [0.05, 0.5, 0.95], axis=0)
            axis.plot(days, middle, color=colour, label=label)
            axis.fill_between(days, low, high, color=colour, alpha=0.15, linewidth=0)
        axis.axhline(0, color="black", linewidth=0.5)
        axis.set(xlabel="days", ylim=(-33, 3))
        axis.legend(frameon=False, fontsize=7, loc="lower left")
    figure.axes[0].set_ylabel("mean change of PCL-5")


def checks(figure: Figure, page: Validation) -> None:
    """Published values at zero; what simulated trials would show, in units of each finding's tolerance."""
    axis = figure.subplots()
    tolerances = {t.key: t.tolerance for t in load_targets()}
    lines = sorted(page.lines, key=lambda line: line.half)
    for place, line in enumerate(reversed(lines)):
        for offset, three, colour in ((0.16, line.posterior, BLUE), (-0.16, line.prior, GREY)):
            low, middle, high = (np.clip((v - line.observed) / tolerances[line.key], -7, 7) for v in three)
            axis.plot([low, high], [place + offset] * 2, color=colour, linewidth=2)
            axis.plot([middle], [place + offset], "o", color=colour, markersize=3.5)
    axis.axvline(0, color="black", linewidth=0.8)
    names = [f"{line.title[:62]}{'…' if len(line.title) > 62 else ''}" for line in reversed(lines)]
    axis.set_yticks(
        range(len(lines)), [f"{n} ({x.half})" for n, x in zip(names, reversed(lines), strict=True)], fontsize=7
    )
    axis.set_xlabel("trials less published, in tolerances")
    axis.set_title("blue: after the fit, grey: prior alone; nine tenths of simulated trials", fontsize=8)
    axis.set_xlim(-7.2, 7.2)
    axis.tick_params(axis="y", length=0)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
