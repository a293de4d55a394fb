"""Mechanistic patients: two spellings agree, nobody depends on the company, and ketamine's channels can all be none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.effects.parameters import Array
from unstuck.lab.fit.arms import ARMS, crowd_of, curve_for
from unstuck.lab.patients import inner, inner_kernel
from unstuck.lab.patients.batch import Plan, simulate
from unstuck.lab.patients.drug import Given, course_of
from unstuck.lab.patients.ensemble import Minds
from unstuck.lab.patients.inner import STATES, Signals
from unstuck.lab.patients.laws import load_course
from unstuck.lab.patients.minds import CHANNELS, Crowd, TruthOf, draw, load_groups
from unstuck.lab.patients.therapies import KNOWN, load_therapy
from unstuck.lab.patients.timetable import Session, timetable
from unstuck.lab.trials.job import Wish, prepare

QUIET = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _numbers(*which: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(which, dtype=np.uint64)


def _plan(therapy: str, sessions: int, doses: int) -> Plan:
    held = tuple(Session(24.0 * 2 * n + 15.0, load_therapy(therapy)) for n in range(sessions))
    given_ = tuple(Given(24.0 * 3 * n + 10.0, curve_for(0.5)) for n in range(doses))
    return Plan(held, given_, 1.0)


@given(
    therapy=st.sampled_from(KNOWN), sessions=st.integers(0, 4), doses=st.integers(0, 3), seed=st.integers(0, 10**6),
    z=st.lists(st.floats(-2, 2), min_size=8, max_size=8),
)  # fmt: skip
@QUIET
def test_the_fast_path_is_the_readable_one(therapy: str, sessions: int, doses: int, seed: int, z: list[float]) -> None:
    """On random plans, people and truths the compiled path gives every state of the reference to 1e-9."""
    truth = TruthOf(z=dict(zip(load_course().free[::4], z, strict=False)))
    crowd = draw(truth, _numbers(3, 1, 4), seed)
    table = timetable(8.0, _plan(therapy, sessions, doses).sessions)
    drug = course_of(crowd, table, _plan(therapy, sessions, doses).doses).signals
    looks = table.looks([-10.0, 0.0, 3.5, 8.0])
    fast, plain = (spelling(crowd, table, drug, looks) for spelling in (inner_kernel.run, inner.run))
    assert np.abs(fast - plain).max() < 1e-9


def test_nobody_depends_on_the_company_or_on_threads() -> None:
    """The same people come out alone, in a crowd of more than a block, and over several threads, to the last bit."""
    crowd = crowd_of(TruthOf(), 130, 7, "civilian")
    table = timetable(6.0, _plan("pe", 2, 0).sessions)
    looks, none = table.looks([6.0]), Signals.none(table.events)
    whole = inner_kernel.run(crowd, table, none, looks)
    spread = inner_kernel.run(crowd, table, none, looks, threads=2)
    alone = inner_kernel.run(crowd.part(np.array([3, 129])), table, none, looks)
    assert (whole == spread).all() and (alone == whole[[3, 129]]).all()


def _pcl5(crowd: Crowd, plan: Plan) -> Array:
    return simulate(crowd, plan, (0.0, 7.0, 14.0)).truth.pcl5


def test_without_channels_the_drug_changes_nothing() -> None:
    """With every channel of ketamine at zero two arms with the same luck are equal to the last bit."""
    crowd = crowd_of(TruthOf().without(), 20, 5, "veteran")
    drug, control = _plan("pe", 3, 3), replace(_plan("pe", 3, 3), doses=())
    assert (_pcl5(crowd, drug) == _pcl5(crowd, control)).all()
    with_it = crowd_of(TruthOf(), 20, 5, "veteran")
    assert (_pcl5(with_it, drug) != _pcl5(with_it, control)).any()


@pytest.mark.parametrize("channel", [c for c in CHANNELS if c != "ketamine.default_mode"])
def test_each_channel_acts_by_itself(channel: str) -> None:
    """Every channel but the one that is off by default changes some course when all others are zero."""
    others = [c for c in CHANNELS if c != channel]
    crowd = crowd_of(TruthOf(z={channel: 1.0}).without(*others), 12, 3, "civilian")
    held = tuple(Session(24.0 * n + h, load_therapy("pe")) for n in (0, 1, 3) for h in (8.7,))
    plan = Plan(held, _plan("pe", 0, 2).doses, 1.0)
    out, none = (simulate(crowd, p, (0.0, 10.0)) for p in (plan, replace(plan, doses=())))
    assert (out.truth.pcl5 != none.truth.pcl5).any() or (out.truth.mood != none.truth.mood).any()


def test_depression_can_fall_alone() -> None:
    """With the mood channel alone MADRS falls by more than a third and PCL-5 by less than two points."""
    rest = [c for c in CHANNELS if c != "ketamine.mood_gain"]
    crowd = crowd_of(TruthOf(z={"ketamine.mood_gain": 1.5}).without(*rest), 200, 1, "veteran")
    treated, control = (simulate(crowd, p, (0.0, 28.0)) for p in (ARMS["ket8"].plan(), ARMS["saline8"].plan()))
    assert treated.truth.mood[:, 1].mean() < 0.67 * control.truth.mood[:, 1].mean()
    assert abs(treated.truth.pcl5[:, 1].mean() - control.truth.pcl5[:, 1].mean()) < 2.0


@pytest.mark.parametrize(("refuel", "stays"), [(1.6, True), (0.8, False)])
def test_stuck_is_a_condition_on_parameters(refuel: float, stays: bool) -> None:
    """Where refuel times belief exceeds 1 intrusions keep themselves for a year; below it they die out unaided."""
    crowd = crowd_of(TruthOf(), 40, 2, "civilian")
    fixed = {"life.refuel": refuel, "life.belief_start": 0.9, "life.belief_drift": 0.0, "life.stress_per_year": 0.0}
    crowd = replace(crowd, life=crowd.life | {n: np.full(40, v) for n, v in fixed.items()})
    late = simulate(crowd, Plan(), (0.0, 365.0)).states[:, 1, STATES.index("intrusion")]
    assert (np.median(late) > 0.5) == stays
    assert (np.median(late) < 0.2) != stays


def test_exposure_and_cognitive_therapy_help_and_waiting_hardly() -> None:
    """In the middle of the priors ten weeks of PE or CPT lower PCL-5 by over 8 points more than waiting."""
    crowd = crowd_of(TruthOf(), 150, 4, "civilian")
    days = (0.0, 91.0)

    def fall(plan: Plan) -> float:
        pcl5 = simulate(crowd, plan, days).truth.pcl5
        return float((pcl5[:, 0] - pcl5[:, 1]).mean())

    waiting = fall(Plan())
    assert fall(ARMS["pe_civilians"].plan()) > waiting + 8
    assert fall(ARMS["cpt_civilians"].plan()) > waiting + 8


def test_persons_are_not_forecast() -> None:
    """Asked for a person's forecast, the lab refuses and gives the reason."""
    one = Wish((None,), 1, 5, {}, minds=Minds(TruthOf(), "civilian", "the middle of the priors"))
    with pytest.raises(Complaint, match="No forecast is made for a person"):
        prepare(load_protocol("pe"), one)


