"""The descriptive patient: a person whose symptoms follow a published class of course, seen through noisy instruments.

Question: what would the records of people look like who respond as a published arm did? It is a permanent model, and
no mechanism: it cannot say what another dose, order or drug would do. Its card: docs/science/descriptive_patients.md.

True severity of PCL-5 cluster k on day t after the first treatment:

    T_k(t) = T_k(0) * (1 - w_k * F * g(t / D) * h(t))

F is the share of baseline that the person's class removes, g the rise to 1 on the arm's day D by the class's pace,
h the loss of benefit, w_k the cluster's weight. Without treatment nothing changes. Everything a person is comes from
draws named by (seed, person), so that the same person in two arms differs by the arm alone.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from unstuck.lab.patients.calibration import (
    CLUSTER_TOP,
    HIGHEST,
    LOWEST,
    Effect,
    caps5_share,
    cholesky,
    total_sd,
)
from unstuck.lab.patients.population import CLASSES, Figures, Population
from unstuck.lab.random import Stream, pick

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What all people of a population share, worked out once: figures and the root of their covariance."""

    figures: Figures
    root: tuple[Vector, ...]
    spread: float  # SD of the observed PCL-5 total
    caps5_share: float

    @classmethod
    def of(cls, population: Population) -> Frame:
        """The frame of a population."""
        figures = population.figures
        root = tuple(tuple(float(x) for x in row) for row in cholesky(figures))
        return cls(figures, root, total_sd(figures), caps5_share(figures))

    def correlated(self, z: list[float]) -> Vector:
        """Four standard normal numbers turned into cluster deviations with the baseline's covariance."""
        return tuple(sum(a * b for a, b in zip(row, z, strict=True)) for row in self.root)


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is before treatment, hidden state among it. None of this depends on the arm."""

    number: int
    age_years: int
    sex: str
    veteran: bool
    weight_kg: float
    pcl5: Vector  # true severity by cluster
    caps5: float  # true severity
    mood: float  # share of the range of a depression scale
    systolic: float
    diastolic: float
    pulse: float
    ideation: int  # 0 none to 4 intent, as the screener counts
    attempt_ever: bool
    class_luck: float
    fall_luck: float  # standard normal
    dropout_luck: float
    pregnancy_possible: bool


def person_of(frame: Frame, seed: int, number: int) -> Person:
    """The person of that number under that seed."""
    figures = frame.figures
    body, mind, luck = (Stream(seed, number, purpose) for purpose in ("body", "mind", "luck"))
    female = body.chance(figures.female)
    age = min(75, max(18, round(body.normal(figures.age_mean, figures.age_sd))))
    z = mind.normals(4)
    deviation = frame.correlated(z)
    return Person(
        number=number,
        age_years=age,
        sex="female" if female else "male",
        veteran=body.chance(figures.veteran),
        weight_kg=_weight(figures, female, body.normal()),
        pcl5=_clusters(figures, deviation),
        caps5=_caps5(frame, sum(deviation) / frame.spread, mind.normal()),
        mood=min(0.9, max(0.05, mind.normal(figures.mood_mean, figures.mood_sd))),
        systolic=body.normal(figures.systolic_rest, figures.systolic_between),
        diastolic=body.normal(figures.diastolic_rest, figures.diastolic_between),
        pulse=body.normal(figures.pulse_rest, figures.pulse_between),
        ideation=_ideation(figures, mind.uniform()),
        attempt_ever=mind.chance(figures.attempt_ever),
        class_luck=luck.uniform(),
        fall_luck=luck.normal(),
        dropout_luck=luck.uniform(),
        pregnancy_possible=female and age < 50,
    )


def _weight(figures: Figures, female: bool, z: float) -> float:
    mean = figures.weight_female if female else figures.weight_male
    return round(min(160.0, max(42.0, mean + figures.weight_sd * z)), 1)


def _clusters(figures: Figures, deviation: Vector) -> Vector:
    """True baseline clusters: the trial's mean, with that share of its variance that a retest repeats."""
    spread = math.sqrt(figures.pcl5_retest)
    means = figures.by_cluster("pcl5_mean")
    return tuple(
        min(float(top), max(0.0, mean + spread * d)) for mean, d, top in zip(means, deviation, CLUSTER_TOP, strict=True)
    )


def _caps5(frame: Frame, symptoms: float, own: float) -> float:
    figures, share = frame.figures, frame.caps5_share
    spread = figures.caps5_sd * math.sqrt(figures.caps5_retest)
    total = figures.caps5_mean + spread * (share * symptoms + math.sqrt(1 - share**2) * own)
    return min(80.0, max(0.0, total))


def _ideation(figures: Figures, luck: float) -> int:
    """Level of suicidal thoughts; a method is thought of by a third of those who think of suicide (assumed)."""
    steps = (figures.suicidal_intent, figures.suicidal_thoughts / 3, figures.suicidal_thoughts, figures.wish_to_be_dead)
    return next((level for level, share in zip((4, 3, 2, 1), steps, strict=True) if luck < share), 0)


