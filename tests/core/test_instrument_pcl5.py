"""PCL-5 and CAPS-5: what their scores, clusters and definitions of change say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.assessment import Completeness, gate_facts, interviewer_severity, score
from unstuck.core.change import change
from unstuck.core.conditions import Truth
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_instrument

WEEK = load_instrument("pcl5_week")
CAPS = load_instrument("caps5")
FULL = st.lists(st.integers(0, 4), min_size=20, max_size=20)


def sheet(values: list[int]) -> dict[str, float]:
    """Answers to item1 and onwards."""
    return {f"item{n}": v for n, v in enumerate(values, 1)}


def at(total: int) -> dict[str, float]:
    """PCL-5 answers that add up to this total."""
    return sheet([min(4, max(0, total - 4 * n)) for n in range(20)])


def plain_pcl5(v: list[int]) -> tuple[int, list[int], bool]:
    """PCL-5 spelled a second time: total, clusters B to E, provisional diagnosis."""
    parts = [v[0:5], v[5:7], v[7:14], v[14:20]]
    enough = [sum(x > 1 for x in part) >= need for part, need in zip(parts, (1, 1, 2, 2), strict=True)]
    return sum(v), [sum(p) for p in parts], all(enough)


@given(FULL)
@settings(max_examples=60)
def test_two_spellings_agree(values: list[int]) -> None:
    """The library's PCL-5 file scores like a second, independent spelling of the published rule."""
    total, clusters, provisional = plain_pcl5(values)
    found = score(WEEK, sheet(values))
    assert found.value() == total
    assert [found.value(k) for k in "BCDE"] == clusters
    assert (found.flags["provisional"] is Truth.HOLDS) == provisional


def test_two_missing_are_estimated_and_never_reach_a_gate() -> None:
    """With two answers missing the total is estimated and marked, and rules do not see it; with three there is none."""
    two = score(WEEK, sheet([2] * 18))
    assert (two.value(), two.scales["total"].completeness) == (40, Completeness.PRO_RATED)
    assert "pcl5_week.total" not in gate_facts(two)
    three = score(WEEK, sheet([2] * 17))
    assert three.value() is None and three.missing == ("item18", "item19", "item20")


@pytest.mark.parametrize(
    ("start", "end", "reliable", "there"), [(50, 35, 1, 0), (50, 36, 0, 0), (43, 28, 1, 1), (40, 28, 0, 1)]
)
def test_reliable_change_and_end_state(start: int, end: int, reliable: int, there: int) -> None:
    """By default a PCL-5 fall of 15 is reliable, and 28 or less is the end state."""
    found = change(WEEK, score(WEEK, at(start)), score(WEEK, at(end))).results
    assert [found[k] is Truth.HOLDS for k in ("reliable", "end_state")] == [bool(reliable), bool(there)]


def test_old_rule_only_by_name() -> None:
    """The old rule of 5 and 10 points is used only where it is asked for by name."""
    before, after = score(WEEK, at(50)), score(WEEK, at(42))
    assert change(WEEK, before, after).definition == "default"
    old = change(WEEK, before, after, "legacy_5_10").results
    assert old == {"reliable": Truth.HOLDS, "meaningful": Truth.FAILS}


def test_week_and_month_are_never_compared() -> None:
    """A weekly and a monthly PCL-5 are two instruments, and their difference is refused."""
    month = load_instrument("pcl5_month")
    with pytest.raises(Complaint, match="cannot be compared"):
        change(WEEK, score(month, at(40)), score(WEEK, at(20)))


def test_caps5_diagnosis_needs_clusters_duration_and_burden() -> None:
    """CAPS-5 criteria are met only with all clusters, duration over a month, and distress or impairment."""
    severe = {**sheet([3] * 20), "item22": 1, "item23": 0, "item24": 0, "item25": 2, "item29": 0, "item30": 0}
    assert score(CAPS, severe).flags["diagnosis"] is Truth.HOLDS
    assert score(CAPS, {**severe, "item25": 1}).flags["diagnosis"] is Truth.FAILS
    assert score(CAPS, {**severe, "item22": 0}).flags["diagnosis"] is Truth.FAILS
    assert score(CAPS, {**severe, "item22": None}).flags["diagnosis"] is Truth.UNKNOWN


def test_caps5_change() -> None:
    """A CAPS-5 fall of 13 is reliable and of 12 only in the second sample; response is a fall of 30 percent."""
    before = score(CAPS, sheet([2] * 20))
    after = score(CAPS, sheet([2] * 14 + [0] * 6))
    assert change(CAPS, before, after).results["reliable"] is Truth.FAILS
    assert change(CAPS, before, after, "second_sample").results["reliable"] is Truth.HOLDS
    assert change(CAPS, before, after, "response_30").results["response"] is Truth.HOLDS


@pytest.mark.parametrize(
    ("frequency", "intensity", "severity"), [(2, 2, 2), (3, 1, 1), (2, 3, 2), (1, 3, 2), (0, 4, 1), (4, 0, 0)]
)
def test_interviewer_severity(frequency: int, intensity: int, severity: int) -> None:
    """CAPS-5 severity takes the lower rating, save that an intensity two above the frequency lifts it by one."""
    assert interviewer_severity(frequency, intensity) == severity
