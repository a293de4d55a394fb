"""The one canonical TOML text of a protocol, and the hash that pins it.

Keys stand in a fixed order and what equals its default is left out, so that a later optional field changes no hash.
Comments of a file are not kept: what matters belongs in `note`, `why` or `gaps`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from unstuck.core.protocol import (
    Activity,
    Arm,
    Assess,
    Consent,
    Contact,
    Dose,
    Endpoint,
    Expose,
    Gate,
    Integrate,
    Limit,
    MonitoringPlan,
    Prepare,
    Protocol,
    Regimen,
    Repeat,
    Review,
    Setting,
    Step,
    kind_of,
)
from unstuck.core.protocol_parts import anchor_text, window_texts
from unstuck.core.rule_file import number_text, quoted, rule_text
from unstuck.core.sourced import Grade
from unstuck.core.time import Window

Pair = tuple[str, Any]


def content_hash(protocol: Protocol) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical_text(protocol).encode()).hexdigest()


def canonical_text(protocol: Protocol) -> str:
    """The protocol as TOML, the same bytes for equal protocols."""
    blocks = [_lines(_head(protocol)), *_evidence(protocol)]
    blocks += [_block("[[step]]", _step(s)) for s in protocol.steps]
    blocks += [_block("[[regimen]]", _regimen(r)) for r in protocol.regimens]
    blocks += [_block("[[gate]]", _gate(g)) for g in protocol.gates]
    blocks += [_block("[[limit]]", _limit(x)) for x in protocol.limits]
    blocks += [_block("[[arm]]", _arm(a)) for a in protocol.arms]
    blocks += [_block("[[endpoint]]", _endpoint(e)) for e in protocol.endpoints]
    blocks += list(_monitoring(protocol.monitoring)) if protocol.monitoring else []
    return "\n\n".join(blocks) + "\n"


def _block(header: str, pairs: Iterable[Pair]) -> str:
    return f"{header}\n{_lines(pairs)}"


def _lines(pairs: Iterable[Pair]) -> str:
    """Lines `key = value`; what is None or empty is left out (0 and false are not)."""
    return "\n".join(f"{key} = {_text(value)}" for key, value in pairs if value not in (None, "", ()))


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(str(value))
        case int() | float():
            return number_text(value)
        case tuple():
            return f"[{', '.join(_text(v) for v in value)}]"
        case dict():
            return f"{{{', '.join(f'{name} = {quoted(real)}' for name, real in value.items())}}}"
        case Window():
            return f"[{', '.join(quoted(t) for t in window_texts(value))}]"
        case Repeat():
            return f"{{times = {value.times}, every = {_text(value.every)}}}"
        case _:
            return rule_text(value)


def _head(p: Protocol) -> Iterator[Pair]:
    yield from (("key", p.key), ("version", p.version), ("title", p.title), ("summary", p.summary))
    yield from (("population", p.population), ("sources", p.sources), ("blinded", p.blinded), ("curve", p.curve))


def _evidence(p: Protocol) -> list[str]:
    head = _block("[evidence]", [("strength", p.strength), ("why", p.strength_why), ("gaps", p.gaps)])
    found = [_block("[[evidence.finding]]", [("sentence", f.sentence), ("source", f.source)]) for f in p.findings]
    return [head, *found]


def _step(s: Step) -> Iterator[Pair]:
    yield from (("key", s.key), ("title", s.title), ("do", kind_of(s.activity)))
    yield from _activity(s.activity)
    yield from (("after", anchor_text(s.after)), ("window", s.window), ("repeat", s.repeat), ("when", s.when))
    yield from (("needs", s.needs), ("optional", _flag(s.optional)), ("source", s.source))
    yield from (("grade", _unless(s.grade, Grade.MEASURED)), ("note", s.note))


def _activity(activity: Activity) -> list[Pair]:
    match activity:
        case Assess(instruments, readings, by):
            return [("instruments", instruments), ("readings", readings), ("by", _unless(by, "patient"))]
        case Consent(form):
            return [("form", form)]
        case Prepare(minutes):
            return [("minutes", minutes)]
        case Dose(regimen, setting):
            return [("regimen", regimen), ("setting", _unless(setting, Setting.SUPERVISED))]
        case Expose(therapy, minutes):
            return [("therapy", therapy), ("minutes", minutes)]
        case Integrate(manner, minutes):
            return [("manner", manner), ("minutes", minutes)]
        case Review(question, by):
            return [("question", question), ("by", _unless(by, "prescriber"))]
        case Contact(about, by):
            return [("about", about), ("by", _unless(by, "nurse"))]
        case _:
            assert_never(activity)


def _flag(value: bool) -> bool | None:
    return value or None


def _unless(value: str, default: str) -> str | None:
    return None if value == default else value


def _regimen(r: Regimen) -> Iterator[Pair]:
    yield from (("key", r.key), ("drug", r.drug), ("route", r.route), ("amount", r.amount), ("highest", r.highest))
    yield from (("unit", r.unit), ("minutes", r.minutes), ("cap_mg", r.cap_mg), ("blind_label", r.blind_label))
    yield from (("source", r.source), ("grade", _unless(r.grade, Grade.MEASURED)))
    yield from (("ceiling_mg_per_kg", r.ceiling_mg_per_kg), ("ceiling_source", r.ceiling_source))


def _gate(g: Gate) -> Iterator[Pair]:
    yield from (("key", g.key), ("before", g.before), ("rule", g.rule), ("otherwise", g.otherwise))
    yield from (("why", g.why), ("source", g.source), ("override", None if g.override else False))


def _limit(x: Limit) -> list[Pair]:
    return [("kind", x.kind), ("most", x.most), ("per", str(x.per)), ("source", x.source)]


def _arm(a: Arm) -> list[Pair]:
    return [("key", a.key), ("title", a.title), ("ratio", a.ratio), ("regimens", dict(a.regimens) or None)]


def _endpoint(e: Endpoint) -> Iterator[Pair]:
    yield from (("key", e.key), ("title", e.title), ("kind", e.kind), ("instrument", e.instrument))
    yield from (("scale", e.scale), ("at", e.at))
    yield from (("fall_percent", e.fall_percent), ("fall_points", e.fall_points))
    yield from (("at_most", e.at_most), ("after_doses", e.after_doses))
    yield from (("primary", _flag(e.primary)), ("source", e.source))


def _monitoring(m: MonitoringPlan) -> Iterator[str]:
    head: list[Pair] = [("profile", m.profile), ("discharge", m.discharge), ("stay_min", m.stay_min)]
    yield _block("[monitoring]", [*head, ("stay_from", m.stay_from), ("source", m.source)])
    for r in m.readings:
        pairs: list[Pair] = [("readings", r.readings), ("phase", r.phase), ("every_min", r.every_min)]
        pairs += [("at_min", r.at_min)]
        yield _block("[[monitoring.reading]]", [*pairs, ("source", r.source)])
    for a in m.alerts:
        pairs = [("key", a.key), ("rule", a.rule), ("action", a.action), ("urgent", _flag(a.urgent))]
        pairs += [("life", _flag(a.life))]
        yield _block("[[monitoring.alert]]", [*pairs, ("source", a.source)])
    for x in m.limits:
        pairs = [("key", x.key), ("value", x.value), ("source", x.source)]
        yield _block("[[monitoring.limit]]", [*pairs, ("grade", _unless(x.grade, Grade.MEASURED)), ("note", x.note)])
    for w in m.worse:
        pairs = [("alert", w.alert), ("reading", w.reading), ("by", w.by), ("source", w.source)]
        yield _block("[[monitoring.worse]]", [*pairs, ("grade", _unless(w.grade, Grade.MEASURED)), ("note", w.note)])
    for rescue in m.rescue:
        pairs = [("key", rescue.key), ("words", rescue.words), ("within_s", rescue.within_s)]
        pairs += [("source", rescue.source), ("grade", _unless(rescue.grade, Grade.MEASURED)), ("note", rescue.note)]
        yield _block("[[monitoring.rescue]]", pairs)
