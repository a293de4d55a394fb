"""Windows that can never be met, steps that wait for each other, and limits that the schedule itself breaks."""

from __future__ import annotations

from collections.abc import Iterator

from unstuck.core.protocol import (
    AfterDose,
    AfterEachDose,
    AfterStep,
    AfterTherapy,
    Limit,
    OnDate,
    Step,
    kind_of,
)
from unstuck.core.protocol_faults import Checked, Fault
from unstuck.core.protocol_times import Edge
from unstuck.core.toml_lines import Path


def time_faults(c: Checked) -> Iterator[Fault]:
    """All faults of timing."""
    for path, step in c.steps():
        yield from _counted(c, path, step)
        yield from _windows(path, step)
        yield from _needs(c, path, step)
    yield from _cycles(c)
    for number, limit in enumerate(c.protocol.limits):
        yield from _limit(c, ("limit", number), limit)


def _counted(c: Checked, path: Path, step: Step) -> Iterator[Fault]:
    """Anchors that count further than the protocol goes."""
    match step.after:
        case AfterStep(key, number) if c.protocol.has(key):
            times = len(c.times.occurrences(c.protocol.step(key)))
            yield from _beyond(path, number, times, f"The step {key!r} happens")
        case AfterDose(number):
            yield from _beyond(path, number or 1, len(c.times.doses), "Doses are given")
        case AfterEachDose():
            yield from _beyond(path, 1, len(c.times.doses), "Doses are given")
        case AfterTherapy(number):
            yield from _beyond(path, number, len(c.times.therapies), "Trauma-focused sessions are held")


def _beyond(path: Path, number: int, times: int, what: str) -> Iterator[Fault]:
    if number > times:
        says = f"{what} {times} times, so that number {number} never comes."
        yield Fault(path, "after", says, f"Count to {times} at most, or add steps." if times else "Add such a step.")


def _windows(path: Path, step: Step) -> Iterator[Fault]:
    if not isinstance(step.after, OnDate) and step.window.max.minutes < 0:
        what = f"The window of {step.key!r} is over before the thing it is counted from has happened."
        yield Fault(path, "window", what, "Let this step be the anchor, and count the other one from it.")
    if step.repeat is None:
        return
    if isinstance(step.after, AfterEachDose):
        what = f"The step {step.key!r} follows each dose and repeats besides."
        yield Fault(path, "repeat", what, "Leave out repeat, or count from one dose.")
    elif step.repeat.every.max.minutes <= 0:
        what = f"The next time of {step.key!r} would not lie after the time before."
        yield Fault(path, "repeat", what, "Write spans above 0 in `every`.")


def _needs(c: Checked, path: Path, step: Step) -> Iterator[Fault]:
    """A needed step that can only happen when this one's window is over."""
    last = c.times.last(step)
    for key in step.needs:
        first = c.times.first(c.protocol.step(key)) if c.protocol.has(key) else None
        if first is not None and last is not None and first > last:
            what = f"The step {step.key!r} needs {key!r}, which can only happen after the window has closed."
            yield Fault(path, "window", what, f"Widen the window, or do not need {key!r}.")


def _cycles(c: Checked) -> Iterator[Fault]:
    """Each ring of steps that wait for each other, once, at its first step."""
    told: set[frozenset[str]] = set()
    for path, step in c.steps():
        ring = _ring(c, step, ())
        if ring and frozenset(ring) not in told:
            told.add(frozenset(ring))
            what = f"Steps wait for each other: {' <- '.join([*ring, ring[0]])}."
            yield Fault(path, "after", what, "Count one of them from the enrolment or from an earlier step.")


def _ring(c: Checked, step: Step, trail: tuple[str, ...]) -> tuple[str, ...]:
    if step.key in trail:
        return trail[trail.index(step.key) :]
    for key in c.times.waits_for(step):
        if c.protocol.has(key):
            found = _ring(c, c.protocol.step(key), (*trail, step.key))
            if found:
                return found
    return ()


def _limit(c: Checked, path: Path, limit: Limit) -> Iterator[Fault]:
    """The schedule on target breaks its own limit. Conditional and optional steps are judged in the course."""
    moments = sorted(_targets(c, limit.kind))
    for place, start in enumerate(moments):
        within = [m for m in moments[place:] if m - start < limit.per.minutes]
        if len(within) > limit.most:
            what = f"On target {len(within)} of {limit.kind!r} fall within {limit.per}, and the limit is {limit.most}."
            yield Fault(path, "most", what, "Raise the limit, or set the steps further apart.")
            return


def _targets(c: Checked, kind: str) -> Iterator[int]:
    for step in c.protocol.steps:
        if kind_of(step.activity) != kind or step.when is not None or step.optional:
            continue
        for _, occurrence in c.times.occurrences(step):
            at = c.times.of(step, occurrence, Edge.TARGET)
            if at is not None:
                yield at
