"""From studies to rows that can be pooled: one row a sample, and for every study without a row the reason.

Only what chance decided is an effect: studies by lot. Rows are turned so that more favours the treated arm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from unstuck.core.arithmetic import (
    Group as Spread,
)
from unstuck.core.arithmetic import difference, hedges_g, risk_ratio, se_of_interval, se_of_ratio, small_sample
from unstuck.core.evidence import (
    Arm,
    Contrast,
    Count,
    Group,
    Mean,
    Measure,
    Moment,
    Origin,
    Purpose,
    Role,
    Said,
    Scale,
    Study,
    once,
)
from unstuck.core.sourced import Grade, Read

PREFERRED = ("caps5", "pcl5", "caps_iv", "ies_r", "pss_i")
"""Which PTSD scale stands for a study that used several: the interview first."""
SAME = "the same people as"
NEAR = 2.0
"""A time counts as the one asked for from half of it to twice of it."""


class Unit(StrEnum):
    """In which unit effects are compared."""

    SMD = "smd"  # Hedges' g
    MD = "md"  # points of one measure
    RR = "rr"  # logarithm of the ratio of responders


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; None asks for everything."""

    unit: Unit = Unit.SMD
    population: Group | None = None
    measure: str | None = None
    at_hours: float | None = None
    against: Role | None = None
    purpose: Purpose = Purpose.TREATMENT
    memory: bool = False  # whether figures from memory may be used


@dataclass(frozen=True, slots=True)
class Row:
    """One sample's effect: positive favours the treated arm; `se` in the same unit (logarithm for a ratio)."""

    study: str
    label: str
    treated: str
    against: str
    control: Role
    measure: str
    at: Moment
    effect: float
    se: float
    n: int | None
    how: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that answers the question by its design and gives no row, with the reason."""

    study: str
    label: str
    why: str
    n: int | None = None
    says: str = ""  # what it found in words, where words could be read


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows, and what was left out and why. Both in the order of years."""

    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def warning(self) -> str:
        """What a reader must know before the pooled number: how many people it does not speak for. "" where none."""
        silent = [out for out in self.left_out if not out.why.startswith(SAME)]
        if not silent:
            return ""
        unread = sum(out.n or 0 for out in silent)
        read = sum(row.n or 0 for row in self.rows)
        return (
            f"{len(self.rows)} of {len(self.rows) + len(silent)} trials gave a figure ({read} people); "
            f"{len(silent)} did not ({unread} people). Trials whose figures are easy to find are often the good news."
        )


def select(studies: Mapping[str, Study], measures: Mapping[str, Measure], query: Query) -> Selection:
    """One row for each sample that was compared by lot and fits the question, each person counted once."""
    asked = [key for key, study in studies.items() if _fits(study, query)]
    kept, doubles = once(studies, asked)
    rows: list[Row] = []
    out = [_out(studies[key], f"{SAME} {label(studies[other])}") for key, other in doubles.items()]
    for key in kept:
        found = sorted(_candidates(studies[key], measures, query), key=lambda row: _rank(row, query))
        usable = [row for row in found if query.memory or row.origin.read is not Read.MEMORY]
        if usable:
            rows.append(usable[0])
        else:
            out.append(_out(studies[key], _why_none(studies[key], measures, query, bool(found))))
    return Selection(
        tuple(sorted(rows, key=lambda r: r.label[-4:] + r.label)), tuple(sorted(out, key=lambda o: o.label))
    )


def label(study: Study) -> str:
    """Short name of a study for plots."""
    return study.short or study.key.replace("_", " ").capitalize()


def _out(study: Study, why: str) -> LeftOut:
    said = next((e.sentence for e in study.effects if isinstance(e, Said)), "")
    return LeftOut(study.key, label(study), why, study.n, said)


def _fits(study: Study, query: Query) -> bool:
    in_group = query.population is None or query.population in study.groups
    return study.form.by_lot and study.purpose is query.purpose and in_group


def _why_none(study: Study, measures: Mapping[str, Measure], query: Query, from_memory: bool) -> str:
    if from_memory:
        return "its figures are from memory"
    unbound = Query(query.unit, purpose=query.purpose, memory=True)
    if list(_candidates(study, measures, unbound)):
        return "its figures are of another measure, time or control"
    return "no figure could be read from which this follows"


def _rank(row: Row, query: Query) -> tuple[float, int, float, int]:
    """Nearest to the time asked for, the preferred measure, the earliest, read before computed."""
    hours = row.at.hours if row.at.hours is not None else math.inf
    far = abs(math.log(hours / query.at_hours)) if query.at_hours and 0 < hours < math.inf else 0.0
    place = PREFERRED.index(row.measure) if row.measure in PREFERRED else len(PREFERRED)
    return far, place, hours, list(Grade).index(row.origin.grade)


