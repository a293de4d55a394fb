"""A dosing session through the clinic's actions: what is prevented before a dose, and what is never lost after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.clinic.courses import enrolled
from tests.clinic.stock import STRONG, lot_of
from tests.course_makers import MINUTE, tell
from tests.session_makers import PLACE, Cast, by, check_in, checked, ordered, ready, running, seen, vial
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.custody import queries as stock
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.session import actions
from unstuck.clinic.session.models import RoomCheck, Sitting
from unstuck.clinic.session.projection import ChairTaken
from unstuck.clinic.session.queries import Place, live
from unstuck.clinic.session.receiving import Batch, Sent, receive
from unstuck.core import events as ev
from unstuck.core import refusals as no
from unstuck.core.infusion import Running
from unstuck.core.session import Phase
from unstuck.core.session_events import CheckRole

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def doses(course: Course) -> tuple[ev.Event, ...]:
    return load(course).state.doses


def test_the_tenfold_concentration_is_stopped_at_the_check(cast: Cast, at: datetime) -> None:
    """A 50 mg/mL vial under an order that meant 10 mg/mL: the volume of the weak vial is refused, nothing is given."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    strong = lot_of(STRONG, cast, now)
    with pytest.raises(no.DoseAboveCap, match="hold 200 mg; ordered are 40 mg"):
        actions.check_dose(course, PLACE, CheckRole.GIVER, seen(strong, 4.0), by(cast["nia"], now))
    with pytest.raises(no.NotChecked):
        actions.give_dose(course, PLACE, by(cast["nia"], now))
    assert doses(course) == ()


def test_the_right_volume_of_a_strong_vial_is_given(cast: Cast, at: datetime) -> None:
    """The same order from 50 mg/mL is 0.8 mL and 40 mg, taken off that lot's balance."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    strong = lot_of(STRONG, cast, now)
    before = stock.on_hand(strong)
    checked(course, cast, strong, now, units=0.8)
    given = actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE))
    assert given.amount_mg == pytest.approx(40.0)
    assert before - stock.on_hand(strong) == Decimal("0.8")


def test_pounds_for_kilograms_need_a_second_person(cast: Cast, at: datetime) -> None:
    """A weight of 176 after 80 the day before is not dosed on until a second person has weighed."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    tell(course, ev.ReadingTaken("weight_kg", 176.0, "infusion", 1, "before"), cast["nia"].key, now)
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now, units=8.0)
    with pytest.raises(no.WeightJump):
        actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE))
    assert doses(course) == ()


def test_checks_that_differ_stop_the_dose(cast: Cast, at: datetime) -> None:
    """One reads 4.0 mL and the other 3.8 mL: nothing is given."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    lot = vial(cast, now)
    actions.check_dose(course, PLACE, CheckRole.GIVER, seen(lot, 4.0), by(cast["nia"], now))
    actions.check_dose(course, PLACE, CheckRole.CHECKER, seen(lot, 3.8), by(cast["cleo"], now))
    with pytest.raises(no.ChecksDisagree, match="amount drawn"):
        actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE))


def test_one_person_cannot_be_both_checks(cast: Cast, at: datetime) -> None:
    """The giver's second check is refused."""
    course, now = ready(cast, at)
    ordered(course, cast, now)
    lot = vial(cast, now)
    actions.check_dose(course, PLACE, CheckRole.GIVER, seen(lot, 4.0), by(cast["nia"], now))
    with pytest.raises(no.SamePerson):
        actions.check_dose(course, PLACE, CheckRole.CHECKER, seen(lot, 4.0), by(cast["nia"], now))


def test_no_order_no_check(cast: Cast, at: datetime) -> None:
    """Without a signed order nothing can be checked, and after its time it stands no more."""
    course, now = ready(cast, at)
    lot = vial(cast, now)
    with pytest.raises(no.NoOrder):
        actions.check_dose(course, PLACE, CheckRole.GIVER, seen(lot, 4.0), by(cast["nia"], now))
    ordered(course, cast, now)
    with pytest.raises(no.OrderExpired):
        actions.check_dose(course, PLACE, CheckRole.GIVER, seen(lot, 4.0), by(cast["nia"], now + timedelta(hours=5)))


