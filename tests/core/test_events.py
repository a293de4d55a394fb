import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, event, small_protocol, whole_course
from unstuck.core import events as ev
from unstuck.core.errors import Complaint

codes = st.text("abcdefgh_", min_size=1, max_size=8)
counts = st.integers(1, 9)
amounts = st.floats(0.1, 500, allow_nan=False)
moments = st.datetimes(timezones=st.just(START.tzinfo))
facts = st.one_of(
    st.builds(ev.Enrolled, codes, codes, codes, st.none() | codes),
    st.builds(ev.FactStated, codes, st.booleans() | amounts | codes),
    st.builds(ev.StepHeld, codes, counts, st.none() | amounts, st.none() | st.sampled_from(ev.Decision)),
    st.builds(ev.DoseGiven, codes, counts, codes, codes, amounts, st.none() | amounts, st.none() | amounts, codes),
    st.builds(ev.ReadingTaken, codes, amounts, st.none() | codes, counts, codes),
    st.builds(ev.VisitBooked, codes, counts, moments, codes),
    st.builds(ev.CourseEnded, st.sampled_from(ev.Ending)),
    st.builds(
        ev.AssessmentCompleted,
        codes,
        codes,
        codes,
        st.lists(st.tuples(codes, amounts), max_size=3).map(tuple),
        st.lists(st.tuples(codes, st.none() | amounts | codes), max_size=3).map(tuple),
        st.none() | codes,
        counts,
        st.lists(codes, max_size=2).map(tuple),
        st.booleans(),
    ),
)


@given(facts, st.integers(0, 10_000))
def test_round_trip(what, late):
    """Every event reads back from its JSON as it was."""
    made = ev.Event("e", "c", START, START + timedelta(minutes=late), "a", ev.Origin.CLINIC, what)
    assert ev.from_dict(json.loads(ev.canonical_json(made))) == made


def test_canonical_json_is_stable():
    """The same event always gives the same bytes, with sorted keys and no spaces."""
    made = ev.Event("e", "c", START, START, "a", ev.Origin.CLINIC, ev.FactStated("person.fasted", True))
    assert ev.canonical_json(made) == (
        b'{"actor":"a","course":"c","id":"e","kind":"FactStated","observed_at":"2026-03-02T09:00:00+00:00",'
        b'"origin":"clinic","recorded_at":"2026-03-02T09:00:00+00:00","what":{"name":"person.fasted","value":true}}'
    )


def test_whole_course_round_trips():
    """A whole course survives being written and read."""
    for one in whole_course(small_protocol()):
        assert ev.from_dict(ev.to_dict(one)) == one


def test_no_free_text():
    """A field with words in it is refused: an event holds codes."""
    plain = ev.to_dict(event(ev.StepSkipped("infusion", 1, "ill")))
    plain["what"]["reason"] = "Rosa was ill today"
    with pytest.raises(Complaint, match="free text"):
        ev.from_dict(plain)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: p.update(kind="Dosed"), "Unknown kind"),
        (lambda p: p.pop("actor"), "lacks the field"),
        (lambda p: p["what"].update(colour="red"), "no field 'colour'"),
        (lambda p: p["what"].update(occurrence="one"), "not a int"),
        (lambda p: p["what"].update(occurrence=True), "not a int"),
        (lambda p: p.update(observed_at="2026-03-02T09:00:00"), "time zone"),
        (lambda p: p.update(origin="dream"), "dream"),
    ],
)
def test_bad_event_is_refused_whole(spoil, says):
    """A spoilt event is refused with what is wrong and where."""
    plain = ev.to_dict(event(ev.StepSkipped("infusion", 1, "ill")))
    spoil(plain)
    with pytest.raises(Complaint, match=says) as refused:
        ev.from_dict(plain, "events.jsonl:7")
    assert says in str(refused.value)


def test_recorded_before_observed():
    """Nothing can be recorded before it was observed."""
    with pytest.raises(Complaint, match="before it was observed"):
        ev.Event("e", "c", START, START - timedelta(seconds=1), "a", ev.Origin.CLINIC, ev.ConsentWithdrawn("k"))
