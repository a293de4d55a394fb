"""The compiled kernel against its plain reference, and the reference against other spellings of the same."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from unstuck.core.errors import Complaint
from unstuck.lab.effects import kernel, modes
from unstuck.lab.effects.acute import Exposure
from unstuck.lab.effects.acute import solve as acute_effects
from unstuck.lab.effects.grid import graded
from unstuck.lab.effects.modes import OUTPUTS, Modes, response, timetable
from unstuck.lab.effects.parameters import load_effects
from unstuck.lab.effects.people import Crowd, personal
from unstuck.lab.effects.plasticity import trace

MODEL = load_effects()
HOURS = np.array([0.0, 0.1, 0.5, 2 / 3, 0.9, 1.5, 3.0, 8.0, 24.0, 72.0, 73.0, 100.0])


def _modes(people, seed=1):
    """A three-compartment parent and a one-compartment metabolite of so many different people, per mg."""
    r = np.random.default_rng(seed)
    rate = np.array([20.0, 1.9, 0.25, 0.55]) * np.exp(0.3 * r.standard_normal((people, 4)))
    parent = np.array([28.0, 7.0, 2.0, 0.0]) * np.exp(0.3 * r.standard_normal((people, 4)))
    gone = 3.0 * parent[:, :3] / (rate[:, 3:] - rate[:, :3])
    nor = np.concatenate([gone, -gone.sum(axis=1, keepdims=True)], axis=1)
    return Modes(rate, parent, nor, 35.0 * np.exp(0.2 * r.standard_normal(people)))


@pytest.mark.parametrize("people", [1, 5, 130])
def test_numba_and_numpy_agree(people):
    """Every output of everybody agrees to 1e-12 of its peak: infusions and a bolus, people not a whole block."""
    given_modes, own = _modes(people), personal(MODEL, Crowd.of(2, people))
    table = timetable([(0.0, 2 / 3), (72.0, 0.5), (73.0, 0.0)], HOURS)
    plain, fast = modes.solve(own, given_modes, table), kernel.solve(own, given_modes, table)
    assert (np.abs(fast - plain) <= 1e-12 * np.abs(plain).max(axis=(0, 1))).all()
    assert (plain[:, 1:, 0] > 0).all()


def test_numba_agrees_where_the_bell_has_another_width():
    """A bell of power 2.5 takes the general branch and agrees as well."""
    model = replace(MODEL, cascade=replace(MODEL.cascade, bell_power=2.5))
    table = timetable([(0.0, 2 / 3)], HOURS)
    plain, fast = modes.solve(model, _modes(3), table), kernel.solve(model, _modes(3), table)
    assert (np.abs(fast - plain) <= 1e-12 * np.abs(plain).max(axis=(0, 1))).all()


def test_results_do_not_change_with_threads_or_company():
    """One thread and two, and a person alone or in a crowd, give the same bytes."""
    table = timetable([(0.0, 2 / 3)], HOURS)
    whole = _modes(300)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = kernel.solve(MODEL, whole, table)
    finally:
        numba.set_num_threads(before)
    part = Modes(*(getattr(whole, name)[200:203] for name in ("rate_per_h", "ketamine", "norketamine", "dose_mg")))
    assert (kernel.solve(MODEL, whole, table) == one).all()
    assert (kernel.solve(MODEL, part, table) == one[200:203]).all()


def test_outputs_can_be_picked():
    """Picked outputs are those of the whole, in the order asked for; an unknown one is refused with the list."""
    table = timetable([(0.0, 2 / 3)], HOURS)
    whole = kernel.solve(MODEL, _modes(2), table)
    picked = kernel.solve(MODEL, _modes(2), table, ("spines_kept", "ketamine"))
    assert (picked[..., 0] == whole[..., OUTPUTS.index("spines_kept")]).all()
    assert (picked[..., 1] == whole[..., 0]).all()
    with pytest.raises(Complaint, match="Unknown output mood"):
        kernel.solve(MODEL, _modes(2), table, ("mood",))


def test_the_two_paths_agree():
    """Modes and sampled curves are two spellings: site, vessels and chain agree to 2e-5 of their peaks."""
    given_modes = _modes(1)
    table = timetable([(0.0, 2 / 3)], HOURS)
    found = dict(zip(OUTPUTS, modes.solve(MODEL, given_modes, table)[0].T, strict=True))
    grid = graded([0.0, 2 / 3], HOURS, HOURS[-1], finer=2)
    ketamine, nor = (grid.sampled(_curve(given_modes, w, grid.samples_h)) for w in ("ketamine", "norketamine"))
    seen = Exposure(grid, ketamine, nor)
    rows = [int(np.abs(grid.edges_h - t).argmin()) for t in HOURS]
    acute, chain = acute_effects(MODEL, seen), trace(MODEL, seen)
    pairs = [("site", acute.site_ng_per_ml), ("occupancy", acute.occupancy), ("glutamate", chain.glutamate)]
    for name, curve in [*pairs, ("permissive", chain.permissive), ("default_mode", chain.default_mode)]:
        assert np.abs(curve[rows] - found[name]).max() < 2e-5 * found[name].max(), name


def _curve(given_modes, weight, t):
    """One person's concentration under an infusion of 40 minutes, in closed form."""
    rate = given_modes.rate_per_h[0][:, None]
    per_h, end = given_modes.dose_mg[0] * 1.5, 2 / 3
    during = -np.expm1(-rate * np.minimum(t, end)) / rate * np.exp(-rate * np.maximum(t - end, 0.0))
    return per_h * (getattr(given_modes, weight)[0][:, None] * during).sum(axis=0)


