"""A trial's design as a value: who is compared with whom, how, measured when, analysed how, and what may go wrong.

Frozen, checked and hashed. It holds no code and no result. Arms are protocols by name, so that the simulators read
what the clinic runs. Files are read by `trial_file`. The estimand follows ICH E9 (R1), 2019.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from unstuck.core.estimands import Estimand, Intercurrent
from unstuck.core.sourced import Grade, Sourced

DESCRIPTIVE, MECHANISTIC = "descriptive", "mechanistic"


class Truth(StrEnum):
    """What is true in a scenario; `drawn` is the default, the others answer narrower questions."""

    DRAWN = "drawn"  # each trial gets a truth of its own within the published uncertainty: assurance
    PUBLISHED = "published"  # the published figure is taken as true: power
    NULL = "null"  # no arm differs and nobody's belief acts: type I error
    FOOLED = "null_unblinded"  # the drug does nothing, belief does: what unblinding could fake


class Missing(StrEnum):
    """What leaving depends on: nothing, what was seen, or what was not seen."""

    MCAR = "mcar"
    MAR = "mar"
    MNAR = "mnar"


class Method(StrEnum):
    """How the table of a trial is analysed."""

    MMRM = "mmrm"
    ANCOVA = "ancova"
    RESPONDER = "responder"
    J2R = "j2r"  # reference-based imputation: who left jumps to the control's course
    CR = "cr"  # copies the control's course from the start
    CIR = "cir"  # keeps what was reached and takes the control's steps
    TIPPING_POINT = "tipping_point"  # how many points worse those who left must have been to undo the result
    COX = "cox"  # time to response
    LOG_RANK = "log_rank"
    RMST = "rmst"  # mean time without response until the final visit
    INCIDENCE = "incidence"  # share that has responded by the final visit, events competing


REFERENCE_BASED = (Method.J2R, Method.CR, Method.CIR)
ON_SCORES = (Method.MMRM, Method.ANCOVA, *REFERENCE_BASED, Method.TIPPING_POINT)
ON_RESPONSE = (Method.RESPONDER, Method.COX, Method.LOG_RANK, Method.RMST, Method.INCIDENCE)
MORE_IS_BETTER = (Method.RESPONDER, Method.COX, Method.LOG_RANK, Method.INCIDENCE, Method.TIPPING_POINT)
READ = (Method.MMRM, Method.ANCOVA, *REFERENCE_BASED)  # whose intervals are read beside what belief could fake


class Spending(StrEnum):
    """How much error the looks spend: Lan and DeMets 1983, as O'Brien and Fleming or as Pocock."""

    OBRIEN_FLEMING = "obrien_fleming"
    POCOCK = "pocock"


@dataclass(frozen=True, slots=True)
class TrialArm:
    """One arm: a protocol (and its arm), whose published effect stands for it, and who would believe to be treated."""

    key: str
    title: str
    protocol: str
    protocol_arm: str
    effect: str  # STUDY:ARM; empty where mechanisms and no published outcome make the people
    ratio: int = 1
    believes: Sourced | None = None  # share that believes to have had the active drug after the first treatment
    control: bool = False


@dataclass(frozen=True, slots=True)
class TrialVisit:
    """A visit of the analysis: the score nearest to that day after the first treatment, within the window."""

    key: str
    day: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Site:
    """A site with its share of the patients and so many therapists."""

    key: str
    share: float = 1.0
    therapists: int = 1


@dataclass(frozen=True, slots=True)
class Patients:
    """Which model of patients, which population, and the share of veterans where the population's own is replaced."""

    model: str = "descriptive"
    population: str = "trial_sample"
    veteran: float | None = None
    veteran_points: Sourced | None = None  # how much less (positive) a veteran's score falls, in points
    group: str = "civilian"  # of mechanistic patients; those who are veterans are of the group "veteran"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Permuted blocks within strata."""

    block: int
    strata: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clustering:
    """Standard deviations, in points of the outcome, of what a site and a therapist add to everybody's change."""

    site_sd: Sourced | None = None
    therapist_sd: Sourced | None = None
    nested: bool = False  # each therapist treats in one arm only


@dataclass(frozen=True, slots=True)
class Leaving:
    """Leaving at a measurement. `share` leaves at an average score; `per_10` is the log odds ratio of 10 points more.

    MAR looks at the score just measured, MNAR at the one that is then missing. MCAR is the arm's published rate.
    """

    mechanism: Missing = Missing.MCAR
    share: Sourced | None = None
    per_10: Sourced | None = None


