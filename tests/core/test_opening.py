"""Opening hours: what is proposed can be booked, and stays in its window where window and hours meet."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.opening import Hours, quarter_from

BERLIN = ZoneInfo("Europe/Berlin")
WORK = Hours(time(8), time(17, 30), frozenset(range(5)))
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))


@given(aim=INSTANTS, minutes=st.integers(15, 570), hours=st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_a_proposal_is_a_bookable_quarter(aim: datetime, minutes: int, hours: int) -> None:
    """Whatever the aim and the window: a whole quarter, wholly inside the hours, also across a change of the clocks;
    in its window where any bookable quarter of it is."""
    span = (aim, aim + timedelta(hours=hours))
    found = WORK.nearest(aim, minutes, span, BERLIN)
    assert found == quarter_from(found) and WORK.holds(found, minutes, BERLIN) and found >= aim
    quarters = (quarter_from(aim) + n * timedelta(minutes=15) for n in range(hours * 4))
    inside = any(WORK.holds(q, minutes, BERLIN) and q < span[1] for q in quarters)
    assert inside == (found < span[1])


def test_an_aim_at_night_moves_to_the_morning_or_back_to_the_evening() -> None:
    """Friday at 22:00 becomes Monday at 8 where the window allows, else the last visit of Friday."""
    friday = MONDAY + timedelta(days=4, hours=22)
    wide, narrow = (MONDAY, None), (MONDAY, friday + timedelta(hours=2))
    assert WORK.nearest(friday, 60, wide, UTC) == MONDAY + timedelta(days=7, hours=8)
    assert WORK.nearest(friday, 60, narrow, UTC) == MONDAY + timedelta(days=4, hours=16, minutes=30)


def test_without_hours_only_the_quarter_counts() -> None:
    """07:37 becomes 07:45, on any day; 07:45 stays."""
    for minute in (37, 45):
        aim = MONDAY.replace(day=1, hour=7, minute=minute)
        assert Hours().nearest(aim, 60, (aim, None), UTC) == aim.replace(minute=45)
