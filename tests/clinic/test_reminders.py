"""Reminders: each cause once, none lost to a dead mail server, none after consent is withdrawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.clinic.mail_server import free_port, mail_server
from tests.course_makers import DAY, adas_course, give_dose, tell, up_to_dose
from tests.site_fixtures import over_tls
from unstuck.clinic import clock
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course.models import Course
from unstuck.clinic.messages.models import Message
from unstuck.clinic.messages.worker import work_once
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.portal import reminders
from unstuck.clinic.portal.models import Choices, Reminder
from unstuck.core.events import ConsentWithdrawn, CourseEnded, Ending, VisitBooked

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def dosed(cast: dict[str, Account], at: datetime, settings: Any) -> tuple[Course, datetime]:
    """Ada's course with one dose, and the instant of the dose."""
    settings.UNSTUCK_DEMO, settings.UNSTUCK_ADDRESS = True, "https://own.example.org"
    reminders._last.clear()
    course = adas_course(cast, at)
    start = up_to_dose(course, cast, at)
    give_dose(course, cast, start)
    return course, start


def causes() -> list[str]:
    return sorted(Reminder.objects.values_list("cause", flat=True))


def test_each_cause_is_written_once(dosed: tuple[Course, datetime]) -> None:
    """The day after the dose Ada is asked how she is and how the visit was, once, however often the worker looks."""
    _course, start = dosed
    for minutes in (0, 5, 60):
        reminders.remind_all(start + DAY + timedelta(minutes=minutes))
    assert [c for c in causes() if c.startswith(("check_in", "visit_told"))] == [
        "check_in:day_after:1:1",
        "visit_told:infusion:1",
    ]
    letter = Reminder.objects.get(cause="check_in:day_after:1:1").message
    assert letter and letter.to == "ada@example.org" and "https://own.example.org/a/" in letter.body


def test_a_visit_of_tomorrow_is_told_with_its_hour(dosed: tuple[Course, datetime], cast: dict[str, Account]) -> None:
    """A booking within a day has its letter, with day and hour of the site; a new hour has a new one."""
    course, start = dosed
    for hours in (30, 34):
        tell(course, VisitBooked("infusion", 2, start + hours * HOUR, "chair_1"), cast["finn"].key, start + HOUR)
        reminders.remind_all(start + hours * HOUR - 20 * HOUR)
    told = [m.body for m in Message.objects.filter(purpose="reminder") if "We see you" in m.body]
    assert len(told) == 2 and all(re.search(r"on \w+day \d+ March, \d\d:\d\d", body) for body in told)


