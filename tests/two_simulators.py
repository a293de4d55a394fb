"""Runs one protocol arm through both simulators and says where their people differ."""

from dataclasses import replace
from datetime import UTC, timedelta
from functools import cache

import numpy as np
from hypothesis import strategies as st

from tests import strategies as made
from unstuck.core import protocol as pr
from unstuck.core.conditions import All, Any, AtLeast, AtMost, FallAtLeast, Is, Not, RiseAtMost, Since, Within
from unstuck.core.instrument_file import load_all
from unstuck.core.time import Span, Unit
from unstuck.lab.patients.calibration import effect_of
from unstuck.lab.patients.descriptive import Frame, Patient, person_of
from unstuck.lab.patients.felt import Acute
from unstuck.lab.patients.population import load_population
from unstuck.lab.patients.studies import find_arm, load_studies
from unstuck.lab.trials.batched.people import Group, crowd_of
from unstuck.lab.trials.batched.state import FAR, NEVER
from unstuck.lab.trials.batched.walk import Lockstep
from unstuck.lab.trials.desk import Desk
from unstuck.lab.trials.job import FIRST_DAY
from unstuck.lab.trials.reference import walk

INSTRUMENTS = load_all()
FRAME = Frame.of(load_population())


@cache
def effect(name="feder_2021:ketamine"):
    """The calibrated effect of a study's arm."""
    return effect_of(find_arm(load_studies(), name), FRAME.figures)


def differences(protocol, arm, people=2, seed=7, leaver=None, shift=0.05, acts=None):
    """What differs between the two simulators' people: empty where they agree on every time, score and ending."""
    acts = acts or effect()
    numbers = np.arange(people)
    group = Group(seed, numbers, (acts,), np.zeros(people, dtype=np.int64), np.full(people, shift))
    state = Lockstep(protocol, arm, crowd_of(FRAME, group), INSTRUMENTS, leaver).run()
    found = []
    for number in range(people):
        patient = Patient(FRAME, seed, person_of(FRAME, seed, number), acts, shift)
        desk = Desk(protocol, patient, INSTRUMENTS, "x", FIRST_DAY, UTC, True, Acute.SPREAD, leaver)
        course = walk(desk, arm).course
        mine, theirs = _of_course(course), _of_state(state, number)
        found += [f"{number}: {name} {mine[name]} != {theirs[name]}" for name in mine if mine[name] != theirs[name]]
    return found


def _minutes(at):
    return int((at - FIRST_DAY) / timedelta(minutes=1))


def _of_course(course):
    scores = {}
    for event in course.assessments:
        if INSTRUMENTS[event.what.instrument].family in ("pcl5", "caps5"):
            value = dict(event.what.scores)["total"]
            scores.setdefault(event.what.instrument, []).append((_minutes(event.observed_at), value))
    return {
        "done": {key: _minutes(at) for key, at in course.done.items()},
        "skipped": {key: _minutes(event.observed_at) for key, event in course.skipped.items()},
        "scores": scores,
        "completed": course.ended.what.ending.value == "completed",
    }


def _of_state(state, number):
    done, skipped = {}, {}
    for key, step in state.steps.items():
        for times, target in ((step.done, done), (step.skipped, skipped)):
            target.update({(key, k + 1): int(at) for k, at in enumerate(times[number]) if at != NEVER})
    scores = {
        name: [(int(a), float(v)) for a, v in zip(s.at[number], s.value[number], strict=True) if a != FAR]
        for name, s in state.scores.items()
        if s.count[number]
    }
    completed = not state.left[number] and not state.stopped[number]
    return {"done": done, "skipped": skipped, "scores": scores, "completed": completed}


COUNTED = ("doses", "therapy_sessions", "preparations", "integrations", "done.step_0")
SCORED = ("pcl5_week.total", "caps5.total")
_changes = (st.sampled_from(SCORED), st.integers(-20, 40).map(float), st.sampled_from(Since), st.booleans())
on_scores = st.one_of(
    st.builds(AtMost, st.sampled_from(SCORED), st.integers(10, 60).map(float)),
    st.builds(AtLeast, st.sampled_from(COUNTED), st.integers(0, 3).map(float)),
    st.builds(FallAtLeast, *_changes),
    st.builds(RiseAtMost, *_changes),
)
on_the_day = st.one_of(
    st.builds(AtMost, st.just("systolic_mmhg"), st.integers(110, 160).map(float)),
    st.builds(AtLeast, st.just("days_since_last_dose"), st.integers(0, 5).map(float)),
    st.sampled_from([Is("person.escort_reachable", True), Is("consent", True), Is("person.veteran", False)]),
    st.just(AtLeast("cadss.total", 0.0)),
    st.sampled_from([Is("cssrs_screen.risk", "low"), Not(Is("cssrs_screen.risk", "high"))]),
)


def _grown(leaf, looks_back):
    def larger(inner):
        few = st.lists(inner, min_size=1, max_size=2).map(tuple)
        kinds = [few.map(All), few.map(Any), inner.map(Not)]
        spans = st.builds(Span, st.integers(1, 40), st.sampled_from(Unit))
        return st.one_of(*kinds, *([st.builds(Within, spans, inner)] if looks_back else []))

    return st.recursive(leaf, larger, max_leaves=3)


@st.composite
def walkable(draw):
    """A random protocol that the reference simulator can walk and whose rules the batched one mostly knows."""
    found = draw(made.protocols(most_steps=4))
    enough = {"amount": 20.0, "unit": pr.DoseUnit.MG, "cap_mg": None, "ceiling_mg_per_kg": None}
    regimens = tuple(r if r.amount is None else replace(r, **enough) for r in found.regimens)
    steps = tuple(replace(_measuring(s), when=draw(st.none() | _grown(on_scores, False))) for s in found.steps)
    rules = _grown(st.one_of(on_scores, on_the_day), True)
    gates = tuple(replace(g, rule=draw(rules)) for g in found.gates)
    return replace(found, steps=steps, regimens=regimens, gates=gates, monitoring=None)


def _measuring(step):
    """An assessment of nothing is never done; it measures the curve instead."""
    activity = step.activity
    if not isinstance(activity, pr.Assess):
        return step
    return replace(step, activity=replace(activity, instruments=activity.instruments or ("pcl5_week",)))
