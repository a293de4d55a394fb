"""Which occurrence of which step comes next for everybody: the second spelling of windows, anchors and lateness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unstuck.core.protocol import (
    AfterDose,
    AfterEachDose,
    AfterEnrolment,
    AfterStep,
    AfterTherapy,
    Consent,
    Dose,
    Protocol,
    Step,
)
from unstuck.core.time import Unit, Window
from unstuck.lab.trials.batched.draws import Bools, Ints, uniforms
from unstuck.lab.trials.batched.rules import judge, moment
from unstuck.lab.trials.batched.state import FAR, NEVER, Occurrences, Series, State

DAY_MIN = 1440
CLOCK_MIN = 540  # every course begins at nine


@dataclass
class Chances:
    """For each person the step that comes first: when, which, which time, and when its window is over."""

    at: Ints
    place: Ints
    occurrence: Ints
    closes: Ints


def next_chances(state: State, steps: list[Step]) -> Chances:
    """The first chance of each person; `at` is FAR where nothing more is planned."""
    size = state.size
    best = Chances(np.full(size, FAR), np.full(size, -1), np.zeros(size, dtype=np.int64), np.full(size, FAR))
    coming = _coming_doses(state)
    for place, step in enumerate(state.protocol.steps):
        if step not in steps:
            continue
        for occurrence, among in _open(state, step):
            at, closes = _chance(state, step, occurrence, among, coming)
            sooner = at < best.at
            best.at = np.where(sooner, at, best.at)
            best.place = np.where(sooner, place, best.place)
            best.occurrence = np.where(sooner, occurrence, best.occurrence)
            best.closes = np.where(sooner, closes, best.closes)
    return best


def _open(state: State, step: Step) -> list[tuple[Ints, Bools]]:
    """Occurrences that may be next: the first open one of each person, or after each dose every open one."""
    mine = state.steps[step.key]
    free = ~mine.settled & ~mine.given_up & state.alive[:, None]
    if isinstance(step.after, AfterEachDose):
        given = state.doses.count
        each = [(n, np.asarray(free[:, n - 1] & (given >= n))) for n in range(1, free.shape[1] + 1)]
        return [(np.full(state.size, n), among) for n, among in each if among.any()]
    first = np.where(free.any(axis=1), free.argmax(axis=1), 0) + 1
    return [(first, np.asarray(free.any(axis=1)))] if free.any() else []


def _chance(state: State, step: Step, occurrence: Ints, among: Bools, coming: Ints) -> tuple[Ints, Ints]:
    """When that occurrence would be done and when its window closes; FAR where it cannot be yet."""
    who = np.flatnonzero(among)
    number = occurrence[who]
    anchor = _anchor(state, step, number, who, coming)
    who, number, anchor = (array[anchor != NEVER] for array in (who, number, anchor))
    at, closes = np.full(state.size, FAR), np.full(state.size, FAR)
    if not len(who):
        return at, closes
    on_time, last = _window(step, number, anchor)
    again = state.steps[step.key].not_before[who, number - 1]
    moments = np.where(again != NEVER, again, _late(state, step, number, who, on_time, last))
    moments = np.maximum(moments, state.now[who])
    if step.when is not None:
        holds = (moments < last) & (judge(step.when, state, moment(who, moments)) == 1)
        who, moments, last = who[holds], moments[holds], last[holds]
    at[who], closes[who] = moments, last
    return at, closes


def _anchor(state: State, step: Step, number: Ints, who: Ints, coming: Ints) -> Ints:
    """What the window counts from, where it has happened; NEVER elsewhere."""
    first = _first_anchor(state, step, number, who, coming)
    if step.repeat is None:
        return first
    return np.where(number > 1, _settled_at(state.steps[step.key], who, np.maximum(number - 2, 0)), first)


def _first_anchor(state: State, step: Step, number: Ints, who: Ints, coming: Ints) -> Ints:
    match step.after:
        case AfterEnrolment():
            return np.zeros(len(who), dtype=np.int64)
        case AfterStep(key, nth):
            if key not in state.steps or nth > state.steps[key].done.shape[1]:
                return np.full(len(who), NEVER)
            return _settled_at(state.steps[key], who, np.full(len(who), nth - 1))
        case AfterDose(0):
            return np.where(coming[who] == 0, _nth(state.doses, who, state.doses.count[who]), NEVER)
        case AfterDose(nth):
            return _nth(state.doses, who, np.full(len(who), nth))
        case AfterEachDose():
            return _nth(state.doses, who, number)
        case AfterTherapy(nth):
            return _nth(state.therapies, who, np.full(len(who), nth))
        case _:
            raise AssertionError("refused before anybody is simulated")


def _settled_at(step: Occurrences, who: Ints, place: Ints) -> Ints:
    skipped = step.skipped[who, place]
    return np.where(skipped != NEVER, skipped, step.done[who, place])


def _nth(series: Series, who: Ints, number: Ints) -> Ints:
    """When the n-th happened, NEVER where it has not."""
    there = (number >= 1) & (number <= series.count[who])
    return np.where(there, series.at[who, np.where(there, number - 1, 0)], NEVER)


def _coming_doses(state: State) -> Ints:
    """How many unconditional doses are still to come; one that was given up counts, for it is not settled."""
    coming = np.zeros(state.size, dtype=np.int64)
    for step in state.protocol.steps:
        if isinstance(step.activity, Dose) and step.when is None:
            coming += (~state.steps[step.key].settled).sum(axis=1)
    return coming


def _window(step: Step, number: Ints, anchor: Ints) -> tuple[Ints, Ints]:
    """The moment on target, not before the window opens; and the end of the window."""
    on_time, last = _moments(step.window, anchor)
    if step.repeat is None:
        return on_time, last
    repeated, end = _moments(step.repeat.every, anchor)
    return np.where(number > 1, repeated, on_time), np.where(number > 1, end, last)


def _moments(window: Window, anchor: Ints) -> tuple[Ints, Ints]:
    opens, closes = anchor + window.min.minutes, anchor + window.max.minutes
    if window.min.unit is Unit.DAYS:
        opens = _midnight(opens)
    if window.max.unit is Unit.DAYS:
        closes = _midnight(closes) + DAY_MIN
    return np.maximum(anchor + window.target.minutes, opens), closes


def _midnight(at: Ints) -> Ints:
    return (at + CLOCK_MIN) // DAY_MIN * DAY_MIN - CLOCK_MIN


def _late(state: State, step: Step, number: Ints, who: Ints, on_time: Ints, last: Ints) -> Ints:
    """A few visits slip by a day where the window allows it."""
    crowd = state.crowd
    if isinstance(step.activity, Consent):
        return on_time
    luck = uniforms(crowd.group.seed, crowd.group.numbers[who], f"late {step.key}", 1, number)[:, 0]
    slips = (luck < crowd.frame.figures.late_visit) & (on_time + DAY_MIN < last)
    return np.where(slips, on_time + DAY_MIN, on_time)


def protocol_steps(protocol: Protocol, arm: str | None) -> list[Step]:
    """The steps that are held in that arm: a dose without a stated amount is left out."""
    return [step for step in protocol.steps if not _is_silent(protocol, step, arm)]


def _is_silent(protocol: Protocol, step: Step, arm: str | None) -> bool:
    return isinstance(step.activity, Dose) and protocol.regimen(step.activity.regimen, arm).amount is None
