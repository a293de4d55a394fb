"""Every figure and number of docs/science/fear.md, from the library's data: `python tools/fear_card.py [FOLDER]`.

Writes fear_*.svg into FOLDER (docs/science) and the table of numbers into its fear.md, between its two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from unstuck.lab.fear.answer import Told, answer, target_of
from unstuck.lab.fear.base import Array, History
from unstuck.lab.fear.battery import ON_A, ON_B, lab_of, learned, mean, retrieval_then_extinction
from unstuck.lab.fear.ketamine_studies import Dose, load_studies, signals
from unstuck.lab.fear.parameters import FAMILY, load_model
from unstuck.lab.fear.phenomena import load_checks
from unstuck.lab.fear.schedule import history_of, seen

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "science"
START, END = "<!-- made by tools/fear_card.py -->", "<!-- end of what is made -->"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "unstuck",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BLUE, RUST, GREEN, GREY = "#1f5f8b", "#b5532a", "#4d7c3a", "#777777"
COLOURS = {"latent_causes": BLUE, "associative": RUST, "published": GREEN}
NAMES = {"latent_causes": "latent causes, three timescales", "associative": "Rescorla-Wagner with Pearce-Hall",
         "published": "latent causes as published"}  # fmt: skip
CHANNELS = {
    "drug_block": "encoding, while on board", "drug_learning": "learning window",
    "drug_storage": "storage window", "drug_weakening": "weakening after retrieval",
}  # fmt: skip
MODEL = load_model()
BELIEF, LIVED_DAYS = 0.85, 150
REFUEL = np.linspace(0.0, 1.6, 33)  # own reaction over threat: iota times belief


def main(folder: Path = FOLDER) -> None:
    """Writes the pictures and the table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw, size in PICTURES:
        with rc_context(STYLE):
            figure = Figure(figsize=size, layout="constrained")
            FigureCanvasSVG(figure)
            draw(figure)
            figure.savefig(folder / f"fear_{name}.svg", metadata={"Date": None})
    card = folder / "fear.md"
    if card.is_file():
        before, _, rest = card.read_text(encoding="utf-8").partition(START)
        after = rest.partition(END)[2]
        card.write_text(f"{before}{START}\n\n{table()}\n{END}{after}", encoding="utf-8")


@cache
def told(key: str) -> Told:
    """The checklist of a model."""
    return answer(load_model(key))


def draw_curves(figure: Figure) -> None:
    """Four designs on each member of the family."""
    session, recovery, contexts, slope = figure.subplots(1, 4, width_ratios=(1.4, 1, 1, 1))
    for key in FAMILY:
        lab, style = lab_of(load_model(key)), {"color": COLOURS[key]}
        fear = lab.run(learned(7).wait(24).trials(20, ON_B))[0]
        session.plot(np.arange(1, 8), fear[:7], **style)
        session.plot(np.arange(9, 29), fear[7:], label=NAMES[key], **style)
        recovery.plot(DAYS, [_recovered(key, day) for day in DAYS], "o-", ms=3, **style)
        contexts.plot(range(4), [_renewed(key, design) for design in DESIGNS], "o--", ms=4, lw=0.8, **style)
        slope.plot(range(5), _gradient(key), "o-", ms=3, **style)
    session.set(title="7 pairings, then 20 without", xlabel="trial", ylim=(0, 1.02), ylabel="expressed fear")
    recovery.set(title="recovery after extinction", xlabel="days", ylim=(-0.3, 1.15))
    recovery.plot([10], [1], "*", color=GREY, ms=10, label="published: complete")
    recovery.legend(frameon=False, fontsize=7, loc="lower right")
    contexts.set(title="renewal", ylim=(0, 1.02), xlabel="learned, extinguished, tested")
    contexts.set_xticks(range(4), DESIGNS)
    slope.set(title="generalisation", ylim=(0, 1.02), xlabel="from the paired to the safe cue")
    figure.legend(*session.get_legend_handles_labels(), frameon=False, fontsize=8, ncols=3, loc="outside lower center")


