"""An answer in words and aligned numbers, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unstuck.lab.meta.answer import Answer
from unstuck.lab.meta.bayes import Belief, Posterior
from unstuck.lab.meta.dependent import Multilevel
from unstuck.lab.meta.inference import Line
from unstuck.lab.meta.influence import Influence
from unstuck.lab.meta.pool import Heterogeneity, Pooled
from unstuck.lab.meta.regression import Regression, Subgroups
from unstuck.lab.meta.sample import Effects
from unstuck.lab.meta.small_studies import Egger, Filled
from unstuck.lab.meta.tables import forest_rows, table_text


def text_of(sample: Effects, found: Answer) -> str:
    """Everything that was found, section after section."""
    parts: list[Iterator[str]] = []
    if found.pooled is not None:
        parts.append(_pooled(sample, found.pooled))
    parts += [_multilevel(each) for each in (found.multilevel, found.multilevel_regression) if each is not None]
    if found.regression is not None:
        parts.append(_regression(found.regression))
    if found.subgroups is not None:
        parts.append(_subgroups(found.subgroups))
    if found.egger is not None and found.trim_and_fill is not None:
        parts.append(_small(found.egger, found.trim_and_fill))
    parts += [_each(title, rows) for title, rows in _lists(found) if rows]
    if found.influence:
        parts.append(_influence(found.influence))
    if found.bayes is not None and found.bayes_wider is not None:
        parts.append(_bayes(found.bayes, found.bayes_wider))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _lists(found: Answer) -> tuple[tuple[str, Sequence[tuple[str, Pooled]]], ...]:
    return ("Without", found.leave_one_out), ("Up to", found.cumulative)


def figure(value: float) -> str:
    """Four significant digits, as a table shows them."""
    return f"{value:.4g}"


def said(line: Line, level: float) -> str:
    """`0.35 (95 % interval 0.06 to 0.64; SE 0.15, t(9) = 2.3, p = 0.02)`."""
    law = "z" if line.df is None else f"t({figure(line.df)})"
    ends = f"{100 * level:g} % interval {figure(line.low)} to {figure(line.high)}"
    return f"{figure(line.estimate)} ({ends}; SE {figure(line.se)}, {law} = {line.statistic:.2f}, p {p_text(line.p)})"


def p_text(p: float) -> str:
    """`= 0.024`, or `< 0.0001`."""
    return "< 0.0001" if p < 0.0001 else f"= {p:.2g}"


def _pooled(sample: Effects, found: Pooled) -> Iterator[str]:
    yield table_text(forest_rows(sample, found)).rstrip()
    yield ""
    yield f"{'Pooled' if found.k > 1 else 'One study'}, {found.k} effects of {found.scale or 'unnamed scale'}:"
    yield f"  {said(found.mean, found.options.level)}"
    if found.heterogeneity is not None:
        yield from _spread(found.heterogeneity)
    if found.prediction is not None:
        low, high = found.prediction
        yield f"  a new study's true effect would fall within {figure(low)} to {figure(high)}"
    yield from (f"  note: {note}" for note in found.notes)


def _spread(found: Heterogeneity) -> Iterator[str]:
    yield f"  Q = {found.q:.2f} on {found.q_df} df, p {p_text(found.q_p)}; I2 = {found.i2_percent:.0f} %"
    ends = f"Q-profile {figure(found.tau2_low)} to {figure(found.tau2_high)}"
    own = "not estimated" if found.tau2 is None else figure(found.tau2)
    yield f"  tau2 = {own} ({ends})"


def _multilevel(found: Multilevel) -> Iterator[str]:
    yield f"Three levels, {found.k} effects in {found.studies} studies (rho within a study {found.rho:g}):"
    for name, model, robust in zip(found.names, found.model, found.robust, strict=True):
        yield f"  {name}: {figure(model.estimate)}"
        yield f"    model  SE {figure(model.se)}, {figure(model.low)} to {figure(model.high)}, p {p_text(model.p)}"
        df = f"t({robust.df:.1f})" if robust.df is not None else "z"
        ends = f"{figure(robust.low)} to {figure(robust.high)}"
        yield f"    CR2    SE {figure(robust.se)}, {ends}, {df}, p {p_text(robust.p)}"
    yield f"  tau2 between studies {figure(found.tau2_between)} ({found.i2_between_percent:.0f} % of all variance)"
    yield f"  tau2 within studies {figure(found.tau2_within)} ({found.i2_within_percent:.0f} %)"
    yield from (f"  note: {note}" for note in found.notes)


def _regression(found: Regression) -> Iterator[str]:
    yield f"Meta-regression of {found.k} effects:"
    wide = max(map(len, found.names))
    for name, line in zip(found.names, found.coefficients, strict=True):
        yield f"  {name:<{wide}}  {said(line, found.options.level)}"
    test = found.moderators
    law = f"F({test.df}, {test.df_residual})" if test.df_residual is not None else f"chi2({test.df})"
    yield f"  all moderators: {law} = {test.statistic:.2f}, p {p_text(test.p)}"
    share = "nothing to explain" if found.r2_percent is None else f"{found.r2_percent:.0f} % of tau2 explained"
    yield f"  {share}; what is left:"
    yield from _spread(found.residual)
    yield from (f"  note: {note}" for note in found.notes)


def _subgroups(found: Subgroups) -> Iterator[str]:
    yield "By group:"
    wide = max(len(name) for name, _ in found.groups)
    for name, each in found.groups:
        yield f"  {name:<{wide}}  k = {each.k:<3} {said(each.mean, each.options.level)}"
    test = found.between
    yield f"  do the groups differ: chi2({test.df}) = {test.statistic:.2f}, p {p_text(test.p)}"
    yield from (f"  note: {note}" for note in found.notes)


def _small(test: Egger, filled: Filled) -> Iterator[str]:
    yield "Small studies:"
    slope, mean = test.slope, filled.pooled.mean
    yield f"  Egger: z = {slope.statistic:.3f}, p {p_text(slope.p)}; effect at SE 0: {figure(test.limit.estimate)}"
    what = f"{filled.missing} missing on the {filled.side}" if filled.missing else "none seem to be missing"
    ends = f"{figure(mean.estimate)} ({figure(mean.low)} to {figure(mean.high)})"
    yield f"  trim and fill: {what}; pooled with their mirror images {ends}"
    yield from (f"  note: {note}" for note in test.notes)


def _each(title: str, rows: Sequence[tuple[str, Pooled]]) -> Iterator[str]:
    yield f"{title}:"
    wide = max(len(label) for label, _ in rows)
    for label, each in rows:
        mean, spread = each.mean, each.heterogeneity
        tau2 = "" if spread is None or spread.tau2 is None else f"  tau2 {figure(spread.tau2)}"
        yield f"  {label:<{wide}}  {figure(mean.estimate):>8} ({figure(mean.low)} to {figure(mean.high)}){tau2}"


def _influence(found: Sequence[Influence]) -> Iterator[str]:
    yield "Influence (an asterisk marks a study that carries much):"
    wide = max(len(each.label) for each in found)
    yield f"  {'':<{wide}}  {'residual':>8}  {'DFFITS':>7}  {'Cook':>7}  {'tau2 without':>12}"
    for each in found:
        numbers = f"{each.residual:8.2f}  {each.dffits:7.2f}  {each.cook:7.3f}  {figure(each.tau2):>12}"
        yield f"  {each.label:<{wide}}  {numbers}  {'*' if each.notable else ''}".rstrip()


def _bayes(found: Posterior, other: Posterior) -> Iterator[str]:
    yield f"Bayesian, tau by {found.prior.tau}:"
    yield f"  mean effect {_belief(found.mu)}; below zero with probability {found.below_zero:.3f}"
    yield f"  tau {_belief(found.tau)}"
    yield f"  a new study's true effect {_belief(found.new_study)}"
    yield f"  with twice the spread in the prior of tau, the mean effect is {_belief(other.mu)}"
    yield from (f"  note: {note}" for note in found.notes)


def _belief(found: Belief) -> str:
    return f"{figure(found.median)} ({figure(found.low)} to {figure(found.high)})"
