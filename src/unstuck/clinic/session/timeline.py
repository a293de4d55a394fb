"""What happened in a session, minute by minute, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.session import words
from unstuck.clinic.session.queries import Live
from unstuck.core import events as ev
from unstuck.core.course import standing
from unstuck.core.session_events import MeasureTaken, PresenceNoted

CORRECTABLE = (
    *(ev.ReadingTaken, ev.AssessmentCompleted, ev.AdverseEventNoted, ev.FactStated),
    *(MeasureTaken, PresenceNoted),
)
"""What can be taken back at the chair. Orders, checks, doses, flows and leaving cannot: they happened."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline; `late` tells when it was written, where that was long after."""

    clock: str
    kind: str
    words: str
    who: str
    late: str
    parts: tuple[tuple[str, str], ...] = ()  # the entries that stand on this line: id and words
    correctable: bool = False


_KINDS: dict[type, str] = {ev.ReadingTaken: "reading", ev.FactStated: "fact"}


def timeline(live: Live, unmasked: bool, people: Mapping[str, str], zone: tzinfo) -> tuple[Line, ...]:
    """What happened here, the newest first; readings, or facts, of one minute by one person stand on one line."""
    plan = live.loaded.protocol.monitoring
    minutes = plan.limit("late_entry_min") if plan else None
    lines: list[Line] = []
    for event in sorted(own_events(live), key=lambda e: e.observed_at):
        line = _line(event, unmasked, people, zone, minutes)
        if line is None:
            continue
        if lines and isinstance(event.what, ev.ReadingTaken | ev.FactStated) and _joins(lines[-1], line):
            both = f"{lines[-1].words}, {line.words}"
            lines[-1] = replace(line, words=both, parts=(*lines[-1].parts, *line.parts))
        else:
            lines.append(line)
    return tuple(reversed(lines))


def _joins(one: Line, other: Line) -> bool:
    return (one.clock, one.kind, one.who, one.late) == (other.clock, other.kind, other.who, other.late)


def own_events(live: Live) -> list[ev.Event]:
    """Events that name this session, and what was stated or rated while it was open."""
    here = (live.place.step, live.place.occurrence)
    log = standing(live.loaded.state.log)
    own = [e for e in log if ev.step_of(e.what) == here]
    if not own:
        return []
    first, last = min(e.observed_at for e in own), max(e.observed_at for e in own)
    loose = (ev.FactStated, ev.AssessmentCompleted, ev.AdverseEventNoted)
    return [
        e for e in log if ev.step_of(e.what) == here or (isinstance(e.what, loose) and first <= e.observed_at <= last)
    ]


def _line(
    event: ev.Event, unmasked: bool, people: Mapping[str, str], zone: tzinfo, late_min: float | None
) -> Line | None:
    said = words.happened(event.what, unmasked)
    if not said:
        return None
    late = ""
    if late_min is not None and event.recorded_at - event.observed_at > timedelta(minutes=late_min):
        late = _("Written %(at)s: late entry") % {"at": words.clock_words(event.recorded_at, zone)}
    kind = _KINDS.get(type(event.what), "event")
    who, clock = people.get(event.actor, event.actor), words.clock_words(event.observed_at, zone)
    return Line(clock, kind, said, who, late, ((event.id, said),), isinstance(event.what, CORRECTABLE))