def _candidates(study: Study, measures: Mapping[str, Measure], query: Query) -> Iterator[Row]:
    for row in [*_from_contrasts(study, query), *_from_arms(study, query)]:
        right_measure = row.measure == query.measure if query.measure else measures[row.measure].subject == "ptsd"
        right_control = query.against is None or row.control is query.against
        if right_measure and right_control and _near(row.at, query.at_hours):
            yield row


def _near(at: Moment, hours: float | None) -> bool:
    if hours is None:
        return at.hours != 0
    return at.hours is not None and hours / NEAR <= at.hours <= hours * NEAR


def _from_contrasts(study: Study, query: Query) -> Iterator[Row]:
    for contrast in (e for e in study.effects if isinstance(e, Contrast)):
        control = study.arm(contrast.against)
        figures = _of_contrast(contrast, query.unit)
        if control is not None and figures is not None:
            found = _Found(*figures, contrast.n, contrast.how or "as printed")
            yield _row(study, contrast.treated, control, contrast, found)


def _of_contrast(contrast: Contrast, unit: Unit) -> tuple[float, float] | None:
    """Effect and SE of a printed contrast in the unit, turned so that more is better; None where it is another unit."""
    se = contrast.se
    if se is None and contrast.low is not None and contrast.high is not None:
        se = (se_of_ratio if contrast.scale.ratio else se_of_interval)(contrast.low, contrast.high)
    if se is None:
        return None
    match unit, contrast.scale:
        case (Unit.SMD, Scale.HEDGES_G):
            return -contrast.value, se
        case (Unit.SMD, Scale.COHEN_D):
            shrink = small_sample(contrast.n) if contrast.n else 1.0
            return -contrast.value * shrink, se * shrink
        case (Unit.MD, Scale.MEAN_DIFFERENCE) if contrast.measure != "response":
            return -contrast.value, se
        case _:
            return None


def _from_arms(study: Study, query: Query) -> Iterator[Row]:
    for treated in (arm for arm in study.arms if arm.role is Role.TREATED):
        for control in (arm for arm in study.arms if arm.role is not Role.TREATED):
            yield from _pairs(study, treated, control, query)


def _pairs(study: Study, treated: Arm, control: Arm, query: Query) -> Iterator[Row]:
    if query.unit is Unit.RR:
        yield from _ratios(study, treated, control)
        return
    ours = [e for e in study.effects if isinstance(e, Mean) and e.arm == treated.key]
    theirs = {(e.measure, e.at): e for e in study.effects if isinstance(e, Mean) and e.arm == control.key}
    for mean in ours:
        other = theirs.get((mean.measure, mean.at))
        for of, how in ((_change, "change from baseline"), (_score, "scores")) if other else ():
            one, two = of(mean), of(other)  # type: ignore[arg-type]
            if one and two:
                effect, se = (hedges_g if query.unit is Unit.SMD else difference)(two, one)
                yield _row(study, treated.key, control, mean, _Found(effect, se, one.n + two.n, how))
                break


def _change(mean: Mean) -> Spread | None:
    if mean.change is None or not mean.change_sd or not mean.changed or mean.changed < 2:
        return None
    return Spread(mean.change, mean.change_sd, mean.changed)


def _score(mean: Mean) -> Spread | None:
    return Spread(mean.mean, mean.sd, mean.n) if mean.mean is not None and mean.sd and mean.n and mean.n > 1 else None


def _ratios(study: Study, treated: Arm, control: Arm) -> Iterator[Row]:
    counts = [e for e in study.effects if isinstance(e, Count) and e.good]
    theirs = {(e.measure, e.at, e.what): e for e in counts if e.arm == control.key}
    for one in (e for e in counts if e.arm == treated.key):
        two = theirs.get((one.measure, one.at, one.what))
        if two is None or not (one.met and one.of and two.met and two.of):
            continue
        ratio, se = risk_ratio(one.met, one.of, two.met, two.of)
        yield _row(study, treated.key, control, one, _Found(math.log(ratio), se, one.of + two.of, one.what))


@dataclass(frozen=True, slots=True)
class _Found:
    """An effect in the unit asked for, before it is known to be the right one."""

    effect: float
    se: float
    n: int | None
    how: str


def _row(study: Study, treated: str, control: Arm, of: Contrast | Mean | Count, found: _Found) -> Row:
    origin = of.origin
    if not isinstance(of, Contrast) and origin.grade is Grade.MEASURED:
        origin = Origin(origin.source, origin.read, Grade.DERIVED, origin.note)
    return Row(
        study=study.key, label=label(study), treated=treated, against=control.key, control=control.role,
        measure=of.measure, at=of.at, effect=found.effect, se=found.se, n=found.n, how=found.how, origin=origin,
    )  # fmt: skip
