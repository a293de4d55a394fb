"""From studies to rows: only what chance decided, each sample once, and a reason for each study without a row."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.structure.sources import ROOT
from unstuck.core.evidence import Group, Purpose, Role
from unstuck.core.evidence_faults import faults_of
from unstuck.core.evidence_file import load_measures, load_studies, read_study
from unstuck.core.evidence_release_file import newest, shipped
from unstuck.core.evidence_rows import SAME, Query, Unit, select
from unstuck.core.evidence_words import text_for
from unstuck.core.funnel import limits

STUDIES, MEASURES = load_studies(), load_measures()

queries = st.builds(
    Query,
    unit=st.sampled_from(Unit),
    population=st.none() | st.sampled_from(Group),
    measure=st.none() | st.sampled_from(sorted(MEASURES)),
    at_hours=st.none() | st.sampled_from([24.0, 168.0, 720.0]),
    against=st.none() | st.sampled_from([Role.ACTIVE, Role.PASSIVE]),
    purpose=st.sampled_from(Purpose),
    memory=st.booleans(),
)


@given(queries)
def test_every_study_by_lot_has_a_row_or_a_reason(query):
    """Whatever is asked, each study that answers by its design is a row or is left out with a reason, never both."""
    found = select(STUDIES, MEASURES, query)
    rows, out = [row.study for row in found.rows], [each.study for each in found.left_out]
    asked = {
        key
        for key, study in STUDIES.items()
        if study.form.by_lot and study.purpose is query.purpose and query.population in (None, *study.groups)
    }
    assert sorted(rows + out) == sorted(asked)
    assert len(set(rows)) == len(rows)
    assert all(each.why for each in found.left_out)


@given(queries)
def test_no_row_comes_from_a_study_without_a_comparison(query):
    """A one-arm, retrospective or imaging study never gives an effect, and rows have a positive SE."""
    for row in select(STUDIES, MEASURES, query).rows:
        assert STUDIES[row.study].form.by_lot
        assert row.se > 0
        assert query.memory or row.origin.words != "from memory"
        assert query.measure in (None, row.measure)


def test_duek_at_day_seven_and_thirty():
    """The time asked for decides: g 0.52 for ketamine at day 7, 0.12 for midazolam at day 30."""
    for hours, g in ((168.0, 0.52), (720.0, -0.12)):
        rows = {r.study: r for r in select(STUDIES, MEASURES, Query(measure="pcl5", at_hours=hours)).rows}
        assert rows["duek_2023"].effect == pytest.approx(g, abs=0.005)


def test_feder_2021_as_hedges_g_and_as_a_ratio():
    """d 1.13 shrinks by 1 - 3/(4 x 30 - 9); 10 of 15 against 3 of 15 is a ratio of 3.33."""
    g = {r.study: r for r in select(STUDIES, MEASURES, Query()).rows}["feder_2021"]
    assert g.effect == pytest.approx(1.13 * (1 - 3 / 111))
    ratio = {r.study: r for r in select(STUDIES, MEASURES, Query(Unit.RR)).rows}["feder_2021"]
    assert math.exp(ratio.effect) == pytest.approx(10 / 3)


def test_the_warning_counts_who_is_not_heard():
    """Two of eight trials give a figure; a report of the same people is no trial that is not heard."""
    found = select(STUDIES, MEASURES, Query())
    silent = [out for out in found.left_out if not out.why.startswith(SAME)]
    assert (len(found.rows), len(silent)) == (2, 6)
    assert found.warning.startswith("2 of 8 trials gave a figure (56 people); 6 did not (331 people).")


def test_the_example_of_the_guide_is_a_study(tmp_path):
    """The file shown in docs/adding_a_study.md is read without a complaint, and its figures fit."""
    text = (ROOT / "docs" / "adding_a_study.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.S)
    assert example
    path = tmp_path / "feder_2021.toml"
    path.write_text(example[1], encoding="utf-8")
    study, faults = read_study(path, MEASURES)
    assert faults == ()
    assert study is not None
    assert {type(effect).__name__ for effect in study.effects} == {"Mean", "Count", "Contrast", "Duration", "Said"}
    assert [str(fault) for fault in faults_of(study, MEASURES)] == []


@given(st.floats(0.01, 0.99), st.integers(1, 120), st.sampled_from([0.95, 0.998]))
def test_few_groups_fall_outside_a_funnel(share, size, level):
    """By the binomial law at most (1 - level)/2 of groups lie beyond either limit; the expected count lies inside."""
    found = limits(share, size, level)
    law = [math.comb(size, k) * share**k * (1 - share) ** (size - k) for k in range(size + 1)]
    tail = (1 - level) / 2 + 1e-9
    assert sum(law[: found.low]) <= tail
    assert sum(law[found.high + 1 :]) <= tail
    assert found.low <= round(share * size) <= found.high


@pytest.mark.parametrize(("share", "size"), [(-0.1, 5), (1.1, 5), (0.5, 0)])
def test_an_impossible_funnel_is_refused(share, size):
    """A share outside 0 to 1 and a group of nobody have no limits."""
    with pytest.raises(ValueError, match="no limits"):
        limits(share, size, 0.95)


def test_nothing_known_is_said_as_nothing():
    """A treatment without a study has a text that says so and promises nothing."""
    release = newest([shipped()])
    assert release is not None
    text = text_for(release, "maps_frame", "A frame")
    assert "We know of no study of this treatment. So nobody can tell what the treatment itself did." in text
