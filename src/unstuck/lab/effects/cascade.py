"""From receptor to spines: a static bell drives a chain of linear filters, solved exactly for parabolic drives.

    u   = g (4 o (1 - o))^n                             o: NMDA occupancy; the bell is highest at one half
    dG/dt = kG (u - G)                                  glutamate surge, share of rest
    A   = (1 - b) G                                     AMPA throughput; b: share blocked, for what-if
    dM/dt = kM (A - M),  dB/dt = kB (A - B)             mTORC1, BDNF
    dP/dt = kP (M + B - P)                              permissive state, ln 2 / kP = its half-life
    dS1/dt = P - S1/L1,  dS2/dt = f S1/L1 - S2/L2       early spines, and those that are kept
    dD/dt = kD (P - D)                                  shift of the default mode

A hypothesis: the order comes from animals (Moghaddam 1997, Li 2010, Phoumthipphavong 2016), most times from memory. The
numbers have no unit that could be measured in a person, and they predict no benefit.
"""

from __future__ import annotations

import numpy as np

from unstuck.lab.effects.parameters import LN2, Array, Cascade

STATES = ("glutamate", "mtorc1", "bdnf", "permissive", "spines_early", "spines_kept", "default_mode")
_ORDER = 18  # of the series of the exponential, for a norm of at most one half
G, M, B, P, S1, S2, D = range(len(STATES))


def surge(figures: Cascade, occupancy: Array) -> Array:
    """The drive of glutamate at that occupancy: nothing at 0 and 1, the gain at one half."""
    bell: Array = 4.0 * occupancy * (1.0 - occupancy)
    return np.asarray(figures.glutamate_gain * np.power(bell, figures.bell_power))


def system(figures: Cascade) -> tuple[Array, Array]:
    """Matrix (states, states) and input (states,) of the chain, per hour."""
    c = figures
    rates = {G: c.glutamate_per_h, M: c.mtorc1_per_h, B: c.bdnf_per_h, P: LN2 / c.permissive_half_life_h}
    rates |= {S1: 1 / c.spine_life_h, S2: 1 / c.spine_kept_life_h, D: LN2 / c.default_mode_half_life_h}
    matrix = np.diag([-rates[n] for n in range(len(STATES))])
    open_share = 1.0 - c.ampa_blocked
    matrix[M, G], matrix[B, G] = rates[M] * open_share, rates[B] * open_share
    matrix[P, M] = matrix[P, B] = rates[P]
    matrix[S1, P], matrix[S2, S1] = 1.0, c.spine_kept_share * rates[S1]
    matrix[D, P] = rates[D]
    drive = np.zeros(len(STATES))
    drive[G] = rates[G]
    return matrix, drive


def steps(figures: Cascade, step_h: Array) -> tuple[Array, Array]:
    """Of each step its transition (steps, states, states) and the weights of the drive (steps, states, 3).

    x(h) = transition x(0) + weights . (u at start, middle, end), exact where u is a parabola.
    """
    lengths, place = np.unique(step_h, return_inverse=True)
    matrix, drive = system(figures)
    pairs = [_step(matrix, drive, h) for h in lengths.tolist()]
    return np.stack([p[0] for p in pairs])[place], np.stack([p[1] for p in pairs])[place]


def _step(matrix: Array, drive: Array, h: float) -> tuple[Array, Array]:
    """The drive's value and its first two derivatives over the step are states of a larger linear system."""
    n = len(drive)
    larger = np.zeros((n + 3, n + 3))
    larger[:n, :n], larger[:n, n] = matrix * h, drive * h
    larger[n, n + 1] = larger[n + 1, n + 2] = 1.0
    whole = exponential(larger)
    slopes = np.array([[1.0, 0.0, 0.0], [-3.0, 4.0, -1.0], [4.0, -8.0, 4.0]])  # value, first, second derivative
    return whole[:n, :n], whole[:n, n:] @ slopes


def exponential(matrix: Array) -> Array:
    """Matrix exponential by a Taylor series with scaling and squaring (Higham 2008, chapter 10)."""
    norm = float(np.abs(matrix).sum(axis=0).max())
    halvings = max(0, int(np.ceil(np.log2(2.0 * norm)))) if norm > 0 else 0
    small = matrix / 2.0**halvings
    term = total = np.eye(len(matrix))
    for k in range(1, _ORDER):
        term = term @ small / k
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return total


def solve(figures: Cascade, step_h: Array, driven: Array) -> Array:
    """States at the edges, shape (..., steps + 1, states), from rest, under a drive of shape (..., steps, 3)."""
    transition, weights = steps(figures, step_h)
    found = np.zeros((*driven.shape[:-2], step_h.size + 1, len(STATES)))
    for n in range(step_h.size):
        found[..., n + 1, :] = found[..., n, :] @ transition[n].T + driven[..., n, :] @ weights[n].T
    return found