@dataclass(frozen=True, slots=True)
class Unblinding:
    """How many points belief moves the outcome, with its plausible range; negative is improvement."""

    points: Sourced


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis of the final visit."""

    key: str
    method: Method
    primary: bool = False
    fall_percent: float | None = None  # of a responder
    kenward_roger: bool = True
    response: str = ""  # the outcome's own rule of change that makes a responder, instead of fall_percent
    estimand: str = ""  # the key of another estimand than the design's own
    adjust: tuple[str, ...] = ()  # site, therapist, veteran: as fixed effects
    therapist_effect: bool = False  # a random effect of the therapist
    tip_points: float | None = None  # a tipping point from which on a result counts as robust


@dataclass(frozen=True, slots=True)
class Interim:
    """Looks at shares of the people; futility is a conditional power below which an arm stops, and binds nobody."""

    looks: tuple[float, ...]
    spending: Spending
    futility: float | None = None
    reestimate_to: int | None = None  # largest size that a blinded first look at the spread may ask for
    planned_sd: float | None = None  # spread of the change that the size was planned for, in points
    keep: int | None = None  # active arms that go on after the first look, the best ones


@dataclass(frozen=True, slots=True)
class Costs:
    """What things cost, in one currency, and how long they take a participant.

    A price that something happened without makes the sum unknown; `person`, `month` and `fixed` may be left out.
    """

    currency: str
    dose: Sourced | None = None
    session: Sourced | None = None
    measurement: Sourced | None = None
    person: Sourced | None = None  # everybody randomised: recruiting, screening, insurance
    month: Sourced | None = None  # from the first enrolment to the last final visit
    fixed: Sourced | None = None
    dose_h: Sourced | None = None
    session_h: Sourced | None = None
    measurement_h: Sourced | None = None
    person_h: Sourced | None = None  # once: consent and screening


@dataclass(frozen=True, slots=True)
class TrialDesign:
    """The whole design. `sweep` names fields and the values they take; see `trial_sweep`."""

    key: str
    version: str
    title: str
    question: str
    size: int
    outcome: str
    arms: tuple[TrialArm, ...]
    visits: tuple[TrialVisit, ...]
    allocation: Allocation
    analyses: tuple[Analysis, ...]
    estimand: Estimand
    alpha: float
    sites: tuple[Site, ...] = (Site("only"),)
    patients: Patients = Patients()
    clustering: Clustering = Clustering()
    per_month: float | None = None
    leaving: Leaving = Leaving()
    unblinding: Unblinding | None = None
    interim: Interim | None = None
    costs: Costs | None = None
    truths: tuple[Truth, ...] = ()
    sweep: tuple[tuple[str, tuple[float | str, ...]], ...] = ()
    limits: tuple[str, ...] = ()  # what the author knows that this design cannot show
    events: tuple[Intercurrent, ...] = ()
    estimands: tuple[Estimand, ...] = ()  # further ones, named by analyses
    hash: str = field(default="", compare=False)

    @property
    def mechanistic(self) -> bool:
        """Whether mechanisms make the people, and not published outcomes."""
        return self.patients.model == MECHANISTIC

    @property
    def final(self) -> TrialVisit:
        """The visit at which arms are compared."""
        return self.visits[-1]

    @property
    def control(self) -> TrialArm:
        """The arm that the others are compared with."""
        return next(arm for arm in self.arms if arm.control)

    @property
    def active(self) -> tuple[TrialArm, ...]:
        """The arms that are no control."""
        return tuple(arm for arm in self.arms if not arm.control)

    @property
    def primary(self) -> Analysis:
        """The analysis that success is judged by."""
        return next(a for a in self.analyses if a.primary)

    def primary_is(self, method: Method) -> bool:
        """Whether a primary analysis is of that kind."""
        return any(a.primary and a.method is method for a in self.analyses)

    def estimand_of(self, analysis: Analysis) -> Estimand:
        """The estimand that an analysis follows."""
        return next((e for e in self.estimands if e.key == analysis.estimand), self.estimand)

    @property
    def largest(self) -> int:
        """The most people that may be randomised."""
        return (self.interim.reestimate_to if self.interim else None) or self.size

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures of the design that nobody measured, by name."""
        return tuple((name, figure) for name, figure in figures_in(self) if figure.grade is Grade.ASSUMED)


def figures_in(design: TrialDesign) -> list[tuple[str, Sourced]]:
    """Every sourced figure of the design by its name, in a fixed order."""
    costs = design.costs
    named: dict[str, Sourced | None] = {f"arm {a.key}.believes": a.believes for a in design.arms}
    named |= {
        "patients.veteran_points": design.patients.veteran_points,
        "clustering.site_sd": design.clustering.site_sd,
        "clustering.therapist_sd": design.clustering.therapist_sd,
        "leaving.share": design.leaving.share,
        "leaving.per_10": design.leaving.per_10,
        "unblinding.points": design.unblinding.points if design.unblinding else None,
    }
    for event in design.events:
        named |= {f"event {event.happening}.{name}": getattr(event, name) for name in ("share", "per_10", "points")}
    for name in COSTED if costs else ():
        named[f"costs.{name}"] = getattr(costs, name)
    return [(name, figure) for name, figure in named.items() if figure is not None]


COSTED: tuple[str, ...] = ("dose", "session", "measurement", "person", "month", "fixed")
COSTED += ("dose_h", "session_h", "measurement_h", "person_h")


def design_text(design: TrialDesign) -> str:
    """The design as one line of JSON, the same bytes for equal designs; defaults are left out."""
    return json.dumps(
        _plain(asdict(design, dict_factory=_lean), asdict(_bare(), dict_factory=_lean)),
        sort_keys=True,
        separators=(",", ":"),
    )


def design_hash(design: TrialDesign) -> str:
    """SHA-256 of `design_text` in hexadecimal."""
    return hashlib.sha256(design_text(design).encode()).hexdigest()


def _bare() -> TrialDesign:
    nothing = Estimand("", "", ())
    return TrialDesign("", "", "", "", 0, "", (), (), Allocation(0), (), nothing, 0.0)


LATER = ("key", "failure_change", "response", "estimand", "adjust", "therapist_effect", "tip_points", "nested")


def _lean(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A nested value without those later fields that say nothing, for the same reason as in `_plain`."""
    return {name: value for name, value in pairs if value or name not in LATER}


def _plain(values: Mapping[str, Any], bare: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the defaults, so that a later optional field changes no hash."""
    return {key: value for key, value in values.items() if key != "hash" and value != bare.get(key)}