DAYS = (0.01, 1, 2, 4, 6, 10, 14)
DESIGNS = ("ABA", "ABC", "AAB", "ABB")


def _recovered(key: str, days: float, vector: str | None = None) -> float:
    model = load_model(key)
    lab = lab_of(model, model.people(1, vector))
    fear = lab.run(learned(7).wait(1).trials(20, ON_A).wait(24 * days).trials(2, ON_A))
    end = mean(fear, 25, 2)
    return float(((mean(fear, 27, 2) - end) / np.maximum(fear[:, 7] - end, 0.05))[0])


def _renewed(key: str, design: Sequence[str]) -> float:
    learn, extinguish, test = design
    schedule = learned(5, learn).wait(24).trials(20, seen(1, context=extinguish)).wait(24)
    return float(mean(lab_of(load_model(key)).run(schedule.trials(2, seen(1, context=test))), 25, 2)[0])


def _gradient(key: str) -> list[float]:
    before = learned(0)
    for _ in range(8):
        before = before.trials(1, ON_A, 1.0).trials(1, seen(0, 1))
    levels = (1.0, 0.75, 0.5, 0.25, 0.0)
    lab = lab_of(load_model(key))
    return [float(lab.run(before.wait(1).trials(1, seen(s, 1 - s)))[0, 16]) for s in levels]


def draw_checks(figure: Figure) -> None:
    """Every check against every vector of every model: passed or not."""
    columns = [(key, vector) for key in FAMILY for vector in told(key).lines[0].margins]
    passes = np.array([[told(key).lines[n].margins[v] > 0 for key, v in columns] for n in range(len(load_checks()))])
    axes = figure.subplots()
    axes.imshow(passes, cmap=ListedColormap(["#ead9d0", BLUE]), norm=BoundaryNorm([0, 0.5, 1], 2), aspect="auto")
    axes.set_yticks(range(len(load_checks())), [check.title for check in load_checks()], fontsize=7.5)
    axes.set_xticks(range(len(columns)), [f"{NAMES[k]}\n{v}" for k, v in columns], fontsize=7, rotation=30, ha="right")
    for n, count in enumerate(passes.sum(axis=0)):
        axes.text(n, -0.9, f"{count}", ha="center", fontsize=9)
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(load_checks()) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", lw=1)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)


def daily_life(refuel: Array) -> History:
    """One severe event, a month, then four events a day whose outcome is the person's own reaction.

    One schedule for each value of `refuel`, which is 0 where the person's own fear does nothing.
    """
    calm, trauma = (0, 0, 0, 1, 0, 0), (1, 0.6, 1, 0, 0, 0)
    reminder, intrusion = (0, 1, 0.3, 0.7, 0, 0), (1, 0, 0.5, 0.5, 0, 0)
    days = 72.0 + 720.0 + 24.0 * np.repeat(np.arange(LIVED_DAYS), 4) + np.tile([9.0, 13.0, 18.0, 20.0], LIVED_DAYS)
    at_h = np.concatenate([[0.0, 24.0, 48.0, 72.0, 72.05, 72.1, 72.15], days])
    cues = np.array([calm] * 3 + [trauma] * 4 + [calm, reminder, intrusion, reminder] * LIVED_DAYS, dtype=float)
    outcome = np.array([0.0] * 3 + [1.0] * 4 + [0.0] * (4 * LIVED_DAYS))
    one = history_of(at_h, {"features": cues, "outcome": outcome}, bedtime_h=22.0).events
    own = (outcome == 0) & (cues[:, 3] < 1) & (at_h > 73)
    fields = {name: np.repeat(getattr(one, name), refuel.size, axis=0) for name in one.__dataclass_fields__}
    fields["reaction"] = refuel[:, None] * own
    fields["expectation"] = np.where(at_h > 73, 0.3 * BELIEF, 0.0) * np.ones((refuel.size, 1))
    return History(replace(one, **fields), np.full(refuel.size, at_h.size))


