"""From the syringe to the stock: when somebody leaves, what was given is told, and what was not stays open."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.course_makers import tell
from tests.session_makers import PLACE, Cast, by, running
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course.models import Course
from unstuck.clinic.custody import queries as stock
from unstuck.clinic.custody.actions import WasteRest, waste_rest
from unstuck.clinic.custody.models import Drawing, Reason
from unstuck.clinic.session import actions
from unstuck.core import events as ev
from unstuck.core.session_events import Flow, InfusionChanged

MINUTE = timedelta(minutes=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def left(course: Course, who: Any, at: datetime) -> Drawing:
    """The drawing after the person went into other hands."""
    actions.leave(course, PLACE, ev.Leaving.TRANSFER, by(who, at))
    return Drawing.objects.get()


def test_a_dose_that_ran_to_its_end_is_given_whole(cast: Cast, at: datetime) -> None:
    """4 mL drawn, 40 minutes over: 4 mL given, nothing open."""
    course, begun = running(cast, at)
    drawing = left(course, cast["nia"], begun + 180 * MINUTE)
    assert (drawing.amount, drawing.given, drawing.open) == (4, 4, 0)
    assert stock.differences() == ()


def test_what_a_stopped_infusion_left_in_the_syringe_stays_open(cast: Cast, at: datetime) -> None:
    """Stopped after 10 of 40 minutes: 1 mL given; an alert runs until two people have wasted the other 3 mL."""
    course, begun = running(cast, at)
    stopped = InfusionChanged("infusion", 1, Flow.STOPPED, reason="distress")
    tell(course, stopped, cast["nia"].key, begun + 10 * MINUTE)
    drawing = left(course, cast["nia"], begun + 180 * MINUTE)
    assert (drawing.given, drawing.open) == (Decimal(1), Decimal(3))
    assert stock.open_drawings() == [drawing]
    alert = Alert.objects.get(kind="drug_unaccounted")
    assert alert.closed_at is None and alert.duty == "nurse"
    rest = (drawing.act, Decimal(3), Reason.REMAINDER, cast["nia"], cast["otis"])
    waste_rest(WasteRest("rest", *rest), begun + 190 * MINUTE)
    alert.refresh_from_db()
    assert (alert.closing, stock.open_drawings()) == ("accounted", [])


def test_who_gives_no_doses_accounts_for_none(cast: Cast, at: datetime) -> None:
    """Where the therapist records the leaving, the drawing stays open as a whole for the nurse to account for."""
    course, begun = running(cast, at)
    assert left(course, cast["ben"], begun + 180 * MINUTE).open == 4
