"""Booking: a chair is given once, a dose waits for its tests and its talk, and what is moved follows the plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from tests.clinic.test_custody_race import python, told
from tests.clinic.test_serve import own_database
from tests.core.test_opening import WORK
from tests.course_makers import adas_course, released
from tests.pathway_makers import all_clear
from unstuck.clinic import clock
from unstuck.clinic.alerts.rota import NewShift, set_shift
from unstuck.clinic.course.actions import Entry, enrol, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.pathway import booking, screening
from unstuck.clinic.pathway.capacity import hours
from unstuck.clinic.pathway.models import Booking, Quarter
from unstuck.clinic.people.actions import NewAccount, open_account
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.session.actions import integration_booked
from unstuck.clinic.session.queries import Place as DosePlace
from unstuck.core import events as ev
from unstuck.core.alerting import Duty
from unstuck.core.calendar import calendar

__all__ = ["own_database"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Cast = dict[str, Account]
DOSE = booking.Place("infusion", 1)


def slot(at: datetime, days: float = 1, chair: str = "chair_1", **more: str) -> booking.Slot:
    """Two hours in a chair, so many days from now."""
    return booking.Slot(at + days * DAY, 120, chair, **more)


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Ada's course with every test of today and nothing found."""
    made = adas_course(cast, at)
    all_clear(made, cast, at)
    return made


@pytest.mark.django_db
def test_a_chair_is_given_once(course: Course, cast: Cast, at: datetime) -> None:
    """A second visit in the same chair is refused for every minute of the first, and taken right after it."""
    entry = Entry(cast["finn"].key, at, at)
    booking.book(course, DOSE, slot(at), entry)
    for off in (-1, 0, 1.75):
        with pytest.raises(booking.Taken):
            booking.book(course, booking.Place("infusion", 2), slot(at, 1 + off / 24), entry)
    booking.book(course, booking.Place("infusion", 2), slot(at, 1 + 2 / 24), entry)
    assert Booking.objects.filter(cancelled_at=None).count() == 2


@pytest.mark.django_db
def test_the_database_itself_refuses(course: Course, cast: Cast, at: datetime) -> None:
    """Whoever gets past the words is stopped by the constraint: one quarter of a chair is one row."""
    booking.book(course, DOSE, slot(at), Entry(cast["finn"].key, at, at))
    held = Quarter.objects.first()
    assert held is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        Quarter.objects.create(resource=held.resource, starts_at=held.starts_at, booking=held.booking)


@pytest.mark.django_db
def test_moving_frees_what_was_held(course: Course, cast: Cast, at: datetime) -> None:
    """A visit that is moved leaves its chair, and the plan after it moves along."""
    entry = Entry(cast["finn"].key, at, at)
    booking.book(course, DOSE, slot(at), entry)
    booking.book(course, DOSE, slot(at, 2, why="ill"), entry)
    booking.book(course, booking.Place("infusion", 2), slot(at, 1), entry)
    old = Booking.objects.get(cancelled_at__isnull=False)
    assert (old.why, load(course).state.booked["infusion", 1]) == ("ill", at + 2 * DAY)


@pytest.mark.django_db
def test_a_clinician_is_in_one_place(course: Course, cast: Cast, at: datetime) -> None:
    """Two visits with one clinician at one time are refused, also in different chairs."""
    entry, ben = Entry(cast["finn"].key, at, at), cast["ben"].key
    booking.book(course, DOSE, slot(at, clinician=ben), entry)
    with pytest.raises(booking.Taken, match="clinician"):
        booking.book(course, booking.Place("infusion", 2), slot(at, chair="chair_2", clinician=ben), entry)


@pytest.mark.django_db
def test_old_tests_block_a_first_dose(course: Course, cast: Cast, at: datetime) -> None:
    """A first dose on a day when a test will be too old is not booked; nor is one whose tests were never entered."""
    entry = Entry(cast["finn"].key, at, at)
    with pytest.raises(booking.TestsTooOld, match="Urine drug screen"):
        booking.book(course, DOSE, slot(at, 31), entry)
    screening.answer(course, [("person.test.ecg", f"abnormal:{at.date()}")], entry)
    with pytest.raises(booking.TestsTooOld, match="ECG"):
        booking.book(course, DOSE, slot(at), entry)
    assert not Booking.objects.exists()


