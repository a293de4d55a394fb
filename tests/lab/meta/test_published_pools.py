"""Pooled results that are published or frozen from other packages come out again, digit by digit."""

from __future__ import annotations

import math

import pytest

from tests.lab.meta.examples import BCG, rows, ten
from unstuck.core.errors import Complaint
from unstuck.lab.meta.dependent import multilevel
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.pool import Pooled, pool
from unstuck.lab.meta.sample import Effects, effects
from unstuck.lab.meta.small_studies import egger, trim_and_fill
from unstuck.lab.meta.tau2 import Method

NORMAL = Interval.NORMAL


def _psychotherapy(arm: str = "", controls: str = "") -> Effects:
    """Rows of the psychotherapy data; `controls` is "waitlist", "other" or all."""
    found = [row for row in rows("psychotherapy_rows.csv") if not arm or row["arm"] == arm]
    if controls:
        found = [row for row in found if (row["control"] == "Waitlist") == (controls == "waitlist")]
    se = [float(row["g_se"]) for row in found]
    y = [float(row["g"]) for row in found]
    return effects(y, [s * s for s in se], [f"{row['study']} {n}" for n, row in enumerate(found)], keep_twins=True)


def _of(pooled: Pooled) -> tuple[float, float, float]:
    assert pooled.heterogeneity is not None
    return pooled.mean.estimate, pooled.mean.se, pooled.heterogeneity.tau2 or 0.0


@pytest.mark.parametrize(
    ("arm", "controls", "k", "method", "answer"),
    [
        ("PE", "", 16, Method.FIXED, "0.955016 0.080234 0.000000"),
        ("PE", "", 16, Method.DL, "1.075603 0.126537 0.10587"),
        ("PE", "", 16, Method.REML, "1.08514 0.13183 0.12344"),
        ("PE", "", 16, Method.PM, "1.10007 0.14108 0.156919"),
        ("PE", "waitlist", 9, Method.DL, "1.23314 0.2034 0.22469"),
        ("PE", "other", 7, Method.FIXED, "0.85067 0.12305 0.000000"),
        ("PE", "other", 7, Method.DL, "0.85067 0.12305 0.000000"),
        ("EMDR", "", 17, Method.DL, "1.45428 0.25074 0.88333"),
        ("EMDR", "", 17, Method.REML, "1.46345 0.28027 1.14827"),
        ("EMDR", "other", 6, Method.DL, "0.63533 0.15705 0.000000"),
        ("", "", 131, Method.DL, "1.13168 0.06696 0.43486"),
        ("", "", 131, Method.REML, "1.14677 0.07492 0.57868"),
        ("", "", 131, Method.PM, "1.15324 0.07901 0.65941"),
    ],
)
def test_psychotherapy_pools(arm, controls, k, method, answer):
    """Pools of the psychotherapy trials for PTSD agree with the recorded ones to half of their last printed digit."""
    sample = _psychotherapy(arm, controls)
    assert sample.k == k
    for found, printed in zip(_of(pool(sample, Options(method, NORMAL))), answer.split(), strict=True):
        half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
        assert found == pytest.approx(float(printed), abs=half + 1e-7)


@pytest.mark.parametrize(
    ("arm", "controls", "q", "i2"), [("PE", "", 29.577, 49.285), ("PE", "other", 3.738, 0), ("", "", 662.684, 80.383)]
)
def test_psychotherapy_heterogeneity(arm, controls, q, i2):
    """Q and I2 of the psychotherapy trials agree with the recorded ones."""
    found = pool(_psychotherapy(arm, controls), Options(Method.DL, NORMAL)).heterogeneity
    assert found is not None
    assert (found.q, found.i2_percent) == pytest.approx((q, i2), abs=5e-4)


MDMA = ("Mitchell 2021", "Mitchell 2023", "Mithoefer 2011")
DOSES = {"Mithoefer 2018": "30 mg", "Oehen 2013": "25 mg", "Ot'alora 2018": "40 mg"}


@pytest.mark.parametrize("method", [Method.DL, Method.REML])
def test_mdma_pool(method):
    """Six trials of MDMA with therapy pool to g -0.71193 (0.13492), Q 2.42396, tau2 0, by either method."""
    chosen = [
        row
        for row in rows("mdma_rows.csv")
        if row["primary"] == "1"
        and row["instrument"].startswith("caps")
        and (row["study"] in MDMA or (row["arm"] == "125 mg" and row["control"] == DOSES[row["study"]]))
    ]
    sample = effects(
        [float(row["g"]) for row in chosen],
        [float(row["g_se"]) ** 2 for row in chosen],
        [row["study"] for row in chosen],
    )
    pooled = pool(sample, Options(method, NORMAL))
    assert sample.k == 6 and pooled.heterogeneity is not None
    assert (*_of(pooled), pooled.heterogeneity.q) == pytest.approx((-0.71193, 0.13492, 0, 2.42396), abs=6e-6)


