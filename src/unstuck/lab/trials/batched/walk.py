"""Everybody in lockstep: each turn every person does the step that comes first, whatever it is.

The second spelling of `reference.walk`. Inside a dosing visit nothing is simulated: no reading, no side effect and no
going home changes what is due or what is scored. What could, is refused by name in `refusals`.
"""

from __future__ import annotations

import math

import numpy as np

from unstuck.core.conditions import facts_of
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.participant import STATED
from unstuck.core.protocol import (
    Assess,
    Consent,
    Dose,
    Expose,
    Gate,
    Integrate,
    Limit,
    Otherwise,
    Prepare,
    Protocol,
    Step,
    gates_of,
    kind_of,
)
from unstuck.lab.patients.leaving import Leaver, leaving_chances
from unstuck.lab.patients.living import Dosed, Held
from unstuck.lab.trials.batched.asking import Turn, amounts, find_out, introduce, prepare_visit, rate, weigh
from unstuck.lab.trials.batched.chances import DAY_MIN, Chances, next_chances, protocol_steps
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints, uniforms
from unstuck.lab.trials.batched.minds import MindCrowd
from unstuck.lab.trials.batched.people import SCORED, Crowd
from unstuck.lab.trials.batched.rules import DISSOCIATION, RATED, judge, moment
from unstuck.lab.trials.batched.state import NEVER, Series, State, state_of
from unstuck.lab.trials.sessions import LEAVES_ANYWAY, LOOKS_AGAIN, STAY_MIN

HORIZON_MIN = 400 * DAY_MIN
PAUSE_MIN = 5


