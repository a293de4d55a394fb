from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.core.conditions import (
    All,
    Any,
    AtLeast,
    AtMost,
    FallAtLeast,
    ForMinutes,
    Is,
    Not,
    RiseAtMost,
    Seen,
    Since,
    Truth,
    Within,
    facts_of,
    judge,
    leaves,
)
from unstuck.core.sentences import sentence
from unstuck.core.time import Span, Unit

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
H, F, U = Truth.HOLDS, Truth.FAILS, Truth.UNKNOWN
NAMES = ("systolic_mmhg", "spo2_percent", "person.fasted", "pcl5_week.total")


class Table:
    """Facts from a table of name -> [(minutes ago, value)]."""

    def __init__(self, rows):
        self.rows = {
            name: sorted((Seen(NOW - timedelta(minutes=m), v) for m, v in seen), key=lambda s: s.at)
            for name, seen in rows.items()
        }

    def seen(self, fact, until):
        return [s for s in self.rows.get(fact, []) if s.at <= until]


number_leaves = st.one_of(
    st.builds(AtMost, st.sampled_from(NAMES), st.integers(0, 5)),
    st.builds(AtLeast, st.sampled_from(NAMES), st.integers(0, 5)),
    st.builds(Is, st.sampled_from(NAMES), st.one_of(st.integers(0, 5), st.booleans())),
    st.builds(FallAtLeast, st.sampled_from(NAMES), st.integers(0, 3), st.sampled_from(Since), st.booleans()),
    st.builds(RiseAtMost, st.sampled_from(NAMES), st.integers(0, 3), st.sampled_from(Since), st.booleans()),
)


def _branches(inner):
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(All, some),
        st.builds(Any, some),
        st.builds(Not, inner),
        st.builds(Within, st.builds(Span, st.integers(1, 90), st.just(Unit.MINUTES)), inner),
        st.builds(ForMinutes, st.integers(1, 60), inner),
    )


rules = st.recursive(number_leaves, _branches, max_leaves=6)
tables = st.dictionaries(
    st.sampled_from((*NAMES, "treatments")),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 6)), min_size=1, max_size=4),
)


@given(rules)
def test_nothing_seen_opens_nothing(rule):
    """A rule about facts that nobody ever observed is UNKNOWN, whatever its shape."""
    assert judge(rule, Table({}), NOW) is U


@given(rules, tables)
def test_not_is_an_involution(rule, rows):
    """Saying not twice says the same."""
    facts = Table(rows)
    assert judge(Not(Not(rule)), facts, NOW) is judge(rule, facts, NOW)


@given(rules, rules, tables)
def test_de_morgan(one, other, rows):
    """Not (a and b) is (not a) or (not b), also where something is unknown."""
    facts = Table(rows)
    assert judge(Not(All((one, other))), facts, NOW) is judge(Any((Not(one), Not(other))), facts, NOW)


@given(st.lists(number_leaves, min_size=1, max_size=4).map(tuple), tables, st.data())
def test_forgetting_never_opens_a_gate(parts, rows, data):
    """Where all must hold, forgetting every value of one fact turns HOLDS into UNKNOWN, never a closed gate open."""
    rule = All(parts)
    lost = data.draw(st.sampled_from(facts_of(rule)))
    fewer = Table({name: seen for name, seen in rows.items() if name != lost})
    assert judge(rule, fewer, NOW) is not H


@given(rules, tables)
def test_future_is_invisible(rule, rows):
    """What is observed after an instant does not change what a rule said at that instant."""
    later = {name: [*seen, (-5, 99)] for name, seen in rows.items()}
    assert judge(rule, Table(later), NOW) is judge(rule, Table(rows), NOW)


@given(rules)
def test_every_rule_is_a_sentence(rule):
    """Every rule reads as one sentence that names each of its facts."""
    words = sentence(rule)
    assert words.endswith(".") and words[0] == words[0].upper()
    assert len(list(leaves(rule))) >= len(facts_of(rule)) >= 1


