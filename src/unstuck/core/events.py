"""What happened: a closed union of facts in the past tense, the only record that clinic and simulator share.

An event carries a pseudonymous course, two times (observed and recorded), an actor's pseudonymous id, and its origin.
It holds no name, no address and no free text: a reason is a code here and words elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from unstuck.core.errors import Complaint
from unstuck.core.session_events import SessionWhat
from unstuck.core.therapy_events import TherapyWhat
from unstuck.core.time import require_aware


class Origin(StrEnum):
    """Whether a real visit or a simulated one wrote the event."""

    CLINIC = "clinic"
    SIMULATED = "simulated"


class Decision(StrEnum):
    """What a person decided at a review."""

    GO_ON = "go_on"
    CHANGE = "change"
    STOP = "stop"


class Leaving(StrEnum):
    """Where a person went after a dose."""

    HOME = "home"
    TRANSFER = "transfer"  # into other hands that go on watching; no discharge rule is met, and none is overridden


class Ending(StrEnum):
    """Why a course ended."""

    COMPLETED = "completed"
    STOPPED_NO_RESPONSE = "stopped_no_response"
    STOPPED_HARM = "stopped_harm"
    WITHDREW = "withdrew"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Enrolled:
    protocol: str
    version: str
    protocol_hash: str
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    form: str
    form_version: str
    step: str | None = None
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    form: str


@dataclass(frozen=True, slots=True)
class FactStated:
    """A fact about the person that rules may see, such as `person.pregnant`."""

    name: str
    value: float | bool | str


@dataclass(frozen=True, slots=True)
class StepHeld:
    """A preparation, therapy, integration, review or contact took place."""

    step: str
    occurrence: int = 1
    minutes: float | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class AssessmentCompleted:
    """A completed instrument. `wording` is `demo` for our own short labels; only official wording may open gates.

    `answers` are (item, value) pairs; `scores` are (scale, value) pairs, with None where a score cannot be given.
    """

    instrument: str
    version: str
    wording: str
    answers: tuple[tuple[str, float], ...]
    scores: tuple[tuple[str, float | str | None], ...]
    step: str | None = None
    occurrence: int = 1
    flags: tuple[str, ...] = ()
    for_care: bool = False  # whether gates and alerts may read the scores


@dataclass(frozen=True, slots=True)
class DoseGiven:
    """`observed_at` is the start. Amounts in mg; `minutes` is how long it took, None for a bolus."""

    step: str
    occurrence: int
    drug: str
    route: str
    amount_mg: float
    weight_kg: float | None
    minutes: float | None
    regimen: str
    order: str = ""  # the signed order it follows
    lot: str = ""  # the scanned lot it was drawn from
    units: float | None = None  # how much of it, in the unit the lot is counted in
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ReadingTaken:
    """One reading such as `systolic_mmhg`; the unit is part of the name. `step` ties it to a dosing session."""

    name: str
    value: float
    step: str | None = None
    occurrence: int = 1
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Discharged:
    """A person left after a dose. Home is only for whom every leaving rule holds."""

    step: str
    occurrence: int = 1
    to: Leaving = Leaving.HOME


@dataclass(frozen=True, slots=True)
class VisitBooked:
    step: str
    occurrence: int
    at: datetime
    place: str = ""


@dataclass(frozen=True, slots=True)
class AdverseEventNoted:
    """`grade` is CTCAE 1-5; `expected` marks a transient expected effect of the drug."""

    category: str
    grade: int
    serious: bool = False
    expected: bool = False
    dose: int | None = None  # number of the dose it is attributed to
    minutes: float | None = None
    causality: str = ""  # a code: unrelated, possible, probable, definite
    treated: bool = False
    blocks_next: bool = False  # whether it must be looked at before the next dose


@dataclass(frozen=True, slots=True)
class StepSkipped:
    step: str
    occurrence: int
    reason: str  # a code; words live outside the ledger


@dataclass(frozen=True, slots=True)
class GateOverridden:
    step: str
    occurrence: int
    gate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Amended:
    """The course goes on under another version of its protocol."""

    old_hash: str
    new_hash: str
    version: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """An earlier event was wrong: it no longer counts. What is true instead is a new event."""

    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class CourseEnded:
    ending: Ending


CourseWhat = (
    Enrolled
    | ConsentGiven
    | ConsentWithdrawn
    | FactStated
    | StepHeld
    | AssessmentCompleted
    | DoseGiven
    | ReadingTaken
    | Discharged
    | VisitBooked
    | AdverseEventNoted
    | StepSkipped
    | GateOverridden
    | Amended
    | Corrected
    | CourseEnded
)
What = CourseWhat | SessionWhat | TherapyWhat
KINDS: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(What)}

_CODE = re.compile(r"[\w.:/+\-]{0,120}")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in one course. `id` is unique; the same id twice is the same event."""

    id: str
    course: str
    observed_at: datetime
    recorded_at: datetime
    actor: str
    origin: Origin
    what: What

    def __post_init__(self) -> None:
        require_aware(self.observed_at)
        require_aware(self.recorded_at)
        if self.recorded_at < self.observed_at:
            raise Complaint(
                f"Event {self.id} was recorded at {self.recorded_at.isoformat()}, before it was observed "
                f"at {self.observed_at.isoformat()}.",
                mend="Check the clock; a planned visit is VisitBooked, not a thing that happened.",
            )


