"""What a session must not take: a giver who checked nothing, a pace nobody signed, a number that is none."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.course_makers import MINUTE
from tests.session_makers import PLACE, Cast, by, check_in, checked, ordered, ready, running, seen, vial
from unstuck.clinic import clock
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.people import access
from unstuck.clinic.session import actions
from unstuck.clinic.session.next_act import first_untaken, next_act
from unstuck.clinic.session.queries import live
from unstuck.clinic.session.receiving import Batch, Receipt, Sent, receive
from unstuck.core import refusals as no
from unstuck.core.orders import latest_order
from unstuck.core.session_events import CheckRole

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def sent(kind: str, at: datetime, id: str = "entry-0001", **what: Any) -> Sent:
    return Sent(id, kind, at, what)


def reading(at: datetime, value: float, id: str = "entry-0001") -> Sent:
    here = {"name": "pulse_per_min", "value": value, "step": "infusion", "occurrence": 1}
    return sent("ReadingTaken", at, id, **here)


def said(course: Course, cast: Cast, at: datetime, *entries: Sent, who: str = "nia") -> tuple[Receipt, ...]:
    return receive(course, PLACE, Batch("device-0001", at, entries), cast[who], at).receipts


def test_only_who_checked_as_giver_gives(cast: Cast, at: datetime) -> None:
    """The prescriber who made the second check cannot give what the nurse drew; the nurse can."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now)
    with pytest.raises(no.NotChecked, match="Another person"):
        actions.give_dose(course, PLACE, by(cast["cleo"], now + MINUTE))
    assert actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE)).amount_mg == 40


def test_nobody_is_dosed_who_was_not_checked_in(cast: Cast, at: datetime) -> None:
    """Without a chair no board and no alarm would watch the person: the dose is refused."""
    course, now = ready(cast, at)
    ordered(course, cast, now)
    checked(course, cast, vial(cast, now), now)
    with pytest.raises(no.NotInOrder, match="checked in"):
        actions.give_dose(course, PLACE, by(cast["nia"], now + MINUTE))
    assert load(course).state.doses == ()


@pytest.mark.parametrize("minutes", [None, 0.0, -40.0, 4.0, 39.0, math.nan, math.inf])
def test_an_infusion_is_never_ordered_at_once_or_faster(cast: Cast, at: datetime, minutes: float | None) -> None:
    """What the signed protocol runs over 40 minutes cannot be ordered as a bolus, by an empty field or a slip."""
    course, now = ready(cast, at)
    wanted = actions.Wanted(0.5, "mg/kg", 80.0, now + timedelta(hours=4), minutes)
    with pytest.raises(no.NotAsOrdered):
        actions.order_dose(course, PLACE, wanted, by(cast["cleo"], now))
    actions.order_dose(course, PLACE, replace(wanted, minutes=60.0), by(cast["cleo"], now))


@pytest.mark.parametrize(("amount", "cap"), [(math.nan, 80.0), (math.inf, 80.0), (0.5, math.nan), (0.5, math.inf)])
def test_an_order_is_made_of_numbers(cast: Cast, at: datetime, amount: float, cap: float) -> None:
    """Neither amount nor cap may be something that compares with nothing."""
    course, now = ready(cast, at)
    wanted = actions.Wanted(amount, "mg/kg", cap, now + timedelta(hours=4), 40.0)
    with pytest.raises(no.Refusal):
        actions.order_dose(course, PLACE, wanted, by(cast["cleo"], now))