class Lockstep:
    """One run of a protocol arm over a crowd."""

    def __init__(
        self, protocol: Protocol, arm: str | None, crowd: Crowd | MindCrowd, instruments: dict[str, Instrument],
        leaver: Leaver | None = None, errors: dict[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.protocol, self.arm, self.instruments, self.leaver = protocol, arm, instruments, leaver
        self.errors = errors or {}
        self.stays = False  # whether nobody leaves, for what is true without leaving
        self.steps = protocol_steps(protocol, arm)
        self.state = state_of(protocol, crowd)
        self.went_home = _home_min(protocol)
        introduce(self.state)

    def run(self) -> State:
        """Everybody's course, from enrolment to its end."""
        state = self.state
        while state.alive.any():
            chances = next_chances(state, self.steps)
            over = state.alive & (chances.at > HORIZON_MIN)
            gone = state.alive & ~over & (state.leaves_at <= chances.at)
            state.left |= gone
            state.alive &= ~over & ~gone
            self._turn(chances)
        return state

    def _turn(self, chances: Chances) -> None:
        state = self.state
        state.now = np.where(state.alive, np.maximum(state.now, chances.at), state.now)
        for place in np.unique(chances.place[state.alive]):
            who = np.flatnonzero(state.alive & (chances.place == place))
            step = self.protocol.steps[place]
            self._attempt(step, Turn(who, chances.occurrence[who], chances.at[who], chances.closes[who]))

    def _attempt(self, step: Step, turn: Turn) -> None:
        """Does the occurrence, or puts it off, or writes it off."""
        late = turn.at >= turn.closes
        self._write_off(step, turn.of(late))
        turn = turn.of(~late)
        silent = self._unanswered(step, turn)
        waits = turn.of(silent)
        self.state.steps[step.key].not_before[waits.who, waits.number - 1] = waits.closes + DAY_MIN
        turn = turn.of(~silent)
        if not len(turn.who):
            return
        gates = gates_of(self.protocol, step)
        if gates or isinstance(step.activity, Dose):
            self._prepare(step, turn, gates)
        moments = self._moments(step, turn)
        opens = self._judge(step, turn, moments, gates)
        done = turn.of(opens).at_moments(moments[opens])
        if len(done.who):
            self._do(step, done)

    def _moments(self, step: Step, turn: Turn) -> Ints:
        """A dose begins a few minutes after the readings before it, where the window leaves them."""
        later = turn.at + PAUSE_MIN
        return np.where(later < turn.closes, later, turn.at) if isinstance(step.activity, Dose) else turn.at

    def _unanswered(self, step: Step, turn: Turn) -> Bools:
        activity = step.activity
        if not isinstance(activity, Assess) or activity.by != "patient" or activity.readings:
            return np.zeros(len(turn.who), dtype=bool)
        luck = self._luck(f"unanswered {step.key}", turn)
        return (self.state.doses.count[turn.who] > 0) & (luck < self.state.crowd.frame.figures.unanswered)

    def _luck(self, purpose: str, turn: Turn) -> Floats:
        group = self.state.crowd.group
        return uniforms(group.seed, group.numbers[turn.who], purpose, 1, turn.number)[:, 0]

    def _prepare(self, step: Step, turn: Turn, gates: tuple[Gate, ...]) -> None:
        wanted = list(dict.fromkeys(fact for gate in gates for fact in facts_of(gate.rule)))
        if set(wanted) & self._asked_at_leaving():
            self._refuse_soon(step, turn)
        find_out(self.state, self.instruments, self.errors, step, turn, wanted)

    def _asked_at_leaving(self) -> set[str]:
        plan = self.protocol.monitoring
        leaving = facts_of(plan.discharge) if plan and plan.discharge else ()
        return {fact for fact in leaving if fact in STATED or fact in (RATED, DISSOCIATION)}

    def _refuse_soon(self, step: Step, turn: Turn) -> None:
        """What is asked at leaving is not simulated; it must be too old to matter."""
        doses = self.state.doses
        given = doses.count[turn.who] > 0
        last = doses.at[turn.who, np.maximum(doses.count[turn.who] - 1, 0)]
        if (given & (turn.at - last < self.went_home + 720)).any():
            raise Complaint(
                f"The batched simulator lacks what {self.protocol.key} asks for: “{step.title}” within half a day "
                "after leaving, where answers given at leaving still count.",
                mend="Simulate it with the reference simulator.",
            )

    def _judge(self, step: Step, turn: Turn, moments: Ints, gates: tuple[Gate, ...]) -> Bools:
        """Who may do it now; the others are stopped, put off or written off."""
        state, when = self.state, moment(turn.who, moments)
        held, skip = self._ordered(step, turn), np.zeros(len(turn.who), dtype=bool)
        if step.when is not None:
            unmet = judge(step.when, state, when) != 1
            held, skip = held & ~unmet, skip | unmet
        for limit in self.protocol.limits:
            if limit.kind == kind_of(step.activity):
                held &= self._below(limit, turn.who, moments)
        stop = np.zeros(len(turn.who), dtype=bool)
        for gate in gates:
            truth = judge(gate.rule, state, when)
            held &= truth == 1
            skip |= (truth != 1) & (gate.otherwise is Otherwise.SKIP)
            stop |= (truth == -1) & (gate.otherwise is Otherwise.STOP)
        self._closed(step, turn.of(~held), stop[~held], skip[~held])
        return held

    def _ordered(self, step: Step, turn: Turn) -> Bools:
        state, mine = self.state, self.state.steps[step.key]
        fine = np.ones(len(turn.who), dtype=bool)
        for need in step.needs:
            fine &= (state.steps[need].done[turn.who] != NEVER).any(axis=1) if need in state.steps else False
        if step.times is None:
            return np.asarray(fine & (state.doses.count[turn.who] >= turn.number))
        return np.asarray(fine & ((turn.number == 1) | mine.settled[turn.who, np.maximum(turn.number - 2, 0)]))

    def _below(self, limit: Limit, who: Ints, moments: Ints) -> Bools:
        state = self.state
        happened = state.doses if limit.kind == "dose" else state.held.get(limit.kind, Series.empty(state.size))
        near = np.abs(happened.at[who] - moments[:, None]) < limit.per.minutes
        return np.asarray(near.sum(axis=1) < limit.most)

    def _closed(self, step: Step, turn: Turn, stop: Bools, skip: Bools) -> None:
        """A rule keeps the step closed: stop or skip where it says so, else try again tomorrow while there is time."""
        state = self.state
        state.stopped[turn.who[stop]] = True
        state.alive[turn.who[stop]] = False
        again = ~stop & ~skip & (turn.at + DAY_MIN < turn.closes)
        waits = turn.of(again)
        state.steps[step.key].not_before[waits.who, waits.number - 1] = waits.at + DAY_MIN
        self._write_off(step, turn.of(~stop & ~again))

    def _write_off(self, step: Step, turn: Turn) -> None:
        mine = self.state.steps[step.key]
        if step.optional:
            mine.given_up[turn.who, turn.number - 1] = True
        else:
            mine.skipped[turn.who, turn.number - 1] = np.maximum(self.state.now[turn.who], turn.at)

    def _do(self, step: Step, turn: Turn) -> None:
        state, activity = self.state, step.activity
        if isinstance(activity, Assess):
            turn = self._who_stays(step, activity, turn)
        state.now[turn.who] = np.maximum(state.now[turn.who], turn.at)
        state.steps[step.key].done[turn.who, turn.number - 1] = turn.at
        state.count(f"done.{step.key}", turn.who, turn.at)
        match activity:
            case Consent():
                value, at = state.fact("consent")
                value[turn.who], at[turn.who] = 1.0, turn.at
            case Assess():
                self._assess(step, activity, turn)
            case Dose():
                state.doses.add(turn.who, turn.at, turn.number.astype(float))
                state.count("doses", turn.who, turn.at)
                self._dosed(activity, turn)
            case _:
                self._hold(step, turn)

    def _hold(self, step: Step, turn: Turn) -> None:
        state, kind = self.state, kind_of(step.activity)
        state.held.setdefault(kind, Series.empty(state.size)).add(turn.who, turn.at, turn.number.astype(float))
        match step.activity:
            case Expose(therapy):
                state.therapies.add(turn.who, turn.at, turn.number.astype(float))
                state.count("therapy_sessions", turn.who, turn.at)
                self._treated(turn, Held(therapy))
                self._may_leave_therapy(turn)
            case Prepare():
                state.count("preparations", turn.who, turn.at)
            case Integrate():
                state.count("integrations", turn.who, turn.at)

    def _dosed(self, activity: Dose, turn: Turn) -> None:
        """The dose, with everybody's amount where it matters to them."""
        regimen = self.protocol.regimen(activity.regimen, self.arm)
        mg = amounts(regimen, self.state.weighed[turn.who]) if self.state.crowd.needs_amounts else None
        self._treated(turn, Dosed(regimen.drug, regimen.route.value, 0.0, regimen.minutes), mg)

    def _may_leave_therapy(self, turn: Turn) -> None:
        """Who has decided to come to no further session leaves the next day."""
        state = self.state
        if not self.stays:
            gone = turn.of(state.crowd.left_therapy(turn.who, turn.at / DAY_MIN))
            state.leaves_at[gone.who] = np.minimum(state.leaves_at[gone.who], gone.at + DAY_MIN)

    def _treated(self, turn: Turn, what: Dosed | Held, mg: Floats | None = None) -> None:
        """From the first treatment on, the day of leaving is fixed; most never reach it."""
        state, crowd = self.state, self.state.crowd
        crowd.treated(turn.who, turn.at / DAY_MIN, what, mg)
        if self.leaver is not None or self.stays:
            return
        fresh = turn.of(crowd.count[turn.who] == 1)
        after = crowd.leaves_after(fresh.who)
        finite = after < HORIZON_MIN / DAY_MIN
        state.leaves_at[fresh.who[finite]] = fresh.at[finite] + np.rint(after[finite] * DAY_MIN).astype(np.int64)

    def _assess(self, step: Step, activity: Assess, turn: Turn) -> None:
        state = self.state
        for name in activity.instruments:
            family = self.instruments[name].family
            if family in SCORED:
                state.series(name).add(turn.who, turn.at, state.crowd.total(name, family, turn.who, turn.at))
            elif name in ("cssrs_screen", "cadss"):
                rate(state, self.instruments[name], turn)
        if activity.readings:
            prepare_visit(state, step, turn)
            weigh(state, step, turn, activity.readings, self.errors)
        self._leave_after(step, activity, turn)

    def _who_stays(self, step: Step, activity: Assess, turn: Turn) -> Turn:
        """Under MNAR somebody may leave instead of being measured, by how they truly are."""
        rule = self.leaver
        if rule is None or rule.seen or self.stays or rule.instrument not in activity.instruments:
            return turn
        family = self.instruments[rule.instrument].family
        level = self.state.crowd.true_total(family, turn.who, turn.at / DAY_MIN)
        leaves = self._leaves(rule, step, turn, level)
        self.state.left[turn.who[leaves]] = True
        self.state.alive[turn.who[leaves]] = False
        return turn.of(~leaves)

    def _leave_after(self, step: Step, activity: Assess, turn: Turn) -> None:
        """Under MAR somebody may leave after being measured, by what was seen."""
        rule = self.leaver
        if (
            rule is None
            or not rule.seen
            or self.stays
            or rule.instrument not in activity.instruments
            or not len(turn.who)
        ):
            return
        series = self.state.series(rule.instrument)
        level = series.value[turn.who, series.count[turn.who] - 1]
        leaves = self._leaves(rule, step, turn, level)
        self.state.leaves_at[turn.who[leaves]] = turn.at[leaves] + 1

    def _leaves(self, rule: Leaver, step: Step, turn: Turn, level: Floats) -> Bools:
        began = self.state.crowd.count[turn.who] > 0
        return began & (self._luck(f"leaves {step.key}", turn) < leaving_chances(rule, level))


def _home_min(protocol: Protocol) -> int:
    """The latest minute after the start of a dose at which somebody is asked whether they may leave."""
    plan = protocol.monitoring
    stay = plan.stay_min if plan and plan.stay_min is not None else STAY_MIN
    longest = max((r.minutes or 0.0 for r in protocol.regimens), default=0.0)
    return math.ceil(longest + stay + (LEAVES_ANYWAY + LOOKS_AGAIN).total_seconds() / 60)
