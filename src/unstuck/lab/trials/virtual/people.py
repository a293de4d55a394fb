"""Who is in a replicate, one by one: site, therapist, belief, arm, and what these add to somebody's change.

The plain spelling; `many.py` is the one over arrays. Draws are named by the person's number, or by the replicate's for
what a whole replicate shares.
"""

from __future__ import annotations

from dataclasses import dataclass

from unstuck.core.trial import TrialDesign
from unstuck.lab.patients.descriptive import Person, person_of
from unstuck.lab.random import Stream, pick
from unstuck.lab.trials.virtual.job import STRIDE, Setting
from unstuck.lab.trials.virtual.truths import TrueState


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a replicate."""

    number: int
    person: Person
    site: int
    therapist: int
    arm: int
    believes: bool
    shift: float  # added to the share of baseline that goes
    enrolled_day: float


def members(setting: Setting, truth: TrueState, seed: int, replicate: int) -> list[Member]:
    """Everybody of that replicate, in order of enrolment."""
    design = setting.design
    people = [person_of(setting.frame, seed, replicate * STRIDE + i) for i in range(design.largest)]
    sites = [pick([s.share for s in design.sites], _luck(seed, p, "site")) for p in people]
    arms = _allocated(design, seed, replicate, [_stratum(design, p, s) for p, s in zip(people, sites, strict=True)])
    day, found = 0.0, []
    for person, site, arm in zip(people, sites, arms, strict=True):
        day += _wait(design, seed, person)
        therapist = int(_luck(seed, person, "therapist") * design.sites[site].therapists)
        believes = _believes(design, seed, person, arm)
        points = _points(setting, truth, person, arm, believes)
        points += _cluster(design, seed, replicate, site, _drawn_as(design, site, therapist, arm))
        shift = -points / setting.mean_baseline
        found.append(Member(person.number, person, site, therapist, arm, believes, shift, day))
    return found


def _luck(seed: int, person: Person, purpose: str) -> float:
    return Stream(seed, person.number, purpose).uniform()


def _stratum(design: TrialDesign, person: Person, site: int) -> str:
    parts = {"site": design.sites[site].key, "veteran": "yes" if person.veteran else "no"}
    return "/".join(parts[name] for name in design.allocation.strata)


def _allocated(design: TrialDesign, seed: int, replicate: int, strata: list[str]) -> list[int]:
    """Permuted blocks within strata: each block holds every arm by its ratio, in an order drawn for it."""
    filled: dict[str, int] = {}
    given = []
    for stratum in strata:
        place = filled.get(stratum, 0)
        filled[stratum] = place + 1
        block, within = divmod(place, design.allocation.block)
        given.append(_block(design, seed, replicate, stratum, block)[within])
    return given


def _block(design: TrialDesign, seed: int, replicate: int, stratum: str, block: int) -> list[int]:
    whole = sum(arm.ratio for arm in design.arms)
    slots = [place for place, arm in enumerate(design.arms) for _ in range(arm.ratio)] * (
        design.allocation.block // whole
    )
    stream = Stream(seed, replicate, f"block {stratum}", block)
    luck = [stream.uniform() for _ in slots]
    return [slots[i] for i in sorted(range(len(slots)), key=lambda i: luck[i])]


def _wait(design: TrialDesign, seed: int, person: Person) -> float:
    """Days since the person before enrolled; a month has 30.4375 days."""
    if design.per_month is None:
        return 0.0
    return Stream(seed, person.number, "accrual").uniform() * 2 * 30.4375 / design.per_month


def _believes(design: TrialDesign, seed: int, person: Person, arm: int) -> bool:
    share = design.arms[arm].believes
    return share is not None and _luck(seed, person, "belief") < share.value


def _points(setting: Setting, truth: TrueState, person: Person, arm: int, believes: bool) -> float:
    """What belief adds, and what a veteran's benefit of an active arm lacks, in points of the outcome."""
    less = truth.veteran if person.veteran and not setting.design.arms[arm].control else 0.0
    return (truth.belief if believes else 0.0) + less


def _drawn_as(design: TrialDesign, site: int, therapist: int, arm: int) -> int:
    """The therapist's number in the draws: another in each arm where therapists treat in one arm only."""
    return therapist + design.sites[site].therapists * arm if design.clustering.nested else therapist


def _cluster(design: TrialDesign, seed: int, replicate: int, site: int, therapist: int) -> float:
    """What site and therapist add, in points; the same for everybody they share in a replicate."""
    key, spread = design.sites[site].key, design.clustering
    added = 0.0
    if spread.site_sd is not None:
        added += spread.site_sd.value * Stream(seed, replicate, f"site effect {key}").normal()
    if spread.therapist_sd is not None:
        added += spread.therapist_sd.value * Stream(seed, replicate, f"therapist effect {key}", therapist).normal()
    return added
