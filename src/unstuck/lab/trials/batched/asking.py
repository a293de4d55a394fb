"""What is found out before a gate, for many people: the second spelling of `trials.facts`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unstuck.core.dosing import planned_dose
from unstuck.core.instrument import Instrument
from unstuck.core.participant import STATED
from unstuck.core.protocol import Dose, Regimen, Step
from unstuck.lab.patients.vitals import BOUNDS, ERRORS, READINGS
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints, normals, uniforms
from unstuck.lab.trials.batched.state import NEVER, State, risk_of
from unstuck.lab.trials.facts import CHANGING, DAILY, TRUE

FRESH_MIN = 720
RATED = "cssrs_screen.risk"


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is at which occurrence of a step, when, and when its window closes."""

    who: Ints
    number: Ints
    at: Ints
    closes: Ints

    def of(self, some: Bools) -> Turn:
        """The same for some of them."""
        return Turn(self.who[some], self.number[some], self.at[some], self.closes[some])

    def at_moments(self, at: Ints) -> Turn:
        """The same at other minutes."""
        return Turn(self.who, self.number, at, self.closes)


def introduce(state: State) -> None:
    """What is stated of everybody at enrolment."""
    who, now = np.arange(state.size), np.zeros(state.size, dtype=np.int64)
    for fact in ("person.age_years", "person.sex", "person.veteran", "person.pregnancy_possible"):
        _state(state, fact, who, now)


def find_out(
    state: State, instruments: Mapping[str, Instrument], errors: Mapping[str, float], step: Step, turn: Turn,
    wanted: Sequence[str],
) -> None:  # fmt: skip
    """States facts, takes readings and rates what the step's gates rest on. Readings hold for this turn alone."""
    prepare_visit(state, step, turn)
    visit = state.steps[step.key].visit[turn.who, turn.number - 1]
    for fact in wanted:
        if fact in READINGS:
            state.read[fact] = _reading(state, fact, turn, visit, errors)
        elif fact in STATED:
            _state(state, fact, turn.who, turn.at)
    weigh(state, step, turn, (*wanted, *_planned(state, step)), errors)
    for name in dict.fromkeys(fact.split(".")[0] for fact in wanted):
        if name in DAILY and isinstance(step.activity, Dose):
            stale = turn.at - state.last_rated(name)[turn.who] >= FRESH_MIN
            rate(state, instruments[name], turn.of(stale))


def _planned(state: State, step: Step) -> list[str]:
    """Readings that monitoring asks for before a dose."""
    plan = state.protocol.monitoring if isinstance(step.activity, Dose) else None
    return [name for row in (plan.readings if plan else ()) if row.phase == "before" for name in row.readings]


def weigh(state: State, step: Step, turn: Turn, names: Sequence[str], errors: Mapping[str, float]) -> None:
    """The weight, where it is among the readings and amounts matter to the people."""
    if state.crowd.needs_amounts and "weight_kg" in names and len(turn.who):
        visit = state.steps[step.key].visit[turn.who, turn.number - 1]
        state.weighed[turn.who] = _reading(state, "weight_kg", turn, visit, errors)


def amounts(regimen: Regimen, weighed: Floats) -> Floats:
    """The mg that the regimen means at each weight, cut down to a tenth, as `sessions.give` has it."""
    known, place = np.unique(weighed, return_inverse=True)
    mg = [planned_dose(regimen, None if np.isnan(w) else float(w)).mg for w in known]
    return np.array([math.floor(m * 10) / 10 for m in mg])[place]


def prepare_visit(state: State, step: Step, turn: Turn) -> None:
    """Fixes the number of the visit when it is first asked for."""
    visit = state.steps[step.key].visit
    now = visit[turn.who, turn.number - 1]
    visit[turn.who, turn.number - 1] = np.where(now == 0, state.doses.count[turn.who] + 1, now)


def rate(state: State, instrument: Instrument, turn: Turn) -> None:
    """Suicide risk or dissociation is rated; how strong dissociation is stays unknown here."""
    state.last_rated(instrument.key)[turn.who] = turn.at
    if instrument.key == "cssrs_screen":
        value, at = state.fact(RATED)
        value[turn.who], at[turn.who] = risk_of(state, instrument, turn.who, turn.at), turn.at


def _state(state: State, fact: str, who: Ints, at: Ints) -> None:
    """States a fact about the person or the room, unless it was stated lately."""
    value, last = state.fact(fact)
    known = last[who] != NEVER
    again = ~known | (at - last[who] >= FRESH_MIN) if fact in CHANGING else ~known
    some, when = who[again], at[again]
    value[some], last[some] = _person_fact(state, fact, some, when), when


def _person_fact(state: State, fact: str, who: Ints, at: Ints) -> Floats:
    crowd, body = state.crowd, state.crowd.body
    known = {
        "person.age_years": body.age,
        "person.sex": body.female,
        "person.veteran": body.veteran,
        "person.pregnancy_possible": body.female & (body.age < 50),
    }
    if fact == "person.escort_reachable":
        hour = np.rint(at / 1440 * 24).astype(np.int64)
        luck = uniforms(crowd.group.seed, crowd.group.numbers[who], "escort", 1, hour)[:, 0]
        return (luck >= crowd.frame.figures.no_escort).astype(float)
    return known[fact][who].astype(float) if fact in known else np.full(len(who), float(fact in TRUE))


def _reading(state: State, name: str, turn: Turn, visit: Ints, errors: Mapping[str, float]) -> Floats:
    """The reading ten minutes before a dose: the day's level and the reading's own error, no drug yet."""
    group = state.crowd.group
    level = _rest(state, name, turn, visit)
    luck = np.empty(len(turn.who))
    for number in np.unique(visit):
        here = visit == number
        who = group.numbers[turn.who[here]]
        luck[here] = normals(group.seed, who, f"reading {name} {number}", 1, turn.at[here])[:, 0]
    low, high = BOUNDS[name]
    value = np.clip(level + errors.get(name, ERRORS[name]) * luck, low, high)
    return np.round(value, 1) if name == "weight_kg" else np.rint(value)


def _rest(state: State, name: str, turn: Turn, visit: Ints) -> Floats:
    """The level of that day: pressure is high or low in both values together."""
    crowd, figures = state.crowd, state.crowd.frame.figures
    z = normals(crowd.group.seed, crowd.group.numbers[turn.who], "visit", 3, visit)
    rest = crowd.body.rest[turn.who]
    levels = {
        "systolic_mmhg": rest[:, 0] + figures.systolic_within * z[:, 0],
        "diastolic_mmhg": rest[:, 1] + figures.diastolic_within * z[:, 0],
        "pulse_per_min": rest[:, 2] + 4 * z[:, 1],
        "spo2_percent": np.full(len(visit), figures.spo2_rest),
        "resp_per_min": np.full(len(visit), figures.breaths_rest),
        "weight_kg": crowd.body.weight[turn.who] + 0.4 * z[:, 2],
    }
    return levels[name]