@given(st.floats(1e-3, 60.0), st.floats(-1e-2, 1e-2), st.floats(1e-3, 2.0))
@settings(max_examples=200)
def test_close_rates_lose_no_digits(rate, gap, h):
    """The site's response to a mode of nearly its own rate agrees with exact integration to 1e-11, however close."""
    slow = rate * (1 + gap)
    grown, given_rate = response(np.array(rate), np.array(slow), h)
    # mode, site, and a constant input of one
    system = np.array([[-slow, 0.0, 1.0], [rate, -rate, 0.0], [0.0, 0.0, 0.0]])
    exact = expm(system * h)
    assert abs(grown - exact[1, 0]) < 1e-11
    assert abs(given_rate - exact[1, 2]) < 1e-11 * max(1.0, h)


@given(st.floats(0.1, 4.0))
def test_concentrations_and_site_are_proportional_to_the_dose(factor):
    """Twice the dose is twice the concentration at the site, to rounding."""
    table, base = timetable([(0.0, 2 / 3)], HOURS), _modes(2)
    more = replace(base, dose_mg=base.dose_mg * factor)
    small, large = modes.solve(MODEL, base, table), modes.solve(MODEL, more, table)
    assert np.allclose(large[..., :4], factor * small[..., :4], rtol=1e-12, atol=1e-12)


def test_the_parabolas_are_good_enough():
    """On the usual grid no output is further than 2e-5 of its peak from a grid eight times as fine."""
    given_modes, doses = _modes(5), [(0.0, 2 / 3), (72.0, 0.5)]
    usual = modes.solve(MODEL, given_modes, timetable(doses, HOURS))
    fine = modes.solve(MODEL, given_modes, timetable(doses, HOURS, finer=8))
    assert (np.abs(usual - fine).max(axis=(0, 1)) < 2e-5 * fine.max(axis=(0, 1))).all()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("dose_mg", np.array([-1.0, 1.0]), "negative"),
        ("rate_per_h", np.zeros((2, 4)), "not above zero"),
        ("dose_mg", np.ones(3), "one dose a person"),
        ("ketamine", np.ones((2, 3)), "differ in shape"),
    ],
)
def test_impossible_modes_are_refused(field, value, said):
    """Negative doses, rates of zero and shapes that do not fit are named."""
    with pytest.raises(Complaint, match=said):
        replace(_modes(2), **{field: value})


@pytest.mark.parametrize(("doses", "outputs"), [([(0, 1)], [1, 2]), ([(0, 1)], [0, 2, 2]), ([(-1, 1)], [0, 1])])
def test_impossible_timetables_are_refused(doses, outputs):
    """Outputs that do not rise from zero, and doses before it, are named."""
    with pytest.raises(Complaint):
        timetable(doses, outputs)
