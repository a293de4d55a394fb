"""How a visit was, asked the day after. It goes to quality and privacy, never to the therapist of the course.

A visit that was not safe, or where what was agreed was not kept to, is an alert of the kind `concern_told`, which no
therapist and nobody who was at the chair may own; nor do they read it where they hold the role of quality as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.course.queries import Loaded, load
from unstuck.clinic.ledger.actions import lock, note
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.portal.leaves import MOST_LETTERS, keep_words
from unstuck.clinic.portal.models import Feedback
from unstuck.core.events import AssessmentCompleted, DoseGiven, VisitBooked
from unstuck.core.session_events import DoseOrdered, HandedOver

SHOWN = 100
ASKED_FOR = timedelta(days=7)
AFTER = timedelta(hours=12)
_ELSEWHERE = (AssessmentCompleted, VisitBooked, DoseOrdered)  # what is done for a visit by people who need not be there
QUESTIONS = ("safe", "agreed", "heard")
NO = 0


def visits_to_ask_of(loaded: Loaded, at: datetime) -> dict[str, datetime]:
    """The visits of the last days that have no feedback yet, as `step:occurrence`, each with its dose; newest first."""
    told = set(Feedback.objects.filter(course=loaded.row).values_list("visit", flat=True))
    asked: dict[str, datetime] = {}
    for event in reversed(loaded.state.doses):
        what = event.what
        if isinstance(what, DoseGiven) and AFTER <= at - event.observed_at <= ASKED_FOR:
            visit = f"{what.step}:{what.occurrence}"
            if visit not in told:
                asked[visit] = event.observed_at
    return asked


def visit_to_ask_of(loaded: Loaded, at: datetime) -> str:
    """The newest visit that is asked about; empty where there is none."""
    return next(iter(visits_to_ask_of(loaded, at)), "")


def was_given(loaded: Loaded, visit: str) -> bool:
    """Whether it was said how that visit was."""
    return Feedback.objects.filter(course=loaded.row, visit=visit).exists()


def give(loaded: Loaded, visit: str, told: Mapping[str, str], at: datetime) -> Feedback:
    """What was said of the visit, kept; its words in an erasable row. Said twice, the first stands.

    Raises PersonErased.
    """
    row, person = loaded.row, loaded.row.person
    words = told.get("words", "").strip()[:MOST_LETTERS]
    step = visit.partition(":")[0]
    with transaction.atomic():
        lock(row.key)
        before = Feedback.objects.filter(course=row, visit=visit).first()
        if before is not None:
            return before
        text = keep_words(person, "feedback.written", words, at, {"step": step}) if words else None
        found = Feedback.objects.create(
            course=row,
            visit=visit,
            text=text,
            given_at=at,
            wants_call=told.get("call") == "1",
            **{key: int(told[key]) for key in QUESTIONS if told.get(key, "") in ("0", "1", "2")},
        )
        note("feedback.given", person.key, at, {"step": step}, row.key)
        if NO in (found.safe, found.agreed) or found.wants_call:
            raise_alert(
                "concern_told", row.key, person.key, at, f"feedback:{found.pk}", {"not": in_the_room(loaded, visit)}
            )
    return found


def in_the_room(loaded: Loaded, visit: str) -> list[str]:
    """Keys of who may not own what is said about a visit: who recorded anything at the chair, and the therapists."""
    therapists = Account.objects.filter(is_active=True, grants__role=Role.THERAPIST)
    return sorted(at_the_chair(loaded, visit) | set(therapists.values_list("key", flat=True)))


def at_the_chair(loaded: Loaded, visit: str) -> set[str]:
    """Keys of the accounts that recorded anything of that visit while it went on, or took the chair over."""
    step, _colon, number = visit.partition(":")
    mine = [e for e in loaded.state.log if _place(e.what) == (step, int(number)) and not isinstance(e.what, _ELSEWHERE)]
    took_over = {e.what.to for e in mine if isinstance(e.what, HandedOver)}
    return ({e.actor for e in mine} | took_over) - {loaded.row.person.key}


def _place(what: object) -> tuple[str, int]:
    return getattr(what, "step", None) or "", getattr(what, "occurrence", None) or 0


def unread_first() -> QuerySet[Feedback]:
    """All feedback, what nobody has read first."""
    return Feedback.objects.select_related("course__person", "text").order_by(
        F("read_at").asc(nulls_first=True), "-given_at"
    )


def readable_by(account: Account) -> list[Feedback]:
    """What this account may read: no word about a visit at which it was itself."""
    found = list(unread_first()[:SHOWN])
    if not access.is_care(account):
        return found
    return [one for one in found if account.key not in at_the_chair(load(one.course), one.visit)]


def mark_read(feedback: Feedback, account: Account, at: datetime) -> None:
    """Somebody has read it; the ledger says who."""
    with transaction.atomic():
        if Feedback.objects.filter(pk=feedback.pk, read_at=None).update(read_at=at, read_by=account.key):
            note("feedback.read", account.key, at, chain=feedback.course.key)


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the page, with its three answers."""

    key: str
    words: str


def questions() -> tuple[Question, ...]:
    """What is asked of a visit."""
    return (
        Question("safe", _("Did you feel safe?")),
        Question("agreed", _("Did everybody keep to what was agreed before?")),
        Question("heard", _("Did we listen to you?")),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One feedback as its reader sees it: answers in words, no name."""

    pk: int
    course: str
    visit: str
    answers: tuple[tuple[str, str], ...]
    words: str
    wants_call: bool
    given_at: datetime
    is_new: bool


ANSWERS = (gettext_lazy("No"), gettext_lazy("Partly"), gettext_lazy("Yes"))


def told(found: Feedback) -> Told:
    """The feedback in words."""
    values = {"safe": found.safe, "agreed": found.agreed, "heard": found.heard}
    answers = [(q.words, str(ANSWERS[n]) if (n := values[q.key]) is not None else "-") for q in questions()]
    words = found.text.body if found.text else ""
    visit = found.visit.replace("_", " ").replace(":", " ")
    return Told(
        found.pk,
        found.course.key,
        visit,
        tuple(answers),
        words,
        found.wants_call,
        found.given_at,
        found.read_at is None,
    )
