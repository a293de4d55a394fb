"""What cannot be true of the figures of a study, found by arithmetic: misprints of the source, or our own slips."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from unstuck.core.arithmetic import Z95, can_be_mean, difference, se_of_interval, se_of_ratio, t_quantile, widest_sd
from unstuck.core.arithmetic import Group as Spread
from unstuck.core.evidence import Contrast, Count, Duration, Mean, Measure, Said, Study

UNADJUSTED = "change, unadjusted"
"""How a contrast is named that is nothing but the difference of the two arms' changes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit, with the sum that shows it."""

    study: str
    what: str
    arithmetic: str

    def __str__(self) -> str:
        return f"{self.study}: {self.what} {self.arithmetic}"


def faults_of(study: Study, measures: Mapping[str, Measure]) -> tuple[Fault, ...]:
    """Every fault of the study's figures; empty where all fit."""
    return tuple([*_arms(study), *(f for effect in study.effects for f in _effect(study, effect, measures))])


def _arms(study: Study) -> Iterator[Fault]:
    for arm in study.arms:
        if arm.started is not None and arm.completed is not None and arm.completed > arm.started:
            yield Fault(study.key, f"{arm.title}: more completed than started.", f"{arm.completed} > {arm.started}")
    started = [arm.started for arm in study.arms if arm.started is not None]
    if study.n is not None and sum(started) > study.n:
        yield Fault(study.key, "The arms hold more people than the study.", f"{sum(started)} > {study.n}")


def _effect(study: Study, effect: object, measures: Mapping[str, Measure]) -> Iterator[Fault]:
    match effect:
        case Mean():
            yield from _mean(study, effect, measures[effect.measure])
        case Count():
            yield from _count(study, effect)
        case Contrast():
            yield from _contrast(study, effect)
        case Duration():
            if effect.days <= 0:
                yield Fault(study.key, f"{effect.what}: a duration is positive.", f"{effect.days:g} days")
        case Said():
            return
        case _:
            assert_never(effect)  # type: ignore[arg-type]


def _mean(study: Study, mean: Mean, measure: Measure) -> Iterator[Fault]:
    where = f"{measure.title}, {mean.arm}, {mean.at.words}:"
    for checks in (_within, _whole, _change, _spread_of_change):
        for what, arithmetic in checks(study, mean, measure):
            yield Fault(study.key, f"{where} {what}", arithmetic)


def _within(study: Study, mean: Mean, measure: Measure) -> Iterator[tuple[str, str]]:
    low, high = measure.lowest, measure.highest
    if mean.mean is None or low is None or high is None:
        return
    if not low <= mean.mean <= high:
        yield "the mean lies outside the scale.", f"{mean.mean:g} is not within {low:g} to {high:g}"
    elif mean.sd is not None and mean.n and mean.sd > widest_sd(mean.mean, mean.n, low, high) + 0.01:
        widest = widest_sd(mean.mean, mean.n, low, high)
        yield "no scores within the scale spread so far.", f"SD {mean.sd:g} > {widest:.2f}"


def _whole(study: Study, mean: Mean, measure: Measure) -> Iterator[tuple[str, str]]:
    """Whole scores of n people have few possible means (GRIM); beyond 100 people nearly every mean is possible."""
    if mean.mean is None or not mean.n or mean.n > 100 or not (measure.whole and mean.whole):
        return
    decimals = _decimals(mean.mean)
    if not can_be_mean(mean.mean, mean.n, decimals):
        nearest = round(mean.mean * mean.n)
        sums = f"{nearest}/{mean.n} = {nearest / mean.n:.{decimals}f}"
        yield "no whole scores have this mean.", f"{mean.mean:g} x {mean.n} = {mean.mean * mean.n:.2f}; nearest {sums}"


def _decimals(value: float) -> int:
    text = f"{value:.6f}".rstrip("0")
    return len(text.partition(".")[2])


def _change(study: Study, mean: Mean, measure: Measure) -> Iterator[tuple[str, str]]:
    """The change is the difference of the means where the same people are in both."""
    base = next((m for m in _means(study, mean) if m.at.words == "baseline"), None)
    if base is None or base.mean is None or mean.mean is None or mean.change is None:
        return
    same = mean.n == base.n == mean.changed and mean.whole and base.whole
    if same and abs(mean.mean - base.mean - mean.change) > 0.0151:
        yield (
            "the change is not the difference of the means.",
            f"{mean.mean:g} - {base.mean:g} = {mean.mean - base.mean:.2f}, printed {mean.change:g}",
        )


