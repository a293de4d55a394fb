"""Populations of any size: blocks of people, threads over blocks, and summaries in fixed memory.

    from unstuck.lab.pk.cohort import Wish, simulate
    result = simulate(Wish(load_set("ket1"), infusion(40, mg_per_kg=0.5), times_h), count=1000, seed=1)
    result.curves["ketamine_venous"].quantile(0.5)       # ng/mL, shape (T,)

A person's numbers depend on the seed and the person alone; summaries are counted in whole numbers. So neither
threads nor the size of blocks changes a digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.pk.parameter_sets import ParameterSet
from unstuck.lab.pk.people import Floats, People
from unstuck.lab.pk.population import Luck, Makeup, at_occasion, draw_people, draw_values, load_makeup
from unstuck.lab.pk.quantiles import Sketch
from unstuck.lab.pk.regimen import Regimen
from unstuck.lab.pk.segments import Stretch, solve_stretch
from unstuck.lab.pk.structures import build
from unstuck.lab.pk.system import System

BLOCK = 4096
NUMBERS = ("peak_ng_per_ml", "peak_h", "auc_h_ng_per_ml", "auc_to_come_h_ng_per_ml", "above_h")
"""What is known of each person and output, beside the curve."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to simulate. `times_h` ascending from 0; every output of the set where none is named; `levels_ng_per_ml`
    gives by output the level above which hours are counted; doses that begin more than `occasion_gap_h` after the
    last one ended are another occasion, with its own luck."""

    found: ParameterSet
    regimen: Regimen
    times_h: Floats
    outputs: tuple[str, ...] = ()
    levels_ng_per_ml: Mapping[str, float] = field(default_factory=dict)
    occasion_gap_h: float = 12.0

    def names(self) -> tuple[str, ...]:
        """The outputs that are meant."""
        return self.outputs or self.found.domain.outputs


@dataclass(frozen=True, slots=True)
class Curve:
    """One output over time for a whole population."""

    sketch: Sketch

    def mean(self) -> Floats:
        """Mean at each time, ng/mL, shape (T,)."""
        return self.sketch.mean()

    def quantile(self, share: float) -> Floats:
        """That quantile at each time, ng/mL, to half a per cent, shape (T,)."""
        return self.sketch.quantile(share)


@dataclass(frozen=True, slots=True)
class Population:
    """What a population does: a curve for each output, and for each output a sketch of its NUMBERS in that order."""

    time_h: Floats
    count: int
    curves: Mapping[str, Curve]
    numbers: Mapping[str, Sketch]


def simulate(wish: Wish, count: int, seed: int, threads: int = 1, block: int = BLOCK, makeup: Makeup | None = None) -> (
    Population
):  # fmt: skip
    """The population of `count` people under that seed. Memory does not grow with `count`. Raises Complaint for a count
    below 1 or outside the set's domain."""
    for name, value in (("count", count), ("threads", threads), ("block", block)):
        if value < 1:
            raise Complaint(f"{name} = {value} is too small.", name, "Give at least 1.")
    who = makeup or load_makeup()
    starts = range(0, count, block)
    workers = min(threads, len(starts))
    with ThreadPoolExecutor(workers) as pool:
        mine = [[(s, min(block, count - s)) for s in starts[k::workers]] for k in range(workers)]
        parts = list(pool.map(lambda own: _worker(wish, who, seed, own), mine))
    for other in parts[1:]:
        for name in wish.names():
            parts[0][0][name].merge(other[0][name])
            parts[0][1][name].merge(other[1][name])
    curves, numbers = parts[0]
    return Population(np.asarray(wish.times_h), count, {name: Curve(c) for name, c in curves.items()}, numbers)


