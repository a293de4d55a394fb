"""Walks any protocol with the core alone: satisfies each rule before a step, then does the step, in order of time.

Not a model of patients: it exists to make long, legal event streams for laws that must hold on every protocol.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.activities import Assess, Consent, Dose
from unstuck.core.conditions import (
    All,
    Any,
    AtLeast,
    AtMost,
    Condition,
    FallAtLeast,
    ForMinutes,
    Is,
    Not,
    RiseAtMost,
    Value,
    Within,
)
from unstuck.core.course import COUNTERS, Course
from unstuck.core.dosing import planned_dose
from unstuck.core.errors import Complaint
from unstuck.core.events import Event, Origin
from unstuck.core.protocol import Protocol, Step, gates_of
from unstuck.core.record import record
from unstuck.core.refusals import Refusal
from unstuck.core.schedule import Due, State, overview

WEIGHT_KG = 70.0
MINUTE = timedelta(minutes=1)


@dataclass
class Walk:
    """A course on its way: its events so far and the clock."""

    protocol: Protocol
    now: datetime
    luck: random.Random
    course: Course = field(default_factory=Course)
    events: list[Event] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=itertools.count)
    key: str = "walk"

    def add(self, what: ev.What, at: datetime | None = None) -> None:
        """Records `what` at `at` (default now); a Refusal leaves everything as it was."""
        moment = at or self.now
        event = Event(f"{self.key}-{next(self.ids)}", self.key, moment, moment, "walker", Origin.SIMULATED, what)
        self.course = record(self.protocol, self.course, event)
        self.events.append(event)


def walk(protocol: Protocol, start: datetime, seed: int = 0, most: int = 80, skips: float = 0.0) -> list[Event]:
    """The events of a course that does whatever can be done next, up to `most` steps; skips a share by chance."""
    luck = random.Random(seed)
    arm = luck.choice(protocol.arms).key if protocol.arms else None
    here = Walk(protocol, start, luck)
    here.add(ev.Enrolled(protocol.key, protocol.version, protocol.hash, arm))
    here.add(ev.ReadingTaken("weight_kg", WEIGHT_KG))
    for _ in range(most):
        row = next_row(here)
        if row is None:
            break
        here.now = max(here.now + MINUTE, row.target or here.now)
        may_skip = not any(row.step in step.needs for step in protocol.steps)
        if (may_skip and luck.random() < skips) or not do_row(here, row):
            here.add(ev.StepSkipped(row.step, row.occurrence, "walker"))
    return here.events


def next_row(here: Walk, leave: frozenset[str] = frozenset()) -> Due | None:
    """The next step in time whose rules about order let it through; steps of `leave` are left to somebody else."""
    rows = [r for r in overview(here.protocol, here.course, here.now) if _ready(r) and r.step not in leave]
    return min(rows, key=lambda r: (r.target or here.now, r.step), default=None)


def _ready(row: Due) -> bool:
    quiet = (State.DONE, State.SKIPPED, State.CONDITIONAL, State.WAITING)
    orders = [r.key for r in row.verdict.rules if not r.opens] if row.verdict else []
    return row.state not in quiet and not any(k == "order" or k.startswith("needs:") for k in orders)


def do_row(here: Walk, row: Due) -> bool:
    step = here.protocol.step(row.step)
    for gate in gates_of(here.protocol, step):
        for fact, value in wishes(gate.rule, True):
            if not counted(fact):
                here.add(statement(fact, value), here.now - MINUTE)
    try:
        for what in completion(here, step, row.occurrence):
            here.add(what)
    except Refusal:
        return False
    return True


def completion(here: Walk, step: Step, occurrence: int) -> list[ev.What]:
    """The events that complete one occurrence of a step."""
    match step.activity:
        case Assess(instruments, readings):
            scored = [_scored(name, here.luck, step.key, occurrence) for name in instruments]
            return [*scored, *(ev.ReadingTaken(name, 100.0, step.key, occurrence) for name in readings)]
        case Consent(form):
            return [ev.ConsentGiven(form, "1", step.key, occurrence)]
        case Dose(name):
            regimen = here.protocol.regimen(name, here.course.arm)
            mg = planned_dose(regimen, WEIGHT_KG).mg
            return [
                ev.DoseGiven(
                    step.key, occurrence, regimen.drug, regimen.route.value, mg, WEIGHT_KG, regimen.minutes, regimen.key
                )
            ]
        case _:
            return [ev.StepHeld(step.key, occurrence)]


def _scored(instrument: str, luck: random.Random, step: str, occurrence: int) -> ev.AssessmentCompleted:
    total = float(luck.randint(5, 60))
    return ev.AssessmentCompleted(
        instrument, "1", "simulated", (), (("total", total),), step, occurrence, (), for_care=True
    )


def wishes(rule: Condition, want: bool) -> list[tuple[str, Value]]:
    """Values of facts that make a rule hold (or fail), where stating single values can."""
    match rule:
        case All(rules) | Any(rules):
            return [wish for inner in rules for wish in wishes(inner, want)]
        case Not(inner):
            return wishes(inner, not want)
        case Within(_, inner) | ForMinutes(_, inner):
            return wishes(inner, want)
        case AtMost(fact, value):
            return [(fact, float(value) if want else float(value) + 1)]
        case AtLeast(fact, value):
            return [(fact, float(value) if want else float(value) - 1)]
        case Is(fact, value):
            return [(fact, value if want else _other(value))]
        case FallAtLeast() | RiseAtMost():
            return []


def counted(fact: str) -> bool:
    """Whether a fact follows from the events themselves, so that nobody can state it."""
    return fact in COUNTERS or fact.startswith(("done.", "days_since", "minutes_since"))


def _other(value: Value) -> Value:
    if isinstance(value, bool):
        return not value
    return "low" if isinstance(value, str) else float(value) + 1


def statement(fact: str, value: Value) -> ev.What:
    """The event that states a fact. Counters cannot be stated: Complaint."""
    if fact == "consent":
        return ev.ConsentGiven("any", "1") if value else ev.ConsentWithdrawn("any")
    if fact.startswith(("person.", "room.")):
        return ev.FactStated(fact, value)
    if "." in fact:
        instrument, scale = fact.split(".", 1)
        if isinstance(value, bool):
            raise Complaint(f"{fact} is a score, not a yes or no.")
        item = ((scale, float(value)),) if scale.startswith("item") and not isinstance(value, str) else ()
        return ev.AssessmentCompleted(
            instrument, "1", "simulated", item, () if item else ((scale, value),), for_care=True
        )
    return ev.ReadingTaken(fact, float(value)) if not isinstance(value, bool | str) else ev.FactStated(fact, value)
