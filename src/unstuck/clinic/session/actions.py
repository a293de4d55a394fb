"""The acts of a dosing session that need a person's name: check-in, order, check, dose, hand-over, leaving."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, load
from unstuck.clinic.custody import actions as custody
from unstuck.clinic.custody import queries as stock
from unstuck.clinic.ledger.actions import lock, note
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.accounting import account_for_drawing
from unstuck.clinic.session.before import refuse_late_tests
from unstuck.clinic.session.models import HelpLink, RoomCheck, Sitting, Watch
from unstuck.clinic.session.projection import project
from unstuck.clinic.session.queries import Place, kept_by, live, refuse_unknown, room_check_of_today
from unstuck.core import events as ev
from unstuck.core.calendar import companions, number_of
from unstuck.core.drawing import Drawn, drawn
from unstuck.core.errors import Complaint
from unstuck.core.orders import agreed_check, check_of, standing_order
from unstuck.core.protocol import Dose, Expose, Integrate
from unstuck.core.refusals import NotReadyToLeave
from unstuck.core.session_events import CheckRole, DoseChecked, DoseOrdered, HandedOver, SessionOpened

Acts = Sequence[tuple[ev.What, Entry]]
OVERTAKES = timedelta(seconds=30)  # longer than a page waits for an answer: no word of before is still on its way


class WrongPerson(Complaint):
    """The identifiers that were compared are not this person's."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where and by which identifiers a person is checked in."""

    chair: str
    identifiers: tuple[str, ...]  # codes of what was compared: name, born_on, photo


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a prescriber orders; drug, route and regimen are the protocol's."""

    amount: float
    unit: str
    cap_mg: float
    valid_until: datetime
    minutes: float | None


@dataclass(frozen=True, slots=True)
class InHand:
    """What one person sees in their hand: the scanned lot as custody knows it, and how much is drawn."""

    lot: str
    drug: str
    mg_per_unit: float
    unit: str
    units: float


def open_session(course: Course, place: Place, seat: Seat, entry: Entry) -> Sitting:
    """The person is in the chair. What the clinic knows of the room today is stated with it.

    Raises ChairTaken, NoSuchSession and core Refusals; then nothing was written.
    """
    with transaction.atomic():
        lock(course.key)
        refuse_unknown(load(course).protocol, place)
        opened = SessionOpened(place.step, place.occurrence, seat.chair, seat.identifiers)
        write_all(course, [(opened, entry), *_room(entry)])
        sitting = project(course, place, entry.recorded_at)
    assert sitting is not None  # the event above names a chair
    return sitting


def _room(entry: Entry) -> Acts:
    """The room check of today as facts of this course; nothing where nobody checked."""
    check = room_check_of_today(entry.observed_at)
    if check is None:
        return ()
    found = {"oxygen_ready": check.oxygen, "suction_ready": check.suction, "rescue_drugs_ready": check.rescue_drugs}
    return [
        (ev.FactStated(f"room.{name}", ready), Entry(check.by, check.at, entry.recorded_at))
        for name, ready in found.items()
    ]


def check_room(check: RoomCheck) -> None:
    """Today's check of the room is kept, and stated in every session that is open."""
    with transaction.atomic():
        check.save()
        payload = {"oxygen": check.oxygen, "suction": check.suction, "rescue_drugs": check.rescue_drugs}
        for sitting in Sitting.objects.filter(left_at=None).select_related("course__release"):
            lock(sitting.course.key)
            write_all(sitting.course, list(_room(Entry(check.by, check.at, check.at))))
        note("room.checked", check.by, check.at, payload)


def order_dose(course: Course, place: Place, wanted: Wanted, entry: Entry) -> DoseOrdered:
    """The prescriber's order for this session, and for no other. Raises core Refusals."""
    with transaction.atomic():
        lock(course.key)
        loaded = load(course)
        refuse_unknown(loaded.protocol, place)
        activity = loaded.protocol.step(place.step).activity
        assert isinstance(activity, Dose)  # refuse_unknown has seen to it
        regimen = loaded.protocol.regimen(activity.regimen, loaded.state.arm)
        order = DoseOrdered(
            step=place.step,
            occurrence=place.occurrence,
            order=entry.id or secrets.token_hex(8),
            regimen=regimen.key,
            drug=regimen.drug,
            route=regimen.route.value,
            amount=wanted.amount,
            unit=wanted.unit,
            cap_mg=wanted.cap_mg,
            valid_until=wanted.valid_until,
            minutes=wanted.minutes,
        )
        write_all(course, [(order, entry)])
    return order


