"""The compiled path over real pharmacokinetics against the plain one, and laws of the whole."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.lab.effects.acute import Rest
from unstuck.lab.effects.modes import OUTPUTS
from unstuck.lab.effects.people import Crowd
from unstuck.lab.patients import crowds
from unstuck.lab.patients.crowds import Doses, effects_of
from unstuck.lab.patients.response import own_values, setting, typical
from unstuck.lab.pk import Person, infusion, people
from unstuck.lab.pk.population import Luck, at_occasion, draw_values

KETAMINE = setting("ketamine")
HOURS = np.array([0.0, 0.25, 2 / 3, 1.0, 2.0, 6.0, 24.0, 72.0, 72.5, 80.0])
SEEN = tuple(name for name in OUTPUTS if name != "ketamine")


def _who(count=12):
    return people(*[Person(55.0 + 5 * n, 30.0 + 4 * n) for n in range(count)])


@pytest.mark.parametrize("route", ["iv_infusion", "im", "sc"])
def test_compiled_and_plain_agree_for_real_people(route):
    """By vein, muscle and skin, every output of every person agrees with sampled curves to 5e-5 of its peak."""
    doses = Doses(route, 0.5, ((0.0, 2 / 3), (72.0, 2 / 3)) if route == "iv_infusion" else ((0.0, 0.0), (72.0, 0.0)))
    who, drawn = _who(), Crowd.of(4, 12)
    fast = effects_of(KETAMINE, doses, who, drawn, HOURS, SEEN)
    for row in (0, 5, 11):
        plain = crowds._plain(KETAMINE, doses, crowds._alone(who, drawn, row), HOURS, SEEN)
        assert (np.abs(fast[row] - plain).max(axis=0) < 5e-5 * np.abs(plain).max(axis=0)).all()


def test_people_whose_modes_cannot_be_trusted_are_solved_all_the_same(monkeypatch):
    """Where the modes of somebody are marked as unsound, the plain path fills the very same row."""
    doses, who, drawn = Doses("iv_infusion", 0.5, ((0.0, 2 / 3),)), _who(4), Crowd.of(4, 4)
    whole = effects_of(KETAMINE, doses, who, drawn, HOURS, SEEN)
    trusted = crowds.modes_for

    def doubted(*given):
        modes, sound = trusted(*given)
        return replace(modes, ketamine=np.where(np.arange(4)[:, None] == 2, 0.0, modes.ketamine)), sound & (
            np.arange(4) != 2
        )

    monkeypatch.setattr(crowds, "modes_for", doubted)
    again = effects_of(KETAMINE, doses, who, drawn, HOURS, SEEN)
    assert (np.abs(again - whole).max(axis=(0, 1)) < 5e-5 * np.abs(whole).max(axis=(0, 1))).all()


@given(st.floats(0.1, 40.0))
@settings(max_examples=15, deadline=None)
def test_a_later_dose_is_the_same_dose_later(shift):
    """Moved in time, an infusion gives the same effects as much later, to the error of the grid."""
    first, later = infusion(40, mg_per_kg=0.5), infusion(40, mg_per_kg=0.5).at(shift)
    plain = typical(KETAMINE, first, Person(70.0, 40.0), 8.0, HOURS[:6]).acute
    moved = typical(KETAMINE, later, Person(70.0, 40.0), 8.0 + shift, HOURS[:6] + shift).acute
    for name in ("site_ng_per_ml", "cadss_points", "systolic_rise_mmhg"):
        one, other = getattr(plain, name)[0], getattr(moved, name)[0]
        here = np.interp(HOURS[:6], plain.time_h, one)
        assert np.allclose(np.interp(HOURS[:6] + shift, moved.time_h, other), here, atol=1e-4 * one.max())


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9))
@settings(max_examples=15, deadline=None)
def test_the_site_adds_up(first, second):
    """What two infusions do at the site together is the sum of what each does alone."""
    one, two = infusion(40, mg_per_kg=first), infusion(30, mg_per_kg=second).at(1.0)
    until, at = 4.0, HOURS[:5]

    def site(regimen):
        acute = typical(KETAMINE, regimen, Person(70.0, 40.0), until, at).acute
        return np.interp(at, acute.time_h, acute.site_ng_per_ml[0])

    together = site(one + two)
    assert np.allclose(together, site(one) + site(two), atol=1e-4 * together.max())


def test_levels_start_from_the_persons_own_rest():
    """Two people with other pressures at rest keep their difference throughout, and begin at their own."""
    acute = typical(KETAMINE, infusion(40, mg_per_kg=0.5), Person(70.0, 40.0), 2.0).acute
    low, high = (Rest(s, 70.0, 66.0).with_rises(acute) for s in (110.0, 150.0))
    assert low["systolic_mmhg"][0, 0] == 110.0 and low["pulse_per_min"][0, 0] == 66.0
    assert np.allclose(high["systolic_mmhg"] - low["systolic_mmhg"], 40.0)


@pytest.mark.parametrize(
    ("route", "amount"), [("intranasal", 0.5), ("iv_infusion", -0.5), ("iv_infusion", float("nan"))]
)
def test_what_the_compiled_path_does_not_take_is_refused(route, amount):
    """A route with several ways in, and negative or unknown amounts, are named and never a silent zero."""
    with pytest.raises(Complaint):
        Doses(route, amount, ((0.0, 0.0),))


def test_a_person_is_the_same_in_both_populations():
    """Parameters drawn here are those that the pharmacokinetics draw for the same seed, person and occasion."""
    found, who = KETAMINE.kinetics, _who(5)
    luck = Luck(9, 0, 5)
    theirs = at_occasion(found, draw_values(found, who, luck), luck, 3)
    ours = own_values(found, who, Crowd(9, np.arange(5, dtype=np.uint64), dose=3))
    assert set(ours) == set(theirs)
    for name, values in theirs.items():
        assert ours[name] == pytest.approx(values, rel=1e-8), name
