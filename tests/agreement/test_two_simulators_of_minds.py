"""Mechanistic patients in both simulators: person by person they agree, or a feature is refused by name."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.two_simulators import INSTRUMENTS, walkable
from tests.two_simulators_of_minds import differences
from unstuck.core import protocol as pr
from unstuck.core.errors import Complaint
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.lab.effects.people import Crowd as Drawn
from unstuck.lab.patients import doses, own_days
from unstuck.lab.patients.drug import bodies
from unstuck.lab.patients.leaving import Leaver
from unstuck.lab.patients.therapies import KNOWN
from unstuck.lab.trials.batched import asking, minds
from unstuck.lab.trials.batched.mind_refusals import mind_refusals
from unstuck.lab.trials.batched.refusals import refuse
from unstuck.lab.trials.job import silent_steps

WALKED = [key for key in protocol_keys() if not any(s.when is None for s in silent_steps(load_protocol(key)))]
LEAVERS = (None, Leaver("pcl5_week", True, 0.1, 0.5, 45.0), Leaver("pcl5_week", False, 0.1, 0.5, 45.0))
REFUSED = {"nasal_tfp": "trauma_focused_psychotherapy", "timber": "site:timber"}
few = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("key", WALKED)
def test_library_protocols_agree_or_are_refused_by_name(key):
    """Every library protocol runs in both with the same times, scores and endings, or its therapy is refused."""
    protocol = load_protocol(key)
    if key in REFUSED:
        assert any(REFUSED[key] in words for words in mind_refusals(protocol))
        return
    arms = [arm.key for arm in protocol.arms] or [None]
    place = WALKED.index(key)
    arm = next((a for a in ("ketamine", "standard") if a in arms), arms[0])
    assert differences(protocol, arm, 1, seed=place, leaver=LEAVERS[place % 3]) == []


def _modelled(protocol, therapy):
    """The protocol with that therapy in place of whatever it holds, and doses that are modelled."""
    steps = tuple(
        replace(s, activity=replace(s.activity, therapy=therapy)) if isinstance(s.activity, pr.Expose) else s
        for s in protocol.steps
    )
    by_vein = {"drug": "ketamine", "route": pr.Route.IV_INFUSION, "minutes": 40.0}
    regimens = tuple(replace(r, **by_vein) if r.amount is not None else r for r in protocol.regimens)
    return replace(protocol, steps=steps, regimens=regimens)


@few
@given(walkable(), st.sampled_from(KNOWN), st.integers(0, 55), st.sampled_from(LEAVERS))
def test_random_protocols_agree_or_are_refused(protocol, therapy, member, leaver):
    """On random protocols, under random members, the two agree person by person, or a feature is refused by name."""
    protocol = _modelled(protocol, therapy)
    try:
        refuse(protocol, INSTRUMENTS)
        found = differences(protocol, protocol.arms[0].key if protocol.arms else None, 2, 7, leaver, member)
    except Complaint as complaint:
        words = str(complaint)
        assume("batched simulator lacks" not in words and "do not follow each other" not in words)
        raise
    assert found == []


def _no_homework(monkeypatch):
    real = own_days._parts
    monkeypatch.setattr(own_days, "_parts", lambda *given: (real(*given)[0], real(*given)[1] * (0, 0, 0, 1)))


def _settles_ahead(monkeypatch):
    monkeypatch.setattr(own_days, "SETTLED_H", -48.0)


def _the_same_weight(monkeypatch):
    monkeypatch.setattr(asking, "amounts", lambda regimen, weighed: np.full(len(weighed), 40.0))
    monkeypatch.setattr("unstuck.lab.trials.batched.walk.amounts", lambda regimen, weighed: np.full(len(weighed), 40.0))


def _nobody_leaves(monkeypatch):
    monkeypatch.setattr(minds.MindCrowd, "left_therapy", lambda self, who, day: np.zeros(len(who), bool))


def _never_noticed(monkeypatch):
    monkeypatch.setattr(minds, "is_noticed", lambda what: False)


PLANTED = (
    (_no_homework, "pe"),
    (_settles_ahead, "pe"),
    (_nobody_leaves, "pe"),
    (_the_same_weight, "feder_2021"),
    (_never_noticed, "feder_2021"),
)


@pytest.mark.parametrize(("plant", "key"), PLANTED, ids=[plant.__name__.strip("_") for plant, _ in PLANTED])
def test_planted_faults_are_caught(plant, key, monkeypatch):
    """A fault planted in the batched spelling makes the two differ: the comparison bites."""
    plant(monkeypatch)
    protocol = load_protocol(key)
    assert differences(protocol, protocol.arms[0].key if protocol.arms else None, 3, seed=2) != []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"drug": "psilocybin"}, "psilocybin has no pharmacokinetic model"),
        ({"drug": "esketamine", "route": pr.Route.SUBLINGUAL}, "esketamine by sublingual has no pharmacokinetic model"),
    ],
)
def test_what_has_no_model_is_refused_by_name(change, named):
    """A drug or a route without a pharmacokinetic model is refused, and is never taken for a placebo."""
    protocol = load_protocol("kap_im")
    changed = replace(protocol, regimens=tuple(replace(r, **change) for r in protocol.regimens))
    assert any(named in words for words in mind_refusals(changed))


def test_a_dose_does_not_depend_on_whose_else_is_given():
    """A person's curve from a sublingual dose is the same alone and among others of other amounts."""
    from_all = _curves(np.array([40.0, 50.0, 40.0]), np.arange(3, dtype=np.uint64))
    alone = _curves(np.array([40.0]), np.array([2], dtype=np.uint64))
    assert alone.strength[0] == pytest.approx(from_all.strength[2], abs=1e-12)
    np.testing.assert_allclose(alone.block[0], from_all.block[2], atol=1e-12)


def _curves(mg, numbers):
    what = doses.Dosed("ketamine", "sublingual", 0.0, None)
    return doses.curves_of(what, mg, bodies(1, numbers), Drawn(1, numbers))