def to_draw(loaded: Loaded, place: Place, in_hand: InHand, at: datetime) -> Drawn:
    """What the standing order means in this lot's unit at today's weight. Raises core Refusals."""
    order = standing_order(loaded.state, place.step, place.occurrence, at)
    plan = loaded.protocol.monitoring
    step = (plan.limit("volume_step_ml") if plan else None) or 0.01
    return drawn(order, weight_of(loaded, at), in_hand.mg_per_unit, in_hand.unit, step if in_hand.unit == "mL" else 1.0)


def weight_of(loaded: Loaded, at: datetime) -> float | None:
    """The last weight, in kg; whether it is of today is for the gate to judge."""
    seen = [s for s in loaded.state.series.get("weight_kg", ()) if s.at <= at]
    return float(seen[-1].value) if seen else None


def check_dose(course: Course, place: Place, role: CheckRole, in_hand: InHand, entry: Entry) -> DoseChecked:
    """What this person sees, entered without seeing the other's entry. Raises core Refusals."""
    with transaction.atomic():
        lock(course.key)
        loaded = load(course)
        order = standing_order(loaded.state, place.step, place.occurrence, entry.observed_at)
        checked = DoseChecked(
            step=place.step,
            occurrence=place.occurrence,
            order=order.order,
            role=role,
            drug=in_hand.drug,
            lot=in_hand.lot,
            mg_per_unit=in_hand.mg_per_unit,
            unit=in_hand.unit,
            units=in_hand.units,
            weight_kg=weight_of(loaded, entry.observed_at),
        )
        known = _known_here(loaded, place, entry) if role is CheckRole.GIVER else []
        write_all(course, [*known, (checked, entry)])
    return checked


def give_dose(course: Course, place: Place, entry: Entry) -> ev.DoseGiven:
    """The dose begins, as ordered and as both people checked. A second tap gives the dose that already stands.

    What the clinic itself knows (ratio of nurses to chairs, booked integration) is stated just before, so that its
    gates are judged on the present. Raises core Refusals and TestLate; then nothing was written.
    """
    with transaction.atomic():
        lock(course.key)
        loaded = load(course)
        standing_dose = live(course, place, entry.recorded_at).session.dose
        if standing_dose is not None and isinstance(standing_dose.what, ev.DoseGiven):
            return standing_dose.what
        refuse_late_tests(loaded, entry.observed_at)
        order = standing_order(loaded.state, place.step, place.occurrence, entry.observed_at)
        seen = agreed_check(loaded.state, order, entry.observed_at)
        given = _given(order, seen)
        write_all(course, [*_known_here(loaded, place, entry), (given, entry)])
        _draw(course, loaded, order, given, entry)
        project(course, place, entry.recorded_at)
    return given


def _draw(course: Course, loaded: Loaded, order: DoseOrdered, given: ev.DoseGiven, entry: Entry) -> None:
    """Takes what is given off the balance of its lot, before the second person's name. Raises custody's refusals."""
    second = check_of(loaded.state, order, CheckRole.CHECKER, entry.observed_at)
    keys = [entry.actor, *([second.actor] if second else [])]
    people = {account.key: account for account in Account.objects.filter(key__in=keys)}
    asked = custody.Draw(
        act=f"draw-{given.order}",
        lot=stock.lot(given.lot),
        amount=Decimal(str(given.units)),
        drug=given.drug,
        course=course,
        actor=people[entry.actor],
        witness=people.get(second.actor) if second else None,
    )
    custody.draw(asked, entry.recorded_at)


def _given(order: DoseOrdered, seen: DoseChecked) -> ev.DoseGiven:
    return ev.DoseGiven(
        step=order.step,
        occurrence=order.occurrence,
        drug=order.drug,
        route=order.route,
        amount_mg=seen.units * seen.mg_per_unit,
        weight_kg=seen.weight_kg,
        minutes=order.minutes,
        regimen=order.regimen,
        order=order.order,
        lot=seen.lot,
        units=seen.units,
        unit=seen.unit,
    )


def _known_here(loaded: Loaded, place: Place, entry: Entry) -> list[tuple[ev.What, Entry]]:
    """Facts that the clinic counts for itself, stated by the giver at the moment of the dose."""
    told = Entry(entry.actor, entry.observed_at, entry.recorded_at)
    facts: list[tuple[ev.What, Entry]] = []
    most = loaded.protocol.monitoring.limit("chairs_per_nurse") if loaded.protocol.monitoring else None
    if most is not None:
        facts.append((ev.FactStated("room.ratio_kept", kept_by(entry.actor) <= most), told))
    if any(isinstance(step.activity, Integrate | Expose) for step in loaded.protocol.steps):
        booked = integration_booked(loaded, place, entry.observed_at)
        facts.append((ev.FactStated("person.integration_booked", booked), told))
    return facts