def test_a_new_order_voids_the_checks(cast: Cast, at: datetime) -> None:
    """A changed order is a new order: what was checked for the old one opens nothing."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now)
    ordered(course, cast, now + MINUTE, amount=0.25)
    with pytest.raises(no.NotChecked):
        actions.give_dose(course, PLACE, by(cast["nia"], now + 2 * MINUTE))


def test_an_order_above_the_ceiling_is_refused(cast: Cast, at: datetime) -> None:
    """5 mg/kg is above the ceiling of the drug's file."""
    course, now = ready(cast, at)
    with pytest.raises(no.DoseAboveCap):
        ordered(course, cast, now, amount=5.0)


def test_a_second_give_is_the_first(cast: Cast, at: datetime) -> None:
    """Two taps, from two tabs with ids of their own, are one dose and one drawing."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    lot = vial(cast, now)
    before = stock.on_hand(lot)
    checked(course, cast, lot, now)
    first = actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE, "tab-one-0001"))
    second = actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE, "tab-two-0002"))
    assert first == second and len(doses(course)) == 1
    assert before - stock.on_hand(lot) == Decimal(4)


def test_a_closed_gate_keeps_the_dose_back(cast: Cast, at: datetime) -> None:
    """A room that was found without oxygen today closes every chair's dose."""
    course, now = ready(cast, at)
    actions.check_room(RoomCheck(oxygen=False, suction=True, rescue_drugs=True, by=cast["nia"].key, at=now))
    check_in(course, cast, now)
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now)
    with pytest.raises(no.GateClosed, match="Oxygen ready"):
        actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE))


def test_a_chair_holds_one_person(cast: Cast, at: datetime) -> None:
    """A second person cannot be checked in at a chair that is taken; nothing of the try is kept."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    other = enrolled(course.release, at)
    with pytest.raises(ChairTaken):
        check_in(other, cast, now)
    assert Sitting.objects.count() == 1
    assert not any(type(e.what).__name__ == "SessionOpened" for e in load(other).state.log)


def test_a_third_chair_breaks_the_ratio(cast: Cast, at: datetime) -> None:
    """A nurse who keeps three chairs may not begin a dose: the clinic counts, nobody states it."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    for number in (2, 3):
        check_in(enrolled(course.release, at), cast, now, f"chair_{number}")
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now)
    with pytest.raises(no.GateClosed, match=r"[Rr]atio"):
        actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE))


def entry(id: str, kind: str, at: datetime, **what: Any) -> Sent:
    return Sent(id, kind, at, what)


def reading(id: str, at: datetime, name: str, value: float, step: str = "infusion", occurrence: int = 1) -> Sent:
    return entry(id, "ReadingTaken", at, name=name, value=value, step=step, occurrence=occurrence, phase="during")


def send(course: Course, cast: Cast, at: datetime, *sent: Sent, who: str = "nia", clock_s: float = 0.0) -> Any:
    batch = Batch("device-0001", at + timedelta(seconds=clock_s), sent)
    return receive(course, PLACE, batch, cast[who], at)


def test_another_sessions_entry_is_refused(cast: Cast, at: datetime) -> None:
    """A page of session 1 cannot write into session 2 of the same person; its other entries are saved."""
    course, now = running(cast, at)
    then = now + MINUTE
    answer = send(
        course, cast, then, reading("own-0001", then, "pulse_per_min", 80),
        reading("other-001", then, "pulse_per_min", 99, occurrence=2),
    )  # fmt: skip
    assert [(r.id, r.status) for r in answer.receipts] == [("own-0001", "saved"), ("other-001", "refused")]
    assert [s.value for s in load(course).state.series["pulse_per_min"]][-1] == 80


def test_the_same_batch_again_changes_nothing(cast: Cast, at: datetime) -> None:
    """A batch that is sent again after a lost answer gets its receipts and adds no entry."""
    course, now = running(cast, at)
    then = now + MINUTE
    sent = (reading("r-000001", then, "systolic_mmhg", 130), reading("r-000002", then, "diastolic_mmhg", 80))
    send(course, cast, then, *sent)
    length = len(load(course).state.log)
    answer = send(course, cast, then + MINUTE, *sent)
    assert [r.status for r in answer.receipts] == ["saved", "saved"]
    assert len(load(course).state.log) == length
    assert verify().sound


