"""The outbox: written with what it tells, worked off by one worker, tried again, and emptied."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import transaction

from unstuck.clinic import clock
from unstuck.clinic.messages.actions import TRIES, Letter, NoTransaction, pause, send, work_off
from unstuck.clinic.messages.models import Message
from unstuck.clinic.messages.words import ClinicalWord

pytestmark = pytest.mark.django_db

LETTER = Letter("link", "ada@example.org", "A few questions", "https://clinic.example.org/a/xyz/")


def refuse(message: Message) -> None:
    raise ConnectionRefusedError


def test_a_message_goes_once(at: datetime) -> None:
    """A waiting message is delivered in one round and not again in the next."""
    send(LETTER, at)
    delivered: list[str] = []
    assert work_off(lambda m: delivered.append(m.to), at) == 1
    assert work_off(lambda m: delivered.append(m.to), at + timedelta(days=1)) == 0
    assert delivered == ["ada@example.org"]


def test_a_message_that_has_gone_is_emptied(at: datetime) -> None:
    """Address, subject and body do not lie around; purpose and times stay."""
    send(LETTER, at)
    work_off(lambda m: None, at)
    row = Message.objects.get()
    assert (row.to, row.subject, row.body, row.purpose, row.sent_at) == ("", "", "", "link", at)


def test_a_failed_message_waits_longer_each_time(at: datetime) -> None:
    """It is not tried before its pause is over, and the pause doubles up to six hours."""
    send(LETTER, at)
    assert work_off(refuse, at) == 0
    row = Message.objects.get()
    assert (row.tries, row.due_at, row.last_error) == (1, at + timedelta(minutes=1), "ConnectionRefusedError")
    assert work_off(lambda m: None, at + timedelta(seconds=59)) == 0
    assert work_off(lambda m: None, at + timedelta(seconds=60)) == 1
    assert [pause(n) for n in (1, 2, 3, 10)] == [timedelta(minutes=m) for m in (1, 2, 4, 360)]


def test_a_message_is_given_up_at_last(at: datetime) -> None:
    """After the last try it is marked, kept for a person to see, and no longer tried."""
    send(LETTER, at)
    for day in range(TRIES + 2):
        work_off(refuse, at + timedelta(days=day))
    row = Message.objects.get()
    assert (row.tries, row.given_up_at, row.to) == (TRIES, at + timedelta(days=TRIES - 1), LETTER.to)


def test_a_message_taken_by_a_dead_worker_comes_back(at: datetime) -> None:
    """A worker that dies while sending leaves the message to the next one, a little later."""
    send(LETTER, at)
    with pytest.raises(SystemExit):
        work_off(lambda m: exit(1), at)
    assert work_off(lambda m: None, at) == 0
    assert work_off(lambda m: None, at + timedelta(minutes=6)) == 1


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Your ketamine session", ""),
        ("Hello", "Please fill in the PCL-5."),
        ("Hello", "https://example.org/assessment/ptsd/"),
        ("After your Treatment", ""),
    ],
)
def test_clinical_words_are_refused(at: datetime, subject: str, body: str) -> None:
    """No illness, drug, scale or treatment is named in an e-mail, not even in the path of a link."""
    with pytest.raises(ClinicalWord):
        send(Letter("link", "ada@example.org", subject, body), at)
    assert not Message.objects.exists()


def test_the_host_of_a_link_is_what_it_is(at: datetime) -> None:
    """A site cannot help its own address: only the path of a link is checked."""
    assert send(Letter("link", "a@example.org", "Hello", "https://ketamine-clinic.example.org/a/1/"), at).pk


def test_the_worker_sends_and_says_how_many(at: datetime) -> None:
    """`work --once` hands what waits to the mail system."""
    send(LETTER, at)
    out = StringIO()
    with clock.stopped(at):
        call_command("work", "--once", stdout=out)
    assert out.getvalue() == "1 sent.\n"
    assert [(m.subject, m.to) for m in mail.outbox] == [("A few questions", ["ada@example.org"])]


def test_djangos_own_mail_goes_through_the_outbox() -> None:
    """Password links wait in the same table as everything else."""
    mail.send_mail("Hello", "A link", None, ["a@example.org", "b@example.org"])
    assert sorted(Message.objects.values_list("to", flat=True)) == ["a@example.org", "b@example.org"]


@pytest.mark.django_db(transaction=True)
def test_a_message_needs_a_transaction(at: datetime) -> None:
    """A message outside of a transaction is refused, and one in a failed transaction is never sent."""
    with pytest.raises(NoTransaction):
        send(LETTER, at)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send(LETTER, at)
        raise ZeroDivisionError
    assert not Message.objects.exists()
