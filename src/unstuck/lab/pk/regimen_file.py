"""Reads a regimen with its person from a TOML file: what `unstuck pk` solves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.toml_table import Table, read_toml
from unstuck.lab.pk.people import Floats, Person, Sex
from unstuck.lab.pk.regimen import Dose, Regimen
from unstuck.lab.pk.sets_file import RECOMMENDED

EXAMPLE = """model = "ket1"

[person]
weight_kg = 70
age_years = 40

[[dose]]
route = "iv_infusion"
mg_per_kg = 0.5
minutes = 40
times = 3
every_h = 48
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A regimen, whom it is given to, which model is asked, at which times, and levels of interest by output."""

    model: str
    regimen: Regimen
    person: Person | None
    times_h: Floats
    levels_ng_per_ml: dict[str, float]


def read_question(path: Path) -> Question:
    """The file's question. Raises Complaints that name line, field and mend."""
    if not path.is_file():
        raise Complaint("There is no such file.", str(path), "Name a TOML file; 'unstuck pk --example' prints one.")
    text = path.read_text(encoding="utf-8")
    table = read_toml(text, str(path))
    regimen = Regimen(())
    for inner in table.tables("dose"):
        regimen = regimen + _doses(inner)
    if not regimen.doses and not table.notes.found:
        table.say("dose", "No dose is given.", "Add a table [[dose]]; 'unstuck pk --example' prints one.")
    found = Question(
        model=table.text("model", RECOMMENDED),
        regimen=regimen,
        person=_person(table.table("person")),
        times_h=_times(table.table("output"), regimen.end_h),
        levels_ng_per_ml=_levels(table),
    )
    table.finish()
    table.notes.refuse()
    return found


def _doses(table: Table) -> Regimen:
    minutes, steady = table.maybe("minutes"), table.maybe("steady_every_h")
    times, every = table.whole("times", 1, least=1), table.number("every_h", 0.0)
    mg, per_kg = table.maybe("mg"), table.maybe("mg_per_kg")
    route, cap, at_h = table.text("route"), table.maybe("cap_mg"), table.number("at_h", 0.0)
    table.finish()
    if (mg is None) == (per_kg is None):
        table.say("mg", "A dose has one amount.", "Write mg = ... or mg_per_kg = ..., and not both.")
        return Regimen(())
    amount = mg if mg is not None else per_kg
    assert amount is not None
    try:
        one = Dose(route, amount, mg is None, cap, at_h, (minutes or 0.0) / 60, steady)
        return Regimen((one,)).repeat(times, every)
    except Complaint as wrong:
        key = {"amount": "mg" if mg is not None else "mg_per_kg", "start_h": "at_h", "II": "steady_every_h"}
        table.say(key.get(wrong.where or "", wrong.where), f"{wrong.where}: {wrong.what}", wrong.mend)
        return Regimen(())


def _person(table: Table | None) -> Person | None:
    if table is None:
        return None
    factor = table.maybe("clint_factor")
    found = Person(
        weight_kg=table.maybe("weight_kg"),
        age_years=table.maybe("age_years"),
        sex=table.choice("sex", Sex, Sex.UNSTATED),
        clint_factor=1.0 if factor is None else factor,
        asian=table.flag("asian"),
        japanese=table.flag("japanese"),
    )
    table.finish()
    return found


def _times(table: Table | None, end_h: float) -> Floats:
    until, every = (None, None) if table is None else (table.maybe("until_h"), table.maybe("every_min"))
    if table is not None:
        table.finish()
    last = until if until is not None else end_h + 24.0
    step = (every if every is not None else (5.0 if last <= 72 else 30.0)) / 60
    if last <= 0 or step <= 0:
        if table is not None:
            table.say("until_h", "The output has no length.", "Give until_h and every_min above 0.")
        return np.zeros(1)
    return np.append(np.arange(0.0, last - 1e-9, step), last)


def _levels(table: Table) -> dict[str, float]:
    inner = table.table("levels_ng_per_ml")
    if inner is None:
        return {}
    found = {name: inner.number(name) for name in inner.raw}
    return {name: level for name, level in found.items() if level is not None}