def simulate_people(wish: Wish, who: People, luck: Luck | None = None) -> Stretch:
    """Every single curve and number of these people, shape (O, n, T) and (O, n): typical ones, or with their own
    luck."""
    wish.found.check(who, {d.route for d in wish.regimen.doses}, set(wish.names()))
    values = wish.found.values(who) if luck is None else draw_values(wish.found, who, luck)
    windows = _windows(wish)
    total: Stretch | None = None
    for n, (begin, end, last) in enumerate(windows):
        now = values if luck is None else at_occasion(wish.found, values, luck, n)
        system = build(wish.found, now, who)
        system = system.reduced(_ports(wish, system), wish.names())
        held = np.zeros((len(who), len(system.states))) if total is None else total.end
        piece = _window(wish, system, who, (begin, end, last), held)
        total = piece if total is None else _joined(total, piece)
    assert total is not None
    return total


def _worker(wish: Wish, makeup: Makeup, seed: int, own: list[tuple[int, int]]) -> (
    tuple[dict[str, Sketch], dict[str, Sketch]]
):  # fmt: skip
    curves = {name: Sketch.empty(len(wish.times_h)) for name in wish.names()}
    numbers = {name: Sketch.empty(len(NUMBERS)) for name in wish.names()}
    for first, count in own:
        luck = Luck(seed, first, count)
        found = simulate_people(wish, draw_people(makeup, luck), luck)
        rows = (found.peak, found.peak_h, found.area, found.rest, found.above_h)
        for o, name in enumerate(wish.names()):
            curves[name].add(found.conc[o].T.clip(min=0.0))
            numbers[name].add(np.array([row[o] for row in rows]).clip(min=0.0))
    return curves, numbers


def _ports(wish: Wish, system: System) -> set[str]:
    """The ports that the doses use; a device with sprays has one for each number of them."""
    routes = {dose.route for dose in wish.regimen.doses}
    return {key for key in system.ports if key.partition("/")[0] in routes}


def _windows(wish: Wish) -> list[tuple[float, float, bool]]:
    """Stretches with constant parameters: (begin, end, whether it is the last)."""
    spread = any(p.occasion_cv or p.occasion_logit_sd for p in wish.found.parameters.values())
    doses = sorted(wish.regimen.doses, key=lambda d: d.start_h)
    end = float(wish.times_h[-1])
    bounds, busy = [0.0], doses[0].start_h + doses[0].hours if doses else 0.0
    for dose in doses:
        if spread and dose.start_h > busy + wish.occasion_gap_h and dose.start_h < end:
            bounds.append(dose.start_h)
        busy = max(busy, dose.start_h + dose.hours)
    return [(a, b, b == end) for a, b in zip(bounds, [*bounds[1:], end], strict=True)]


def _window(wish: Wish, system: System, who: People, window: tuple[float, float, bool], held: Floats) -> Stretch:
    begin, end, last = window
    doses = tuple(
        replace(d, start_h=max(0.0, d.start_h - begin))
        for d in wish.regimen.doses
        if d.start_h >= begin and (d.start_h < end or last)
    )
    resets = tuple(r - begin for r in wish.regimen.resets_h if begin <= r and (r < end or last))
    times = np.asarray(wish.times_h, dtype=float)
    inside = times[(times >= begin) & ((times < end) | last)] - begin
    asked = inside if last else np.append(inside, end - begin)
    level = np.array([wish.levels_ng_per_ml.get(name, np.inf) for name in wish.names()])
    found = solve_stretch(system, Regimen(doses, resets), who, asked, held, level)
    return replace(found, conc=found.conc[:, :, : inside.size], peak_h=found.peak_h + begin)


def _joined(one: Stretch, other: Stretch) -> Stretch:
    """Two stretches, one after the other."""
    higher = other.peak > one.peak
    return Stretch(
        conc=np.concatenate([one.conc, other.conc], axis=2),
        area=one.area + other.area,
        rest=other.rest,
        peak=np.where(higher, other.peak, one.peak),
        peak_h=np.where(higher, other.peak_h, one.peak_h),
        above_h=one.above_h + other.above_h,
        end=other.end,
    )
