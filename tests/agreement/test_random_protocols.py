"""Random protocols and random event streams: replay, schedule and round trips hold on what nobody thought of."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import START
from tests.strategies import protocols
from tests.walker import walk
from unstuck.core import events as ev
from unstuck.core.course import replay
from unstuck.core.deviations import deviations
from unstuck.core.protocol_file import canonical_text, content_hash, parse_protocol
from unstuck.core.schedule import due, overview, plan

modest = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 999)


@modest
@given(protocols(), seeds, st.floats(0, 1))
def test_streams_replay_in_two_halves(protocol, seed, share):
    """On any protocol, replaying a prefix of a legal stream and then the rest equals replaying all."""
    happened = walk(protocol, START, seed, most=12, skips=0.2)
    cut = int(share * len(happened))
    assert replay(protocol, happened[cut:], replay(protocol, happened[:cut])) == replay(protocol, happened)


@modest
@given(protocols(), seeds)
def test_streams_round_trip(protocol, seed):
    """Any legal stream survives its file format, event by event."""
    for event in walk(protocol, START, seed, most=12):
        assert ev.from_dict(ev.to_dict(event)) == event


@modest
@given(protocols())
def test_protocols_round_trip_with_their_hash(protocol):
    """Any protocol reads back from its canonical text as the same value with the same hash."""
    again = parse_protocol(canonical_text(protocol), "random.toml")
    assert again == protocol and content_hash(again) == content_hash(protocol)


@modest
@given(protocols(), seeds, st.integers(0, 400))
def test_schedule_answers_on_every_day(protocol, seed, day):
    """On any day of any course the schedule answers, names each occurrence once, and lists nothing settled as due."""
    course = replay(protocol, walk(protocol, START, seed, most=12, skips=0.2))
    on, zone = START + timedelta(days=day), ZoneInfo("Europe/Paris")
    rows = overview(protocol, course, on, zone)
    assert len({(r.step, r.occurrence) for r in rows}) == len(rows)
    assert not any(course.settled(r.step, r.occurrence) for r in due(protocol, course, on, zone))
    deviations(protocol, course, on, zone)
    assert {r.step for r in plan(protocol, START, zone)} <= {s.key for s in protocol.steps}
