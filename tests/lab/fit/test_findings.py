"""Published findings, the designs that are compared, and the page of checks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from unstuck.core.errors import Complaint
from unstuck.lab.fit import validate as page
from unstuck.lab.fit.arms import ARMS, read_all
from unstuck.lab.fit.design import Answer, Asked, Told, auc, finding, text_of
from unstuck.lab.fit.ensemble import battery_halves
from unstuck.lab.fit.findings import FINDINGS, loss_days
from unstuck.lab.fit.plots import design_picture
from unstuck.lab.fit.targets import load_targets
from unstuck.lab.fit.validate import prior_members
from unstuck.lab.patients.ensemble import load_ensemble, minds
from unstuck.lab.patients.minds import TruthOf


def test_half_of_the_findings_is_held_out() -> None:
    """At least half of the findings are kept from fitting, and every finding can be computed."""
    targets = load_targets()
    assert sum(t.held_out for t in targets) * 2 >= len(targets)
    assert {t.key for t in targets} == set(FINDINGS)


def test_the_shipped_ensemble_is_many() -> None:
    """The library holds fifty candidate truths or more, no two alike, with the command that remakes them."""
    ensemble = load_ensemble()
    assert len(ensemble.members) >= 50 and "tools/ensemble.py" in ensemble.command
    assert len({tuple(m.z.values()) for m in ensemble.members}) == len(ensemble.members)


def test_members_pass_most_checks_of_either_half() -> None:
    """Of the battery's checks members pass well over half, in the fitted half and in the one held out."""
    fitted, held = battery_halves()
    assert 0.7 < fitted <= 1 and 0.7 < held <= 1


def test_a_member_that_is_not_there_is_refused() -> None:
    """A run under an unknown member or group says which there are."""
    with pytest.raises(Complaint, match="no member 9999"):
        minds(1, 9999)
    with pytest.raises(Complaint, match="no group"):
        minds(1, 0, "martians")


def test_every_finding_is_finite_in_the_middle_of_the_priors() -> None:
    """All trials can be played with few people, and give a number for each finding."""
    reads = read_all(TruthOf(), tuple(ARMS), 24, 3)
    assert all(np.isfinite(f(reads)) for f in FINDINGS.values())


def test_loss_of_response_counts_from_the_end_of_the_course() -> None:
    """Somebody who responds on day 14 and no longer on day 20 has lost the response after 6 days."""
    read = read_all(TruthOf(), ("ket6",), 24, 3)["ket6"]
    caps5 = np.tile(np.array([40.0, 35.0, 20.0, 20.0, 22.0, 38.0]), (2, 1))
    caps5 = np.concatenate([caps5, np.full((2, read.caps5.shape[1] - 6), 38.0)], axis=1)
    assert loss_days(replace(read, caps5=caps5)) == 6.0


def test_the_area_under_the_curve_is_one_half_or_one() -> None:
    """Equal draws give one half, separate ones give one."""
    a = np.arange(10.0)
    assert auc(a, a) == 0.5 and auc(a + 100, a) == 1.0 and auc(a, a + 100) == 0.0


def test_a_trial_of_the_drug_alone_cannot_tell_a_window_from_a_state() -> None:
    """Drug-only trials stay near blind where trials with exposure and follow-up see a strong window."""
    answer = finding(prior_members(3, 3), Asked(n=100, people=120))
    drug_only, factorial = (told.auc for told in answer.designs)
    assert drug_only < 0.70 < factorial


def test_the_picture_of_the_finding_is_drawn() -> None:
    """Each learner has a row, each design a column, titled with its AUC; verdicts stand at the side."""
    told = Told("drug_only", "drug alone", (0.1, 0.2), (0.0, 0.1), 0.6)
    answers = [Answer("latent_causes", 2, 50, 1.6, (told, told), True), Answer("x", 2, 50, 0.4, (told, told), False)]
    figure = Figure()
    design_picture(figure, answers)
    assert len(figure.axes) == 4 and "AUC 0.60" in figure.axes[0].get_title()
    assert "holds" in figure.axes[0].get_ylabel() and "fails" in figure.axes[2].get_ylabel()
    assert "x: FAILS" in text_of(answers)


def test_the_page_shows_both_halves_and_the_prior() -> None:
    """Every published value stands beside what trials would show after the fit and before it; misfits are sentences."""
    told = page.validate(2, 24)
    plain = json.loads(json.dumps(told.plain()))
    assert {line["half"] for line in plain["lines"]} == {"fitted", "held out"}
    assert all(len(line["posterior"]) == len(line["prior"]) == 3 for line in plain["lines"])
    assert len(plain["timing"]) == 3 and len(plain["misfits"]) == sum(not line["covered"] for line in plain["lines"])
    words = page.text_of(told)
    assert "No forecast is made for a person" in words and "prior alone" in words
