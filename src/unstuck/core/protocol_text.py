"""A protocol as sentences, each with its source; its schedule as a table; and what changed between two versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unstuck.core.protocol import (
    BEFORE_ORDER,
    LIMITS,
    Gate,
    MonitoringPlan,
    Otherwise,
    Protocol,
    ReadingPlan,
    RescueStep,
    Step,
    WorseStep,
    kind_of,
)
from unstuck.core.protocol_times import Edge, Times
from unstuck.core.protocol_words import (
    ROLE_WORDS,
    activity_words,
    anchor_words,
    endpoint_words,
    kind_words,
    listed,
    regimen_words,
    sentence_of,
    who,
    window_words,
)
from unstuck.core.protocol_writer import canonical_text
from unstuck.core.sentences import fact_words, instrument_words, phrase, sentence
from unstuck.core.sourced import Grade


@dataclass(frozen=True, slots=True)
class Sentence:
    """One plain sentence about one part. `part` and `key` name what it is about; `source` is a reference's key."""

    part: str
    key: str
    text: str
    source: str = ""
    grade: Grade | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One step of the schedule: nominal days from enrolment on target, its window in words, and who does it."""

    step: str
    title: str
    kind: str
    days: tuple[int, ...]
    window: str
    who: str
    conditional: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two versions. `was` or `now` is empty where it is new or gone."""

    part: str
    key: str
    was: str
    now: str


PARTS = (
    "about", "evidence", "finding", "gap", "arm", "step", "regimen", "gate", "limit", "monitoring", "alert",
    "bedside", "endpoint",
)  # fmt: skip


def explain(protocol: Protocol) -> tuple[Sentence, ...]:
    """The whole protocol in sentences, in the order of PARTS."""
    said = [*_about(protocol), *_evidence(protocol), *_arms(protocol)]
    said += [Sentence("step", s.key, step_sentence(s, protocol), s.source, s.grade) for s in protocol.steps]
    for r in protocol.regimens:
        label = f" It is labelled “{r.blind_label}”." if r.blind_label else ""
        said.append(Sentence("regimen", r.key, sentence_of(regimen_words(r)) + label, r.source, r.grade))
    said += [Sentence("gate", g.key, gate_sentence(g, protocol), g.source) for g in protocol.gates]
    for number, x in enumerate(protocol.limits, 1):
        words = f"At most {x.most} {kind_words(x.kind, x.most > 1)} in any {x.per.amount} {_unit(x.per.unit.value)}."
        said.append(Sentence("limit", f"{x.kind} {number}", words, x.source))
    said += _monitoring(protocol.monitoring) if protocol.monitoring else []
    for e in protocol.endpoints:
        main = " This is the primary endpoint." if e.primary else ""
        said.append(Sentence("endpoint", e.key, f"{e.title}: {endpoint_words(e, protocol)}.{main}", e.source))
    return tuple(said)


def _about(p: Protocol) -> Iterator[Sentence]:
    yield Sentence("about", "title", sentence_of(p.title))
    yield Sentence("about", "version", f"This is version {p.version} of {p.key}.")
    yield Sentence("about", "summary", sentence_of(p.summary), p.sources[0] if p.sources else "")
    if p.population:
        yield Sentence("about", "population", sentence_of(p.population), p.sources[0] if p.sources else "")
    yield Sentence("about", "sources", f"Sources: {listed(list(p.sources))}.")
    yield Sentence("about", "curve", f"The curve of the course is {instrument_words(p.curve)}.")


def _evidence(p: Protocol) -> Iterator[Sentence]:
    strength = p.strength.value.replace("_", " ")
    yield Sentence("evidence", "strength", f"Strength of the evidence: {strength}. {sentence_of(p.strength_why)}")
    for number, found in enumerate(p.findings, 1):
        yield Sentence("finding", str(number), sentence_of(found.sentence), found.source)
    for number, gap in enumerate(p.gaps, 1):
        yield Sentence("gap", str(number), sentence_of(gap))


def _arms(p: Protocol) -> Iterator[Sentence]:
    for arm in p.arms:
        names = listed([f"{name} is {real}" for name, real in arm.regimens]) if arm.regimens else "no drug"
        share = f" (share {arm.ratio})" if any(other.ratio != 1 for other in p.arms) else ""
        yield Sentence("arm", arm.key, f"Arm “{arm.title}”{share}: {names}.")
    if p.blinded:
        roles = listed([ROLE_WORDS.get(role, role) for role in p.blinded])
        yield Sentence("arm", "blinded", sentence_of(f"{roles} must not learn the arm"))


def step_sentence(step: Step, protocol: Protocol) -> str:
    """What happens in a step, when, how often, for whom and after what."""
    said = [f"{step.title}: {activity_words(step.activity, protocol).removesuffix('.')}", _when(step, protocol)]
    if step.needs:
        titles = [protocol.step(n).title if protocol.has(n) else n for n in step.needs]
        said.append(f"Needs {listed([f'“{t}”' for t in titles])} first")
    if step.when is not None:
        said.append(f"Only if {phrase(step.when)}")
    if step.optional:
        said.append("Optional")
    return " ".join(sentence_of(part) for part in [*said, step.note] if part)


