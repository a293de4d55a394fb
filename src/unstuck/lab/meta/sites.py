"""Sites that pool without sharing rows: each makes a file of aggregates in which no small group can be seen.

A count from one to `minimum_cell` - 1 never leaves the site, nor does anything from which it could be computed: where
few are missing, the number who started is given as a range; where few responded, or few did not, the share is withheld,
and also where all did or nobody did, because that tells of everyone. Aggregates are not anonymous by law; a person at
the site decides whether the file may leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from unstuck.core.claims_file import sharing, smallest_group
from unstuck.core.errors import Complaint
from unstuck.lab.meta.sample import Effects
from unstuck.lab.meta.sizes import (
    Arm,
    Counts,
    Sizes,
    log_odds_ratio,
    log_risk_ratio,
    mean_change,
    mean_difference,
    standardised_mean_difference,
    together,
)


class Kind(StrEnum):
    """What the outcome is."""

    MEASURE = "measure"  # a number for each person
    EVENT = "event"  # yes or no for each person


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a site. What is None was withheld, and `withheld` says why.

    `missing_low` and `missing_high` bound how many started and were not measured; they are equal where that is known.
    """

    name: str
    measured: int | None
    missing_low: int | None
    missing_high: int | None
    mean: float | None = None
    sd: float | None = None
    events: int | None = None
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """What a site lets others see of one outcome; `unit` is the unit of a measure, empty for an event."""

    site: str
    outcome: str
    kind: Kind
    unit: str
    minimum_cell: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class About:
    """Whose summary it is, and of what. Without a minimum cell the library's smallest group is taken."""

    site: str
    outcome: str
    kind: Kind = Kind.MEASURE
    unit: str = ""
    minimum_cell: int = field(default_factory=smallest_group)

    def __post_init__(self) -> None:
        limits = sharing()
        if self.minimum_cell < limits.least_group:
            said = f"A minimum cell of {self.minimum_cell} protects nobody."
            raise Complaint(said, mend=f"Give {limits.smallest_group}, or {limits.least_group} at the very least.")


def summarise(about: About, groups: Sequence[str], values: Sequence[float | None]) -> SiteSummary:
    """The summary of a site's people: the group of each, and the outcome of each or None where it is missing."""
    if len(groups) != len(values) or not groups:
        raise Complaint(
            f"{len(groups)} groups do not go with {len(values)} outcomes.", mend="Give one of each a person."
        )
    found = []
    for name in sorted(set(groups)):
        own = [value for group, value in zip(groups, values, strict=True) if group == name]
        found.append(_group(name, own, about))
    return SiteSummary(about.site, about.outcome, about.kind, about.unit, about.minimum_cell, tuple(found))


def _group(name: str, values: Sequence[float | None], about: About) -> Group:
    least = about.minimum_cell
    there = np.array([value for value in values if value is not None], dtype=np.float64)
    missing = len(values) - len(there)
    if len(there) < least:
        return Group(name, None, None, None, withheld=(f"fewer than {least} people were measured",))
    low, high = (missing, missing) if missing == 0 or missing >= least else (1, least - 1)
    withheld = () if low == high else (f"fewer than {least} are missing; their number is a range",)
    if about.kind is Kind.MEASURE:
        return _measured(Group(name, len(there), low, high, withheld=withheld), there)
    return _counted(Group(name, len(there), low, high, withheld=withheld), there, least)


def _measured(group: Group, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Group:
    """The mean and SD, to three decimals. A group of equal values tells of everyone, so that it is withheld."""
    sd = float(values.std(ddof=1))
    if sd == 0:
        return _without(group, "everybody has the same value")
    mean, shown = round(float(values.mean()), 3), round(sd, 3)
    return Group(group.name, group.measured, group.missing_low, group.missing_high, mean, shown, None, group.withheld)


def _counted(group: Group, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], least: int) -> Group:
    if not np.isin(values, (0, 1)).all():
        raise Complaint(f"An outcome in {group.name!r} is neither 0 nor 1.", mend="Write 1 for yes, 0 for no.")
    events = int(values.sum())
    if min(events, len(values) - events) < least:
        return _without(group, f"fewer than {least} had the event, or fewer than {least} had not")
    return Group(
        group.name, group.measured, group.missing_low, group.missing_high, events=events, withheld=group.withheld
    )


def _without(group: Group, why: str) -> Group:
    return Group(group.name, group.measured, group.missing_low, group.missing_high, withheld=(*group.withheld, why))


