"""Laws that hold for every instrument of the library, whatever is answered."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from unstuck.core.assessment import Answers, Scored, complaints_about, event_parts, gate_facts, score, shown_items
from unstuck.core.conditions import Truth
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument, Item, Kind, Method
from unstuck.core.instrument_file import load_all

LIBRARY = load_all()
KEYS = sorted(LIBRARY)
SUMS = [k for k in KEYS if any(s.method is Method.SUM for s in LIBRARY[k].scales)]
SEXES = st.sampled_from([{}, {"sex": "female"}, {"sex": "male"}, {"sex": "other"}])


def answer_to(item: Item) -> st.SearchStrategy[object]:
    """Any possible answer to an item, none among them."""
    if item.kind is Kind.MULTIPLE:
        return st.none() | st.frozensets(st.integers(item.low, item.high), min_size=1)
    return st.none() | st.integers(item.low, item.high)


def asked(instrument: Instrument, answers: dict[str, object]) -> dict[str, object]:
    """The answers without those to items that are not asked, until nothing more drops out."""
    bad = [c.where for c in complaints_about(instrument, answers)]
    return asked(instrument, {k: v for k, v in answers.items() if k not in bad}) if bad else answers


@st.composite
def sheets(draw: st.DrawFn, keys: list[str] = KEYS) -> tuple[Instrument, dict[str, object]]:
    """An instrument with possible answers."""
    instrument = LIBRARY[draw(st.sampled_from(keys))]
    answers = {item.key: draw(answer_to(item)) for item in instrument.items}
    return instrument, asked(instrument, answers)


@given(sheets(), SEXES)
@settings(max_examples=150, deadline=None)
def test_scales_stay_in_range(sheet: tuple[Instrument, Answers], person: dict[str, str]) -> None:
    """Every value lies in its scale's range and between what the missing answers leave possible."""
    instrument, answers = sheet
    for key, found in score(instrument, answers, person).scales.items():
        low, high = instrument.range_of(key)
        assert low <= found.lowest <= found.highest <= high
        assert found.value is None or found.lowest - 1e-9 <= found.value <= found.highest + 1e-9


def certain(scored: Scored) -> dict[str, object]:
    """All that is decided: flags, levels, complete scales."""
    flags = {k: t for k, t in scored.flags.items() if t is not Truth.UNKNOWN}
    levels = {k: t.level for k, t in scored.triages.items() if t.level is not None}
    return {**flags, **levels, **{k: s.for_gate for k, s in scored.scales.items() if s.for_gate is not None}}


@given(sheets(), SEXES, st.data())
@settings(max_examples=150, deadline=None)
def test_a_missing_answer_never_decides(
    sheet: tuple[Instrument, Answers], person: dict[str, str], data: st.DataObject
) -> None:
    """Taking an answer away leaves each decision as it was or opens it again; it never makes or turns one."""
    instrument, answers = sheet
    gone = data.draw(st.sampled_from([i.key for i in instrument.items]))
    fewer = asked(instrument, {k: v for k, v in answers.items() if k != gone})
    assume(set(fewer) == set(answers) - {gone})
    before, after = certain(score(instrument, answers, person)), certain(score(instrument, fewer, person))
    assert all(before.get(key) == value for key, value in after.items())


@given(sheets(SUMS), st.data())
@settings(max_examples=150, deadline=None)
def test_scores_rise_with_each_item(sheet: tuple[Instrument, Answers], data: st.DataObject) -> None:
    """Raising one answer by one never lowers a scale."""
    instrument, answers = sheet
    raisable = [i.key for i in instrument.items if isinstance(answers.get(i.key), int) and answers[i.key] < i.high]
    assume(raisable)
    key = data.draw(st.sampled_from(raisable))
    higher = {**answers, key: answers[key] + 1}
    before, after = score(instrument, answers), score(instrument, higher)
    for scale in instrument.scales:
        old, new = before.scales[scale.key], after.scales[scale.key]
        assert new.lowest >= old.lowest
        assert old.value is None or new.value is None or new.value >= old.value - 1e-9


@given(sheets(["pcl5_week", "pcl5_month", "caps5", "caps5_week"]))
@settings(max_examples=60, deadline=None)
def test_clusters_add_up(sheet: tuple[Instrument, Answers]) -> None:
    """Clusters B, C, D and E share no item and add up to the total."""
    instrument, answers = sheet
    scales = score(instrument, answers).scales
    assert scales["total"].lowest == sum(scales[k].lowest for k in "BCDE")
    items = [key for k in "BCDE" for key in instrument.scale(k).items]
    assert sorted(items) == sorted(instrument.scale("total").items)


