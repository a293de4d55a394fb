"""Ketamine against MDMA? Refused: they were never compared, and their trials differ in more than the drug."""

from unstuck.lab.trials.sizes import size_of_t
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, finish, lines_svg

SD = 12.0  # of the change of CAPS-5, points
DIFFERENCES = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)


def answer(_reps: int, _seed: int) -> Answer:
    """The refusal with its reasons, and the trial that would answer."""
    sizes = [size_of_t(d, SD, 0.025, 0.8) for d in DIFFERENCES]
    line = Line("people", tuple(zip(DIFFERENCES, sizes, strict=True)))
    words = (
        "No trial gave one or the other by chance. MDMA came with about forty hours of therapy by two therapists, "
        "ketamine mostly with none; controls were therapy with an inactive pill there, midazolam or saline here.",
        "In both, nearly all could tell what they were given, so that two effects of belief would be compared as well.",
        f"A trial that randomises the drug within the same therapy and finds 4 points needs {sizes[2]:.0f} people.",
        "'unstuck evidence' pools each literature by itself; setting the two pools side by side is no comparison.",
    )
    return Answer(
        "ketamine_against_mdma",
        "Ketamine against MDMA?",
        Kind.REFUSED,
        words,
        ("Sizes are for Student's test at two-sided 5 % and 80 % power with a spread of 12 points.",),
        lines_svg([line], "difference to be found, points of CAPS-5",
                  "people randomised to both arms"),
        "What a comparison within the same therapy would cost in people.",
        "unstuck.lab.trials.sizes.size_of_t",
    )  # fmt: skip


if __name__ == "__main__":
    finish(answer, 0)
