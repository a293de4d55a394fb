"""Today's board: who needs me next, who sits where, and what the front desk does not see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.builders import START, before_dose, dose, enrolled, event, pressure, recorded, small_protocol
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.people.models import Person
from unstuck.clinic.plan import look
from unstuck.clinic.plan.board import BoardPage, Told, board
from unstuck.clinic.plan.sight import Eyes, Room
from unstuck.clinic.plan.visits import Day, today
from unstuck.clinic.plan.words import place_words
from unstuck.clinic.rooms.queries import Seat
from unstuck.core import events as ev
from unstuck.core.conditions import AtLeast
from unstuck.core.protocol import AlertRule, ReadingPlan

WATCHED = small_protocol(
    monitoring=replace(
        small_protocol().monitoring,
        readings=(ReadingPlan(("systolic_mmhg", "diastolic_mmhg"), "during", 10, "site"),),
        alerts=(AlertRule("high", AtLeast("systolic_mmhg", 160), "Pause and call.", True, "site"),),
    )
)
CARE = Eyes(names=True, clinical=True)
DESK = Eyes(names=True, clinical=False)
SEATS = tuple(Seat(f"chair_{n}", f"Chair {n}") for n in (1, 2, 3))
CHAIR = ev.VisitBooked("infusion", 1, START + timedelta(hours=72), "chair_2")


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def reading(name: str, value: float, hours: float) -> ev.Event:
    return event(ev.ReadingTaken(name, value, "infusion", 1, "during"), hours)


def course(name: str, *happened: ev.Event) -> Loaded:
    """A course of that person, ready for its first dose, and then what happened."""
    row = Course(key=f"c_{name.split()[0].lower()}", person=Person(name=name), enrolled_at=START)
    return Loaded(row, WATCHED, recorded(WATCHED, [*before_dose(WATCHED), *happened]))


def enrolled_only(name: str) -> Loaded:
    """A course in which nothing was done; its first window closes 183 hours after START."""
    row = Course(key=f"c_{name.split()[0].lower()}", person=Person(name=name), enrolled_at=START)
    return Loaded(row, WATCHED, recorded(WATCHED, [enrolled(WATCHED)]))


def page(*courses: Loaded, hours: float, sight: Eyes = CARE, **told: Any) -> BoardPage:
    day = Day(at(hours), UTC)
    return board(today(courses, day), sight, day, Told(**{"room": Room(SEATS, {}), **told}))


def running(name: str = "Rosa Running", *more: ev.Event) -> Loaded:
    return course(name, event(CHAIR, 24), dose(1, 72), *more)


def booked(name: str, hours: float, place: str = "chair_1") -> Loaded:
    return course(name, event(ev.VisitBooked("infusion", 1, at(hours), place), 24))


def text(shown: BoardPage) -> str:
    return render_to_string("plan/_board.html", {"page": shown})


def test_late_comes_first() -> None:
    """A step whose window has just closed comes before one that is booked for later today."""
    shown = page(booked("Bo Booked", 190), enrolled_only("Lena Late"), hours=184)
    assert shown.next and (shown.next.who, shown.next.level) == ("Lena Late", "late")
    assert [row.who for row in shown.queue] == ["Bo Booked"]


def test_a_running_dose_with_a_late_reading_comes_before_everything() -> None:
    """With a drug in somebody, an overdue reading is the next act, ahead of every late step elsewhere."""
    now_running = course(
        "Rosa Running",
        event(ev.VisitBooked("infusion", 1, at(183.5), "chair_2"), 24),
        *pressure(120, 183.4),
        dose(1, 183.6),
    )
    shown = page(enrolled_only("Lena Late"), now_running, hours=184)
    assert shown.next and (shown.next.who, shown.next.level, shown.next.where) == ("Rosa Running", "late", "Chair 2")
    assert (shown.next.what, shown.next.figure) == ("Blood pressure", "14:00")
    assert [row.who for row in shown.queue] == ["Lena Late"]


def test_an_alert_comes_before_a_late_reading() -> None:
    """A limit that is crossed now goes first, and its chair leads the chairs."""
    alarmed = running("Ann Alarm", reading("systolic_mmhg", 171, 72.1), reading("diastolic_mmhg", 90, 72.1))
    shown = page(running(), alarmed, hours=72.2)
    assert shown.next and (shown.next.who, shown.next.level) == ("Ann Alarm", "now")


def test_chairs_show_who_is_booked() -> None:
    """A chair shows its person with phase, readings and clock; an empty one says who comes next."""
    read = (reading("systolic_mmhg", 141, 72.1), reading("diastolic_mmhg", 88, 72.1))
    shown = page(running("Rosa Running", *read), booked("Bo Booked", 76), hours=72.2)
    cards = {card.number: card for card in shown.chairs}
    assert set(cards) == {"1", "2", "3"}
    assert (cards["2"].who, cards["2"].phase) == ("Rosa Running", "Dosing")
    assert cards["2"].drug == "Ketamine 35 mg, IV infusion · dose 1"
    assert [v.value for v in cards["2"].vitals] == ["141/88", "?", "?", "10:40"]
    assert cards["2"].pips == ("past", "past", "here", "", "", "", "")
    assert not cards["1"].who and cards["1"].next == "13:00, Bo Booked"
    assert not cards["3"].who and not cards["3"].next
    assert [row.who for row in shown.later] == ["Bo Booked"]


def test_whoever_has_left_frees_the_chair() -> None:
    """After discharge the chair is empty."""
    gone = running("Rosa Running", event(ev.Discharged("infusion", 1, ev.Leaving.TRANSFER), 75))
    assert not any(card.key for card in page(gone, hours=75.1).chairs)


def test_a_dose_without_a_booking_is_on_the_board() -> None:
    """Somebody with a drug in them is shown even where nobody booked a chair."""
    shown = page(course("Una Unbooked", dose(1, 72)), hours=72.1)
    assert [card.who for card in shown.chairs if card.key] == ["Una Unbooked"]


def test_the_front_desk_sees_no_reading() -> None:
    """Arrivals and names; no drug, no reading, no reason why a step is held."""
    alarmed = running("Ann Alarm", reading("systolic_mmhg", 171, 72.1), reading("diastolic_mmhg", 93, 72.1))
    shown = page(alarmed, booked("Bo Booked", 76), hours=72.2, sight=DESK)
    words = text(shown)
    assert "Ann Alarm" in words and "Bo Booked" in words
    assert not any(secret in words for secret in ("171", "93", "Ketamine", "mmHg", "Pause", "pressure"))
    assert shown.next and (shown.next.who, shown.next.level) == ("Bo Booked", "planned")
    assert "171" in text(page(alarmed, hours=72.2))
    assert {card.address for card in shown.chairs if card.key} == {
        f"/courses/{card.key}/" for card in shown.chairs if card.key
    }


def test_old_lateness_asks_for_a_call() -> None:
    """What has been late for more than a day is listed among people to contact, not as this minute's act."""
    shown = page(course("Lena Late"), hours=24 * 30)
    assert shown.next is None and [row.who for row in shown.contact] == ["Lena Late"]


