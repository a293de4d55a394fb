"""Check-ins after a dose: windows that keep the clock, one rhythm after the last dose, ids that never change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.core.check_ins import Anchor, check_ins
from unstuck.core.check_ins_file import load_check_ins, parse_check_ins
from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root

ZONE = ZoneInfo("America/New_York")
DOSE = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # 09:00; the clocks change on 8 March
PLAN = load_check_ins()


def test_one_dose_is_followed_for_a_year() -> None:
    """A single dose has the day after, four weeks, and months to day 364, in order of time, each once."""
    found = check_ins(PLAN, [DOSE], ZONE)
    days = [(c.best_at.astimezone(ZONE).date() - DOSE.astimezone(ZONE).date()).days for c in found]
    assert days == [1, 7, 14, 21, 28, *range(56, 365, 28)]
    assert len({c.id for c in found}) == len(found)


def test_days_keep_the_clock_across_a_clock_change() -> None:
    """A week after 09:00 is 09:00, although the clocks changed in between; 24 hours are 24 hours."""
    day_after, week, *_rest = check_ins(PLAN, [DOSE], ZONE)
    assert day_after.best_at - DOSE == timedelta(hours=24)
    assert (week.best_at.astimezone(ZONE).hour, week.best_at - DOSE) == (9, timedelta(days=7, hours=-1))


def test_a_further_dose_moves_the_weeks_and_keeps_each_day_after() -> None:
    """Two doses have two days after; weeks and months count from the second."""
    second = DOSE + timedelta(days=2)
    found = check_ins(PLAN, [DOSE, second], ZONE)
    assert [c.dose for c in found if c.series == "day_after"] == [1, 2]
    assert {c.dose for c in found if c.series != "day_after"} == {2}


def test_without_a_dose_nobody_is_asked() -> None:
    """No dose, no check-in."""
    assert check_ins(PLAN, [], ZONE) == ()


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True))
def test_every_window_holds_its_best_moment(days: list[int]) -> None:
    """Whatever the days of the doses: a window opens before its best moment and closes after it, and ids are unique."""
    found = check_ins(PLAN, [DOSE + timedelta(days=d) for d in sorted(days)], ZONE)
    assert all(c.opens_at <= c.best_at <= c.closes_at and c.is_open(c.best_at) for c in found)
    assert len({c.id for c in found}) == len(found)
    each = sum(s.times for s in PLAN if s.anchor is Anchor.EACH_DOSE) * len(days)
    assert len(found) == each + sum(s.times for s in PLAN if s.anchor is Anchor.LAST_DOSE)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (('every = "7 d"\ntimes = 4', "times = 4"), "repeats without a step"),
        (('anchor = "each_dose"', 'anchor = "moon"'), "no anchor"),
        (('["20 h", "24 h", "44 h"]', '["24 h", "20 h", "44 h"]'), "out of order"),
        (("times = 4", "tymes = 4"), "tymes"),
    ],
)
def test_faults_of_a_site_file_are_named_with_their_line(spoil: tuple[str, str], told: str) -> None:
    """A wrong line of a site's file is refused, with file, line and what is wrong."""
    text = (library_root() / "portal" / "check_ins.toml").read_text(encoding="utf-8")
    with pytest.raises(Complaint, match=told) as raised:
        parse_check_ins(text.replace(*spoil, 1), "own.toml")
    assert "own.toml:" in str(raised.value)
