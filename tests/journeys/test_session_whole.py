"""A whole visit in a real browser, from the door to the door; and how two nasal devices and an injection begin."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.clinic.stock import VIAL
from tests.journeys.staff import *  # noqa: F403
from tests.journeys.visiting import Staff, Visit, coming, leaves, up_to_give, watched
from unstuck.clinic import clock
from unstuck.clinic.custody.amounts import Form
from unstuck.clinic.custody.receiving import NewProduct
from unstuck.clinic.ledger.verify import verify
from unstuck.core import events as ev
from unstuck.core.session import Phase
from unstuck.core.session_events import HandedOver, PartGiven

pytestmark = [pytest.mark.django_db(transaction=True)]
SPRAYS = NewProduct("ket_nasal", "Ketamine nasal device", "ketamine", Form.DEVICE, Decimal("8.75"), Decimal(2))


def names(visit: Visit) -> list[str]:
    return [type(e.what).__name__ for e in visit.log if ev.step_of(e.what) == (visit.place.step, 1)]


def test_an_infusion_from_the_door_to_the_door(staff: Staff, staffed: str, at: datetime) -> None:
    """Two identifiers, an order, two checks, forty minutes, readings in time, a hand-over, the scores, and home."""
    visit = coming(staff, "feder_2021", "infusion", VIAL, at)
    up_to_give(visit, staff, "3.5", "40")
    assert visit.stands.session.run is not None and visit.stands.session.phase is Phase.DURING
    watched(visit)
    assert not visit.stands.session.alarms
    visit.hand_over("Cleo", staff("cleo"))
    leaves(visit)
    log = names(visit)
    assert [n for n in log if n in ("SessionOpened", "DoseOrdered", "DoseGiven", "HandedOver", "Discharged")] == [
        "SessionOpened",
        "DoseOrdered",
        "DoseGiven",
        "HandedOver",
        "Discharged",
    ]
    given = next(e.what for e in visit.log if isinstance(e.what, ev.DoseGiven))
    assert (given.amount_mg, given.units, given.minutes, given.lot) == (35.0, 3.5, 40.0, visit.lot.key)
    assert [e.what.chair for e in visit.log if isinstance(e.what, HandedOver)] == ["chair_1"]
    late = [e.recorded_at - e.observed_at for e in visit.log if isinstance(e.what, ev.ReadingTaken)]
    assert max(late) < timedelta(minutes=1) and verify().sound


def test_two_nasal_devices_are_counted_spray_by_spray(staff: Staff, staffed: str, at: datetime) -> None:
    """Four sprays of 8.75 mg are two devices: the second waits its time, a fifth spray is refused."""
    visit = coming(staff, "nasal_tfp", "dose", SPRAYS, at)
    up_to_give(visit, staff, "4")
    expect(visit.page.locator("#timeline")).to_contain_text("4 spray")
    visit.part(1, 2)
    visit.saved("Part 1 given")
    visit.ahead(1)
    visit.part(2, 2)
    expect(visit.page.locator("#errors")).to_contain_text("5 minutes")
    visit.ahead(4.5)
    visit.page.goto(visit.address)
    visit.part(2, 3)
    expect(visit.page.locator("#errors")).to_contain_text("checked are")
    visit.page.goto(visit.address)
    visit.part(2, 2)
    visit.saved("Part 2 given")
    parts = [(e.what.number, e.what.amount_mg) for e in visit.log if isinstance(e.what, PartGiven)]
    assert parts == [(1, 17.5), (2, 17.5)]
    assert visit.stands.session.phase is Phase.PEAK and verify().sound


def test_an_injection_is_given_at_once(staff: Staff, staffed: str, at: datetime) -> None:
    """An order without minutes for the muscle: one dose, no pump to pause, and the first reading at its time."""
    visit = coming(staff, "kap_im", "dose", VIAL, at)
    up_to_give(visit, staff, "3.5")
    assert visit.page.locator("#pump").get_by_role("button", name="Pause").count() == 0
    (due,) = [d.by for d in visit.stands.session.due if "systolic_mmhg" in d.readings]
    visit.ahead((due - clock.read()) / timedelta(minutes=1))
    visit.read(66)
    assert visit.stands.session.phase in (Phase.PEAK, Phase.AFTER) and verify().sound