def _when(step: Step, protocol: Protocol) -> str:
    first = window_words(step.window, anchor_words(step.after, protocol))
    if step.repeat is None:
        return first
    every = window_words(step.repeat.every, "after the time before")
    return f"{first}; {step.repeat.times} times, each {every}"


_OTHERWISE = {
    Otherwise.HOLD: "otherwise it waits",
    Otherwise.SKIP: "otherwise it is left out",
    Otherwise.STOP: "otherwise the course stops",
}


def gate_sentence(gate: Gate, protocol: Protocol) -> str:
    """What must hold before a step, what happens otherwise, why, and who may pass it."""
    kind = "each order" if gate.before == BEFORE_ORDER else f"each {kind_words(gate.before)}"
    name = f"“{protocol.step(gate.before).title}”" if protocol.has(gate.before) else kind
    override = "A named person may pass it with a reason." if gate.override else "Nobody may pass it."
    rule = sentence_of(f"before {name}: {phrase(gate.rule)}; {_OTHERWISE[gate.otherwise]}")
    return f"{rule} {sentence_of(gate.why)} {override}"


def _monitoring(plan: MonitoringPlan) -> list[Sentence]:
    said = [Sentence("monitoring", "profile", f"Monitoring profile “{plan.profile}”.", plan.source)]
    for number, r in enumerate(plan.readings, 1):
        words = f"{r.phase} the dose, {_often(r)}: {listed([fact_words(name) for name in r.readings])}"
        said.append(Sentence("monitoring", f"reading {number}", sentence_of(words), r.source))
    if plan.stay_min is not None:
        since = "the dose ended" if plan.stay_from == "dose_end" else "the dose began"
        said.append(
            Sentence("monitoring", "stay", f"Stay at least {plan.stay_min} minutes since {since}.", plan.source)
        )
    if plan.discharge is not None:
        said.append(Sentence("monitoring", "discharge", f"May leave if {phrase(plan.discharge)}.", plan.source))
    for a in plan.alerts:
        call = "Urgent. " if a.urgent else ""
        said.append(Sentence("alert", a.key, f"{call}{sentence(a.rule)} {sentence_of(a.action)}", a.source))
    for x in plan.limits:
        words = f"{LIMITS.get(x.key, x.key)}: {x.value:g}"
        said.append(Sentence("bedside", x.key, f"{sentence_of(words)} {x.note}".strip(), x.source))
    return [*said, *(_worse(step) for step in plan.worse), *(_rescue(n, r) for n, r in enumerate(plan.rescue, 1))]


def _worse(step: WorseStep) -> Sentence:
    """By how much more a taken alarm rings anew."""
    moved = f"{abs(step.by):g} {'higher' if step.by > 0 else 'lower'} than when it rang"
    words = f"the alarm {step.alert} rings anew, though somebody is on it, where {fact_words(step.reading)} is {moved}"
    key = f"worse {step.alert} {step.reading} {'up' if step.by > 0 else 'down'}"
    return Sentence("bedside", key, f"{sentence_of(words)} {step.note}".strip(), step.source, step.grade)


def _rescue(number: int, step: RescueStep) -> Sentence:
    """What the site does in an emergency, in its order and time."""
    words = f"In an emergency, {number}, within {step.within_s} seconds of the call: {sentence_of(step.words)}"
    return Sentence("bedside", f"rescue {step.key}", f"{words} {step.note}".strip(), step.source, step.grade)


def _often(row: ReadingPlan) -> str:
    if row.at_min:
        return f"at minute {listed([str(n) for n in row.at_min])}"
    return f"every {row.every_min} minutes" if row.every_min else "once"


def _unit(unit: str) -> str:
    return {"d": "days", "h": "hours", "min": "minutes"}[unit]


def schedule_table(protocol: Protocol) -> tuple[Row, ...]:
    """One row a step, in the order of the file. Days are nominal; `schedule.plan` has them at a site's clock."""
    times = Times(protocol)
    return tuple(_row(protocol, times, step) for step in protocol.steps)


def _row(protocol: Protocol, times: Times, step: Step) -> Row:
    moments = [times.of(step, occurrence, Edge.TARGET) for _, occurrence in times.occurrences(step)]
    days = tuple(dict.fromkeys(m // 1440 for m in moments if m is not None))
    conditional = step.when is not None
    return Row(
        step.key, step.title, kind_of(step.activity), days, _when(step, protocol), who(step), conditional, step.optional
    )


def diff(old: Protocol, new: Protocol) -> tuple[Change, ...]:
    """What changed, as sentences before and after, in the order of PARTS; empty where the two are the same."""
    was, now = _by_key(old), _by_key(new)
    keys = sorted({**was, **now}, key=lambda pair: PARTS.index(pair[0]))  # stable: keeps the order within a part
    changes = [Change(*key, was.get(key, ""), now.get(key, "")) for key in keys if was.get(key) != now.get(key)]
    if not changes and canonical_text(old) != canonical_text(new):
        changes = [Change("about", "order", "The parts stand in another order or spelling.", "No sentence differs.")]
    return tuple(changes)


def _by_key(protocol: Protocol) -> dict[tuple[str, str], str]:
    return {(s.part, s.key): _with_source(s) for s in explain(protocol)}


def _with_source(s: Sentence) -> str:
    origin = ", ".join(word for word in (s.source, s.grade.value if s.grade else "") if word)
    return f"{s.text} [{origin}]" if origin else s.text
