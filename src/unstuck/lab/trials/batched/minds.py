"""Mechanistic patients as arrays for the batched simulator: bodies as everybody's, symptoms from what was lived.

The second spelling of `patients.mechanistic`, person by person the same; see `patients.own_days`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from unstuck.lab.effects.people import Crowd as Drawn
from unstuck.lab.patients.batch import moved, risen
from unstuck.lab.patients.descriptive import Frame
from unstuck.lab.patients.doses import curves_of, is_noticed
from unstuck.lab.patients.living import NOTHING, Dosed, Held
from unstuck.lab.patients.mechanistic import OPENS_H
from unstuck.lab.patients.minds import Crowd as Minds
from unstuck.lab.patients.own_days import Flock, Seen
from unstuck.lab.patients.therapies import Therapy
from unstuck.lab.pk import People
from unstuck.lab.symptoms.seen import OCCASION_NORMALS, seen
from unstuck.lab.symptoms.truth import Persons, Truth
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints, normals, uniforms
from unstuck.lab.trials.batched.people import Bodies, bodies_of

TEN_WEEKS_D = 70.0
SCALES = ("clusters", "caps5", "mood", "phq9", "madrs", "habits")


@dataclass(frozen=True, slots=True)
class MindGroup:
    """Who is simulated together: people by number under a seed, their minds in the same order, and what else acts."""

    seed: int
    numbers: Ints
    minds: Minds
    shift: Floats  # share of a person's own baseline that goes beside the arm


class MindCrowd:
    """The people's traits and treatments so far, as `people.Crowd` has them; without `leaving` nobody leaves."""

    needs_amounts = True  # a learner notices the dose that was given, in mg

    def __init__(self, frame: Frame, group: MindGroup, therapy: Therapy | None, leaving: bool = True) -> None:
        self.frame, self.group = frame, group
        self.body: Bodies = bodies_of(frame, group.seed, group.numbers)
        self.flock = Flock(group.minds, therapy, leaving)
        self.count = np.zeros(group.numbers.size, dtype=np.int64)
        self.given = np.zeros(group.numbers.size, dtype=np.int64)  # doses that a learner notices
        everybody = np.arange(group.numbers.size)
        self.base = self.flock.scores(everybody, self.flock.look(everybody, np.full(everybody.size, OPENS_H)))
        self.mood, self.caps5 = self.base.mood, self.base.caps5

    @property
    def veteran(self) -> Bools:
        """Who is a veteran."""
        return self.body.veteran

    def treated(self, who: Ints, day: Floats, what: Dosed | Held = NOTHING, mg: Floats | None = None) -> None:
        """A dose or a therapy session took place on that day; `mg` is each one's own amount."""
        at_h = 24.0 * day + OPENS_H
        self.count[who] += 1
        if isinstance(what, Held):
            self.flock.session(who, at_h)
            return
        if mg is None or not is_noticed(what) or not (mg > 0).any():
            self.flock.dose(who, at_h, None)
            return
        self.given[who] += 1
        for number in np.unique(self.given[who]):  # the luck of a dose is named by its number
            mine = self.given[who] == number
            drawn = Drawn(self.group.seed, self.group.minds.numbers[who[mine]], int(number))
            self.flock.dose(who[mine], at_h[mine], curves_of(what, mg[mine], self._bodies(who[mine]), drawn))

    def _bodies(self, who: Ints) -> People:
        half, one, none = np.full(who.size, 0.5), np.ones(who.size), np.zeros(who.size)
        return People(self.body.weight[who], self.body.age[who], half, one, none, none)

    def leaves_after(self, who: Ints) -> Floats:
        """Days from the first treatment to leaving for reasons apart from therapy."""
        rate = self.group.minds.life["life.lost_per_ten_weeks"][who]
        luck = uniforms(self.group.seed, self.group.numbers[who], "lost")[:, 0]
        with np.errstate(divide="ignore"):
            return np.where(rate > 0, -np.log(luck) * TEN_WEEKS_D / -np.log1p(-rate), np.inf)

    def left_therapy(self, who: Ints, day: Floats) -> Bools:
        """Who has decided at the session of that day to come to no further one."""
        return np.asarray(self.flock.look(who, 24.0 * day + OPENS_H).states[:, -1] > 0.5)

    def truth(self, who: Ints, day: Floats) -> Truth:
        """True scores on that day."""
        return self._scores(who, self.flock.look(who, 24.0 * day + OPENS_H))

    def _scores(self, who: Ints, found: Seen) -> Truth:
        true = self.flock.scores(who, found)
        since = found.at_h - self.flock.plans.from_h[who]
        rise = risen(_part(self.group.minds.life, who), since[:, None] / 24.0)[:, 0]
        base = Truth(self.base.clusters[who], self.base.caps5[who], self.base.mood[who])
        return moved(true, base, self.group.shift[who] * rise)

    def true_total(self, family: str, who: Ints, day: Floats) -> Floats:
        """True severity on that family's scale."""
        return _total(family, self.truth(who, day))

    def true_total_at(self, family: str, who: Ints, day: Floats) -> Floats:
        """The same on any day, also one before what was looked at: lived again from the start."""
        return _total(family, self._scores(who, self.flock.at_hour(who, 24.0 * day + OPENS_H)))

    def mood_on(self, who: Ints, day: Floats) -> Floats:
        """Depression on that day, as a share of a scale's range."""
        return self.truth(who, day).mood

    def total(self, instrument: str, family: str, who: Ints, minute: Ints) -> Floats:
        """What the instrument shows at that minute after enrolment: whole points."""
        luck = normals(self.group.seed, self.group.numbers[who], f"answers {instrument}", OCCASION_NORMALS, minute)
        minds, s = self.group.minds, self.group.minds.scales
        scales = Persons(*(getattr(s, name)[who] for name in SCALES))
        return seen(minds.scores, self.truth(who, minute / 1440), scales, luck)[family]


def _part(life: Mapping[str, Floats], who: Ints) -> Mapping[str, Floats]:
    return {"report.expectancy_rise_days": life["report.expectancy_rise_days"][who]}


def _total(family: str, true: Truth) -> Floats:
    return true.caps5 if family == "caps5" else true.pcl5
