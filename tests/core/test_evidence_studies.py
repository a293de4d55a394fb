"""The studies of the library as evidence: what is read, what is refused, and that nobody is counted twice."""

import shutil
from dataclasses import replace

import pytest

from unstuck.core.claims_file import load_claims, load_reviews
from unstuck.core.errors import Complaint
from unstuck.core.evidence import Contrast, Count, Form, Mean, Moment, Said, Verdict, once, people_of
from unstuck.core.evidence_faults import faults_of
from unstuck.core.evidence_file import load_measures, load_studies, moment
from unstuck.core.library_file import library_root
from unstuck.core.references_file import load_references
from unstuck.core.sourced import Grade, Read

STUDIES = load_studies()
MEASURES = load_measures()


@pytest.mark.parametrize("key", sorted(STUDIES))
def test_the_figures_of_every_study_fit_together(key):
    """No mean, spread, count or interval of the library contradicts another one."""
    assert [str(fault) for fault in faults_of(STUDIES[key], MEASURES)] == []


def test_the_table_of_duek_2023_is_whole():
    """Every cell of the recomputed arm table of the exposure trial is there as published."""
    expected = {
        ("ketamine", 0): (49.62, 12.37, 13, None, None), ("midazolam", 0): (44.38, 14.43, 13, None, None),
        ("ketamine", 7): (31.15, 20.59, 13, -18.46, 21.84), ("midazolam", 7): (35.08, 16.77, 13, -9.31, 9.88),
        ("ketamine", 30): (32.69, 14.95, 13, -16.92, 14.22), ("midazolam", 30): (28.55, 17.19, 11, -18.55, 12.05),
        ("ketamine", 90): (36.09, 18.31, 11, -10.45, 14.82), ("midazolam", 90): (28.73, 18.35, 11, -13.27, 12.08),
    }  # fmt: skip
    means = [e for e in STUDIES["duek_2023"].effects if isinstance(e, Mean) and e.measure == "pcl5"]
    assert {(m.arm, m.at.days): (m.mean, m.sd, m.n, m.change, m.change_sd) for m in means} == expected
    counts = [e for e in STUDIES["duek_2023"].effects if isinstance(e, Count)]
    found = {(c.arm, c.at.days, c.what): (c.met, c.of) for c in counts}
    assert found["ketamine", 7.0, "fall of 15 points or more"] == (7, 13)
    assert found["ketamine", 7.0, "rise of 5 points or more"] == (2, 13)
    assert found["midazolam", 7.0, "rise of 5 points or more"] == (0, 13)
    assert found["midazolam", 30.0, "fall of 30 % or more"] == (7, 11)


def test_counts_that_calibrate_the_simulator_are_those_of_the_evidence():
    """Responders of a trial stand in the study once with one meaning: 10 of 15 and 3 of 15 in 2021."""
    counts = {e.arm: (e.met, e.of) for e in STUDIES["feder_2021"].effects if isinstance(e, Count)}
    assert counts == {"ketamine": (10, 15), "midazolam": (3, 15)}


def test_the_largest_trial_has_words_and_no_numbers():
    """Abdallah 2022: no difference was read as a sentence; no arm mean was made up."""
    study = STUDIES["abdallah_2022"]
    assert all(isinstance(effect, Said) for effect in study.effects)
    assert study.gaps


def test_what_is_from_memory_says_so():
    """The interval of the 24-hour contrast of 2014 is marked as from memory and assumed."""
    contrast = next(e for e in STUDIES["feder_2014"].effects if isinstance(e, Contrast))
    assert contrast.origin.read is Read.MEMORY
    assert contrast.origin.grade is Grade.ASSUMED
    assert contrast.origin.words == "from memory"


def test_imaging_of_a_trial_is_not_a_second_sample():
    """Norbury 2021 are people of Feder 2021, and give way to it."""
    assert people_of(STUDIES, "norbury_2021") == "feder_2021"
    kept, out = once(STUDIES, ["norbury_2021", "feder_2021"])
    assert kept == ("feder_2021",)
    assert out == {"norbury_2021": "feder_2021"}


def test_of_two_overlapping_reports_the_larger_counts():
    """The two TIMBER reports share a registration; the one of 20 people stays."""
    assert once(STUDIES, ["pradhan_2017", "pradhan_2018"]) == (("pradhan_2018",), {"pradhan_2017": "pradhan_2018"})


def test_counting_once_keeps_every_sample_and_no_pair():
    """Of all studies together no two that are kept share people, and each one left out names a kept one."""
    kept, out = once(STUDIES, STUDIES)
    assert set(kept) | set(out) == set(STUDIES)
    assert set(out.values()) <= set(kept)
    assert len({people_of(STUDIES, key) for key in kept}) == len(kept)


def test_every_source_is_known():
    """What a study, an effect, a claim or a review cites stands in the references."""
    known = load_references()
    cited = {source for study in STUDIES.values() for source in study.sources}
    cited |= {effect.origin.source for study in STUDIES.values() for effect in study.effects}
    cited |= {claim.source for claim in load_claims() if claim.source} | {r.origin.source for r in load_reviews()}
    assert cited - set(known) == set()


