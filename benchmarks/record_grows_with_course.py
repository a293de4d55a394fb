"""Does recording an event cost more, the longer the course is? Prints ratios, so that machines can be compared.

    python benchmarks/record_grows_with_course.py

A ratio near 1 between a long and a short course is good; a ratio near the ratio of their lengths would be quadratic.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.course import Course
from unstuck.core.protocol_file import load_protocol
from unstuck.core.record import record

SHORT, LONG = 200, 1600


def seconds_for(readings: int) -> float:
    """Seconds to record that many readings one by one into a new course."""
    protocol = load_protocol("feder_2021")
    arm = protocol.arms[0].key if protocol.arms else None
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    enrolled = ev.Enrolled(protocol.key, protocol.version, protocol.hash, arm)
    course = record(protocol, Course(), _event(0, start, enrolled))
    begun = time.perf_counter()
    for n in range(1, readings + 1):
        at = start + timedelta(minutes=n)
        course = record(protocol, course, _event(n, at, ev.ReadingTaken("pulse_per_min", 70.0)))
    return time.perf_counter() - begun


def _event(number: int, at: datetime, what: ev.What) -> ev.Event:
    return ev.Event(f"e{number}", "c", at, at, "bench", ev.Origin.SIMULATED, what)


def main() -> None:
    """Measures a short and a long course in one run and prints the ratio of the cost of one event."""
    short = min(seconds_for(SHORT) / SHORT for _ in range(3))
    long = min(seconds_for(LONG) / LONG for _ in range(3))
    print(f"one event in a course of {SHORT}: 1.0 (the unit, {1e6 * short:.0f} microseconds here)")
    print(f"one event in a course of {LONG}: {long / short:.1f}")


if __name__ == "__main__":
    main()