def test_an_order_in_mg_above_the_ceiling_by_weight_is_not_signed(cast: Cast, at: datetime) -> None:
    """At 80 kg and 1 mg/kg an order of 81 mg is refused with figures when it is signed, and nothing is written."""
    course, now = ready(cast, at)
    wanted = actions.Wanted(81.0, "mg", 100.0, now + timedelta(hours=4), 40.0)
    with pytest.raises(no.DoseAboveCap, match=r"81 mg, 1\.01 mg/kg at 80 kg, is above the ceiling of 80 mg"):
        actions.order_dose(course, PLACE, wanted, by(cast["cleo"], now))
    assert latest_order(load(course).state, "infusion", 1, now) is None
    assert actions.order_dose(course, PLACE, replace(wanted, amount=40.0), by(cast["cleo"], now)).amount == 40


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, 980.0])
def test_a_reading_that_cannot_be_holds_nothing_up(cast: Cast, at: datetime, value: float) -> None:
    """A page's impossible pulse is refused by itself, and the reading behind it is saved."""
    course, now = running(cast, at)
    then = now + MINUTE
    answer = said(course, cast, then, reading(then, value, "bad-00001"), reading(then, 88.0, "good-0001"))
    assert [r.status for r in answer] == ["refused", "saved"]
    assert [s.value for s in load(course).state.series["pulse_per_min"]][-1] == 88


def test_a_reading_without_its_session_is_not_saved(cast: Cast, at: datetime) -> None:
    """A reading that names no session would raise no alarm in any: it gets no receipt."""
    course, now = running(cast, at)
    answer = said(course, cast, now, sent("ReadingTaken", now, name="spo2_percent", value=80.0))
    assert answer[0].status == "refused"


@pytest.mark.parametrize(("who", "value"), [("nia", 120.0), ("cleo", 80.0)])
def test_an_id_stands_for_one_thing_said_by_one_person(cast: Cast, at: datetime, who: str, value: float) -> None:
    """The same id with another value, or from another account, is refused and never told to be saved."""
    course, now = running(cast, at)
    then = now + MINUTE
    assert said(course, cast, then, reading(then, 80.0))[0].status == "saved"
    assert said(course, cast, then, reading(then, 80.0))[0].status == "saved"
    answer = said(course, cast, then + MINUTE, reading(then, value), who=who)
    assert answer[0].status == "refused" and "before" in answer[0].why


def test_a_therapist_pauses_and_does_not_resume(cast: Cast, at: datetime) -> None:
    """Anybody of the treating team may stop the drug; only who gives doses lets it run again."""
    course, now = running(cast, at)
    therapist = next(key for key, account in cast.items() if account.roles == {"therapist"})
    then = now + MINUTE
    paused = said(course, cast, then, sent("Flow", then, "flow-0001", flow="paused"), who=therapist)
    again = said(course, cast, then, sent("Flow", then, "flow-0002", flow="resumed"), who=therapist)
    nurse = said(course, cast, then, sent("Flow", then, "flow-0003", flow="resumed"))
    assert [r[0].status for r in (paused, again, nurse)] == ["saved", "refused", "saved"]


def test_a_chair_is_handed_over_only_by_its_own_act(cast: Cast, at: datetime) -> None:
    """A page cannot send a hand-over as an entry, which would skip the reading back of open alarms."""
    course, now = running(cast, at)
    what = {"step": "infusion", "occurrence": 1, "chair": "chair_1", "to": "nobody"}
    assert said(course, cast, now, sent("HandedOver", now, **what))[0].status == "refused"


