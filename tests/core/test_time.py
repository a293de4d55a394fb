from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.core.time import Span, Unit, Window, closes, opens, shift, study_day

PARIS = ZoneInfo("Europe/Paris")
spans = st.builds(Span, st.integers(-400, 400), st.sampled_from(Unit))
instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(spans)
def test_span_text(span):
    """A span reads back from its own text."""
    assert Span.parse(str(span)) == span


@pytest.mark.parametrize("text", ["", "7", "7 days", "1.5 h", "h", "7 d 2 h"])
def test_span_refused(text):
    """A span that is no whole number with a known unit is refused with an example."""
    with pytest.raises(Complaint, match="24 h"):
        Span.parse(text)


def test_days_keep_the_clock():
    """Seven days after 09:00 is 09:00 at the site, although the clocks went forward in between."""
    before = datetime(2026, 3, 27, 9, tzinfo=PARIS)
    after = shift(before, Span.parse("7 d"), PARIS)
    assert (after.hour, after.minute) == (9, 0)
    assert after.astimezone(UTC) - before.astimezone(UTC) == timedelta(days=7) - timedelta(hours=1)


def test_hours_elapse():
    """Twenty-four hours across a change of clocks are twenty-four hours, not the same clock time."""
    before = datetime(2026, 3, 28, 9, tzinfo=PARIS)
    after = shift(before, Span.parse("24 h"), PARIS)
    assert after.hour == 10
    assert after.astimezone(UTC) - before.astimezone(UTC) == timedelta(hours=24)


def test_skipped_clock_time():
    """A clock time that the change of clocks skips becomes an instant that exists."""
    moved = shift(datetime(2026, 3, 28, 2, 30, tzinfo=PARIS), Span.parse("1 d"), PARIS)
    assert moved.astimezone(UTC).astimezone(PARIS) == moved
    assert (moved.hour, moved.minute) == (3, 30)


@given(instants, spans)
def test_hours_are_additive(at, span):
    """Shifting by hours or minutes adds exactly that many minutes of elapsed time."""
    if span.unit is not Unit.DAYS:
        assert shift(at, span, PARIS).astimezone(UTC) - at == timedelta(minutes=span.minutes)


@given(instants, st.integers(-60, 60), st.integers(0, 20), st.integers(0, 20))
def test_window_order(at, low, more, most):
    """A window of days opens no later than its target and closes after it, whatever the clocks do."""
    window = Window(*(Span(n, Unit.DAYS) for n in (low, low + more, low + more + most)))
    target = shift(at, window.target, PARIS)
    assert opens(at, window, PARIS) <= target < closes(at, window, PARIS)


def test_window_of_days_is_whole_days():
    """A window of days runs from local midnight to local midnight."""
    window = Window(Span.parse("1 d"), Span.parse("1 d"), Span.parse("2 d"))
    at = datetime(2026, 3, 28, 15, tzinfo=PARIS)
    assert opens(at, window, PARIS) == datetime(2026, 3, 29, tzinfo=PARIS)
    assert closes(at, window, PARIS) == datetime(2026, 3, 31, tzinfo=PARIS)


def test_study_day_counts_dates():
    """The study day counts local dates: half past midnight is the next day."""
    start = datetime(2026, 6, 1, 23, 30, tzinfo=PARIS)
    assert study_day(start + timedelta(hours=1), start, PARIS) == 1


def test_window_out_of_order():
    """A window whose target lies outside it is refused."""
    with pytest.raises(Complaint, match="out of order"):
        Window(Span.parse("3 d"), Span.parse("2 d"), Span.parse("4 d"))


def test_naive_instant():
    """An instant without a zone is refused."""
    with pytest.raises(Complaint, match="time zone"):
        shift(datetime(2026, 1, 1), Span.parse("1 d"), PARIS)
