"""Rules as sentences that a nurse understands."""

from __future__ import annotations

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
    span_words,
)

_FACTS = {
    "systolic_mmhg": ("upper blood pressure", "mmHg"),
    "diastolic_mmhg": ("lower blood pressure", "mmHg"),
    "pulse_per_min": ("pulse", "per minute"),
    "spo2_percent": ("oxygen saturation", "%"),
    "resp_per_min": ("breaths", "per minute"),
    "weight_kg": ("weight", "kg"),
    "moaas": ("alertness (MOAA/S)", ""),
    "oxygen_l_per_min": ("oxygen given", "L per minute"),
    "doses": ("doses given", ""),
    "therapy_sessions": ("therapy sessions held", ""),
    "preparations": ("preparation sessions held", ""),
    "integrations": ("integration sessions held", ""),
    "consent": ("consent", ""),
    "days_since_last_dose": ("days since the last dose", ""),
    "minutes_since_dose_start": ("minutes since the dose began", ""),
    "minutes_since_dose_end": ("minutes since the dose ended", ""),
}
_SCALES = {"total": "total score", "risk": "risk level"}
_SINCE = {
    Since.BASELINE: "the value before treatment",
    Since.PREVIOUS: "the value before",
    Since.FIRST: "the first value",
    Since.DOSE: "the value before the last dose",
    Since.LOWEST: "its lowest value so far",
}


def fact_words(fact: str) -> str:
    """A fact's name in words, such as "upper blood pressure" for `systolic_mmhg`."""
    if fact in _FACTS:
        return _FACTS[fact][0]
    if "." not in fact:
        return fact.replace("_", " ")
    family, part = fact.split(".", 1)
    if family in ("person", "room"):
        return part.replace("_", " ")
    return f"{instrument_words(family)} {_SCALES.get(part, part.replace('_', ' '))}"


def instrument_words(key: str) -> str:
    """An instrument's key as clinicians write it."""
    known = {
        "pcl5_week": "PCL-5 (week)", "pcl5_month": "PCL-5 (month)", "caps5": "CAPS-5", "phq9": "PHQ-9", "gad7": "GAD-7",
        "madrs": "MADRS", "cssrs_screen": "C-SSRS screener", "cadss": "CADSS", "cadss6": "CADSS-6", "ies_r": "IES-R",
        "pc_ptsd5": "PC-PTSD-5", "lec5": "LEC-5", "audit_c": "AUDIT-C", "cgi_s": "CGI-S",
        "cgi_i": "CGI-I", "suds": "SUDS", "aldrete": "Aldrete score", "padss": "PADSS",
    }  # fmt: skip
    return known.get(key, key.replace("_", " "))


def sentence(rule: Condition) -> str:
    """The rule as one sentence with a capital and a full stop."""
    words = phrase(rule)
    return words[0].upper() + words[1:] + "."


def phrase(rule: Condition) -> str:
    """The rule as part of a sentence."""
    match rule:
        case AtMost(fact, value):
            return f"{fact_words(fact)} is at most {_amount(value, fact)}"
        case AtLeast(fact, value):
            return f"{fact_words(fact)} is at least {_amount(value, fact)}"
        case Is(fact, value):
            return _is(fact, value)
        case FallAtLeast(fact, value, since, percent):
            return f"{fact_words(fact)} is at least {_change(value, fact, percent)} lower than {_SINCE[since]}"
        case RiseAtMost(fact, value, since, percent):
            return f"{fact_words(fact)} is at most {_change(value, fact, percent)} higher than {_SINCE[since]}"
        case Within(span, inner):
            return f"{phrase(inner)}, seen in the last {span_words(span)}"
        case ForMinutes(minutes, inner):
            return f"{phrase(inner)}, for {minutes} minutes without a break"
        case All(rules):
            return _joined(rules, "and")
        case Any(rules):
            return _joined(rules, "or")
        case Not(inner):
            return f"it is not so that {phrase(inner)}"
        case _:
            assert_never(rule)


def _is(fact: str, value: Value) -> str:
    if value is True:
        return f"{fact_words(fact)}: yes"
    if value is False:
        return f"{fact_words(fact)}: no"
    return f"{fact_words(fact)} is {_amount(value, fact) if isinstance(value, int | float) else value}"


def _joined(rules: tuple[Condition, ...], word: str) -> str:
    parts = [f"({phrase(r)})" if isinstance(r, All | Any) and len(r.rules) > 1 else phrase(r) for r in rules]
    return f", {word} ".join(parts)


def _amount(value: float, fact: str) -> str:
    unit = _FACTS.get(fact, ("", ""))[1]
    return f"{value:g} {unit}".strip()


def _change(value: float, fact: str, percent: bool) -> str:
    return f"{value:g} %" if percent else _amount(value, fact)
