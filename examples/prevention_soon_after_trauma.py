"""Ketamine soon after trauma, to prevent PTSD? Refused: those who got it were not chosen by chance."""

from unstuck.lab.trials.sizes import size_of_shares
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, finish, lines_svg

RATES = (0.05, 0.1, 0.2, 0.3)  # who would have PTSD without it; settings differ that much
RATIOS = (0.5, 0.6, 0.7, 0.8)  # risk with it over risk without it


def answer(_reps: int, _seed: int) -> Answer:
    """The refusal, and the size of a trial by how common PTSD is where it is held."""
    lines = [
        Line(f"{100 * rate:.0f} % get PTSD", tuple((r, size_of_shares(rate, rate * r, 0.025, 0.8)) for r in RATIOS))
        for rate in RATES
    ]
    words = (
        "In burned soldiers and before hospital ketamine was given by need: who got it had other wounds and other "
        "pain. Reports point both ways (mcghee_2008, mcghee_2014, mion_2017, melcer_prehospital in the library).",
        "None of the library's models says what ketamine does to a memory that is hours old.",
        f"A trial that halves a risk of 10 % needs {lines[1].points[0][1]:.0f} people; one that lowers it by a fifth "
        f"{lines[1].points[3][1]:.0f}.",
    )
    return Answer(
        "prevention_soon_after_trauma",
        "Does ketamine soon after trauma prevent PTSD?",
        Kind.REFUSED,
        words,
        ("Two shares, two-sided 5 %, 80 % power; nobody is lost, which is not so after trauma.",),
        lines_svg(lines, "risk with ketamine over risk without", "people randomised to both arms"),
        "By how many would get PTSD without it.",
        "unstuck.lab.trials.sizes.size_of_shares",
    )


if __name__ == "__main__":
    finish(answer, 0)
