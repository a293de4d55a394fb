"""Erasing a person: refused while the law wants the record kept, and then nothing of them is left in any table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from axes.models import AccessAttempt
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from unstuck.clinic import clock
from unstuck.clinic.interop.models import Message as MonitorMessage
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people.actions import erase_person
from unstuck.clinic.people.models import Account, Person
from unstuck.clinic.people.queries import plain_name
from unstuck.core.errors import Complaint

WANTED = ".scrub"
"""A file of the data folder that stands there while the database's file still has to be scrubbed; in no backup."""


class Retained(Complaint):
    """The law wants the record kept for longer."""


class PeriodNotSet(Complaint):
    """The site has not said how long records are to be kept."""


@dataclass(frozen=True, slots=True)
class Known:
    """By what a person is known outside the own row, so that other tables can be searched for it."""

    name: str
    email: str
    phone: str


def may_be_erased_from(person: Person) -> date | None:
    """The first day on which the record may be erased; None where it need not be kept. Raises PeriodNotSet."""
    chains = list(person.courses.values_list("key", flat=True))
    last = Entry.objects.filter(chain__in=chains).exclude(kind="record.read").order_by("-recorded_at").first()
    if last is None or person.simulated:
        return None
    years = settings.UNSTUCK_RETENTION_YEARS
    if years <= 0:
        raise PeriodNotSet(
            _("This site has not said how long records must be kept, so nothing is erased."),
            mend=_("Set UNSTUCK_RETENTION_YEARS to the legal period."),
        )
    day = last.recorded_at.astimezone(clock.zone()).date()
    return _years_on(day, years)


def erase(person: Person, actor: str, at: datetime) -> None:
    """Name, addresses, birth date, words, notes and letters are gone from every table, and from the file's free pages.

    The ledger keeps codes under the pseudonym and still verifies. Raises Retained, PeriodNotSet.
    """
    day = may_be_erased_from(person)
    if day is not None and at.astimezone(clock.zone()).date() < day:
        told = _("The record must be kept until %(day)s.") % {"day": day.isoformat()}
        raise Retained(told, mend=_("Until then, close the accounts and end the links."))
    known = Known(person.name, person.email, person.phone)
    with transaction.atomic():
        _elsewhere(person, known, at)
        erase_person(person, actor, at)
        transaction.on_commit(scrub)


def _elsewhere(person: Person, known: Known, at: datetime) -> None:
    """Letters that wait, tries to sign in, and what a monitor sent with the name in it."""
    accounts = list(Account.objects.filter(person=person))
    addresses = {value for value in (known.email, known.phone, *(one.email for one in accounts)) if value}
    Message.objects.filter(to__in=addresses).delete()
    AccessAttempt.objects.filter(username__in=[one.username for one in accounts]).delete()
    words = plain_name(known.name).split()
    kept = MonitorMessage.objects.exclude(body="").values_list("pk", "body")
    naming = [pk for pk, body in kept.iterator() if any(word in plain_name(body) for word in words)]
    MonitorMessage.objects.filter(pk__in=naming).update(body="", erased_at=at)


def scrub() -> None:
    """What was erased is not in the database's file either: free pages are written anew, and the log is emptied.

    Where somebody reads at this moment, the log cannot be emptied; then the worker's next round tries again.
    """
    marker = settings.UNSTUCK_HOME / WANTED
    marker.touch()
    if _scrubbed():
        marker.unlink(missing_ok=True)


def work_round(_at: datetime) -> None:
    """The file is scrubbed, where it could not be when somebody was erased."""
    if (settings.UNSTUCK_HOME / WANTED).exists():
        scrub()


def _scrubbed() -> bool:
    """Whether nothing stood in the way."""
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("VACUUM")
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                return not busy
            for table in _with_words():
                cursor.execute(f"VACUUM (FULL) {connection.ops.quote_name(table)}")
        return True
    except OperationalError:  # somebody else has the file or the table
        return False


def _with_words() -> list[str]:
    """Every table that could hold something of a person: all but the ledger's, which holds codes and never shrinks."""
    tables = [one._meta.db_table for one in apps.get_models() if one._meta.app_label != "ledger"]
    return sorted(set(tables) & set(connection.introspection.table_names()))


def _years_on(day: date, years: int) -> date:
    """The same day so many years later; the first of March where there is no 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
