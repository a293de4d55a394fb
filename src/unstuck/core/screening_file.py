"""The rules of screening from their TOML file: complaints name file, line and remedy."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import lru_cache

from unstuck.core.conditions import Condition, facts_of
from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.rule_file import read_rule
from unstuck.core.screening import (
    Before,
    Diagnosis,
    Medicine,
    Reason,
    Rule,
    Screening,
    Taper,
    Test,
    Treatment,
    Weight,
)
from unstuck.core.sourced import Grade
from unstuck.core.time import Span
from unstuck.core.toml_table import Notes, Table, read_toml

FILE = "screening/usual.toml"


def library_text() -> str:
    """The text of the library's own rules."""
    return (library_root() / FILE).read_text(encoding="utf-8")


def content_hash(text: str) -> str:
    """SHA-256 in hex of a text of rules: what a signature and a decision name."""
    return hashlib.sha256(text.encode()).hexdigest()


def load_screening() -> Screening:
    """The library's own rules. Raises Complaints."""
    return parse_screening(library_text(), FILE)


@lru_cache(maxsize=8)
def parse_screening(text: str, where: str) -> Screening:
    """The rules that a TOML text describes, with its hash. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    acceptance = _needed(table, "acceptance")
    rules = Screening(
        version=table.text("version"),
        facts=tuple(_fact(inner) for inner in table.tables("fact")),
        rules=tuple(_rule(inner) for inner in table.tables("rule")),
        diagnosis=_diagnosis(_needed(table, "diagnosis")),
        prior=_prior(_needed(table, "prior")),
        treatments=tuple(_treatment(inner) for inner in table.tables("treatment")),
        medicines=tuple(_medicine(inner) for inner in table.tables("medicine")),
        tests=tuple(_test(inner) for inner in table.tables("test")),
        acceptance=acceptance.span("within"),
        acceptance_reason=_reason(acceptance, "A decision grows old"),
        taper=_taper(_needed(table, "taper")),
        hash=content_hash(text),
    )
    table.value("source")
    table.finish()
    _check_keys(table, rules)
    _check_asked(table, rules)
    table.notes.refuse()
    return rules


def _check_keys(table: Table, rules: Screening) -> None:
    """A decision names findings by their key alone, so that no key may stand twice in the file."""
    parts: tuple[Rule | Treatment | Medicine | Test, ...]
    parts = (*rules.rules, *rules.treatments, *rules.medicines, *rules.tests)
    counted = Counter([*(part.key for part in parts), *(key for key, _ask in rules.facts)])
    for key, times in counted.items():
        if times > 1:
            table.say(None, f"The key {key!r} stands {times} times.", "Give each entry a key of its own.")


def _check_asked(table: Table, rules: Screening) -> None:
    """A condition about an answer that nobody is asked for would stay unknown, and would accept nobody."""
    asked = {f"person.{key}" for key, _ask in rules.facts} | {rule.fact for rule in rules.rules if rule.ask}
    parts: tuple[Rule | Test, ...] = (*rules.rules, *rules.tests)
    for part in parts:
        conditions = (part.when, part.rule) if isinstance(part, Rule) else (part.when,)
        read = {fact for one in conditions if one is not None for fact in facts_of(one)}
        for fact in sorted(fact for fact in read if fact.startswith("person.") and fact not in asked):
            table.say(None, f"{part.key!r} reads {fact!r}, which nobody is asked for.", "Add a [[fact]] that asks it.")


def _needed(table: Table, key: str) -> Table:
    found = table.table(key)
    if found is None:
        table.say(None, f"There is no [{key}].", f"Write [{key}] and its lines below.")
    return found or Table({}, (), Notes("", ""))


def _fact(table: Table) -> tuple[str, str]:
    fact = (table.key(), table.text("ask"))
    table.finish()
    return fact


def _condition(table: Table, key: str) -> Condition | None:
    raw = table.value(key)
    if raw is None:
        return None
    try:
        return read_rule(raw)
    except Complaint as wrong:
        table.say(key, wrong.what, wrong.mend)
        return None


def _span(table: Table, key: str) -> Span | None:
    return table.span(key) if table.has(key) else None


def _grade(table: Table) -> Grade:
    return table.choice("grade", Grade, Grade.MEASURED)


def _rule(table: Table) -> Rule:
    rule = Rule(
        key=table.key(),
        title=table.text("title"),
        weight=table.choice("weight", Weight),
        why=table.text("why"),
        source=table.text("source"),
        grade=_grade(table),
        ask=table.text("ask", ""),
        by=table.text("by", ""),
        within=_span(table, "within"),
        when=_condition(table, "when"),
        rule=_condition(table, "rule"),
    )
    if bool(rule.ask) == (rule.rule is not None):
        table.say(None, f"The rule {rule.key!r} needs a question or a rule.", "Write `ask` or `rule`, and not both.")
    if (rule.weight is Weight.CLEARANCE) != bool(rule.by and rule.within):
        table.say(None, f"The rule {rule.key!r}: who clears it, and how long?", "Write `by` and `within`.")
    table.finish()
    return rule


def _diagnosis(table: Table) -> Diagnosis:
    diagnosis = Diagnosis(
        instrument=table.key("instrument"),
        flag=table.key("flag"),
        within=table.span("within"),
        why=table.text("why"),
        source=table.text("source"),
        grade=_grade(table),
    )
    table.value("note")
    table.finish()
    return diagnosis


def _prior(table: Table) -> Reason:
    table.choice("weight", Weight)
    return _reason(table, table.text("title"))


def _reason(table: Table, title: str) -> Reason:
    reason = Reason(title, table.text("why"), table.text("source"), _grade(table))
    table.finish()
    return reason


def _treatment(table: Table) -> Treatment:
    treatment = Treatment(table.key(), table.text("title"), table.flag("trauma_focused"))
    table.finish()
    return treatment


def _medicine(table: Table) -> Medicine:
    medicine = Medicine(
        key=table.key(),
        title=table.text("title"),
        weight=table.choice("weight", Weight),
        washout=_span(table, "washout"),
        hold=_span(table, "hold"),
        why=table.text("why"),
        source=table.text("source"),
        grade=_grade(table),
    )
    table.finish()
    return medicine


def _test(table: Table) -> Test:
    test = Test(
        key=table.key(),
        title=table.text("title"),
        good_for=table.span("good_for"),
        before=table.choice("before", Before),
        again=_span(table, "again"),
        why=table.text("why"),
        source=table.text("source"),
        grade=_grade(table),
        when=_condition(table, "when"),
    )
    table.finish()
    return test


def _taper(table: Table) -> Taper:
    taper = Taper(
        steps=tuple(_parsed(table, text) for text in table.texts("steps")),
        each=table.span("each"),
        why=table.text("why"),
        source=table.text("source"),
        grade=_grade(table),
    )
    table.finish()
    return taper


def _parsed(table: Table, text: str) -> Span:
    try:
        return Span.parse(text)
    except Complaint as wrong:
        table.say("steps", wrong.what, wrong.mend)
        return Span.parse("1 d")
