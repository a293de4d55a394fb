"""A monitor's values on the session page: proposed, then confirmed or rejected by a person, at their own time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.clinic.monitor_messages import BEATS, MMHG, PULSE, SYS, msh, obx, oru
from tests.course_makers import MINUTE
from tests.session_makers import Cast, running
from unstuck.clinic import clock
from unstuck.clinic.course.queries import load
from unstuck.clinic.interop.devices import DeviceFacts, assign, name_device
from unstuck.clinic.interop.proposals import latest
from unstuck.clinic.interop.receipt import receive
from unstuck.clinic.rooms.actions import first_chairs
from unstuck.clinic.rooms.models import Chair
from unstuck.clinic.session import monitor
from unstuck.clinic.session.queries import Place, live
from unstuck.core import events as ev

pytestmark = pytest.mark.django_db
ADDRESS = "10.20.0.7"


def stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}+0000"


def test_a_value_counts_when_a_person_confirms_it(cast: Cast, at: datetime, signed_in: Any, settings: Any) -> None:
    """The nurse sees two values, confirms the pressure and rejects the pulse: one reading, at the monitor's time."""
    settings.UNSTUCK_DEMO = True
    first_chairs()
    device = name_device(DeviceFacts("Monitor 1", ADDRESS), "a_alma", at)
    assign(device, Chair.objects.get(key="chair_1"), "a_nia", at)
    course, began = running(cast, at)
    measured = began + 5 * MINUTE
    told = stamp(measured)
    receive(
        oru(obx(SYS, "142", MMHG, told), obx(PULSE, "96", BEATS, told), head=msh(sent=told), order_at=told),
        ADDRESS,
        measured,
    )
    address = f"/session/{course.key}/infusion/1/"
    with clock.stopped(measured + MINUTE):
        nia = signed_in("nia")
        page = nia.get(address).content.decode()
        assert "The monitor proposes" in page and "142" in page
        before = len(load(course).state.log)
        found = latest("chair_1", at)
        nia.post(f"{address}monitor/", {"value": found["systolic_mmhg"].id, "verdict": "confirm", "entry": "m-000001"})
        nia.post(f"{address}monitor/", {"value": found["pulse_per_min"].id, "verdict": "reject", "reason": "artefact"})
        again = nia.get(address).content.decode()
    log = load(course).state.log
    assert len(log) == before + 1
    assert isinstance(log[-1].what, ev.ReadingTaken) and log[-1].what.value == 142
    assert (log[-1].observed_at, log[-1].actor) == (measured, cast["nia"].key)
    assert log[-1].what.phase == "during"
    assert log[-1].recorded_at - log[-1].observed_at == timedelta(minutes=1)
    assert "The monitor proposes" not in again


@pytest.mark.parametrize(("minutes", "phase"), [(-3, "before"), (5, "during"), (45, "after")])
def test_a_reading_belongs_to_the_phase_in_which_it_was_measured(
    cast: Cast, at: datetime, settings: Any, minutes: int, phase: str
) -> None:
    """A value from before the dose that is confirmed later is one from before; the same for one after its end."""
    settings.UNSTUCK_DEMO = True
    course, began = running(cast, at)
    stands = live(course, Place("infusion", 1), began + 50 * MINUTE)
    assert monitor._phase(stands, began + minutes * MINUTE) == phase


def test_the_newest_values_that_cannot_be_used_are_told(cast: Cast, at: datetime, settings: Any) -> None:
    """Of many, the page tells the three that came last."""
    settings.UNSTUCK_DEMO = True
    first_chairs()
    device = name_device(DeviceFacts("Monitor 1", ADDRESS), "a_alma", at)
    assign(device, Chair.objects.get(key="chair_1"), "a_nia", at)
    course, began = running(cast, at)
    for number in range(5):
        when = began + number * 2 * MINUTE
        receive(
            oru(obx(SYS, str(140 + number), "", stamp(when)), head=msh(f"n{number}", sent=stamp(when))), ADDRESS, when
        )
    card = monitor.monitor_card(live(course, Place("infusion", 1), began + 10 * MINUTE), clock.zone())
    assert card is not None
    assert [words.partition(":")[0] for words in card.aside] == ["144", "143", "142"]
