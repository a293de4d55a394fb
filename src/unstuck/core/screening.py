"""Screening: what the rules make of the answers, one finding a rule, and what still stands between a person and a dose.

Pure functions over facts. What nobody answered is UNKNOWN, and UNKNOWN accepts nobody. The rules are data
(`library/screening`); an answer is a stated fact, `person.KEY`, and a dated one is written `code:2026-03-02`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from unstuck.core.conditions import Condition, Facts, Truth, Value, judge
from unstuck.core.sourced import Grade
from unstuck.core.time import Span

ACCEPTED = "person.accepted"
INDEX_TRAUMA = "person.index_trauma"
NOT_KNOWN = "not_known"


class Weight(StrEnum):
    """What it means that a rule's condition is there."""

    ABSOLUTE = "absolute"
    DEFER = "defer"
    CLEARANCE = "clearance"
    RELATIVE = "relative"
    WATCH = "watch"


class Before(StrEnum):
    """Which dose a test must precede."""

    FIRST_DOSE = "first_dose"
    EACH_DOSE = "each_dose"
    NONE = "none"


class Finding(StrEnum):
    """What a rule found."""

    CLEAR = "clear"
    CLEARED = "cleared"
    WATCH = "watch"
    WEIGH = "weigh"
    ABSOLUTE = "absolute"
    DEFERRED = "deferred"
    NEEDS_CLEARANCE = "needs_clearance"
    MISSING = "missing"
    EXPIRED = "expired"
    ABNORMAL = "abnormal"
    WASHING_OUT = "washing_out"
    UNKNOWN = "unknown"


BLOCKING = frozenset(Finding) - {Finding.CLEAR, Finding.CLEARED, Finding.WATCH, Finding.WEIGH}
"""Findings with which nobody is accepted. `WEIGH` needs a prescriber's word, the others need nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition that matters. `ask` is empty where `rule` reads a score; `by` and `within` are for a clearance."""

    key: str
    title: str
    weight: Weight
    why: str
    source: str
    grade: Grade
    ask: str = ""
    by: str = ""
    within: Span | None = None
    when: Condition | None = None
    rule: Condition | None = None

    @property
    def fact(self) -> str:
        """The fact that the answer is stated as."""
        return f"person.{self.key}"

    @property
    def clearance(self) -> str:
        """The fact that a clearance is stated as."""
        return f"person.clearance.{self.key}"


@dataclass(frozen=True, slots=True)
class Test:
    """A test with its shelf life. `again` is how often it comes back during treatment."""

    key: str
    title: str
    good_for: Span
    before: Before
    again: Span | None
    why: str
    source: str
    grade: Grade
    when: Condition | None = None

    @property
    def fact(self) -> str:
        """The fact that its result is stated as: `normal`, `accepted`, `abnormal` or `waived`, with its day."""
        return f"person.test.{self.key}"

    @property
    def holds(self) -> bool:
        """Whether the next dose waits for it once late: it must precede the first dose, and comes back."""
        return self.again is not None and self.before is Before.FIRST_DOSE


@dataclass(frozen=True, slots=True)
class Medicine:
    """A class of medicine. `washout` is how long it must have been left out, `hold` how long before each dose."""

    key: str
    title: str
    weight: Weight
    washout: Span | None
    hold: Span | None
    why: str
    source: str
    grade: Grade

    @property
    def fact(self) -> str:
        """The fact that its use is stated as: `no`, `taking`, `stopped` with its day."""
        return f"person.medicine.{self.key}"


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment that may have been tried before."""

    key: str
    title: str
    trauma_focused: bool

    @property
    def fact(self) -> str:
        """The fact that its trial is stated as: `none`, `partial`, `adequate_helped`, `adequate_not`."""
        return f"person.prior.{self.key}"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Which interview makes the diagnosis, and how old it may be."""

    instrument: str
    flag: str
    within: Span
    why: str
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Reason:
    """A heading with its reason and source, for rules that stand once in a file."""

    title: str
    why: str
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Taper:
    """Intervals between doses, one after the other, each kept for `each`."""

    steps: tuple[Span, ...]
    each: Span
    why: str
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Screening:
    """The rules of a site. `facts` are asked because other rules depend on them: (key, question)."""

    version: str
    facts: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]
    diagnosis: Diagnosis
    prior: Reason
    treatments: tuple[Treatment, ...]
    medicines: tuple[Medicine, ...]
    tests: tuple[Test, ...]
    acceptance: Span
    acceptance_reason: Reason
    taper: Taper
    hash: str = ""


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One rule's finding: words say what is so, `until` how long it stays so, `by` who can change it."""

    group: str  # diagnosis, history, prior, medicine, test
    key: str
    title: str
    finding: Finding
    words: str
    why: str
    source: str
    grade: Grade
    until: date | None = None
    by: str = ""

    @property
    def blocks(self) -> bool:
        """Whether nobody may be accepted while this is so."""
        return self.finding in BLOCKING


