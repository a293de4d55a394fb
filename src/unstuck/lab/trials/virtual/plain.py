"""The reference trial: each person's whole course through the core's own functions, then the table of its events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta

import numpy as np

from unstuck.core.course import Course
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_all
from unstuck.core.outcomes import baseline, points, started_at
from unstuck.lab.patients.descriptive import Patient
from unstuck.lab.patients.felt import Acute
from unstuck.lab.patients.living import Living
from unstuck.lab.patients.mechanistic import MechanisticPatient
from unstuck.lab.trials.desk import Desk
from unstuck.lab.trials.job import FIRST_DAY
from unstuck.lab.trials.reference import walk
from unstuck.lab.trials.virtual.happenings import Surroundings, happenings_of, top_of
from unstuck.lab.trials.virtual.job import Setting
from unstuck.lab.trials.virtual.people import Member, members
from unstuck.lab.trials.virtual.table import TrialTable, at_visits
from unstuck.lab.trials.virtual.truths import TrueState
from unstuck.lab.trials.virtual.worlds import group_of_person, truth_in

MINUTE = timedelta(minutes=1)


def plain_table(setting: Setting, truth: TrueState, seed: int, replicate: int) -> TrialTable:
    """One replicate, person by person."""
    instruments = load_all()
    everybody = members(setting, truth, seed, replicate)
    rows = [_row(setting, seed, m, course_of(setting, truth, seed, m, instruments)) for m in everybody]
    columns = {name: np.array([[row[name] for row in rows]]) for name in rows[0]}
    people = {
        "arm": [m.arm for m in everybody],
        "veteran": [m.person.veteran for m in everybody],
        "site": [m.site for m in everybody],
        "therapist": [m.therapist for m in everybody],
        "believes": [m.believes for m in everybody],
        "enrolled_day": [m.enrolled_day for m in everybody],
    }
    return TrialTable(**{name: np.array([values]) for name, values in people.items()}, **columns)


def course_of(
    setting: Setting, truth: TrueState, seed: int, member: Member, instruments: Mapping[str, Instrument]
) -> Course:  # fmt: skip
    """One person's course. Vital signs come from their description: they open the same gates in both simulators."""
    arm = setting.arms[setting.treated_as(member.arm, truth.as_control)]
    patient = _patient(setting, truth, seed, member)
    key = f"trial-{member.number}"
    desk = Desk(arm.protocol, patient, instruments, key, FIRST_DAY, UTC, True, Acute.SPREAD, setting.leaver)
    return walk(desk, arm.protocol_arm).course


def _patient(setting: Setting, truth: TrueState, seed: int, member: Member) -> Living:
    if truth.world is None:
        return Patient(setting.frame, seed, member.person, truth.effects[member.arm], member.shift)
    group = group_of_person(setting.design, member.person.veteran)
    mind = truth_in(truth.world, setting.design)
    return MechanisticPatient(setting.frame, seed, member.person, mind, group, member.shift)


def _row(setting: Setting, seed: int, member: Member, course: Course) -> dict[str, object]:
    outcome, start = setting.design.outcome, started_at(course)
    base = baseline(course, outcome)
    seen = points(course, outcome)
    later = [p for p in seen if start is not None and p.at > start]
    minutes = [(p.at - start) / MINUTE for p in later if start is not None]
    ending = course.ended.what.ending.value if course.ended is not None else ""  # type: ignore[union-attr]
    left, stopped = ending in ("withdrew", "lost"), ending.startswith("stopped")
    first = base.value if base is not None and start is not None else float("nan")
    scores = at_visits(setting.design.visits, minutes, [p.value for p in later])
    around = Surroundings(seed, setting.mean_baseline, top_of(outcome))
    shown, happened = happenings_of(setting.design.events, around, member.number, first, scores, left or stopped)
    return {
        "started": start is not None,
        "left": left,
        "stopped": stopped,
        "base": first,
        "scores": shown,
        "happened": happened,
        "doses": len(course.doses),
        "sessions": len(course.therapies),
        "measured": len(seen),
    }
