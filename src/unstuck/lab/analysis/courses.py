"""Courses, of a clinic or simulated, as the long table that the analyses of this package take.

Events go through `core.dataset`, so that both kinds of course are read by the same code. Days count from the first
treatment; who had none has no visit, and a note says how many those are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.core.course import Course
from unstuck.core.dataset import Table, tables
from unstuck.core.errors import Complaint
from unstuck.core.trial import TrialVisit


@dataclass(frozen=True, slots=True)
class Outcome:
    """A score of an instrument; its lower values are better."""

    instrument: str
    scale: str = "total"


@dataclass(frozen=True, slots=True)
class Longitudinal:
    """Columns id, arm, visit (the day that was meant), base, value and chg; a row for each course and visit, with NaN
    where nobody measured. `notes` are to be shown with whatever is made of it."""

    columns: Mapping[str, NDArray[Any]]
    notes: tuple[str, ...]


def longitudinal(courses: Iterable[Course], outcome: Outcome, visits: Sequence[TrialVisit]) -> Longitudinal:
    """The score nearest to each visit's day within its window, and the last one before the first treatment as baseline.
    Raises Complaint where no course has such a score."""
    found = tables(courses)
    scores = _scores(found["assessments"], outcome)
    if not scores:
        known = sorted({f"{row['instrument']} {row['scale']}" for row in found["assessments"].rows})
        mend = f"There are: {', '.join(known) or 'none at all'}."
        raise Complaint(f"No course has a score of {outcome.instrument} {outcome.scale}.", "outcome", mend)
    begun = _begun(found)
    rows = [
        _row(course, begun[str(course["course"])], scores.get(str(course["course"]), []), visit)
        for course in found["courses"].rows
        if course["course"] in begun
        for visit in visits
    ]
    if not rows:
        raise Complaint("No course has begun treatment.", "courses", "Days count from the first treatment.")
    names = ("id", "arm", "visit", "base", "value", "chg")
    columns = {name: np.array([row[k] for row in rows]) for k, name in enumerate(names)}
    never = len(found["courses"].rows) - len(begun)
    notes = [f"{never} courses had no treatment: they have no visits here."] if never else []
    return Longitudinal(columns, tuple(notes))


def _scores(table: Table, outcome: Outcome) -> dict[str, list[tuple[float, float]]]:
    """Day and value of every known score, by course."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in table.rows:
        if (row["instrument"], row["scale"]) == (outcome.instrument, outcome.scale) and row["value"] is not None:
            found.setdefault(str(row["course"]), []).append((float(row["day"]), float(row["value"])))
    return found


def _begun(found: Mapping[str, Table]) -> dict[str, float]:
    """The day of the first dose or therapy session of each course that had one."""
    first: dict[str, float] = {}
    for name in ("doses", "therapy_sessions"):
        for row in found[name].rows:
            key = str(row["course"])
            first[key] = min(float(row["day"]), first.get(key, np.inf))
    return first


def _row(
    course: Mapping[str, Any], begun: float, scores: Sequence[tuple[float, float]], visit: TrialVisit
) -> tuple[str, str, int, float, float, float]:
    before = [(day, value) for day, value in scores if day <= begun]
    low, high = begun + visit.day - visit.before, begun + visit.day + visit.after
    near = [
        (abs(day - begun - visit.day), value) for day, value in scores if max(low, begun) < day <= high and day >= low
    ]
    base = max(before)[1] if before else np.nan
    value = min(near)[1] if near else np.nan
    return str(course["course"]), str(course["arm"]), visit.day, base, value, value - base
