"""May this step be done now? Every rule that stands before it, each with its truth, its sentence and its source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from unstuck.core.conditions import All, Condition, Facts, Seen, Truth, all_of, facts_of, judge, negate
from unstuck.core.course import Course, standing
from unstuck.core.events import StepHeld
from unstuck.core.facts import CourseFacts
from unstuck.core.protocol import Gate, Limit, MonitoringPlan, Otherwise, Protocol, Step, gates_of, kind_of
from unstuck.core.sentences import fact_words, sentence


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One rule before a step. `latest` are the values it was judged on, None where nothing was ever observed."""

    key: str
    truth: Truth
    sentence: str
    why: str
    source: str
    otherwise: Otherwise
    latest: tuple[tuple[str, Seen | None], ...] = ()
    overridden: bool = False
    may_override: bool = False

    @property
    def opens(self) -> bool:
        """Whether this rule lets the step through: it holds, or a named person overrode it."""
        return self.truth is Truth.HOLDS or self.overridden


@dataclass(frozen=True, slots=True)
class Verdict:
    """All rules before one occurrence of a step. Opens only when every rule does."""

    step: str
    occurrence: int
    rules: tuple[RuleVerdict, ...]

    @property
    def truth(self) -> Truth:
        """HOLDS when the step may be done; an override counts as holding."""
        return all_of([Truth.HOLDS if r.overridden else r.truth for r in self.rules])

    @property
    def opens(self) -> bool:
        """Whether the step may be done now."""
        return all(rule.opens for rule in self.rules)

    @property
    def unmet(self) -> tuple[RuleVerdict, ...]:
        """The rules that keep the step closed, failed before unknown."""
        return tuple(sorted((r for r in self.rules if not r.opens), key=lambda r: r.truth is Truth.UNKNOWN))


def verdict(protocol: Protocol, course: Course, step: str, occurrence: int, at: datetime) -> Verdict:
    """Judges every rule before that occurrence at the instant `at`. Raises KeyError for an unknown step."""
    asked = protocol.step(step)
    rules = [
        *_order(protocol, course, asked, occurrence),
        *_condition(course, asked, at),
        *(_limit(protocol, course, limit, at) for limit in protocol.limits if limit.kind == kind_of(asked.activity)),
        *(_gate(course, gate, step, occurrence, at) for gate in gates_of(protocol, asked)),
    ]
    return Verdict(step, occurrence, tuple(rules))


def _order(protocol: Protocol, course: Course, step: Step, occurrence: int) -> Iterator[RuleVerdict]:
    """Steps that must come before, and the time before of the same step."""
    for need in step.needs:
        title = protocol.step(need).title if protocol.has(need) else need
        yield _built_in(f"needs:{need}", any(k == need for k, _ in course.done), f"“{title}” is done.", step.source)
    if occurrence > 1:
        earlier = course.settled(step.key, occurrence - 1)
        if step.times is not None:
            yield _built_in("order", earlier, f"{step.title}, time {occurrence - 1}, is done or skipped.", step.source)
        else:
            yield _built_in("order", len(course.doses) >= occurrence, f"Dose {occurrence} was given.", step.source)
    elif step.times is None:
        yield _built_in("order", len(course.doses) >= 1, "Dose 1 was given.", step.source)


def _built_in(key: str, holds: bool, words: str, source: str) -> RuleVerdict:
    truth = Truth.HOLDS if holds else Truth.FAILS
    return RuleVerdict(key, truth, words, "The protocol's order.", source, Otherwise.HOLD)


def _condition(course: Course, step: Step, at: datetime) -> Iterator[RuleVerdict]:
    if step.when is None:
        return
    facts = CourseFacts(course)
    truth = judge(step.when, facts, at)
    why = "This step is only for whom the rule holds."
    yield RuleVerdict(
        "when", truth, sentence(step.when), why, step.source, Otherwise.SKIP, _latest(step.when, facts, at)
    )


def _limit(protocol: Protocol, course: Course, limit: Limit, at: datetime) -> RuleVerdict:
    words = f"At most {limit.most} of “{limit.kind}” in any {limit.per}."
    recent = sum(1 for moment in moments_of(protocol, course, limit.kind) if _inside(moment, at, limit))
    truth = Truth.HOLDS if recent < limit.most else Truth.FAILS
    why = f"{recent} in the last {limit.per}."
    return RuleVerdict(f"limit:{limit.kind}", truth, words, why, limit.source, Otherwise.HOLD)