def test_a_late_entry_keeps_both_times(cast: Cast, at: datetime) -> None:
    """What was observed offline half an hour ago is recorded with its own time and with the time of its arrival."""
    course, now = running(cast, at)
    seen_at, arrived = now + 10 * MINUTE, now + 40 * MINUTE
    send(course, cast, arrived, reading("late-0001", seen_at, "pulse_per_min", 91))
    event = load(course).state.log[-1]
    assert (event.observed_at, event.recorded_at) == (seen_at, arrived)


def test_a_clock_that_is_off_is_noted(cast: Cast, at: datetime) -> None:
    """A device 45 s ahead: the offset is returned, and noted in the chain beside the entries it came with."""
    course, now = running(cast, at)
    then = now + MINUTE
    ahead = then + timedelta(seconds=45)
    answer = send(course, cast, then, reading("fast-0001", ahead, "pulse_per_min", 91), clock_s=45)
    assert answer.offset_s == pytest.approx(45) and answer.receipts[0].status == "saved"
    assert load(course).state.log[-1].observed_at == then
    assert [e.kind for e in entries(course.key)].count("device.clock") == 1


def test_pause_and_resume_move_the_end(cast: Cast, at: datetime) -> None:
    """Ten minutes of pause move the end by ten minutes; stopped at half time, half is in the person."""
    course, now = running(cast, at)
    send(course, cast, now + 10 * MINUTE, entry("f-000001", "Flow", now + 10 * MINUTE, flow="paused"))
    paused = live(course, PLACE, now + 15 * MINUTE).session
    assert paused.run and paused.run.state(now + 15 * MINUTE) is Running.PAUSED and paused.ends_at is None
    send(course, cast, now + 20 * MINUTE, entry("f-000002", "Flow", now + 20 * MINUTE, flow="resumed"))
    assert live(course, PLACE, now + 21 * MINUTE).session.ends_at == now + 50 * MINUTE
    send(course, cast, now + 30 * MINUTE, entry("f-000003", "Flow", now + 30 * MINUTE, flow="stopped"))
    run = live(course, PLACE, now + 31 * MINUTE).session.run
    assert run and run.given_mg(now + 60 * MINUTE) == pytest.approx(20.0)


def test_a_faster_rate_than_ordered_is_refused(cast: Cast, at: datetime) -> None:
    """The pump may be slowed at the bedside, never sped up: faster is a new order."""
    course, now = running(cast, at)
    then = now + MINUTE
    answer = send(
        course, cast, then, entry("s-000001", "Flow", then, flow="rate", rate_ml_per_h=3.0),
        entry("s-000002", "Flow", then, flow="rate", rate_ml_per_h=12.0),
    )  # fmt: skip
    assert [r.status for r in answer.receipts] == ["saved", "refused"]


def test_an_alarm_waits_for_a_person(cast: Cast, at: datetime) -> None:
    """A pressure over its limit stays open after it has fallen, until somebody has taken it; nothing mutes it."""
    course, now = running(cast, at)
    for minutes, value in ((10, 165.0), (12, 150.0)):
        then = now + minutes * MINUTE
        send(course, cast, then, reading(f"p-{minutes:06d}", then, "systolic_mmhg", value),
             reading(f"d-{minutes:06d}", then, "diastolic_mmhg", 85.0))  # fmt: skip
    then = now + 13 * MINUTE
    waiting = live(course, PLACE, then).session.alarms
    assert [(a.rule.key, a.holds, a.unanswered) for a in waiting] == [("pressure_high", False, True)]
    taken = {"step": "infusion", "occurrence": 1, "alarm": "pressure_high", "answer": "taken"}
    send(course, cast, then, Sent("a-000001", "AlarmAnswered", then, taken))
    assert live(course, PLACE, then + MINUTE).session.alarms == ()


def test_an_earlier_visits_reading_raises_nothing(cast: Cast, at: datetime) -> None:
    """A pressure of last week is no alarm of today."""
    course, now = ready(cast, at)
    tell(course, ev.ReadingTaken("systolic_mmhg", 190.0), cast["nia"].key, at + timedelta(hours=1))
    check_in(course, cast, now)
    tell(course, ev.ReadingTaken("pulse_per_min", 70.0, "infusion", 1, "before"), cast["nia"].key, now)
    assert [a.rule.key for a in live(course, PLACE, now + MINUTE).session.alarms] == []


