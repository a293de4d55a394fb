"""Sites pool without rows, and no small group can be seen or computed from what they share."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.claims_file import sharing, smallest_group
from unstuck.core.errors import Complaint
from unstuck.lab.meta.pool import pool
from unstuck.lab.meta.sites import (
    About,
    Contrast,
    Group,
    Kind,
    SiteSummary,
    people,
    refuse_difference,
    site_effects,
    summarise,
)
from unstuck.lab.meta.sites_file import read_summary, text_of
from unstuck.lab.meta.sizes import Arm, mean_difference

MEASURE = About("north", "pcl5_change", Kind.MEASURE, "PCL-5 points")
EVENT = About("north", "response", Kind.EVENT)


def _site(name: str, seed: int, arm: int = 40, gone: int = 0) -> SiteSummary:
    """A site whose ketamine group falls by ten points more; the last `gone` of each arm are missing."""
    luck = np.random.default_rng(seed)
    groups = ["ketamine"] * arm + ["midazolam"] * arm
    values: list[float | None] = [float(x) for x in luck.normal([-20] * arm + [-10] * arm, 12)]
    for start in (0, arm):
        values[start + arm - gone : start + arm] = [None] * gone
    return summarise(About(name, "pcl5_change", Kind.MEASURE, "PCL-5 points"), groups, values)


def _numbers(value: object) -> list[int]:
    """Every whole number in a file's groups."""
    if isinstance(value, dict):
        return [n for name, each in value.items() if name != "withheld" for n in _numbers(each)]
    if isinstance(value, list):
        return [n for each in value for n in _numbers(each)]
    return [value] if isinstance(value, int) else []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, 0.0, 1.0])), min_size=1, max_size=80),
    st.integers(3, 15),
)
def test_no_small_count_is_shown_or_follows(people_of, least):
    """Whatever the people, no shown count is below the minimum, nor any that follows from two."""
    about = About("north", "response", Kind.EVENT, minimum_cell=least)
    summary = summarise(about, [group for group, _ in people_of], [value for _, value in people_of])
    for group in summary.groups:
        own = [value for name, value in people_of if name == group.name]
        measured = [value for value in own if value is not None]
        if group.measured is None:
            assert len(measured) < least and group.missing_low is None and group.events is None
            continue
        assert group.measured == len(measured) >= least
        assert group.missing_low <= len(own) - len(measured) <= group.missing_high
        if group.missing_low == group.missing_high:
            assert group.missing_low == 0 or group.missing_low >= least
        if group.events is not None:
            assert min(group.events, group.measured - group.events) >= least


def test_a_file_shows_no_small_number():
    """The text of a file has no whole number from 1 to 10 among its counts, but for the bounds of a range."""
    summary = _site("north", 1, arm=30, gone=4)
    assert summary.groups[0].missing_low == 1 and summary.groups[0].missing_high == smallest_group() - 1
    found = [n for n in _numbers(json.loads(text_of(summary))["groups"]) if 0 < n < smallest_group()]
    assert sorted(found) == [1, 1, 10, 10]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([1.0] * 5 + [0.0] * 30, "fewer than 11 had the event"),
        ([1.0] * 30 + [0.0] * 5, "fewer than 11 had not"),
        ([0.0] * 40, "fewer than 11 had the event"),
        ([1.0] * 10, "fewer than 11 people were measured"),
    ],
)
def test_small_and_telling_cells_are_withheld(values, why):
    """Few events, few without, none, all, and few people: each is withheld with its reason."""
    group = summarise(EVENT, ["a"] * len(values), values).groups[0]
    assert group.events is None and why in " ".join(group.withheld)


def test_equal_values_are_withheld():
    """A group in which everyone has the same value tells of everyone, and is withheld."""
    group = summarise(MEASURE, ["a"] * 20, [3.0] * 20).groups[0]
    assert group.mean is None and "same value" in group.withheld[0]


def test_sites_pool_as_their_rows_would():
    """The effect of each site is that of its rows to the rounding of the file, and the pool is the pool of these."""
    summaries = [_site(f"site {n}", n) for n in range(5)]
    found = site_effects(summaries, Contrast.MD, "ketamine", "midazolam")
    for n in range(5):
        rows = np.random.default_rng(n).normal([-20] * 40 + [-10] * 40, 12)
        arms = [Arm(40, part.mean(), part.std(ddof=1)) for part in (rows[:40], rows[40:])]
        direct = mean_difference(*arms)
        assert (found.effects.y[n], found.effects.v[n]) == pytest.approx((direct.y[0], direct.v[0]), abs=2e-3)
    pooled = pool(found.effects)
    assert pooled.mean.low < -10 < pooled.mean.high and found.silent == ()


