"""A dated prediction for NCT04560660, whose results are pending. The frozen one lies in examples/predictions."""

import json
from pathlib import Path

from unstuck.lab.trials.virtual.answer import Answer, Kind, ask, finish, scenario
from unstuck.lab.trials.virtual.drawing import estimates_svg

HERE = Path(__file__).parent
DESIGN = HERE / "trials" / "nct04560660.toml"
FROZEN = HERE / "predictions" / "nct04560660_2026-11-22.json"


def prediction(reps: int, seed: int) -> dict[str, object]:
    """What is predicted, as the frozen file holds it."""
    told = ask(DESIGN, reps, seed)
    drawn = scenario(told["cells"][0], "drawn")
    low, _, middle, _, high = drawn["quantiles"]
    return {
        "trial": "NCT04560660",
        "predicted": "CAPS-5 at week 10, ketamine minus midazolam, adjusted for baseline",
        "median_points": round(middle, 1),
        "low_5_points": round(low, 1),
        "high_95_points": round(high, 1),
        "significant_for_ketamine": drawn["success"]["share"],
        "design_hash": told["run"]["design_hash"],
        "replicates": reps,
        "seed": seed,
    }


def _frozen_row(frozen: dict[str, float]) -> dict[str, object]:
    """The frozen bar as the plot wants it: its ends, its median, and no truth beside it."""
    low, middle, high = (frozen[name] for name in ("low_5_points", "median_points", "high_95_points"))
    return {"quantiles": [low, low, middle, high, high], "true_seen": None, "true_drug": None}


def answer(reps: int, seed: int) -> Answer:
    """The prediction made anew, beside the frozen one."""
    told, frozen = ask(DESIGN, reps, seed), json.loads(FROZEN.read_text())
    drawn = scenario(told["cells"][0], "drawn")
    words = (
        f"Frozen on {frozen['frozen_on']}, before any result was published that we know of: the difference will be "
        f"{frozen['median_points']:+.1f} points (90 % from {frozen['low_5_points']:+.1f} to "
        f"{frozen['high_95_points']:+.1f}), significant for ketamine with a chance of "
        f"{100 * frozen['significant_for_ketamine']:.0f} %.",
        "It will most likely not be significant, and that will not show that ketamine adds nothing.",
    )
    limits = (
        *told["limits"],
        f"The frozen figures come from {frozen['replicates']} simulated trials, the bars anew from {reps}: the middle "
        f"of these has a Monte Carlo error of {drawn['estimate']['mc_se'] or 'unknown'} points.",
        "The file is never changed; when results appear they are set beside it.",
    )
    return Answer(
        "predict_nct04560660",
        "What will NCT04560660 find?",
        Kind.ANSWERED,
        words,
        limits,
        estimates_svg([("frozen prediction", _frozen_row(frozen)), ("effect drawn, anew", drawn),
                       ("effect as published", scenario(told["cells"][0], "published"))],
                      "ketamine minus midazolam, points of CAPS-5"),
        "The bar holds nine in ten simulated trials; the dot is their median. Stroke: true difference as seen. "
        "Diamond: by the drug alone.",
        f"{DESIGN.name}, run {told['run']['hash'][:16]}, {reps} replicates, seed {seed}; frozen: {FROZEN.name}",
    )  # fmt: skip


if __name__ == "__main__":
    finish(answer, 200)
