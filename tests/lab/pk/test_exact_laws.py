"""What must hold for every linear system, whatever its parameters: checked on random ones and against an independent
way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm

from unstuck.lab.pk import Person, Regimen, bolus, build, dose, infusion, load_set, people, predict, solve
from unstuck.lab.pk.population import Luck, draw_people, draw_values, load_makeup
from unstuck.lab.pk.regimen import Dose
from unstuck.lab.pk.system import System

KET1 = load_set("ket1")
WHO = people(Person(70, 40))
TIMES_H = np.array([0.1, 0.5, 1.0, 2.0, 3.5, 6.0, 12.0, 30.0])

doses = st.one_of(
    st.builds(lambda mg, minutes: infusion(minutes, mg=mg), st.floats(1, 100), st.floats(1, 120)),
    st.builds(lambda mg: bolus(mg=mg), st.floats(1, 100)),
    st.builds(
        lambda route, mg: dose(route, mg=mg),
        st.sampled_from(["im", "sc", "intranasal", "sublingual", "oral"]),
        st.floats(1, 100),
    ),
)
regimens = st.lists(st.tuples(doses, st.floats(0, 20)), min_size=1, max_size=4).map(
    lambda given: sum((regimen.at(start) for regimen, start in given), Regimen(()))
)
scales = st.lists(st.floats(0.4, 2.5), min_size=len(KET1.parameters), max_size=len(KET1.parameters))
FIXED = {"FM", "FGUT", "F_IM", "F_SC", "F_SL", "F_N", "FHNK", "QH_AGE"}


def _system(factors: list[float]) -> System:
    """A random person: every rate and volume of the recommended model moved by a factor."""
    values = KET1.values(WHO)
    moved = {n: v if n in FIXED else v * f for (n, v), f in zip(values.items(), factors, strict=True)}
    return build(KET1, moved, WHO)


def _by_expm(system: System, regimen: Regimen, times_h: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """The same by SciPy's matrix exponential: every dose by itself, each interval between events one exponential."""
    count = len(system.states)
    total = np.zeros((times_h.size, count))
    for each in regimen.doses:
        for port in system.ports[each.route]:
            amount, hours = each.amount * port.share[0], each.hours or port.hours
            unit = np.zeros(count)
            unit[system.states.index(port.state)] = amount
            for row, time in enumerate(times_h):
                total[row] += _one(system.matrix[0], unit, hours, time - each.start_h)
    return {name: total[:, system.states.index(r.state)] * r.scale[0] for name, r in system.readings.items()}


def _one(matrix: NDArray[np.float64], unit: NDArray[np.float64], hours: float, since: float) -> NDArray[np.float64]:
    if since < 0:
        return np.zeros_like(unit)
    if hours == 0:
        return np.asarray(expm(matrix * since) @ unit)
    wide = np.zeros((len(unit) + 1,) * 2)
    wide[:-1, :-1], wide[:-1, -1] = matrix, unit / hours
    filled = expm(wide * min(since, hours))[:-1, -1]
    return np.asarray(expm(matrix * max(0.0, since - hours)) @ filled)


def _close(found: NDArray[np.float64], wanted: NDArray[np.float64], tolerance: float) -> None:
    assert np.abs(found - wanted).max() <= tolerance * max(float(np.abs(wanted).max()), 1e-9)


@settings(max_examples=60, deadline=None)
@given(scales, regimens)
def test_random_regimens_agree_with_the_matrix_exponential(factors: list[float], regimen: Regimen) -> None:
    """Random people under random regimens agree with SciPy's matrix exponential to 1e-10 of the curve (oracle 1)."""
    system = _system(factors)
    course, wanted = solve(system, regimen, WHO, TIMES_H), _by_expm(system, regimen, TIMES_H)
    for name, curve in wanted.items():
        _close(course[name][0], curve, 1e-10)


@settings(max_examples=60, deadline=None)
@given(st.floats(-12, -1), st.floats(-12, -1), st.sampled_from(["im", "oral", "iv_bolus"]))
def test_nearly_coincident_rates_agree_with_the_matrix_exponential(one: float, other: float, route: str) -> None:
    """Rates that nearly coincide, by 1e-12 to 0.1, lose no digits: the guard takes over (oracle 1)."""
    values = {name: value.copy() for name, value in KET1.values(WHO).items()}
    fade = values["CLN"] / values["VN"]
    values["QN"] = np.array([1e-9])
    values["KTR"] = fade * (1 + 10.0**one)
    values["KA_IM"] = values["KTR"] * (1 + 10.0**other)
    values["KA_PO"] = values["KTR"] * (1 - 10.0**other)
    values["TAUV"] = 1 / (values["KTR"] * (1 + 10.0**one))
    values["CLH"] = values["VH"] * fade * (1 - 10.0**other)
    system = build(KET1, values, WHO)
    regimen = bolus(mg=30) if route == "iv_bolus" else dose(route, mg=30)
    course, wanted = solve(system, regimen, WHO, TIMES_H), _by_expm(system, regimen, TIMES_H)
    for name, curve in wanted.items():
        _close(course[name][0], curve, 1e-10)