@dataclass(frozen=True, slots=True)
class Looked:
    """The facts of one course at one instant, and the site's calendar day of it."""

    facts: Facts
    at: datetime
    today: date

    def latest(self, fact: str) -> Value | None:
        """The last value stated of that fact."""
        seen = self.facts.seen(fact, self.at)
        return seen[-1].value if seen else None

    def dated(self, fact: str) -> tuple[str, date | None]:
        """The last value as a code and the day that stands behind its colon; empty where nothing was stated."""
        value = self.latest(fact)
        code, _colon, day = (value if isinstance(value, str) else "").partition(":")
        return code, _day(day)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def last_day(day: date, span: Span) -> date:
    """The last calendar day on which something of that day is still good."""
    return day + timedelta(minutes=span.minutes)


def history(rules: Screening, looked: Looked) -> tuple[RuleFinding, ...]:
    """The finding of each condition."""
    return tuple(_history(rule, looked) for rule in rules.rules)


def _history(rule: Rule, looked: Looked) -> RuleFinding:
    applies = judge(rule.when, looked.facts, looked.at) if rule.when else Truth.HOLDS
    if applies is Truth.FAILS:
        return _of(rule, Finding.CLEAR, "Does not apply.")
    there = _there(rule, looked)
    if there is Truth.FAILS:
        return _of(rule, Finding.CLEAR, "Not there.")
    if there is Truth.UNKNOWN:
        return _of(rule, Finding.UNKNOWN, _unanswered(rule, looked))
    return _present(rule, looked)


def _there(rule: Rule, looked: Looked) -> Truth:
    """Whether the condition is there, by the rule's score or by the stated answer."""
    if rule.rule is not None:
        return judge(rule.rule, looked.facts, looked.at)
    answer = looked.latest(rule.fact)
    if not isinstance(answer, bool):
        return Truth.UNKNOWN
    return Truth.HOLDS if answer else Truth.FAILS


def _unanswered(rule: Rule, looked: Looked) -> str:
    if rule.rule is not None:
        return "The questionnaire is not answered, or not in its official wording."
    return "The answer was: not known." if looked.latest(rule.fact) == NOT_KNOWN else "Nobody has asked yet."


def _present(rule: Rule, looked: Looked) -> RuleFinding:
    match rule.weight:
        case Weight.ABSOLUTE:
            return _of(rule, Finding.ABSOLUTE, "There. It rules treatment out.")
        case Weight.DEFER:
            return _of(rule, Finding.DEFERRED, "There. Treatment waits until it is over; ask again then.")
        case Weight.CLEARANCE:
            return _clearance(rule, looked)
        case Weight.RELATIVE:
            return _of(rule, Finding.WEIGH, "There. A prescriber weighs it and says so.")
        case Weight.WATCH:
            return _of(rule, Finding.WATCH, "There. It asks for watching, and for no decision.")


def _clearance(rule: Rule, looked: Looked) -> RuleFinding:
    code, until = looked.dated(rule.clearance)
    if code == "refused":
        return _of(rule, Finding.ABSOLUTE, f"The {rule.by} advised against it.", by=rule.by)
    if code != "until" or until is None:
        return _of(rule, Finding.NEEDS_CLEARANCE, f"There. Needs the word of a {rule.by}.", by=rule.by)
    if looked.today > until:
        return _of(rule, Finding.NEEDS_CLEARANCE, f"The clearance ran out on {until.isoformat()}.", until, rule.by)
    return _of(rule, Finding.CLEARED, f"Cleared by a {rule.by} until {until.isoformat()}.", until, rule.by)


def _of(rule: Rule, finding: Finding, words: str, until: date | None = None, by: str = "") -> RuleFinding:
    return RuleFinding(
        "history", rule.key, rule.title, finding, words, rule.why, rule.source, rule.grade, until, by or rule.by
    )


def shelf_life(rules: Screening, looked: Looked) -> tuple[RuleFinding, ...]:
    """Each test that must precede a dose, as it stands on the day looked at."""
    return tuple(_test(test, looked) for test in rules.tests if test.before is not Before.NONE)


