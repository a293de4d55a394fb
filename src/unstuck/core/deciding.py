"""Deciding on: what the protocol's own rules say of going on, stopping, a booster, a gap and a taper.

Every answer is derived; a person decides. What cannot be told is said so and opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from unstuck.core.accepting import Standing, standing
from unstuck.core.conditions import Truth
from unstuck.core.course import Course
from unstuck.core.outcomes import Result, evaluate
from unstuck.core.protocol import Dose, Endpoint, Otherwise, Protocol, Step, gates_of
from unstuck.core.schedule import Due, State, overview
from unstuck.core.screening import Screening
from unstuck.core.time import Span
from unstuck.core.verdict import RuleVerdict, verdict


class Topic(StrEnum):
    """What a question is about, in the order in which it is asked."""

    STOP = "stop"
    RESPONSE = "response"
    LOSS = "loss"
    BOOSTER = "booster"
    GAP = "gap"
    TAPER = "taper"


class Answer(StrEnum):
    """What the rule says. UNKNOWN lacks a fact; NOT_YET is before the rule's time."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Question:
    """One question with the rule's answer, the figures that it rests on, its reason and its source."""

    topic: Topic
    key: str
    title: str
    answer: Answer
    words: str
    why: str
    source: str
    step: tuple[str, int] | None = None


def deciding(
    protocol: Protocol, course: Course, rules: Screening, at: datetime, zone: tzinfo
) -> tuple[Question, ...]:  # fmt: skip
    """Every question of the course at `at`, stopping first."""
    rows = overview(protocol, course, at, zone)
    return tuple(
        [
            *_stops(protocol, course, rows, at),
            *(_endpoint(endpoint, course) for endpoint in protocol.endpoints if endpoint.kind != "change"),
            *_boosters(protocol, course, rows, at),
            gap(rules, course, at),
            *_taper(rules, course, at, zone),
        ]
    )


def _stops(protocol: Protocol, course: Course, rows: tuple[Due, ...], at: datetime) -> Iterator[Question]:
    """Rules whose failing ends the treatment, before the next dose."""
    row = _next_dose(protocol, rows, at)
    if row is None:
        return
    step = protocol.step(row.step)
    said = {rule.key: rule for rule in verdict(protocol, course, row.step, row.occurrence, at).rules}
    for gate in gates_of(protocol, step):
        if gate.otherwise is Otherwise.STOP and course.doses:
            yield _stop(said[gate.key], (row.step, row.occurrence))


def _stop(rule: RuleVerdict, step: tuple[str, int]) -> Question:
    answer = {Truth.HOLDS: Answer.NO, Truth.FAILS: Answer.YES, Truth.UNKNOWN: Answer.UNKNOWN}[rule.truth]
    words = "A named person has passed this rule with a reason." if rule.overridden else rule.sentence
    answer = Answer.NO if rule.overridden else answer
    title = f"Stop by the rule “{rule.key.replace('_', ' ')}”?"
    return Question(Topic.STOP, rule.key, title, answer, words, rule.why, rule.source, step)


def _next_dose(protocol: Protocol, rows: tuple[Due, ...], at: datetime) -> Due | None:
    """The dose that comes next; of an optional step whose window is over none comes any more."""
    quiet = (State.DONE, State.SKIPPED, State.CONDITIONAL)
    doses = [r for r in rows if isinstance(protocol.step(r.step).activity, Dose) and r.state not in quiet]
    over = {r.step for r in doses if r.optional and r.closes is not None and r.closes <= at}
    return next((r for r in doses if r.step not in over), None)


def _endpoint(endpoint: Endpoint, course: Course) -> Question:
    result = evaluate(endpoint, course)
    topic = {"non_response": Topic.STOP, "relapse": Topic.LOSS}.get(endpoint.kind, Topic.RESPONSE)
    if endpoint.after_doses and len(course.doses) > endpoint.after_doses:
        topic = Topic.RESPONSE  # the moment of that rule has passed: it no longer says whether to go on
    answer = {True: Answer.YES, False: Answer.NO, None: Answer.UNKNOWN}[result.met]
    if result.met is None and endpoint.after_doses and len(course.doses) < endpoint.after_doses:
        answer = Answer.NOT_YET
    return Question(
        topic, endpoint.key, endpoint.title, answer, figures(result), "The protocol's own outcome.", endpoint.source
    )


