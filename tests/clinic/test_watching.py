"""Every alert of the programme, from what causes it to everybody on duty, by the worker and a clock that only moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.clinic.courses import enrolled, released, walk_on
from tests.course_makers import answers_of
from unstuck.clinic import clock
from unstuck.clinic.alerts import letters, rota, watching
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.assessment.actions import complete
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.messages import worker
from unstuck.clinic.messages.actions import Letter, send
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.portal import reminders
from unstuck.clinic.protocol.models import Release
from unstuck.core import events as ev
from unstuck.core.alerting import Duty
from unstuck.core.alerting_file import load_alert_policy
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_instrument
from unstuck.core.watching import On
from unstuck.core.watching_file import library_watches

pytestmark = pytest.mark.usefixtures("demonstration")

Cast = dict[str, Account]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PHQ9, CSSRS, CHECK_IN = load_instrument("phq9"), load_instrument("cssrs_screen"), load_instrument("check_in")


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Rosa, who has answered nothing but zeros in the PHQ-9 and had her first infusion."""
    made = enrolled(released("ketamine_pe", at), at - 40 * DAY)
    now = walk_on(made, "baseline", at - 40 * DAY)
    answer(made, now, PHQ9, 0)
    walk_on(made, "infusion", now)
    return made


def answer(course: Course, at: datetime, instrument: Instrument, value: int, **more: float) -> datetime:
    answers = answers_of(instrument, value) | more
    complete(course, None, [(instrument, answers)], Entry(course.person.key, at, at))
    return at


def dosed(course: Course) -> datetime:
    return queries.load(course).state.doses[-1].observed_at


def stated(fact: str) -> Callable[[Course], datetime]:
    def tell(course: Course) -> datetime:
        at = dosed(course) + DAY
        write(course, ev.FactStated(fact, True), Entry("a_nia", at, at))
        return at

    return tell


def told(course: Course, what: ev.What) -> datetime:
    at = dosed(course) + DAY
    write(course, what, Entry("a_nia", at, at))
    return at


def letter_given_up(course: Course) -> datetime:
    """A letter to Rosa that the outbox has given up."""
    at = dosed(course) + DAY
    Person.objects.filter(pk=course.person_id).update(email="rosa@example.org")
    with transaction.atomic():
        send(Letter("reminder", "rosa@example.org", "A short note for you", "Good day."), at)
    Message.objects.filter(purpose="reminder").update(given_up_at=at, tries=10)
    return at


CAUSED: dict[str, Callable[[Course], datetime]] = {
    "serious_harm": lambda c: told(c, ev.AdverseEventNoted("fall", 3)),
    "message_given_up": letter_given_up,
    "suicide_risk": lambda c: answer(c, dosed(c) + DAY, PHQ9, 0, item9=1),
    "worsening": lambda c: answer(c, dosed(c) + DAY, PHQ9, 3, item9=0),
    "missed_window": lambda c: dosed(c) + 4 * DAY,
    "silence_after_dose": lambda c: dosed(c) + timedelta(hours=36),
    "lab_overdue": lambda c: dosed(c) + 181 * DAY,
    "relapse_watch": lambda c: dosed(c) + 21 * DAY,
    "craving": lambda c: answer(c, dosed(c) + DAY, CHECK_IN, 0, item5=2),
    "early_refill": lambda c: answer(c, dosed(c) + DAY, CHECK_IN, 0, item6=1),
    "symptom_told": lambda c: answer(c, dosed(c) + DAY, CHECK_IN, 0, item7=1),
    "call_wished": lambda c: answer(c, dosed(c) + DAY, CHECK_IN, 0, item8=1),
    "craving, as staff noted": stated("person.craving"),
    "early_refill, as staff noted": stated("person.early_refill"),
}
"""What the pathway's kinds of alert come from; the instant at which the cause is there."""


def round_at(at: datetime) -> None:
    with clock.stopped(at):
        worker.work_once()


@pytest.mark.parametrize("cause", CAUSED)
def test_from_its_cause_to_everybody_with_an_empty_rota_and_a_dead_mail_server(
    cast: Cast, course: Course, cause: str, settings: Any, signed_in: Callable[[str], Client]
) -> None:
    """Nobody on duty, no mail: the worker raises it for the safety lead, lets it climb to all, loses no letter."""
    settings.UNSTUCK_DELIVERY_BACKEND = "no.such.Backend"
    rota.name_lead(cast["nia"], "a_test", dosed(course))
    at, kind = CAUSED[cause](course), cause.partition(",")[0]
    reminders._last.clear()
    round_at(at + 6 * MINUTE)
    alert = Alert.objects.filter(kind=kind).order_by("id")[0]
    assert alert.owner == cast["nia"]
    chain = load_alert_policy().kind(kind).chain
    for stage in range(1, len(chain) + 1):
        assert alert.due_at
        round_at(alert.due_at)
        alert.refresh_from_db()
        assert alert.stage == stage
    assert alert.owner is None and Message.objects.filter(purpose="alert", sent_at=None).exists()
    with clock.stopped(alert.raised_at + MINUTE):
        shown = [signed_in(name).get("/alerts/").content.decode() for name in ("ben", "cleo", "nia")]
    title = load_alert_policy().kind(kind).title
    assert all(title in page for page in shown)
    assert verify().sound


