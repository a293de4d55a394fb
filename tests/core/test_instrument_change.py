"""Change between two assessments: named definitions, and undecided wherever an answer is missing that matters."""

from __future__ import annotations

import pytest

from unstuck.core.assessment import Scored, score
from unstuck.core.change import change
from unstuck.core.conditions import Truth
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_instrument


def at(key: str, total: int) -> Scored:
    """Complete answers that add up to this total."""
    instrument, left, answers = load_instrument(key), total, {}
    for item in instrument.items:
        if item.key in instrument.scale("total").items:
            answers[item.key] = min(item.high, left)
            left -= answers[item.key]
    return score(instrument, answers)


@pytest.mark.parametrize(
    ("key", "before", "after", "rule", "said"),
    [
        ("phq9", 20, 10, "response", "holds"),
        ("phq9", 20, 11, "response", "fails"),
        ("phq9", 0, 0, "response", "unknown"),
        ("phq9", 20, 4, "remission", "holds"),
        ("phq9", 20, 5, "remission", "fails"),
        ("gad7", 15, 7, "response", "holds"),
        ("gad7", 15, 5, "remission", "fails"),
        ("madrs", 30, 15, "response", "holds"),
        ("madrs", 30, 10, "remission", "holds"),
        ("madrs", 30, 11, "remission", "fails"),
        ("pcl5_week", 30, 45, "reliably_worse", "holds"),
        ("pcl5_week", 30, 44, "reliably_worse", "fails"),
        ("pcl5_week", 50, 28, "clinically_significant", "holds"),
        ("pcl5_week", 40, 28, "clinically_significant", "fails"),
    ],
)
def test_default_definitions(key: str, before: int, after: int, rule: str, said: str) -> None:
    """Under the default definition the change is what the published figure says, at the figure and beside it."""
    assert change(load_instrument(key), at(key, before), at(key, after)).results[rule].value == said


def test_missing_answers_leave_change_open_only_where_they_matter() -> None:
    """A fall that stays above 15 whatever was left out is reliable; one that might not is undecided."""
    week = load_instrument("pcl5_week")
    before = at("pcl5_week", 60)
    sure = score(week, {f"item{n}": 1 for n in range(1, 19)})
    unsure = score(week, {f"item{n}": 2 for n in range(1, 20)})
    assert change(week, before, sure).results["reliable"] is Truth.HOLDS
    assert change(week, before, sure).pro_rated
    assert change(week, at("pcl5_week", 55), unsure).results["reliable"] is Truth.UNKNOWN


def test_a_rise_of_suicide_risk_is_seen() -> None:
    """The rise holds as soon as a higher level is certain, and stays open while the later screen is incomplete."""
    screener = load_instrument("cssrs_screen")
    low = score(screener, {"item1": 1, "item2": 0, "item6": 0})
    assert change(screener, low, score(screener, {"item4": 1})).results["rise"] is Truth.HOLDS
    assert change(screener, low, score(screener, {"item1": 1})).results["rise"] is Truth.UNKNOWN
    assert change(screener, low, low).results["rise"] is Truth.FAILS


def test_an_unknown_definition_is_refused_with_those_there_are() -> None:
    """Asking for a definition that the instrument does not have names those it has."""
    week = load_instrument("pcl5_week")
    with pytest.raises(Complaint, match="legacy_5_10"):
        change(week, at("pcl5_week", 50), at("pcl5_week", 40), "five_ten")


def test_trial_remission_needs_the_diagnosis_gone_too() -> None:
    """In trial use CAPS-5 remission asks for 11 or less and no diagnosis, and is open while the diagnosis is."""
    caps = load_instrument("caps5")
    before, after = at("caps5", 40), at("caps5", 8)
    assert change(caps, before, after, "trial_use").results["remission"] is Truth.HOLDS
    ill = score(caps, {**at("caps5", 80).answers, "item22": 1, "item23": 4, "item24": 0, "item25": 0})
    assert change(caps, before, ill, "trial_use").results["remission"] is Truth.FAILS