def _inside(moment: datetime, at: datetime, limit: Limit) -> bool:
    """Within the span on either side, so that a late entry cannot slip an extra one in before another."""
    return abs(moment - at) < timedelta(minutes=limit.per.minutes)


def moments_of(protocol: Protocol, course: Course, kind: str) -> list[datetime]:
    """When activities of that kind took place."""
    if kind == "dose":
        return [dose.observed_at for dose in course.doses]
    places = [
        (event.observed_at, event.what.step) for event in standing(course.log) if isinstance(event.what, StepHeld)
    ]
    return [at for at, step in places if protocol.has(step) and kind_of(protocol.step(step).activity) == kind]


def _gate(course: Course, gate: Gate, step: str, occurrence: int, at: datetime) -> RuleVerdict:
    facts = CourseFacts(course)
    return RuleVerdict(
        key=gate.key,
        truth=judge(gate.rule, facts, at),
        sentence=sentence(gate.rule),
        why=gate.why,
        source=gate.source,
        otherwise=gate.otherwise,
        latest=_latest(gate.rule, facts, at),
        overridden=(step, occurrence, gate.key) in course.overrides,
        may_override=gate.override,
    )


def _latest(rule: Condition, facts: Facts, at: datetime) -> tuple[tuple[str, Seen | None], ...]:
    pairs = [(fact_words(fact), facts.seen(fact, at)) for fact in facts_of(rule)]
    return tuple((words, seen[-1] if seen else None) for words, seen in pairs)


_RISK = "cssrs_screen.risk"
_SIGNED = "person.leaving_signed"
_KEPT = ("person.", "room.", "done.", "consent")


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Facts as leaving sees them: a reading or a score counts once it was taken after the dose began.

    What was read before stays as the baseline of a change. A signature counts only when it follows the latest answer.
    """

    facts: CourseFacts
    began: datetime

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        values = self.facts.seen(fact, until)
        if fact == _SIGNED:
            asked = self.facts.seen(_RISK, until)
            return [s for s in values if asked and s.at >= asked[-1].at]
        fresh = fact.startswith(_KEPT) or (values and values[-1].at >= self.began)
        return values if fresh else ()


def discharge_verdict(protocol: Protocol, course: Course, at: datetime) -> Verdict:
    """May the person leave after the last dose? UNKNOWN where there is no plan, no dose or a fact is missing."""
    plan = protocol.monitoring
    rules: list[RuleVerdict] = []
    if plan is None or not course.doses:
        missing = RuleVerdict("plan", Truth.UNKNOWN, "A monitoring plan and a dose are known.", "", "", Otherwise.HOLD)
        return Verdict("discharge", len(course.doses), (missing,))
    given = [dose.observed_at for dose in course.doses if dose.observed_at <= at] or [course.doses[-1].observed_at]
    facts = _Leaving(CourseFacts(course), given[-1])
    for number, rule in enumerate(parts_of_leaving(plan), 1):
        truth, seen = judge(rule, facts, at), _latest(rule, facts, at)
        why = "Rule for leaving."
        rules.append(RuleVerdict(f"leaving:{number}", truth, sentence(rule), why, plan.source, Otherwise.HOLD, seen))
    if plan.stay_min is not None:
        rules.append(_stay(facts, plan.stay_min, plan.stay_from, plan.source, at))
    return Verdict("discharge", len(course.doses), tuple(rules))


def parts_of_leaving(plan: MonitoringPlan) -> tuple[Condition, ...]:
    """The rules for leaving, one by one, so that each missing piece is named."""
    match plan.discharge:
        case None:
            return ()
        case All(rules):
            return rules
        case rule:
            return (rule,)


def _stay(facts: Facts, minutes: int, since: str, source: str, at: datetime) -> RuleVerdict:
    clock = "minutes_since_dose_end" if since == "dose_end" else "minutes_since_dose_start"
    seen = facts.seen(clock, at)
    truth = Truth.UNKNOWN if not seen else negate(Truth.HOLDS if float(seen[-1].value) < minutes else Truth.FAILS)
    words = f"At least {minutes} minutes since the dose {'ended' if since == 'dose_end' else 'began'}."
    return RuleVerdict("stay", truth, words, "Minimum stay.", source, Otherwise.HOLD)
