"""From a message to a value that a person confirms: nothing doubled, nothing lost, nothing at the wrong chair."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clinic.monitor_messages import BEATS, MMHG, PULSE, SPO2, SYS, VITALS, WHOLE, msh, obx, oru
from unstuck.clinic.interop.devices import AddressTaken, DeviceFacts, assign, name_device, note_refused, retire_device
from unstuck.clinic.interop.framing import Cut, Fault
from unstuck.clinic.interop.hl7 import parse
from unstuck.clinic.interop.models import Device, Message, Proposal, Refused, Unproposed
from unstuck.clinic.interop.proposals import (
    NotHere,
    NotOpen,
    Proposed,
    Reason,
    Sitting,
    confirm,
    latest,
    proposed,
    reject,
    set_aside,
)
from unstuck.clinic.interop.receipt import KEPT_PER_ADDRESS, forget, forget_repeats, receive, receive_fault
from unstuck.clinic.ledger.actions import NoTransaction
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.rooms.actions import first_chairs
from unstuck.clinic.rooms.models import Chair

pytestmark = pytest.mark.django_db

ADDRESS = "10.20.0.7"


@pytest.fixture
def monitor(at: datetime) -> Device:
    """A monitor that has stood at chair 1 for an hour."""
    first_chairs()
    device = name_device(DeviceFacts("Monitor 1", ADDRESS), "a_alma", at - timedelta(hours=1))
    assign(device, chair(1), "a_nia", at - timedelta(hours=1))
    return device


def chair(number: int) -> Chair:
    return Chair.objects.get(key=f"chair_{number}")


def sitting(at: datetime, number: int = 1, course: str = "c_one") -> Sitting:
    return Sitting(f"chair_{number}", course, at - timedelta(minutes=30))


def sent(body: bytes, at: datetime, address: str = ADDRESS) -> str:
    """MSA-1 and MSA-2 of the answer, and ERR-3 where there is one."""
    message = parse(receive(body, address, at).decode("ascii"))
    errors = [s.part(3, 1) for s in message.segments if s.name == "ERR"]
    return " ".join([message.segments[1].field(1), message.segments[1].field(2), *errors]).strip()


def decided(at: datetime, number: int, course: str, one: Proposed) -> Proposed:
    with transaction.atomic():
        return confirm(one.id, sitting(at, number, course), "a_nia", at)


def test_values_are_proposed_at_the_chair_of_their_device(monitor: Device, at: datetime) -> None:
    """A whole message is acknowledged; its six values are proposed at chair 1, none elsewhere, none in any ledger."""
    assert sent(WHOLE, at) == "AA m1"
    found = proposed("chair_1", at - timedelta(minutes=30))
    assert len(found) == 6 and {one.device for one in found} == {"Monitor 1"}
    assert proposed("chair_2", at - timedelta(days=1)) == ()
    assert "ReadingTaken" not in {entry.kind for entry in entries("site")}


def test_the_same_message_again_is_acknowledged_and_not_doubled(monitor: Device, at: datetime) -> None:
    """A repeated message gets the same answer; one with a new id and the same values adds none either."""
    assert [sent(WHOLE, at), sent(WHOLE, at)] == ["AA m1", "AA m1"]
    assert sent(oru(*VITALS, head=msh("m2")), at) == "AA m2"
    assert Proposal.objects.count() == 6
    assert list(Message.objects.order_by("id").values_list("times", flat=True)) == [2, 1]


def test_a_counter_that_starts_again_loses_nothing(monitor: Device, at: datetime) -> None:
    """A restarted device uses an old control id for a new message: its values are taken."""
    sent(WHOLE, at)
    later = oru(obx(SYS, "141", MMHG, at="20260302090500+0000"))
    assert sent(later, at + timedelta(minutes=5)) == "AA m1"
    assert latest("chair_1", at - timedelta(minutes=30))["systolic_mmhg"].value == 141


def test_a_confirmed_value_is_taken_once(monitor: Device, at: datetime) -> None:
    """A second tap gives the first; another course gets a refusal; who confirmed what stands in the course's ledger."""
    sent(WHOLE, at)
    pressure = latest("chair_1", at - timedelta(minutes=30))["systolic_mmhg"]
    first, again = decided(at, 1, "c_one", pressure), decided(at, 1, "c_one", pressure)
    assert (first, first.value, first.name) == (again, 132, "systolic_mmhg")
    with pytest.raises(NotOpen):
        decided(at, 1, "c_two", pressure)
    assert [(e.kind, e.actor) for e in entries("c_one")] == [("monitor.confirmed", "a_nia")]
    assert "systolic_mmhg" not in latest("chair_1", at - timedelta(minutes=30))


