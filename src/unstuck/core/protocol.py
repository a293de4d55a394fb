"""A protocol as a value: steps with windows, gates, regimens, monitoring, limits, arms and endpoints.

Frozen, versioned and hashed. It holds no code, so that it can be printed, compared, exported and read by several
interpreters. Files are read and written by `protocol_file`; complaints are found by `protocol_check`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from unstuck.core.conditions import Condition
from unstuck.core.sourced import Grade
from unstuck.core.time import Span, Window


class Route(StrEnum):
    """How a drug is given."""

    IV_INFUSION = "iv_infusion"
    IV_BOLUS = "iv_bolus"
    IM = "im"
    SC = "sc"
    INTRANASAL = "intranasal"
    SUBLINGUAL = "sublingual"
    ORAL = "oral"


class DoseUnit(StrEnum):
    """What a regimen's amount counts."""

    MG = "mg"
    MG_PER_KG = "mg/kg"


class Otherwise(StrEnum):
    """What happens to a step whose gate does not hold."""

    HOLD = "hold"
    SKIP = "skip"
    STOP = "stop"


class Setting(StrEnum):
    """Where a dose is taken."""

    SUPERVISED = "supervised"
    HOME = "home"


class Strength(StrEnum):
    """How strong the evidence for a protocol is; the file says why in words."""

    NONE = "none"
    VERY_LOW = "very_low"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class TherapyKind(StrEnum):
    """Trauma-focused therapies known by name; a site's own kind is written `site:its-name`."""

    PE = "pe"
    CPT = "cpt"
    EMDR = "emdr"
    WRITTEN_EXPOSURE = "written_exposure"
    TF_CBT = "tf_cbt"


class IntegrationKind(StrEnum):
    """Kinds of integration session."""

    SOMATIC = "somatic"
    MINDFULNESS = "mindfulness"
    CONVERSATION = "conversation"
    JOURNAL = "journal"


# --- anchors: what a step's window is counted from ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AfterEnrolment:
    """Counted from the enrolment."""


@dataclass(frozen=True, slots=True)
class AfterStep:
    """Counted from when occurrence `occurrence` of another step was done."""

    step: str
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class AfterDose:
    """Counted from the start of the nth dose of the course; 0 means the last dose given."""

    number: int


@dataclass(frozen=True, slots=True)
class AfterEachDose:
    """Once for every dose, counted from its start."""


@dataclass(frozen=True, slots=True)
class AfterTherapy:
    """Counted from the nth trauma-focused session."""

    number: int


@dataclass(frozen=True, slots=True)
class OnDate:
    """Counted from local midnight of a calendar date, ISO 8601."""

    date: str


Anchor = AfterEnrolment | AfterStep | AfterDose | AfterEachDose | AfterTherapy | OnDate


# --- activities -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assess:
    """Ask or rate these instruments, or take these readings (names of facts such as `systolic_mmhg`)."""

    instruments: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    by: str = "patient"


@dataclass(frozen=True, slots=True)
class Consent:
    form: str


@dataclass(frozen=True, slots=True)
class Prepare:
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Dose:
    """Give the regimen of that name; which one it is may depend on the arm."""

    regimen: str
    setting: Setting = Setting.SUPERVISED


@dataclass(frozen=True, slots=True)
class Expose:
    """One trauma-focused session. `therapy` is a TherapyKind value or `site:name`."""

    therapy: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Integrate:
    manner: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A named person decides; `question` says what, in plain words."""

    question: str
    by: str = "prescriber"


@dataclass(frozen=True, slots=True)
class Contact:
    about: str
    by: str = "nurse"


Activity = Assess | Consent | Prepare | Dose | Expose | Integrate | Review | Contact


# --- the parts of a protocol ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repeat:
    """The step happens up to `times` times; each time counts its window from the time before."""

    times: int
    every: Window


@dataclass(frozen=True, slots=True)
class Step:
    """One scheduled thing. `when` makes it conditional: it is due only while the rule HOLDS."""

    key: str
    title: str
    activity: Activity
    after: Anchor
    window: Window
    source: str
    grade: Grade = Grade.MEASURED
    repeat: Repeat | None = None
    when: Condition | None = None
    needs: tuple[str, ...] = ()  # steps that must be done before this one
    optional: bool = False
    note: str = ""

    @property
    def times(self) -> int | None:
        """How often the step may occur; None where it follows each dose, however many there are."""
        if isinstance(self.after, AfterEachDose):
            return None
        return self.repeat.times if self.repeat else 1


@dataclass(frozen=True, slots=True)
class Regimen:
    """One dose as it is meant to be given. Caps bound the amount whatever the weight."""

    key: str
    drug: str
    route: Route
    amount: float | None
    unit: DoseUnit
    source: str
    minutes: float | None = None  # over which the drug is given; None where the source is silent
    cap_mg: float | None = None
    highest: float | None = None  # upper end of a range in `unit`, where the source gives a range
    grade: Grade = Grade.MEASURED
    blind_label: str = ""


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """Take these readings every `every_min` minutes during a phase, or once where it is None."""

    readings: tuple[str, ...]
    phase: str  # before, during, after
    every_min: int | None
    source: str


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Someone must act while the rule HOLDS."""

    key: str
    rule: Condition
    action: str
    urgent: bool
    source: str


