"""What does the null result in veterans say? Had the effect been Feder's, how often would that trial have missed it?"""

from pathlib import Path

from unstuck.lab.trials.sizes import power_of_t
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, ask, finish, lines_svg, luck, scenario

DESIGN = Path(__file__).parent / "trials" / "veteran_null.toml"


def answer(reps: int, seed: int) -> Answer:
    """How often two arms of that trial would find nothing under Feder's effect, and which effects it could miss."""
    told = ask(DESIGN, reps, seed)
    cell = told["cells"][0]
    drawn, published = scenario(cell, "drawn"), scenario(cell, "published")
    spread = (published["se"] or 12.0) * (cell["size"] ** 0.5) / 2  # what the simulated trials' own error amounts to
    points = [float(k) for k in range(0, 17, 2)]
    missed = [100 * (1 - power_of_t(cell["size"], max(k, 1e-9), spread, 0.025)) for k in points]
    nothing, over_all = (100 * (1 - s["success"]["share"]) for s in (published, drawn))
    words = (
        f"Had the effect been the one of Feder 2021, {nothing:.0f} % of such trials would have found nothing; "
        f"over the uncertainty of that effect {over_all:.0f} %.",
        "So the null result speaks against an effect of that size in veterans under that protocol.",
        f"It does not speak against a small one: a true difference of 4 points is missed in {missed[2]:.0f} %.",
        "It cannot say why: veterans, their medicines, saline instead of midazolam, or chance in the smaller trial.",
    )
    return Answer(
        "what_the_veteran_null_says",
        "What does the null result in veterans say?",
        Kind.ANSWERED,
        words,
        (*told["limits"], luck(reps)),
        lines_svg([Line("missed", tuple(zip(points, missed, strict=True)))], "true difference, points of CAPS-5",
                  "share of trials that find nothing, %"),
        "Student's test of 104 people with the spread that the simulated trials have.",
        f"{DESIGN.name}, run {told['run']['hash'][:16]}, {reps} replicates, seed {seed}",
    )  # fmt: skip


if __name__ == "__main__":
    finish(answer, 200)
