"""How often a monitoring profile would ring: simulated sessions of one protocol under each profile, alarms counted.

Question: how many alarms would staff meet in a session if they took each one at once? The people and the drug's effect
are those of the reference simulator, with pressure as high as in the highest published series, and with its limits:
what it does not simulate (alertness, a probe that slips, an artefact) rings here never, and is named. Overdue readings
are not counted: simulated staff are on time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.alarm_rates_file import AlarmRates, Rate, plan_mark
from unstuck.core.alarms import Alarm, alarms
from unstuck.core.conditions import facts_of
from unstuck.core.course import Course, standing
from unstuck.core.events import Event
from unstuck.core.protocol import AlertRule, MonitoringPlan, Protocol
from unstuck.core.protocol_file import load_profile
from unstuck.core.session_events import AlarmAnswered, Answer
from unstuck.lab.patients.felt import Acute
from unstuck.lab.trials.job import Job, Wish, prepare, run_one

BEFORE = timedelta(hours=2)  # readings this long before a dose belong to its session; earlier ones to a visit held back
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Asked:
    """What is simulated: whose sessions, how many people, which luck, and whose effect where none is published."""

    protocol: Protocol
    arm: str | None
    people: int
    seed: int
    borrowed: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """One person's sessions: how many there were, and for each the rules that rang, one entry a ring."""

    sessions: tuple[tuple[str, ...], ...]
    seen: frozenset[str]  # names of readings that were taken at all


def rates_of(profile: str, asked: Asked) -> AlarmRates:
    """The rates of that profile of the library. Raises Complaint for an unknown one."""
    under = load_profile(profile)
    protocol = replace(asked.protocol, monitoring=under.plan, gates=under.gates)
    borrowed = {"": asked.borrowed} if asked.borrowed else {}
    wish = Wish((asked.arm,), asked.people, asked.seed, borrowed, sparse=False, acute=Acute.WORST)
    job = prepare(protocol, wish)
    counted = [_counted(job, under.plan, number) for number in range(asked.people)]
    urgent = {rule.key for rule in under.plan.alerts if rule.urgent}
    seen = frozenset().union(*(one.seen for one in counted))
    rang = Counter(key for one in counted for rings in one.sessions for key in rings)
    sessions = sum(len(one.sessions) for one in counted)
    return AlarmRates(
        profile=profile,
        mark=plan_mark(under.plan),
        protocol=asked.protocol.key,
        arm=asked.arm or "",
        dose=_dose_words(asked),
        people=asked.people,
        sessions=sessions,
        seed=asked.seed,
        alarms=_rate([(sum(len(r) for r in one.sessions), len(one.sessions)) for one in counted]),
        urgent=_rate([(_count(one, urgent), len(one.sessions)) for one in counted]),
        sessions_with_one=_rate([(sum(1 for r in one.sessions if r), len(one.sessions)) for one in counted]),
        by_rule=tuple((rule.key, round(rang[rule.key] / max(sessions, 1), 4)) for rule in under.plan.alerts),
        not_simulated=tuple(rule.key for rule in under.plan.alerts if not seen.intersection(facts_of(rule.rule))),
    )


def _dose_words(asked: Asked) -> str:
    """Drug, amount and route of the protocol's first dose in that arm, in codes."""
    for regimen in asked.protocol.regimens:
        if asked.arm in (None, regimen.key) or len(asked.protocol.regimens) == 1:
            took = f" {regimen.minutes:g} min" if regimen.minutes else ""
            return f"{regimen.drug} {regimen.amount or 0:g} {regimen.unit.value} {regimen.route.value}{took}"
    return ""


def _count(one: Counted, keys: set[str]) -> int:
    return sum(1 for rings in one.sessions for key in rings if key in keys)


def _counted(job: Job, plan: MonitoringPlan, number: int) -> Counted:
    course = run_one(job, 0, number).course
    sessions = tuple(tuple(ring.rule.key for ring in rings(plan, course, happened)) for happened in _sessions(course))
    names = (e.what.name for e in course.log if isinstance(e.what, ev.ReadingTaken))
    return Counted(sessions, frozenset(names))


def _sessions(course: Course) -> Iterator[list[Event]]:
    """The events of each dosing session, from shortly before the dose to the end of the day."""
    log = standing(course.log)
    for dose in course.doses:
        what = dose.what
        assert isinstance(what, ev.DoseGiven)
        first, last = dose.observed_at - BEFORE, dose.observed_at + timedelta(hours=12)
        here = (what.step, what.occurrence)
        yield [e for e in log if ev.step_of(e.what) == here and first <= e.observed_at <= last]


def rings(plan: MonitoringPlan, course: Course, happened: Sequence[Event]) -> list[Alarm]:
    """Every alarm of a session, in order of time, when somebody takes each one at the moment it is raised."""
    events, found = list(happened), list[Alarm]()
    end = max((e.observed_at for e in events), default=None)
    while end is not None:
        waiting = [a for a in alarms(plan, course, events, end) if a.taken_at is None]
        if not waiting:
            break
        first = min(waiting, key=lambda a: a.raised_at)
        found.append(first)
        events.append(_taken(events[0], first.rule, first.raised_at))
    return sorted(found, key=lambda a: a.raised_at)


def _taken(like: Event, rule: AlertRule, at: datetime) -> Event:
    """Somebody is on it, just after it was raised and before the next reading."""
    step, occurrence = ev.step_of(like.what) or ("", 1)
    what = AlarmAnswered(step, occurrence, rule.key, Answer.TAKEN)
    moment = at + timedelta(milliseconds=1)
    return replace(like, id=f"taken-{rule.key}-{at.isoformat()}", observed_at=moment, recorded_at=moment, what=what)


def _rate(pairs: Sequence[tuple[int, int]]) -> Rate:
    """Mean per session over people as clusters: a ratio, with the interval of its linearised variance."""
    total, sessions, people = sum(a for a, _ in pairs), sum(s for _, s in pairs), len(pairs)
    if not sessions:
        return Rate(0.0, 0.0, 0.0)
    mean = total / sessions
    spread = sum((a - mean * s) ** 2 for a, s in pairs) * people / max(people - 1, 1)
    half = Z_95 * math.sqrt(spread) / sessions
    return Rate(round(mean, 4), round(max(0.0, mean - half), 4), round(mean + half, 4))
