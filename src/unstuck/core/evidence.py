"""Published studies and what was claimed of them: the types of the evidence wing.

A blank stays blank: a figure that nobody could read is None, never a guess. A change within one arm holds the drug, the
expectation, the therapy and regression to the mean together, so that only a `Contrast` is ever an effect of a drug.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from unstuck.core.sourced import Grade, Read


class Form(StrEnum):
    """How a study was built, as far as that decides what it can show."""

    RANDOMISED = "randomised"
    CROSSOVER = "crossover"
    ONE_ARM = "one_arm"
    RETROSPECTIVE = "retrospective"
    COHORT = "cohort"
    CASES = "cases"
    IMAGING = "imaging"

    @property
    def by_lot(self) -> bool:
        """Whether chance decided who got what, so that a difference between arms can be an effect."""
        return self in (Form.RANDOMISED, Form.CROSSOVER)


class Group(StrEnum):
    """Who took part."""

    CIVILIAN = "civilian"
    VETERAN = "veteran"
    MILITARY = "military"  # in service when treated
    OTHER_DIAGNOSIS = "other_diagnosis"
    HEALTHY = "healthy"


class Purpose(StrEnum):
    """What a study is read for."""

    TREATMENT = "treatment"  # ketamine for PTSD that is there
    PREVENTION = "prevention"  # ketamine near the trauma
    COMPARATOR = "comparator"  # other treatments, and what happens without
    ACUTE = "acute"  # what a dose does while it lasts
    DEPRESSION = "depression"  # ketamine for depression, without a PTSD scale


class Role(StrEnum):
    """What an arm stands for in a comparison."""

    TREATED = "treated"
    ACTIVE = "active"  # a control that is felt, or another treatment
    PASSIVE = "passive"  # saline, waiting, minimal contact


class Judgement(StrEnum):
    """Risk of bias in one domain, as a named reviewer judged it."""

    LOW = "low"
    SOME = "some"
    HIGH = "high"


class Scale(StrEnum):
    """The unit of a contrast. Differences are treated minus control; ratios treated over control."""

    MEAN_DIFFERENCE = "mean_difference"
    COHEN_D = "cohen_d"
    HEDGES_G = "hedges_g"
    RISK_RATIO = "risk_ratio"
    ODDS_RATIO = "odds_ratio"

    @property
    def ratio(self) -> bool:
        """Whether the scale is a ratio, so that it is positive and pooled as a logarithm."""
        return self in (Scale.RISK_RATIO, Scale.ODDS_RATIO)


class Direction(StrEnum):
    """What a sentence says where no number could be read."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Measure:
    """A scale as studies use it; `lowest` and `highest` bound a person's score, None where the file does not know."""

    key: str
    title: str
    subject: str  # ptsd, depression, dissociation ...
    lowest: float | None
    highest: float | None
    whole: bool  # a person's score is a whole number
    source: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When after the first dose; `hours` is None where the source gives no number, 0 at baseline."""

    words: str
    hours: float | None

    @property
    def days(self) -> float | None:
        """The same in days."""
        return None if self.hours is None else self.hours / 24


@dataclass(frozen=True, slots=True)
class Origin:
    """How a figure came to be known: where it stands, how that was read, and what was done to it."""

    source: str
    read: Read
    grade: Grade
    note: str = ""

    @property
    def words(self) -> str:
        """In two or three words, for tables."""
        if self.read is Read.MEMORY:
            return "from memory"
        if self.grade is Grade.DERIVED:
            return "computed"
        return "read" if self.read is Read.VERIFIED else "read second-hand"


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a study; None where a count could not be read."""

    key: str
    title: str
    drug: str
    role: Role
    started: int | None
    completed: int | None
    source: str
    published_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean and spread of one arm at one time, and its change from baseline. Points of the measure."""

    arm: str
    measure: str
    at: Moment
    origin: Origin
    n: int | None = None
    mean: float | None = None
    sd: float | None = None
    change: float | None = None
    change_sd: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    change_n: int | None = None  # where fewer had a baseline than are in `n`
    whole: bool = True  # False where missing items were made up for, so that scores need not be whole

    @property
    def changed(self) -> int | None:
        """How many the change rests on."""
        return self.change_n if self.change_n is not None else self.n


@dataclass(frozen=True, slots=True)
class Count:
    """How many of an arm met something; `good` False where it is a harm. `of` None where nobody says of how many."""

    arm: str
    measure: str
    at: Moment
    what: str
    met: int | None
    of: int | None
    origin: Origin
    good: bool = True
    percent: float | None = None  # where only the share is printed


@dataclass(frozen=True, slots=True)
class Contrast:
    """Treated against control. The only kind of effect that may be called an effect of a treatment."""

    treated: str
    against: str
    measure: str
    at: Moment
    scale: Scale
    origin: Origin
    value: float
    se: float | None = None  # of the logarithm for a ratio
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n: int | None = None
    how: str = ""  # model, period, adjustment


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something lasted in an arm, in days."""

    arm: str
    what: str
    middle: str  # median or mean
    days: float
    origin: Origin
    sd: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A result in a sentence, where no number could be read."""

    sentence: str
    measure: str
    direction: Direction
    origin: Origin


Effect = Mean | Count | Contrast | Duration | Said


@dataclass(frozen=True, slots=True)
class Bias:
    """A judgement of risk of bias in one domain, with who judged and why."""

    domain: str
    judgement: Judgement
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Study:
    """One published study as far as it could be read; `gaps` say what could not.

    `part_of` names the study whose people these are (imaging, follow-up); `overlaps`, studies that may share people.
    """

    key: str
    title: str
    year: int | None
    form: Form
    purpose: Purpose
    design: str
    population: str
    groups: tuple[Group, ...]
    n: int | None
    sources: tuple[str, ...]
    read: Read
    gaps: tuple[str, ...]
    arms: tuple[Arm, ...]
    effects: tuple[Effect, ...]
    bias: tuple[Bias, ...] = ()
    registration: str = ""
    part_of: str = ""
    overlaps: tuple[str, ...] = ()
    bears_on: tuple[str, ...] = ()
    short: str = ""  # a name for plots, where the key does not give a good one

    def arm(self, key: str) -> Arm | None:
        """The arm of that key, or None."""
        return next((arm for arm in self.arms if arm.key == key), None)

    @property
    def protocols(self) -> frozenset[str]:
        """Keys of the library's protocols that this study is evidence for."""
        return frozenset(name.partition(":")[0] for arm in self.arms for name in arm.published_for) | set(self.bears_on)