def test_phases_follow_the_events(cast: Cast, at: datetime) -> None:
    """Check-in, dosing, peak, recovery, leaving: each by what happened and by the plan's clocks."""
    course, now = running(cast, at)
    phases = [live(course, PLACE, now + n * MINUTE).session.phase for n in (1, 45, 60, 101)]
    assert phases == [Phase.DURING, Phase.PEAK, Phase.AFTER, Phase.LEAVING]


def test_nobody_leaves_with_a_rule_open(cast: Cast, at: datetime) -> None:
    """Leaving for home is refused with every missing piece named; other hands may take the person at any time."""
    course, now = running(cast, at)
    with pytest.raises(no.NotReadyToLeave, match=r"[Gg]ait steady"):
        actions.leave(course, PLACE, ev.Leaving.HOME, by(cast["nia"], now + 120 * MINUTE))
    actions.leave(course, PLACE, ev.Leaving.TRANSFER, by(cast["nia"], now + 120 * MINUTE))
    assert live(course, PLACE, now + 121 * MINUTE).session.phase is Phase.GONE
    assert Sitting.objects.get().left_at == now + 120 * MINUTE


def test_nobody_goes_home_from_an_open_alarm(cast: Cast, at: datetime) -> None:
    """While an alarm of the session is open, leaving for home is refused for that reason before any other."""
    course, now = running(cast, at)
    then = now + 5 * MINUTE
    send(course, cast, then, reading("h-000001", then, "spo2_percent", 86))
    with pytest.raises(no.NotReadyToLeave, match="alarm or a call"):
        actions.leave(course, PLACE, ev.Leaving.HOME, by(cast["nia"], now + 120 * MINUTE))


def test_open_alarms_are_read_back_at_a_hand_over(cast: Cast, at: datetime) -> None:
    """The chair changes hands only when every open alarm was read back."""
    course, now = running(cast, at)
    then = now + 5 * MINUTE
    send(course, cast, then, reading("o-000001", then, "spo2_percent", 86))
    with pytest.raises(actions.NotReadBack):
        actions.hand_over(course, PLACE, cast["cleo"], (), by(cast["nia"], then))
    keys = tuple(a.rule.key for a in live(course, PLACE, then).session.alarms)
    actions.hand_over(course, PLACE, cast["cleo"], keys, by(cast["nia"], then))
    assert live(course, PLACE, then).session.keeper == cast["cleo"].key == Sitting.objects.get().keeper


def test_a_session_that_does_not_exist_takes_nothing(cast: Cast, at: datetime) -> None:
    """A made-up step or number is refused before anything is written."""
    course, now = running(cast, at)
    for place in (Place("infusion", 7), Place("consent", 1), Place("nothing", 1)):
        with pytest.raises(Exception, match="no dosing session"):
            receive(course, place, Batch("device-0001", now, ()), cast["nia"], now)


def test_roles_write_what_is_theirs(cast: Cast, at: datetime) -> None:
    """A nurse cannot sign a leaving after a positive answer about suicide, nor pass a gate."""
    course, now = running(cast, at)
    then = now + MINUTE
    answer = send(
        course, cast, then,
        entry("x-000001", "FactStated", then, name="person.leaving_signed", value=True),
        entry("x-000002", "GateOverridden", then, step="infusion", occurrence=1, gate="fasted", reason="x"),
    )  # fmt: skip
    assert [r.status for r in answer.receipts] == ["refused", "refused"]


def test_the_page_is_the_session(cast: Cast, at: datetime, signed_in: Any) -> None:
    """The nurse's page names the person, the chair and what is next; a reading by plain form comes back on it."""
    course, now = running(cast, at)
    address = f"/session/{course.key}/infusion/1/"
    with clock.stopped(now + 11 * MINUTE):
        nia = signed_in("nia")
        html = nia.get(address).content.decode()
        assert "Ada Ames" in html and "Blood pressure" in html and "Late" in html
        form = {"kind": "readings", "entry": "form-0001", "phase": "during", "pulse_per_min": "93", "minutes_ago": "1"}
        answer = nia.post(f"{address}say/", form, follow=True)
    assert answer.status_code == 200 and "pulse 93" in answer.content.decode()