def test_a_value_of_another_chair_or_an_earlier_person_is_refused(monitor: Device, at: datetime) -> None:
    """Neither another chair's value nor one measured before this person sat down can be confirmed."""
    sent(WHOLE, at)
    pressure = latest("chair_1", at - timedelta(minutes=30))["systolic_mmhg"]
    with pytest.raises(NotHere):
        decided(at, 2, "c_one", pressure)
    with pytest.raises(NotHere), transaction.atomic():
        confirm(pressure.id, Sitting("chair_1", "c_two", at + timedelta(minutes=1)), "a_nia", at)
    assert proposed("chair_1", at + timedelta(minutes=1)) == ()
    assert Proposal.objects.filter(state="open").count() == 6


@pytest.mark.django_db(transaction=True)
def test_a_value_is_decided_about_within_a_transaction(monitor: Device, at: datetime) -> None:
    """Outside of the transaction that records the reading nothing can be confirmed."""
    sent(WHOLE, at)
    with pytest.raises(NoTransaction):
        confirm(proposed("chair_1", at - timedelta(hours=1))[0].id, sitting(at), "a_nia", at)


def test_a_rejected_value_is_gone_with_its_reason(monitor: Device, at: datetime) -> None:
    """A rejected value is no longer proposed and cannot be confirmed afterwards."""
    sent(oru(obx(SPO2, "71", "%^^UCUM")), at)
    (one,) = proposed("chair_1", at - timedelta(minutes=30))
    with transaction.atomic():
        reject(one.id, sitting(at), "a_nia", at, Reason.ARTEFACT)
    with pytest.raises(NotOpen):
        decided(at, 1, "c_one", one)
    assert (proposed("chair_1", at - timedelta(hours=1)), Proposal.objects.get().reason) == ((), "artefact")


def test_a_value_stays_where_it_was_measured(monitor: Device, at: datetime) -> None:
    """A message that waited while the monitor was moved proposes nothing at the new chair; a new value does."""
    assign(monitor, chair(2), "a_nia", at)
    late = oru(obx(SYS, "190", MMHG, at="20260302085900+0000"), obx(PULSE, "80", BEATS, at="20260302090030+0000"))
    sent(late, at + timedelta(minutes=1))
    assert proposed("chair_1", at - timedelta(hours=1)) == ()
    assert [one.name for one in proposed("chair_2", at - timedelta(hours=1))] == ["pulse_per_min"]
    assert [(row.why, row.chair) for row in Unproposed.objects.all()] == [("moved", None)]


def test_a_device_at_no_chair_proposes_nothing(monitor: Device, at: datetime) -> None:
    """Values of a monitor that nobody put at a chair are acknowledged and kept aside."""
    assign(monitor, None, "a_nia", at - timedelta(minutes=1))
    assert sent(WHOLE, at) == "AA m1"
    assert (Proposal.objects.count(), {row.why for row in Unproposed.objects.all()}) == (0, {"no_chair"})


def test_what_could_not_be_proposed_is_told_at_the_chair(monitor: Device, at: datetime) -> None:
    """A value without a unit is shown beside the good ones, with its reason in words."""
    sent(oru(obx(SYS, "132", ""), obx(PULSE, "70", BEATS)), at)
    (aside,) = set_aside("chair_1", at - timedelta(minutes=1))
    assert (aside.name, aside.as_sent, aside.words) == ("systolic_mmhg", "132", "it has no unit")
    assert list(latest("chair_1", at - timedelta(minutes=1))) == ["pulse_per_min"]


