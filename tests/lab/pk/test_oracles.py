"""Published numbers that the models must give, each with its tolerance; a miss stays here as a strict failure."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unstuck.lab.pk import Person, Regimen, bolus, dose, infusion, load_set, predict
from unstuck.lab.pk.exact import Course
from unstuck.lab.pk.people import people

TYPICAL = Person(weight_kg=70, age_years=40)
HALF_MG = infusion(minutes=40, mg_per_kg=0.5)
DAY_H = np.arange(0, 24.0001, 1 / 120)
MINUTES = np.array([10, 20, 30, 40, 60]) / 60


def _course(model: str, regimen: Regimen, person: Person = TYPICAL, times_h: NDArray[np.float64] = DAY_H) -> Course:
    return predict(load_set(model), regimen, person, times_h)


def _whole_area(course: Course, output: str) -> float:
    return float(course.auc[output][0] + course.auc_to_come[output][0])


def test_domino_volumes_and_clearances() -> None:
    """Domino's constants give at 70 kg the volumes and clearances in stanpumpR's own test (oracle 4)."""
    p = load_set("domino1984").values(people(TYPICAL))
    v1 = p["V1"][0]
    volumes = [v1, v1 * p["K12"][0] / p["K21"][0], v1 * p["K13"][0] / p["K31"][0]]
    assert volumes == pytest.approx([4.41, 10.56972, 178.2123], rel=1e-6)
    assert [v1 * p[k][0] for k in ("K10", "K12", "K13")] == pytest.approx([1.93158, 2.61072, 2.6019], rel=1e-6)


@pytest.mark.parametrize(
    ("model", "output", "wanted"),
    [
        ("kamp2020", "ketamine_arterial", [155, 198, 228, 253, 96]),
        ("clements1981", "ketamine_venous", [62, 109, 147, 177, 115]),
    ],
)
def test_published_sets_during_an_infusion(model: str, output: str, wanted: list[float]) -> None:
    """Kamp's and Clements's sets give these levels for 0.5 mg/kg over 40 minutes at 70 kg (oracles 5 and 6)."""
    assert _course(model, HALF_MG, times_h=MINUTES)[output][0] == pytest.approx(wanted, abs=0.5)


def test_perez_ruixo_extraction_clearance_and_oral_share() -> None:
    """The portal model's extraction is 0.722, its clearance 109 L/h and its oral bioavailability 0.178 (oracle 7)."""
    by_vein = _whole_area(_course("perezruixo2021", bolus(mg=28)), "esketamine_venous")
    by_mouth = _whole_area(_course("perezruixo2021", dose("oral", mg=28)), "esketamine_venous")
    clearance = 28_000 / by_vein
    assert [clearance / 151, clearance, by_mouth / by_vein] == pytest.approx([0.722, 109, 0.178], rel=5e-3)


TABLE_4 = [
    (40, 28, 147.3, 43.8, 59.1),
    (40, 56, 254.7, 72.5, 119.7),
    (40, 84, 362.2, 101.0, 180.0),
    (70, 28, 160.4, 44.6, 57.3),
    (70, 56, 275.8, 73.8, 117.2),
    (70, 84, 391.2, 102.7, 177.0),
]


@pytest.mark.parametrize(("age", "mg", "auc", "peak", "metabolite_peak"), TABLE_4)
def test_perez_ruixo_table_4(age: float, mg: float, auc: float, peak: float, metabolite_peak: float) -> None:
    """AUC0-24 within 0.5 %, esketamine's peak within 1.5 %, noresketamine's within 1 % (oracles 8 to 17)."""
    course = _course("perezruixo2021", dose("intranasal", mg=mg), Person(70, age))
    assert course.auc["esketamine_venous"][0] == pytest.approx(auc, rel=5e-3)
    assert course["esketamine_venous"].max() == pytest.approx(peak, rel=0.015)
    assert course["noresketamine_venous"].max() == pytest.approx(metabolite_peak, rel=0.01)


def test_perez_ruixo_in_japanese() -> None:
    """56 mg in Japanese people gives an AUC0-24 of 335.1 h ng/mL (oracle 17)."""
    course = _course("perezruixo2021", dose("intranasal", mg=56), Person(70, 40, japanese=True))
    assert course.auc["esketamine_venous"][0] == pytest.approx(335.1, rel=5e-3)


@pytest.mark.xfail(strict=True, reason="Table 3 as printed gives 746.1 h ng/mL, 1.45 times the published 516.3")
def test_noresketamine_area_is_the_published_one() -> None:
    """Noresketamine's AUC0-24 after 56 mg is 516.3 h ng/mL (oracle 18, published)."""
    course = _course("perezruixo2021", dose("intranasal", mg=56))
    assert course.auc["noresketamine_venous"][0] == pytest.approx(516.3, rel=0.05)


def test_noresketamine_area_stays_where_the_printed_parameters_put_it() -> None:
    """The printed parameters give 746.1 h ng/mL: nobody has tuned them (oracle 18, pinned)."""
    course = _course("perezruixo2021", dose("intranasal", mg=56))
    assert course.auc["noresketamine_venous"][0] == pytest.approx(746.1, rel=0.01)


