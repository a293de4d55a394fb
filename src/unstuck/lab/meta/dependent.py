"""Several effects from one study: a three-level model, and standard errors that hold if its covariances are wrong.

Model: y = X b + study effect + effect within study + sampling error. The working covariance of a study with n rows is
M = V + tau2_between J + tau2_within I, where V has v on its diagonal and rho sqrt(v_i v_j) off it. Variances by REML.
Robust covariance: CR2 with Satterthwaite df (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018,
doi 10.1080/07350015.2016.1247004), as R's clubSandwich computes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.meta.inference import Line, line
from unstuck.lab.meta.regression import Design
from unstuck.lab.meta.sample import Effects, Floats
from unstuck.lab.meta.weighted import Problem, check_rank

STEPS, TOLERANCE = 200, 1e-11
FEW_DF = 4.0
"""Below so many Satterthwaite df a robust p value is not to be trusted (Tipton 2015, doi 10.1037/met0000011)."""


@dataclass(frozen=True, slots=True)
class Multilevel:
    """Coefficients by model and by robust standard errors, and both variances of true effects.

    `model` uses the normal law; `robust` uses t with its own df. `i2_*_percent` are shares of the total variance.
    """

    k: int
    studies: int
    names: tuple[str, ...]
    model: tuple[Line, ...]
    robust: tuple[Line, ...]
    tau2_between: float
    tau2_within: float
    i2_between_percent: float
    i2_within_percent: float
    log_likelihood: float
    rho: float
    scale: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Effects y (k,), design x (k, p), sampling covariance s (k, k). `same` (k, k): rows share a study."""

    y: Floats
    x: Floats
    s: Floats
    same: Floats
    groups: tuple[NDArray[np.intp], ...]

    def working(self, theta: Floats) -> Floats:
        """The working covariance (k, k) at theta = (between, within)."""
        return np.asarray(self.s + theta[0] * self.same + theta[1] * np.eye(len(self.y)))


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """A generalised least squares fit: coefficients, (X'WX)^-1, P (k, k) and the restricted log-likelihood."""

    b: Floats
    inverse: Floats
    p: Floats
    log_likelihood: float


def multilevel(effects: Effects, by: Design | None = None, rho: float = 0.0, level: float = 0.95) -> Multilevel:
    """The three-level model with CR2 errors. `rho` is the correlation of sampling errors within a study.

    rho 0 is right when the rows come from different people. When the same people answered several measures, it is not
    known as a rule: try several. The robust errors hold in either case. Raises Complaint for fewer than two studies.
    """
    if not 0 <= rho < 1:
        raise Complaint(f"rho is {rho:g}.", mend="Give a correlation from 0 to below 1.")
    x = np.ones((effects.k, 1)) if by is None else by.x
    names = ("mean",) if by is None else by.names
    check_rank(Problem(effects.y, effects.v, x), names)
    model = _model(effects, x, rho)
    studies = len(model.groups)
    if studies <= x.shape[1]:
        raise Complaint(f"{studies} studies cannot carry {x.shape[1]} coefficients.", mend="More studies are needed.")
    theta = _variances(model)
    fit = _fit(model, theta)
    robust = _robust(model, fit, theta, level)
    return Multilevel(
        effects.k,
        studies,
        names,
        tuple(line(float(b), float(v) ** 0.5, None, level) for b, v in zip(fit.b, np.diag(fit.inverse), strict=True)),
        robust,
        float(theta[0]),
        float(theta[1]),
        *_shares(model, theta),
        fit.log_likelihood,
        rho,
        effects.scale,
        (*effects.notes, *_cautions(model, robust)),
    )


def _model(effects: Effects, x: Floats, rho: float) -> _Model:
    names = {name: place for place, name in enumerate(dict.fromkeys(effects.studies))}
    study = np.array([names[name] for name in effects.studies])
    same = (study[:, None] == study).astype(np.float64)
    se = np.sqrt(effects.v)
    s = rho * np.outer(se, se) * same + (1 - rho) * np.diag(effects.v)
    return _Model(effects.y, x, s, same, tuple(np.flatnonzero(study == place) for place in names.values()))


def _fit(model: _Model, theta: Floats) -> _Fit:
    m, x = model.working(theta), model.x
    w = np.linalg.inv(m)
    information = x.T @ w @ x
    inverse = np.linalg.inv(information)
    p = w - w @ x @ inverse @ x.T @ w
    design, spread, seen = (float(np.linalg.slogdet(each)[1]) for each in (x.T @ x, m, information))
    df = x.shape[0] - x.shape[1]
    whole = design - spread - seen - float(model.y @ p @ model.y) - df * float(np.log(2 * np.pi))
    return _Fit(inverse @ (x.T @ (w @ model.y)), inverse, p, 0.5 * whole)


