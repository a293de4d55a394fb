"""Before a step that gates guard: what is found out, so that the gates can be judged. Nothing is found out in vain."""

from __future__ import annotations

from datetime import datetime, timedelta

from unstuck.core import events as ev
from unstuck.core.conditions import facts_of
from unstuck.core.participant import ROOM_FACTS, STATED
from unstuck.core.protocol import Dose, Step, gates_of
from unstuck.lab.patients.vitals import READINGS, Visit, patient_stream
from unstuck.lab.trials.desk import Desk

FRESH = timedelta(hours=12)
CHANGING = {"person.escort_reachable", "person.fasted", "person.ride_arranged", "person.integration_booked"}
CHANGING |= {"person.pregnancy_test_negative", "person.trauma_memory_retrieved"}
CHANGING |= {"person.medicines_reviewed", "person.consent_reconfirmed", "person.choices_locked"}
CHANGING |= {"person.oriented", "person.gait_steady", "person.escort_identified", "person.told_no_driving"}
CHANGING |= {"person.next_contact_booked", *ROOM_FACTS}
TRUE = CHANGING | {"person.register_checked", "person.accepted"}


def find_out(desk: Desk, step: Step, occurrence: int, at: datetime, visit: Visit) -> None:
    """States person facts, takes readings and asks instruments that the step's gates, or its monitoring, rest on."""
    wanted = list(dict.fromkeys(fact for gate in gates_of(desk.protocol, step) for fact in facts_of(gate.rule)))
    if isinstance(step.activity, Dose):
        wanted = list(dict.fromkeys([*wanted, *_planned(desk)]))
    for fact in wanted:
        if fact in READINGS:
            _read(desk, fact, step, occurrence, at, visit)
        elif fact in STATED:
            state(desk, fact, at)
    for instrument in dict.fromkeys(f.split(".")[0] for f in wanted if f.split(".")[0] in desk.instruments):
        _ask(desk, instrument, step, occurrence, at)


def _planned(desk: Desk) -> list[str]:
    """Readings that monitoring asks for before a dose."""
    plan = desk.protocol.monitoring
    return [name for row in (plan.readings if plan else ()) if row.phase == "before" for name in row.readings]


def _read(desk: Desk, name: str, step: Step, occurrence: int, at: datetime, visit: Visit) -> None:
    value = visit.reading(name, -10, round(desk.day(at) * 1440))
    tied = step.key if isinstance(step.activity, Dose) else None
    desk.write(ev.ReadingTaken(name, value, tied, occurrence if tied else 1, "before"), at)


def state(desk: Desk, fact: str, at: datetime) -> None:
    """States a fact about the person or the room, unless it was stated lately."""
    last = desk.stated.get(fact)
    if last is not None and (fact not in CHANGING or at - last < FRESH):
        return
    desk.stated[fact] = at
    desk.write(ev.FactStated(fact, person_fact(desk, fact, at)), at)


def person_fact(desk: Desk, fact: str, at: datetime) -> float | bool | str:
    """What is so of the person. Contraindications are false: who has one is not enrolled."""
    person, figures = desk.patient.person, desk.patient.frame.figures
    known: dict[str, float | bool | str] = {
        "person.age_years": float(person.age_years),
        "person.sex": person.sex,
        "person.veteran": person.veteran,
        "person.pregnancy_possible": person.pregnancy_possible,
    }
    if fact == "person.escort_reachable":
        luck = patient_stream(desk.patient, "escort", round(desk.day(at) * 24))
        return not luck.chance(figures.no_escort)
    return known.get(fact, fact in TRUE)


def _ask(desk: Desk, instrument: str, step: Step, occurrence: int, at: datetime) -> None:
    """Asks it once more where the last time is longer ago than a gate looks back."""
    seen = [e.observed_at for e in desk.course.assessments if getattr(e.what, "instrument", "") == instrument]
    if (seen and at - max(seen) < FRESH) or not isinstance(step.activity, Dose) or instrument not in DAILY:
        return
    desk.assess(instrument, step.key, occurrence, at)


DAILY = ("cssrs_screen", "cadss")  # asked again on the day of a dose; other scales keep to their own steps