@pytest.mark.django_db
def test_a_dose_needs_a_chair_and_no_refusal(course: Course, cast: Cast, at: datetime) -> None:
    """No chair, a chair out of use, a time that is over, or a person who was not accepted: nothing is booked."""
    entry = Entry(cast["finn"].key, at, at)
    for wrong in (slot(at, chair=""), slot(at, chair="chair_9")):
        with pytest.raises(booking.NoSuchChair):
            booking.book(course, DOSE, wrong, entry)
    with pytest.raises(booking.NotBooked):
        booking.book(course, DOSE, slot(at, -1), entry)
    screening.decide_as(course, screening.Decision(screening.Decided.DECLINE), cast["cleo"].key, at)
    with pytest.raises(booking.NotBooked, match="not accepted"):
        booking.book(course, DOSE, slot(at), entry)


@pytest.mark.django_db
def test_a_dose_waits_for_its_talk(cast: Cast, at: datetime) -> None:
    """Only a talk booked inside the hours after this dose lets it be released; any other booking does not."""
    person = cast["ada"].person
    assert person is not None
    course = enrol(person, released("induction_maintenance", cast["cleo"], at), None, Entry("a", at, at))
    place, entry, dose = DosePlace("induction", 1), Entry(cast["finn"].key, at, at), at + 3 * DAY
    for days, holds in ((7, False), (1.0, False), (5, True)):
        booking.book(course, booking.Place("integration", 1), slot(at, days, chair=""), entry)
        assert integration_booked(load(course), place, dose) is holds


@pytest.mark.django_db
def test_pages(course: Course, cast: Cast, at: datetime, signed_in: Callable[[str], Client]) -> None:
    """The front desk books and moves a visit on the page; the day of the house shows who holds the chair."""
    finn = signed_in("finn")
    home = f"/pathway/{course.key}/plan/"
    assert finn.get(home).status_code == 200
    page = finn.get(f"{home}consent/1/")
    day = (page.context["visit"].proposed + DAY).date().isoformat()
    form = {"starts": f"{day}T10:00", "minutes": "60", "room": "room a", "clinician": cast["ben"].key}
    assert finn.post(f"{home}consent/1/", form).status_code == 302
    assert finn.post(f"{home}baseline_interview/1/", form).status_code == 409
    moved = {**form, "starts": f"{day}T12:00", "why": "person_asked"}
    assert finn.post(f"{home}consent/1/", moved).status_code == 302
    assert Booking.objects.get(cancelled_at__isnull=False).why == "person_asked"
    house = finn.get(f"/pathway/day/?day={day}").content.decode()
    assert "12:00 - 13:00 Ada Ames" in house and "room a" in house
    assert finn.get("/pathway/day/?day=someday").status_code == 200
    for name in ("dev", "ada", "eve", "quinn"):
        assert signed_in(name).get(home).status_code == 403


BEGIN = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from unstuck.clinic import clock
from tests.course_makers import adas_course
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
at = clock.read()
def person(role): return register_person(Identity("Ada Ames"), "a_test", at) if role == "patient" else None
roles = {"nia": "nurse", "cleo": "prescriber", "finn": "front_desk", "ada": "patient"}
cast = {n: open_account(NewAccount(n, n, [r], person=person(r)), "a_test", at) for n, r in roles.items()}
adas_course(cast, at)
from unstuck.clinic.alerts.rota import NewShift, set_shift
from unstuck.clinic.course.actions import Entry, enrol
from unstuck.clinic.protocol.models import Release
other = register_person(Identity("Bea Berg"), "a_test", at)
enrol(other, Release.objects.get(), "ketamine", Entry("a_test", at, at))
"""
DESK = """
import json, sys
import django; django.setup()
from datetime import datetime, timedelta
from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.pathway import booking
course = Course.objects.order_by("pk")[int(sys.argv[1])]
at = clock.read()
noon = datetime.fromisoformat(sys.argv[2])
print("ready", flush=True); sys.stdin.readline()
told = {"booked": 0, "refused": 0}
for number in ([*range(8)], [0, *range(7, 0, -1)])[int(sys.argv[1])]:
    try:
        place = booking.Place("consent", 1)
        wanted = booking.Slot(noon + timedelta(hours=number), 60, "chair_1")
        booking.book(course, place, wanted, Entry("a_" + sys.argv[1], at, at))
        told["booked"] += 1
    except booking.Taken:
        told["refused"] += 1
