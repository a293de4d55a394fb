"""The descriptive patient against the figures that it is made from."""

import math
from functools import cache

import numpy as np
import pytest

from unstuck.core.assessment import score
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_all
from unstuck.core.sourced import Grade
from unstuck.lab.patients.answers import answers_to, spread_over
from unstuck.lab.patients.calibration import effect_of, tilted, total_sd
from unstuck.lab.patients.descriptive import Frame, Patient, person_of
from unstuck.lab.patients.population import load_population
from unstuck.lab.patients.studies import find_arm, load_studies, published_arm
from unstuck.lab.patients.vitals import Visit, course_of_rise, dissociation
from unstuck.lab.random import Stream

PEOPLE = 600
FRAME = Frame.of(load_population())
FIGURES = FRAME.figures
STUDIES = load_studies()
INSTRUMENTS = load_all()


def _patient(number, arm="feder_2021:ketamine"):
    return Patient(FRAME, 5, person_of(FRAME, 5, number), effect_of(find_arm(STUDIES, arm), FIGURES))


def _score(patient, day, instrument="pcl5_week", scale="total"):
    asked = INSTRUMENTS[instrument]
    return score(asked, answers_to(asked, patient, day, None, 0)).value(scale)


@cache
def _baseline():
    people = [_patient(n) for n in range(PEOPLE)]
    first = np.array([[_score(p, 0.0, scale=s) for s in ("total", "B", "C", "D", "E")] for p in people])
    again = np.array([_score(p, 0.5) for p in people])
    return first, again


def test_baseline_clusters_have_the_published_means_and_spreads():
    """Observed PCL-5 clusters at baseline lie within four standard errors of the means they are drawn from."""
    first, _ = _baseline()
    for column, key in enumerate("bcde", 1):
        mean, sd = getattr(FIGURES, f"pcl5_mean_{key}"), getattr(FIGURES, f"pcl5_sd_{key}")
        assert abs(first[:, column].mean() - mean) < 4 * sd / math.sqrt(PEOPLE) + 0.1  # clipping moves it a little
        assert 0.8 * sd < first[:, column].std() < 1.15 * sd


def test_a_retest_repeats_as_published():
    """Two PCL-5 totals half a day apart correlate like the published retest."""
    first, again = _baseline()
    assert abs(np.corrcoef(first[:, 0], again)[0, 1] - FIGURES.pcl5_retest) < 0.05


def test_caps5_and_pcl5_agree_as_far_as_they_should():
    """Observed totals of the two instruments correlate as stated, and CAPS-5 has its published mean."""
    first, _ = _baseline()
    caps5 = np.array([_score(_patient(n), 0.0, "caps5") for n in range(PEOPLE)])
    assert abs(np.corrcoef(first[:, 0], caps5)[0, 1] - FIGURES.caps5_pcl5_r) < 0.1
    assert abs(caps5.mean() - FIGURES.caps5_mean) < 1


def test_the_spread_of_the_total_follows_from_the_clusters():
    """The SD of the total is the root of the sum of all covariances."""
    pairs = [(a, b) for a in "BCDE" for b in "BCDE"]
    sds = {k: getattr(FIGURES, f"pcl5_sd_{k.lower()}") for k in "BCDE"}
    wanted = math.sqrt(sum(FIGURES.correlation(a, b) * sds[a] * sds[b] for a, b in pairs))
    assert total_sd(FIGURES) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("arm", "instrument", "percent"),
    [
        ("feder_2021:ketamine", "caps5", 30),
        ("feder_2021:midazolam", "caps5", 30),
        ("oktop_2024:oral", "pcl5_week", 50),
        ("duek_2023:ketamine", "pcl5_week", 30),
    ],
)
def test_responders_come_out_at_the_published_share(arm, instrument, percent):
    """Among 600 people who stay, the share of responders on the study's day lies within four standard errors."""
    study = find_arm(STUDIES, arm)
    hits = 0
    for number in range(PEOPLE):
        patient = _patient(number, arm)
        before = _score(patient, 0.0, instrument)
        patient.treated(1.0)
        after = _score(patient, 1.0 + study.day, instrument)
        hits += 100 * (before - after) / before >= percent
    wanted = study.effect.share.value / (1 - study.missing)
    assert abs(hits / PEOPLE - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / PEOPLE)


def test_a_mean_fall_comes_out_as_published():
    """Prolonged exposure: mean fall of CAPS-5 in percent of baseline within two points of the derived figure."""
    study = find_arm(STUDIES, "pe_cpt_veterans:pe")
    falls = []
    for number in range(PEOPLE):
        patient = _patient(number, study.name)
        before = _score(patient, 0.0, "caps5")
        patient.treated(1.0)
        falls.append(100 * (before - _score(patient, 1.0 + study.day, "caps5")) / before)
    assert abs(np.mean(falls) - study.effect.percent.value) < 4 * np.std(falls) / math.sqrt(PEOPLE)


def test_benefit_lasts_and_fades_as_stated():
    """Half of the draws of duration lie below 27.5 days, and long after that most of the benefit is gone."""
    patients = [_patient(n) for n in range(PEOPLE)]
    for patient in patients:
        patient.treated(0.0)
    below = sum(p.lasts() < 27.5 for p in patients) / PEOPLE
    assert abs(below - 0.5) < 4 * 0.5 / math.sqrt(PEOPLE)
    gainer = max(patients, key=lambda p: p.fall)
    start, far = gainer.share_removed(14.0), gainer.share_removed(14.0 + gainer.lasts() + 200)
    assert far == pytest.approx(FIGURES.fade_rest * start)