def _variances(model: _Model) -> Floats:
    """(between, within) by REML: Fisher scoring within the bounds from several starts; the highest end is taken.

    Where every study gives one row the two cannot be told apart; all of it is then called between.
    """
    unit = float(np.var(model.y) + np.mean(np.diag(model.s)))
    alone = all(len(rows) == 1 for rows in model.groups)
    starts = ((0.5, 0.0),) if alone else ((0.3, 0.3), (0.8, 0.0), (0.0, 0.8), (0.0, 0.0))
    free = np.array([True, not alone])
    ends = [_scoring(model, unit * np.array(start), free) for start in starts]
    return max(ends, key=lambda theta: _fit(model, theta).log_likelihood)


def _scoring(model: _Model, theta: Floats, free: NDArray[np.bool_]) -> Floats:
    fit = _fit(model, theta)
    for _ in range(STEPS):
        slope, information = _score(model, fit)
        moving = free & ~((theta <= 0) & (slope <= 0))  # at its bound and pushed against it: it stays
        if not moving.any():
            break
        step = np.zeros(2)
        step[moving] = np.linalg.solve(information[np.ix_(moving, moving)], slope[moving])
        new, reached = _uphill(model, theta, step, fit)
        done = float(np.abs(new - theta).max()) <= TOLERANCE * float(np.diag(model.s).min() + theta.sum())
        theta, fit = new, reached
        if done:
            break
    return theta


def _score(model: _Model, fit: _Fit) -> tuple[Floats, Floats]:
    """The slope of the restricted log-likelihood in (between, within), and the expected information."""
    py, pz = fit.p @ model.y, (fit.p @ model.same, fit.p)
    slope = [float(py @ model.same @ py) - np.trace(pz[0]), float(py @ py) - np.trace(pz[1])]
    information = [[np.vdot(a.T, b) for b in pz] for a in pz]
    return 0.5 * np.array(slope), 0.5 * np.array(information)


def _uphill(model: _Model, theta: Floats, step: Floats, fit: _Fit) -> tuple[Floats, _Fit]:
    for _ in range(40):
        new = np.maximum(0.0, theta + step)
        reached = _fit(model, new)
        if reached.log_likelihood >= fit.log_likelihood - 1e-12 * (1 + abs(fit.log_likelihood)):
            return new, reached
        step = step / 2
    return theta, fit


def _robust(model: _Model, fit: _Fit, theta: Floats, level: float) -> tuple[Line, ...]:
    """CR2: residuals of each study are scaled so that their covariance would be right if the working model held."""
    m, p = model.working(theta), model.x.shape[1]
    residual = model.y - model.x @ fit.b
    hat = model.x @ fit.inverse @ (np.linalg.solve(m, model.x)).T
    rest = np.eye(len(model.y)) - hat
    meat = np.zeros((p, p))
    directions = []  # for each study, d (p, k): its part of the coefficients as a linear map of y
    for rows in model.groups:
        block = m[np.ix_(rows, rows)]
        root = np.linalg.cholesky(block)
        inside = root.T @ (rest[rows] @ m @ rest[rows].T) @ root
        pull = fit.inverse @ np.linalg.solve(block, model.x[rows]).T @ root @ _inverse_root(inside) @ root.T
        directions.append(pull @ rest[rows])
        meat += np.outer(pull @ residual[rows], pull @ residual[rows])
    spread = [_satterthwaite(np.array([d[c] for d in directions]), m) for c in range(p)]
    errors = np.sqrt(np.diag(meat))
    return tuple(line(float(b), float(se), df, level) for b, se, df in zip(fit.b, errors, spread, strict=True))


def _inverse_root(matrix: Floats) -> Floats:
    """The symmetric inverse square root of a positive semidefinite matrix; null directions stay null."""
    values, vectors = np.linalg.eigh(matrix)
    keep = values > 1e-10 * values.max()
    scaled = np.where(keep, 1 / np.sqrt(np.where(keep, values, 1.0)), 0.0)
    return np.asarray((vectors * scaled) @ vectors.T)


def _satterthwaite(parts: Floats, m: Floats) -> float:
    """The df of a robust variance: twice its squared mean over its variance, under the working model."""
    inner = parts @ m @ parts.T
    return float(np.trace(inner) ** 2 / np.vdot(inner, inner))


def _shares(model: _Model, theta: Floats) -> tuple[float, float]:
    """The shares of the total variance, in percent, that lie between and within studies."""
    w = np.linalg.inv(model.s)
    p = w - w @ model.x @ np.linalg.solve(model.x.T @ w @ model.x, model.x.T @ w)
    typical = (len(model.y) - model.x.shape[1]) / float(np.trace(p))
    total = typical + float(theta.sum())
    return 100 * float(theta[0]) / total, 100 * float(theta[1]) / total


def _cautions(model: _Model, robust: Sequence[Line]) -> list[str]:
    said = []
    if all(len(rows) == 1 for rows in model.groups):
        said.append("Every study gives one row: what differs within studies cannot be seen.")
    fewest = min(each.df for each in robust if each.df is not None)
    if fewest < FEW_DF:
        said.append(
            f"The robust test has {fewest:.1f} degrees of freedom: below {FEW_DF:g} its p is not to be trusted."
        )
    return said
