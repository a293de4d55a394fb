"""Who responds, and by what marker? Refused: no marker was tested against a control. What a test costs is shown."""

from unstuck.lab.trials.sizes import size_of_t
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, finish, lines_svg

SD = 12.0  # of the change of CAPS-5, points
EFFECT = 5.0  # of the drug over all, points
RATIOS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # difference between halves with and without the marker, over the effect


def answer(_reps: int, _seed: int) -> Answer:
    """The refusal, and how many people a marker needs beside the trial of the effect itself."""
    alone = size_of_t(EFFECT, SD, 0.025, 0.8)
    sizes = [size_of_t(EFFECT * ratio / 2, SD, 0.025, 0.8) for ratio in RATIOS]  # variance of a double difference is 4x
    line = Line("people", tuple(zip(RATIOS, sizes, strict=True)))
    words = (
        "Who did well in one arm tells who does well, not for whom the drug is the reason. That needs the marker's "
        "difference between arms, and no published trial of ketamine in PTSD was made for one.",
        f"A trial of {alone:.0f} people finds an effect of {EFFECT:g} points. To find that a marker in half of the "
        f"people changes it by as much again takes {sizes[3]:.0f}; by half as much {sizes[1]:.0f}.",
        "Veterans against civilians is the one comparison with data; see what_the_veteran_null_says.py.",
    )
    return Answer(
        "who_responds",
        "Who responds, and by what marker?",
        Kind.REFUSED,
        words,
        ("The marker is known without error and splits people in halves; any other marker needs more.",),
        lines_svg([line], "difference by marker over the drug's effect",
                  "people randomised"),
        f"An effect of {EFFECT:g} points, a spread of {SD:g}, two-sided 5 %, 80 % power.",
        "unstuck.lab.trials.sizes.size_of_t; the variance of a difference of differences is four times a difference's",
    )  # fmt: skip


if __name__ == "__main__":
    finish(answer, 0)