def test_a_doubtful_clock_is_shown_and_never_corrected(monitor: Device, at: datetime) -> None:
    """A device seven minutes behind keeps its own time, and the value says how far the clock is off."""
    body = oru(obx(SYS, "132", MMHG, at="20260302085300+0000"), head=msh(sent="20260302085300+0000"))
    sent(body, at)
    (one,) = proposed("chair_1", at - timedelta(hours=1))
    assert (one.observed_at, one.clock_offset_s, one.clock_doubtful) == (at - timedelta(minutes=7), -420, True)
    monitor.refresh_from_db()
    assert monitor.clock_offset_s == -420


def test_a_clock_a_little_ahead_puts_nothing_into_the_future(monitor: Device, at: datetime) -> None:
    """Within half a minute the value is taken as of its receipt, so that no reading precedes its recording."""
    sent(oru(obx(SYS, "132", MMHG, at="20260302090020+0000"), head=msh(sent="20260302090020+0000")), at)
    (one,) = proposed("chair_1", at - timedelta(hours=1))
    assert (one.observed_at, one.clock_offset_s, one.clock_doubtful) == (at, 20, False)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"hello", "AR  100"),
        (b"MSH|^~\\&|", "AR  200"),
        (oru(*VITALS, head=msh("m7", kind="ADT^A01")), "AR m7 200"),
        (oru(*VITALS, head=msh("m7", processing="T")), "AR m7 202"),
        (oru(head=msh("m7")), "AE m7 100"),
        (oru(*VITALS, head=msh("m7")) + b"x|\r", "AE m7 100"),
        (oru(*VITALS, head=msh("m7")) + b"NTE|\xff\r", "AE m7 102"),
        (oru(*VITALS, head=msh("m\x00\x077")) + b"NTE|\xff\r", "AE m??7 102"),
    ],
)
def test_a_malformed_message_is_refused_and_kept_aside(monitor: Device, at: datetime, body: bytes, told: str) -> None:
    """Each gets the answer that names what is wrong; it is kept with a reason; nothing of it is proposed."""
    assert sent(body, at) == told
    (row,) = Message.objects.all()
    assert (row.device, bool(row.fault), bool(row.body), row.verdict) == (monitor, True, True, told[1])
    assert Proposal.objects.count() == 0


def test_a_refused_message_is_taken_once_its_cause_is_mended(at: datetime) -> None:
    """A message of a device that nobody named is refused; the sender's next try after naming it is taken."""
    first_chairs()
    assert sent(WHOLE, at) == "AE m1 204"
    device = name_device(DeviceFacts("Monitor 1", ADDRESS), "a_alma", at - timedelta(hours=1))
    assign(device, chair(1), "a_nia", at - timedelta(hours=1))
    assert sent(WHOLE, at) == "AA m1"
    (row,) = Message.objects.all()
    assert (row.verdict, row.body, Proposal.objects.count()) == ("A", "", 6)


def test_devices_behind_one_gateway_are_told_apart(at: datetime) -> None:
    """With one address, each device is known by how it names itself; an unknown one is refused."""
    first_chairs()
    for number, identifier in ((1, "BED7"), (2, "BED8")):
        device = name_device(DeviceFacts(f"Bed {number}", ADDRESS, identifier), "a_alma", at)
        assign(device, chair(number), "a_nia", at - timedelta(hours=1))
    with pytest.raises(AddressTaken):
        name_device(DeviceFacts("Again", f"::ffff:{ADDRESS}", "BED7"), "a_alma", at)
    assert sent(WHOLE, at) == "AA m1"
    assert len(proposed("chair_1", at - timedelta(hours=1))) == 6
    assert sent(WHOLE.replace(b"BED7", b"BED9"), at) == "AE m1 204"


def test_a_broken_frame_is_kept_and_an_endless_one_refused(monitor: Device, at: datetime) -> None:
    """The sender of a cut-off frame gets no answer, because it does not wait for one; a too long one is refused."""
    assert receive_fault(Fault(Cut.BROKEN_OFF, WHOLE[:90]), ADDRESS, at) is None
    refused = receive_fault(Fault(Cut.TOO_LONG, WHOLE), ADDRESS, at)
    assert refused and b"MSA|AR|m1" in refused and b"104^Value too long" in refused
    assert Message.objects.exclude(verdict="A").count() == 2