def test_another_dose_puts_the_loss_off():
    """A treatment after the benefit began to fade brings it back in full."""
    patient = max((_patient(n) for n in range(20)), key=lambda p: p.fall)
    patient.treated(0.0)
    late = 14.0 + patient.lasts() + 100
    faded = patient.share_removed(late)
    patient.treated(late)
    assert faded < patient.share_removed(late) == pytest.approx(patient.fall)


def test_nothing_changes_before_treatment():
    """Without a dose or a session true severity is the baseline, however long one waits."""
    patient = _patient(3)
    assert patient.clusters(200.0) == patient.person.pcl5
    assert patient.caps5(200.0) == patient.person.caps5


def test_the_better_arm_helps_nobody_less():
    """As arms share luck, the class of each person under ketamine is at least as good as under midazolam."""
    pairs = [(_patient(n), _patient(n, "feder_2021:midazolam")) for n in range(200)]
    assert all(first.place <= second.place for first, second in pairs)
    assert any(first.place < second.place for first, second in pairs)


def test_equal_arms_are_equal():
    """The three arms of abdallah_2022 have the same class weights; only mood differs, in the standard arm."""
    effects = [effect_of(find_arm(STUDIES, f"abdallah_2022:{k}"), FIGURES) for k in ("saline", "low", "standard")]
    assert effects[0].weights == pytest.approx(effects[1].weights, abs=0.01)
    assert effects[0].weights == pytest.approx(effects[2].weights, abs=0.01)
    assert [e.mood_bonus > 0 for e in effects] == [False, False, True]


def test_tilting_keeps_the_sum_and_moves_towards_better():
    """Tilted weights add up to 1; a positive tilt makes the best class likelier and the worst rarer."""
    base = FIGURES.class_weights
    up = tilted(base, 0.7)
    assert sum(up) == pytest.approx(1)
    assert up[0] > base[0] / sum(base) and up[-1] < base[-1] / sum(base)


def test_blood_pressure_rises_as_published():
    """The rise from before the dose to 40 minutes has the published mean; a control without rise has none."""
    rises, flat = [], []
    for number in range(PEOPLE):
        visit, control = Visit(_patient(number), 1, "ketamine"), Visit(_patient(number), 1, "midazolam")
        rises.append(visit.reading("systolic_mmhg", 40, 1) - visit.reading("systolic_mmhg", -10, 0))
        flat.append(control.reading("systolic_mmhg", 40, 1) - control.reading("systolic_mmhg", -10, 0))
    assert abs(np.mean(rises) - FIGURES.systolic_rise) < 4 * 12 / math.sqrt(PEOPLE)
    assert abs(np.mean(flat)) < 4 * 5 / math.sqrt(PEOPLE)


@pytest.mark.parametrize(("minutes", "share"), [(-5, 0), (0, 0), (20, 0.5), (40, 1), (70, math.exp(-1))])
def test_the_rise_has_its_shape(minutes, share):
    """Nothing before the dose, half at 20 minutes, the peak at 40, a third left half an hour later."""
    assert course_of_rise(minutes, 40, 30) == pytest.approx(share)


def test_dissociation_ends_within_two_hours_and_lessens():
    """Two hours after the start the mean CADSS is below two points; the sixth dose is felt less than the first."""
    first = [dissociation(_patient(n), Visit(_patient(n), 1, "ketamine"), 40) for n in range(PEOPLE)]
    sixth = [dissociation(_patient(n), Visit(_patient(n), 6, "ketamine"), 40) for n in range(PEOPLE)]
    late = [dissociation(_patient(n), Visit(_patient(n), 1, "ketamine"), 120) for n in range(PEOPLE)]
    assert np.mean(late) < 2 < np.mean(sixth) < np.mean(first)


@pytest.mark.parametrize("key", sorted(INSTRUMENTS))
def test_answers_fit_every_instrument(key):
    """For every instrument of the library the answers are complete and pass the real scoring."""
    asked = INSTRUMENTS[key]
    for number in range(5):
        patient = _patient(number)
        visit = Visit(patient, 1, "ketamine")
        assert score(asked, answers_to(asked, patient, 3.0, visit, 40)).complete


@pytest.mark.parametrize("total", [0, 1, 13, 27, 28])
def test_items_add_up_to_their_total(total):
    """Answers spread over seven items give the total exactly and stay in range."""
    items = [item for item in INSTRUMENTS["pcl5_week"].items if item.key in {f"item{n}" for n in range(8, 15)}]
    given = spread_over(items, total, Stream(1, 1, "x"), Stream(1, 1, "y").normals(7))
    assert sum(given.values()) == total
    assert all(0 <= value <= 4 for value in given.values())


def test_blanks_stay_blank():
    """An arm of which no outcome could be read is known, but cannot be simulated."""
    assert published_arm(STUDIES, "ketamine_pe", "ketamine") is None
    with pytest.raises(Complaint, match="could be read"):
        find_arm(STUDIES, "shiroma_2020:ketamine_pe")


def test_counts_give_the_published_intervals():
    """10 of 15 and 3 of 15 carry their exact small-sample intervals."""
    ketamine, midazolam = (find_arm(STUDIES, f"feder_2021:{k}").effect for k in ("ketamine", "midazolam"))
    assert ketamine.interval == pytest.approx((0.3838, 0.8818), abs=1e-4)
    assert midazolam.interval == pytest.approx((0.0433, 0.4809), abs=1e-4)


def test_every_assumed_figure_is_told():
    """The list of assumed figures is the list of those with that grade, and is not empty."""
    population = load_population()
    told = dict(population.assumed())
    assert set(told) == {name for name, found in population.origins.items() if found.grade is Grade.ASSUMED} != set()
