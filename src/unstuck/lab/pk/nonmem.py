"""Reads dosing tables with NONMEM's columns, unchanged: TIME AMT RATE DUR EVID ADDL II SS CMT, lag and F; ID, WT and
AGE.

What is not supported is refused with its line: never a dose that silently counts for nothing.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.pk.exact import Course, predict
from unstuck.lab.pk.parameter_sets import ParameterSet
from unstuck.lab.pk.people import Floats, Person
from unstuck.lab.pk.regimen import ROUTES, Dose, Regimen

MISSING = {"", ".", "NA", "NaN", "nan"}
_JUST_BEFORE_H = 1e-10  # a record that stands before a dose at the same time is read before it
IV = "iv"


@dataclass(frozen=True, slots=True)
class Subject:
    """One ID: its regimen, and the times of its observations in hours in the order of the file. `lines` are the
    lines of those observations."""

    id: str
    regimen: Regimen
    times_h: tuple[float, ...]
    lines: tuple[int, ...]
    weight_kg: float | None
    age_years: float | None

    def course(self, found: ParameterSet, person: Person | None = None) -> Course:
        """What a set predicts at the observations' times; WT and AGE of the table where no person is given."""
        who = person or Person(self.weight_kg, self.age_years)
        times = np.array(self.times_h, dtype=float)
        course = predict(found, self.regimen, who, times.clip(min=0.0))
        too_early: Floats = (times < 0).astype(float)  # before a dose at time 0 there is nothing
        conc = {name: curve * (1 - too_early) for name, curve in course.conc_ng_per_ml.items()}
        return Course(times.clip(min=0.0), conc, course.auc, course.auc_to_come)


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its line in the file and its columns; a missing number is None."""

    line: int
    cells: Mapping[str, str]

    def number(self, name: str, default: float | None = None) -> float | None:
        """The number in that column. Raises Complaint where it is none."""
        text = self.cells.get(name, "").strip()
        if text in MISSING:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.wrong(name, f"{text!r} is no number.", "Write a number, or . where there is none.")
        return value

    def zero(self, name: str) -> float:
        """The number in that column, 0 where it is missing."""
        return self.number(name, 0.0) or 0.0

    def wrong(self, name: str, what: str, mend: str) -> Complaint:
        """A complaint about this record."""
        return Complaint(f"{name}: {what}", f"line {self.line}", mend)


@dataclass(slots=True)
class _Reading:
    """One ID while it is read."""

    routes: Mapping[str, str]
    regimen: Regimen = field(default_factory=lambda: Regimen(()))
    observed: list[tuple[float, int]] = field(default_factory=list)
    weight_kg: float | None = None
    age_years: float | None = None
    last_h: float = -math.inf
    pending_until_h: float = -math.inf


def read_events(text: str, compartments: Mapping[str, str] | None = None) -> tuple[Subject, ...]:
    """Each ID of a comma-separated table. `compartments` says what a number in CMT means, such as {"1": "oral", "2":
    "iv"}; without it CMT holds words (iv, im, sc, intranasal, sublingual, oral) or is left out, which means iv. Raises
    Complaint with the line for anything that is not supported."""
    table = csv.DictReader(StringIO(text))
    names = [n.strip().upper() for n in table.fieldnames or []]
    for needed in ("TIME", "AMT"):
        if needed not in names:
            raise Complaint(f"The column {needed} is missing.", "line 1", "NONMEM tables have TIME and AMT.")
    table.fieldnames = names
    return tuple(_subjects((Row(n, {k: v or "" for k, v in c.items() if k}) for n, c in enumerate(table, 2)),
                           compartments or {}))  # fmt: skip


def _subjects(rows: Iterable[Row], routes: Mapping[str, str]) -> Iterable[Subject]:
    readings: dict[str, _Reading] = {}
    for row in rows:
        _take(readings.setdefault(row.cells.get("ID", "1").strip(), _Reading(routes)), row)
    for name, r in readings.items():
        observed = sorted(r.observed)
        yield Subject(
            name, r.regimen, tuple(t for t, _ in observed), tuple(n for _, n in observed), r.weight_kg, r.age_years
        )


def _take(reading: _Reading, row: Row) -> None:
    time = row.number("TIME")
    if time is None or time < 0 or time < reading.last_h:
        raise row.wrong("TIME", "it is missing, negative or before the record above.", "Sort each ID by TIME, from 0.")
    reading.last_h = time
    reading.weight_kg = reading.weight_kg if reading.weight_kg is not None else row.number("WT")
    reading.age_years = reading.age_years if reading.age_years is not None else row.number("AGE")
    amount = row.zero("AMT")
    kind = row.number("EVID", 1.0 if amount else 0.0)
    match kind:
        case 0:
            if amount:
                raise row.wrong("EVID", "an observation (0) has an amount.", "Write EVID 1 for a dose.")
            reading.observed.append((time, row.line))
        case 2:
            pass  # "other": only marks a time
        case 1 | 3 | 4:
            _event(reading, row, time, int(kind))
        case _:
            raise row.wrong("EVID", f"{kind:g} is not supported.", "Use 0, 1, 2, 3 or 4.")


def _event(reading: _Reading, row: Row, time: float, kind: int) -> None:
    reading.observed = [(t - _JUST_BEFORE_H if t == time else t, n) for t, n in reading.observed]
    if kind in (3, 4):
        if time <= reading.pending_until_h:
            raise row.wrong(
                "EVID", "a reset while doses of ADDL are still to come is not supported.", "Write the doses out."
            )
        reading.regimen = reading.regimen + Regimen((), (time,))
    if kind != 3:
        single = _dose(reading, row, time)
        further, every = row.zero("ADDL"), row.zero("II")
        if further and (every <= 0 or further < 0 or further != int(further)):
            raise row.wrong("ADDL", f"{further:g} doses every {every:g} h.", "Give a whole ADDL and an II above 0.")
        reading.regimen = reading.regimen + Regimen((single,)) + _further(single, int(further), every)
        reading.pending_until_h = max(reading.pending_until_h, time + further * every)


def _further(first: Dose, count: int, every_h: float) -> Regimen:
    if not count:
        return Regimen(())
    plain = Regimen((Dose(first.route, first.amount, start_h=first.start_h, hours=first.hours),))
    return plain.at(every_h).repeat(count, every_h)


def _dose(reading: _Reading, row: Row, time: float) -> Dose:
    amount, place = row.zero("AMT"), _place(reading, row)
    if amount <= 0:
        raise row.wrong("AMT", f"a dose of {amount:g} is none.", "Give an amount above 0; RATE alone is not supported.")
    hours, lag = _hours(row, amount, place), _own(row, "LAG", "ALAG", 0.0)
    route = place if place != IV else ("iv_infusion" if hours else "iv_bolus")
    share = _own(row, "F", "F", 1.0)
    if not 0 < share <= 1 or lag < 0:
        raise row.wrong("F", f"F {share:g} and lag {lag:g} are not possible.", "0 < F <= 1, and a lag of 0 or more.")
    steady, keeps = _steady(row, lag)
    return Dose(route, amount * share, start_h=time + lag, hours=hours, steady_every_h=steady, keeps=keeps)


def _steady(row: Row, lag: float) -> tuple[float | None, bool]:
    kind, every = row.zero("SS"), row.zero("II")
    if kind not in (0, 1, 2):
        raise row.wrong("SS", f"{kind:g} is not supported.", "Use 0, 1 or 2.")
    if kind and (every <= 0 or lag):
        raise row.wrong("SS", "a steady state needs an II above 0 and no lag.", "Give II, or write the doses out.")
    return (every if kind else None), kind == 2


def _hours(row: Row, amount: float, place: str) -> float:
    rate, duration = row.zero("RATE"), row.zero("DUR")
    if rate == -2 and not duration and place in ("oral", "sublingual", "intranasal"):
        return 0.0  # the model's own duration, which these routes have
    if rate < 0 or duration < 0:
        raise row.wrong(
            "RATE", f"RATE {rate:g} and DUR {duration:g} are not supported here.", "Give RATE or DUR above 0."
        )
    if (rate or duration) and place != IV:
        raise row.wrong("RATE", f"an infusion into {place} is not supported.", "Infusions go into a vein (CMT iv).")
    if rate and duration and not math.isclose(rate * duration, amount, rel_tol=1e-6):
        raise row.wrong("DUR", "RATE times DUR is not AMT.", "Leave one of the two out.")
    return duration or (amount / rate if rate else 0.0)


def _own(row: Row, plain: str, numbered: str, default: float) -> float:
    """A dose's own value: from the column itself, or from that of its compartment (F1, ALAG1)."""
    found = row.number(plain)
    if found is None:
        found = row.number(f"{numbered}{row.cells.get('CMT', '').strip()}")
    return default if found is None else found


def _place(reading: _Reading, row: Row) -> str:
    text = row.cells.get("CMT", "").strip()
    if text in MISSING:
        return IV
    word = reading.routes.get(text, text).lower()
    if word == IV or (word in ROUTES and not word.startswith("iv")):
        return word
    raise row.wrong(
        "CMT", f"it is not known what {text!r} means.", "Say so, for example --cmt 1=oral,2=iv, or write iv, im, oral."
    )