def test_a_mild_or_old_harm_is_no_alert_and_one_marked_serious_is(cast: Cast, course: Course) -> None:
    """Grade 2 raises nothing, grade 1 that was marked serious does, and what lies weeks back is left."""
    start = dosed(course)
    told(course, ev.AdverseEventNoted("nausea", 2))
    watching.sweep([queries.load(course)], start + 2 * DAY)
    assert not Alert.objects.filter(kind="serious_harm").exists()
    told(course, ev.AdverseEventNoted("allergy", 1, serious=True))
    watching.sweep([queries.load(course)], start + 20 * DAY)
    assert not Alert.objects.filter(kind="serious_harm").exists()
    watching.sweep([queries.load(course)], start + 2 * DAY)
    assert Alert.objects.filter(kind="serious_harm").count() == 1


def test_a_letter_that_went_out_after_all_closes_its_alert(cast: Cast, course: Course) -> None:
    """The clock closes it once the outbox has sent the letter; one alert however often it is looked at."""
    at = letter_given_up(course)
    for minutes in (0, 1):
        letters.work_round(at + minutes * MINUTE)
    assert Alert.objects.get().course == course
    Message.objects.filter(purpose="reminder").update(given_up_at=None, sent_at=at, to="", subject="", body="")
    letters.work_round(at + 2 * MINUTE)
    assert (Alert.objects.get().closing, Alert.objects.get().closed_by) == ("sent_late", "clock")


def test_the_answers_of_the_screen_for_suicide_are_one_too(cast: Cast, course: Course) -> None:
    """A C-SSRS answer above the lowest level asks for a person at once, by the same mechanism."""
    at = answer(course, dosed(course) + DAY, CSSRS, 1)
    round_at(at + MINUTE)
    assert Alert.objects.filter(kind="suicide_risk").count() == 1


def test_one_cause_raises_one_alert_however_often_it_is_looked_for(cast: Cast, course: Course) -> None:
    """Looked at a hundred times a month long, one silence, one window and one watch for fading are three alerts."""
    start = dosed(course)
    for day in range(0, 30, 2):
        watching.sweep([queries.load(course)], start + day * DAY)
    kinds = [a.kind for a in Alert.objects.all()]
    assert sorted(set(kinds)) == ["missed_window", "relapse_watch", "silence_after_dose"]
    assert kinds.count("silence_after_dose") == 1 and kinds.count("relapse_watch") == 1


def test_what_is_over_is_settled_by_the_record(cast: Cast, course: Course) -> None:
    """An answer ends the silence; the session held late ends its closed window; the ledger says the clock did it."""
    start = dosed(course)
    watching.sweep([queries.load(course)], start + 4 * DAY)
    answer(course, start + 4 * DAY + MINUTE, PHQ9, 0)
    held = start + 4 * DAY + 2 * MINUTE
    write(course, ev.StepHeld("pe_after_infusion", 1, 90), Entry(cast["ben"].key, held, held))
    watching.sweep([queries.load(course)], held + MINUTE)
    closed = {a.kind: (a.closing, a.closed_by) for a in Alert.objects.all()}
    assert closed["silence_after_dose"] == ("heard_from", "clock")
    assert closed["missed_window"] == ("done_late", "clock")


def test_a_test_done_anew_settles_its_alert(cast: Cast, course: Course) -> None:
    """A liver test that is stated with its date ends the alert about the old one, and counts from that date."""
    late = dosed(course) + 181 * DAY
    watching.sweep([queries.load(course)], late)
    assert Alert.objects.filter(cause__startswith="test:liver", closed_at=None).exists()
    write(course, ev.FactStated("person.test.liver", f"normal:{late.date()}"), Entry("a_nia", late, late))
    watching.sweep([queries.load(course)], late + MINUTE)
    assert not Alert.objects.filter(cause__startswith="test:liver", closed_at=None).exists()
    watching.sweep([queries.load(course)], late + 179 * DAY)
    assert not Alert.objects.filter(cause__startswith="test:liver", closed_at=None).exists()


def test_a_site_writes_its_own_watches(cast: Cast, course: Course, home: Path) -> None:
    """A file in the data folder changes the days; one that cannot be read leaves the library's in force."""
    start = dosed(course)
    text = 'version = "1"\n[[watch]]\nkey = "ours"\nkind = "relapse_watch"\non = "since_dose"\nafter = "3 d"\n'
    (home / "watch.toml").write_text(text + 'source = "alert_times"\ngrade = "assumed"\n')
    assert watching.sweep([queries.load(course)], start + 3 * DAY) == 1
    (home / "watch.toml").write_text("nonsense [")
    assert watching.watches() == library_watches()


def test_every_watch_raises_a_kind_that_the_policy_knows() -> None:
    """No watch falls back to `other`, and every way of watching is used by the library or tried here."""
    assert all(load_alert_policy().knows(watch.kind) for watch in library_watches())
    assert {watch.on for watch in library_watches()} | {On.ANSWER} == set(On)


def test_a_duty_on_the_rota_owns_it(cast: Cast, course: Course) -> None:
    """With a prescriber on duty, craving goes to that person and not to the lead."""
    at = CAUSED["craving, as staff noted"](course)
    rota.set_shift(rota.NewShift(cast["cleo"], Duty.PRESCRIBER, at - DAY, at + DAY), "a_test", at)
    rota.name_lead(cast["nia"], "a_test", at)
    watching.sweep([queries.load(course)], at)
    assert Alert.objects.get(kind="craving").owner == cast["cleo"]


def test_a_course_that_cannot_be_read_holds_up_no_other(cast: Cast, course: Course, settings: Any) -> None:
    """The protocol of another person is no longer what was signed: Rosa's alert and reminder are made all the same."""
    at = dosed(course) + 4 * DAY
    other = enrolled(released("kap_im", at), at - DAY, None)
    Release.objects.filter(pk=other.release_id).update(text="altered")
    watching._looked_at.clear()
    reminders._last.clear()
    round_at(at)
    assert Alert.objects.filter(kind="missed_window", course=course).exists()
    assert course.reminders.exists()
