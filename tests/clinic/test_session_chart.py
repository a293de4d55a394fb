"""The chart of a session: limits are the plan's own, what lies beyond one is told by shape, figure and word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.clinic.test_session import reading, send
from tests.course_makers import MINUTE
from tests.session_makers import PLACE, Cast, ready, running
from unstuck.clinic.session.chart import PANELS, breaks, chart, limits_of
from unstuck.clinic.session.chart_svg import chart_svg
from unstuck.clinic.session.queries import live
from unstuck.core.conditions import All, Not, Seen, Truth, facts_of, judge
from unstuck.core.protocol_file import load_protocol

pytestmark = pytest.mark.usefixtures("demonstration")

ZONE = ZoneInfo("UTC")
AT = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class One:
    """One value of one fact and nothing else."""

    fact: str
    value: float

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        return [Seen(AT, self.value)] if fact == self.fact else []


@pytest.mark.parametrize("name", [name for names, *_rest in PANELS for name in names])
def test_a_drawn_limit_is_where_the_core_alarms(name: str) -> None:
    """For every whole value, the chart marks it exactly when an urgent rule of this value alone holds in the core."""
    plan = load_protocol("feder_2021").monitoring
    assert plan is not None
    limit = limits_of(plan).get(name, (None, None))
    rules = [a.rule for a in plan.alerts if a.urgent and name in facts_of(a.rule) and not isinstance(a.rule, All | Not)]
    for value in range(20, 301):
        core = any(judge(rule, One(name, float(value)), AT) is Truth.HOLDS for rule in rules)
        assert breaks(float(value), limit) == core, value
    assert rules


@pytest.mark.django_db
def test_a_value_beyond_a_limit_is_marked_and_printed(cast: Cast, at: datetime) -> None:
    """165/95 after a start of 120/75: the arrowhead changes its class, the figure and the own start are printed."""
    course, now = running(cast, at)
    then = now + 10 * MINUTE
    send(course, cast, then, reading("c-000001", then, "systolic_mmhg", 165),
         reading("c-000002", then, "diastolic_mmhg", 95))  # fmt: skip
    made = chart(live(course, PLACE, then + MINUTE), then + MINUTE, ZONE)
    assert made is not None
    drawn = str(chart_svg(made, ZONE))
    assert drawn.count('class="out"') == 1 and ">165/95<" in drawn and "own start 120" in drawn
    assert made.rows[0].cells[0] == ("165/95", True) and "beyond a limit" in made.finding
    assert [s.planned for s in made.stretches] == [False, True]


@pytest.mark.django_db
def test_every_point_lies_inside_its_panel(cast: Cast, at: datetime) -> None:
    """A pressure far outside the usual range widens the scale; nothing is drawn beyond the frame."""
    course, now = running(cast, at)
    then = now + 2 * MINUTE
    send(
        course,
        cast,
        then,
        reading("w-000001", then, "systolic_mmhg", 260),
        reading("w-000002", then, "pulse_per_min", 25),
    )
    made = chart(live(course, PLACE, then), then, ZONE)
    assert made is not None
    for panel in made.panels:
        assert all(panel.low <= p.value <= panel.high for one in panel.series for p in one)
        assert all(made.start <= p.at <= made.end for one in panel.series for p in one)
    xs = [float(x) for x in re.findall(r'cx="([\d.]+)"', str(chart_svg(made, ZONE)))]
    assert xs and all(56 <= x <= 600 for x in xs)


@pytest.mark.django_db
def test_before_check_in_there_is_no_chart(cast: Cast, at: datetime) -> None:
    """Nobody sits there, so nothing is drawn."""
    course, now = ready(cast, at)
    assert chart(live(course, PLACE, now), now, ZONE) is None