CASES = [
    (AtMost("x", 140), {"x": [(5, 140)]}, H),
    (AtMost("x", 140), {"x": [(5, 141)]}, F),
    (AtMost("x", 140), {}, U),
    (AtMost("x", 140), {"x": [(50, 120), (5, 150)]}, F),
    (AtMost("x", 140), {"x": [(5, "high")]}, U),
    (Is("x", True), {"x": [(5, True)]}, H),
    (Is("x", True), {"x": [(5, 1)]}, F),
    (Is("x", 1), {"x": [(5, 1.0)]}, H),
    (Within(Span.parse("60 min"), AtMost("x", 140)), {"x": [(61, 120)]}, U),
    (Within(Span.parse("60 min"), AtMost("x", 140)), {"x": [(60, 120)]}, H),
    (All((AtMost("x", 1), AtMost("y", 1))), {"x": [(1, 2)]}, F),
    (All((AtMost("x", 1), AtMost("y", 1))), {"x": [(1, 1)]}, U),
    (Any((AtMost("x", 1), AtMost("y", 1))), {"x": [(1, 1)]}, H),
    (Any((AtMost("x", 1), AtMost("y", 1))), {"x": [(1, 2)]}, U),
    (Not(AtMost("x", 1)), {"x": [(1, 2)]}, H),
    (FallAtLeast("x", 15, Since.BASELINE), {"x": [(90, 50), (5, 35)], "treatments": [(60, 1)]}, H),
    (FallAtLeast("x", 15, Since.BASELINE), {"x": [(90, 50), (5, 36)], "treatments": [(60, 1)]}, F),
    (FallAtLeast("x", 15, Since.BASELINE), {"x": [(50, 50), (5, 30)], "treatments": [(60, 1)]}, U),
    (FallAtLeast("x", 15, Since.BASELINE), {"x": [(90, 50), (5, 30)]}, U),
    (FallAtLeast("x", 30, Since.FIRST, True), {"x": [(90, 50), (5, 35)]}, H),
    (FallAtLeast("x", 30, Since.FIRST, True), {"x": [(90, 0), (5, 0)]}, U),
    (RiseAtMost("x", 20, Since.PREVIOUS), {"x": [(90, 100), (50, 120), (5, 141)]}, F),
    (RiseAtMost("x", 20, Since.PREVIOUS), {"x": [(5, 141)]}, U),
    (RiseAtMost("x", 20, Since.DOSE, True), {"x": [(90, 100), (45, 120), (5, 140)], "doses": [(80, 1), (40, 2)]}, H),
    (RiseAtMost("x", 20, Since.DOSE, True), {"x": [(90, 100), (45, 120), (5, 145)], "doses": [(80, 1), (40, 2)]}, F),
    (RiseAtMost("x", 20, Since.DOSE, True), {"x": [(30, 100), (5, 145)], "doses": [(99, 0), (40, 1)]}, U),
    (RiseAtMost("x", 9, Since.LOWEST), {"x": [(90, 50), (50, 20), (30, 25), (5, 29)]}, H),
    (RiseAtMost("x", 9, Since.LOWEST), {"x": [(90, 50), (50, 20), (30, 25), (5, 30)]}, F),
    (ForMinutes(10, AtMost("x", 140)), {"x": [(12, 130), (3, 135)]}, H),
    (ForMinutes(10, AtMost("x", 140)), {"x": [(12, 130), (6, 150), (3, 135)]}, F),
    (ForMinutes(10, AtMost("x", 140)), {"x": [(3, 135)]}, U),
    (ForMinutes(10, AtMost("x", 140)), {"x": [(12, 130)]}, U),
]


@pytest.mark.parametrize(("rule", "rows", "truth"), CASES)
def test_table(rule, rows, truth):
    """Each rule of the language says what its table says."""
    assert judge(rule, Table(rows), NOW) is truth
