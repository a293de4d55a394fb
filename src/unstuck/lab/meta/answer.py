"""What somebody wants to know of a table of effects, and the answer as values, text or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.meta.bayes import Posterior, Prior, posterior, wider
from unstuck.lab.meta.dependent import Multilevel, multilevel
from unstuck.lab.meta.inference import Options
from unstuck.lab.meta.influence import Influence, cumulative, influence, leave_one_out
from unstuck.lab.meta.pool import Pooled, pool
from unstuck.lab.meta.priors_file import KnownPrior
from unstuck.lab.meta.regression import Design, Regression, Subgroups, design, regress, subgroups
from unstuck.lab.meta.small_studies import Egger, Filled, egger, trim_and_fill
from unstuck.lab.meta.table_file import Chosen


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted besides the pooled mean; names are columns of the table."""

    options: Options
    moderators: tuple[str, ...] = ()
    by: str | None = None
    order: str | None = None
    small_studies: bool = False
    each_study: bool = False
    prior: KnownPrior | None = None
    rho: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """All that was found. `pooled` is None where studies give several rows; `multilevel` holds the mean then."""

    pooled: Pooled | None
    multilevel: Multilevel | None = None
    regression: Regression | None = None
    multilevel_regression: Multilevel | None = None
    subgroups: Subgroups | None = None
    egger: Egger | None = None
    trim_and_fill: Filled | None = None
    leave_one_out: tuple[tuple[str, Pooled], ...] = ()
    influence: tuple[Influence, ...] = ()
    cumulative: tuple[tuple[str, Pooled], ...] = ()
    bayes: Posterior | None = None
    bayes_wider: Posterior | None = None


def answer(chosen: Chosen, wish: Wish) -> Answer:
    """The pooled mean and whatever else is wished for. Raises Complaint for what dependent rows do not allow."""
    if chosen.effects.dependent:
        return _dependent(chosen, wish)
    sample, options = chosen.effects, wish.options
    few = sample.k < 3
    return Answer(
        pool(sample, options),
        regression=regress(sample, _design(chosen, wish), options) if wish.moderators else None,
        subgroups=subgroups(sample, chosen.words(wish.by), options) if wish.by else None,
        egger=egger(sample) if wish.small_studies else None,
        trim_and_fill=trim_and_fill(sample, options) if wish.small_studies else None,
        leave_one_out=leave_one_out(sample, options) if wish.each_study else (),
        influence=influence(sample, options) if wish.each_study and not few else (),
        cumulative=cumulative(sample, _numbers(chosen, wish.order), options) if wish.order else (),
        bayes=_posterior(chosen, wish, 1.0),
        bayes_wider=_posterior(chosen, wish, 2.0),
    )


def _posterior(chosen: Chosen, wish: Wish, by: float) -> Posterior | None:
    if wish.prior is None:
        return None
    found = posterior(chosen.effects, wider(Prior(wish.prior.tau), by), wish.options.level)
    note = f"This prior was made for {wish.prior.effect}: {wish.prior.title}. Are yours such effects?"
    return replace(found, notes=(*found.notes, note))


def _dependent(chosen: Chosen, wish: Wish) -> Answer:
    asked = {
        "--by": wish.by, "--small-studies": wish.small_studies, "--each-study": wish.each_study,
        "--cumulative": wish.order, "--prior": wish.prior,
    }  # fmt: skip
    refused = [name for name, value in asked.items() if value]
    if refused:
        said = f"{', '.join(refused)} needs independent rows, and some studies give several."
        raise Complaint(said, mend="Keep one row a study for it; --moderators works with several.")
    level = wish.options.level
    by = _design(chosen, wish) if wish.moderators else None
    return Answer(
        None,
        multilevel(chosen.effects, rho=wish.rho, level=level),
        multilevel_regression=multilevel(chosen.effects, by, wish.rho, level) if by else None,
    )


def _design(chosen: Chosen, wish: Wish) -> Design:
    values: Mapping[str, tuple[float, ...] | tuple[str, ...]] = {name: chosen.values(name) for name in wish.moderators}
    return design(values, chosen.effects.k)


def _numbers(chosen: Chosen, name: str) -> list[float]:
    found = [chosen.sheet.number(place, name) for place in chosen.places]
    return [value for value in found if value is not None]


def as_json(value: object) -> object:
    """Dataclasses as objects, tuples as lists, numbers that are none as null; ready for json.dumps."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, (tuple, list)):
        return [as_json(each) for each in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value


def drawn(found: Answer) -> Pooled:
    """The mean that a plot shows. Raises Complaint for dependent rows, whose plot would count a study twice."""
    if found.pooled is None:
        raise Complaint("Several rows of one study are not drawn as one forest.", mend="Plot one row a study.")
    return found.pooled
