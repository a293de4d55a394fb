"""Structured therapy: the library's kinds, and what may enter a course."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from unstuck.core import events as ev
from unstuck.core import refusals as no
from unstuck.core.activities import TherapyKind
from unstuck.core.course import Course
from unstuck.core.errors import Complaint
from unstuck.core.events import Event, Origin, from_dict, to_dict
from unstuck.core.protocol import Expose, Integrate
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.record import record
from unstuck.core.therapy import Therapy, name_of, refuse_unfit, therapies_for
from unstuck.core.therapy_course import next_item, next_number, ratings_of, sessions_of
from unstuck.core.therapy_events import TherapyItemListed, TherapyRecorded
from unstuck.core.therapy_file import library_therapies, parse_therapy

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KNOWN = {one.key: one for one in library_therapies()}
PE = KNOWN["pe"]
SESSION = TherapyRecorded("session", 1, "pe", "1", 1, 0, (("imaginal_peak", 80.0),), (("imaginal", "whole"),))


def event(number: int, what: ev.What, at: datetime = AT) -> Event:
    return Event(f"e{number}", "c", at, at, "a_ben", Origin.CLINIC, what)


def begun() -> Course:
    """A course of prolonged exposure with its first session held."""
    protocol = load_protocol("pe")
    course = record(protocol, Course(), event(0, ev.Enrolled(protocol.key, protocol.version, protocol.hash)))
    return replace(course, done={("session", 1): AT})


def test_every_therapy_that_protocols_name_has_a_structure() -> None:
    """Each trauma-focused kind, and each exposing or integrating step of the library, finds its structure."""
    assert {kind.value for kind in TherapyKind} <= set(KNOWN)
    for key in protocol_keys():
        for step in load_protocol(key).steps:
            if isinstance(step.activity, Expose | Integrate):
                assert therapies_for(step.activity, KNOWN.values()), name_of(step.activity)


def test_emdr_measures_its_targets_on_the_published_scales() -> None:
    """SUD runs from 0 to 10 and VOC from 1 to 7, as the source describes them."""
    assert {key: (s.low, s.high) for (_list, key), s in KNOWN["emdr"].measures().items()} == {
        "sud": (0, 10),
        "voc": (1, 7),
    }


@pytest.mark.parametrize("therapy", KNOWN.values(), ids=lambda t: t.key)
def test_both_ends_of_every_figure_are_taken_and_nothing_beyond(therapy: Therapy) -> None:
    """A figure is taken from its lowest to its highest value and refused outside."""
    for scale in therapy.figures:
        for value, fits in [(scale.low, 1), (scale.high, 1), (scale.low - 1, 0), (scale.high + 1, 0)]:
            told = TherapyRecorded("s", 1, therapy.key, therapy.version, 1, figures=((scale.key, value),))
            if fits:
                refuse_unfit(therapy, told)
            else:
                with pytest.raises(Complaint, match="runs from"):
                    refuse_unfit(therapy, told)


def test_events_survive_writing_and_reading() -> None:
    """The structured facts come back from JSON as they were, with their nested pairs and triples."""
    what = replace(SESSION, ratings=(("situation.1", "suds", 60.0),))
    again = from_dict(to_dict(event(5, what)))
    assert again.what == what


def test_items_are_listed_then_rated() -> None:
    """An item gets the next code of its list; its ratings come back in order with their session."""
    protocol, course = load_protocol("pe"), begun()
    assert next_item(course, "pe", "situation") == "situation.1"
    course = record(protocol, course, event(1, TherapyItemListed("pe", "situation", "situation.1")))
    assert next_item(course, "pe", "situation") == "situation.2"
    told = replace(SESSION, ratings=(("situation.1", "suds", 60.0),))
    course = record(protocol, course, event(2, told))
    assert next_number(course, "pe") == 2
    assert [value for _e, value in ratings_of(course, "pe", "situation.1", "suds")] == [60.0]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"cycle": 1}, no.NotInOrder),
        ({"occurrence": 2}, no.NotInOrder),
        ({"step": "weekly"}, no.WrongActivity),
        ({"ratings": (("situation.9", "suds", 1.0),)}, no.UnknownEvent),
        ({"choices": (("imaginal", "he cried for an hour"),)}, no.NotAFact),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changed: dict[str, object], refusal: type[Complaint]) -> None:
    """A dose that was not given, a session not held, a step that is none, an item not listed, and words."""
    with pytest.raises(refusal):
        record(load_protocol("pe"), begun(), event(3, replace(SESSION, **changed)))  # type: ignore[arg-type]


def test_a_session_is_recorded_once_and_corrected_by_taking_it_back() -> None:
    """The same session again is refused; after a correction it can be recorded anew and counts once."""
    protocol = load_protocol("pe")
    course = record(protocol, begun(), event(1, SESSION))
    with pytest.raises(no.AlreadyDone):
        record(protocol, course, event(2, SESSION))
    course = record(protocol, course, event(3, ev.Corrected("e1", "wrong_value"), AT + timedelta(hours=1)))
    course = replace(course, done={("session", 1): AT})
    assert sessions_of(record(protocol, course, event(4, SESSION)))[0].id == "e4"


def test_a_faulty_file_is_told_with_its_lines() -> None:
    """A site's own file with a figure without range and a choice of one option is refused with both lines."""
    text = """key = "ours"
version = "1"
title = "Ours"
summary = "Ours."
fits = ["expose site:ours"]
sources = ["unstuck_choice"]

[[figure]]
key = "a"
label = "A"
low = 5
high = 5

[[choice]]
key = "b"
label = "B"
"""
    with pytest.raises(Complaint) as refused:
        parse_therapy(text, "ours.toml")
    assert "has no range" in str(refused.value) and "fewer than two options" in str(refused.value)
