"""What changed between two assessments of one instrument, under a definition that is always named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from unstuck.core.assessment import Completeness, ScaleScore, Scored, TriageResult, certainly
from unstuck.core.conditions import Truth, all_of, negate
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument, Shift, ShiftTest


@dataclass(frozen=True, slots=True)
class Change:
    """What changed from the earlier to the later time under one named definition."""

    instrument: str
    definition: str
    differences: Mapping[str, float | None]
    pro_rated: bool
    results: Mapping[str, Truth]


def change(instrument: Instrument, earlier: Scored, later: Scored, definition: str | None = None) -> Change:
    """How the later assessment differs, judged under one named definition (the instrument's first is the default).

    Raises Complaint where the two are not of this very instrument: a week and a month never stand in one curve.
    """
    for one in (earlier, later):
        if (one.instrument, one.version) != (instrument.key, instrument.version):
            wanted = f"{instrument.key} {instrument.version}"
            raise Complaint(f"{one.instrument} {one.version} cannot be compared as {wanted}.")
    name = _definition(instrument, definition)
    rules = [r for r in instrument.changes if r.definition == name]
    pairs = [(earlier.scales[s.key], later.scales[s.key]) for s in instrument.scales]
    return Change(
        instrument=instrument.key,
        definition=name,
        differences={a.key: _difference(a, b) for a, b in pairs},
        pro_rated=any(Completeness.PRO_RATED in (a.completeness, b.completeness) for a, b in pairs),
        results={r.key: all_of([_shifted(instrument, t, earlier, later) for t in r.tests]) for r in rules},
    )


def _definition(instrument: Instrument, name: str | None) -> str:
    known = instrument.definitions
    if name is not None and name not in known:
        raise Complaint(f"{instrument.title} has no definition of change {name}.", mend=f"It has: {', '.join(known)}.")
    return name or next(iter(known), "none")


def _difference(earlier: ScaleScore, later: ScaleScore) -> float | None:
    return None if earlier.value is None or later.value is None else later.value - earlier.value


def _shifted(instrument: Instrument, test: ShiftTest, earlier: Scored, later: Scored) -> Truth:
    if test.shift is Shift.FLAG_GONE:
        return negate(later.flags[test.of])
    if test.shift is Shift.LEVEL_RISE:
        return _level_rose(instrument, earlier.triages[test.of], later.triages[test.of])
    figure = test.figure.value if test.figure else 0.0
    then, now = earlier.scales[test.of], later.scales[test.of]
    match test.shift:
        case Shift.END_AT_MOST:
            return certainly(now.highest <= figure, now.lowest > figure)
        case Shift.FALL:
            return certainly(then.lowest - now.highest >= figure, then.highest - now.lowest < figure)
        case Shift.RISE:
            return certainly(now.lowest - then.highest >= figure, now.highest - then.lowest < figure)
        case Shift.FALL_SHARE:
            return _fell_by_share(then, now, figure)
        case _:
            assert_never(test.shift)


def _fell_by_share(then: ScaleScore, now: ScaleScore, share: float) -> Truth:
    """Undefined, so unknown, where the earlier value is or could be zero."""
    if then.lowest <= 0:
        return Truth.UNKNOWN
    return certainly(1 - now.highest / then.lowest >= share, 1 - now.lowest / then.highest < share)


def _level_rose(instrument: Instrument, earlier: TriageResult, later: TriageResult) -> Truth:
    triage = next(t for t in instrument.triages if t.key == earlier.key)
    order: list[str] = [triage.clear, *(r.key for r in reversed(triage.rungs))]
    if earlier.level is None:
        return Truth.UNKNOWN
    if order.index(later.at_least) > order.index(earlier.level):
        return Truth.HOLDS
    return Truth.UNKNOWN if later.level is None else Truth.FAILS
