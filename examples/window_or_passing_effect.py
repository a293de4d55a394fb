"""A plasticity window or a passing symptomatic effect? What there is cannot tell; a factorial trial could."""

import math

import numpy as np
from mechanistic_arms import MEMBERS, PEOPLE, TRUTHS, outcome

from unstuck.lab.patients.minds import TruthOf
from unstuck.lab.trials.sizes import size_of_t
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, finish, lines_svg
from unstuck.lab.trials.virtual.words import money

SD = 12.0  # of the change of CAPS-5, points


def interaction(truth: TruthOf, seed: int) -> np.ndarray:
    """By how much more ketamine gains with therapy than without it, after the sessions and three months later."""
    cells = {(h, t): outcome(truth, seed, h, t).truth.caps5.mean(axis=0) for h in (None, 24.0) for t in (True, False)}
    return (cells[24.0, True] - cells[None, True]) - (cells[24.0, False] - cells[None, False])


def _span(gained: np.ndarray) -> str:
    """The middle nine tenths over worlds of what ketamine gains more, in points."""
    low, high = -np.percentile(gained, (95, 5))
    return f"{low:.1f} to {high:.1f} in nine worlds of ten"


def answer(_reps: int, seed: int) -> Answer:
    """The interaction of drug and therapy under each candidate."""
    each = {name: np.array([interaction(truth, seed) for truth in truths]) for name, truths in TRUTHS.items()}
    found = {name: values.mean(axis=0) for name, values in each.items()}
    lines = [Line(name, ((2.0, float(x[1])), (15.0, float(x[2])))) for name, x in found.items()]
    window, passing = float(found["window only"][2]), float(found["passing only"][2])
    error = float(each["window only"][:, 2].std(ddof=1)) / math.sqrt(len(MEMBERS))
    needed = 4 * size_of_t(max(abs(window - passing), 0.1), SD, 0.025, 0.8)
    words = (
        f"Three months after the last session the candidates differ: a window makes ketamine gain {-window:.1f} points "
        f"of CAPS-5 more with therapy than without, a passing effect {abs(passing):.1f}, on average over "
        f"{len(MEMBERS)} worlds of the ensemble (a window: {_span(each['window only'][:, 2])}; Monte Carlo error of "
        f"the mean {error:.1f}).",
        f"To see that difference a trial of two by two arms needs about {money(needed)} "
        "people. Two arms that both get therapy, as in the trials so far, cannot see it whatever their size.",
    )
    limits = (
        "How large either effect is, is assumed or loosely fitted; only the shape of the argument stands.",
        "True scores of the same people are compared, with nobody lost.",
    )
    return Answer(
        "window_or_passing_effect",
        "A plasticity window, or a passing symptomatic effect?",
        Kind.CANNOT_TELL,
        words,
        limits,
        lines_svg(lines, "weeks after the last session", "drug by therapy, points of CAPS-5"),
        "Below zero: ketamine gains more with therapy than without it.",
        f"mechanistic patients, {PEOPLE} people in each of four arms and {len(MEMBERS)} worlds, seed {seed}",
    )


if __name__ == "__main__":
    finish(answer, 0)
