"""Who is in each of many replicates, as arrays: the second spelling of `people.py`. Shapes are (replicates, size)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unstuck.core.trial import TrialDesign
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints, normals, uniforms
from unstuck.lab.trials.virtual.job import STRIDE, Setting
from unstuck.lab.trials.virtual.truths import TrueState


@dataclass(frozen=True, slots=True)
class Members:
    """Everybody of these replicates, in order of enrolment."""

    number: Ints
    veteran: Bools
    site: Ints
    therapist: Ints
    arm: Ints
    believes: Bools
    shift: Floats
    enrolled_day: Floats


def many_members(setting: Setting, truths: list[TrueState], seed: int, first: int) -> Members:
    """The people of the replicates from `first` on, one truth each."""
    design = setting.design
    number = (first + np.arange(len(truths)))[:, None] * STRIDE + np.arange(design.largest)[None, :]
    veteran = _luck(seed, number, "body", 3)[:, :, 2] < setting.frame.figures.veteran
    site = _placed(np.array([s.share for s in design.sites]), _luck(seed, number, "site")[:, :, 0])
    therapists = np.array([s.therapists for s in design.sites])[site]
    therapist = (_luck(seed, number, "therapist")[:, :, 0] * therapists).astype(np.int64)
    arm = _allocated(design, seed, first, site, veteran)
    shares = np.array([a.believes.value if a.believes else 0.0 for a in design.arms])
    believes = _luck(seed, number, "belief")[:, :, 0] < shares[arm]
    control = np.array([a.control for a in design.arms])[arm]
    points = believes * np.array([t.belief for t in truths])[:, None]
    points = points + (veteran & ~control) * np.array([t.veteran for t in truths])[:, None]
    points = points + _clusters(design, seed, first, site, therapist, arm)
    enrolled, shift = _enrolled(design, seed, number), -points / setting.mean_baseline
    return Members(number, veteran, site, therapist, arm, believes, shift, enrolled)


def _luck(seed: int, number: Ints, purpose: str, count: int = 1) -> Floats:
    """Draws of everybody, shape (replicates, size, count)."""
    return uniforms(seed, number.ravel(), purpose, count).reshape(*number.shape, count)


def _placed(shares: Floats, luck: Floats) -> Ints:
    """The place in which each one's luck falls, as `pick` finds it."""
    mark, place = luck * sum(shares.tolist()), np.full(luck.shape, len(shares) - 1)
    found = np.zeros(luck.shape, dtype=bool)
    for column, share in enumerate(shares):
        mark = mark - share
        place = np.where(~found & (mark < 0), column, place)
        found |= mark < 0
    return place


def _allocated(design: TrialDesign, seed: int, first: int, site: Ints, veteran: Bools) -> Ints:
    """Permuted blocks within strata."""
    arm = np.zeros(site.shape, dtype=np.int64)
    for stratum, among in _strata(design, site, veteran):
        order = np.cumsum(among, axis=1) - 1
        block, within = np.divmod(order, design.allocation.block)
        for number in range(int(block[among].max(initial=-1)) + 1):
            slots = _block(design, seed, first, site.shape[0], stratum, number)
            rows, columns = np.nonzero(among & (block == number))
            arm[rows, columns] = slots[rows, within[rows, columns]]
    return arm


def _strata(design: TrialDesign, site: Ints, veteran: Bools) -> list[tuple[str, Bools]]:
    strata: list[tuple[list[str], Bools]] = [([], np.ones(site.shape, dtype=bool))]
    for name in design.allocation.strata:
        if name == "site":
            parts = [(s.key, site == place) for place, s in enumerate(design.sites)]
        else:
            parts = [("yes", veteran), ("no", ~veteran)]
        strata = [([*words, word], among & part) for words, among in strata for word, part in parts]
    return [("/".join(words), among) for words, among in strata if among.any()]


def _block(design: TrialDesign, seed: int, first: int, count: int, stratum: str, block: int) -> Ints:
    """The arms of one block in each replicate, shape (replicates, block)."""
    ratios = [arm.ratio for arm in design.arms]
    slots = np.tile(np.repeat(np.arange(len(ratios)), ratios), design.allocation.block // sum(ratios))
    luck = uniforms(seed, first + np.arange(count), f"block {stratum}", len(slots), block)
    return slots[np.argsort(luck, axis=1, kind="stable")]


def _clusters(design: TrialDesign, seed: int, first: int, site: Ints, therapist: Ints, arm: Ints) -> Floats:
    """What site and therapist add, in points."""
    added, replicates = np.zeros(site.shape), first + np.arange(site.shape[0])
    rows = np.arange(site.shape[0])[:, None]
    if (spread := design.clustering.site_sd) is not None:
        columns = [normals(seed, replicates, f"site effect {s.key}")[:, 0] for s in design.sites]
        added = added + spread.value * np.stack(columns, axis=1)[rows, site]
    if (spread := design.clustering.therapist_sd) is not None:
        for place, one in enumerate(design.sites):
            count = one.therapists * (len(design.arms) if design.clustering.nested else 1)
            columns = [normals(seed, replicates, f"therapist effect {one.key}", 1, k)[:, 0] for k in range(count)]
            mine = np.minimum(therapist, one.therapists - 1) + (one.therapists * arm if design.clustering.nested else 0)
            added = np.where(site == place, added + spread.value * np.stack(columns, axis=1)[rows, mine], added)
    return added


def _enrolled(design: TrialDesign, seed: int, number: Ints) -> Floats:
    """Day of everybody's enrolment since the trial opened."""
    if design.per_month is None:
        return np.zeros(number.shape)
    return np.cumsum(_luck(seed, number, "accrual")[:, :, 0] * 2 * 30.4375 / design.per_month, axis=1)
