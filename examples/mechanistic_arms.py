"""Arms of mechanistic patients for one of the questions: exposure therapy with and without infusions before it."""

import numpy as np

from unstuck.lab.patients.batch import Outcome, Plan, simulate
from unstuck.lab.patients.drug import Given, typical_curve
from unstuck.lab.patients.ensemble import load_ensemble
from unstuck.lab.patients.minds import CHANNELS, TruthOf, draw
from unstuck.lab.patients.therapies import load_therapy
from unstuck.lab.patients.timetable import Session

PEOPLE = 200
WEEKS, INFUSIONS = 10, 3
END, LATER = 98.0, 190.0  # days: two weeks after the last session, and three months later
PASSING = ("ketamine.state_gain", "ketamine.mood_gain")  # what fades by itself and teaches nothing
WINDOW = tuple(name for name in CHANNELS if name not in PASSING)

MEMBERS = load_ensemble().members[:12]
TRUTHS: dict[str, tuple[TruthOf, ...]] = {
    "both": MEMBERS,
    "window only": tuple(truth.without(*PASSING) for truth in MEMBERS),
    "passing only": tuple(truth.without(*WINDOW) for truth in MEMBERS),
}
"""Candidates for what ketamine does. Which one holds, nobody knows; all their sizes are assumed or fitted loosely."""


def plan(hours: float | None, therapy: bool = True) -> Plan:
    """Ten weekly sessions of prolonged exposure, an infusion so many hours before the first three; None gives none."""
    at_h = [24.0 * 7 * (week + 1) + 10 for week in range(WEEKS)]
    sessions = tuple(Session(at, load_therapy("pe")) for at in at_h) if therapy else ()
    doses = () if hours is None else tuple(Given(at - hours, typical_curve(0.5)) for at in at_h[:INFUSIONS])
    return Plan(sessions=sessions, doses=doses, expectation=1.0, expects_from_h=24.0 * 7)


def outcome(truth: TruthOf, seed: int, hours: float | None, therapy: bool = True) -> Outcome:
    """The same people in that arm, looked at before, after and three months later."""
    crowd = draw(truth, np.arange(PEOPLE, dtype=np.uint64), seed)
    return simulate(crowd, plan(hours, therapy), (0.0, END, LATER))