@pytest.mark.django_db
def test_answers_owed_from_home_ask_for_a_call() -> None:
    """A questionnaire that is late since this morning never stands before what the room needs."""
    owing, consented = enrolled_only("Owen Owes"), [event(ev.ConsentGiven("ketamine", "1", "consent"), 2)]
    row = Loaded(
        owing.row, WATCHED, recorded(WATCHED, [enrolled(WATCHED), *consented, event(ev.StepHeld("prepare"), 3)])
    )
    shown = page(row, hours=184)
    assert [c.what for c in shown.contact] == ["Baseline"]
    assert not any(q.what == "Baseline" for q in (shown.next, *shown.queue) if q)


def test_an_empty_board_teaches(signed_in: Callable[[str], Client]) -> None:
    """With nobody booked it says what will be here and how it gets here."""
    answer = signed_in("nia").get("/today/")
    assert answer.status_code == 200
    assert b"Nobody needs you now" in answer.content and b"What will be here" in answer.content


@pytest.mark.django_db
def test_the_fragment_is_a_real_page(signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened by itself it is the whole page; asked for by the polling page it is the changing part alone."""
    monkeypatch.setattr(look.queries, "loaded", lambda rows: [running()])
    monkeypatch.setattr(clock, "now", lambda request: at(72.2))
    browser: Any = signed_in("nia")
    whole = browser.get("/today/now/").content.decode()
    part = browser.get("/today/now/", headers={"HX-Request": "true", "X-Unstuck-Poll": "1"}).content.decode()
    assert "<html" in whole and 'hx-trigger="tick"' in whole and "Rosa Running" in whole
    assert "<html" not in part and "Rosa Running" in part


@pytest.mark.django_db
@pytest.mark.parametrize(("username", "status"), [("finn", 200), ("ben", 200), ("dev", 403), ("ada", 403)])
def test_who_may_open_it(signed_in: Callable[[str], Client], username: str, status: int) -> None:
    """The treating team and the front desk; nobody else."""
    assert signed_in(username).get("/today/").status_code == status


@pytest.mark.parametrize(
    ("place", "said"),
    [("chair_1", "Chair 1"), ("room_a", "Room A"), ("room", "Room"), ("quiet_room", "Quiet room"), ("", "")],
)
def test_a_place_is_named_as_people_say_it(place: str, said: str) -> None:
    """A chair or room by its number or letter; a room with a name of its own by that name."""
    assert place_words(place) == said
