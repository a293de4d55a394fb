"""People with timetables of their own: lived about once, they stand where a whole batch with the same plan stands."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unstuck.lab.patients.batch import Plan, simulate
from unstuck.lab.patients.drug import Given, usual_curve
from unstuck.lab.patients.ensemble import load_ensemble
from unstuck.lab.patients.minds import draw
from unstuck.lab.patients.own_days import Flock
from unstuck.lab.patients.therapies import load_therapy
from unstuck.lab.patients.timetable import Session

SEED, PEOPLE = 5, 6
few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
EVERYBODY = np.arange(PEOPLE)


def crowd(member):
    """A few people of a member of the ensemble."""
    return draw(load_ensemble().members[member], EVERYBODY.astype(np.uint64), SEED)


def lived(flock, days, kinds, curve):
    """The flock after those treatments, and the plan that they make; days rise."""
    therapy, sessions, doses = flock.therapy, [], []
    for day, kind in zip(days, kinds, strict=True):
        at_h = 24.0 * day + 9.0
        if kind == "dose":
            flock.dose(EVERYBODY, np.full(PEOPLE, at_h), curve)
            doses.append(Given(at_h, curve))
        else:
            flock.session(EVERYBODY, np.full(PEOPLE, at_h))
            sessions.append(Session(at_h, therapy))
        flock.look(EVERYBODY, np.full(PEOPLE, at_h + 30.0))  # asked in between, which must change nothing
    hopes = max([therapy.expectation] * bool(sessions) + [1.0] * bool(doses), default=0.0)
    return Plan(tuple(sessions), tuple(doses), hopes, 24.0 * days[0] + 9.0 if days else 0.0)


@few
@given(
    st.lists(st.tuples(st.integers(3, 40), st.sampled_from(("dose", "session"))), max_size=7, unique_by=lambda t: t[0]),
    st.sampled_from(("pe", "cpt")),
    st.integers(0, 55),
)
def test_own_days_are_those_of_a_batch(treatments, therapy, member):
    """After any order of doses and sessions, looked at in between, states and true scores are the batch's to 1e-9."""
    people, ordered = crowd(member), sorted(treatments)
    curve = usual_curve(people, 0.5)
    flock = Flock(people, load_therapy(therapy))
    plan = lived(flock, [float(day) for day, _ in ordered], [kind for _, kind in ordered], curve)
    day = 60.0
    found = flock.look(EVERYBODY, np.full(PEOPLE, 24.0 * day))
    whole = simulate(people, plan, [day, day + 9.0])
    np.testing.assert_allclose(found.states, whole.states[:, 0], atol=1e-9)
    again = flock.at_hour(EVERYBODY, np.full(PEOPLE, 24.0 * day))
    np.testing.assert_allclose(again.states, found.states, atol=1e-12)
    on_event = simulate(people, plan, [found.at_h[0] / 24.0, day + 9.0])
    np.testing.assert_allclose(flock.scores(EVERYBODY, found).caps5, on_event.truth.caps5[:, 0], atol=1e-6)


def test_a_person_does_not_depend_on_company():
    """Somebody who is asked alone, at other hours than the others, is who they are among all."""
    together, alone = (Flock(crowd(3), load_therapy("pe")) for _ in range(2))
    at_h = 24.0 * np.arange(5.0, 5.0 + PEOPLE) + 10.0
    for flock in (together, alone):
        flock.session(EVERYBODY, at_h)
    one = np.array([4])
    mine = alone.look(one, np.array([400.0])).states
    np.testing.assert_array_equal(together.look(EVERYBODY, np.full(PEOPLE, 400.0)).states[one], mine)


def test_nobody_leaves_where_leaving_is_off():
    """Without leaving, the states say that everybody is still in therapy after ten sessions."""
    flock = Flock(crowd(3), load_therapy("pe"), leaving=False)
    for week in range(10):
        flock.session(EVERYBODY, np.full(PEOPLE, 168.0 * (week + 1) + 10.0))
    assert flock.look(EVERYBODY, np.full(PEOPLE, 2000.0)).states[:, -1] == pytest.approx(0.0)
