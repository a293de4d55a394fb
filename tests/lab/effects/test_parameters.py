"""The figures of the effects: with origin, complete, and drawn around by name."""

import numpy as np
import pytest

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.lab.effects.acute import exposure, occupied
from unstuck.lab.effects.parameters import load_effects
from unstuck.lab.effects.people import Crowd, keep_mean, keep_median, personal, prone

MODEL = load_effects()


def test_every_assumed_figure_is_told():
    """The list of assumed figures is the list of those with that grade; the hypothesis on plasticity is all assumed."""
    told = dict(MODEL.assumed())
    assert set(told) == {name for name, found in MODEL.origins.items() if found.grade is Grade.ASSUMED}
    assert {name for name in MODEL.origins if name.startswith("cascade.")} <= set(told)


def test_a_faulty_file_is_told_whole(tmp_path):
    """A missing and an unknown figure are both named in one complaint."""
    text = (library_root() / "effects" / "ketamine.toml").read_text()
    (tmp_path / "effects").mkdir()
    (tmp_path / "effects" / "ketamine.toml").write_text(text.replace("steepness = {", "stepness = {"))
    with pytest.raises(Complaint) as caught:
        load_effects(root=tmp_path)
    assert "This dissociation lacks 'steepness'" in str(caught.value)
    assert "has no key 'stepness'" in str(caught.value)


def test_esketamine_needs_less():
    """A nanogram of esketamine blocks what 1.65 nanograms of the racemate do."""
    nothing = np.zeros(1)
    less = occupied(MODEL.for_drug("esketamine").occupancy, np.array([100.0]), nothing)
    assert less == pytest.approx(occupied(MODEL.occupancy, np.array([165.0]), nothing))


@pytest.mark.parametrize("drug", ["midazolam", "", "Ketamine"])
def test_another_drug_is_refused(drug):
    """The effects of a drug that the model does not describe are not guessed."""
    with pytest.raises(Complaint, match="not modelled"):
        MODEL.for_drug(drug)


def test_people_do_not_depend_on_who_is_beside_them():
    """Person 7 has the same figures alone, in a crowd, and in another order; another dose changes the day only."""
    crowd = personal(MODEL, Crowd.of(3, 9))
    alone = personal(MODEL, Crowd(3, np.array([7], dtype=np.uint64)))
    later = personal(MODEL, Crowd(3, np.array([7], dtype=np.uint64), dose=2))
    assert crowd.circulation.systolic_top_mmhg[7] == alone.circulation.systolic_top_mmhg[0]
    assert later.site.half_life_min == alone.site.half_life_min
    assert later.circulation.systolic_top_mmhg != alone.circulation.systolic_top_mmhg


def test_spreads_have_the_mean_or_the_median_they_claim():
    """Over normal quantiles, amplitudes keep their mean, times their median, and both have the stated CV."""
    z = np.random.default_rng(1).standard_normal(400_000)
    mean, median = keep_mean(z, 0.6), keep_median(z, 0.6)
    assert mean.mean() == pytest.approx(1, abs=0.005)
    assert np.median(median) == pytest.approx(1, abs=0.005)
    for found in (mean, median):
        assert found.std() / found.mean() == pytest.approx(0.6, abs=0.01)


def test_the_older_and_the_hypertensive_react_more():
    """At 50 years and with hypertension the rise is 1.3 times what the same person would have had."""
    who = prone(MODEL, [49, 50, 30], [False, False, True])
    assert who.tolist() == [False, True, True]
    people = np.arange(3, dtype=np.uint64)
    plain, more = personal(MODEL, Crowd(1, people)), personal(MODEL, Crowd(1, people, prone=who))
    ratio = more.circulation.systolic_top_mmhg / plain.circulation.systolic_top_mmhg
    assert ratio[:, 0] == pytest.approx([1, 1.3, 1.3])


@pytest.mark.parametrize(
    ("time_h", "conc", "said"),
    [
        ([0, 1, 1], [0, 1, 2], "rising"),
        ([0], [0], "rising"),
        ([0, 1], [0, -1], "negative"),
        ([0, 1], [0, float("nan")], "not a number"),
        ([0, 1], [0, 1, 2], "one value a time"),
    ],
)
def test_a_bad_curve_is_refused(time_h, conc, said):
    """Times that do not rise, negative or unknown concentrations and wrong counts are named, with the mend."""
    with pytest.raises(Complaint, match=said):
        exposure(time_h, conc, np.zeros(len(conc)))
