"""Laws that must hold on every protocol, tried on long legal walks through them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import START, small_protocol
from tests.walker import walk
from unstuck.core import events as ev
from unstuck.core.course import replay
from unstuck.core.verdict import moments_of

SMALL = small_protocol()
seeds = st.integers(0, 10_000)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([0.0, 0.2]))
def test_walk_is_long_and_legal(seed, skips):
    """A walk does real work: doses are given, and every event was let in by record."""
    happened = walk(SMALL, START, seed, skips=skips)
    assert len(happened) > (5 if skips else 10)
    course = replay(SMALL, happened)
    assert course.doses or skips


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_limits_hold_on_every_walk(seed):
    """No seven days of any walk hold more doses than the limit allows."""
    course = replay(SMALL, walk(SMALL, START, seed, skips=0.1))
    limit = SMALL.limits[0]
    moments = moments_of(SMALL, course, "dose")
    for first in moments:
        inside = [m for m in moments if 0 <= (m - first).total_seconds() < limit.per.minutes * 60]
        assert len(inside) <= limit.most


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_no_dose_above_its_cap(seed):
    """No dose of any walk exceeds the cap of its regimen."""
    course = replay(SMALL, walk(SMALL, START, seed))
    caps = {r.key: r.cap_mg for r in SMALL.regimens}
    for dose in course.doses:
        assert isinstance(dose.what, ev.DoseGiven)
        assert dose.what.amount_mg <= caps[dose.what.regimen]
