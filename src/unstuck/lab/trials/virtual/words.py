"""The summary of a run as text for a terminal."""

from __future__ import annotations

from typing import Any

from unstuck.core.trial import Truth
from unstuck.lab.trials.virtual.patients_told import patients_text

MEANS = {
    Truth.DRAWN.value: "assurance: the effect drawn within what is known of it",
    Truth.PUBLISHED.value: "power: the published effect taken as true",
    Truth.NULL.value: "error: no arm differs",
    Truth.FOOLED.value: "fooled: the drug does nothing, belief does",
}


def text_of(told: dict[str, Any]) -> str:
    """The whole summary in lines."""
    lines = [told["note"], f"{told['title']}", f"Question: {told['question']}", ""]
    for cell in told["cells"]:
        lines += _cell(cell, (told["costs"] or {}).get("currency"))
    lines += patients_text(told["patients"])
    lines += [f"Limit: {limit}" for limit in told["limits"]]
    lines += ["", f"Rests on {len(told['assumed'])} assumed figures; run.json and summary.json name them."]
    lines += [
        f"Repeat it: run hash {told['run']['hash'][:16]}, seed {told['run']['seed']}, {told['run']['reps']} replicates."
    ]
    return "\n".join(lines) + "\n"


def _cell(cell: dict[str, Any], currency: str | None) -> list[str]:
    head = f"[{cell['words']}]" if cell["words"] else f"[{cell['size']} people]"
    verdict = cell["verdict"]
    lines = [f"{head} This design {verdict['words'].upper()}."]
    lines += [f"  Because: {reason}" for reason in verdict["reasons"]]
    for key in cell["taken_as_it_stands"]:
        lines.append(f"  The effect of arm {key} was published without counts and is taken as it stands.")
    lines += [f"  {scenario_words(s)}" for s in cell["scenarios"]]
    lines += [f"  {_spent(cell['scenarios'][0], currency)}"] if currency else []
    return [*lines, ""]


def _spent(one: dict[str, Any], currency: str) -> str:
    """What a trial takes, in a line; it hardly depends on what is true."""
    cost = "unknown cost" if one["cost"] is None else f"{money(one['cost'])} {currency}"
    hours = "unknown hours" if one["burden_h"] is None else f"{one['burden_h']:.1f} hours"
    days = "unknown days: it names no per_month" if one["days"] is None else f"{one['days']:.0f} days"
    return f"takes {cost}, {hours} of each participant, {one['randomised']:.0f} people, {days}."


def scenario_words(one: dict[str, Any]) -> str:
    """One scenario in a line."""
    what = f"{MEANS[one['truth']]}; {one['analysis']}, {one['arm']}"
    parts = [f"{what}: succeeds {share_words(one['success'])}"]
    if one["readings"]:
        readings = one["readings"]
        parts += [f"read as {name.replace('_', ' ')} {share_words(found)}" for name, found in readings.items()]
    if one["bias"] and one["bias"]["mean"] is not None:
        bias = one["bias"]
        true = f"true {_number(one, one['true_seen'])} {one['unit']}"
        parts.append(f"{true}, bias {bias['mean']:+.2f} (MC SE {bias['mc_se']:.2f})")
        parts.append(f"coverage {share_words(one['coverage'])}")
    elif one["quantiles"] and one["true_seen"] is None:
        parts.append(f"median {_number(one, one['quantiles'][2])} {one['unit']}")
    if one["ended_at"]:
        ends = ", ".join(f"look {k} {percent(found)}" for k, found in enumerate(one["ended_at"], 1))
        parts.append(f"ended at {ends}; {one['randomised']:.1f} people on average")
    if one["no_answer"]:
        parts.append(f"{one['no_answer']} of {one['replicates']} gave no answer and count as failures")
    return "; ".join(parts) + "."


def _number(one: dict[str, Any], value: float) -> str:
    """A value of that scenario; shares and logarithms need a digit more."""
    return f"{value:+.1f}" if one["unit"].startswith(("points", "days", "responses")) else f"{value:+.2f}"


def share_words(found: dict[str, Any]) -> str:
    """A share with its Monte Carlo standard error; none met or all, where that error would read 0, the interval."""
    if found["share"] in (0.0, 1.0):
        return share_range(found)
    return "unknown" if found["share"] is None else f"{percent(found)} (MC SE {100 * found['mc_se']:.1f})"


def share_range(found: dict[str, Any]) -> str:
    """A share with its exact 95 % interval."""
    if found["share"] is None:
        return "unknown"
    return f"{percent(found)} ({100 * found['low']:.1f} to {100 * found['high']:.1f})"


def money(value: float) -> str:
    """An amount to three figures, thousands apart."""
    return f"{float(f'{value:.3g}'):,.0f}"


def percent(found: dict[str, Any]) -> str:
    """A share in percent."""
    return "unknown" if found["share"] is None else f"{100 * found['share']:.1f} %"