def test_areas_of_the_recommended_model() -> None:
    """AUC is F dose / CL, and norketamine's after a vein dose fm dose / CLn, to 1e-9 (oracle 2)."""
    course = _course("ket1", bolus(mg=35))
    assert _whole_area(course, "ketamine_arterial") == pytest.approx(35_000 / 84, rel=1e-9)
    assert _whole_area(course, "ketamine_venous") == pytest.approx(35_000 / 84, rel=1e-9)
    assert _whole_area(course, "norketamine_venous") == pytest.approx(0.80 * 35_000 / 45, rel=1e-9)


def test_arterial_peak_of_twenty_mg_in_twenty_minutes() -> None:
    """20 mg over 20 minutes at 73 kg peaks at 273 or 260 ng/mL arterial, within -25 and +10 % (oracle 21)."""
    peak = _course("ket1", infusion(20, mg=20), Person(73, 40))["ketamine_arterial"].max()
    assert 0.75 * 260 <= peak <= 1.10 * 273


def test_ten_mg_by_vein() -> None:
    """10 mg IV: AUC 113 h ng/mL within 15 %; 296 ng/mL at 2 minutes and NK/K 0.089, each within one geometric SD
    (oracles 22 to 24)."""
    course = _course("ket1", bolus(mg=10), times_h=np.sort(np.append(DAY_H, 2 / 60)))
    early = _course("ket1", bolus(mg=10), times_h=np.array([2 / 60]))["ketamine_arterial"][0, 0]
    assert _whole_area(course, "ketamine_arterial") == pytest.approx(113, rel=0.15)
    assert 296 / 1.71 <= early <= 296 * 1.71
    ratio = course["norketamine_venous"].max() / 296
    assert 0.089 / 1.6 <= ratio <= 0.089 * 1.6


def test_half_a_mg_per_kg_by_mouth() -> None:
    """0.5 mg/kg by mouth peaks at 35 to 55 ng/mL arterial and 28 to 55 venous (Grant 1981: 45 +- 10; oracle 25)."""
    course = _course("ket1", dose("oral", mg_per_kg=0.5))
    assert 35 <= course["ketamine_arterial"].max() <= 55
    assert 28 <= course["ketamine_venous"].max() <= 55


@pytest.mark.parametrize(
    ("route", "low", "high"),
    [("sublingual", 0.26, 0.32), ("oral", 0.17, 0.24), ("intranasal", 0.45, 0.48), ("im", 0.90, 0.96)],
)
def test_bioavailability(route: str, low: float, high: float) -> None:
    """Bioavailability by route lies in the published band (oracle 26)."""
    other, by_vein = (_whole_area(_course("ket1", r), "ketamine_venous") for r in (dose(route, mg=25), bolus(mg=25)))
    assert low <= other / by_vein <= high


def test_sublingual_peak_time() -> None:
    """25 mg under the tongue peaks between 15 and 60 minutes (Rolan 2014; oracle 27)."""
    course = _course("ket1", dose("sublingual", mg=25))
    assert 0.25 <= DAY_H[course["ketamine_venous"][0].argmax()] <= 1.0


def test_fifty_mg_through_the_nose() -> None:
    """50 mg nasal: K within one geometric SD of 77.6 ng/mL (2.29), NK peak time near 56 minutes (oracle 28)."""
    course = _course("ket1", dose("intranasal", mg=50))
    assert 77.6 / 2.29 <= course["ketamine_venous"].max() <= 77.6 * 2.29
    assert 0.5 <= DAY_H[course["norketamine_venous"][0].argmax()] <= 2.0


@pytest.mark.xfail(strict=True, reason="Norketamine peaks at 185 ng/mL, above 105 times its geometric SD of 1.63 (171)")
def test_norketamine_after_fifty_mg_through_the_nose() -> None:
    """50 mg nasal: norketamine's peak lies within one geometric SD of 105 ng/mL (oracle 28)."""
    peak = _course("ket1", dose("intranasal", mg=50))["norketamine_venous"].max()
    assert 105 / 1.63 <= peak <= 105 * 1.63


def test_half_life() -> None:
    """Venous ketamine halves in 2 to 3 hours between 2 and 6 hours after the infusion, later more slowly (oracle
    30)."""
    level = _course("ket1", HALF_MG, times_h=np.array([3.0, 6.0, 18.0, 24.0]))["ketamine_venous"][0]
    early = 3 * np.log(2) / np.log(level[0] / level[1])
    late = 6 * np.log(2) / np.log(level[2] / level[3])
    assert 2.0 <= early <= 3.0 < late


def test_midazolam_in_volunteers() -> None:
    """Midazolam's half-life from the volunteers' clearance and volume is the 2.9 hours that the study reports."""
    level = _course("midazolam2002", infusion(40, mg_per_kg=0.045), times_h=np.array([2.0, 4.0]))["midazolam_venous"][0]
    assert 2 * np.log(2) / np.log(level[0] / level[1]) == pytest.approx(2.9, abs=0.05)


def test_a_blocked_enzyme_raises_oral_more_than_intravenous_exposure() -> None:
    """An inhibitor acts on intrinsic clearance: by mouth the area rises more than by vein, and no extraction exceeds
    1."""
    person = Person(70, 40, clint_factor=0.3)
    rise = {
        name: _whole_area(_course("ket1", r, person), "ketamine_venous")
        / _whole_area(_course("ket1", r), "ketamine_venous")
        for name, r in (("iv", bolus(mg=20)), ("oral", dose("oral", mg=20)))
    }
    assert 1 < rise["iv"] < rise["oral"]
