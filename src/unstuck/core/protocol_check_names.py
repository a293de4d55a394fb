"""Names in a protocol that lead nowhere or stand twice."""

from __future__ import annotations

from collections.abc import Iterator

from unstuck.core.activities import KINDS, IntegrationKind, TherapyKind
from unstuck.core.protocol import (
    BEFORE_ORDER,
    AfterStep,
    Arm,
    Assess,
    Contact,
    Expose,
    Integrate,
    Review,
    Step,
)
from unstuck.core.protocol_faults import READINGS, ROLES, Checked, Fault, known, repeated
from unstuck.core.toml_lines import Path
from unstuck.core.toml_table import near


def name_faults(c: Checked) -> Iterator[Fault]:
    """All faults of names."""
    yield from _repeated(c)
    yield from _roles(c)
    yield from _sources(c)
    for path, step in c.steps():
        yield from _step(c, path, step)
    for number, gate in enumerate(c.protocol.gates):
        if not c.behind(gate.before) and gate.before not in (*KINDS.values(), BEFORE_ORDER):
            names = [*(s.key for s in c.protocol.steps), *KINDS.values(), BEFORE_ORDER]
            yield from known(c.gate_path(number), "before", gate.before, "step or kind of activity", names)
    for number, limit in enumerate(c.protocol.limits):
        yield from known(("limit", number), "kind", limit.kind, "kind of activity", KINDS.values())
    yield from _arms(c)
    yield from _endpoints(c)


def _repeated(c: Checked) -> Iterator[Fault]:
    p = c.protocol
    for kind, parts in (("step", p.steps), ("regimen", p.regimens), ("arm", p.arms), ("endpoint", p.endpoints)):
        for number, key in repeated(part.key for part in parts):
            yield Fault((kind, number), "key", f"The {kind} {key!r} stands twice.", "Give one of them another key.")
    for number, key in repeated(step.key for step in (p.monitoring.rescue if p.monitoring else ())):
        yield Fault(("monitoring", "rescue", number), "key", f"The step {key!r} stands twice.", "Take one of them out.")
    for number, key in repeated(gate.key for gate in p.gates):
        what = f"The gate {key!r} stands twice, perhaps once in the monitoring profile."
        yield Fault(c.gate_path(number), "key", what, "Give one of them another key.")


def _roles(c: Checked) -> Iterator[Fault]:
    for role in c.protocol.blinded:
        yield from known((), "blinded", role, "role", ROLES)
    for path, step in c.steps():
        if isinstance(step.activity, Assess | Review | Contact):
            yield from known(path, "by", step.activity.by, "role", ROLES)


def _sources(c: Checked) -> Iterator[Fault]:
    for path, key, source in _cited(c):
        if source and source not in c.references:
            mend = "Add it to library/references, or cite a key that stands there."
            yield Fault(path, key, f"The source {source!r} is not in the references.", mend)


def _cited(c: Checked) -> Iterator[tuple[Path, str, str]]:
    p = c.protocol
    yield from (((), "sources", source) for source in p.sources)
    yield from ((("evidence", "finding", n), "source", f.source) for n, f in enumerate(p.findings))
    yield from ((c.gate_path(n), "source", g.source) for n, g in enumerate(p.gates))
    yield from ((("step", n), "source", s.source) for n, s in enumerate(p.steps))
    yield from ((("regimen", n), "source", r.source) for n, r in enumerate(p.regimens))
    yield from ((("limit", n), "source", x.source) for n, x in enumerate(p.limits))
    yield from ((("endpoint", n), "source", e.source) for n, e in enumerate(p.endpoints))
    if p.monitoring:
        yield ("monitoring",), "source", p.monitoring.source
        yield from ((("monitoring", "reading", n), "source", r.source) for n, r in enumerate(p.monitoring.readings))
        yield from ((("monitoring", "alert", n), "source", a.source) for n, a in enumerate(p.monitoring.alerts))
        yield from ((("monitoring", "worse", n), "source", w.source) for n, w in enumerate(p.monitoring.worse))
        yield from ((("monitoring", "rescue", n), "source", r.source) for n, r in enumerate(p.monitoring.rescue))


