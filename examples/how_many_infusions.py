"""How many infusions? Refused: no trial in PTSD randomised their number. How large one would have to be is shown."""

from unstuck.lab.trials.sizes import size_of_t
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, finish, lines_svg

SD = 12.0  # of the change of CAPS-5, points; as in the sizes of trials.md's t test
DIFFERENCES = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)


def answer(_reps: int, _seed: int) -> Answer:
    """The refusal with its reason, and the size of the trial that would answer."""
    sizes = [size_of_t(d, SD, 0.025, 0.8) for d in DIFFERENCES]
    line = Line("people", tuple(zip(DIFFERENCES, sizes, strict=True)))
    words = (
        "One (Feder 2014), six (Feder 2021) and eight infusions (Abdallah 2022) were each compared with a control, in "
        "different people, at different times, with different controls. Nobody was given a number by chance.",
        "The patients of this library repeat a published arm; they hold no law that turns a number into an effect, so "
        "that any curve over infusions would be made up.",
        f"A trial of six against one that differ by 4 points of CAPS-5 needs {sizes[2]:.0f} people; by 2 points "
        f"{sizes[0]:.0f}.",
    )
    return Answer(
        "how_many_infusions",
        "How many infusions?",
        Kind.REFUSED,
        words,
        ("Sizes are for Student's test at two-sided 5 % and 80 % power with a spread of 12 points; leaving adds.",),
        lines_svg([line], "difference to be found, points of CAPS-5",
                  "people randomised to both arms"),
        "What a trial that randomises the number of infusions would cost in people.",
        "unstuck.lab.trials.sizes.size_of_t",
    )  # fmt: skip


if __name__ == "__main__":
    finish(answer, 0)
