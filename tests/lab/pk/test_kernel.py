"""The compiled solver gives what the plain one gives, whatever the threads, blocks and neighbours."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.pk.test_exact_laws import regimens
from unstuck.lab.pk import Person, Regimen, bolus, build, dose, infusion, load_set, people, solve
from unstuck.lab.pk.cohort import Wish, simulate, simulate_people
from unstuck.lab.pk.population import Luck, at_occasion, draw_people, draw_values, load_makeup
from unstuck.lab.pk.regimen import Dose
from unstuck.lab.pk.segments import telling_of_compilation

KET1 = load_set("ket1")
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
TIMES_H = np.array([0.0, 0.2, 0.5, 2 / 3, 1.0, 2.0, 4.0, 9.0, 25.0])


@settings(max_examples=25, deadline=None)
@given(regimens, st.integers(0, 1000))
def test_compiled_and_plain_agree(regimen: Regimen, first: int) -> None:
    """For drawn people and random regimens NumPy and Numba agree to 1e-12 of each curve, and in the areas."""
    luck = Luck(5, first, 70)
    who, times = draw_people(load_makeup(), luck), np.linspace(0, 26, 105)
    wish = Wish(KET1, regimen, times, occasion_gap_h=1e9)
    fast = simulate_people(wish, who, luck)
    values = at_occasion(KET1, draw_values(KET1, who, luck), luck, 0)
    plain = solve(build(KET1, values, who), regimen, who, times)
    for o, name in enumerate(KET1.domain.outputs):
        most = np.maximum(plain[name].max(axis=1, keepdims=True), 1e-9)
        assert (np.abs(fast.conc[o] - plain[name]) / most).max() <= 1e-12
        assert fast.area[o] == pytest.approx(plain.auc[name], rel=1e-11, abs=1e-9)


def test_resets_and_steady_states_agree() -> None:
    """Both solvers agree on resets and on steady states of pulses and infusions."""
    doses = (
        Dose("iv_bolus", 20, steady_every_h=6.0),
        Dose("iv_infusion", 30, start_h=3.0, hours=1.0, steady_every_h=8.0),
        Dose("oral", 30, start_h=4.0, steady_every_h=12.0, keeps=True),
    )
    regimen, who = Regimen(doses, resets_h=(8.5,)), people(Person(70, 40), Person(55, 75))
    fast = simulate_people(Wish(KET1, regimen, TIMES_H), who)
    plain = solve(build(KET1, KET1.values(who), who), regimen, who, TIMES_H)
    for o, name in enumerate(KET1.domain.outputs):
        assert fast.conc[o] == pytest.approx(plain[name], rel=1e-12, abs=1e-12 * plain[name].max())
        assert fast.area[o] == pytest.approx(plain.auc[name], rel=1e-11)


@pytest.mark.parametrize(("threads", "block"), [(1, 64), (2, 100), (3, 37)])
def test_neither_threads_nor_blocks_change_a_digit(threads: int, block: int) -> None:
    """Curves, peaks, areas and hours above a level are bit for bit the same for any threads and blocks."""
    regimen = (infusion(40, mg_per_kg=0.5) + dose("im", mg=20).at(2.0)).repeat(2, every_h=72)
    wish = Wish(KET1, regimen, np.append(TIMES_H, 72 + TIMES_H), levels_ng_per_ml={"ketamine_venous": 100.0})
    one, other = simulate(wish, 300, seed=9), simulate(wish, 300, seed=9, threads=threads, block=block)
    for name in KET1.domain.outputs:
        assert (one.curves[name].sketch.counts == other.curves[name].sketch.counts).all()
        assert (one.curves[name].sketch.sums == other.curves[name].sketch.sums).all()
        assert (one.numbers[name].counts == other.numbers[name].counts).all()
        assert (one.numbers[name].sums == other.numbers[name].sums).all()


def test_peaks_and_hours_above_a_level_are_those_of_a_fine_curve() -> None:
    """Peak, its time (to half a minute) and the hours above a level agree with a curve read every second, from a
    coarse list of times."""
    luck = Luck(2, 0, 64)
    who, regimen = draw_people(load_makeup(), luck), infusion(40, mg_per_kg=0.5) + dose("oral", mg=50).at(1.5)
    coarse, fine = np.array([0.0, 1.0, 3.0, 8.0]), np.arange(0, 8.00001, 1 / 3600)
    level = {"ketamine_venous": 100.0, "norketamine_venous": 50.0}
    found = simulate_people(Wish(KET1, regimen, coarse, levels_ng_per_ml=level), who, luck)
    curves = simulate_people(Wish(KET1, regimen, fine), who, luck).conc
    for o, name in enumerate(KET1.domain.outputs):
        inside = curves[o].argmax(axis=1) < fine.size - 1
        assert found.peak[o] == pytest.approx(curves[o].max(axis=1), rel=5e-4)
        assert found.peak_h[o][inside] == pytest.approx(fine[curves[o].argmax(axis=1)][inside], abs=30 / 3600)
        if name in level:
            over = (curves[o] > level[name]).sum(axis=1) / 3600
            assert found.above_h[o] == pytest.approx(over, abs=3 / 3600)


def test_population_lies_in_the_published_range() -> None:
    """Venous levels at 40 minutes: 5 to 95 % lie within 100 to 300 ng/mL and cover half of 100 to 250 (oracle 20)."""
    found = simulate(Wish(KET1, infusion(40, mg_per_kg=0.5), np.array([40 / 60])), 4000, seed=1)
    low, high = (found.curves["ketamine_venous"].quantile(q)[0] for q in (0.05, 0.95))
    assert 100 <= low < high <= 300 and min(high, 250) - low >= 75


def test_spread_between_people_and_occasions() -> None:
    """Clearance varies by 15 to 25 % between people and by 10 to 20 % between two occasions of one person."""
    luck = Luck(4, 0, 20_000)
    who = people(*[Person(70, 40)]).part(slice(0, 1))
    many = type(who)(*(np.repeat(getattr(who, n), 20_000) for n in who.__slots__))
    values = draw_values(KET1, many, luck)

    def clearance(v: dict[str, np.ndarray]) -> np.ndarray:  # type: ignore[type-arg]
        return v["QH"] * v["CLINT"] / (v["QH"] + v["CLINT"])

    first, second = (clearance(at_occasion(KET1, values, luck, n)) for n in (0, 1))
    assert 0.15 <= np.log(clearance(values)).std() <= 0.25
    assert 0.10 <= np.log(first / second).std() / np.sqrt(2) <= 0.20


def test_memory_does_not_grow_with_the_population() -> None:
    """Four times the people take no more memory: nothing is kept of a block but its counts."""
    wish = Wish(KET1, bolus(mg=20), TIMES_H, outputs=("ketamine_venous",))
    simulate(wish, 64, seed=1)
    most = []
    for count in (5_000, 20_000):
        tracemalloc.start()
        simulate(wish, count, seed=1, block=1000)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.2 * most[0]


TAKES_LONG = """
import sys, threading
from unstuck.lab.pk.segments import telling_of_compilation
class Stream:
    told = threading.Event()
    def write(self, words):
        sys.stderr.write(words)
        if words.endswith("\\n"):
            self.told.set()
with telling_of_compilation(Stream(), after_s=0.01):
    assert Stream.told.wait(600)
"""
IS_QUICK = """
import sys
from unstuck.lab.pk.segments import telling_of_compilation
with telling_of_compilation(sys.stderr, after_s=600):
    pass
"""


def test_the_first_call_says_that_it_compiles() -> None:
    """Where nothing is loaded yet and the work takes long, a line says so, once; where it is quick, nothing is said."""
    simulate(Wish(KET1, bolus(mg=20), TIMES_H), 64, seed=1)
    told = io.StringIO()
    for script, lines in ((TAKES_LONG, 1), (IS_QUICK, 0)):
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
        assert done.stderr.count("compiles it") == lines
    with telling_of_compilation(told, after_s=0.01):  # it is loaded by now
        simulate(Wish(KET1, bolus(mg=20), TIMES_H), 64, seed=1)
    assert told.getvalue() == ""
