"""What a person does before a visit: lines in both languages, and hours only where a route's figure is known."""

from __future__ import annotations

import pytest

from unstuck.core.before_file import load_before, parse_before
from unstuck.core.conditions import facts_of
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Rater
from unstuck.core.instrument_file import load_all
from unstuck.core.labels_file import labels
from unstuck.core.library_file import library_root
from unstuck.core.protocol import Route
from unstuck.core.protocol_file import load_protocol

TEXT = (library_root() / "portal" / "before.toml").read_text(encoding="utf-8")


def test_the_lines_answer_to_gates_of_the_library() -> None:
    """Food, ride and medicines are asked for by the gates of a dosing protocol, and each has a line."""
    asked = {fact for gate in load_protocol("feder_2021").gates for fact in facts_of(gate.rule)}
    lines = load_before()
    assert {"food", "ride", "medicines"} <= {line.key for line in lines if line.fact in asked}
    assert [line.key for line in lines if line.fact not in asked] == []


def test_only_the_route_with_a_read_figure_has_hours() -> None:
    """The nasal route has two hours for food and half an hour for drink; no other route has a figure of ours."""
    timed = [(t.route, t.hours) for line in load_before() for t in line.timed]
    assert timed == [(Route.INTRANASAL, 2), (Route.INTRANASAL, 0.5)]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (("hours = 2\n", ""), "hours before the visit are missing"),
        (("{time}.", "noon."), "no place for the hour"),
        (('es = "Pida', 'fr = "Pida'), "lacks 'es'"),
    ],
)
def test_faults_of_a_site_file_are_named(spoil: tuple[str, str], told: str) -> None:
    """A sentence without its hour, or without one of the languages, is refused."""
    with pytest.raises(Complaint, match=told):
        parse_before(TEXT.replace(*spoil, 1), "own.toml")


def test_every_label_that_a_patient_reads_has_spanish() -> None:
    """Every question and answer of every instrument that a person fills in has a Spanish label of ours."""
    spanish = labels("es").words
    asked = [i for i in load_all().values() if i.rater is Rater.PATIENT]
    said = {item.label for i in asked for item in i.items}
    said |= {choice.label for i in asked for item in i.items for choice in item.choices}
    assert len(asked) > 10
    assert sorted(said - set(spanish)) == []


def test_no_spanish_label_is_left_over() -> None:
    """A label that no instrument uses any more is taken out."""
    said = {item.label for i in load_all().values() for item in i.items}
    said |= {choice.label for i in load_all().values() for item in i.items for choice in item.choices}
    assert sorted(set(labels("es").words) - said) == []


def test_an_unknown_language_stays_english() -> None:
    """A language that the library does not have leaves our labels as they are; no path can be made of it."""
    assert labels("xx").of("Bad dreams") == "Bad dreams"
    assert labels("../es").language == "en"
