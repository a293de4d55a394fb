"""The demonstration's way to treatment: one person half screened, one ready for a decision, visits in the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.queries import Loaded, everyone, loaded
from unstuck.clinic.criteria.actions import rules as signed_rules
from unstuck.clinic.criteria.actions import sign_as
from unstuck.clinic.pathway import booking, consents, disclosure, screening
from unstuck.clinic.pathway.capacity import hours
from unstuck.clinic.pathway.consent_texts import NotSigned, issue_as, text_in_use
from unstuck.clinic.pathway.looked import look
from unstuck.clinic.people.models import Account
from unstuck.clinic.rooms.queries import seats
from unstuck.core.accepting import DueState, watching
from unstuck.core.calendar import Visit, calendar
from unstuck.core.consent import hash_of
from unstuck.core.consent_file import languages, load_consent
from unstuck.core.errors import Complaint
from unstuck.core.protocol_file import load_protocol
from unstuck.core.screening import INDEX_TRAUMA, Before
from unstuck.core.screening_file import content_hash, library_text

TEXT_OF = "feder_2021"
GOALS = ("Sleep through the night again.", "Take the bus to my daughter's school.")
TALKS = ("prepare", "integrate", "expose", "review", "contact")
TODAY = timedelta(hours=24)  # whoever comes today has a chair by the simulation already
Answers = list[tuple[str, bool | str]]


def fill(at: datetime) -> None:
    """Screening at two stages, a signed consent with goals, a release of information, and a day with visits."""
    cast = Account.objects.filter(username__in=("cleo", "nia", "ben", "finn"), demonstration=True)
    actor = {account.username: account.key for account in cast}
    sign_as(actor["cleo"], content_hash(library_text()), at)
    try:
        for language in reversed(languages()):
            issue_as(load_protocol(TEXT_OF), actor["cleo"], at, language)
    except NotSigned:
        return
    open_ = loaded(everyone().filter(ended_at=None).exclude(person__account__username="ada"))
    fresh = [one for one in open_ if not one.state.doses]
    for one, answers in zip(fresh, (_half(at), _whole(at)), strict=False):
        screening.answer(one.row, answers, Entry(actor["nia"], at, at))
    _consented(open_, actor, at)
    _tested(open_, actor["nia"], at)
    _booked(open_, actor, at)
    _seated(open_, actor["finn"], at)


def _whole(at: datetime) -> Answers:
    """The answers of somebody with one thing to weigh and a clearance, all tests of last week."""
    rules, day = signed_rules(), (at - timedelta(days=6)).date()
    told: Answers = [(f"person.{key}", False) for key, _ask in rules.facts]
    told += [(rule.fact, rule.key in ("cystitis", "severe_sleep_apnoea")) for rule in rules.rules if rule.ask]
    told += [(t.fact, "adequate_not" if t.key == "pe" else "none") for t in rules.treatments]
    told += [(m.fact, "taking" if m.key == "ssri_now" else "no") for m in rules.medicines]
    told += [(t.fact, f"normal:{day}") for t in rules.tests if t.before is Before.FIRST_DOSE]
    told.append(("person.clearance.severe_sleep_apnoea", f"until:{day + timedelta(days=200)}"))
    return [*told, (INDEX_TRAUMA, "item1")]


def _half(at: datetime) -> Answers:
    """What was asked of somebody at the first visit: one condition that needs a word, one test that is too old."""
    rules = signed_rules()
    told: Answers = [(f"person.{key}", False) for key, _ask in rules.facts]
    told += [(rule.fact, rule.key == "stable_heart_disease") for rule in rules.rules[:18] if rule.ask]
    told += [("person.medicine.maoi", f"stopped:{(at - timedelta(days=5)).date()}")]
    return [*told, ("person.test.ecg", f"normal:{(at - timedelta(days=300)).date()}")]


def _consented(courses: list[Loaded], actor: dict[str, str], at: datetime) -> None:
    """One person in treatment signs the text in use, with two goals, and allows the family doctor to be told."""
    one = next((c for c in courses if c.row.release.key == TEXT_OF and c.state.doses), None)
    text = text_in_use(TEXT_OF)
    if one is None or text is None:
        return
    for goal in GOALS:
        consents.set_goal(one.row, goal, actor["ben"], at)
    every = frozenset(confirmed.key for confirmed in load_consent().confirm)
    shown = hash_of(consents.shown(one.row, text))
    signature = consents.Signature(one.row.person.name, consents.Identity.PASSPORT, every, shown)
    consents.sign(one.row, signature, Entry(actor["ben"], at, at))
    until = (at + timedelta(days=365)).date()
    disclosure.allow(
        one.row, "Dr Robin Reed, family practice", until, consents.Identity.KNOWN, actor["ben"], at
    )  # fmt: skip


def _booked(courses: list[Loaded], actor: dict[str, str], at: datetime) -> None:
    """The next talk of the first six people who wait for one, each in a room with the therapist, one after another."""
    start = _quarter(at + timedelta(hours=1))
    waiting = [(one, visit) for one in courses for visit in _talks(one, at)][:6]
    for number, (one, visit) in enumerate(waiting):
        place = booking.Place(visit.row.step, visit.row.occurrence)
        slot = booking.Slot(start + number * timedelta(hours=1), 60, room="quiet_room", clinician=actor["ben"])
        try:
            booking.book(one.row, place, slot, Entry(actor["finn"], at, at))
        except Complaint:
            continue  # the plan of this one allows no visit then: the next person has the hour


def _tested(courses: list[Loaded], nia: str, at: datetime) -> None:
    """Whoever is in long treatment had the tests that come back, of the first person all but the one due first."""
    rules = signed_rules()
    late = [(one.row, watching(rules, one.state, look(one, at))) for one in courses if one.state.doses]
    late = [(row, watched) for row, watched in late if any(test.state is DueState.LATE for test in watched)]
    day = (at - timedelta(days=40)).date()
    for number, (row, watched) in enumerate(late):
        told: Answers = [(f"person.test.{test.key}", f"normal:{day}") for test in watched[number == 0 :]]
        screening.answer(row, told, Entry(nia, at, at))


def _talks(one: Loaded, at: datetime) -> Iterator[Visit]:
    """The first talk that the course asks for."""
    visits = calendar(one.protocol, one.state, at, clock.zone(), hours())
    mine = [v for v in visits if v.asks and v.row.kind in TALKS and v.row.opens and v.row.opens <= at]
    yield from mine[:1]


def _seated(courses: list[Loaded], finn: str, at: datetime) -> None:
    """Doses that the simulation booked for the coming days hold a chair, where one is free."""
    for one in courses:
        for visit in calendar(one.protocol, one.state, at, clock.zone()):
            row = visit.row
            if row.kind == "dose" and row.booked and at + TODAY < row.booked < at + timedelta(days=3):
                slots = [booking.Slot(row.booked, 150, seat.key) for seat in seats()]
                _first_free(one, booking.Place(row.step, row.occurrence), slots, Entry(finn, at, at))


def _first_free(one: Loaded, place: booking.Place, slots: list[booking.Slot], entry: Entry) -> None:
    for slot in slots:
        try:
            booking.book(one.row, place, slot, entry)
            return
        except Complaint:
            continue  # taken, or not for this route: the next chair


def _quarter(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment - over + timedelta(minutes=15)