def step_of(what: What) -> tuple[str, int] | None:
    """The step and occurrence that `what` belongs to, or None."""
    key = getattr(what, "step", None)
    return (key, what.occurrence) if key else None  # type: ignore[union-attr]


def to_dict(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, with `kind` naming what happened."""
    plain = {
        "id": event.id,
        "course": event.course,
        "observed_at": event.observed_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "actor": event.actor,
        "origin": event.origin.value,
        "kind": type(event.what).__name__,
    }
    return plain | {"what": {f.name: _plain(getattr(event.what, f.name)) for f in dataclasses.fields(event.what)}}


def from_dict(plain: Mapping[str, Any], where: str | None = None) -> Event:
    """The event that `to_dict` wrote. Raises Complaint on an unknown kind, a missing or an unknown field."""
    kind = KINDS.get(str(plain.get("kind")))
    if kind is None:
        raise Complaint(f"Unknown kind of event {plain.get('kind')!r}.", where, f"Known: {', '.join(sorted(KINDS))}.")
    try:
        return Event(
            id=str(plain["id"]),
            course=str(plain["course"]),
            observed_at=datetime.fromisoformat(plain["observed_at"]),
            recorded_at=datetime.fromisoformat(plain["recorded_at"]),
            actor=str(plain["actor"]),
            origin=Origin(plain["origin"]),
            what=_what(kind, plain["what"], where),
        )
    except KeyError as missing:
        raise Complaint(f"The event lacks the field {missing}.", where) from None
    except (ValueError, TypeError) as wrong:
        raise Complaint(str(wrong), where) from wrong


def canonical_json(event: Event) -> bytes:
    """The event as one line of JSON that is the same on every machine: sorted keys, no spaces, UTF-8."""
    return dumps(to_dict(event)).encode()


def dumps(plain: object) -> str:
    """JSON text with sorted keys and no spaces; NaN and infinity are refused."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_what(kind: type, plain: Mapping[str, Any], where: str | None = None) -> What:
    """What happened, from plain JSON values. Raises Complaint on unknown or missing fields and on free text."""
    try:
        return _what(kind, plain, where)
    except (TypeError, ValueError) as wrong:
        raise Complaint(f"This is no {kind.__name__}: {wrong}.", where) from None


def _what(kind: type, plain: Mapping[str, Any], where: str | None) -> What:
    hints = _hints(kind)
    strange = sorted(set(plain) - set(hints))
    if strange:
        raise Complaint(f"{kind.__name__} has no field {strange[0]!r}.", where, f"Fields: {', '.join(hints)}.")
    values = {name: _rich(value, hints[name]) for name, value in plain.items()}
    made = kind(**values)
    _refuse_free_text(made, where)
    return made  # type: ignore[no-any-return]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _refuse_free_text(what: object, where: str | None) -> None:
    for field in dataclasses.fields(what):  # type: ignore[arg-type]
        value = getattr(what, field.name)
        if isinstance(value, str) and not _CODE.fullmatch(value):
            raise Complaint(
                f"{type(what).__name__}.{field.name} holds free text.",
                where,
                "Events carry codes; keep words in an erasable row.",
            )


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case tuple():
            return [_plain(v) for v in value]
        case _:
            return value


def _rich(value: Any, hint: Any) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if value is None:
        return None
    if origin in (types.UnionType, typing.Union):
        return _rich(value, _fitting(value, args))
    if origin is tuple:
        inner = args[0] if args[-1] is Ellipsis else None
        return tuple(_rich(v, inner or args[i]) for i, v in enumerate(value))
    if hint is datetime:
        return datetime.fromisoformat(value)
    return _scalar(value, hint)


def _scalar(value: Any, hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise TypeError(f"{value!r} is not a {hint.__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is finite")
    return value


def _fitting(value: Any, args: tuple[Any, ...]) -> Any:
    choices = [a for a in args if a is not type(None)]
    if isinstance(value, bool) and bool in choices:
        return bool
    exact = [a for a in choices if isinstance(a, type) and isinstance(value, a)]
    return exact[0] if exact else choices[0]
