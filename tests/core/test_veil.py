"""A blinded reader's course: nothing in it tells the arm, the dose, a vital sign or dissociation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.walker import walk
from unstuck.core import events as ev
from unstuck.core.course import replay
from unstuck.core.events import Event
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.schedule import State, overview
from unstuck.core.veil import UNMASKING, Hide, veiled

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BLINDED = [protocol for protocol in map(load_protocol, protocol_keys()) if protocol.blinded and protocol.arms]


def otherwise(event: Event, arm: str) -> Event:
    """The same event as it might have been in the other arm."""
    what = event.what
    match what:
        case ev.Enrolled():
            return replace(event, what=replace(what, arm=arm))
        case ev.DoseGiven():
            return replace(event, what=replace(what, drug="other", amount_mg=what.amount_mg + 3, regimen="other"))
        case ev.ReadingTaken():
            return replace(event, what=replace(what, value=what.value + 17))
        case ev.FactStated(value=bool(value)):
            return replace(event, what=replace(what, value=not value))
        case ev.AssessmentCompleted(instrument=instrument) if instrument in UNMASKING:
            scores = tuple((key, 9.0) for key, _ in what.scores)
            return replace(event, what=replace(what, scores=scores, answers=(("item1", 4.0),), flags=("high",)))
        case _:
            return event


def both_arms(protocol: Protocol) -> tuple[list[Event], list[Event]]:
    events = walk(protocol, AT, seed=3)
    harm = replace(events[-1], id="harm", what=ev.AdverseEventNoted("nausea", 2, dose=1))
    other = next(arm.key for arm in protocol.arms if arm.key != events[0].what.arm)  # type: ignore[union-attr]
    return events, [*(otherwise(event, other) for event in events), harm]


@pytest.mark.parametrize("protocol", BLINDED, ids=lambda p: p.key)
def test_two_arms_look_the_same_behind_the_veil(protocol: Protocol) -> None:
    """Two courses that differ in arm, doses, readings, dissociation and harms are equal once veiled, and only then."""
    ours, theirs = both_arms(protocol)
    one, other = replay(protocol, ours), replay(protocol, theirs)
    assert one != other
    assert veiled(one, Hide(arm=True)) == veiled(other, Hide(arm=True))


@pytest.mark.parametrize("protocol", BLINDED, ids=lambda p: p.key)
def test_the_schedule_is_the_same_and_scores_stay(protocol: Protocol) -> None:
    """What was done, when, and the outcome's scores are untouched; the plan can still be read."""
    course = replay(protocol, walk(protocol, AT, seed=3))
    seen = veiled(course, Hide(arm=True))
    assert (seen.done, seen.booked, seen.skipped) == (course.done, course.booked, course.skipped)
    kept = [e for e in course.assessments if e.what.instrument not in UNMASKING]  # type: ignore[union-attr]
    assert list(seen.assessments) == kept and kept
    settled = {(r.step, r.occurrence) for r in overview(protocol, seen, AT) if r.state is State.DONE}
    assert settled == {(r.step, r.occurrence) for r in overview(protocol, course, AT) if r.state is State.DONE}


def test_without_answers_no_score_is_left() -> None:
    """For a reader of neither answers nor arm, no assessment and no score is in the course."""
    protocol = BLINDED[0]
    seen = veiled(replay(protocol, walk(protocol, AT, seed=3)), Hide(arm=True, answers=True))
    assert not seen.assessments and not any(isinstance(e.what, ev.AssessmentCompleted) for e in seen.log)
    assert all(name == "consent" or name.startswith("done.") or "." not in name for name in seen.series)


def test_hiding_nothing_is_the_course_itself() -> None:
    """Whoever may see all gets the very course."""
    course = replay(BLINDED[0], walk(BLINDED[0], AT, seed=3))
    assert veiled(course, Hide()) is course