def _means(study: Study, like: Mean) -> list[Mean]:
    return [e for e in study.effects if isinstance(e, Mean) and (e.arm, e.measure) == (like.arm, like.measure)]


def _spread_of_change(study: Study, mean: Mean, measure: Measure) -> Iterator[tuple[str, str]]:
    """The interval of a change follows from its SD, by the normal or the t distribution."""
    low, high, n = mean.change_low, mean.change_high, mean.changed
    if mean.change is None or low is None or high is None:
        return
    if abs((low + high) / 2 - mean.change) > 0.06:
        yield "the change is not in the middle of its interval.", f"({low:g} + {high:g})/2 = {(low + high) / 2:.2f}"
    if mean.change_sd is not None and n and n > 1:
        halves = [z * mean.change_sd / math.sqrt(n) for z in (Z95, t_quantile(n - 1))]
        if not any(abs(half - (high - low) / 2) <= 0.02 + 0.005 * half for half in halves):
            said = " or ".join(f"{half:.2f}" for half in halves)
            yield "the interval does not follow from the SD.", f"half width {(high - low) / 2:.2f}, from the SD {said}"


def _count(study: Study, count: Count) -> Iterator[Fault]:
    arm = study.arm(count.arm)
    where = f"{count.arm}, {count.at.words}, {count.what}:"
    if count.met is not None and count.of is not None and not 0 <= count.met <= count.of:
        yield Fault(study.key, f"{where} more than all.", f"{count.met} of {count.of}")
    if arm and arm.started is not None and count.of is not None and count.of > arm.started:
        yield Fault(study.key, f"{where} of more people than started.", f"{count.of} > {arm.started}")
    if count.percent is not None and not 0 <= count.percent <= 100:
        yield Fault(study.key, f"{where} no share.", f"{count.percent:g} %")


def _contrast(study: Study, contrast: Contrast) -> Iterator[Fault]:
    where = f"{contrast.treated} against {contrast.against}, {contrast.measure}, {contrast.at.words}:"
    for what, arithmetic in [*_interval(contrast), *_from_arms(study, contrast)]:
        yield Fault(study.key, f"{where} {what}", arithmetic)


def _interval(contrast: Contrast) -> Iterator[tuple[str, str]]:
    low, high, value = contrast.low, contrast.high, contrast.value
    if contrast.scale.ratio and min(x for x in (value, low, high) if x is not None) <= 0:
        yield "a ratio is positive.", f"{value:g} ({low} to {high})"
        return
    if low is None or high is None:
        return
    if not low <= value <= high:
        yield "the value lies outside its interval.", f"{value:g} is not within {low:g} to {high:g}"
    if contrast.se is not None:
        implied = se_of_ratio(low, high) if contrast.scale.ratio else se_of_interval(low, high)
        if not 0.8 <= implied / contrast.se <= 1.2:  # t and rounding move it a little, a misprint moves it far
            yield "the SE does not follow from the interval.", f"{implied:.3f} against {contrast.se:g}"


def _from_arms(study: Study, contrast: Contrast) -> Iterator[tuple[str, str]]:
    """An unadjusted contrast of changes is the difference of the two arms' changes."""
    if contrast.how != UNADJUSTED:
        return
    found = [_change_of(study, arm, contrast) for arm in (contrast.treated, contrast.against)]
    if found[0] is None or found[1] is None:
        return
    value, se = difference(found[0], found[1])
    if abs(value - contrast.value) > 0.0151:
        sums = f"{found[0].mean:g} - {found[1].mean:g} = {value:.2f}"
        yield "the contrast is not the difference of the changes.", f"{sums}, printed {contrast.value:g}"
    if contrast.se is not None and abs(se - contrast.se) > 0.0151:
        yield "the SE does not follow from the SDs of change.", f"{se:.3f}, printed {contrast.se:g}"


def _change_of(study: Study, arm: str, contrast: Contrast) -> Spread | None:
    wanted = (arm, contrast.measure, contrast.at)
    for mean in (e for e in study.effects if isinstance(e, Mean) and (e.arm, e.measure, e.at) == wanted):
        if mean.change is not None and mean.change_sd is not None and mean.changed:
            return Spread(mean.change, mean.change_sd, mean.changed)
    return None
