"""What is not linear, by SciPy's LSODA: clearance that saturates, and a metabolite's clearance that rises with time.

In the linear limit (dose far below the saturation, no rise) it gives what the exact path gives; the tests hold it
there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from unstuck.core.errors import Complaint
from unstuck.lab.pk.exact import Course
from unstuck.lab.pk.parameter_sets import ParameterSet
from unstuck.lab.pk.people import Floats, Person, people
from unstuck.lab.pk.program import Program, compile_program
from unstuck.lab.pk.regimen import Regimen
from unstuck.lab.pk.structures import build
from unstuck.lab.pk.system import System

RTOL, ATOL_MG = 1e-9, 1e-10


@dataclass(frozen=True, slots=True)
class Nonlinear:
    """How a system departs from linearity. `half_ng_per_ml` is the central concentration at which clearance by the
    saturable way is half of its full value (Michaelis-Menten's Km); inf means that nothing saturates. `rise_per_h` is
    the share by which the metabolite's clearance rises each hour after the first dose (Flint 2017: 0.0087)."""

    half_ng_per_ml: float = np.inf
    rise_per_h: float = 0.0

    def __post_init__(self) -> None:
        if not self.half_ng_per_ml > 0:
            raise Complaint("A half-saturation at or below 0 is none.", "half_ng_per_ml", "Give more than 0, or inf.")
        if not 0 <= self.rise_per_h < 1:
            raise Complaint("The rise is no share per hour.", "rise_per_h", "Give 0 or more, below 1.")


def predict_nonlinear(found: ParameterSet, regimen: Regimen, person: Person, times_h: Floats, how: Nonlinear) -> Course:
    """The course of one person where clearance from the central compartment saturates, whatever it forms, or where the
    metabolite's clearance rises. Areas are sums over a fine grid. Raises Complaint for steady states, and for a set
    whose structure has no central clearance."""
    who = people(person)
    found.check(who, {dose.route for dose in regimen.doses})
    if any(dose.steady_every_h is not None for dose in regimen.doses):
        raise Complaint("A steady state is not defined here.", "SS", "Write the doses out with repeat (ADDL).")
    if found.structure == "portal":
        raise Complaint(f"{found.key} clears in its liver compartment.", "model", "Use ket1 or a mammillary set.")
    system = build(found, found.values(who), who)
    times = np.asarray(times_h, dtype=float)
    fine = np.unique(np.concatenate([times, np.linspace(0.0, times[-1], _FINE)]))
    states = _states(system, compile_program(regimen, system, who, fine), how)
    curves = {name: states[:, system.states.index(r.state)] * r.scale[0] for name, r in system.readings.items()}
    at = np.searchsorted(fine, times)
    areas = {name: np.array([np.trapezoid(curve, fine)]) for name, curve in curves.items()}
    unknown = {name: np.array([np.nan]) for name in curves}
    return Course(times, {name: curve[None, at] for name, curve in curves.items()}, areas, unknown)


_FINE = 2001


def _states(system: System, program: Program, how: Nonlinear) -> Floats:
    """States at the wanted times, (T, K), step by step between the program's grid points."""
    matrix, count = system.matrix[0], len(system.states)
    enter = np.zeros((len(program.channels), count))
    for c, channel in enumerate(program.channels):
        enter[c, system.states.index(channel.state)] = channel.amount_mg[0]
    state, seen = np.zeros(count), np.empty((program.grid_h.size, count))
    for point, begin in enumerate(program.grid_h):
        state = np.zeros(count) if program.reset[point] else state
        state = state + program.pulse[point] @ enter
        seen[point] = state
        if point + 1 < program.grid_h.size:
            state = _step(
                _Flow(system, matrix, how, program.rate[point] @ enter), state, (begin, program.grid_h[point + 1])
            )
    return seen[program.wanted]


def _step(flow: _Flow, state: Floats, span: tuple[float, float]) -> Floats:
    found = solve_ivp(flow, span, state, "LSODA", rtol=RTOL, atol=ATOL_MG)
    if not found.success:
        raise Complaint(f"The equations could not be solved: {found.message}", "half_ng_per_ml", "Use a larger value.")
    last: Floats = found.y[:, -1]
    return last


class _Flow:
    """How the states change: the linear part, less what saturates, more what rises."""

    def __init__(self, system: System, matrix: Floats, how: Nonlinear, inflow: Floats) -> None:
        self.matrix, self.how, self.inflow = matrix, how, inflow
        names = system.states
        self.central = names.index("c")
        self.scale = float(next(iter(system.readings.values())).scale[0])
        leaves = _cleared(matrix, self.central, names)
        self.cleared = leaves
        self.metabolite = names.index("n") if "n" in names else None
        self.lost = _lost(matrix, self.metabolite, names) if self.metabolite is not None else 0.0

    def __call__(self, time_h: float, x: Floats) -> Floats:
        change: Floats = self.matrix @ x + self.inflow
        level = max(0.0, float(x[self.central]) * self.scale)
        share = level / (self.how.half_ng_per_ml + level) if np.isfinite(self.how.half_ng_per_ml) else 0.0
        change = change - share * x[self.central] * self.cleared
        if self.metabolite is not None:
            change[self.metabolite] -= self.lost * self.how.rise_per_h * time_h * x[self.metabolite]
        return change


def _cleared(matrix: Floats, central: int, names: tuple[str, ...]) -> Floats:
    """The column of clearance alone: what leaves the central compartment for good, and what that forms, per mg."""
    column = np.zeros(len(names))
    back = sum(matrix[names.index(p), central] for p in ("p1", "p2") if p in names)
    column[central] = matrix[central, central] + back
    for product in ("tr", "n"):
        if product in names:
            column[names.index(product)] = matrix[names.index(product), central]
    return column


def _lost(matrix: Floats, metabolite: int, names: tuple[str, ...]) -> float:
    """The metabolite's own rate of clearance."""
    away = matrix[names.index("np"), metabolite] if "np" in names else 0.0
    return float(-matrix[metabolite, metabolite] - away)