def test_a_dead_mail_server_loses_no_reminder(
    dosed: tuple[Course, datetime], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nobody listens every letter waits or is put back; with the server alive again all arrive, once."""
    _course, start = dosed
    port = free_port()
    settings.UNSTUCK_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    moment = start + DAY
    for hours in range(0, 18, 1):
        with clock.stopped(moment + hours * HOUR):
            assert work_once() == 0
    written = Reminder.objects.count()
    assert written >= 2 and Message.objects.filter(purpose="reminder", sent_at=None).count() == written
    with mail_server(port) as letters, clock.stopped(moment + 19 * HOUR):
        work_once()
        work_once()
    arrived = [text for text in letters if "Subject: A short note for you" in text]
    assert len(arrived) == written == len(set(re.findall(r"https://own\.example\.org\S+", "".join(arrived))))
    assert not Message.objects.filter(purpose="reminder", sent_at=None).exists()


def test_a_letter_that_was_given_up_is_put_back_while_it_matters(dosed: tuple[Course, datetime]) -> None:
    """Given up by the outbox, it waits again; after its window it does not."""
    _course, start = dosed
    reminders.remind_all(start + DAY)
    Message.objects.update(given_up_at=start + DAY, tries=10)
    assert reminders.revive(start + DAY + HOUR) >= 2
    assert not Message.objects.filter(purpose="reminder", given_up_at__isnull=False).exists()
    Message.objects.update(given_up_at=start + DAY, tries=10)
    assert reminders.revive(start + 9 * DAY) == 0


def test_no_reminder_after_consent_is_withdrawn(dosed: tuple[Course, datetime], cast: dict[str, Account]) -> None:
    """Once Ada has taken her consent back, nothing more is written to her, and what was sent opens nothing."""
    course, start = dosed
    reminders.remind_all(start + DAY)
    before = Reminder.objects.count()
    tell(course, ConsentWithdrawn("treatment"), cast["cleo"].key, start + DAY + HOUR)
    assert reminders.remind_all(start + 7 * DAY) == 0
    assert Reminder.objects.count() == before


def test_a_person_is_asked_for_a_year_also_after_the_course_has_ended(
    dosed: tuple[Course, datetime], cast: dict[str, Account]
) -> None:
    """A day, four weeks, then twelve months after the last dose, the course long completed; no more after a year."""
    course, start = dosed
    tell(course, CourseEnded(Ending.COMPLETED), cast["cleo"].key, start + 10 * DAY)
    for days in (1, 7, 14, 21, 28, *range(56, 365, 28), 392, 420):
        reminders.remind_all(start + days * DAY + HOUR)
    asked = [cause.removeprefix("check_in:") for cause in causes() if cause.startswith("check_in:")]
    weekly, monthly = [f"weekly:1:{n}" for n in range(1, 5)], [f"monthly:1:{n}" for n in range(1, 13)]
    assert sorted(asked) == sorted(["day_after:1:1", *weekly, *monthly])
    address = Message.objects.filter(body__contains="/a/").latest("pk").body.split("example.org")[1].strip()
    with clock.stopped(start + 364 * DAY + 2 * HOUR):
        assert "How are you?" in over_tls().get(address).content.decode()


def test_whoever_withdrew_is_asked_no_more(dosed: tuple[Course, datetime], cast: dict[str, Account]) -> None:
    """An end by the person's wish ends reminders and links, also where staff recorded only the end."""
    course, start = dosed
    reminders.remind_all(start + DAY)
    tell(course, CourseEnded(Ending.WITHDREW), cast["cleo"].key, start + DAY + HOUR)
    before = Reminder.objects.count()
    reminders.remind_all(start + 7 * DAY)
    assert Reminder.objects.count() == before
    address = Message.objects.filter(body__contains="/a/").latest("pk").body.split("example.org")[1].strip()
    with clock.stopped(start + DAY + 2 * HOUR):
        assert over_tls().get(address).status_code == 410


def test_who_wants_none_gets_none(
    dosed: tuple[Course, datetime], signed_in: Callable[[str], Client], at: datetime
) -> None:
    """Ada turns reminders off on her page; then none is written."""
    _course, start = dosed
    with clock.stopped(start + HOUR):
        assert signed_in("ada").post("/me/keys/letters/", {"reminders": "0"}).status_code == 302
    reminders.remind_all(start + DAY)
    assert not Reminder.objects.exists()


def test_letters_speak_the_persons_language(dosed: tuple[Course, datetime], cast: dict[str, Account]) -> None:
    """With Spanish chosen the letter is Spanish."""
    _course, start = dosed
    Choices.objects.create(person=cast["ada"].person, language="es")
    reminders.remind_all(start + DAY)
    assert all("Buen día." in m.body for m in Message.objects.filter(purpose="reminder"))


class Gateway:
    """A gateway for text messages that a site has joined."""

    sent: list[tuple[str, str]] = []  # noqa: RUF012

    def deliver(self, message: Message) -> None:
        """Keeps number and words."""
        self.sent.append((message.to, message.body))


def test_a_gateway_for_text_messages_can_be_joined(
    dosed: tuple[Course, datetime], cast: dict[str, Account], settings: Any, signed_in: Callable[[str], Client]
) -> None:
    """A site that names a class sends to the telephone of whoever chose that, through the same outbox."""
    _course, start = dosed
    settings.UNSTUCK_CHANNELS = {**settings.UNSTUCK_CHANNELS, "text": "tests.clinic.test_reminders.Gateway"}
    person, ada = cast["ada"].person, signed_in("ada")
    assert person is not None
    with clock.stopped(start):
        assert "text messages" not in ada.get("/me/keys/").content.decode()
        Person.objects.filter(pk=person.pk).update(phone="+1-555-0100")
        assert "Send them as text messages" in ada.get("/me/keys/").content.decode()
        ada.post("/me/keys/letters/", {"channel": "text"})
        assert "Send them by e-mail" in ada.get("/me/keys/").content.decode()
    Gateway.sent.clear()
    with clock.stopped(start + DAY):
        work_once()
    assert Gateway.sent and {to for to, _words in Gateway.sent} == {"+1-555-0100"}


def test_without_a_told_address_a_letter_has_no_link(dosed: tuple[Course, datetime], settings: Any) -> None:
    """A site that has not said where it is sends words alone, rather than a link that leads nowhere."""
    _course, start = dosed
    settings.UNSTUCK_ADDRESS = ""
    reminders.remind_all(start + DAY)
    assert "http" not in "".join(Message.objects.values_list("body", flat=True))


def test_a_link_of_a_reminder_is_no_older_than_its_window(dosed: tuple[Course, datetime]) -> None:
    """The check-in's link closes when the check-in does."""
    _course, start = dosed
    reminders.remind_all(start + DAY)
    assert Link.objects.get(instruments=["check_in"]).expires_at == start + 44 * HOUR
