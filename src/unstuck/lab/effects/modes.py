"""Pharmacokinetics and effects together, from an exponential basis on: the plain reference of the fast kernel.

Whoever solves the pharmacokinetics hands over decaying modes z, driven by the dose rate r (mg/h), and their weights:

    dz_s/dt = -l_s z_s + r        ketamine = sum a_s z_s,  norketamine = sum b_s z_s        (ng/mL)

Modes and effect site are advanced exactly: with r constant over a step of length h,

    z(h)  = e^(-l h) z + r (1 - e^(-l h)) / l
    Ce(h) = e^(-k h) Ce + sum a_s (p_s z_s + q_s r)
    p     = k (e^(-l h) - e^(-k h)) / (k - l),   q = (1 - e^(-k h) - p) / l

and where the two rates nearly coincide p is k h sqrt(e^(-lh) e^(-kh)) sinh(x)/x with x = (k - l) h / 2, so that no pair
of rates loses digits. The bell and the vessels are the only approximations, by parabolas over each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unstuck.core.errors import Complaint
from unstuck.lab.effects import cascade
from unstuck.lab.effects.filters import weights
from unstuck.lab.effects.grid import graded
from unstuck.lab.effects.parameters import Array, Model

OUTPUTS = ("ketamine", "norketamine", "site", "vessels", "occupancy", *cascade.STATES)
NEAR = 1e-3  # below this x the quotient is replaced by its series, whose next term is under 1e-18


@dataclass(frozen=True, slots=True)
class Modes:
    """Modes of many people: rates 1/h and weights ng/mL per mg, each of shape (people, modes); dose mg, (people,)."""

    rate_per_h: Array
    ketamine: Array
    norketamine: Array
    dose_mg: Array

    def __post_init__(self) -> None:
        if not (self.rate_per_h.shape == self.ketamine.shape == self.norketamine.shape):
            raise Complaint("Rates and weights differ in shape.", "modes", "Give one weight a mode and person.")
        if self.dose_mg.shape != self.rate_per_h.shape[:1]:
            raise Complaint("There is not one dose a person.", "dose_mg", "Give shape (people,).")
        if not (np.all(np.isfinite(self.rate_per_h)) and np.all(self.rate_per_h > 0)):
            raise Complaint("A rate is not above zero.", "rate_per_h", "Give decaying modes only.")
        if not (np.all(np.isfinite(self.dose_mg)) and np.all(self.dose_mg >= 0)):
            raise Complaint("A dose is negative or not a number.", "dose_mg", "Give mg of zero or more.")


@dataclass(frozen=True, slots=True)
class Timetable:
    """Steps of everybody's course, shape (steps,): share of the dose given per hour, share given at the start at once.

    `output` is the row that the end of a step is written to, or -1. Row 0 is the start.
    """

    step_h: Array
    per_h: Array
    at_once: Array
    output: np.ndarray[tuple[int], np.dtype[np.int64]]

    @property
    def rows(self) -> int:
        """How many times are written."""
        return int(self.output.max(initial=0)) + 1


def timetable(doses: Sequence[tuple[float, float]], outputs_h: ArrayLike, finer: float = 1.0) -> Timetable:
    """The steps for doses (start h, hours; 0 hours is at once), written at `outputs_h`, which rise from 0.

    Each dose gives everybody's whole `dose_mg`. Raises Complaint for outputs that do not start at 0 or do not rise.
    """
    outputs = np.asarray(outputs_h, dtype=float)
    if outputs.size < 2 or outputs[0] != 0 or not np.all(np.diff(outputs) > 0):
        raise Complaint("Outputs do not rise from 0.", "outputs_h", "Begin with 0 and sort the rest.")
    if any(start < 0 or hours < 0 for start, hours in doses):
        raise Complaint("A dose has a negative time.", "doses", "Give start and length in hours, zero or more.")
    events = [t for start, hours in doses for t in (start, start + hours)]
    edges = graded(events, outputs, float(outputs[-1]), finer).edges_h
    middle = (edges[1:] + edges[:-1]) / 2
    per_h, at_once = np.zeros_like(middle), np.zeros_like(middle)
    for start, hours in doses:
        if hours > 0:
            per_h += ((middle > start) & (middle < start + hours)) / hours
        elif start < edges[-1]:
            at_once[int(np.argmin(np.abs(edges[:-1] - start)))] += 1.0
    row = np.full(middle.size, -1, dtype=np.int64)
    row[[int(np.argmin(np.abs(edges[1:] - t))) for t in outputs[1:]]] = np.arange(1, outputs.size)
    return Timetable(np.round(np.diff(edges), 12), per_h, at_once, row)


def solve(model: Model, modes: Modes, table: Timetable) -> Array:
    """Outputs of shape (people, rows, outputs), in the order of OUTPUTS; everybody starts free of the drug."""
    course = _Course(model, modes, table)
    for n in range(table.step_h.size):
        course.advance(n)
    return course.found


class _Course:
    """The state of everybody while the steps are walked; used by `solve` only."""

    def __init__(self, model: Model, modes: Modes, table: Timetable) -> None:
        self.model, self.modes, self.table = model, modes, table
        people = modes.dose_mg.size
        self.z = np.zeros_like(modes.rate_per_h)
        self.site, self.vessels, self.bell = (np.zeros((people, 1)) for _ in range(3))
        self.chain = np.zeros((people, len(cascade.STATES)))
        self.found = np.zeros((people, table.rows, len(OUTPUTS)))
        self.transition, self.drive = cascade.steps(model.cascade, table.step_h)
        self.vessel = weights(model.circulation.rate_per_h, table.step_h)

    def advance(self, n: int) -> None:
        """One step: modes and site by two exact halves, then vessels and chain by a parabola through three values."""
        dose = self.modes.dose_mg[:, None]
        self.z = self.z + dose * self.table.at_once[n]
        first = (self.site, self.bell)
        middle = self._half(n, dose * self.table.per_h[n])
        last = self._half(n, dose * self.table.per_h[n])
        self.site, self.bell = last
        w = self.vessel
        self.vessels = w.decay[n] * self.vessels + w.start[n] * first[0] + w.middle[n] * middle[0] + w.end[n] * last[0]
        bells = np.concatenate([first[1], middle[1], last[1]], axis=1)
        self.chain = self.chain @ self.transition[n].T + bells @ self.drive[n].T
        if (row := self.table.output[n]) >= 0:
            self._write(row)

    def _half(self, n: int, rate: Array) -> tuple[Array, Array]:
        """Site and drive of glutamate after half a step."""
        h, slow = self.table.step_h[n] / 2, self.modes.rate_per_h
        fast = np.asarray(self.model.site.rate_per_h)
        grown, given = response(fast, slow, h)
        felt = (self.modes.ketamine * (grown * self.z + given * rate)).sum(axis=1, keepdims=True)
        self.site = np.exp(-fast * h) * self.site + felt
        decay = np.exp(-slow * h)
        self.z = decay * self.z + rate * (-np.expm1(-slow * h) / slow)
        return self.site, cascade.surge(self.model.cascade, self._occupancy())

    def _occupancy(self) -> Array:
        figures = self.model.occupancy
        nor = (self.modes.norketamine * self.z).sum(axis=1, keepdims=True)
        relative = self.site / figures.half_ketamine_ng_per_ml + nor / figures.half_norketamine_ng_per_ml
        return np.asarray(relative / (1.0 + relative))

    def _write(self, row: int) -> None:
        parent = (self.modes.ketamine * self.z).sum(axis=1, keepdims=True)
        nor = (self.modes.norketamine * self.z).sum(axis=1, keepdims=True)
        told = [parent, nor, self.site, self.vessels, self._occupancy(), self.chain]
        self.found[:, row] = np.concatenate(told, axis=1)


def response(fast: Array, slow: Array, h: float) -> tuple[Array, Array]:
    """p and q of the module's docstring: what one unit of a mode, and of the rate, adds to the site over `h`."""
    a, b = np.exp(-slow * h), np.exp(-fast * h)
    x = (fast - slow) * h / 2
    near = np.abs(x) < NEAR
    apart = (a - b) / np.where(near, 1.0, fast - slow)
    close = h * np.sqrt(a * b) * (1.0 + x * x / 6.0 + x**4 / 120.0)
    grown = fast * np.where(near, close, apart)
    return grown, (-np.expm1(-fast * h) - grown) / slow