def figures(result: Result) -> str:
    """The figures that a result rests on, or what is missing."""
    if result.value is None or result.baseline is None:
        return f"Not known: {result.why}." if result.why else "Not known."
    percent = f", {result.percent:+.0f} %" if result.percent is not None else ""
    return f"From {result.baseline:g} to {result.value:g}: {result.change:+g} points{percent}."


def _boosters(protocol: Protocol, course: Course, rows: tuple[Due, ...], at: datetime) -> Iterator[Question]:
    """Conditional doses: whether their rule holds now, and what else keeps them closed."""
    for step in protocol.steps:
        if isinstance(step.activity, Dose) and step.when is not None:
            mine = [r for r in rows if r.step == step.key and r.state not in (State.DONE, State.SKIPPED)]
            if mine:
                yield _booster(protocol, course, step, mine[0], at)


def _booster(protocol: Protocol, course: Course, step: Step, row: Due, at: datetime) -> Question:
    said = verdict(protocol, course, step.key, row.occurrence, at)
    rule = next(r for r in said.rules if r.key == "when")
    answer = {Truth.HOLDS: Answer.YES, Truth.FAILS: Answer.NO, Truth.UNKNOWN: Answer.UNKNOWN}[rule.truth]
    limits = [r.sentence for r in said.rules if r.key.startswith("limit:") and not r.opens]
    early = row.opens is not None and at < row.opens
    if answer is Answer.YES and (early or limits):
        answer = Answer.NOT_YET
    wait = f" Its window opens on {row.opens:%Y-%m-%d}." if early and row.opens else ""
    words = f"{rule.sentence}{wait}{''.join(f' {limit}' for limit in limits)}"
    why = step.note or "The plan's rule for this dose."
    return Question(
        Topic.BOOSTER, step.key, f"{step.title}?", answer, words, why, step.source, (step.key, row.occurrence)
    )


def gap(rules: Screening, course: Course, at: datetime) -> Question:
    """Whether so much time has passed that a prescriber must decide anew before the next dose."""
    stands, _since = standing(rules, course, at)
    reason = rules.acceptance_reason
    answer = {Standing.ACCEPTED: Answer.NO, Standing.NEVER: Answer.YES, Standing.OLD: Answer.YES}.get(
        stands, Answer.YES
    )
    last = course.doses[-1].observed_at if course.doses else None
    words = f"{(at - last) // timedelta(days=1)} days since the last dose." if last else "No dose yet."
    title = "Screen again before the next dose?"
    return Question(Topic.GAP, "gap", title, answer, words, reason.why, reason.source)


def _taper(rules: Screening, course: Course, at: datetime, zone: tzinfo) -> Iterator[Question]:
    """The interval that practice would keep now, counted from the first dose; said to be untested."""
    if not course.doses:
        return
    interval = taper_interval(rules, at - course.doses[0].observed_at)
    last = course.doses[-1].observed_at
    due = (last + timedelta(minutes=interval.minutes)).astimezone(zone)
    words = f"An interval of {interval} would bring the next dose to {due:%Y-%m-%d}."
    answer = Answer.NOT_YET if at < due else Answer.UNKNOWN
    title = "If treatment goes on: how far apart?"
    yield Question(Topic.TAPER, "taper", title, answer, words, rules.taper.why, rules.taper.source)


def taper_interval(rules: Screening, since_first: timedelta) -> Span:
    """The interval of the taper so long after the first dose; the last one stays."""
    kept = timedelta(minutes=rules.taper.each.minutes)
    place = min(since_first // kept, len(rules.taper.steps) - 1)
    return rules.taper.steps[max(place, 0)]