def _step(c: Checked, path: Path, step: Step) -> Iterator[Fault]:
    names = [s.key for s in c.protocol.steps]
    if isinstance(step.after, AfterStep):
        yield from known(path, "after", step.after.step, "step", names)
    for need in step.needs:
        yield from known(path, "needs", need, "step", names)
    match step.activity:
        case Assess(instruments, readings):
            for key in instruments:
                yield from known(path, "instruments", key, "instrument", c.instruments)
            for reading in readings:
                yield from known(path, "readings", reading, "reading", READINGS)
            if not instruments and not readings:
                mend = "Name instruments or readings."
                yield Fault(path, "do", f"The step {step.key!r} assesses nothing.", mend)
        case Expose(therapy):
            yield from _kind(path, "therapy", therapy, [*TherapyKind])
        case Integrate(manner):
            yield from _kind(path, "manner", manner, [*IntegrationKind])


def _kind(path: Path, key: str, word: str, kinds: list[str]) -> Iterator[Fault]:
    if word and word not in kinds and not word.startswith("site:"):
        mend = f"{near(word, kinds)} A site's own kind is written site:its_name."
        yield Fault(path, key, f"There is no {key} {word!r}.", mend)


def _arms(c: Checked) -> Iterator[Fault]:
    regimens = [r.key for r in c.protocol.regimens]
    asked = {dose.regimen for _, _, dose in c.doses()}
    for path, step, dose in c.doses():
        if not c.protocol.arms:
            yield from known(path, "regimen", dose.regimen, "regimen", regimens)
        for arm in c.protocol.arms:
            if dose.regimen not in dict(arm.regimens) and dose.regimen not in regimens:
                what = f"The step {step.key!r} has no regimen in the arm {arm.key!r}."
                mend = f"Write regimens = {{{dose.regimen} = ...}} in that arm."
                yield Fault(path, "regimen", what, mend)
    for number, arm in enumerate(c.protocol.arms):
        yield from _arm(("arm", number), arm, asked, regimens)


def _arm(path: Path, arm: Arm, asked: set[str], regimens: list[str]) -> Iterator[Fault]:
    if asked and not arm.regimens:
        mend = "Write regimens = {name = regimen}, one for each name that dose steps use."
        yield Fault(path, None, f"The arm {arm.key!r} names no regimen.", mend)
    for name, real in arm.regimens:
        yield from known(path, "regimens", name, "dose step with the regimen name", asked)
        yield from known(path, "regimens", real, "regimen", regimens)


_ASKS = {
    "response": ("fall_percent", "fall_points"),
    "relapse": ("fall_percent", "fall_points"),
    "non_response": ("fall_percent", "fall_points"),
    "remission": ("at_most",),
}


def _endpoints(c: Checked) -> Iterator[Fault]:
    steps = {s.key: s for s in c.protocol.steps}
    for number, e in enumerate(c.protocol.endpoints):
        path: Path = ("endpoint", number)
        yield from known(path, "instrument", e.instrument, "instrument", c.instruments)
        yield from known(path, "at", e.at, "step", steps)
        takers = c.takers(e.instrument)
        if e.instrument in c.instruments and not takers:
            what = f"The endpoint {e.key!r} reads {e.instrument}, which no step asks."
            yield Fault(path, "instrument", what, "Add the instrument to a step, or choose another.")
        elif e.at in steps and e.instrument in c.instruments and steps[e.at] not in takers:
            what = f"The step {e.at!r} does not ask {e.instrument}."
            yield Fault(path, "at", what, f"Choose one of: {', '.join(s.key for s in takers)}.")
        fields = _ASKS.get(e.kind, ())
        if fields and all(getattr(e, name) is None for name in fields):
            what = f"The endpoint {e.key!r} of kind {e.kind!r} has no threshold."
            yield Fault(path, "kind", what, f"Write {' or '.join(fields)}.")
        if e.kind == "non_response" and e.after_doses is None:
            yield Fault(path, "kind", f"The endpoint {e.key!r} counts no doses.", "Write after_doses = 3.")