@settings(max_examples=30, deadline=None)
@given(regimens, st.floats(0.01, 20))
def test_twice_the_dose_is_twice_the_level(regimen: Regimen, factor: float) -> None:
    """Levels are in proportion to the dose (oracle 3)."""
    more = Regimen(tuple(Dose(d.route, d.amount * factor, hours=d.hours, start_h=d.start_h) for d in regimen.doses))
    one, other = predict(KET1, regimen, Person(70, 40), TIMES_H), predict(KET1, more, Person(70, 40), TIMES_H)
    for name in KET1.domain.outputs:
        _close(other[name], one[name] * factor, 1e-10)


@settings(max_examples=30, deadline=None)
@given(regimens, regimens)
def test_doses_superpose(one: Regimen, other: Regimen) -> None:
    """What two regimens give together is the sum of what each gives (oracle 3)."""
    parts = [predict(KET1, r, Person(70, 40), TIMES_H) for r in (one, other, one + other)]
    for name in KET1.domain.outputs:
        _close(parts[2][name], parts[0][name] + parts[1][name], 1e-10)


@settings(max_examples=30, deadline=None)
@given(regimens, st.floats(0.1, 50))
def test_later_doses_give_the_same_later(regimen: Regimen, shift_h: float) -> None:
    """A regimen that begins later gives the same curve later (oracle 3)."""
    one = predict(KET1, regimen, Person(70, 40), TIMES_H)
    other = predict(KET1, regimen.at(shift_h), Person(70, 40), TIMES_H + shift_h)
    for name in KET1.domain.outputs:
        _close(other[name], one[name], 1e-10)


@settings(max_examples=20, deadline=None)
@given(doses, st.floats(3, 48))
def test_steady_state_is_many_doses(regimen: Regimen, every_h: float) -> None:
    """A dose at steady state gives what 200 doses at that interval give (oracle 3)."""
    single = regimen.doses[0]
    steady = Regimen((Dose(single.route, single.amount, hours=single.hours, steady_every_h=every_h),))
    many = regimen.repeat(200, every_h)
    times = np.array([0.0, 0.5, 1.0, 2.0])
    one = predict(KET1, steady, Person(70, 40), times)
    other = predict(KET1, many, Person(70, 40), times + 199 * every_h)
    for name in KET1.domain.outputs:
        _close(one[name], other[name], 1e-10)


@settings(max_examples=30, deadline=None)
@given(regimens)
def test_mass_balance(regimen: Regimen) -> None:
    """Cleared ketamine equals the ketamine that reached the blood: CL AUC is the dose times its bioavailability."""
    course = predict(KET1, regimen, Person(70, 40), TIMES_H)
    share = {"iv_infusion": 1.0, "iv_bolus": 1.0, "im": 0.93, "sc": 0.93}
    by_mouth = 0.80 * (1 - 84 / 110)
    share |= {r: f + (1 - f) * by_mouth for r, f in (("sublingual", 0.12), ("intranasal", 0.33), ("oral", 0.0))}
    reached = sum(d.amount * share[d.route] for d in regimen.doses)
    area = course.auc["ketamine_arterial"] + course.auc_to_come["ketamine_arterial"]
    assert area[0] * 84 / 1000 == pytest.approx(reached, rel=1e-9)


def test_the_area_follows_the_curve() -> None:
    """The exact area equals the curve's area by a fine sum, also across a reset and a steady state."""
    regimen = Regimen((Dose("iv_bolus", 20, steady_every_h=6.0), Dose("im", 30, start_h=2.0)), resets_h=(5.0,))
    times = np.linspace(0, 8, 80_001)
    course = predict(KET1, regimen, Person(70, 40), times)
    for name in KET1.domain.outputs:
        before = times < 5
        parts = [np.trapezoid(course[name][0][mask], times[mask]) for mask in (before, ~before)]
        assert sum(parts) == pytest.approx(course.auc[name][0], rel=2e-3)


def test_a_thousand_drawn_people_agree_with_the_matrix_exponential() -> None:
    """1,000 people drawn from the recommended model, during and after an infusion, agree to 1e-10 (oracle 1)."""
    luck = Luck(11, 0, 1000)
    who = draw_people(load_makeup(), luck)
    system = build(KET1, draw_values(KET1, who, luck), who).reduced({"iv_infusion"}, KET1.domain.outputs)
    hours, count = 2 / 3, len(system.states)
    wide = np.zeros((1000, count + 1, count + 1))
    wide[:, :count, :count] = system.matrix
    wide[:, system.states.index("c"), count] = 0.5 * who.weight_kg / hours
    end = expm(wide * hours)[:, :count, count]
    wanted = {0.3: expm(wide * 0.3)[:, :count, count], hours: end}
    wanted |= {t: np.einsum("nij,nj->ni", expm(system.matrix * (t - hours)), end) for t in (1.0, 3.0, 12.0)}
    course = solve(system, infusion(40, mg_per_kg=0.5), who, np.array(list(wanted)))
    for name, reading in system.readings.items():
        k = system.states.index(reading.state)
        curves = np.stack([states[:, k] for states in wanted.values()], axis=1) * reading.scale[:, None]
        error = np.abs(course[name] - curves) / curves.max(axis=1, keepdims=True)
        assert error.max() <= 1e-10