def _test(test: Test, looked: Looked) -> RuleFinding:
    def of(finding: Finding, words: str, until: date | None = None) -> RuleFinding:
        return RuleFinding("test", test.key, test.title, finding, words, test.why, test.source, test.grade, until)

    applies = judge(test.when, looked.facts, looked.at) if test.when else Truth.HOLDS
    if applies is Truth.FAILS:
        return of(Finding.CLEAR, "Does not apply.")
    if applies is Truth.UNKNOWN:
        return of(Finding.UNKNOWN, "It is not known whether it applies.")
    if test.before is Before.EACH_DOSE:
        return of(Finding.WATCH, "Taken on each dosing day; a gate before the dose holds it.")
    code, day = looked.dated(test.fact)
    if day is None:
        return of(Finding.MISSING, "Not done.")
    if code == "waived":
        return of(Finding.WEIGH, f"Not done; judged not needed on {day.isoformat()}. A prescriber says why.")
    if code not in ("normal", "accepted"):
        return of(Finding.ABNORMAL, f"Not normal on {day.isoformat()}; a prescriber has not accepted it.")
    until = last_day(day, test.good_for)
    if looked.today > until:
        return of(Finding.EXPIRED, f"Of {day.isoformat()}; good until {until.isoformat()}.", until)
    said = "Normal" if code == "normal" else "Not normal, accepted by a prescriber,"
    return of(Finding.CLEAR, f"{said} on {day.isoformat()}; good until {until.isoformat()}.", until)


def medicines(rules: Screening, looked: Looked) -> tuple[RuleFinding, ...]:
    """The finding of each class of medicine."""
    return tuple(_medicine(medicine, looked) for medicine in rules.medicines)


def _medicine(medicine: Medicine, looked: Looked) -> RuleFinding:
    def of(finding: Finding, words: str, until: date | None = None) -> RuleFinding:
        said = (medicine.why, medicine.source, medicine.grade)
        return RuleFinding("medicine", medicine.key, medicine.title, finding, words, *said, until)

    code, day = looked.dated(medicine.fact)
    if code == "no":
        return of(Finding.CLEAR, "Not taken.")
    if code == "stopped" and day is not None:
        free = last_day(day, medicine.washout) if medicine.washout else day
        if looked.today < free:
            return of(Finding.WASHING_OUT, f"Last taken {day.isoformat()}; free of it on {free.isoformat()}.", free)
        return of(Finding.CLEAR, f"Last taken {day.isoformat()}.")
    if code != "taking":
        return of(Finding.UNKNOWN, "The answer was: not known." if code == NOT_KNOWN else "Nobody has asked yet.")
    if medicine.washout is not None:
        return of(Finding.WEIGH, f"Taken now. One text leaves it out for {medicine.washout} before; weigh it.")
    held = f" Left out for {medicine.hold} before each dose." if medicine.hold else ""
    return of(Finding.WATCH if medicine.weight is Weight.WATCH else Finding.WEIGH, f"Taken now.{held}")


def prior_treatment(rules: Screening, looked: Looked) -> RuleFinding:
    """Whether a trauma-focused therapy was tried adequately; UNKNOWN where one was not asked about."""

    def of(finding: Finding, words: str) -> RuleFinding:
        said = (rules.prior.why, rules.prior.source, rules.prior.grade)
        return RuleFinding("prior", "trauma_therapy", rules.prior.title, finding, words, *said)

    codes = {t.title: looked.dated(t.fact)[0] for t in rules.treatments if t.trauma_focused}
    adequate = [title for title, code in codes.items() if code.startswith("adequate")]
    if adequate:
        return of(Finding.CLEAR, f"Tried adequately: {', '.join(adequate)}.")
    if any(code in ("", NOT_KNOWN) for code in codes.values()):
        return of(Finding.UNKNOWN, "Not asked about every trauma-focused therapy.")
    return of(Finding.WEIGH, "No adequate course of one: offer it first, or say why not.")


def findings(rules: Screening, looked: Looked, diagnosis: RuleFinding) -> tuple[RuleFinding, ...]:
    """Every rule's finding, in the order of the form."""
    asked = (*history(rules, looked), prior_treatment(rules, looked), *medicines(rules, looked))
    return (diagnosis, *asked, *shelf_life(rules, looked))


def blocking(found: Sequence[RuleFinding]) -> tuple[RuleFinding, ...]:
    """What stands between the person and an acceptance."""
    return tuple(one for one in found if one.blocks)


def to_weigh(found: Sequence[RuleFinding]) -> tuple[RuleFinding, ...]:
    """What a prescriber has to weigh in words before accepting."""
    return tuple(one for one in found if one.finding is Finding.WEIGH)
