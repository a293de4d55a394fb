"""How large must a trial of ketamine with prolonged exposure be? Assurance over the size, from the only small trial."""

from pathlib import Path

from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, ask, finish, lines_svg, luck, scenario

DESIGN = Path(__file__).parent / "trials" / "ketamine_pe_size.toml"


def answer(reps: int, seed: int) -> Answer:
    """Assurance of the design over its sizes."""
    told = ask(DESIGN, reps, seed)
    sizes = [cell["size"] for cell in told["cells"]]
    drawn = [scenario(cell, "drawn") for cell in told["cells"]]
    significant = [100 * s["success"]["share"] for s in drawn]
    works = [100 * s["readings"]["works"]["share"] for s in drawn]
    surely = [s["readings"]["works"]["low"] for s in drawn]  # the exact interval's lower end
    enough = next((n for n, share in zip(sizes, surely, strict=True) if share >= 0.8), None)
    words = (
        f"Of trials with {sizes[0]} people, {significant[0]:.0f} % would be significant in favour of ketamine and "
        f"{works[0]:.0f} % would show more than belief could fake; with {sizes[-1]} people {significant[-1]:.0f} % and "
        f"{works[-1]:.0f} %.",
        f"From {enough} people on four in five would show it."
        if enough
        else "No size that was tried is enough: what is known leaves too much room for no effect at all. "
        "More people cannot mend an effect that may not be there.",
    )
    lines = [
        Line("significant", tuple(zip(sizes, significant, strict=True))),
        Line("beyond belief", tuple(zip(sizes, works, strict=True))),
    ]
    return Answer(
        "how_large_ketamine_pe",
        "How large must a trial of ketamine with prolonged exposure be?",
        Kind.ANSWERED if enough else Kind.CANNOT_TELL,
        words,
        (*told["limits"], luck(reps)),
        lines_svg(lines, "people randomised", "share of trials, %", log=True),
        "Effects drawn anew for each trial from 9 of 13 and 7 of 13 responders.",
        f"{DESIGN.name}, run {told['run']['hash'][:16]}, {reps} replicates, seed {seed}",
    )


if __name__ == "__main__":
    finish(answer, 200)
