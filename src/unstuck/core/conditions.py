"""The rule language: small trees over named facts, judged HOLDS, FAILS or UNKNOWN, and read as sentences.

A fact is a time series of values seen up to an instant. What was never seen is UNKNOWN, and UNKNOWN opens nothing
(Kleene's strong three-valued logic: S. C. Kleene, Introduction to Metamathematics, 1952, section 64).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Protocol as Shape
from typing import assert_never

from unstuck.core.time import Span, Unit

Value = float | bool | str


class Truth(StrEnum):
    """The three outcomes of a rule."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """One value of a fact and when it was observed."""

    at: datetime
    value: Value


class Facts(Shape):
    """What rules may see: every value of a named fact observed at or before `until`, oldest first."""

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]: ...


class Since(StrEnum):
    """Against which earlier value a change is measured."""

    BASELINE = "baseline"  # the last value before the first dose or therapy session
    PREVIOUS = "previous"  # the value before the latest
    FIRST = "first"
    DOSE = "dose"  # the last value before the last dose
    LOWEST = "lowest"  # the lowest value before the latest: the best a symptom score has been


@dataclass(frozen=True, slots=True)
class AtMost:
    fact: str
    value: float


@dataclass(frozen=True, slots=True)
class AtLeast:
    fact: str
    value: float


@dataclass(frozen=True, slots=True)
class Is:
    fact: str
    value: Value


@dataclass(frozen=True, slots=True)
class FallAtLeast:
    """The latest value lies at least `value` below the reference (percent of the reference where `percent`)."""

    fact: str
    value: float
    since: Since
    percent: bool = False


@dataclass(frozen=True, slots=True)
class RiseAtMost:
    """The latest value lies at most `value` above the reference (percent of the reference where `percent`)."""

    fact: str
    value: float
    since: Since
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """`rule`, judged only on what was observed in the last `span`; older values do not count."""

    span: Span
    rule: Condition


@dataclass(frozen=True, slots=True)
class ForMinutes:
    """`rule` held at every observation of the last `minutes`, and was already observed to hold when they began."""

    minutes: int
    rule: Condition


@dataclass(frozen=True, slots=True)
class All:
    rules: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    rules: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    rule: Condition


Condition = AtMost | AtLeast | Is | FallAtLeast | RiseAtMost | Within | ForMinutes | All | Any | Not
Leaf = AtMost | AtLeast | Is | FallAtLeast | RiseAtMost


@dataclass(frozen=True, slots=True)
class _Since:
    """Facts with everything before `start` hidden."""

    facts: Facts
    start: datetime

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        return [s for s in self.facts.seen(fact, until) if s.at >= self.start]


def judge(rule: Condition, facts: Facts, at: datetime) -> Truth:
    """What `rule` says at the instant `at`, seeing only what was observed until then."""
    match rule:
        case All(rules):
            return all_of([judge(r, facts, at) for r in rules])
        case Any(rules):
            return negate(all_of([negate(judge(r, facts, at)) for r in rules]))
        case Not(inner):
            return negate(judge(inner, facts, at))
        case Within(span, inner):
            return judge(inner, _Since(facts, at - timedelta(minutes=span.minutes)), at)
        case ForMinutes(minutes, inner):
            return _held_for(inner, facts, at, minutes)
        case AtMost() | AtLeast() | Is() | FallAtLeast() | RiseAtMost():
            return _judge_leaf(rule, facts, at)
        case _:
            assert_never(rule)


def _judge_leaf(rule: Leaf, facts: Facts, at: datetime) -> Truth:
    seen = facts.seen(rule.fact, at)
    if not seen:
        return Truth.UNKNOWN
    latest = seen[-1].value
    match rule:
        case Is(_, wanted):
            return _truth((type(latest) is type(wanted) and latest == wanted) or _same_number(latest, wanted))
        case AtMost(_, limit):
            return Truth.UNKNOWN if not _number(latest) else _truth(float(latest) <= limit)
        case AtLeast(_, limit):
            return Truth.UNKNOWN if not _number(latest) else _truth(float(latest) >= limit)
        case FallAtLeast(fact, limit, since, percent):
            change = _change(facts, fact, since, percent, at)
            return Truth.UNKNOWN if change is None else _truth(-change >= limit)
        case RiseAtMost(fact, limit, since, percent):
            change = _change(facts, fact, since, percent, at)
            return Truth.UNKNOWN if change is None else _truth(change <= limit)


def _change(facts: Facts, fact: str, since: Since, percent: bool, at: datetime) -> float | None:
    """Latest minus reference, in the fact's unit or in percent of the reference; None where it cannot be told."""
    seen = [s for s in facts.seen(fact, at) if _number(s.value)]
    earlier = _reference(facts, seen, since, at)
    if earlier is None or seen[-1] is earlier:
        return None
    then, now = float(earlier.value), float(seen[-1].value)
    if not percent:
        return now - then
    return None if then == 0 else 100 * (now - then) / then