@given(st.lists(st.integers(0, 3), min_size=9, max_size=9), st.sets(st.integers(0, 8), max_size=4))
@settings(max_examples=80)
def test_phq9_spelled_twice(values: list[int], gone: set[int]) -> None:
    """PHQ-9 agrees with a second spelling: nine times the mean where at most two answers are missing."""
    kept = [v for n, v in enumerate(values) if n not in gone]
    found = score(LIBRARY["phq9"], {f"item{n + 1}": v for n, v in enumerate(values) if n not in gone})
    plain = 9 * sum(kept) / len(kept) if len(gone) <= 2 else None
    assert found.value() == pytest.approx(plain) if plain is not None else found.value() is None
    alarm = "unknown" if 8 in gone else ("holds" if values[8] > 0 else "fails")
    assert found.flags["suicide"].value == alarm


@given(sheets(), SEXES)
@settings(max_examples=80, deadline=None)
def test_events_hold_what_gates_read(sheet: tuple[Instrument, Answers], person: dict[str, str]) -> None:
    """What an event stores names every scale, and no estimated value is among what rules may read."""
    instrument, answers = sheet
    found = score(instrument, answers, person)
    parts, facts = event_parts(found), gate_facts(found)
    assert {s.key for s in instrument.scales} <= {key for key, _ in parts.scores}
    for key, scale in found.scales.items():
        assert facts.get(f"{instrument.key}.{key}") == scale.for_gate


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"item8": 1}, "no item item8"),
        ({"item1": 2}, "out of range"),
        ({"item1": True}, "not a number"),
        ({"item1": "1"}, "not a number"),
        ({"item1": 0.5}, "none of the choices"),
        ({"item2": 0, "item4": 1}, "is not asked"),
        ({"item6": 0, "item7": 0}, "is not asked"),
        ({"item1": float("nan")}, "out of range"),
    ],
)
def test_impossible_answers_are_refused(answers: dict[str, object], said: str) -> None:
    """An answer to an unknown or unasked item, out of range or of the wrong kind is refused with its reason."""
    with pytest.raises(Complaint, match=said):
        score(LIBRARY["cssrs_screen"], answers)


def test_all_faults_are_told_at_once() -> None:
    """Two impossible answers make one complaint that names both."""
    with pytest.raises(Complaint, match=r"(?s)item1.*item2|item2.*item1"):
        score(LIBRARY["pcl5_week"], {"item1": 5, "item2": -1})


def test_what_is_asked_follows_the_answers() -> None:
    """After a no to thoughts of suicide the screener leaves out items 3 to 5, after a yes it asks them."""
    screener = LIBRARY["cssrs_screen"]
    assert [i.key for i in shown_items(screener, {"item2": 0, "item6": 1})] == ["item1", "item2", "item6", "item7"]
    assert len(shown_items(screener, {"item2": 1, "item6": 1})) == 7


def test_without_an_event_the_trauma_screen_is_zero() -> None:
    """PC-PTSD-5 ends at 0 where no such event was lived through, and stays open while that is not answered."""
    screen = LIBRARY["pc_ptsd5"]
    assert score(screen, {"item1": 0}).scales["total"].for_gate == 0
    assert score(screen, {f"item{n}": 1 for n in range(2, 7)}).value() is None
    assert score(screen, {f"item{n}": 1 for n in range(1, 6)}).flags["positive"] is Truth.HOLDS


@pytest.mark.parametrize(
    ("sex", "total", "said"),
    [("female", 3, "holds"), ("male", 3, "fails"), ("male", 4, "holds"), ("", 4, "unknown"), ("other", 9, "unknown")],
)
def test_alcohol_cut_off_by_sex(sex: str, total: int, said: str) -> None:
    """AUDIT-C is positive from 3 for women and 4 for men, and undecided where the sex is not known."""
    answers = {f"item{n}": max(0, min(4, total - 4 * (n - 1))) for n in (1, 2, 3)}
    assert score(LIBRARY["audit_c"], answers, {"sex": sex}).flags["positive"].value == said


def test_expectancy_puts_mixed_ranges_on_one() -> None:
    """The middle of every range gives 50, though some items go to 9 and some to 100."""
    found = score(LIBRARY["expectancy"], {"item1": 5, "item2": 5, "item3": 5, "item4": 50, "item5": 5, "item6": 50})
    assert (found.value("credibility"), found.value("expectancy")) == (50, 50)


def test_short_dissociation_scale_is_part_of_the_long() -> None:
    """CADSS-6 takes items 1, 2, 6, 7, 15 and 22 of the long form."""
    long = LIBRARY["cadss"]
    found = score(
        long, {i.key: int(i.key in ("item1", "item2", "item6", "item7", "item15", "item22")) for i in long.items}
    )
    assert (found.value("cadss6"), found.value()) == (6, 6)
