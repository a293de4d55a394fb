"""A real object for every kind of address: stock, monitor, chair, account, journal, note, visit told; each marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.clinic.stock import VIAL, act, lot_of
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import counts
from unstuck.clinic.custody.acts import Signed
from unstuck.clinic.custody.models import Drawing, Lot, Reason
from unstuck.clinic.custody.proposals import Proposed, propose
from unstuck.clinic.interop.devices import DeviceFacts, name_device
from unstuck.clinic.interop.models import Message
from unstuck.clinic.pathway import booking, consents, disclosure, screening
from unstuck.clinic.people.models import Account, Competence, Photo
from unstuck.clinic.people.roles import Role
from unstuck.clinic.portal import days, feedback, leaves
from unstuck.clinic.privacy import glass
from unstuck.clinic.rooms.models import Chair
from unstuck.core import events as ev

Arguments = dict[tuple[str, str], Any]
DAY = timedelta(days=1)


def written(course: Course, accounts: dict[str, Account], spare: Account, now: datetime) -> str:
    """What people write: reasons, goals, journal, plan, days, feedback, an opening in an emergency; the key of a
    release of information."""
    nurse, person = accounts["nurse"].key, course.person
    write_all(course, [(ev.StepSkipped("decision", 1, "other"), Entry(nurse, now, now, "Words fieldmark"))])
    consents.set_goal(course, "Goal fieldmark", nurse, now)
    release = disclosure.allow(course, "Clinic fieldmark", now.date() + 90 * DAY, consents.Identity.KNOWN, nurse, now)
    leaves.write_journal(person, "Shared leaf fieldmark", True, now)
    leaves.save_plan(person, {"signs": "Plan fieldmark"}, False, now)
    days.keep_day(person, now.date(), {"moved": "777"}, now.date())
    Photo.objects.create(person=person, body=b"photofieldmark", mark="m", kept_at=now, kept_by=nurse)
    told = {"safe": "2", "agreed": "2", "heard": "2", "words": "Visit fieldmark"}
    loaded = queries.load(course)
    feedback.give(loaded, feedback.visit_to_ask_of(loaded, now) or "dose:1", told, now)
    why = glass.Why("danger_to_life", "Glass fieldmark, in a sentence.")
    glass.break_glass(course, spare, glass.RECORD, why, now - 2 * glass.OPEN_FOR)
    return release


def screened(course: Course, nurse: Account, now: datetime) -> None:
    """An answer of screening whose date nothing else has."""
    screening.answer(course, [("person.test.liver", "normal:1999-07-17")], Entry(nurse.key, now, now))


def seated(course: Course, nurse: Account, now: datetime) -> None:
    """A visit in a room that nothing else is called."""
    loaded = queries.load(course)
    step = next(s.key for s in loaded.protocol.steps if type(s.activity).__name__ in ("Expose", "Integrate"))
    slot = booking.Slot(now + 3 * DAY, 60, room="Birchroom")
    booking.book(course, booking.Place(step, 2), slot, Entry(nurse.key, now, now))


def things(course: Course, accounts: dict[str, Account], spare: Account, at: datetime) -> Arguments:
    """Keys of a lot behind a mask, its drawing, waste and difference, of a monitor, a chair and the rest."""
    cast = {"otis": accounts[Role.CUSTODIAN.value], "cleo": accounts["prescriber"], "nia": accounts["nurse"]}
    lot = lot_of(replace(VIAL, key="mark", title="Fieldmark vial"), cast, at, code="LOT1", masked=True)
    drawing = _drawing(lot, course, cast, at)
    waste = propose(Proposed(lot, 500, Reason.BROKEN, 1), Signed(act(), cast["nia"]), at)
    found = counts.count(counts.Count(lot, sealed=0), Signed(act(), cast["otis"], cast["cleo"]), at).discrepancy
    assert found is not None
    chair = Chair.objects.create(key="chair_9", label="Chair 9")
    device = name_device(DeviceFacts("Monitor nine", "10.0.0.9"), accounts["admin"].key, at)
    kept = Message.objects.create(address="10.0.0.9", received_at=at, verdict="E", body="OBX kept fieldmark")
    held = Competence.objects.create(
        account=accounts["nurse"], skill="give_dose", since=at, until=at + DAY, basis="observed", signed_by="a_test"
    )
    leaf = leaves.write_journal(course.person, "Own leaf fieldmark", False, at)
    return {
        ("custody:lot", "key"): lot.key, ("custody:waste", "key"): lot.key, ("custody:aside", "key"): lot.key,
        ("custody", "key"): found.key, ("custody", "location"): lot.containers.all()[0].location,
        ("custody", "day"): at.date().isoformat(),
        ("custody:drawing", "act"): drawing.act, ("custody", "act"): waste.act,
        ("rooms", "key"): chair.key, ("interop", "key"): device.key, ("interop", "number"): kept.pk,
        ("people", "key"): course.person.key, ("people", "account_id"): spare.pk,
        ("training", "pk"): held.pk, ("portal:leaf", "key"): leaf.key,
    }  # fmt: skip


def _drawing(lot: Lot, course: Course, cast: dict[str, Account], at: datetime) -> Drawing:
    """One drawing whose rest nobody has accounted for."""
    return Drawing.objects.create(
        act=act(), lot=lot, location="safe", course=course.key, drawn=1000, given_parts=0, wasted_parts=0,
        drawn_by=cast["nia"].key, drawn_at=at,
    )  # fmt: skip
