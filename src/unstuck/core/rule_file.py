"""Rules to and from TOML's inline tables: {at_most = ["systolic_mmhg", 140]}."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any as Plain
from typing import assert_never

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
    Since,
    Value,
    Within,
)
from unstuck.core.errors import Complaint
from unstuck.core.time import Span
from unstuck.core.toml_table import is_number, near

_CHANGES: dict[str, tuple[type[FallAtLeast] | type[RiseAtMost], bool]] = {
    "fall_at_least": (FallAtLeast, False),
    "fall_percent": (FallAtLeast, True),
    "rise_at_most": (RiseAtMost, False),
    "rise_at_most_percent": (RiseAtMost, True),
}
_WORDS = ("at_most", "at_least", "is", *_CHANGES, "within", "for_minutes", "all", "any", "not")
_EXTRA = {"within": "rule", "for_minutes": "rule", **dict.fromkeys(_CHANGES, "since")}


def read_rule(raw: object) -> Condition:
    """The rule that a TOML inline table writes. Raises Complaint saying what is wrong in it."""
    if not isinstance(raw, dict) or not raw:
        raise Complaint(f"{raw!r} is not a rule.", mend='Write for example {at_most = ["systolic_mmhg", 140]}.')
    word = _word(raw)
    if word in _CHANGES:
        return _change(word, raw)
    readers: dict[str, Callable[[dict[str, Plain]], Condition]] = {
        "at_most": lambda r: AtMost(*_pair("at_most", r["at_most"])),
        "at_least": lambda r: AtLeast(*_pair("at_least", r["at_least"])),
        "is": lambda r: Is(*_named(r["is"])),
        "within": lambda r: Within(Span.parse(r["within"]), read_rule(r.get("rule"))),
        "for_minutes": lambda r: ForMinutes(_minutes(r["for_minutes"]), read_rule(r.get("rule"))),
        "all": lambda r: All(_several("all", r["all"])),
        "any": lambda r: Any(_several("any", r["any"])),
        "not": lambda r: Not(read_rule(r["not"])),
    }
    return readers[word](raw)


def _word(raw: dict[str, Plain]) -> str:
    """The one word that says which kind of rule this is."""
    words = [key for key in raw if key in _WORDS]
    if len(words) != 1:
        wrong = next((key for key in raw if key not in (*_WORDS, "rule", "since")), "")
        what = f"The rule {raw!r} names {'no' if not words else 'more than one'} kind of rule."
        raise Complaint(what, mend=near(wrong, _WORDS) if wrong else f"Write one of: {', '.join(_WORDS)}.")
    strange = [key for key in raw if key not in (words[0], _EXTRA.get(words[0]))]
    if strange:
        known = [words[0], *([_EXTRA[words[0]]] if words[0] in _EXTRA else [])]
        raise Complaint(f"The rule {words[0]!r} has no key {strange[0]!r}.", mend=near(strange[0], known))
    return words[0]


def _pair(word: str, raw: object) -> tuple[str, float]:
    if not isinstance(raw, list) or len(raw) != 2 or not isinstance(raw[0], str) or not is_number(raw[1]):
        raise Complaint(f"{word} = {raw!r} is not a fact and a number.", mend=f'Write {word} = ["systolic_mmhg", 140].')
    return raw[0], float(raw[1])


def _named(raw: object) -> tuple[str, Value]:
    match raw:
        case [str(fact), (bool() | str()) as value]:
            return fact, value
        case [str(fact), (int() | float()) as value] if is_number(value):
            return fact, float(value)
    raise Complaint(f"is = {raw!r} is not a fact and a value.", mend='Write is = ["person.breastfeeding", false].')


def _change(word: str, raw: dict[str, Plain]) -> Condition:
    kind, percent = _CHANGES[word]
    fact, value = _pair(word, raw[word])
    since = raw.get("since", Since.BASELINE.value)
    if since not in {s.value for s in Since}:
        raise Complaint(f"since = {since!r} is unknown.", mend=near(str(since), [s.value for s in Since]))
    return kind(fact, value, Since(since), percent)


def _minutes(raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 1:
        raise Complaint(f"for_minutes = {raw!r} is not a number of minutes.", mend="Write a whole number from 1 on.")
    return raw


def _several(word: str, raw: object) -> tuple[Condition, ...]:
    if not isinstance(raw, list) or not raw:
        raise Complaint(f"{word!r} holds no rule.", mend="An empty list would always hold: add a rule.")
    return tuple(read_rule(inner) for inner in raw)


def rule_text(rule: Condition) -> str:
    """The rule as one TOML inline table, always spelt the same way."""
    match rule:
        case AtMost(fact, value):
            return f"{{at_most = [{quoted(fact)}, {number_text(value)}]}}"
        case AtLeast(fact, value):
            return f"{{at_least = [{quoted(fact)}, {number_text(value)}]}}"
        case Is(fact, wanted):
            return f"{{is = [{quoted(fact)}, {_value_text(wanted)}]}}"
        case FallAtLeast() | RiseAtMost():
            return _change_text(rule)
        case Within(span, inner):
            return f"{{within = {quoted(str(span))}, rule = {rule_text(inner)}}}"
        case ForMinutes(minutes, inner):
            return f"{{for_minutes = {minutes}, rule = {rule_text(inner)}}}"
        case All(rules):
            return f"{{all = [{', '.join(map(rule_text, rules))}]}}"
        case Any(rules):
            return f"{{any = [{', '.join(map(rule_text, rules))}]}}"
        case Not(inner):
            return f"{{not = {rule_text(inner)}}}"
        case _:
            assert_never(rule)


def rule_plain(rule: Condition) -> dict[str, Plain]:
    """The rule as plain JSON values, in the form that files write: what `read_rule` reads back."""
    match rule:
        case AtMost(fact, value):
            return {"at_most": [fact, value]}
        case AtLeast(fact, value):
            return {"at_least": [fact, value]}
        case Is(fact, wanted):
            return {"is": [fact, wanted]}
        case FallAtLeast() | RiseAtMost():
            return {_change_word(rule): [rule.fact, rule.value], "since": rule.since.value}
        case Within(span, inner):
            return {"within": str(span), "rule": rule_plain(inner)}
        case ForMinutes(minutes, inner):
            return {"for_minutes": minutes, "rule": rule_plain(inner)}
        case All(rules):
            return {"all": [rule_plain(inner) for inner in rules]}
        case Any(rules):
            return {"any": [rule_plain(inner) for inner in rules]}
        case Not(inner):
            return {"not": rule_plain(inner)}
        case _:
            assert_never(rule)


def _change_word(rule: FallAtLeast | RiseAtMost) -> str:
    return next(w for w, (kind, percent) in _CHANGES.items() if (kind, percent) == (type(rule), rule.percent))


def _change_text(rule: FallAtLeast | RiseAtMost) -> str:
    word, since = _change_word(rule), quoted(rule.since.value)
    return f"{{{word} = [{quoted(rule.fact)}, {number_text(rule.value)}], since = {since}}}"


def _value_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else number_text(value)


def quoted(text: str) -> str:
    """The text as a TOML basic string on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def number_text(value: float) -> str:
    """The number as TOML writes it; whole numbers without a point, so that 140 and 140.0 are one text."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
