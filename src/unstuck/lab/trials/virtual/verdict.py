"""Whether a design can tell that a drug works, by its simulated trials: `can tell`, or every reason against it.

A design can tell where every active arm would be shown often enough (where the worst arms are dropped: some arm), where
belief alone does not make it succeed, and where the simulated trials are enough to say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from unstuck.core.trial import TrialDesign, Truth
from unstuck.lab.trials.virtual.reading import strongest_belief
from unstuck.lab.trials.virtual.words import share_range

WANTED = 0.80  # share of trials that must succeed before a design is called able to tell
Told = dict[str, Any]


def verdict_of(design: TrialDesign, scenarios: list[Told], some_arm: Mapping[str, Told]) -> Told:
    """The verdict with its reasons; `some_arm` holds by truth how many trials show, and reject, any arm at all."""
    reasons = [*_too_weak(design, scenarios, some_arm), *_fooled(design, some_arm), *_loose(design, some_arm)]
    return {"can_tell": not reasons, "words": "can tell" if not reasons else "cannot tell", "reasons": reasons}


def shown(scenario: Told) -> Told:
    """The share of trials read as working; of those that succeed where the analysis is not read beside belief."""
    found: Told = scenario["readings"]["works"] if scenario["readings"] else scenario["success"]
    return found


def _too_weak(design: TrialDesign, scenarios: list[Told], some_arm: Mapping[str, Told]) -> Iterable[str]:
    drawn = [s for s in scenarios if s["primary"] and s["truth"] == Truth.DRAWN.value]
    if not drawn:
        yield "Assurance was not simulated, so that nobody knows how likely it is to answer."
        return
    beyond = " beyond what belief could fake" if strongest_belief(design) else ""
    if design.interim and design.interim.keep:
        yield from _weak(some_arm[Truth.DRAWN.value]["shown"], f"{beyond} in some arm")
        return
    for one in drawn:
        where = f" in arm {one['arm']}" if len(drawn) > 1 else ""
        yield from _weak(shown(one), beyond + where)
        yield from _harmed(one, where)


def _weak(found: Told, words: str) -> Iterable[str]:
    if found["share"] < WANTED:
        yield f"Over what is known of the effect, {share_range(found)} of such trials would show one{words}."
    elif found["low"] < WANTED:
        yield f"Too few trials were simulated to say so: {share_range(found)} of {found['of']} showed an effect{words}."


def _harmed(one: Told, where: str) -> Iterable[str]:
    """Harm that a design would show is said, lest it be taken for a design that shows nothing."""
    readings = one["readings"]
    if readings and readings["worse"]["share"] > readings["works"]["share"]:
        yield f"It would rather show harm: {share_range(readings['worse'])} of such trials read as worse{where}."


def _fooled(design: TrialDesign, some_arm: Mapping[str, Told]) -> Iterable[str]:
    """A design that belief alone can make succeed tells nothing by succeeding, unless its reading allows for belief."""
    fooled = some_arm.get(Truth.FOOLED.value)
    if fooled is None:
        if design.unblinding is None:
            yield "The design says nothing of unblinding; a positive result could be belief."
        return
    found = fooled["shown"]
    if found["low"] > design.alpha:
        yield f"With a drug that does nothing, {share_range(found)} of trials would be read as working."
    elif found["high"] > 2 * design.alpha:
        yield (
            f"Too few trials were simulated to say how often a drug that does nothing is read as working: "
            f"{share_range(found)} of {found['of']}."
        )


def _loose(design: TrialDesign, some_arm: Mapping[str, Told]) -> Iterable[str]:
    null = some_arm.get(Truth.NULL.value)
    if null is not None and null["rejects"]["low"] > design.alpha:
        yield f"With no difference at all, {share_range(null['rejects'])} of trials reject, more than alpha."