def test_a_site_that_is_too_small_is_named():
    """A site whose group is withheld is not pooled, and is named with the reason."""
    found = site_effects([_site("big", 1), _site("small", 2, arm=9)], Contrast.MD, "ketamine", "midazolam")
    assert found.effects.labels == ("big",) and found.silent[0][0] == "small"
    assert "fewer than 11" in found.silent[0][1]
    with pytest.raises(Complaint, match="No site can give an effect"):
        site_effects([_site("small", 2, arm=9)], Contrast.MD, "ketamine", "midazolam")


def test_a_single_group_is_no_drug_effect():
    """The pooled mean of one group carries the warning that it is no drug effect."""
    found = site_effects([_site("a", 1), _site("b", 2)], Contrast.CHANGE, "ketamine", None)
    assert any("no drug effect" in note for note in pool(found.effects).notes)


def test_events_pool_as_ratios():
    """Counts of events pool as ratios of risks and of odds."""
    values = [1.0] * 20 + [0.0] * 15 + [1.0] * 12 + [0.0] * 25
    summary = summarise(EVENT, ["k"] * 35 + ["m"] * 37, values)
    for contrast, expected in ((Contrast.RR, (20 / 35) / (12 / 37)), (Contrast.OR, (20 / 15) / (12 / 25))):
        assert np.exp(site_effects([summary], contrast, "k", "m").effects.y[0]) == pytest.approx(expected)


def test_two_files_of_nearly_the_same_people_are_refused():
    """A new file that differs from the last by a few people is refused: together they would tell of the few."""
    old = _site("north", 1, arm=40)
    with pytest.raises(Complaint, match="differs from the earlier file by fewer than 11"):
        refuse_difference(_site("north", 1, arm=42), old)
    refuse_difference(_site("north", 1, arm=40), old)
    refuse_difference(_site("north", 1, arm=51), old)
    with pytest.raises(Complaint, match="another site"):
        refuse_difference(_site("south", 1, arm=60), old)


def test_a_file_reads_back(tmp_path):
    """A written summary is read back as it was."""
    summary = _site("north", 1, gone=12)
    (tmp_path / "n.json").write_text(text_of(summary), encoding="utf-8")
    assert read_summary(tmp_path / "n.json") == summary
    assert people(summary) == "ketamine 28 measured, 12 missing; midazolam 28 measured, 12 missing"


def _changed(tmp_path, **changes):
    data = json.loads(text_of(_site("north", 1)))
    data["groups"][0] |= changes
    (tmp_path / "n.json").write_text(json.dumps(data), encoding="utf-8")
    return tmp_path / "n.json"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"measured": 4}, "fewer than 11 people"),
        ({"missing_low": 3, "missing_high": 3}, "fewer than 11 people"),
        ({"events": 3}, "fewer than 11 people"),
        ({"sd": -1.0}, "without n or SD"),
        ({"sd": None}, "without n or SD"),
        ({"measured": "40"}, "is no count"),
        ({"mean": "low"}, "not what it should be"),
        ({"birthday": "1970"}, "not what it should be"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, changes, said):
    """A file with a small cell, an impossible figure or a field that does not belong there is refused."""
    with pytest.raises(Complaint, match=said):
        read_summary(_changed(tmp_path, **changes))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "unstuck site summary 0"}'])
def test_what_is_no_summary_is_refused(tmp_path, text):
    """Any other file is refused."""
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(Complaint):
        read_summary(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: About("a", "b", minimum_cell=1), "protects nobody"),
        (lambda: summarise(EVENT, ["a"] * 20, [2.0] * 20), "neither 0 nor 1"),
        (lambda: summarise(EVENT, ["a"], []), "do not go with"),
        (lambda: site_effects([], Contrast.MD, "a", "b"), "no site"),
        (lambda: site_effects([_site("a", 1), _site("a", 2)], Contrast.MD, "ketamine", "midazolam"), "there twice"),
        (lambda: site_effects([_site("a", 1)], Contrast.RR, "ketamine", "midazolam"), "does not fit"),
        (lambda: site_effects([_site("a", 1)], Contrast.MD, "ketamine", None), "needs two groups"),
        (lambda: site_effects([_site("a", 1)], Contrast.MD, "ketamine", "saline"), "No site can give"),
        (
            lambda: site_effects(
                [
                    _site("a", 1),
                    SiteSummary("b", "pcl5_change", Kind.MEASURE, "CAPS-5 points", 11, (Group("k", 20, 0, 0),)),
                ],
                Contrast.MD,
                "ketamine",
                "midazolam",
            ),
            "differ in unit",
        ),
    ],
)
def test_what_cannot_be_pooled_is_refused(make, said):
    """Unlike outcomes, a site twice, a contrast that does not fit: each is refused with a remedy."""
    with pytest.raises(Complaint, match=said) as caught:
        make()
    assert caught.value.mend


def test_clinic_and_sites_have_one_smallest_group():
    """What a site may share and what the clinic shows follow the same figure, eleven; nobody may go below three."""
    assert About("north", "response").minimum_cell == smallest_group() == 11
    assert sharing().least_group == 3
    with pytest.raises(Complaint, match="protects nobody"):
        About("north", "response", minimum_cell=2)
