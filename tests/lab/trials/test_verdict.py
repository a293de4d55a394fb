"""What a design is said to be able to tell: each arm of it, from enough trials, and not through belief."""

from dataclasses import replace

import pytest

from tests.trial_designs import small
from unstuck.core.shares import exact_interval
from unstuck.core.trial import Interim, Spending, Truth
from unstuck.lab.trials.virtual.drawing import readings_svg
from unstuck.lab.trials.virtual.summary import share
from unstuck.lab.trials.virtual.verdict import verdict_of

DRAWN, NULL, FOOLED = Truth.DRAWN.value, Truth.NULL.value, Truth.FOOLED.value


def part(met, of):
    """A share of so many trials."""
    return share([True] * met + [False] * (of - met))


def told(design, drawn, of=400, fooled=0, rejects=None, either=None, worse=0):
    """The verdict where so many trials show each arm, belief alone fools so many, and so many reject a true null."""
    scenarios = []
    for k, met in enumerate(drawn):
        readings = {"works": part(met, of), "worse": part(worse, of)}
        scenarios.append({"primary": True, "truth": DRAWN, "arm": f"arm_{k}", "readings": readings, "success": None})
    some = {DRAWN: {"shown": part(max(drawn) if either is None else either, of)}}
    some[FOOLED] = {"shown": part(fooled, of)}
    some[NULL] = {"rejects": part(of // 20 if rejects is None else rejects, of)}
    return verdict_of(design, scenarios, some)


@pytest.mark.parametrize(("met", "of"), [(0, 7), (3, 9), (40, 40), (61, 200)])
def test_intervals_of_shares_are_exact(met, of):
    """The interval of a share is the core's of Clopper and Pearson; of ten thousand trials it takes no time."""
    found = part(met, of)
    assert (found["low"], found["high"]) == pytest.approx(exact_interval(met, of), abs=1e-6)
    assert part(5000, 10_000)["high"] == pytest.approx(0.5098486, abs=1e-6)


def test_every_arm_counts_whatever_their_order():
    """Of two active arms one of which is hardly ever shown, the design cannot tell, and the reason names that arm."""
    for drawn, name in (((380, 20), "arm_1"), ((20, 380), "arm_0")):
        found = told(small(), drawn)
        assert not found["can_tell"] and len(found["reasons"]) == 1
        assert f"in arm {name}" in found["reasons"][0] and "5.0 %" in found["reasons"][0]
    assert told(small(), (380, 390))["can_tell"]


def test_where_arms_are_dropped_some_arm_must_be_shown():
    """A design that keeps the better of two arms can tell where some arm is shown often enough, though each seldom."""
    keeps = replace(small(), interim=Interim((0.5, 1.0), Spending.POCOCK, keep=1))
    assert told(keeps, (190, 190), either=380)["can_tell"]
    assert not told(keeps, (120, 120), either=240)["can_tell"]


@pytest.mark.parametrize(("met", "of", "can"), [(2, 2, False), (20, 20, True), (17, 20, False), (360, 400, True)])
def test_a_verdict_needs_trials_enough(met, of, can):
    """Two trials that both succeed show nothing: the exact interval of the share must lie above four in five."""
    found = told(small(), (met,), of=of, fooled=0)
    weak = [reason for reason in found["reasons"] if "showed an effect" in reason]
    assert bool(weak) is not can
    assert found["can_tell"] is (can and of > 36)  # none fooled of 20 may still be 16.8 %


def test_belief_and_error_of_any_arm_count():
    """Trials that belief alone makes succeed, or that reject a true null too often, are reasons with their interval."""
    assert "15.0 % (11.6 to 18.9)" in told(small(), (390,), fooled=60)["reasons"][0]
    assert "more than alpha" in told(small(), (390,), rejects=40)["reasons"][0]


def test_harm_is_said():
    """Where trials would rather read as worse, the verdict says so, and not only that no effect would be shown."""
    found = told(small(), (0,), worse=392)
    assert any("show harm: 98.0 %" in reason for reason in found["reasons"])
    assert not any("harm" in reason for reason in told(small(), (390,), worse=2)["reasons"])


def test_a_long_label_of_a_plot_is_whole():
    """Where the words of a row do not fit beside it, the arm stands below what is true; short ones stay on one line."""
    reading = {name: part(3, 9) for name in ("works", "cannot_tell", "worse")}
    plot = readings_svg([("effect as published: standard", reading), ("no difference: low", reading)])
    assert ">effect as published</tspan>" in plot and ">standard</tspan>" in plot
    assert ">no difference: low</tspan>" in plot
