"""Descriptive patients as arrays: who they are, what treatment removes, and what an instrument shows.

The second spelling of `patients.descriptive` and of the totals in `patients.answers`; the same names of draws, so that
a person is the same in both. Shapes are (people,) unless said otherwise; days count from enrolment.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from unstuck.lab.patients.calibration import CAPS5_TOP, CLUSTER_TOP, HIGHEST, LOWEST, Effect
from unstuck.lab.patients.descriptive import Frame
from unstuck.lab.patients.living import NOTHING, Dosed, Held
from unstuck.lab.trials.batched.draws import Bools, Floats, Ints, normals, quantile, uniforms

SCORED = ("pcl5", "caps5")  # families of instruments whose totals are simulated here


@dataclass(frozen=True, slots=True)
class Group:
    """Who is simulated together: people by number, the effect of each, and what else moves each one's change."""

    seed: int
    numbers: Ints
    effects: tuple[Effect, ...]
    which: Ints  # place of each person's effect in `effects`
    shift: Floats  # added to the share of baseline that goes


@dataclass(frozen=True, slots=True)
class Bodies:
    """What everybody brings whichever model makes their symptoms, (people,); `rest` is (people, 3)."""

    rest: Floats  # systolic, diastolic, pulse
    weight: Floats
    age: Floats
    female: Bools
    veteran: Bools
    ideation: Ints
    attempt: Bools


@dataclass
class Crowd:
    """The people's fixed traits and their treatments so far."""

    needs_amounts: ClassVar[bool] = False

    frame: Frame
    group: Group
    pcl5: Floats  # (people, 4): true baseline by cluster
    caps5: Floats
    mood: Floats
    body: Bodies
    place: Ints  # class of course
    fall: Floats
    pace: Floats
    dropout_luck: Floats
    first: Floats = field(init=False)  # day of the first treatment, not a number before
    last: Floats = field(init=False)
    count: Ints = field(init=False)
    lasts: Floats = field(init=False)  # days that the benefit of the treatments so far lasts

    def __post_init__(self) -> None:
        size = len(self.caps5)
        self.first, self.last = np.full(size, np.nan), np.zeros(size)
        self.count, self.lasts = np.zeros(size, dtype=np.int64), np.full(size, np.inf)

    @property
    def veteran(self) -> Bools:
        """Who is a veteran."""
        return self.body.veteran

    def of_effect(self, name: str, who: Ints) -> Floats:
        """That field of each one's effect."""
        table = np.array([getattr(effect, name) for effect in self.group.effects], dtype=float)
        return table[self.group.which[who]]

    def treated(self, who: Ints, day: Floats, what: Dosed | Held = NOTHING, mg: Floats | None = None) -> None:
        """A dose or a therapy session took place on that day; what it was is in the arm's published outcome."""
        fresh = self.count[who] == 0
        self.first[who] = np.where(fresh, day, self.first[who])
        self.last[who] = day
        self.count[who] += 1
        loss = self.of_effect("loss_per_day", who)
        luck = uniforms(self.group.seed, self.group.numbers[who], "lasts", 1, self.count[who])[:, 0]
        with np.errstate(divide="ignore"):
            self.lasts[who] = np.where(loss > 0, -np.log(luck) / loss, np.inf)

    def leaves_after(self, who: Ints) -> Floats:
        """Days from the first treatment to leaving; infinite where nobody of the arm left."""
        rate = self.of_effect("dropout_per_day", who)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(rate > 0, -np.log(self.dropout_luck[who]) / rate, np.inf)

    def left_therapy(self, who: Ints, day: Floats) -> Bools:
        """Nobody by themselves: who leaves, and when, is part of the published arm."""
        return np.zeros(len(who), dtype=bool)

    def progress(self, who: Ints, day: Floats) -> Floats:
        """Share of each one's own change that is there on that day."""
        first, pace = self.first[who], self.pace[who]
        begun = day >= first  # false before any treatment
        gone = np.where(begun, day - first, 0.0) / self.of_effect("day", who)
        rise = (1 - np.exp(-np.minimum(gone, 1.0) / pace)) / (1 - np.exp(-1 / pace))
        return np.where(begun, rise * self._kept(who, day), 0.0)

    def _kept(self, who: Ints, day: Floats) -> Floats:
        figures = self.frame.figures
        since = np.fmax(self.last[who], self.first[who] + self.of_effect("day", who))
        late = day - since - self.lasts[who]
        fades = (late > 0) & (self.fall[who] > 0)
        left = figures.fade_rest + (1 - figures.fade_rest) * np.exp(-np.where(fades, late, 0.0) / figures.fade_days)
        return np.where(fades, left, 1.0)

    def removed(self, who: Ints, day: Floats) -> Floats:
        """Share of baseline severity that is gone on that day."""
        return self.fall[who] * self.progress(who, day)

    def true_clusters(self, who: Ints, day: Floats) -> Floats:
        """True PCL-5 severity by cluster, shape (people, 4)."""
        weights = np.array([effect.cluster_weights for effect in self.group.effects])[self.group.which[who]]
        left = self.pcl5[who] * (1 - weights * self.removed(who, day)[:, None])
        return np.clip(left, 0.0, CLUSTER_TOP)

    def true_caps5(self, who: Ints, day: Floats) -> Floats:
        """True CAPS-5 severity."""
        return np.clip(self.caps5[who] * (1 - self.removed(who, day)), 0.0, CAPS5_TOP)

    def true_total(self, family: str, who: Ints, day: Floats) -> Floats:
        """True severity on that family's scale."""
        return self.true_clusters(who, day).sum(axis=1) if family == "pcl5" else self.true_caps5(who, day)

    def true_total_at(self, family: str, who: Ints, day: Floats) -> Floats:
        """The same on any day, also one before what was looked at."""
        return self.true_total(family, who, day)

    def mood_on(self, who: Ints, day: Floats) -> Floats:
        """Depression on that day, as a share of a scale's range."""
        eased = self.mood[who] * (1 - self.frame.figures.mood_follows * self.removed(who, day))
        bonus = self.of_effect("mood_bonus", who) * self.progress(who, day)
        return np.clip(eased - bonus, 0.02, 0.95)

    def total(self, instrument: str, family: str, who: Ints, minute: Ints) -> Floats:
        """What the instrument shows at that minute after enrolment: whole points."""
        figures, numbers, day = self.frame.figures, self.group.numbers[who], minute / 1440
        purpose = f"answers {instrument}"
        if family == "caps5":
            noise = figures.caps5_sd * math.sqrt(1 - figures.caps5_retest)
            luck = normals(self.group.seed, numbers, purpose, 1, minute)[:, 0]
            return np.clip(np.rint(self.true_caps5(who, day) + noise * luck), 0, CAPS5_TOP)
        error = normals(self.group.seed, numbers, purpose, 4, minute) @ np.array(self.frame.root).T
        seen = np.rint(self.true_clusters(who, day) + math.sqrt(1 - figures.pcl5_retest) * error)
        return np.asarray(np.clip(seen, 0, CLUSTER_TOP).sum(axis=1))