def test_ten_by_reml_and_knapp_hartung():
    """Ten frozen effects give metafor's REML with Knapp-Hartung: mean, SE, interval, prediction, Q, I2, Q-profile."""
    pooled = pool(ten())
    spread, mean = pooled.heterogeneity, pooled.mean
    assert spread is not None and spread.tau2 == pytest.approx(0.1371911692, abs=1e-10)
    assert (mean.estimate, mean.se) == pytest.approx((-0.4604776785, 0.1708371486), abs=1e-8)
    assert (mean.low, mean.high) == pytest.approx((-0.84693816, -0.07401720), abs=2e-8)
    assert pooled.prediction == pytest.approx((-1.38319577, 0.46224041), abs=1e-6)
    assert (spread.q, spread.i2_percent) == pytest.approx((18.60247878, 51.616), abs=1e-3)
    assert (spread.tau2_low, spread.tau2_high) == pytest.approx((0, 0.8884), abs=5e-5)


@pytest.mark.parametrize(
    ("method", "tau2", "near"), [(Method.PM, 0.1512069749, 3e-7), (Method.DL, 0.1372097915, 1e-10)]
)
def test_ten_by_moments(method, tau2, near):
    """Paule-Mandel (metafor stops early) and DerSimonian-Laird give the frozen heterogeneity of the ten effects."""
    assert _of(pool(ten(), Options(method)))[2] == pytest.approx(tau2, abs=near)


def _bcg() -> Effects:
    y = [math.log((a / (a + b)) / (c / (c + d))) for a, b, c, d in BCG]
    return effects(y, [1 / a - 1 / (a + b) + 1 / c - 1 / (c + d) for a, b, c, d in BCG], scale="log RR")


def test_bcg_by_reml_and_knapp_hartung():
    """The BCG trials give metafor's REML with Knapp-Hartung, its interval and its prediction interval."""
    pooled = pool(_bcg())
    assert _of(pooled) == pytest.approx((-0.71453235, 0.18079175, 0.31324333), abs=2e-6)
    assert (pooled.mean.low, pooled.mean.high) == pytest.approx((-1.10844372, -0.32062097), abs=2e-6)
    assert pooled.prediction == pytest.approx((-1.99601697, 0.56695227), abs=1e-5)


def test_bcg_by_dersimonian_laird():
    """The BCG trials give the published DerSimonian-Laird result."""
    assert _of(pool(_bcg(), Options(Method.DL, NORMAL))) == pytest.approx(
        (-0.71411722, 0.17874209, 0.30876026), abs=1e-8
    )


def test_bcg_small_studies():
    """The BCG trials give the recorded Egger test, and one study missing by trim and fill."""
    slope = egger(_bcg()).slope
    assert (slope.statistic, slope.p) == pytest.approx((-0.803329, 0.421785), abs=1e-6)
    filled = trim_and_fill(_bcg(), Options(interval=NORMAL))
    assert filled.missing == 1 and filled.pooled.mean.estimate == pytest.approx(-0.657083, abs=1e-6)


def test_borgogna_strata_pool_to_their_whole():
    """The inverse-variance mean of Borgogna's passive and active strata at 24 hours is .367, near the printed .35."""
    found = pool(effects([0.44, 0.24], [0.2092**2, 0.2755**2]), Options(Method.FIXED))
    assert found.mean.estimate == pytest.approx(0.367, abs=1e-3)


def test_the_largest_psychotherapy_set_is_kept_apart_by_study():
    """Rows of one study among the 131 are refused by the simple pool and taken by the three-level model."""
    table = rows("psychotherapy_rows.csv")
    y, se = ([float(row[name]) for row in table] for name in ("g", "g_se"))
    sample = effects(y, [s * s for s in se], studies=[row["study"] for row in table], keep_twins=True)
    with pytest.raises(Complaint, match="Several rows come from one study"):
        pool(sample)
    found = multilevel(sample)
    assert found.k == 131 and found.studies < 131
    assert found.robust[0].low < 1.14677 < found.robust[0].high