def test_groups_without_a_source_say_so() -> None:
    """The group with brain injury rests on assumed differences, all wide and centred near none, and lists them."""
    tbi = load_groups()["tbi"]
    assert "tbi.context" in tbi.unsourced() and "tbi.learning" in tbi.unsourced()
    assert tbi.shifts["learning"].value == 0 and tbi.shifts["learning"].high >= 1.0  # type: ignore[operator]
    assert not load_groups()["civilian"].unsourced()


def test_gains_may_be_none() -> None:
    """Each of ketamine's drawn gains is exactly zero with the chance that its file states, and never negative."""
    course, luck = load_course(), np.random.default_rng(1).normal(size=2000)
    for name in CHANNELS:
        figure = course.figures[name]
        drawn = np.array([figure.crowd(z) for z in luck])
        assert (drawn >= 0).all()
        assert (drawn == 0).mean() == pytest.approx(figure.zero, abs=0.04) or figure.origin.value == 0
        assert (drawn == 0).any()


def test_an_unknown_therapy_is_refused() -> None:
    """A therapy without learning events is refused by name."""
    with pytest.raises(Complaint, match="hypnosis"):
        load_therapy("hypnosis")


def test_leaving_follows_published_rates() -> None:
    """Where nothing else acts, the share that leaves a usual course is the published one."""
    truth = TruthOf(z={"therapy.leave_no_gain": -0.82, "therapy.alliance": -1.645})
    for key in ("pe", "cpt"):
        out = simulate(crowd_of(truth, 900, 6, "civilian"), ARMS[f"{key}_civilians"].plan(), (0.0, 91.0))
        assert out.left.mean() == pytest.approx(load_therapy(key).leaves, abs=0.05)
