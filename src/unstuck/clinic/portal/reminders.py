"""Reminders: a visit tomorrow, questions that are due, a check-in, and how the last visit was.

Each cause is written once into the outbox, with its link, in one transaction; so a mail server that is dead delays a
letter and loses none. A letter that the outbox has given up is put back while the window of its cause is open. A letter
names no person, no illness and no drug; its link can write and read nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from unstuck.clinic import clock
from unstuck.clinic.assessment.actions import Place, consent_withdrawn, make_link
from unstuck.clinic.assessment.models import Link
from unstuck.clinic.course import queries
from unstuck.clinic.course.own import asked_now, day_words
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.messages.actions import Letter, send, try_again
from unstuck.clinic.messages.channels import EMAIL, TEXT, has_text
from unstuck.clinic.people.models import Person
from unstuck.clinic.portal import check_ins, desk, feedback
from unstuck.clinic.portal.home import course_of
from unstuck.clinic.portal.models import Choices, EntryCode, Reminder
from unstuck.core.check_ins import CheckIn
from unstuck.core.errors import Complaint

log = logging.getLogger("unstuck.worker")
PAUSE = timedelta(minutes=5)
DAY = timedelta(days=1)
BY = "clock"
_last: list[datetime] = []


@dataclass(frozen=True, slots=True)
class Cause:
    """What a person is reminded of: its name for ever, until when it matters, words, and how its link is made."""

    name: str
    until: datetime
    words: str
    link: Callable[[], tuple[Link | None, str]]


def work_round(at: datetime) -> None:
    """The worker's share: at most every few minutes, whatever is due and was not written yet."""
    if _last and timedelta() <= at - _last[0] < PAUSE:
        return
    _last[:] = [at]
    remind_all(at)
    EntryCode.objects.filter(made_at__lt=at - DAY).delete()


def remind_all(at: datetime) -> int:
    """How many reminders were written or put back. One course that fails does not keep the others from theirs."""
    written, zone = revive(at), clock.zone()
    asked_for = Q(ended_at=None) | Q(ended_at__gt=at - check_ins.reach())
    for loaded in queries.readable(queries.everyone().filter(asked_for, person__erased_at=None)):
        try:
            check_ins.raise_wishes(loaded, at)
            written += _remind(loaded, at, zone)
        except Exception:
            log.exception("The reminders of course %s failed.", loaded.row.key)
    return written


def revive(at: datetime) -> int:
    """How many reminders that were given up wait again, because their window is still open."""
    lost = Reminder.objects.filter(until__gte=at, message__given_up_at__isnull=False).select_related("message")
    return sum(try_again(reminder.message, at) for reminder in lost if reminder.message)


def _remind(loaded: Loaded, at: datetime, zone: tzinfo) -> int:
    reached = address_of(loaded.row.person)
    if reached is None or consent_withdrawn(loaded.state) or course_of(loaded.row.person_id) != loaded.row:
        return 0
    with override(desk.language_for(loaded.row.person) or settings.LANGUAGE_CODE):
        known = set(loaded.row.reminders.values_list("cause", flat=True))
        fresh = [cause for cause in _causes(loaded, at, zone) if cause.name not in known]
        return sum(_write(loaded, cause, reached, at) for cause in fresh)


def address_of(person: Person) -> tuple[str, str] | None:
    """Channel and address by which the person wants reminders; None where there is none or none is wanted."""
    chosen = Choices.objects.filter(person=person).first()
    if chosen and not chosen.reminders:
        return None
    if chosen and chosen.channel == TEXT and has_text() and person.phone:
        return TEXT, person.phone
    account = desk.account_for(person)
    email = (account.email if account else "") or person.email
    return (EMAIL, email) if email else None


def _causes(loaded: Loaded, at: datetime, zone: tzinfo) -> Iterator[Cause]:
    yield from _of_visits(loaded, at, zone)
    for step, occurrence in asked_now(loaded, at, zone):
        words = _("We have a few questions for you. It takes about two minutes.")
        place = partial(_to_step, loaded, Place(step, occurrence), at)
        yield Cause(f"questions:{step}:{occurrence}", at + 4 * DAY, words, place)
    for occasion in check_ins.open_now(loaded, at, zone):
        if occasion.best_at <= at:
            words = _("How are you? A few short questions wait for you.")
            link = partial(_to_check_in, loaded, occasion, at)
            yield Cause(f"check_in:{occasion.id}", occasion.closes_at, words, link)
    if visit := feedback.visit_to_ask_of(loaded, at):
        words = _("How was your visit? Your answer goes to somebody who was not in the room.")
        yield Cause(f"visit_told:{visit}", at + 4 * DAY, words, lambda: (None, "portal:visit"))


def _of_visits(loaded: Loaded, at: datetime, zone: tzinfo) -> Iterator[Cause]:
    """Bookings of the next day that are not done yet."""
    for (step, occurrence), booked in loaded.state.booked.items():
        if not loaded.state.is_over and at <= booked <= at + DAY and not loaded.state.settled(step, occurrence):
            words = _("We see you on %(when)s. What to do before stands on your page.")
            told = words % {"when": day_words(booked, zone, clock=True)}
            name = f"visit:{step}:{occurrence}:{int(booked.timestamp())}"
            yield Cause(name, booked, told, lambda: (None, "portal:home"))


def _to_step(loaded: Loaded, place: Place, at: datetime) -> tuple[Link | None, str]:
    signed = make_link(loaded.row, place, BY, at)
    return loaded.row.links.latest("pk"), signed


def _to_check_in(loaded: Loaded, occasion: CheckIn, at: datetime) -> tuple[Link | None, str]:
    return check_ins.link_to(loaded.row, occasion, BY, at)


def _write(loaded: Loaded, cause: Cause, reached: tuple[str, str], at: datetime) -> int:
    """1 where the reminder was written; 0 where its link could not be made, such as for want of wording."""
    channel, to = reached
    try:
        with transaction.atomic():
            link, target = cause.link()
            body = "\n\n".join(filter(None, (_("Good day."), cause.words, _address(link, target)))) + "\n"
            message = send(Letter("reminder", to, _("A short note for you"), body, channel), at)
            Reminder.objects.create(
                course=loaded.row, cause=cause.name, link=link, message=message, written_at=at, until=cause.until
            )
    except Complaint:
        return 0
    return 1


def _address(link: Link | None, target: str) -> str:
    """The address behind the words; empty where the site has not told its own."""
    if not settings.UNSTUCK_ADDRESS:
        return ""
    path = reverse("assessment:answer", args=[target]) if link else reverse(target)
    return f"{settings.UNSTUCK_ADDRESS}{path}"
