"""When the steps of a protocol can happen, in nominal minutes from enrolment, before anything has happened.

Only bounds for finding faults in a protocol: `schedule` says when something is due in a real course.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from unstuck.core.protocol import (
    AfterDose,
    AfterEachDose,
    AfterEnrolment,
    AfterStep,
    AfterTherapy,
    Dose,
    Expose,
    Protocol,
    Step,
)
from unstuck.core.time import Window

Occurrence = tuple[Step, int]


class Edge(StrEnum):
    """Which end of every window is taken."""

    MIN = "min"
    TARGET = "target"
    MAX = "max"


class Times:
    """Bounds for every step. What cannot be told (a cycle, an unknown step, a date) is None."""

    def __init__(self, protocol: Protocol) -> None:
        self._steps = {step.key: step for step in reversed(protocol.steps)}
        self.doses = [pair for s in protocol.steps if isinstance(s.activity, Dose) for pair in _times(s)]
        self.therapies: list[Occurrence] = []
        for step in protocol.steps:
            if isinstance(step.activity, Expose):
                self.therapies += self.occurrences(step)

    def occurrences(self, step: Step) -> list[Occurrence]:
        """Every time the step may happen; a step after each dose as often as there are doses."""
        if isinstance(step.after, AfterEachDose):
            return [(step, n) for n in range(1, len(self.doses) + 1)]
        return list(_times(step))

    def of(self, step: Step, occurrence: int, edge: Edge, trail: frozenset[str] = frozenset()) -> int | None:
        """Minutes from enrolment to that occurrence at that edge, or None."""
        if step.key in trail:
            return None
        trail = trail | {step.key}
        if isinstance(step.after, AfterEachDose):
            return _plus(self._pair(self.doses, occurrence, edge, trail), step.window, edge)
        first = _plus(self._anchor(step, edge, trail), step.window, edge)
        if first is None or occurrence == 1 or step.repeat is None:
            return first
        return first + (occurrence - 1) * _minutes(step.repeat.every, edge)

    def _anchor(self, step: Step, edge: Edge, trail: frozenset[str]) -> int | None:
        match step.after:
            case AfterEnrolment():
                return 0
            case AfterStep(key, occurrence):
                other = self._steps.get(key)
                return None if other is None else self.of(other, occurrence, edge, trail)
            case AfterDose(number):
                return self._pair(self.doses, number or len(self.doses), edge, trail)
            case AfterTherapy(number):
                return self._pair(self.therapies, number, edge, trail)
            case _:
                return None

    def _pair(self, pairs: list[Occurrence], number: int, edge: Edge, trail: frozenset[str]) -> int | None:
        if not 1 <= number <= len(pairs):
            return None
        step, occurrence = pairs[number - 1]
        return self.of(step, occurrence, edge, trail)

    def first(self, step: Step) -> int | None:
        """The earliest that the step can happen at all."""
        return self.of(step, 1, Edge.MIN)

    def last(self, step: Step) -> int | None:
        """The latest that its last occurrence can still happen."""
        occurrences = self.occurrences(step)
        return self.of(step, occurrences[-1][1], Edge.MAX) if occurrences else None

    def waits_for(self, step: Step) -> Iterator[str]:
        """Keys of the steps that must have happened once before this one can."""
        yield from step.needs
        match step.after:
            case AfterStep(key, _):
                yield key
            case AfterDose() | AfterEachDose():
                yield from _first_other(self.doses, step)
            case AfterTherapy():
                yield from _first_other(self.therapies, step)


def _first_other(pairs: list[Occurrence], step: Step) -> list[str]:
    """The first giver that is not the step itself, or the step where there is no other."""
    keys = list(dict.fromkeys(other.key for other, _ in pairs))
    others = [key for key in keys if key != step.key]
    return others[:1] or keys[:1]


def _times(step: Step) -> Iterator[Occurrence]:
    for occurrence in range(1, (step.times or 0) + 1):
        yield step, occurrence


def _minutes(window: Window, edge: Edge) -> int:
    return {Edge.MIN: window.min, Edge.TARGET: window.target, Edge.MAX: window.max}[edge].minutes


def _plus(anchor: int | None, window: Window, edge: Edge) -> int | None:
    return None if anchor is None else anchor + _minutes(window, edge)
