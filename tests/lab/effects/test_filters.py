"""Linear filters of the effects: exact where they claim it, and of the order they claim elsewhere."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import expm

from unstuck.lab.effects import cascade
from unstuck.lab.effects.filters import follow, moments
from unstuck.lab.effects.grid import graded
from unstuck.lab.effects.parameters import load_effects

FIGURES = load_effects().cascade


@given(st.floats(1e-12, 60.0), st.sampled_from([0, 1, 2]))
def test_moments_are_their_integrals(x, n):
    """The three moments agree with adaptive quadrature for any argument, small ones among them."""
    wanted = quad(lambda s: x * np.exp(-x * (1 - s)) * s**n, 0, 1, epsabs=1e-14, epsrel=1e-12)[0]
    assert moments(x)[n] == pytest.approx(wanted, rel=1e-10, abs=1e-15)


@given(st.floats(0.01, 30.0), st.lists(st.floats(0.01, 2.0), min_size=1, max_size=6), st.data())
def test_a_parabola_is_followed_exactly(rate, lengths, data):
    """Under a drive that is one parabola throughout, the filter gives the closed solution at ends and middles."""
    a, b, c = (data.draw(st.floats(-3, 3)) for _ in range(3))
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    t = np.stack([edges[:-1], (edges[:-1] + edges[1:]) / 2, edges[1:]], axis=-1)
    # a particular solution p + q t + r t^2 of x' = k (u - x), and a decaying part that starts the whole at zero
    r, q = c, b - 2 * c / rate
    p = a - q / rate
    wanted = p + q * t + r * t**2 - p * np.exp(-rate * t)
    size = 1 + abs(p) + abs(q) * t.max() + abs(r) * t.max() ** 2
    assert np.abs(follow(rate, np.diff(edges), a + b * t + c * t**2) - wanted).max() < 1e-11 * size


def test_the_error_is_of_third_order_or_better():
    """For a drive that is no parabola, half the step leaves at most an eighth of the error."""
    errors = []
    for count in (10, 20, 40, 80):
        edges = np.linspace(0, 3, count + 1)
        t = np.stack([edges[:-1], (edges[:-1] + edges[1:]) / 2, edges[1:]], axis=-1)
        wanted = 5 * (np.exp(-2 * t) - np.exp(-5 * t)) / 3
        errors.append(np.abs(follow(5.0, np.diff(edges), np.exp(-2 * t)) - wanted).max())
    assert all(late < early / 8 for early, late in pairwise(errors))


@given(st.floats(0, 1), st.floats(0, 5))
def test_the_exponential_is_the_exponential(share, hours):
    """The chain's own matrix exponential agrees with SciPy's to 1e-13."""
    matrix = cascade.system(FIGURES)[0] * hours * share
    assert np.abs(cascade.exponential(matrix) - expm(matrix)).max() < 1e-13


def test_the_chain_agrees_with_a_stiff_solver():
    """Driven by a smooth surge, every state agrees with a fine matrix-exponential solution to 1e-6 of its peak."""
    grid = graded([0.0], [], 72.0)
    fine = graded([0.0], [], 72.0, finer=16)

    def run(g):
        t = g.sampled(g.samples_h)
        return cascade.solve(FIGURES, g.step_h, t * np.exp(-2 * t))

    coarse, best = run(grid), run(fine)[::16]
    assert np.abs(best[:, 0] - _surge(grid.edges_h)).max() < 1e-9
    assert (np.abs(coarse - best).max(axis=0) < 2e-6 * best.max(axis=0)).all()


def _surge(t):
    """Closed solution of G' = k (t e^(-2t) - G) for k = 3 from rest."""
    k = FIGURES.glutamate_per_h
    assert k == 3
    return k * (np.exp(-2 * t) * (t - 1) + np.exp(-k * t))


@given(
    st.lists(st.floats(0, 40), max_size=4), st.lists(st.floats(0, 48), max_size=6), st.floats(1, 60), st.integers(1, 3)
)
def test_a_grid_has_every_event_and_output_on_an_edge(events, outputs, until, finer):
    """Edges rise, reach from 0 to the end and hold every event and output; no step is longer than 4 hours."""
    grid = graded(events, outputs, until, finer)
    assert grid.edges_h[0] == 0 and grid.edges_h[-1] == until
    assert (grid.step_h > 0).all() and grid.step_h.max() <= 4.0 + 1e-6
    for t in [*events, *outputs]:
        assert t > until or np.abs(grid.edges_h - t).min() <= 1e-8
    assert all(t > until or min(abs(t - e) for e in grid.events) <= 1e-8 for t in events)
