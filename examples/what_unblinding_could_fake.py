"""What could unblinding fake? A drug that does nothing, in a trial whose people can tell what they were given."""

from pathlib import Path

from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, ask, finish, lines_svg, luck, scenario

DESIGN = Path(__file__).parent / "trials" / "unblinding.toml"


def answer(reps: int, seed: int) -> Answer:
    """How often a null drug succeeds, and how often it is read as working, by how far belief moves the outcome."""
    told = ask(DESIGN, reps, seed)
    points = [-float(cell["values"]["unblinding.points"]) for cell in told["cells"]]
    null = [scenario(cell, "null_unblinded") for cell in told["cells"]]
    naive = [100 * s["success"]["share"] for s in null]
    read = [100 * s["readings"]["works"]["share"] for s in null]
    words = (
        f"A drug that does nothing succeeds in {naive[0]:.0f} % of trials of 100 people if belief is worth "
        f"{points[0]:g} points of CAPS-5, and in {naive[-1]:.0f} % if it is worth {points[-1]:g}.",
        f"Once belief is granted that effect, {max(read):.0f} % at most are read as working, the rest as cannot tell.",
        "So a positive trial whose people could tell what they were given does not show by itself that a drug works.",
    )
    lines = [
        Line("significant", tuple(zip(points, naive, strict=True))),
        Line("read as works", tuple(zip(points, read, strict=True))),
    ]
    limits = (*told["limits"], "Shares of 85 % and 35 % who believe to be treated are assumed.", luck(reps))
    return Answer(
        "what_unblinding_could_fake",
        "What could unblinding fake?",
        Kind.ANSWERED,
        words,
        limits,
        lines_svg(lines, "effect of belief, points of CAPS-5", "share of trials, %"),
        "The drug does nothing in any of these trials.",
        f"{DESIGN.name}, run {told['run']['hash'][:16]}, {reps} replicates, seed {seed}",
    )


if __name__ == "__main__":
    finish(answer, 200)