def test_claims_are_forty_one_and_judged():
    """All 41 claims of the review are there, with the verdicts that were found."""
    claims = {claim.key: claim for claim in load_claims()}
    assert len(claims) == 41
    assert claims["first_trial_67"].verdict is Verdict.WRONG
    assert claims["together_better"].verdict is Verdict.UNSUPPORTED
    assert claims["sixty_percent_case"].verdict is Verdict.UNTRACEABLE
    assert claims["trial_2021"].verdict is Verdict.RIGHT


def test_change_without_a_control_is_not_usable_as_an_effect():
    """The uncontrolled pooled change and the pool with another drug are marked as no effect of ketamine."""
    reviews = {review.key: review for review in load_reviews()}
    assert not reviews["mowdawalla_preprint:main"].usable
    assert not reviews["maeder_2025:main"].usable
    assert reviews["borgogna_2024:24h"].usable
    assert not any(study.form.by_lot for study in STUDIES.values() if study.form in (Form.ONE_ARM, Form.RETROSPECTIVE))


@pytest.mark.parametrize(
    ("words", "hours"),
    [("24 h", 24), ("7 d", 168), ("12 w", 2016), ("90 min", 1.5), ("baseline", 0), ("after the course", None)],
)
def test_moments(words, hours):
    """A time is a number where the source gives one, and words where it does not."""
    assert moment(words) == Moment(words, hours)


@pytest.fixture
def library(tmp_path):
    """A copy of the library's evidence that a test may spoil."""
    for name in ("studies", "evidence"):
        shutil.copytree(library_root() / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (('measure = "caps5"', 'measure = "caps6"'), "measure = 'caps6' is unknown"),
        (('groups = ["civilian"]', 'groups = ["people"]'), "The group 'people' is unknown"),
        (('form = "randomised"', 'form = "random"'), "'random' is no form. Did you mean 'randomised'"),
        (('arm = "ketamine"', 'arm = "esketamine"'), "arm = 'esketamine' is unknown"),
        (('registration = "NCT02397889"', 'overlaps = ["nobody_1999"]'), "no other study of the library"),
        (("met = 10\nof = 15\ngrade", 'met = "ten"\nof = 15\ngrade'), "'met' must be a whole number"),
        (("n = 30\n", "n = 30\nnn = 30\n"), "The file has no key 'nn'"),
    ],
)
def test_a_faulty_study_is_told(library, spoil, told):
    """A slip in a study's file is a complaint that names it, and no study is read half."""
    path = library / "studies" / "feder_2021.toml"
    text = path.read_text(encoding="utf-8")
    assert spoil[0] in text
    path.write_text(text.replace(spoil[0], spoil[1], 1), encoding="utf-8")
    with pytest.raises(Complaint, match=told):
        load_studies(library)


def test_one_registration_under_two_names_is_told(library):
    """The same trial entered twice, unlinked, is refused: it would count its people twice."""
    twin = (
        (library / "studies" / "feder_2021.toml").read_text(encoding="utf-8").replace('"feder_2021"', '"other_2021"', 1)
    )
    (library / "studies" / "other_2021.toml").write_text(twin, encoding="utf-8")
    with pytest.raises(Complaint, match="have one registration"):
        load_studies(library)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mean": 94.0}, "outside the scale"),
        ({"sd": 60.0}, "spread so far"),
        ({"mean": 31.12}, "no whole scores"),
        ({"change": -14.85, "change_low": -30.15, "change_high": 0.45}, "not the difference of the means"),
        ({"change_low": -40.0, "change_high": 3.08}, "does not follow from the SD"),
        ({"change_high": 5.26}, "not in the middle"),
    ],
)
def test_misprints_of_a_mean_are_found(change, told):
    """A changed digit in an arm's mean, SD, change or interval is found, with the sum beside it."""
    study = STUDIES["duek_2023"]
    day_7 = next(
        e
        for e in study.effects
        if isinstance(e, Mean) and e.arm == "ketamine" and e.at.words == "7 d" and e.measure == "pcl5"
    )
    spoiled = tuple(replace(e, **change) if e is day_7 else e for e in study.effects)
    faults = [str(f) for f in faults_of(replace(study, effects=spoiled), MEASURES)]
    assert any(told in fault for fault in faults), faults


def test_misprints_of_counts_and_contrasts_are_found():
    """More responders than people, a negative ratio and a contrast that is not the arms' difference are found."""
    duek, highland = STUDIES["duek_2023"], STUDIES["highland_2020"]
    counts = tuple(replace(e, met=99) if isinstance(e, Count) else e for e in duek.effects)
    assert any("more than all" in f.what for f in faults_of(replace(duek, effects=counts), MEASURES))
    signs = tuple(replace(e, value=-e.value) if isinstance(e, Contrast) else e for e in duek.effects)
    assert any("not the difference of the changes" in f.what for f in faults_of(replace(duek, effects=signs), MEASURES))
    negative = tuple(replace(e, value=-3.66) if isinstance(e, Contrast) else e for e in highland.effects)
    assert any("a ratio is positive" in f.what for f in faults_of(replace(highland, effects=negative), MEASURES))
