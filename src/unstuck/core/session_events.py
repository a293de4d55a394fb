"""What happens in a dosing session: the live part of the closed union of `events`, in the past tense.

Every kind names the dose step and its occurrence, so that no event of one session can enter another. Amounts are in mg,
times in minutes; codes are codes, and words live in erasable rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Flow(StrEnum):
    """What was done to a running infusion."""

    PAUSED = "paused"
    RESUMED = "resumed"
    RATE = "rate"
    STOPPED = "stopped"


class CheckRole(StrEnum):
    """Which of the two independent checks before a dose."""

    GIVER = "giver"
    CHECKER = "checker"


class Answer(StrEnum):
    """What a person did about an alarm."""

    TAKEN = "taken"  # somebody is on it
    ACTED = "acted"  # something was done
    RECHECKED = "rechecked"  # looked at again without a new reading
    ESCALATED = "escalated"  # handed to somebody else


class Call(StrEnum):
    """Who is called, and how."""

    HELP = "help"  # the person in the chair asks for somebody
    EMERGENCY = "emergency"  # stop the drug, everybody comes


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The person was checked in at a chair; `identifiers` are the two or more that were compared."""

    step: str
    occurrence: int
    chair: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoseOrdered:
    """A prescriber's signed order for this session alone. The latest order stands; a change is a new order."""

    step: str
    occurrence: int
    order: str
    regimen: str
    drug: str
    route: str
    amount: float
    unit: str  # mg or mg/kg
    cap_mg: float
    valid_until: datetime
    minutes: float | None = None  # over which it runs; None for what is given at once


@dataclass(frozen=True, slots=True)
class DoseChecked:
    """What one of two people sees before the dose: the scanned lot, its strength, and how much of it they count.

    `unit` is what is counted: mL, device, spray, tablet. `mg_per_unit` comes from the lot, never from typing.
    """

    step: str
    occurrence: int
    order: str
    role: CheckRole
    drug: str
    lot: str
    mg_per_unit: float
    unit: str
    units: float
    weight_kg: float | None


@dataclass(frozen=True, slots=True)
class PartGiven:
    """One device, spray set or tablet of a dose that is given in parts; the first part begins the dose."""

    step: str
    occurrence: int
    number: int
    amount_mg: float


@dataclass(frozen=True, slots=True)
class InfusionChanged:
    """An infusion was paused, resumed, stopped or set to another rate. `reason` is a code."""

    step: str
    occurrence: int
    flow: Flow
    rate_mg_per_min: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AlarmAnswered:
    """Somebody answered an alarm; `alarm` is the key of the rule, `action` a code of what was done."""

    step: str
    occurrence: int
    alarm: str
    answer: Answer
    action: str = ""


@dataclass(frozen=True, slots=True)
class MeasureTaken:
    """A rescue or comfort measure: oxygen, positioning, a medicine with its amount."""

    step: str
    occurrence: int
    measure: str
    amount: float | None = None
    unit: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True)
class PresenceNoted:
    """Somebody came into the room or left it."""

    step: str
    occurrence: int
    who: str
    role: str
    present: bool


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The chair has another keeper now, who read back the alarms that were open."""

    step: str
    occurrence: int
    chair: str
    to: str
    read_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Called:
    """Help or the emergency team was called; `by` is patient or staff."""

    step: str
    occurrence: int
    call: Call
    by: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """Somebody came."""

    step: str
    occurrence: int
    call: Call
    who: str


@dataclass(frozen=True, slots=True)
class ChoicesLocked:
    """What the person decided about touch, recording and grounding before the dose; it cannot change while it works."""

    step: str
    occurrence: int
    touch: str
    recording: str
    grounding: str


SessionWhat = (
    SessionOpened
    | DoseOrdered
    | DoseChecked
    | PartGiven
    | InfusionChanged
    | AlarmAnswered
    | MeasureTaken
    | PresenceNoted
    | HandedOver
    | Called
    | CallAnswered
    | ChoicesLocked
)
