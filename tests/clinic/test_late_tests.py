"""A repeated test that is late: one list says so, and the alert, the booking and the door before a dose go by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from tests.clinic.courses import enrolled, released, walk_on
from tests.pathway_makers import rules_signed
from unstuck.clinic import clock
from unstuck.clinic.alerts import watching
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.criteria.actions import RulesAltered
from unstuck.clinic.criteria.models import SignedRules
from unstuck.clinic.pathway import booking, screening
from unstuck.clinic.pathway.looked import screened
from unstuck.clinic.people.models import Account
from unstuck.clinic.session import actions
from unstuck.clinic.session.before import TestLate, before_dose
from unstuck.clinic.session.queries import Place, live
from unstuck.core import refusals as no

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]
Cast = dict[str, Account]
DAY = timedelta(days=1)
NEXT = Place("infusion", 2)


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Somebody of whom every test was done on the day of the first dose."""
    made = enrolled(released("ketamine_pe", at), at - 40 * DAY)
    walk_on(made, "infusion", at - 40 * DAY)
    day = dosed(made).date()
    tests = ("urine", "pressure", "liver", "cognition", "urine_drugs", "misuse")
    now = dosed(made) + timedelta(hours=5)
    screening.answer(made, [(f"person.test.{key}", f"normal:{day}") for key in tests], Entry(cast["nia"].key, now, now))
    return made


def dosed(course: Course) -> datetime:
    return queries.load(course).state.doses[0].observed_at


def late(course: Course, at: datetime) -> list[str]:
    return [one.key for one in screened(course, at).watching if one.state == "late"]


def book(course: Course, cast: Cast, at: datetime) -> None:
    booking.book(course, booking.Place("infusion", 2), booking.Slot(at + DAY, 60, "chair_1"), Entry("a", at, at))


def test_what_is_late_holds_booking_and_the_dose_until_its_result(course: Course, cast: Cast) -> None:
    """On the 91st day the pressure is late: an alert, no booking, no dose; its result opens all three."""
    before, now = dosed(course) + 89 * DAY, dosed(course) + 91 * DAY
    watching.sweep([queries.load(course)], before)
    assert late(course, before) == [] and not Alert.objects.filter(kind="lab_overdue").exists()
    watching.sweep([queries.load(course)], now)
    causes = [alert.cause.split(":")[1] for alert in Alert.objects.filter(kind="lab_overdue", closed_at=None)]
    assert late(course, now) == ["misuse", "pressure"] == sorted(causes)
    with pytest.raises(booking.NotBooked):
        book(course, cast, now)
    with pytest.raises(TestLate, match="Blood pressure at rest is late"):
        actions.give_dose(course, NEXT, Entry(cast["nia"].key, now, now))
    assert before_dose(live(course, NEXT, now), now)[-1].key == "test_pressure"
    told = [("person.test.pressure", f"normal:{now.date()}")]
    screening.answer(course, told, Entry(cast["nia"].key, now, now))
    watching.sweep([queries.load(course)], now)
    closed = Alert.objects.get(kind="lab_overdue", cause__startswith="test:pressure")
    assert closed.closing == "done" and late(course, now) == ["misuse"]
    with pytest.raises(no.NoOrder):
        actions.give_dose(course, NEXT, Entry(cast["nia"].key, now, now))


def test_a_test_that_will_be_late_on_the_day_is_no_booking(course: Course, cast: Cast) -> None:
    """What is in date today and late on the day of the visit holds the booking too."""
    now = dosed(course) + 90 * DAY
    with pytest.raises(booking.TestsTooOld, match="late: Blood pressure at rest"):
        book(course, cast, now)