@cache
def lived(key: str) -> Array:
    """Threat at each evening's intrusion, shape (values of REFUEL, days), in people who store safety poorly."""
    model, history = load_model(key), daily_life(REFUEL)
    people = model.people(REFUEL.size)
    if "prefrontal_gain" in people.names:
        people = people.having(prefrontal_gain=0.5)
    _, found = model.learner.run(people, history, np.arange(REFUEL.size))
    return found.predicted[:, 9::4]


def draw_stuck(figure: Figure) -> None:
    """Threat of intrusions over five months with and without self-refuelling, and where it ends."""
    course, end = figure.subplots(1, 2)
    for value, colour, label in ((0.0, GREY, "without: reaction 0"), (0.8, GREEN, "0.8"), (0.95, BLUE, "0.95"),
                                 (1.05, "#d08a3c", "1.05"), (1.2, RUST, "1.2")):  # fmt: skip
        place = int(np.argmin(abs(REFUEL - value)))
        course.plot(np.arange(LIVED_DAYS), lived("latent_causes")[place], color=colour, label=label)
    course.set(title="threat at the evening's intrusion", xlabel="days from the first month on", ylim=(0, 1.02))
    course.legend(frameon=False, fontsize=8, title="own reaction over threat", title_fontsize=8, loc=(0.55, 0.5))
    for key in FAMILY:
        end.plot(REFUEL, lived(key)[:, -1], color=COLOURS[key], label=NAMES[key])
    end.axvline(1.0, color=GREY, ls=":", lw=1)
    end.text(1.01, 0.03, "stuck", color=GREY, fontsize=8)
    end.set(title=f"after {LIVED_DAYS} days", xlabel="own reaction over threat (iota times belief)", ylim=(0, 1.02))
    end.legend(frameon=False, fontsize=7.5, loc="upper left")


def draw_window(figure: Figure) -> None:
    """Fear a month after retrieval and extinction, by the gap between them, and recovery over days: three vectors."""
    gaps, recovery = figure.subplots(1, 2)
    names = ("none", "10min", "1h", "6h", "24h")
    for (vector, colour), shift in zip(VECTORS.items(), (-0.27, 0.0, 0.27), strict=True):
        found = retrieval_then_extinction(lab_of(MODEL, MODEL.people(1, vector)))
        heights = [float(found[f"month_after_{name}"][0]) for name in names]
        gaps.bar(np.arange(5) + shift, heights, 0.25, color=colour, label=vector)
        back = [np.clip(_recovered("latent_causes", days, vector), -0.5, None) for days in DAYS]
        recovery.plot(DAYS, back, "o--" if vector == "labile" else "o-", ms=3, color=colour)
    gaps.set_xticks(range(5), ["no retrieval", "10 min", "1 h", "6 h", "24 h"])
    gaps.set(title="fear a month later, by the gap after retrieval", ylim=(0, 1))
    gaps.legend(frameon=False, fontsize=8, title="vector", title_fontsize=8)
    recovery.plot([10], [1], "*", color=GREY, ms=10)
    recovery.text(9.4, 0.99, "published: complete", ha="right", va="center", fontsize=8, color=GREY)
    recovery.set(title="recovery after plain extinction (cut at -0.5)", xlabel="days", ylim=(-0.55, 1.15))


VECTORS = {"joint": BLUE, "window": RUST, "labile": GREEN}
LEADS_H = np.array([-96.0, -72, -48, -36, -24, -12, -6, -3, -1, -0.5, 0.8, 2, 6, 12, 24])


def _change(channel: str | None, lead_h: float) -> float:
    """Change of fear three days after extinction by a dose so long before (or, above 0, after) its start."""
    model, before = MODEL, learned().wait(24 * 6)
    schedule = before.trials(15, ON_B).wait(72).trials(3, ON_B)
    gains = {name: 0.0 if channel and name != channel else None for name in CHANNELS}
    people = model.people().having(**{name: value for name, value in gains.items() if value is not None})
    drug = signals(load_studies().rodent, (Dose(before.now_h + lead_h, 1.0),), schedule.now_h)
    lab = lab_of(model, people)
    return float(mean(lab.run(schedule, drug=drug) - lab.run(schedule), 20, 2)[0])


