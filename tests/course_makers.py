"""Courses made through the clinic's own actions, for tests of pages and links. Needs Django and the cast."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.walker import counted, statement, wishes
from unstuck.clinic.assessment.actions import Place, complete
from unstuck.clinic.course.actions import Entry, enrol, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.protocol.actions import release_as
from unstuck.clinic.protocol.models import Release
from unstuck.core import events as ev
from unstuck.core.activities import Assess
from unstuck.core.assessment import Answer, shown_items
from unstuck.core.instrument import Instrument, Kind
from unstuck.core.instrument_file import load_instrument
from unstuck.core.protocol_file import load_protocol

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def released(key: str, signer: Account, at: datetime) -> Release:
    """The library's protocol, signed."""
    return release_as(load_protocol(key), signer.key, at)


def adas_course(cast: dict[str, Account], at: datetime, person: Person | None = None) -> Course:
    """Ada (or that person), enrolled in the ketamine arm of feder_2021; nothing else has happened."""
    person = person or cast["ada"].person
    assert person is not None
    return enrol(person, released("feder_2021", cast["cleo"], at), "ketamine", Entry(cast["finn"].key, at, at))


def tell(course: Course, what: ev.What, actor: str, at: datetime) -> None:
    """One event, observed and recorded at `at`."""
    write(course, what, Entry(actor, at, at))


def answer_all(course: Course, place: Place, value: int, actor: str, at: datetime) -> None:
    """Every patient questionnaire and every rating of the step, each item answered with `value` or its nearest."""
    activity = load_protocol(course.release.key).step(place.step).activity
    assert isinstance(activity, Assess)
    for key in activity.instruments:
        instrument = load_instrument(key)
        complete(course, place, [(instrument, answers_of(instrument, value))], Entry(actor, at, at))


def answers_of(instrument: Instrument, value: int) -> dict[str, Answer]:
    """Every item that is asked, answered with `value` or the nearest that it takes."""
    answers: dict[str, Answer] = {}
    for item in instrument.items:
        nearest = min(max(value, item.low), item.high)
        if item in shown_items(instrument, answers):
            answers[item.key] = [nearest] if item.kind is Kind.MULTIPLE else float(nearest)
    return answers


def up_to_dose(course: Course, cast: dict[str, Account], at: datetime) -> datetime:
    """Everything before the first infusion of feder_2021 done in two days, from `at`; the instant it may start."""
    up_to_readings(course, cast, at)
    nia, morning = cast["nia"].key, at + DAY
    open_gates(course, nia, morning + 4 * MINUTE)
    readings = {"systolic_mmhg": 120.0, "diastolic_mmhg": 75.0, "pulse_per_min": 70.0, "spo2_percent": 98.0}
    for name, value in readings.items():
        tell(course, ev.ReadingTaken(name, value, "infusion", 1, "before"), nia, morning + 5 * MINUTE)
    return morning + 30 * MINUTE


def up_to_readings(course: Course, cast: dict[str, Account], at: datetime) -> None:
    """Consent, interviews and questionnaires on the day of `at`, and the check of the next day with the weight."""
    cleo, nia = cast["cleo"].key, cast["nia"].key
    tell(course, ev.ConsentGiven("treatment", "1", "consent"), cleo, at)
    for step in ("screening", "baseline_interview", "baseline"):
        answer_all(course, Place(step, 1), 3 if step == "baseline" else 0, cleo, at + 60 * MINUTE)
    answer_all(course, Place("dosing_day", 1), 0, nia, at + DAY)
    tell(course, ev.ReadingTaken("weight_kg", 80, "dosing_day", 1), nia, at + DAY)


def open_gates(course: Course, actor: str, at: datetime) -> None:
    """States and reads whatever the gates before a dose, and before an order, ask for."""
    protocol = load_protocol(course.release.key)
    rules = [gate.rule for gate in protocol.gates if gate.before in ("dose", "order")]
    told = dict(pair for rule in rules for pair in wishes(rule, True) if not counted(pair[0]))
    told |= {"cssrs_screen.risk": "none", "person.pregnancy_possible": False}
    for fact, value in told.items():
        if fact not in ("consent", "weight_kg"):
            tell(course, statement(fact, value), actor, at)


def give_dose(course: Course, cast: dict[str, Account], at: datetime, amount_mg: float = 40) -> None:
    """The first infusion of feder_2021 in the ketamine arm, for somebody of 80 kg."""
    given = ev.DoseGiven("infusion", 1, "ketamine", "iv_infusion", amount_mg, 80, 40, "ketamine")
    tell(course, given, cast["nia"].key, at)
