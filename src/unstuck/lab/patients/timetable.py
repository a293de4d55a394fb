"""A course as rows of events in order of time: daily life, sessions, homework, and the days on which somebody looks.

Every day has four events (calm at 9, a reminder at 13, an intrusion at 18, a reminder at 20); sessions and taped
memories come where they were arranged. Hours count from enrolment; life before it is the run-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.effects.parameters import Array
from unstuck.lab.patients.therapies import Kind, Teaches, Therapy

Marks = NDArray[np.int64]
RUN_IN_DAYS = 21  # of life before enrolment, so that nobody starts from hand-set states
BEDTIME_H = 22.0
CUES = 6
AFTER_H = 12.0  # the last event's labile window


class What(IntEnum):
    """What an event is to the person."""

    CALM = 0
    INTRUSION = 1
    REMINDER = 2
    MEMORY = 3
    THOUGHT = 4
    TAPE = 5
    TALK = 6


CUES_OF = np.array(
    [
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0],  # here and now
        [1.0, 0.0, 0.5, 0.5, 0.0, 0.0],  # the memory, half there and then
        [0.0, 1.0, 0.3, 0.7, 0.0, 0.0],
        [1.0, 0.0, 0.3, 0.0, 0.7, 0.0],  # in the clinic
        [0.5, 0.0, 0.0, 0.2, 0.8, 0.0],
        [1.0, 0.0, 0.3, 0.7, 0.0, 0.0],  # at home
        [0.0, 0.0, 0.0, 0.3, 0.7, 0.0],
    ]
)
"""Trauma memory, reminder, then and there, here and now, clinic, unused: what each event shows the learner."""

LIFE = ((9.0, What.CALM, 0), (13.0, What.REMINDER, 2), (18.0, What.INTRUSION, 1), (20.0, What.REMINDER, 3))
DRIFT, TAPE, LEAVE, STRESS, SLOTS = 0, 5, 6, 4, 7  # places of the day's luck; 1 to 3 stand in LIFE
KINDS = {Kind.MEMORY: What.MEMORY, Kind.THOUGHT: What.THOUGHT, Kind.CALM: What.TALK}
STEPS = {Teaches.EXPOSURE: 1, Teaches.COGNITIVE: 2, Teaches.SUPPORTIVE: 3}


@dataclass(frozen=True, slots=True)
class Session:
    """A therapy session that begins so many hours after enrolment."""

    at_h: float
    therapy: Therapy


@dataclass(frozen=True, slots=True)
class Timetable:
    """Columns of events, each of shape (events,), in order of time."""

    at_h: Array
    since_h: Array
    until_h: Array
    nights: Array
    what: Marks
    day: Marks  # days since the run-in began, which name the luck
    slot: Marks  # place of the event's luck in its day
    first_of_day: Marks
    session: Marks  # 0 outside therapy, else the number of the session
    begins: Marks  # 1 at the first event of a session
    leaves: Array  # chance of leaving at this session, 0 elsewhere
    vividness: Array
    supported: Array
    teaches: Marks
    in_vivo: Array

    @property
    def events(self) -> int:
        """How many there are."""
        return self.at_h.size

    def looks(self, days: Sequence[float] | Array) -> Marks:
        """The last event before each of these days after enrolment."""
        found = np.searchsorted(self.at_h, 24.0 * np.asarray(days, dtype=float), side="right") - 1
        return np.asarray(np.maximum(found, 0), dtype=np.int64)


Row = tuple[float, int, int, int, int, float, float, float, int]  # as the columns of `_rows`


def timetable(days: float, sessions: Sequence[Session] = ()) -> Timetable:
    """The course from the run-in to `days` after enrolment. Raises Complaint where sessions stand out of order."""
    if any(b.at_h <= a.at_h for a, b in pairwise(sessions)):
        raise Complaint("Sessions do not follow each other in time.", "sessions")
    rows = _life(days, sessions) + [row for n, s in enumerate(sessions, 1) for row in _session(n, s)]
    rows += _tapes(sessions)
    rows.sort(key=lambda row: row[0])
    columns = np.array(rows).T
    at_h = columns[0]
    gaps = np.diff(at_h)
    night = np.floor((at_h + 24.0 - BEDTIME_H) / 24.0)
    day = np.floor(at_h / 24.0).astype(np.int64) + RUN_IN_DAYS
    whole = [column.astype(np.int64) for column in columns[[1, 2, 3, 4, 8]]]
    what, slot, session, begins, teaches = whole
    return Timetable(
        at_h=at_h,
        since_h=np.concatenate([[0.0], gaps]),
        until_h=np.concatenate([gaps, [AFTER_H]]),
        nights=np.diff(night, prepend=night[0]),
        what=what,
        day=day,
        slot=slot,
        first_of_day=np.concatenate([[1], (np.diff(day) > 0).astype(np.int64)]),
        session=session,
        begins=begins,
        leaves=_leaving(session, begins, sessions),
        vividness=columns[5],
        supported=columns[6],
        teaches=teaches,
        in_vivo=columns[7],
    )


def _life(days: float, sessions: Sequence[Session]) -> list[Row]:
    """Four events a day, with homework in vivo between the first session and a week after the last."""
    first, last = (sessions[0].at_h, sessions[-1].at_h + 7 * 24.0) if sessions else (np.inf, -np.inf)
    share = sessions[-1].therapy.homework.in_vivo if sessions else 0.0
    found: list[Row] = []
    for number in range(-RUN_IN_DAYS, int(np.ceil(days)) + 1):
        for hour, what, slot in LIFE:
            at = 24.0 * number + hour
            vivo = share if first <= at <= last else 0.0
            found.append((at, int(what), slot, 0, 0, 1.0, 0.0, vivo, 0))
    return found


def _session(number: int, held: Session) -> list[Row]:
    at = held.at_h
    found: list[Row] = []
    for part in held.therapy.parts:
        for _ in range(part.count):
            row = (at, int(KINDS[part.kind]), LEAVE, number, int(not found), part.vividness, part.supported, 0.0)
            found.append((*row, STEPS[part.teaches]))
            at += part.every_h
    return found


def _tapes(sessions: Sequence[Session]) -> list[Row]:
    """Taped memories at 16 on the days between the first session and the last."""
    if not sessions or not sessions[-1].therapy.homework.tape_every_days:
        return []
    home = sessions[-1].therapy.homework
    held = {int(s.at_h // 24) for s in sessions}
    days = range(int(sessions[0].at_h // 24) + 1, int(sessions[-1].at_h // 24), home.tape_every_days)
    return [
        (24.0 * d + 16.0, int(What.TAPE), TAPE, 0, 0, 1.0, home.tape_supported, 0.0, 0) for d in days if d not in held
    ]


def _leaving(session: Marks, begins: Marks, sessions: Sequence[Session]) -> Array:
    chance = np.array([0.0, *(s.therapy.leaves_per_session for s in sessions)])
    return np.where(begins == 1, chance[session], 0.0)


COLUMNS = tuple(field.name for field in fields(Timetable))
