"""How many hours before therapy? Refused as a finding; shown is what each candidate mechanism implies."""

from mechanistic_arms import PEOPLE, TRUTHS, gain

from unstuck.lab.trials.sizes import size_of_t
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, finish, lines_svg

HOURS = (2.0, 12.0, 24.0, 48.0, 72.0, 144.0)
SD = 12.0  # of the change of CAPS-5, points


def answer(_reps: int, seed: int) -> Answer:
    """The gain by hours under each candidate, and the trial that could tell the best time from the worst."""
    lines = [Line(name, tuple((h, gain(truth, seed, h, 1)) for h in HOURS)) for name, truth in TRUTHS.items()]
    known = dict(lines[0].points)
    best, worst = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    apart = known[worst] - known[best]
    needed = size_of_t(max(apart, 0.1), SD, 0.025, 0.8)
    words = (
        f"With a window as it is assumed here, {best:g} hours would be best and {worst:g} worst, {apart:.1f} points of "
        "CAPS-5 apart. That is the assumed curve of plasticity seen again, and no evidence for it.",
        "Where ketamine only eases symptoms for a while, the hour hardly matters.",
        f"A trial of the best hour against the worst needs about {needed:.0f} people. "
        "No trial has randomised the hours.",
    )
    limits = (
        "The learner, the window and every size in it are assumed or loosely fitted; see docs/science.",
        "True scores of the same people are compared, without the noise of an instrument and with nobody lost.",
    )
    return Answer(
        "how_many_hours_before_therapy",
        "How many hours before therapy should ketamine be given?",
        Kind.REFUSED,
        words,
        limits,
        lines_svg(lines, "hours between infusion and session", "CAPS-5 with ketamine minus without, points"),
        "Two weeks after ten sessions of exposure, three of them after an infusion; lower is better.",
        f"mechanistic patients, {PEOPLE} people, seed {seed}",
    )


if __name__ == "__main__":
    finish(answer, 0)