def crowd_of(frame: Frame, group: Group) -> Crowd:
    """The people of these numbers, as `person_of` makes them one by one."""
    figures, seed, numbers = frame.figures, group.seed, group.numbers
    mind = uniforms(seed, numbers, "mind", 8)
    luck = uniforms(seed, numbers, "luck", 3)
    m = quantile(mind)
    root = np.array(frame.root)
    deviation = m[:, :4] @ root.T
    place = _placed(group, luck[:, 0])
    raw = np.array(figures.class_falls)[place] + figures.fall_sd * quantile(luck[:, 1]) + group.shift
    paces = np.array((figures.pace_rapid, figures.pace_steep, *(figures.pace_other,) * 3))
    means = np.array(figures.by_cluster("pcl5_mean")) + math.sqrt(figures.pcl5_retest) * deviation
    return Crowd(
        frame=frame,
        group=group,
        pcl5=np.clip(means, 0.0, CLUSTER_TOP),
        caps5=_caps5(frame, deviation.sum(axis=1) / frame.spread, m[:, 4]),
        mood=np.clip(figures.mood_mean + figures.mood_sd * m[:, 5], 0.05, 0.9),
        body=bodies_of(frame, seed, numbers),
        place=place,
        fall=np.clip(raw, LOWEST, HIGHEST),
        pace=paces[place],
        dropout_luck=luck[:, 2],
    )


def bodies_of(frame: Frame, seed: int, numbers: Ints) -> Bodies:
    """The bodies of these people, their age and sex, and what they think of suicide before treatment."""
    figures = frame.figures
    body, mind = uniforms(seed, numbers, "body", 7), uniforms(seed, numbers, "mind", 8)
    z, female = quantile(body), body[:, 0] < figures.female
    return Bodies(
        rest=_rest(frame, z),
        weight=_weight(frame, female, z[:, 3]),
        age=np.clip(np.rint(figures.age_mean + figures.age_sd * z[:, 1]), 18, 75),
        female=female,
        veteran=body[:, 2] < figures.veteran,
        ideation=_ideation(frame, mind[:, 6]),
        attempt=mind[:, 7] < figures.attempt_ever,
    )


def _placed(group: Group, luck: Floats) -> Ints:
    """The class in which each one's luck falls, as `pick` finds it."""
    table = np.array([effect.weights for effect in group.effects])
    sums = np.array([sum(effect.weights) for effect in group.effects])
    mark = luck * sums[group.which]
    place = np.full(len(luck), table.shape[1] - 1, dtype=np.int64)
    found = np.zeros(len(luck), dtype=bool)
    for column in range(table.shape[1]):
        mark = mark - table[group.which, column]
        place[~found & (mark < 0)] = column
        found |= mark < 0
    return place


def _caps5(frame: Frame, symptoms: Floats, own: Floats) -> Floats:
    figures, share = frame.figures, frame.caps5_share
    spread = figures.caps5_sd * math.sqrt(figures.caps5_retest)
    total = figures.caps5_mean + spread * (share * symptoms + math.sqrt(1 - share**2) * own)
    return np.clip(total, 0.0, CAPS5_TOP)


def _rest(frame: Frame, z: Floats) -> Floats:
    figures = frame.figures
    return np.stack(
        [
            figures.systolic_rest + figures.systolic_between * z[:, 4],
            figures.diastolic_rest + figures.diastolic_between * z[:, 5],
            figures.pulse_rest + figures.pulse_between * z[:, 6],
        ],
        axis=1,
    )


def _weight(frame: Frame, female: Bools, z: Floats) -> Floats:
    figures = frame.figures
    mean = np.where(female, figures.weight_female, figures.weight_male)
    return np.asarray(np.round(np.clip(mean + figures.weight_sd * z, 42.0, 160.0), 1), dtype=np.float64)


def _ideation(frame: Frame, luck: Floats) -> Ints:
    figures = frame.figures
    steps: Sequence[float] = (
        figures.suicidal_intent,
        figures.suicidal_thoughts / 3,
        figures.suicidal_thoughts,
        figures.wish_to_be_dead,
    )
    conditions = [luck < step for step in steps]
    return np.select(conditions, [4, 3, 2, 1], default=0).astype(np.int64)