def draw_channels(figure: Figure) -> None:
    """What each channel alone does to fear after extinction, over the time of the dose."""
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, places in ((left, LEADS_H < 0), (right, LEADS_H > 0)):
        for (channel, label), colour in zip(CHANNELS.items(), (RUST, BLUE, GREEN, "#d08a3c"), strict=True):
            axes.plot(LEADS_H[places], [_change(channel, h) for h in LEADS_H[places]], "o-", ms=3, color=colour,
                      label=label)  # fmt: skip
        axes.plot(LEADS_H[places], [_change(None, h) for h in LEADS_H[places]], "--", color="black", label="all four")
        axes.axhline(0.0, color=GREY, lw=0.6)
    left.set(title="dose before extinction", xlabel="hours", ylabel="change of fear three days later")
    right.set(title="dose after its start", xlabel="hours")
    figure.suptitle(
        "Hypothesis, prior only: the times of the window are assumed and span an order of magnitude", fontsize=9
    )
    figure.legend(*left.get_legend_handles_labels(), frameon=False, fontsize=8, ncols=3, loc="outside lower center")


def draw_studies(figure: Figure) -> None:
    """Change of fear in each row of the ketamine table, beside the direction that was reported."""
    axes, rows = figure.subplots(), told("latent_causes").studies
    limit = load_studies().rodent.smallest_change
    axes.axvspan(-limit, limit, color="#eeeeee", lw=0)
    for n, row in enumerate(rows):
        axes.plot([row.change], [n], "o", color=BLUE if row.right else RUST)
        axes.text(0.33, n, row.reported.value, va="center", fontsize=8, color=BLUE if row.right else RUST)
    axes.set_yticks(range(len(rows)), [f"{r.title} ({r.source})" for r in rows], fontsize=7.5)
    axes.set(xlim=(-0.3, 0.3), ylim=(len(rows) - 0.5, -0.7), xlabel="change of later fear in the model (shaded: none)")
    axes.text(0.33, -1.2, "reported", fontsize=8)


PICTURES: tuple[tuple[str, Callable[[Figure], None], tuple[float, float]], ...] = (
    ("curves", draw_curves, (10, 3.2)),
    ("checks", draw_checks, (8.5, 8)),
    ("stuck", draw_stuck, (8, 3.4)),
    ("window", draw_window, (8, 3.4)),
    ("channels", draw_channels, (8, 3.6)),
    ("studies", draw_studies, (8.5, 5)),
)


def table() -> str:
    """The numbers of the card as a Markdown table."""
    rows = [("what", "model", "to compare with"), ("---", "---", "---"), *_scores(), *_stuck_rows()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _scores() -> Iterator[tuple[str, str, str]]:
    for key in FAMILY:
        found = told(key)
        for vector in found.lines[0].margins:
            yield f"checks passed, {NAMES[key]}, {vector}", f"{found.passed(vector)} of {len(found.lines)}", "34"
        right = sum(row.right for row in found.studies)
        said = f"{100 * found.constant_share:.0f} % by always answering none"
        yield f"ketamine rows right, {NAMES[key]}", f"{right} of {len(found.studies)}", said


def _stuck_rows() -> Iterator[tuple[str, str, str]]:
    for key in FAMILY:
        end = lived(key)[:, -1]
        over = REFUEL[end > 0.5]
        said = f"own reaction over threat of {over.min():.2f}" if over.size else "none up to 1.6"
        yield f"threat above one half after {LIVED_DAYS} days, {NAMES[key]}, from", said, "1 by the argument above"
    closest = min(told("latent_causes").lines, key=lambda line: abs(line.margins["joint"]))
    check = next(c for c in load_checks() if c.key == closest.key)
    yield (
        "thinnest margin of the recommended vector",
        f"{closest.key} {closest.margins['joint']:+.3f}",
        target_of(check),
    )


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
