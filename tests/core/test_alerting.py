"""The alert policy: every kind has an owner, a clock and an end, and no chain stops before everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.core.alerting import Duty, climbs, first_clock, rest_min, stage_of
from unstuck.core.alerting_file import library_text, load_alert_policy, parse_alert_policy
from unstuck.core.errors import Complaint

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = load_alert_policy()


@pytest.mark.parametrize("kind", POLICY.kinds, ids=lambda kind: kind.key)
def test_every_kind_is_whole(kind: object) -> None:
    """Each kind of the library asks the safety lead, and has a source and a way to be closed."""
    found = POLICY.kind(kind.key)  # type: ignore[attr-defined]
    assert Duty.SAFETY_LEAD in [stage.duty for stage in found.chain]
    assert found.closings and found.source and found.do


def test_an_unknown_kind_is_not_lost() -> None:
    """A kind that nobody wrote down is treated as `other`."""
    assert not POLICY.knows("moon_full") and POLICY.kind("moon_full").key == "other"


@given(st.sampled_from(POLICY.kinds), st.integers(0, 60 * 24 * 30))
def test_a_clock_read_late_climbs_as_one_read_often(kind: object, minutes: int) -> None:
    """Whether the worker looks often or once after a month, the alert reaches the same stages by the same clock."""
    found = POLICY.kind(kind.key)  # type: ignore[attr-defined]
    at = AT + timedelta(minutes=minutes)
    late = list(climbs(POLICY, found, 0, first_clock(found, AT), at))
    stage, by, often = 0, first_clock(found, AT), []
    for step in range(0, minutes + 1, max(1, minutes // 50)):
        for one in climbs(POLICY, found, stage, by, AT + timedelta(minutes=step)):
            stage, by = one.stage, one.until
            often.append(one)
    often += climbs(POLICY, found, stage, by, at)
    assert late == often
    assert all(a.until > a.at and b.at == a.until for a, b in pairwise(late))


def test_past_the_end_it_belongs_to_everybody_and_comes_again() -> None:
    """After the last stage there is no duty; a reminder follows each `remind_every`."""
    kind = POLICY.kind("suicide_risk")
    reached = list(climbs(POLICY, kind, 0, first_clock(kind, AT), AT + timedelta(hours=1)))
    assert [one.stage for one in reached] == [1, 2, 3, 3, 3, 3]
    assert stage_of(kind, 3) is None
    slow = POLICY.kind("lab_overdue")
    assert rest_min(POLICY, kind) == 10 and rest_min(POLICY, slow) == slow.chain[-1].take_min


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('key = "other"', 'key = "others"', "no kind 'other'"),
        ('within = "10 min"', 'within = "0 min"', "longer than nothing"),
        ('duty = "therapist"', 'duty = "wizard"', "wizard"),
        ('remind_every = "10 min"', "", "remind_every"),
    ],
)
def test_a_broken_file_names_its_fault(was: str, becomes: str, said: str) -> None:
    """A file without an end, a clock or a known duty is refused with what is wrong and where."""
    with pytest.raises(Complaint, match=said):
        parse_alert_policy(library_text().replace(was, becomes, 1), "alerts.toml")