def _reference(facts: Facts, seen: Sequence[Seen], since: Since, at: datetime) -> Seen | None:
    if len(seen) < 2:
        return None
    match since:
        case Since.FIRST:
            return seen[0]
        case Since.PREVIOUS:
            return seen[-2]
        case Since.LOWEST:
            return min(seen[:-1], key=lambda s: float(s.value))
        case Since.BASELINE:
            return _last_before(seen, [t.at for t in facts.seen("treatments", at)][:1])
        case Since.DOSE:
            return _last_before(seen, [d.at for d in facts.seen("doses", at) if d.value][-1:])


def _last_before(seen: Sequence[Seen], moments: Sequence[datetime]) -> Seen | None:
    """The last value at or before the one moment; None where there is no moment or nothing before it."""
    before = [s for s in seen if moments and s.at <= moments[0]]
    return before[-1] if before else None


def _held_for(rule: Condition, facts: Facts, at: datetime, minutes: int) -> Truth:
    start = at - timedelta(minutes=minutes)
    moments = {s.at for fact in facts_of(rule) for s in facts.seen(fact, at) if s.at > start}
    if not moments:
        return Truth.UNKNOWN
    return all_of([judge(rule, facts, moment) for moment in sorted({start, *moments})])


def all_of(truths: Sequence[Truth]) -> Truth:
    """Conjunction: one FAILS decides, else one UNKNOWN does."""
    if Truth.FAILS in truths:
        return Truth.FAILS
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.HOLDS


def negate(truth: Truth) -> Truth:
    """Negation: UNKNOWN stays UNKNOWN."""
    return {Truth.HOLDS: Truth.FAILS, Truth.FAILS: Truth.HOLDS, Truth.UNKNOWN: Truth.UNKNOWN}[truth]


def leaves(rule: Condition) -> Iterator[Leaf]:
    """Every leaf of the tree, left to right."""
    match rule:
        case All(rules) | Any(rules):
            for inner in rules:
                yield from leaves(inner)
        case Not(inner) | Within(_, inner) | ForMinutes(_, inner):
            yield from leaves(inner)
        case _:
            yield rule


@cache
def facts_of(rule: Condition) -> tuple[str, ...]:
    """Names of the facts that the rule reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(leaf.fact for leaf in leaves(rule)))


def _truth(yes: bool) -> Truth:
    return Truth.HOLDS if yes else Truth.FAILS


def _number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(one: Value, other: Value) -> bool:
    return _number(one) and _number(other) and float(one) == float(other)


def span_words(span: Span) -> str:
    """The span as people say it: 24 hours, 1 day, 40 minutes."""
    word = {Unit.MINUTES: "minute", Unit.HOURS: "hour", Unit.DAYS: "day"}[span.unit]
    return f"{span.amount} {word}{'' if abs(span.amount) == 1 else 's'}"