@dataclass(frozen=True, slots=True)
class MonitoringPlan:
    """What is read around a dose, when somebody must act, and when a person may leave."""

    profile: str
    readings: tuple[ReadingPlan, ...]
    alerts: tuple[AlertRule, ...]
    discharge: Condition | None
    stay_min: int | None
    stay_from: str  # dose_start or dose_end
    source: str


@dataclass(frozen=True, slots=True)
class Gate:
    """A rule that must HOLD before a step; `before` names a step, or a kind of activity such as `dose`."""

    key: str
    before: str
    rule: Condition
    otherwise: Otherwise
    why: str
    source: str
    override: bool = True  # may a named person pass it with a reason


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` activities of a kind (`dose`, `expose`) in any `per`."""

    kind: str
    most: int
    per: Span
    source: str


@dataclass(frozen=True, slots=True)
class Arm:
    """A named variant: which regimen stands behind each regimen name. Ratios are relative."""

    key: str
    title: str
    ratio: int = 1
    regimens: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An outcome of a course, as data. Which fields count depends on `kind`; see `outcomes`.

    kind: `response` (fall_percent or fall_points), `remission` (at_most), `relapse` (rise_points after response or
    back above), `non_response` (fall below after_doses), `change`.
    """

    key: str
    title: str
    kind: str
    instrument: str
    scale: str
    source: str
    at: str = ""  # step whose assessment counts; empty: the last one in the course
    fall_percent: float | None = None
    fall_points: float | None = None
    at_most: float | None = None
    after_doses: int | None = None
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a study of this protocol found, in one plain sentence with its source."""

    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """The whole plan. `sources` are keys of the references; `gaps` say what the sources do not tell."""

    key: str
    version: str
    title: str
    summary: str
    sources: tuple[str, ...]
    strength: Strength
    strength_why: str
    steps: tuple[Step, ...]
    regimens: tuple[Regimen, ...] = ()
    gates: tuple[Gate, ...] = ()
    limits: tuple[Limit, ...] = ()
    monitoring: MonitoringPlan | None = None
    arms: tuple[Arm, ...] = ()
    blinded: tuple[str, ...] = ()  # roles that must not learn the arm
    endpoints: tuple[Endpoint, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[str, ...] = ()
    curve: str = "pcl5_week"  # the instrument whose scores make the course's curve
    population: str = ""
    hash: str = field(default="", compare=False)

    def step(self, key: str) -> Step:
        """The step of that key. Raises KeyError."""
        return next(s for s in self.steps if s.key == key) if self.has(key) else _missing(key)

    def has(self, key: str) -> bool:
        """Whether there is a step of that key."""
        return any(s.key == key for s in self.steps)

    def arm(self, key: str) -> Arm:
        """The arm of that key. Raises KeyError."""
        return {a.key: a for a in self.arms}[key]

    def regimen(self, name: str, arm: str | None = None) -> Regimen:
        """The regimen behind a name, as that arm gives it. Raises KeyError."""
        real = dict(self.arm(arm).regimens).get(name, name) if arm else name
        return {r.key: r for r in self.regimens}[real]

    def for_arm(self, key: str) -> Protocol:
        """The same protocol with every dose step bound to that arm's regimens, and that arm alone."""
        arm = self.arm(key)
        names = dict(arm.regimens)
        return replace(self, steps=tuple(_bound(s, names) for s in self.steps), arms=(arm,))


def _bound(step: Step, names: dict[str, str]) -> Step:
    if not isinstance(step.activity, Dose):
        return step
    real = names.get(step.activity.regimen, step.activity.regimen)
    return replace(step, activity=replace(step.activity, regimen=real))


def _missing(key: str) -> Step:
    raise KeyError(key)


KINDS: dict[type[Activity], str] = {
    Assess: "assess",
    Consent: "consent",
    Prepare: "prepare",
    Dose: "dose",
    Expose: "expose",
    Integrate: "integrate",
    Review: "review",
    Contact: "contact",
}


def kind_of(activity: Activity) -> str:
    """The activity's kind as protocols write it."""
    return KINDS[type(activity)]


def gates_of(protocol: Protocol, step: Step) -> tuple[Gate, ...]:
    """The gates that stand before a step, by its key or by its kind."""
    names = (step.key, kind_of(step.activity))
    return tuple(g for g in protocol.gates if g.before in names)
