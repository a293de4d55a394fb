"""A dosing session made through the clinic's own actions: checked in, ordered, checked by two people, given."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.clinic.stock import VIAL, lot_of
from tests.course_makers import MINUTE, adas_course, open_gates, tell, up_to_readings
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.custody.models import Lot
from unstuck.clinic.people.actions import Identity, register_person
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.session import actions
from unstuck.clinic.session.queries import Place
from unstuck.core import events as ev
from unstuck.core.session_events import CheckRole

PLACE = Place("infusion", 1)
WEIGHT_KG = 80.0
Cast = dict[str, Account]


def by(account: Account, at: datetime, id: str = "") -> Entry:
    """An entry of that account, observed and recorded at `at`."""
    return Entry(account.key, at, at, "", id)


def ready(cast: Cast, at: datetime, person: Person | None = None) -> tuple[Course, datetime]:
    """Ada's course at the instant at which the first infusion may be checked, with every gate open."""
    course = adas_course(cast, at, person)
    up_to_readings(course, cast, at)
    morning = at + timedelta(days=1)
    tell(course, ev.ReadingTaken("weight_kg", WEIGHT_KG), cast["nia"].key, at)
    open_gates(course, cast["nia"].key, morning + 4 * MINUTE)
    for name, value in (("systolic_mmhg", 120.0), ("diastolic_mmhg", 75.0), ("pulse_per_min", 70.0)):
        tell(course, ev.ReadingTaken(name, value, "infusion", 1, "before"), cast["nia"].key, morning + 6 * MINUTE)
    return course, morning + 20 * MINUTE


def check_in(course: Course, cast: Cast, at: datetime, chair: str = "chair_1") -> None:
    """Nia checks Ada in."""
    seat = actions.Seat(chair, ("name", "born_on"))
    actions.open_session(course, PLACE, seat, by(cast["nia"], at))


def ordered(course: Course, cast: Cast, at: datetime, amount: float = 0.5, unit: str = "mg/kg") -> str:
    """Cleo's order of 0.5 mg/kg over 40 minutes, at most 80 mg, for four hours; its id."""
    wanted = actions.Wanted(amount, unit, 80.0, at + timedelta(hours=4), 40.0)
    return actions.order_dose(course, PLACE, wanted, by(cast["cleo"], at)).order


def seen(lot: Lot, units: float) -> actions.InHand:
    """What a person sees of that lot in their hand."""
    return actions.InHand(lot.key, lot.drug, float(lot.mg_per_unit), lot.unit, units)


def checked(course: Course, cast: Cast, lot: Lot, at: datetime, units: float = 4.0) -> None:
    """Nia and Cleo each check the syringe."""
    actions.check_dose(course, PLACE, CheckRole.GIVER, seen(lot, units), by(cast["nia"], at))
    actions.check_dose(course, PLACE, CheckRole.CHECKER, seen(lot, units), by(cast["cleo"], at))


def running(cast: Cast, at: datetime, person: Person | None = None) -> tuple[Course, datetime]:
    """Ada's infusion, just begun from a vial of 10 mg/mL; and when."""
    course, now = ready(cast, at, person)
    check_in(course, cast, now)
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now)
    actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE))
    return course, now + MINUTE


def vial(cast: Cast, at: datetime) -> Lot:
    """A lot of ketamine 10 mg/mL in the safe."""
    return lot_of(VIAL, cast, at)


def in_progress(cast: Cast, at: datetime) -> tuple[Course, datetime]:
    """Ada's infusion running, where the site has no Ada yet: she is registered as a simulated person."""
    born = date(1984, 3, 14)
    ada = register_person(Identity("Ada Ames", born), "a_test", at, simulated=True)
    return running(cast, at, ada)