print(json.dumps(told), flush=True)
"""
END = """
import json
import django; django.setup()
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.pathway.models import Booking, Quarter
print(json.dumps([Booking.objects.filter(cancelled_at=None).count(), Quarter.objects.count(), verify().sound]))
"""


@pytest.mark.slow
def test_two_receptionists_cannot_book_one_chair(own_database: Path) -> None:
    """Two servers want one hour, then walk two people past each other on one chair: each holds one hour, apart."""
    told(python(own_database, BEGIN))
    tomorrow = datetime.now(UTC) + DAY  # told to both, so that midnight cannot come between them
    noon = tomorrow.replace(hour=12, minute=0, second=0, microsecond=0).isoformat()
    desks = [python(own_database, DESK, str(number), noon) for number in range(2)]
    for desk in desks:
        assert desk.stdout and desk.stdout.readline().strip() == "ready"
    for desk in desks:
        assert desk.stdin
        desk.stdin.write("go\n")
        desk.stdin.flush()
    results = [json.loads(told(desk)) for desk in desks]
    assert sum(r["booked"] + r["refused"] for r in results) == 16
    assert json.loads(told(python(own_database, END))) == [2, 8, True]


@pytest.mark.django_db
def test_a_closed_house_books_nobody_in(course: Course, cast: Cast, at: datetime, settings: Any) -> None:
    """Outside the hours no chair and no room is booked, a telephone call is; what is proposed lies inside."""
    settings.UNSTUCK_OPENS, settings.UNSTUCK_CLOSES, settings.UNSTUCK_OPEN_DAYS = "08:00", "17:30", (0, 1, 2, 3, 4)
    entry, place = Entry(cast["finn"].key, at, at), booking.Place("consent", 1)
    for wrong in (slot(at, 5), slot(at, 1 + 7 / 24), slot(at, 1 - 3 / 24)):
        with pytest.raises(booking.Closed):
            booking.book(course, place, wrong, entry)
    booking.book(course, place, booking.Slot(at + 5 * DAY, 30, clinician=cast["ben"].key), entry)
    visits = calendar(load(course).protocol, load(course).state, at, UTC, hours())
    proposed = [v.proposed for v in visits if v.proposed and v.asks]
    assert proposed and all(WORK.holds(moment, 15, UTC) and moment.minute % 15 == 0 for moment in proposed)


@pytest.mark.django_db
def test_no_more_doses_than_the_nurses_may_watch(course: Course, cast: Cast, at: datetime) -> None:
    """With one nurse and two chairs a nurse the third dose at one time is refused; with a second nurse on, booked."""
    entry, third = Entry(cast["finn"].key, at, at), booking.Place("infusion", 3)
    for number in (1, 2):
        booking.book(course, booking.Place("infusion", number), slot(at, 1, f"chair_{number}"), entry)
    with pytest.raises(booking.TooMany, match=r"3 people .* may watch 2"):
        booking.book(course, third, slot(at, 1, "chair_3"), entry)
    booking.book(course, third, slot(at, 1 + 2 / 24, "chair_3"), entry)
    open_account(NewAccount("nils", "Nils", [Role.NURSE]), "a_test", at)
    booking.book(course, third, slot(at, 1, "chair_3"), entry)
    set_shift(NewShift(cast["nia"], Duty.NURSE, at, at + 2 * DAY), "a_test", at)
    with pytest.raises(booking.TooMany):  # the rota names one nurse for that time
        booking.book(course, third, slot(at, 1, "chair_3"), entry)


@pytest.mark.django_db
def test_a_missed_visit_is_proposed_again_and_its_departure_shows(
    course: Course, cast: Cast, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Nobody came: a quarter inside the window is proposed; held after its window, the visit shows as a departure."""
    place, entry, to = booking.Place("consent", 1), Entry(cast["finn"].key, at, at), f"/pathway/{course.key}/plan/"
    booking.book(course, place, booking.Slot(at + DAY, 60, room="quiet_room"), entry)
    with clock.stopped(at + 2 * DAY + timedelta(minutes=7)):
        page = signed_in("finn").get(to).context["page"]
        missed = next(row for row in page.rows if row.step == "consent")
        assert missed.word == "Missed: book again" and missed.asks
        form = signed_in("finn").get(f"{to}consent/1/").context["form"]
        assert form.initial["starts"] == datetime(2026, 3, 4, 9, 15)
    late = at + 30 * DAY
    with clock.stopped(late):
        told = {"starts": "2026-04-01T10:00", "minutes": "60", "room": "quiet_room", "why": "no_show"}
        assert signed_in("finn").post(f"{to}consent/1/", told).status_code == 302
        row = next(row for row in signed_in("finn").get(to).context["page"].rows if row.step == "consent")
        assert row.word == "After its window" and Booking.objects.get(cancelled_at__isnull=False).why == "no_show"
        write(course, ev.ConsentGiven("treatment", "1", "consent", 1), Entry(cast["ben"].key, late, late))
        shown = signed_in("finn").get(to).context["page"].departures
        assert any("onsent" in words for words, _when in shown)
