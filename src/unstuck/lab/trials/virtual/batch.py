"""The batched trial: all people of many replicates through the batched simulator, an arm at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_all
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints
from unstuck.lab.trials.batched.mind_refusals import therapy_of
from unstuck.lab.trials.batched.minds import MindCrowd, MindGroup
from unstuck.lab.trials.batched.people import Crowd, Group, crowd_of
from unstuck.lab.trials.batched.state import FAR, State
from unstuck.lab.trials.batched.walk import Lockstep
from unstuck.lab.trials.virtual.happenings import Surroundings, left_after, many_happenings, top_of
from unstuck.lab.trials.virtual.job import Setting
from unstuck.lab.trials.virtual.many import Members, many_members
from unstuck.lab.trials.virtual.table import TrialTable, many_at_visits
from unstuck.lab.trials.virtual.truths import TrueState
from unstuck.lab.trials.virtual.worlds import Inhabitants, minds_of


@cache
def _instruments() -> dict[str, Instrument]:
    return load_all()


def many_tables(setting: Setting, truths: list[TrueState], seed: int, first: int) -> TrialTable:
    """The replicates from `first` on, one truth each."""
    members = many_members(setting, truths, seed, first)
    table = _empty(setting, members)
    for place in range(len(setting.arms)):
        among = members.arm == place
        if among.any():
            _fill(table, among, setting, _walked(setting, place, members, truths, seed))
    return _with_events(setting, seed, table, members.number)


def _with_events(setting: Setting, seed: int, table: TrialTable, number: Ints) -> TrialTable:
    """The table after the events that the design adds."""
    if not setting.design.events:
        return table
    here = left_after(table.left | table.stopped, table.scores)
    around = Surroundings(seed, setting.mean_baseline, top_of(setting.design.outcome))
    scores, happened = many_happenings(setting.design.events, around, number, table.base, table.scores, here)
    return replace(table, scores=scores, happened=happened)


def _walked(setting: Setting, place: int, members: Members, truths: list[TrueState], seed: int) -> State:
    among = members.arm == place
    which = np.broadcast_to(np.arange(len(truths))[:, None], among.shape)[among]
    if setting.design.mechanistic:
        numbers, place = members.number[among], setting.treated_as(place, truths[0].as_control)
        worlds = tuple(truth.world for truth in truths if truth.world is not None)
        people = Inhabitants(seed, numbers, worlds, which, members.veteran[among])
        return walked(setting, place, mind_crowd(setting, place, people, members.shift[among]))
    effects = tuple(truth.effects[place] for truth in truths)
    group = Group(seed, members.number[among], effects, which, members.shift[among])
    return walked(setting, place, crowd_of(setting.frame, group))


def mind_crowd(
    setting: Setting, place: int, people: Inhabitants, shift: Floats, leaves: bool = True
) -> MindCrowd:  # fmt: skip
    """Mechanistic people about to enter that arm."""
    group = MindGroup(people.seed, people.numbers, minds_of(setting.design, people), shift)
    return MindCrowd(setting.frame, group, therapy_of(setting.arms[place].protocol), leaves)


def walked(setting: Setting, place: int, crowd: Crowd | MindCrowd, leaves: bool = True) -> State:
    """A crowd's courses in that arm; without `leaves` nobody leaves the study."""
    arm = setting.arms[place]
    run = Lockstep(arm.protocol, arm.protocol_arm, crowd, _instruments(), setting.leaver)
    run.stays = not leaves
    return run.run()


def table_of(setting: Setting, place: int, state: State, seed: int) -> TrialTable:
    """The courses of a crowd that is all of one arm, as one replicate."""
    crowd = state.crowd
    none, zeros = np.zeros((1, state.size), dtype=np.int64), np.zeros((1, state.size))
    number, arm, no = crowd.group.numbers[None], np.full((1, state.size), place), none.astype(bool)
    members = Members(number, crowd.veteran[None], none, none, arm, no, zeros, zeros)
    table = _empty(setting, members)
    _fill(table, ~no, setting, state)
    return _with_events(setting, seed, table, number)


def _empty(setting: Setting, members: Members) -> TrialTable:
    shape = members.arm.shape
    return TrialTable(
        arm=members.arm,
        veteran=members.veteran,
        site=members.site,
        therapist=members.therapist,
        believes=members.believes,
        enrolled_day=members.enrolled_day,
        started=np.zeros(shape, dtype=bool),
        left=np.zeros(shape, dtype=bool),
        base=np.full(shape, np.nan),
        scores=np.full((*shape, len(setting.design.visits)), np.nan),
        doses=np.zeros(shape, dtype=np.int64),
        sessions=np.zeros(shape, dtype=np.int64),
        measured=np.zeros(shape, dtype=np.int64),
        stopped=np.zeros(shape, dtype=bool),
        happened=np.zeros((*shape, 0), dtype=np.int64),
    )


def _fill(table: TrialTable, among: Bools, setting: Setting, state: State) -> None:
    start = first_treatment(state)
    started = start != FAR
    series = state.series(setting.design.outcome)
    table.started[among], table.left[among], table.stopped[among] = started, state.left, state.stopped
    table.doses[among], table.sessions[among] = state.doses.count, state.therapies.count
    table.measured[among] = series.count
    table.base[among] = np.where(started, baseline_of(series.at, series.value, start), np.nan)
    later = (series.at != FAR) & (series.at > start[:, None])
    minutes = np.where(later, series.at - start[:, None], np.nan)
    table.scores[among] = many_at_visits(setting.design.visits, minutes, series.value)


def first_treatment(state: State) -> Ints:
    """Minute of the first dose or therapy session; FAR where there was none."""
    return np.asarray(np.minimum(state.doses.at.min(axis=1), state.therapies.at.min(axis=1)))


def baseline_of(at: Ints, value: Floats, start: Ints) -> Floats:
    """The last score at or before the first treatment."""
    before = (at != FAR) & (at <= start[:, None])
    last = np.where(before, np.arange(at.shape[1]), -1).max(axis=1)
    return np.where(last >= 0, value[np.arange(len(last)), np.maximum(last, 0)], np.nan)
