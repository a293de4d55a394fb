"""Rules that read what nobody takes, and instruments that must not be mixed."""

from __future__ import annotations

from collections.abc import Iterator

from unstuck.core.conditions import Condition, facts_of
from unstuck.core.participant import STATED
from unstuck.core.protocol import Assess, Consent, Dose, Expose, Step
from unstuck.core.protocol_faults import READINGS, Checked, Fault, known
from unstuck.core.toml_lines import Path
from unstuck.core.toml_table import near

COUNTED = (
    "doses",
    "therapy_sessions",
    "preparations",
    "integrations",
    "treatments",
    "days_since_last_dose",
    "minutes_since_dose_start",
    "minutes_since_dose_end",
)


def fact_faults(c: Checked) -> Iterator[Fault]:
    """All faults of what rules read, and of the curve."""
    for path, key, rule, steps in c.rules():
        yield from _rule(c, path, key, rule, steps)
    yield from _monitoring(c)
    yield from _curve(c)


def _monitoring(c: Checked) -> Iterator[Fault]:
    plan = c.protocol.monitoring
    if plan is None:
        return
    for number, reading in enumerate(plan.readings):
        for name in reading.readings:
            if name not in READINGS and name not in c.instruments:
                what = f"There is no reading {name!r}."
                mend = near(name, [*READINGS, *c.instruments])
                yield Fault(("monitoring", "reading", number), "readings", what, mend)
    for number, alert in enumerate(plan.alerts):
        yield from _rule(c, ("monitoring", "alert", number), "rule", alert.rule, ())
    rules = {alert.key: alert.rule for alert in plan.alerts}
    for number, step in enumerate(plan.worse):
        path: Path = ("monitoring", "worse", number)
        yield from known(path, "alert", step.alert, "alert", rules)
        if step.alert in rules and step.reading not in facts_of(rules[step.alert]):
            what = f"The alert {step.alert!r} does not read {step.reading!r}."
            yield Fault(path, "reading", what, near(step.reading, facts_of(rules[step.alert])))
    if plan.discharge is not None:
        yield from _rule(c, ("monitoring",), "discharge", plan.discharge, ())


def _rule(c: Checked, path: Path, key: str, rule: Condition, steps: tuple[Step, ...]) -> Iterator[Fault]:
    for fact in facts_of(rule):
        for what, mend in _fact(c, fact, steps):
            yield Fault(path, key, what, mend)


def _fact(c: Checked, fact: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, str]]:
    """What is wrong with reading that fact in a rule before these steps (or around a dose, where there are none)."""
    head, _, rest = fact.partition(".")
    if fact in COUNTED:
        return
    if fact == "consent":
        if not any(isinstance(s.activity, Consent) for s in c.protocol.steps):
            yield "A rule reads consent, and no step asks for it.", "Add a step that does `consent`."
    elif head in ("done", "discharged"):
        if not c.protocol.has(rest):
            yield f"There is no step {rest!r} to be done.", near(rest, [s.key for s in c.protocol.steps])
    elif head in ("person", "room"):
        if fact not in STATED:
            yield f"Nobody states {fact!r}.", near(fact, STATED)
    elif fact in READINGS:
        yield from _reading(c, fact, steps)
    elif rest and head in c.instruments:
        if not _watched(c, head, steps):
            yield from _taken(c, head, f"asks {head}", steps)
    else:
        names = [*READINGS, *STATED, *COUNTED, "consent", *(f"{key}.total" for key in c.instruments)]
        yield f"No rule can read {fact!r}.", near(fact, names)


def _reading(c: Checked, fact: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, str]]:
    if not _watched(c, fact, steps):
        yield from _taken(c, fact, f"takes {fact}", steps)


def _watched(c: Checked, name: str, steps: tuple[Step, ...]) -> bool:
    """Whether the monitoring of a dose brings it: in its phase `before` where a step is to open."""
    plan = c.protocol.monitoring
    around_dose = not steps or all(isinstance(s.activity, Dose) for s in steps)
    phases = ("before",) if steps else ("before", "during", "after")
    rows = plan.readings if plan is not None else ()
    return around_dose and any(name in row.readings and row.phase in phases for row in rows)


def _taken(c: Checked, name: str, does: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, str]]:
    """Somebody must take it, and before the step that it is to open."""
    takers = c.takers(name)
    mend = f"Add {name!r} to an earlier step that assesses."
    if not takers:
        yield f"A rule reads {name!r}, and no step {does}.", mend
    for step in steps:
        if takers and not any(_before(c, taker, step) for taker in takers):
            yield f"A rule before {step.key!r} reads {name!r}, and no earlier step {does}.", mend


def _before(c: Checked, taker: Step, step: Step) -> bool:
    """Whether the one can happen before the other's window closes and does not itself wait for it."""
    if taker.key == step.key or _waits(c, taker, step.key, set()):
        return False
    first, last = c.times.first(taker), c.times.last(step)
    return first is None or last is None or first <= last


def _waits(c: Checked, step: Step, key: str, seen: set[str]) -> bool:
    """Whether the step can only come once the other has happened."""
    seen.add(step.key)
    for other in c.times.waits_for(step):
        if other == key:
            return True
        if other not in seen and c.protocol.has(other) and _waits(c, c.protocol.step(other), key, seen):
            return True
    return False


def _curve(c: Checked) -> Iterator[Fault]:
    """The curve's instrument is asked, also before treatment, and no other recall of it is mixed in."""
    curve = c.protocol.curve
    if curve not in c.instruments:
        yield Fault((), "curve", f"There is no instrument {curve!r}.", near(curve, c.instruments))
        return
    family = c.instruments[curve].family
    for path, step in c.steps():
        for key in step.activity.instruments if isinstance(step.activity, Assess) else ():
            if key != curve and key in c.instruments and c.instruments[key].family == family:
                what = f"{key} looks back on another time than {curve}, and one curve would mix them."
                yield Fault(path, "instruments", what, f"Ask {curve} here, or make {key} the curve throughout.")
    takers = c.takers(curve)
    treatments = [s for s in c.protocol.steps if isinstance(s.activity, Dose | Expose)]
    if not takers:
        yield Fault((), "curve", f"No step asks {curve}, so that the course has no curve.", "Add it to a step.")
    elif not any(all(_before(c, taker, s) for s in treatments) for taker in takers):
        yield Fault((), "curve", f"{curve} is never asked before treatment.", f"Ask {curve} in a baseline step.")
