"""A protocol as a value: steps with windows, gates, regimens, monitoring, limits, arms and endpoints.

Frozen, versioned and hashed. It holds no code, so that it can be printed, compared, exported and read by several
interpreters. Files are read and written by `protocol_file`; complaints are found by `protocol_check`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from unstuck.core.activities import (
    Activity as Activity,
)
from unstuck.core.activities import (
    AfterDose as AfterDose,
)
from unstuck.core.activities import (
    AfterEachDose as AfterEachDose,
)
from unstuck.core.activities import (
    AfterEnrolment as AfterEnrolment,
)
from unstuck.core.activities import (
    AfterStep as AfterStep,
)
from unstuck.core.activities import (
    AfterTherapy as AfterTherapy,
)
from unstuck.core.activities import (
    Anchor as Anchor,
)
from unstuck.core.activities import (
    Assess as Assess,
)
from unstuck.core.activities import (
    Consent as Consent,
)
from unstuck.core.activities import (
    Contact as Contact,
)
from unstuck.core.activities import (
    Dose as Dose,
)
from unstuck.core.activities import (
    Expose as Expose,
)
from unstuck.core.activities import (
    Integrate as Integrate,
)
from unstuck.core.activities import (
    IntegrationKind as IntegrationKind,
)
from unstuck.core.activities import (
    OnDate as OnDate,
)
from unstuck.core.activities import (
    Prepare as Prepare,
)
from unstuck.core.activities import (
    Review as Review,
)
from unstuck.core.activities import (
    Setting as Setting,
)
from unstuck.core.activities import (
    TherapyKind as TherapyKind,
)
from unstuck.core.activities import (
    kind_of as kind_of,
)
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


class Strength(StrEnum):
    """How strong the evidence for a protocol is; the file says why in words."""

    NONE = "none"
    VERY_LOW = "very_low"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


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
    ceiling_mg_per_kg: float | None = None  # the drug's own ceiling by this route, beside `cap_mg`
    ceiling_source: str = ""


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """Take these readings every `every_min` minutes during a phase, or once where it is None."""

    readings: tuple[str, ...]  # readings, or instruments rated at the bedside
    phase: str  # before, during, after
    every_min: int | None
    source: str
    at_min: tuple[int, ...] = ()  # set points, in minutes from the start of the phase


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Someone must act while the rule HOLDS."""

    key: str
    rule: Condition
    action: str
    urgent: bool
    source: str
    life: bool = False  # life-threatening: the sound enters the room


@dataclass(frozen=True, slots=True)
class WorseStep:
    """By how much a reading must move since an alarm rang to ring it anew though somebody is on it.

    `by` is in the reading's unit; above 0 a rise is worse, below 0 a fall.
    """

    alert: str
    reading: str
    by: float
    source: str
    grade: Grade = Grade.MEASURED
    note: str = ""


@dataclass(frozen=True, slots=True)
class RescueStep:
    """One thing that the site does in an emergency, in the file's order, and within how many seconds of the call."""

    key: str
    words: str
    within_s: int
    source: str
    grade: Grade = Grade.MEASURED
    note: str = ""


BEFORE_ORDER = "order"  # gates that name this stand before a prescriber's order, not before a step

LIMITS: dict[str, str] = {
    "weight_jump_percent": "change of weight since the last visit above which a second person weighs, in percent",
    "clock_offset_s": "difference between a device's clock and the server's that is shown and recorded, in seconds",
    "unwatched_after_s": "silence of a session page after which its chair counts as unwatched, in seconds",
    "late_entry_min": "time between observing and recording above which an entry is marked late, in minutes",
    "chairs_per_nurse": "most chairs that one nurse watches",
    "volume_step_ml": "smallest step of a syringe, in mL",
    "dose_tolerance_percent": "most by which a drawn dose may lie below the ordered one, in percent",
    "order_valid_h": "longest time for which an order may stand, in hours",
    "alarm_take_s": "time in which somebody must take an alarm before it becomes an alert, in seconds",
    "alarm_recheck_min": "time after taking an alarm in which the reading is repeated, in minutes",
    "between_parts_min": "shortest time between two devices of a nasal dose, in minutes",
    "peak_min.iv_infusion": "how long the effect stands near its peak after the end of an infusion, in minutes",
    "peak_min.iv_bolus": "the same after an intravenous bolus",
    "peak_min.im": "the same after an intramuscular injection",
    "peak_min.sc": "the same after a subcutaneous injection",
    "peak_min.intranasal": "the same after the last nasal device or spray",
    "peak_min.sublingual": "the same after a lozenge",
    "peak_min.oral": "the same after swallowing",
}


@dataclass(frozen=True, slots=True)
class BedsideLimit:
    """One figure that the bedside keeps; `key` is one of LIMITS, which says its unit."""

    key: str
    value: float
    source: str
    grade: Grade = Grade.MEASURED
    note: str = ""


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
    limits: tuple[BedsideLimit, ...] = ()
    worse: tuple[WorseStep, ...] = ()
    rescue: tuple[RescueStep, ...] = ()

    def limit(self, key: str) -> float | None:
        """The figure of that key, or None where the plan states none."""
        return next((limit.value for limit in self.limits if limit.key == key), None)


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
    _by_key: dict[str, Step] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {step.key: step for step in reversed(self.steps)})

    def step(self, key: str) -> Step:
        """The step of that key. Raises KeyError."""
        return self._by_key[key]

    def has(self, key: str) -> bool:
        """Whether there is a step of that key."""
        return key in self._by_key

    def arm(self, key: str) -> Arm:
        """The arm of that key. Raises KeyError."""
        return {a.key: a for a in self.arms}[key]

    def regimen(self, name: str, arm: str | None = None) -> Regimen:
        """The regimen behind a name, as that arm gives it. Raises KeyError."""
        real = dict(self.arm(arm).regimens).get(name, name) if arm else name
        return {r.key: r for r in self.regimens}[real]


def gates_of(protocol: Protocol, step: Step) -> tuple[Gate, ...]:
    """The gates that stand before a step, by its key or by its kind."""
    names = (step.key, kind_of(step.activity))
    return tuple(g for g in protocol.gates if g.before in names)
