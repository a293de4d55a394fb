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
class _Stack:
    """Studies of n rows each, g of them: effects y (g, n), design x (g, n, p), sampling covariances s (g, n, n)."""

    y: Floats
    x: Floats
    s: Floats

    def working(self, theta: Floats) -> Floats:
        """The working covariances (g, n, n) at theta = (between, within)."""
        return np.asarray(self.s + theta[0] + theta[1] * np.eye(self.y.shape[1]))


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """The studies, stacked by how many rows they have; k rows in all, p coefficients, log det X'X."""

    stacks: tuple[_Stack, ...]
    k: int
    p: int
    log_design: float

    @property
    def studies(self) -> int:
        """How many studies there are."""
        return sum(len(stack.y) for stack in self.stacks)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """A generalised least squares fit: b, C = (X'WX)^-1, the weights W of each stack, and its log-likelihood."""

    b: Floats
    inverse: Floats
    weights: tuple[Floats, ...]
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
    if model.studies <= x.shape[1]:
        raise Complaint(
            f"{model.studies} studies cannot carry {x.shape[1]} coefficients.", mend="More studies are needed."
        )
    theta = _variances(model)
    fit = _fit(model, theta)
    robust = _robust(model, fit, theta, level)
    return Multilevel(
        effects.k,
        model.studies,
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
    places: dict[str, list[int]] = {}
    for row, name in enumerate(effects.studies):
        places.setdefault(name, []).append(row)
    sizes = sorted({len(rows) for rows in places.values()})
    stacks = tuple(_stack(effects, x, rho, np.array([r for r in places.values() if len(r) == n])) for n in sizes)
    return _Model(stacks, effects.k, x.shape[1], float(np.linalg.slogdet(x.T @ x)[1]))


def _stack(effects: Effects, x: Floats, rho: float, rows: NDArray[np.intp]) -> _Stack:
    se = np.sqrt(effects.v[rows])
    own = np.eye(rows.shape[1]) * effects.v[rows][:, None, :]
    return _Stack(effects.y[rows], x[rows], rho * se[:, :, None] * se[:, None, :] + (1 - rho) * own)


def _fit(model: _Model, theta: Floats) -> _Fit:
    weights = tuple(np.linalg.inv(stack.working(theta)) for stack in model.stacks)
    information, right, squares, spread = np.zeros((model.p, model.p)), np.zeros(model.p), 0.0, 0.0
    for stack, w in zip(model.stacks, weights, strict=True):
        xw = np.swapaxes(stack.x, 1, 2) @ w
        information += (xw @ stack.x).sum(axis=0)
        right += np.einsum("gpn,gn->p", xw, stack.y)
        squares += float(np.einsum("gn,gnm,gm->", stack.y, w, stack.y))
        spread += float(np.linalg.slogdet(w)[1].sum())
    inverse = np.linalg.inv(information)
    b = inverse @ right
    constant = (model.k - model.p) * float(np.log(2 * np.pi))
    whole = model.log_design + spread + float(np.linalg.slogdet(inverse)[1]) - (squares - float(b @ right)) - constant
    return _Fit(b, inverse, weights, 0.5 * whole)


def _variances(model: _Model) -> Floats:
    """(between, within) by REML: Fisher scoring within the bounds from several starts; the highest end is taken.

    Where every study gives one row the two cannot be told apart; all of it is then called between.
    """
    unit = float(np.var(np.concatenate([stack.y.ravel() for stack in model.stacks]))) + _least(model)
    alone = model.studies == model.k
    starts = ((0.5, 0.0),) if alone else ((0.3, 0.3), (0.8, 0.0), (0.0, 0.8), (0.0, 0.0))
    free = np.array([True, not alone])
    ends = [_scoring(model, unit * np.array(start), free) for start in starts]
    return max(ends, key=lambda theta: _fit(model, theta).log_likelihood)


def _least(model: _Model) -> float:
    """The least sampling variance."""
    return min(float(np.diagonal(stack.s, axis1=1, axis2=2).min()) for stack in model.stacks)


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
        done = float(np.abs(new - theta).max()) <= TOLERANCE * (_least(model) + float(theta.sum()))
        theta, fit = new, reached
        if done:
            break
    return theta


def _score(model: _Model, fit: _Fit) -> tuple[Floats, Floats]:
    """The slope of the restricted log-likelihood in (between, within), and the expected information.

    With P = W - W X C X'W and Z the pattern of a variance: slope (y'PZPy - tr PZ) / 2, information tr(PZ PZ') / 2.
    Traces over P are traces over the studies' own W, less what goes through the p x p matrices of the design.
    """
    slope, trace = np.zeros(2), np.zeros((2, 2))
    through, twice = np.zeros((2, model.p, model.p)), np.zeros((2, 2, model.p, model.p))
    for stack, w in zip(model.stacks, fit.weights, strict=True):
        n = stack.y.shape[1]
        patterns = (np.ones((n, n)), np.eye(n))
        py = np.einsum("gnm,gm->gn", w, stack.y - stack.x @ fit.b)
        wx, wz = w @ stack.x, [w @ z for z in patterns]
        for i, z in enumerate(patterns):
            slope[i] += float(np.einsum("gn,nm,gm->", py, z, py)) - float(np.trace(wz[i], axis1=1, axis2=2).sum())
            through[i] += np.einsum("gnp,nm,gmq->pq", wx, z, wx)
            for j in range(2):
                trace[i, j] += float(np.einsum("gnm,gmn->", wz[i], wz[j]))
                twice[i, j] += np.einsum("gnp,gnq->pq", wx, z @ wz[j] @ wx)
    c = fit.inverse
    slope += np.einsum("pq,iqp->i", c, through)
    trace += np.einsum("pq,iqr,rs,jsp->ij", c, through, c, through) - 2 * np.einsum("pq,ijqp->ij", c, twice)
    return 0.5 * slope, 0.5 * trace


def _uphill(model: _Model, theta: Floats, step: Floats, fit: _Fit) -> tuple[Floats, _Fit]:
    for _ in range(40):
        new = np.maximum(0.0, theta + step)
        reached = _fit(model, new)
        if reached.log_likelihood >= fit.log_likelihood - 1e-12 * (1 + abs(fit.log_likelihood)):
            return new, reached
        step = step / 2
    return theta, fit


def _robust(model: _Model, fit: _Fit, theta: Floats, level: float) -> tuple[Line, ...]:
    """CR2: residuals of each study are scaled so that their covariance would be right if the working model held.

    The residuals of a study have the covariance M - X C X', two studies' -X C X'. So the robust variance is a quadratic
    form whose mean and variance, for the df, follow from p numbers a study.
    """
    meat, own, reach = np.zeros((model.p, model.p)), [], []
    for stack, w in zip(model.stacks, fit.weights, strict=True):
        m = stack.working(theta)
        for y, x, m_study, w_study in zip(stack.y, stack.x, m, w, strict=True):
            root = np.linalg.cholesky(m_study)
            inside = root.T @ (m_study - x @ fit.inverse @ x.T) @ root
            pull = fit.inverse @ x.T @ w_study @ root @ _inverse_root(inside) @ root.T
            score = pull @ (y - x @ fit.b)
            meat += np.outer(score, score)
            own.append(np.einsum("pn,nm,pm->p", pull, m_study, pull))
            reach.append(pull @ x)
    spread = [_satterthwaite(np.array(own)[:, c], np.array(reach)[:, c], fit.inverse) for c in range(model.p)]
    errors = np.sqrt(np.diag(meat))
    return tuple(line(float(b), float(se), df, level) for b, se, df in zip(fit.b, errors, spread, strict=True))


def _inverse_root(matrix: Floats) -> Floats:
    """The symmetric inverse square root of a positive semidefinite matrix; null directions stay null."""
    values, vectors = np.linalg.eigh(matrix)
    keep = values > 1e-10 * values.max()
    scaled = np.where(keep, 1 / np.sqrt(np.where(keep, values, 1.0)), 0.0)
    return np.asarray((vectors * scaled) @ vectors.T)


def _satterthwaite(own: Floats, reach: Floats, c: Floats) -> float:
    """The df of a robust variance: twice its squared mean over its variance, under the working model."""
    inner = np.diag(own) - reach @ c @ reach.T
    return float(np.trace(inner) ** 2 / np.vdot(inner, inner))


def _shares(model: _Model, theta: Floats) -> tuple[float, float]:
    """The shares of the total variance, in percent, that lie between and within studies."""
    bare = _fit(model, np.zeros(2))
    trace = 0.0
    for stack, w in zip(model.stacks, bare.weights, strict=True):
        wx = w @ stack.x
        trace += float(np.trace(w, axis1=1, axis2=2).sum()) - float(np.einsum("pq,gnq,gnp->", bare.inverse, wx, wx))
    total = (model.k - model.p) / trace + float(theta.sum())
    return 100 * float(theta[0]) / total, 100 * float(theta[1]) / total


def _cautions(model: _Model, robust: Sequence[Line]) -> list[str]:
    said = []
    if model.studies == model.k:
        said.append("Every study gives one row: what differs within studies cannot be seen.")
    fewest = min(each.df for each in robust if each.df is not None)
    if fewest < FEW_DF:
        said.append(
            f"The robust test has {fewest:.1f} degrees of freedom: below {FEW_DF:g} its p is not to be trusted."
        )
    return said