def integration_booked(loaded: Loaded, place: Place, at: datetime) -> bool:
    """Whether the sessions that belong to a dose begun at `at` are booked inside their windows.

    Where the plan ties none to this dose, any coming talk or therapy session that is booked will do.
    """
    number = number_of(loaded.protocol, loaded.state, place.step, place.occurrence)
    mine = companions(loaded.protocol, loaded.state, number, at, clock.zone())
    if mine:
        return any(one.inside for one in mine)
    kinds = {s.key for s in loaded.protocol.steps if isinstance(s.activity, Integrate | Expose)}
    return any(step in kinds and when > at for (step, _n), when in loaded.state.booked.items())


def hand_over(course: Course, place: Place, to: Account, read_back: tuple[str, ...], entry: Entry) -> None:
    """The chair has another keeper from now on, who has read back every alarm that is open. Raises NotReadBack."""
    with transaction.atomic():
        lock(course.key)
        stands = live(course, place, entry.recorded_at)
        missing = {alarm.rule.key for alarm in stands.session.alarms} - set(read_back)
        if missing:
            raise NotReadBack(f"Not read back: {', '.join(sorted(missing))}.", mend="Read each open alarm back.")
        handed = HandedOver(place.step, place.occurrence, stands.session.chair, to.key, read_back)
        write_all(course, [(handed, entry)])
        project(course, place, entry.recorded_at)


class NotReadBack(Complaint):
    """An open alarm was not read back by who takes over."""


def leave(course: Course, place: Place, to: ev.Leaving, entry: Entry) -> None:
    """The person left, home when every rule holds, or into other hands. Raises NotReadyToLeave."""
    with transaction.atomic():
        lock(course.key)
        _refuse_unanswered(course, place, to, entry.recorded_at)
        write_all(course, [(ev.Discharged(place.step, place.occurrence, to), entry)])
        account_for_drawing(live(course, place, entry.recorded_at), entry)
        project(course, place, entry.recorded_at)


def _refuse_unanswered(course: Course, place: Place, to: ev.Leaving, at: datetime) -> None:
    """Nobody goes home while an alarm, a call or an emergency of this session is open: it would vanish with them."""
    stands = live(course, place, at).session
    if to is not ev.Leaving.HOME:
        return
    if stands.alarms or stands.calls:
        raise NotReadyToLeave(
            "An alarm or a call of this session is still open.", mend="Take it, look, and read again."
        )
    if stands.emergency is not None:
        raise NotReadyToLeave("An emergency of this session goes on.", mend="Say that it is over, when it is.")


def heard(sitting: Sitting, device: str, visible: bool, offset_s: float, at: datetime) -> None:
    """The device's page lives; `visible` is whether somebody can see it. A word that a later one has overtaken on its
    way changes nothing."""
    if _overtaken(sitting, device, at + timedelta(seconds=offset_s), at):
        return
    fields = {"visible": visible, "heard_at": at, "offset_s": offset_s}
    as_before = Watch.objects.filter(sitting=sitting, device=device, visible=visible).update(**fields)
    if not as_before:
        Watch.objects.update_or_create(sitting=sitting, device=device, defaults=fields | {"since": at})


def _overtaken(sitting: Sitting, device: str, sent_at: datetime, at: datetime) -> bool:
    """Whether what was heard last was sent later, by the device's own clock; one that was set back is believed soon."""
    last = Watch.objects.filter(sitting=sitting, device=device, heard_at__gt=at - OVERTAKES).first()
    return last is not None and sent_at < last.heard_at + timedelta(seconds=last.offset_s)


def make_help_link(sitting: Sitting, by: str, at: datetime) -> str:
    """The token of a new link for the person's own device."""
    token = secrets.token_urlsafe(18)
    with transaction.atomic():
        HelpLink.objects.create(sitting=sitting, token_hash=_hash(token), made_at=at)
        note("help_link.made", by, at, {"step": sitting.step, "occurrence": sitting.occurrence}, sitting.course.key)
    return token


def sitting_of(token: str) -> Sitting | None:
    """The open session behind a help link; None when it is none of ours or the session is over."""
    link = HelpLink.objects.select_related("sitting__course__release").filter(token_hash=_hash(token)).first()
    return link.sitting if link and link.sitting.left_at is None else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
