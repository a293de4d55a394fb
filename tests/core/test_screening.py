"""Screening as pure functions: what each answer makes of each rule, and that silence accepts nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.accepting import Standing, diagnosis, scales, standing, watching
from unstuck.core.conditions import Seen, Value
from unstuck.core.course import Course
from unstuck.core.errors import Complaint
from unstuck.core.events import AssessmentCompleted, DoseGiven, Event, Origin
from unstuck.core.instrument_file import instrument_keys
from unstuck.core.screening import (
    BLOCKING,
    Finding,
    Looked,
    Weight,
    blocking,
    history,
    last_day,
    medicines,
    prior_treatment,
    shelf_life,
)
from unstuck.core.screening_file import library_text, load_screening, parse_screening

RULES = load_screening()
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Told:
    """Facts as a plain table: the last value of each name."""

    values: dict[str, Value] = field(default_factory=dict)

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        return [Seen(AT - DAY, self.values[fact])] if fact in self.values else []


def look(**told: Value) -> Looked:
    """Facts about the person; a double underscore stands for a dot."""
    return Looked(Told({f"person.{key.replace('__', '.')}": value for key, value in told.items()}), AT, AT.date())


def found(key: str, looked: Looked) -> Finding:
    """The finding of that condition."""
    return next(one.finding for one in history(RULES, looked) if one.key == key)


def test_nobody_is_accepted_by_silence() -> None:
    """Where nothing was asked every group of rules blocks, and nothing in it is clear."""
    silent = look()
    for group in (history(RULES, silent), medicines(RULES, silent), (prior_treatment(RULES, silent),)):
        assert all(one.finding is Finding.UNKNOWN for one in group)
    due = [one for one in shelf_life(RULES, silent) if one.finding is not Finding.WATCH]
    assert due and all(one.finding in (Finding.MISSING, Finding.UNKNOWN) for one in due)


@pytest.mark.parametrize("rule", [r for r in RULES.rules if r.ask], ids=lambda r: r.key)
def test_not_known_is_no_no(rule: object) -> None:
    """An answer of not known blocks as silence does; no opens; yes finds what the rule weighs."""
    key = rule.key  # type: ignore[attr-defined]
    base: dict[str, Value] = {"pregnancy_possible": True}
    assert found(key, look(**base, **{key: "not_known"})) is Finding.UNKNOWN
    assert found(key, look(**base, **{key: False})) is Finding.CLEAR
    there = found(key, look(**base, **{key: True}))
    expected = {
        Weight.ABSOLUTE: Finding.ABSOLUTE,
        Weight.DEFER: Finding.DEFERRED,
        Weight.CLEARANCE: Finding.NEEDS_CLEARANCE,
        Weight.RELATIVE: Finding.WEIGH,
    }
    assert there is expected[rule.weight]  # type: ignore[attr-defined]


def test_a_clearance_names_its_last_day() -> None:
    """A clearance opens until the end of its day and not a day longer; a refusal rules out."""
    today = AT.date()
    assert found("stroke", look(stroke=True, clearance__stroke=f"until:{today}")) is Finding.CLEARED
    assert found("stroke", look(stroke=True, clearance__stroke=f"until:{today - DAY}")) is Finding.NEEDS_CLEARANCE
    assert found("stroke", look(stroke=True, clearance__stroke="refused")) is Finding.ABSOLUTE
    assert found("stroke", look(stroke=True, clearance__stroke="until:soon")) is Finding.NEEDS_CLEARANCE


def test_pregnancy_is_asked_only_where_it_is_possible() -> None:
    """A rule that does not apply is clear; where that is not known it is not."""
    assert found("pregnant", look(pregnancy_possible=False)) is Finding.CLEAR
    assert found("pregnant", look(pregnancy_possible="not_known")) is not Finding.ABSOLUTE
    assert found("pregnant", look()) is Finding.UNKNOWN


@given(days=st.integers(0, 400), code=st.sampled_from(["normal", "accepted", "abnormal", "odd"]))
@settings(max_examples=60, deadline=None)
def test_a_test_is_good_for_its_days(days: int, code: str) -> None:
    """A result that is normal or accepted blocks from the day after its shelf life on; any other always does."""
    test = next(t for t in RULES.tests if t.key == "ecg")
    taken = AT.date() - timedelta(days=days)
    finding = next(f for f in shelf_life(RULES, look(test__ecg=f"{code}:{taken}")) if f.key == "ecg")
    good = code in ("normal", "accepted") and AT.date() <= last_day(taken, test.good_for)
    assert finding.blocks is not good


def test_washout_ends_on_its_day() -> None:
    """Fourteen days after the last tablet the washout is over; a day earlier it is not."""
    for days, finding in ((13, Finding.WASHING_OUT), (14, Finding.CLEAR)):
        looked = look(medicine__maoi=f"stopped:{AT.date() - timedelta(days=days)}")
        assert next(m.finding for m in medicines(RULES, looked) if m.key == "maoi") is finding


def test_therapy_first_is_weighed() -> None:
    """An adequate course is clear, none of any kind is weighed, one that was not asked about is unknown."""
    focused = [t.key for t in RULES.treatments if t.trauma_focused]
    none: dict[str, Value] = {f"prior__{key}": "none" for key in focused}
    assert prior_treatment(RULES, look(**none)).finding is Finding.WEIGH
    assert prior_treatment(RULES, look(**{**none, "prior__cpt": "adequate_not"})).finding is Finding.CLEAR
    assert prior_treatment(RULES, look(**{**none, "prior__cpt": "not_known"})).finding is Finding.UNKNOWN


def interview(days_ago: int, flags: tuple[str, ...], told: str | None, for_care: bool = True) -> Event:
    """A CAPS-5 of so many days ago."""
    scores: tuple[tuple[str, float | str | None], ...] = (("diagnosis", told),)
    what = AssessmentCompleted("caps5", "1", "sha256:x", (), scores, flags=flags, for_care=for_care)
    when = AT - timedelta(days=days_ago)
    return Event("e", "c", when, when, "a", Origin.CLINIC, what)


@pytest.mark.parametrize(
    ("event", "trauma", "finding"),
    [
        (interview(10, ("diagnosis",), "holds"), True, Finding.CLEAR),
        (interview(10, ("diagnosis",), "holds"), False, Finding.UNKNOWN),
        (interview(91, ("diagnosis",), "holds"), True, Finding.EXPIRED),
        (interview(10, (), "fails"), True, Finding.ABSOLUTE),
        (interview(10, (), None), True, Finding.UNKNOWN),
        (interview(10, ("diagnosis",), "holds", for_care=False), True, Finding.UNKNOWN),
    ],
)
def test_diagnosis(event: Event, trauma: bool, finding: Finding) -> None:
    """Only a fresh interview on the official form, with the index trauma fixed, makes the diagnosis."""
    looked = look(index_trauma="item1") if trauma else look()
    assert diagnosis(RULES, Course(assessments=(event,)), looked).finding is finding


def dose(days_ago: float) -> Event:
    """A dose of so many days ago."""
    when = AT - timedelta(days=days_ago)
    return Event("d", "c", when, when, "a", Origin.CLINIC, DoseGiven("s", 1, "ketamine", "im", 1, 1, None, "r"))


@pytest.mark.parametrize(
    ("decided", "value", "doses", "expected"),
    [
        (None, True, (), Standing.NEVER),
        (10, True, (), Standing.ACCEPTED),
        (10, False, (), Standing.NOT_ACCEPTED),
        (91, True, (), Standing.OLD),
        (120, True, (dose(40),), Standing.ACCEPTED),
        (200, True, (dose(91),), Standing.OLD),
    ],
)
def test_a_decision_grows_old(
    decided: float | None, value: bool, doses: tuple[Event, ...], expected: Standing
) -> None:  # fmt: skip
    """A decision stands for ninety days from itself or from the last dose, whichever is later, and then no more."""
    seen = (Seen(AT - decided * DAY, value),) if decided is not None else ()
    course = Course(series={"person.accepted": seen} if seen else {}, doses=doses)
    assert standing(RULES, course, AT)[0] is expected


def test_watching_begins_with_the_first_dose() -> None:
    """Nothing is watched before a dose; afterwards what was never done counts from the first, the rest as it ages."""
    assert watching(RULES, Course(), look()) == ()
    rows = {w.key: w for w in watching(RULES, Course(doses=(dose(30),)), look(test__urine=f"normal:{AT.date()}"))}
    assert rows["urine"].due_on == AT.date() + timedelta(days=120) and rows["urine"].state == "not_yet"
    assert rows["cognition"].since == date(2026, 1, 31) and rows["cognition"].due_on == date(2026, 7, 30)


def test_every_finding_that_blocks_is_meant_to() -> None:
    """Clear, cleared, watched and weighed findings let a person through; every other kind blocks."""
    assert set(Finding) - BLOCKING == {Finding.CLEAR, Finding.CLEARED, Finding.WATCH, Finding.WEIGH}
    assert blocking(history(RULES, look()))


def test_a_broken_file_is_told_with_its_lines() -> None:
    """A rule without a question and a clearance without a name are refused, each with its line."""
    broken = '[[rule]]\nkey = "a"\ntitle = "A"\nweight = "clearance"\nwhy = "w"\nsource = "s"\n'
    with pytest.raises(Complaint) as told:
        parse_screening(broken, "mine.toml")
    assert "who clears it" in str(told.value) and "mine.toml:1" in str(told.value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('[[fact]]\nkey = "mania"\nask = "Mania?"\n', "'mania' stands 2 times"),
        ('[[test]]\nkey = "x"\ntitle = "X"\ngood_for = "9 d"\nbefore = "none"\nwhy = "w"\nsource = "s"\n'
         'when = {is = ["person.never_asked", true]}\n', "nobody is asked for"),
    ],
)  # fmt: skip
def test_rules_that_could_not_work_are_refused(wrong: str, told: str) -> None:
    """A key that stands twice, and a condition about an answer that nobody is asked for, are named."""
    with pytest.raises(Complaint, match=told):
        parse_screening(library_text() + wrong, "mine.toml")


def test_each_rule_that_reads_a_score_names_its_scale() -> None:
    """The interview and every questionnaire that a rule reads are listed with the finding that waits for them."""
    asked = dict(scales(RULES))
    read = {rule.key for rule in RULES.rules if rule.rule}
    assert set(asked.values()) == read | {diagnosis(RULES, Course(), look()).key}
    assert set(asked) <= set(instrument_keys())