def test_the_page_works_out_what_to_draw(cast: Cast, at: datetime, signed_in: Any) -> None:
    """0.5 mg/kg at 80 kg are 40 mg: 4 mL of the scanned 10 mg/mL, and a pump at 6 mL/h over 40 minutes."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    lot = vial(cast, now)
    with clock.stopped(now + MINUTE):
        html = signed_in("nia").get(f"/session/{course.key}/infusion/1/draw/", {"lot": lot.code}).content.decode()
    assert all(word in html for word in ("40.00 mg", "10 mg/mL", '<b class="num-l">4 mL</b>', "6.00 mL/h", "0.00 mg"))


def test_a_refusal_tells_a_blinded_reader_neither_drug_nor_amount(
    cast: Cast, at: datetime, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too much drawn is refused on the page; to who may not know the arm it says neither mg nor the drug's name."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    lot = vial(cast, now)
    address = f"/session/{course.key}/infusion/1/"
    form = {"role": "giver", "lot": lot.code, "units": "9", "entry": "check-form-1"}
    with clock.stopped(now + MINUTE):
        nia = signed_in("nia")
        assert "90 mg" in nia.post(f"{address}check/", form).content.decode()
        monkeypatch.setattr(access, "may_see_doses", lambda _account, _course: False)
        pages = [nia.post(f"{address}check/", form), nia.get(f"{address}draw/", {"lot": lot.code})]
    refused = re.search(r'class="errors".*?</div>', pages[0].content.decode(), re.S)
    card = re.search(r"<section class=.card stack.*?</section>", pages[1].content.decode(), re.S)
    assert refused and card
    assert "more than the order" in refused[0] and "4 mL" in card[0] and "6.00 mL/h" in card[0]
    assert not any(re.search(r"\bmg\b|ketamine", text[0], re.I) for text in (refused, card))


def test_choices_are_each_asked(cast: Cast, at: datetime, signed_in: Any) -> None:
    """The page offers no choice as chosen, and a form that leaves one out locks nothing."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    address = f"/session/{course.key}/infusion/1/"
    form = {"kind": "choices", "entry": "choices-1", "touch": "none", "recording": "", "grounding": "voice"}
    with clock.stopped(now + MINUTE):
        nia = signed_in("nia")
        html = nia.get(address).content.decode()
        assert all(f'name="{name}" required><option value="">' in html for name in ("touch", "recording", "grounding"))
        assert "person.register_checked" not in html
        assert nia.post(f"{address}say/", form).status_code == 409


def test_the_second_person_does_not_see_the_first_ones_figure(cast: Cast, at: datetime, signed_in: Any) -> None:
    """After the giver entered 3.97 mL no page of the session tells it to the checker."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    in_hand = seen(vial(cast, now), 3.97)
    actions.check_dose(course, PLACE, CheckRole.GIVER, in_hand, by(cast["nia"], now))
    address = f"/session/{course.key}/infusion/1/"
    with clock.stopped(now + MINUTE):
        cleo = signed_in("cleo")
        told = [cleo.get(f"{address}{part}").content.decode() for part in ("", "state/", "draw/")]
    assert "First check made" in told[0] and not any("3.97" in text for text in told)


def test_the_first_check_tells_what_the_clinic_counts(cast: Cast, at: datetime) -> None:
    """The ratio of nurses to chairs is known from the giver's check on, not first when the dose is refused."""
    course, now = ready(cast, at)
    check_in(course, cast, now)
    ordered(course, cast, now)
    in_hand = seen(vial(cast, now), 4.0)
    actions.check_dose(course, PLACE, CheckRole.GIVER, in_hand, by(cast["nia"], now))
    assert load(course).state.series["room.ratio_kept"][-1].at == now


def test_a_taken_alarm_hides_no_other(cast: Cast, at: datetime) -> None:
    """Somebody is on the oxygen; the pressure that nobody has taken is what the chair needs next."""
    course, now = running(cast, at)
    then = now + 5 * MINUTE
    here = {"step": "infusion", "occurrence": 1}
    values = (("spo2_percent", 86.0), ("systolic_mmhg", 172.0))
    said(course, cast, then, *(sent("ReadingTaken", then, f"r-{n}-0001", name=n, value=v, **here) for n, v in values))
    first, *others = [a.rule.key for a in sorted(live(course, PLACE, then).session.alarms, key=first_untaken)]
    said(course, cast, then, sent("AlarmAnswered", then, "taken-001", alarm=first, answer="taken", **here))
    act = next_act(live(course, PLACE, then), (), then, UTC)
    assert first == "oxygen_emergency" and others
    assert act.level == "now" and act.what != "Read again"
