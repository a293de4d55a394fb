"""Who may be treated: the diagnosis, the prescriber's decision and how long it stands, and what watching falls due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from unstuck.core.conditions import Truth, facts_of, judge
from unstuck.core.course import Course
from unstuck.core.events import AssessmentCompleted, Event
from unstuck.core.facts import CourseFacts
from unstuck.core.screening import (
    ACCEPTED,
    INDEX_TRAUMA,
    Finding,
    Looked,
    RuleFinding,
    Screening,
    Test,
    findings,
    history,
    last_day,
    shelf_life,
)
from unstuck.core.sourced import Grade
from unstuck.core.time import Span


class Standing(StrEnum):
    """How the decision about a person stands."""

    NEVER = "never"  # nobody decided
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"  # deferred, declined, or taken back
    OLD = "old"  # accepted, too long ago


class DueState(StrEnum):
    """How a repeated test stands."""

    NOT_YET = "not_yet"
    SOON = "soon"
    LATE = "late"


SOON = timedelta(days=14)  # a repeated test is shown as coming so long before it is due


@dataclass(frozen=True, slots=True)
class Watching:
    """One repeated test of a course: when it was last done and when it is due again.

    `since` is the day that it is counted from: its own, or that of the first dose where it was never done here.
    `holds` tells whether the next dose waits for it once it is late.
    """

    key: str
    title: str
    done_on: date | None
    since: date
    due_on: date
    state: DueState
    holds: bool
    why: str
    source: str
    grade: Grade


def screen(rules: Screening, course: Course, looked: Looked) -> tuple[RuleFinding, ...]:
    """Every rule's finding for this course."""
    return findings(rules, looked, diagnosis(rules, course, looked))


def diagnosis(rules: Screening, course: Course, looked: Looked) -> RuleFinding:
    """Whether a fresh interview in its official wording meets the criteria, with the index trauma fixed before."""
    asked = rules.diagnosis

    def of(finding: Finding, words: str, until: date | None = None) -> RuleFinding:
        said = (asked.why, asked.source, asked.grade)
        return RuleFinding("diagnosis", asked.instrument, "PTSD by interview", finding, words, *said, until)

    if not looked.latest(INDEX_TRAUMA):
        return of(Finding.UNKNOWN, "The index trauma is not fixed.")
    last = _last_interview(course, asked.instrument, looked.at)
    if last is None:
        return of(Finding.UNKNOWN, "No interview.")
    what = last.what
    assert isinstance(what, AssessmentCompleted)
    if not what.for_care:
        return of(Finding.UNKNOWN, "The interview was rated on our own labels, not on the official form.")
    until = last_day(last.observed_at.astimezone(looked.at.tzinfo).date(), asked.within)
    if looked.today > until:
        return of(Finding.EXPIRED, f"The interview was good until {until.isoformat()}.", until)
    if asked.flag in what.flags:
        return of(Finding.CLEAR, f"The criteria are met; good until {until.isoformat()}.", until)
    told = dict(what.scores).get(asked.flag)
    finding = Finding.UNKNOWN if told is None else Finding.ABSOLUTE
    return of(finding, "The interview leaves it open." if told is None else "The criteria of PTSD are not met.")


def _last_interview(course: Course, instrument: str, at: datetime) -> Event | None:
    found = [
        event
        for event in course.assessments
        if isinstance(event.what, AssessmentCompleted)
        and event.what.instrument == instrument
        and event.observed_at <= at
    ]
    return found[-1] if found else None


def scales(rules: Screening) -> tuple[tuple[str, str], ...]:
    """The instruments that rules read, each with the key of the finding that stays unknown without it."""
    read = [(rule.key, fact.partition(".")) for rule in rules.rules if rule.rule for fact in facts_of(rule.rule)]
    scored = [(name, key) for key, (name, dot, _scale) in read if dot and name != "person"]
    return tuple(dict([(rules.diagnosis.instrument, rules.diagnosis.instrument), *scored]).items())


def standing(rules: Screening, course: Course, at: datetime) -> tuple[Standing, datetime | None]:
    """How the prescriber's decision stands, and since when it does.

    An acceptance grows old when it was not used for so long, or when the last dose lies so far back.
    """
    told = CourseFacts(course).seen(ACCEPTED, at)
    if not told:
        return Standing.NEVER, None
    if told[-1].value is not True:
        return Standing.NOT_ACCEPTED, told[-1].at
    span = timedelta(minutes=rules.acceptance.minutes)
    moments = [told[-1].at, *(dose.observed_at for dose in course.doses if dose.observed_at <= at)]
    return (Standing.ACCEPTED if at - max(moments) <= span else Standing.OLD), told[-1].at


def watching(rules: Screening, course: Course, looked: Looked) -> tuple[Watching, ...]:
    """The tests that come back while treatment goes on, the one due first at the top; none before the first dose."""
    if not course.doses or course.is_over:
        return ()
    rows = [_watching(test, course, looked) for test in rules.tests if test.again and _applies(test, looked)]
    return tuple(sorted(rows, key=lambda row: (row.due_on, row.key)))


def _applies(test: Test, looked: Looked) -> bool:
    return test.when is None or judge(test.when, looked.facts, looked.at) is not Truth.FAILS


def _watching(test: Test, course: Course, looked: Looked) -> Watching:
    _code, done = looked.dated(test.fact)
    since = done or course.doses[0].observed_at.astimezone(looked.at.tzinfo).date()
    due = last_day(since, _again(test))
    state = DueState.LATE if looked.today > due else DueState.SOON if due - looked.today <= SOON else DueState.NOT_YET
    return Watching(test.key, test.title, done, since, due, state, test.holds, test.why, test.source, test.grade)


def holding(rules: Screening, course: Course, looked: Looked) -> tuple[Watching, ...]:
    """The repeated tests that are late on the day looked at, and for which the next dose waits."""
    return tuple(row for row in watching(rules, course, looked) if row.holds and row.state is DueState.LATE)


def lapsed(rules: Screening, course: Course, looked: Looked) -> tuple[RuleFinding, ...]:
    """What carried the acceptance and has run out by the day looked at: a clearance, and before dose 1 a test."""
    words = [one for one in history(rules, looked) if one.finding is Finding.NEEDS_CLEARANCE and one.until]
    tests = () if course.doses else shelf_life(rules, looked)
    return (*words, *(one for one in tests if one.finding is Finding.EXPIRED))


def _again(test: Test) -> Span:
    assert test.again is not None  # only repeated tests are watched
    return test.again