class Verdict(StrEnum):
    """What a claim is worth, set against its source."""

    RIGHT = "right"
    IMPRECISE = "imprecise"
    WRONG = "wrong"
    UNSUPPORTED = "unsupported"
    UNTRACEABLE = "untraceable"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that goes round about a treatment, and what its source says, in words for a patient."""

    key: str
    claim: str
    says: str
    verdict: Verdict
    topic: str
    source: str  # "" where none was found
    read: Read
    note: str = ""
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A pooled figure as a published meta-analysis prints it."""

    key: str
    title: str
    question: str
    scale: str
    value: float | None
    low: float | None
    high: float | None
    studies: int | None
    n: int | None
    origin: Origin
    usable: bool  # False where the figure must not be read as an effect of the drug


def people_of(studies: Mapping[str, Study], key: str) -> str:
    """The key of the study whose people these are: a substudy leads to its parent."""
    seen = {key}
    while studies[key].part_of:
        key = studies[key].part_of
        if key in seen:
            raise ValueError(f"{key} is part of itself")
        seen.add(key)
    return key


def once(studies: Mapping[str, Study], chosen: Iterable[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The chosen studies with every person counted once, and who was left out for which study.

    A substudy gives way to its parent, and of two that may overlap the larger stays; of equal ones the first by name.
    """
    kept: list[str] = []
    out: dict[str, str] = {}
    for key in sorted(set(chosen), key=lambda k: (bool(studies[k].part_of), -(studies[k].n or 0), k)):
        rival = next((k for k in kept if _shares(studies, key, k)), None)
        if rival is None:
            kept.append(key)
        else:
            out[key] = rival
    return tuple(sorted(kept)), out


def _shares(studies: Mapping[str, Study], one: str, other: str) -> bool:
    if people_of(studies, one) == people_of(studies, other):
        return True
    return other in studies[one].overlaps or one in studies[other].overlaps