def test_a_value_each_second_is_thinned_and_every_pressure_kept(monitor: Device, at: datetime) -> None:
    """Of one value a second no two of a channel lie nearer than 15 s; each pressure is proposed; none is replaced."""
    first = None
    for second in range(60):
        when = f"202603020900{second:02}+0000"
        rows = [obx(SPO2, str(90 + second % 8), "%^^UCUM", at=when), obx(SYS, str(120 + second), MMHG, at=when)]
        sent(
            oru(*rows, obx(PULSE, "70", "", at=when), head=msh(f"s{second}", sent=when)), at + timedelta(seconds=second)
        )
        first = first or proposed("chair_1", at)[0]
    found = proposed("chair_1", at)
    oxygen = [one.observed_at.second for one in found if one.name == "spo2_percent"]
    assert (oxygen, sum(one.name == "systolic_mmhg" for one in found)) == ([0, 15, 30, 45], 60)
    assert first in found
    assert Unproposed.objects.count() == 1


def test_what_proposed_nothing_is_forgotten_after_an_hour(monitor: Device, at: datetime) -> None:
    """Messages of a fast stream that added nothing leave no rows behind; those that proposed something stay."""
    for second in range(5):
        row = obx(SPO2, "97", "%^^UCUM", at=f"202603020900{second:02}+0000")
        sent(oru(row, head=msh(f"s{second}")), at + timedelta(seconds=second))
    assert forget_repeats(at + timedelta(minutes=59)) == 0
    assert forget_repeats(at + timedelta(minutes=61)) == 4
    assert (Message.objects.count(), Proposal.objects.count()) == (1, 1)


def test_rubbish_does_not_fill_the_disk(monitor: Device, at: datetime) -> None:
    """Of one address only the newest unusable messages are kept, and what was taken is never pushed out."""
    sent(WHOLE, at)
    for number in range(KEPT_PER_ADDRESS + 5):
        receive(b"rubbish %d" % number, ADDRESS, at + timedelta(seconds=number + 1))
    assert Message.objects.exclude(verdict="A").count() == KEPT_PER_ADDRESS
    assert Proposal.objects.count() == 6


@given(
    edits=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(max_size=6)), max_size=6),
    end=st.integers(0, len(WHOLE)) | st.just(len(WHOLE)),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_damaged_message_goes_unanswered(
    monitor: Device, at: datetime, edits: list[tuple[int, bytes]], end: int
) -> None:
    """Whatever bytes are changed or lost, the database takes it and the answer is a whole acknowledgement."""
    body = bytearray(WHOLE[:end])
    for place, piece in edits:
        body[place : place + len(piece)] = piece
    told = parse(receive(bytes(body), ADDRESS, at).decode("ascii"))
    names = [segment.name for segment in told.segments]
    accepted = told.segments[1].field(1) in ("AA", "CA")
    assert names == (["MSH", "MSA"] if accepted else ["MSH", "MSA", "ERR"])


def test_old_messages_are_forgotten(monitor: Device, at: datetime) -> None:
    """What was received before the given instant is gone with its values; the ledger's entry of a decision stays."""
    sent(WHOLE, at)
    decided(at, 1, "c_one", proposed("chair_1", at - timedelta(hours=1))[0])
    forget(at)
    assert Message.objects.count() == 1
    forget(at + timedelta(seconds=1))
    assert (Message.objects.count(), Proposal.objects.count(), len(entries("c_one"))) == (0, 0, 1)


def test_a_retired_device_is_refused_and_stands_nowhere(monitor: Device, at: datetime) -> None:
    """Its messages are refused, its chair is free, and its address may be given to another."""
    retire_device(monitor, "a_alma", at)
    assert sent(WHOLE, at) == "AE m1 204"
    assert monitor.standings.filter(until=None).count() == 0
    name_device(DeviceFacts("New", ADDRESS), "a_alma", at)


def test_a_refused_address_is_counted_and_noted_once_a_day(at: datetime) -> None:
    """Each try is counted; the ledger has one entry a day and address, not one a try."""
    for hours in (0, 1, 2, 25):
        note_refused("10.9.9.9", at + timedelta(hours=hours))
    assert Refused.objects.get().times == 4
    assert [entry.kind for entry in entries("site")] == ["monitor.refused"] * 2
