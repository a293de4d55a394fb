"""An emergency as it stands: the site's steps in their order and time, who came, and its end."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import START, event
from unstuck.core import events as ev
from unstuck.core.protocol_file import load_profile
from unstuck.core.rescue import OVER, Emergency, emergency
from unstuck.core.session_events import Call, CallAnswered, Called, MeasureTaken

PLAN = load_profile("strict").plan
HERE = ("infusion", 1)
CALLED = Called(*HERE, Call.EMERGENCY, "staff")


def after(*acts: tuple[float, ev.What]) -> Emergency | None:
    """Acts by seconds after START."""
    return emergency(PLAN, [event(what, seconds / 3600) for seconds, what in acts])


def test_steps_stand_in_the_order_and_time_of_the_signed_file() -> None:
    """Each step of the profile is due so long after the first call; what is done has the time of the first touch."""
    now = after((10, CALLED), (70, MeasureTaken(*HERE, "oxygen_given")), (80, MeasureTaken(*HERE, "oxygen_given")))
    assert now is not None and now.began_at == START + timedelta(seconds=10)
    assert [one.step for one in now.steps] == list(PLAN.rescue) and len(now.steps) > 3
    assert [(one.by - now.began_at).total_seconds() for one in now.steps] == [s.within_s for s in PLAN.rescue]
    done = {one.step.key: one.done_at for one in now.steps if one.done_at}
    assert done == {"oxygen_given": START + timedelta(seconds=70)}
    first = now.steps[0]
    assert not first.late(first.by) and first.late(first.by + timedelta(seconds=1))


def test_it_goes_on_after_somebody_came_until_it_is_said_to_be_over() -> None:
    """Who comes is listed with the time; a second call is the same emergency; only its end ends it."""
    came = CallAnswered(*HERE, Call.EMERGENCY, "cleo")
    now = after((0, CALLED), (30, came), (40, CALLED), (50, CallAnswered(*HERE, Call.HELP, "ben")))
    assert now is not None and now.began_at == START
    assert now.came == (("cleo", START + timedelta(seconds=30)),)
    assert after((0, CALLED), (30, came), (60, MeasureTaken(*HERE, OVER))) is None
    again = after((0, CALLED), (30, MeasureTaken(*HERE, "oxygen_given")), (60, MeasureTaken(*HERE, OVER)), (90, CALLED))
    assert again is not None and again.began_at == START + timedelta(seconds=90)
    assert all(one.done_at is None for one in again.steps)


def test_a_call_for_help_is_no_emergency() -> None:
    """Steps of rescue belong to an emergency alone, and a measure taken before it ticks nothing."""
    assert after((0, Called(*HERE, Call.HELP, "patient")), (5, MeasureTaken(*HERE, "oxygen_given"))) is None
    now = after((0, MeasureTaken(*HERE, "oxygen_given")), (5, CALLED))
    assert now is not None and all(one.done_at is None for one in now.steps)
