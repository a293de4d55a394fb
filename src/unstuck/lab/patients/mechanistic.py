"""A mechanistic patient in the reference simulator: drug, learning and scores worked out from what happened so far.

Every dose and session is kept; a question about a day runs the whole course up to it, so that the same person comes out
as in a batch with the same plan. Nothing here speaks for a real person: arms may be compared, persons not forecast.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, final

import numpy as np

from unstuck.lab.effects.parameters import Array
from unstuck.lab.effects.people import Crowd as Drawn
from unstuck.lab.patients.batch import Plan, moved, risen, true_scores
from unstuck.lab.patients.descriptive import Doses, Frame, Person, Vector
from unstuck.lab.patients.doses import curves_of, is_noticed
from unstuck.lab.patients.drug import Given, course_of
from unstuck.lab.patients.inner import STATES
from unstuck.lab.patients.inner_kernel import runner_for
from unstuck.lab.patients.living import NOTHING, Dosed, Held
from unstuck.lab.patients.minds import TruthOf, draw
from unstuck.lab.patients.therapies import Therapy, load_therapy
from unstuck.lab.patients.timetable import Session, timetable
from unstuck.lab.pk import Person as Body
from unstuck.lab.pk import people
from unstuck.lab.random import Stream
from unstuck.lab.symptoms.seen import OCCASION_NORMALS, seen
from unstuck.lab.symptoms.truth import Truth

OPENS_H = 9.0  # enrolment is at nine; the timetable counts from midnight before it
TOUCH_D = 1e-7  # an event at the very moment of a question has happened
AHEAD_DAYS = 7.0  # worked out beyond the day asked for, so that near questions need no new run


@final
class MechanisticPatient:
    """One person in one arm under one truth; see `living.Living`."""

    def __init__(
        self, frame: Frame, seed: int, person: Person, truth: TruthOf, group: str = "civilian", shift: float = 0.0
    ) -> None:  # fmt: skip
        """`shift` is the share of the person's baseline that goes beside the arm: belief, site, therapist."""
        self.frame, self.seed, self.truth, self.group, self.shift = frame, seed, truth, group, shift
        self.crowd = draw(truth, np.array([person.number], dtype=np.uint64), seed, group)
        self.doses = 0
        self.base: Truth | None = None
        self.history = Doses()
        self.habits: dict[str, list[float]] = {}
        self.plan = Plan()
        self._known: tuple[Array, Array, Truth] | None = None  # days, states, true scores of the plan so far
        self.person = person
        mood, caps5, clusters = self.mood(0.0), self.caps5(0.0), self.clusters(0.0)
        self.base = self._on(0.0)[1]
        self.person = replace(person, mood=mood, caps5=caps5, pcl5=clusters)

    def treated(self, day: float, what: Dosed | Held = NOTHING) -> None:
        """A dose or a therapy session took place on that day."""
        at_h = 24.0 * day + OPENS_H
        first = self.history.first is None
        self.history = self.history.and_one(day)
        if first:
            self.plan = replace(self.plan, expects_from_h=at_h)
        match what:
            case Held(therapy):
                self._session(at_h, load_therapy(therapy))
            case Dosed():
                self.plan = replace(self.plan, expectation=1.0, doses=(*self.plan.doses, *self._given(at_h, what)))
        self._known = None

    def _session(self, at_h: float, therapy: Therapy) -> None:
        hopes = max(self.plan.expectation, therapy.expectation)
        self.plan = replace(self.plan, expectation=hopes, sessions=(*self.plan.sessions, Session(at_h, therapy)))

    def _given(self, at_h: float, what: Dosed) -> tuple[Given, ...]:
        """The dose as the learner notices it; a control's drug is not noticed by it."""
        if not is_noticed(what) or what.mg <= 0:
            return ()
        self.doses += 1
        who = people(Body(self.person.weight_kg, float(self.person.age_years)))
        luck = Drawn(self.seed, self.crowd.numbers, self.doses)
        return (Given(at_h, curves_of(what, np.array([what.mg]), who, luck)),)

    def _on(self, day: float) -> tuple[Array, Truth]:
        """States (STATES,) and true scores on that day."""
        if self._known is None or day > self._known[0][-1]:
            self._known = self._run(day + AHEAD_DAYS)
        days, states, truth = self._known
        place = max(int(np.searchsorted(days, day + TOUCH_D, side="right")) - 1, 0)
        found = Truth(truth.clusters[:, place], truth.caps5[:, place], truth.mood[:, place])
        return states[0, place], self._shifted(found, days[place])

    def _shifted(self, found: Truth, day: float) -> Truth:
        """The scores with what else than the arm acts since the first treatment."""
        if self.base is None or self.shift == 0.0 or self.history.first is None:
            return found
        risen_by = risen(self.crowd.life, np.array([[day - self.history.first]]))[:, 0]
        return moved(found, self.base, self.shift * risen_by)

    def _run(self, until: float) -> tuple[Array, Array, Truth]:
        table = timetable(until + 1, self.plan.sessions)
        drug = course_of(self.crowd, table, self.plan.doses)
        looks = np.flatnonzero(table.at_h >= 0.0)
        days = table.at_h[looks] / 24.0
        states = runner_for(self.crowd)(self.crowd, table, drug.signals, looks)
        return days - OPENS_H / 24.0, states, true_scores(self.crowd, self.plan, days, states, drug)

    def dropout_after(self) -> float:
        """Days from the first treatment to leaving for reasons apart from therapy, as from a waiting list."""
        rate = float(self.crowd.life["life.lost_per_ten_weeks"][0])
        luck = Stream(self.seed, self.person.number, "lost").uniform()
        return -math.log(luck) * 70.0 / -math.log1p(-rate) if rate > 0 else math.inf

    def left_therapy(self, day: float) -> bool:
        """Whether the person has by that day decided to come to no further session."""
        return bool(self.plan.sessions) and bool(self._on(day + 0.5)[0][STATES.index("left")] > 0.5)

    def clusters(self, day: float) -> Vector:
        """True PCL-5 severity by cluster on that day."""
        return tuple(float(x) for x in self._on(day)[1].clusters[0])

    def caps5(self, day: float) -> float:
        """True CAPS-5 severity on that day."""
        return float(self._on(day)[1].caps5[0])

    def mood(self, day: float) -> float:
        """Depression on that day, as a share of a scale's range."""
        return float(self._on(day)[1].mood[0])

    def symptoms(self, day: float) -> float:
        """PTSD severity on that day, as a share of the PCL-5's range."""
        return float(self._on(day)[1].pcl5[0]) / 80.0

    def true_total(self, family: str, day: float) -> float:
        """True severity in the points of PCL-5 or CAPS-5 on that day."""
        return self.caps5(day) if family == "caps5" else sum(self.clusters(day))

    def seen(self, day: float, stream: Stream) -> dict[str, Array]:
        """Every scale as it would be filled in on that day, with the luck of the stream."""
        luck = np.array([stream.normals(OCCASION_NORMALS)])
        return seen(self.crowd.scores, self._on(day)[1], self.crowd.scales, luck)

    def hidden(self) -> dict[str, Any]:
        """What no event may tell: the truth's name, the states by week, and the luck."""
        last = self._known[0][-1] if self._known else 0.0
        weeks = np.arange(0.0, last + 1e-9, 7.0)
        states = [[round(float(x), 4) for x in self._on(day)[0]] for day in weeks]
        life = {name: float(values[0]) for name, values in sorted(self.crowd.life.items())}
        named = {"learner": self.truth.learner, "vector": self.truth.vector, "group": self.group}
        return {"number": self.person.number, **named, "states": list(STATES), "by_week": states, "figures": life}