def refuse_difference(new: SiteSummary, old: SiteSummary) -> None:
    """Raises Complaint when the new file and an earlier one differ by so few people that these could be computed."""
    if (new.site, new.outcome) != (old.site, old.outcome):
        raise Complaint("The earlier file is of another site or outcome.", mend="Name the last file of this one.")
    before = {group.name: group for group in old.groups}
    for group in new.groups:
        last = before.get(group.name)
        if last is None or group.measured is None or last.measured is None:
            continue
        if 0 < abs(group.measured - last.measured) < new.minimum_cell:
            said = f"{group.name!r} differs from the earlier file by fewer than {new.minimum_cell} people."
            raise Complaint(said, mend="Wait until more have come; the two files together would tell of the few.")


def people(summary: SiteSummary) -> str:
    """Who was measured and who is missing, in one line a site."""
    return "; ".join(f"{group.name} {_shown(group)}" for group in summary.groups)


def _shown(group: Group) -> str:
    if group.measured is None:
        return "withheld"
    low, high = group.missing_low, group.missing_high
    missing = f"{low}" if low == high else f"{low} to {high}"
    return f"{group.measured} measured, {missing} missing"


class Contrast(StrEnum):
    """What is computed at each site from its groups."""

    MD = "MD"  # difference of means
    SMD = "SMD"  # standardised difference of means
    RR = "RR"  # log ratio of risks
    OR = "OR"  # log ratio of odds
    CHANGE = "mean"  # the mean of one group: no drug effect


@dataclass(frozen=True, slots=True, eq=False)
class Pooling:
    """The sites' effects, and the sites that could give none, with the reason."""

    effects: Effects
    silent: tuple[tuple[str, str], ...]


def site_effects(summaries: Sequence[SiteSummary], contrast: Contrast, first: str, second: str | None) -> Pooling:
    """One effect a site: `first` minus (or over) `second`; for `mean` the one group alone.

    Raises Complaint for unlike outcomes, for one site in two files, and when no site can give an effect.
    """
    _check_alike(summaries, contrast)
    if (second is None) != (contrast is Contrast.CHANGE):
        raise Complaint("A contrast needs two groups, and a mean needs one.", mend="Name them, treated group first.")
    sizes, sites, silent = [], [], []
    for summary in summaries:
        chosen = [_named(summary, name) for name in (first, second) if name is not None]
        why = next((each for each in map(_why_not, chosen) if each), "")
        if why:
            silent.append((summary.site, why))
        else:
            sizes.append(_size(chosen, contrast, summary.unit or "points"))
            sites.append(summary.site)
    if not sizes:
        raise Complaint("No site can give an effect.", mend="; ".join(f"{site}: {why}" for site, why in silent))
    return Pooling(together(sizes, sites), tuple(silent))


def _check_alike(summaries: Sequence[SiteSummary], contrast: Contrast) -> None:
    if not summaries:
        raise Complaint("There is no site.", mend="Give a file for each.")
    for what, values in (
        ("outcome", {each.outcome for each in summaries}),
        ("unit", {each.unit for each in summaries}),
        ("kind of outcome", {each.kind.value for each in summaries}),
    ):
        if len(values) > 1:
            raise Complaint(f"The sites differ in {what}: {', '.join(sorted(values))}.", mend="Pool like with like.")
    names = [each.site for each in summaries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Complaint(f"{twice[0]!r} is there twice.", mend="Give one file a site, the last one.")
    counts = summaries[0].kind is Kind.EVENT
    if counts != (contrast in (Contrast.RR, Contrast.OR)):
        fitting = "RR or OR" if counts else "MD, SMD or mean"
        raise Complaint(f"{contrast.value} does not fit this outcome.", mend=f"It is a {summaries[0].kind}: {fitting}.")


def _named(summary: SiteSummary, name: str) -> Group | str:
    for group in summary.groups:
        if group.name == name:
            return group
    return f"no group {name!r}"


def _why_not(group: Group | str) -> str:
    if isinstance(group, str):
        return group
    known = group.mean is not None or group.events is not None
    return "" if known else f"{group.name}: {'; '.join(group.withheld) or 'nothing given'}"


def _size(groups: Sequence[Group | str], contrast: Contrast, unit: str) -> Sizes:
    """The effect of one site whose groups are complete."""
    whole = [group for group in groups if isinstance(group, Group)]
    if contrast in (Contrast.RR, Contrast.OR):
        a, b = (Counts(group.events or 0, group.measured or 0) for group in whole)
        return log_risk_ratio(a, b) if contrast is Contrast.RR else log_odds_ratio(a, b)
    arms = [Arm(group.measured or 0, group.mean or 0.0, group.sd or 0.0) for group in whole]
    if contrast is Contrast.CHANGE:
        return mean_change(arms[0].n, arms[0].mean, arms[0].sd, unit)
    if contrast is Contrast.SMD:
        return standardised_mean_difference(arms[0], arms[1])
    return mean_difference(arms[0], arms[1], unit)