@dataclass(frozen=True, slots=True)
class Doses:
    """Treatments so far, in days after enrolment: when the first was, when the last, and how many there were."""

    first: float | None = None
    last: float = 0.0
    count: int = 0

    def and_one(self, day: float) -> Doses:
        """The same with one more treatment on that day."""
        return Doses(day if self.first is None else self.first, day, self.count + 1)


class Patient:
    """One person in one arm. Days count from enrolment; `treated` is told of each dose and therapy session."""

    def __init__(self, frame: Frame, seed: int, person: Person, effect: Effect, shift: float = 0.0) -> None:
        """`shift` is what else than the arm (belief, site, therapist) adds to the share that goes."""
        self.frame, self.seed, self.person, self.effect = frame, seed, person, effect
        self.place = pick(effect.weights, person.class_luck)
        figures = frame.figures
        raw = figures.class_falls[self.place] + figures.fall_sd * person.fall_luck + shift
        self.fall = min(HIGHEST, max(LOWEST, raw))
        self.pace = (figures.pace_rapid, figures.pace_steep, *(figures.pace_other,) * 3)[self.place]
        self.history = Doses()
        self.habits: dict[str, list[float]] = {}  # which items the person always scores higher, by part

    @property
    def class_name(self) -> str:
        """Name of the class of course."""
        return CLASSES[self.place]

    def treated(self, day: float, what: object = None) -> None:
        """A dose or a therapy session took place on that day; what it was is in the arm's published outcome."""
        self.history = self.history.and_one(day)

    def dropout_after(self) -> float:
        """Days from the first treatment to leaving; infinite where nobody of the arm left."""
        if self.effect.dropout_per_day <= 0:
            return math.inf
        return -math.log(self.person.dropout_luck) / self.effect.dropout_per_day

    def left_therapy(self, day: float) -> bool:
        """Never by itself: who leaves, and when, is part of the published arm."""
        return False

    def progress(self, day: float) -> float:
        """Share of the person's own change that is there on that day: rise times what is not yet lost."""
        if self.history.first is None or day < self.history.first:
            return 0.0
        gone = (day - self.history.first) / self.effect.day
        rise = (1 - math.exp(-min(gone, 1.0) / self.pace)) / (1 - math.exp(-1 / self.pace))
        return rise * self._kept(day)

    def _kept(self, day: float) -> float:
        """Share of the benefit that is kept: all until the benefit begins to fade, which a new dose puts off."""
        assert self.history.first is not None
        since = max(self.history.last, self.history.first + self.effect.day)
        late = day - since - self.lasts()
        if late <= 0 or self.fall <= 0:
            return 1.0
        figures = self.frame.figures
        return figures.fade_rest + (1 - figures.fade_rest) * math.exp(-late / figures.fade_days)

    def lasts(self) -> float:
        """Days that the benefit of the treatments so far lasts, drawn anew after each dose; exponential."""
        if self.effect.loss_per_day <= 0:
            return math.inf
        luck = Stream(self.seed, self.person.number, "lasts", self.history.count).uniform()
        return -math.log(luck) / self.effect.loss_per_day

    def share_removed(self, day: float) -> float:
        """Share of baseline severity that is gone on that day; negative where somebody is worse."""
        return self.fall * self.progress(day)

    def clusters(self, day: float) -> Vector:
        """True PCL-5 severity by cluster on that day."""
        gone = self.share_removed(day)
        parts = zip(self.person.pcl5, self.effect.cluster_weights, CLUSTER_TOP, strict=True)
        return tuple(min(float(top), max(0.0, base * (1 - weight * gone))) for base, weight, top in parts)

    def caps5(self, day: float) -> float:
        """True CAPS-5 severity on that day."""
        return min(80.0, max(0.0, self.person.caps5 * (1 - self.share_removed(day))))

    def true_total(self, family: str, day: float) -> float:
        """True severity on the scale of that family of instruments, pcl5 or caps5."""
        return sum(self.clusters(day)) if family == "pcl5" else self.caps5(day)

    def mood(self, day: float) -> float:
        """Depression on that day, as a share of a scale's range."""
        figures = self.frame.figures
        eased = self.person.mood * (1 - figures.mood_follows * self.share_removed(day))
        return min(0.95, max(0.02, eased - self.effect.mood_bonus * self.progress(day)))

    def symptoms(self, day: float) -> float:
        """PTSD severity on that day, as a share of the PCL-5's range."""
        return sum(self.clusters(day)) / sum(CLUSTER_TOP)

    def hidden(self) -> dict[str, Any]:
        """What no event may tell: the class, the true values and the luck."""
        person = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self.person).items()}
        return person | {"arm": self.effect.arm, "class": self.class_name, "fall": self.fall}
