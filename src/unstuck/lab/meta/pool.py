"""One mean of many studies, with its interval, what the studies differ by, and where a new study would fall."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import chdtrc

from unstuck.core.errors import Complaint
from unstuck.lab.meta.inference import Interval, Line, Options, line, lines, quantile
from unstuck.lab.meta.sample import Effects
from unstuck.lab.meta.tau2 import Method, estimate, q_profile
from unstuck.lab.meta.weighted import Problem, intercept, solve, traces

FEW = 5
"""Below so many studies heterogeneity is hardly known, and a note says so."""


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """What studies differ by: Cochran's Q, tau2 (unit of the effect, squared) with an interval, I2 in percent.

    I2 and H2 set tau2 against the typical sampling variance (Higgins and Thompson 2002, doi 10.1002/sim.1186). With the
    fixed effect tau2 is None, and they come from Q.
    """

    q: float
    q_df: int
    q_p: float
    tau2: float | None
    tau2_low: float
    tau2_high: float
    i2_percent: float
    h2: float


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect; `mean` holds estimate, se, low, high, statistic, df and p. `weights` are shares of one.

    The prediction interval (a new study's true effect) uses the distribution of the confidence interval,
    as metafor does. It and `heterogeneity` are None for one study; the prediction is None for a fixed effect.
    """

    k: int
    options: Options
    mean: Line
    heterogeneity: Heterogeneity | None
    prediction: tuple[float, float] | None
    weights: tuple[float, ...]
    scale: str = ""
    notes: tuple[str, ...] = ()


def pool(effects: Effects, options: Options | None = None) -> Pooled:
    """The mean effect over independent studies; by default REML with Knapp-Hartung.

    Raises Complaint when a study gives several rows: they are dependent (`multilevel` is for them). One study alone
    is not pooled: its own estimate comes back with a normal interval, no heterogeneity, and a note that says so.
    """
    options = options or Options()
    refuse_dependent(effects)
    if effects.k == 1:
        return _alone(effects, options)
    problem = intercept(effects.y, effects.v)
    found = estimate(problem, options.method)
    mean = lines(problem, solve(problem, found.tau2), options)[0]
    spread = heterogeneity(problem, found.tau2, options)
    w = 1 / (effects.v + found.tau2)
    return Pooled(
        effects.k,
        options,
        mean,
        spread,
        prediction(mean, spread.tau2, options.level),
        tuple((w / w.sum()).tolist()),
        effects.scale,
        (*effects.notes, *found.notes, *_cautions(problem, spread, mean, options)),
    )


def refuse_dependent(effects: Effects) -> None:
    """Raises Complaint when several rows come from one study."""
    if effects.dependent:
        said = f"Several rows come from one study: {', '.join(effects.dependent)}."
        raise Complaint(said, mend="Use the multilevel model, or keep one row a study.")


def _alone(effects: Effects, options: Options) -> Pooled:
    own = line(float(effects.y[0]), float(effects.v[0]) ** 0.5, None, options.level)
    note = "One study: nothing is pooled. Its own estimate with a normal interval; heterogeneity is unknown."
    return Pooled(1, options, own, None, None, (1.0,), effects.scale, (*effects.notes, note))


def heterogeneity(problem: Problem, tau2: float, options: Options) -> Heterogeneity:
    """Q and its test, tau2 with its Q-profile interval, I2 and H2, around a mean or a regression."""
    q, typical = solve(problem, 0.0).rss, problem.df / traces(problem, 0.0).p
    low, high = q_profile(problem, options.level)
    fixed = options.method is Method.FIXED
    h2 = q / problem.df if fixed else tau2 / typical + 1
    i2_percent = 100 * max(0.0, (h2 - 1) / h2) if h2 > 0 else 0.0
    q_p = float(chdtrc(problem.df, q))
    return Heterogeneity(q, problem.df, q_p, None if fixed else tau2, low, high, i2_percent, h2)


def prediction(mean: Line, tau2: float | None, level: float) -> tuple[float, float] | None:
    """Where the true effect of a new study would fall; None for a fixed effect, which has no such thing."""
    if tau2 is None:
        return None
    wide = quantile(mean.df, level) * (tau2 + mean.se**2) ** 0.5
    return mean.estimate - wide, mean.estimate + wide


def _cautions(problem: Problem, spread: Heterogeneity, mean: Line, options: Options) -> list[str]:
    """What a reader must know before the numbers."""
    said = []
    if len(problem.y) < FEW:
        said.append(f"{len(problem.y)} studies: how much they differ is hardly known.")
    if spread.tau2 == 0 and spread.tau2_high > 0:
        said.append("tau2 came out as zero, which is no proof of it: the prediction interval is then too narrow.")
    if spread.tau2_high == 0:
        said.append("The effects are more alike than chance allows: are the standard errors too large?")
    plain = lines(problem, solve(problem, spread.tau2 or 0.0), Options(options.method, Interval.NORMAL, options.level))[
        0
    ]
    if mean.se < plain.se and options.interval is Interval.KNAPP_HARTUNG:
        said.append(f"The Knapp-Hartung standard error is below the normal one ({mean.se:.4g} against {plain.se:.4g}).")
    return said