def test_a_prescriber_may_judge_it_not_needed(
    course: Course, cast: Cast, signed_in: Callable[[str], Client]
) -> None:  # fmt: skip
    """Not a nurse; by name, for one interval, with words kept apart."""
    now = dosed(course) + 91 * DAY
    with clock.stopped(now):
        to = f"/pathway/{course.key}/screening/tests/ask/"
        form = signed_in("nia").get(to).context["form"]
        number = next(n for n, row in enumerate(form.rows) if row.fact == "person.test.pressure")
        told = {"entry": "e" * 32, f"a{number}": "waived", f"d{number}": str(now.date()), "words": "Measured at home."}
        assert signed_in("nia").post(to, told).status_code == 403
        assert signed_in("cleo").post(to, told).status_code == 302
    assert late(course, now) == ["misuse"] and "pressure" in late(course, now + 91 * DAY)


def test_altered_rules_hold_the_dose_and_stop_no_other_alert(course: Course, cast: Cast, at: datetime) -> None:
    """A text changed in the database opens nothing at the chair, says so on its page, and silences no other watch."""
    now = dosed(course) + 22 * DAY
    rules_signed(cast["cleo"].key, at)
    SignedRules.objects.update(text="nothing")
    shown = before_dose(live(course, NEXT, now), now)[-1]
    assert (shown.key, shown.opens) == ("rules", False) and "not the one that was signed" in shown.sentence
    with pytest.raises(RulesAltered):
        actions.give_dose(course, NEXT, Entry(cast["nia"].key, now, now))
    watching.sweep([queries.load(course)], now)
    assert Alert.objects.filter(kind="relapse_watch").exists()


def test_pages_that_need_altered_rules_say_so(
    course: Course, cast: Cast, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Screening and deciding answer with 503, what is wrong and how to mend it, and show no verdict."""
    rules_signed(cast["cleo"].key, at)
    SignedRules.objects.update(text="nothing")
    for page in ("screening", "deciding"):
        answer = signed_in("cleo").get(f"/pathway/{course.key}/{page}/")
        words = answer.content.decode()
        assert answer.status_code == 503 and "not the one that was signed" in words and "Restore it" in words


def test_a_clearance_that_ran_out_holds_booking_and_the_dose(course: Course, cast: Cast) -> None:
    """Cleared until a day: from the next one on no booking, which names no illness, and no dose before a new word."""
    now, until = dosed(course) + 10 * DAY, (dosed(course) + 11 * DAY).date()
    told = [("person.stroke", True), ("person.clearance.stroke", f"until:{until}")]
    screening.answer(course, told, Entry(cast["nia"].key, now, now))
    assert "history_stroke" not in {rule.key for rule in before_dose(live(course, NEXT, now), now)}
    later = now + 2 * DAY
    with pytest.raises(booking.TestsTooOld) as refused:
        book(course, cast, later)
    assert "clearance" in refused.value.what and "troke" not in refused.value.what
    with pytest.raises(TestLate, match="ran out"):
        actions.give_dose(course, NEXT, Entry(cast["nia"].key, later, later))
    shown = {rule.key: rule for rule in before_dose(live(course, NEXT, later), later)}
    assert not shown["history_stroke"].opens and "ran out" in shown["history_stroke"].sentence
    anew = [("person.clearance.stroke", f"until:{(later + 90 * DAY).date()}")]
    screening.answer(course, anew, Entry(cast["nia"].key, later, later))
    assert "history_stroke" not in {rule.key for rule in before_dose(live(course, NEXT, later), later)}


def test_a_test_that_ran_out_holds_the_first_dose(cast: Cast, at: datetime) -> None:
    """What was in date when the visit was booked and is not on the day that somebody comes, opens no first dose."""
    made = enrolled(released("ketamine_pe", at), at)
    told = [("person.test.ecg", f"normal:{at.date()}")]
    screening.answer(made, told, Entry(cast["nia"].key, at, at))
    place, now = Place("infusion", 1), at + 400 * DAY
    assert "test_ecg" not in {rule.key for rule in before_dose(live(made, place, at), at)}
    assert "test_ecg" in {rule.key for rule in before_dose(live(made, place, now), now)}
