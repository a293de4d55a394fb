"""The paper twin holds the rest of the schedule, on one A4 sheet, and no reading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from tests.course_makers import MINUTE
from tests.session_makers import PLACE, Cast, running
from unstuck.clinic import clock
from unstuck.clinic.session.pages import session_page
from unstuck.clinic.session.paper import paper
from unstuck.clinic.session.queries import live
from unstuck.clinic.session.views import reader_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]
ZONE = ZoneInfo("UTC")


def test_the_rest_of_the_schedule_follows_the_plan(cast: Cast, at: datetime) -> None:
    """Begun 09:21 over 40 min, peak to 10:11, stay to 11:01: pressure each 10 min, then each 15."""
    course, began = running(cast, at)
    now = began + MINUTE
    stands = live(course, PLACE, now)
    sheet = paper(stands, session_page(stands, reader_of(cast["nia"], course), {}, now, ZONE), now, ZONE)
    pressure = [line.at for line in sheet.lines if "Blood pressure" in line.what]
    assert pressure == ["09:31", "09:41", "09:51", "10:01", "10:11", "10:26", "10:41", "10:56"]
    assert [line.at for line in sheet.lines if "CADSS" in line.what] == ["09:41", "11:11"]
    assert sheet.stay == "11:01" and not sheet.more


def test_the_sheet_names_the_person_and_fills_in_nothing(
    cast: Cast, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Name, chair and clocks stand on it; every cell that somebody writes is empty; the front desk gets none."""
    course, began = running(cast, at)
    with clock.stopped(began + MINUTE):
        address = f"/session/{course.key}/infusion/1/paper/"
        html = signed_in("nia").get(address).content.decode()
        assert signed_in("finn").get(address).status_code == 403
    assert "Ada Ames" in html and "09:31" in html and "Stay until" in html
    assert html.count("<td></td>") == 8 * html.count('<th scope="row"')
