"""Runs one protocol arm over mechanistic patients through both simulators and says where their people differ."""

from datetime import UTC

import numpy as np

from tests.two_simulators import FRAME, INSTRUMENTS, _of_course, _of_state
from unstuck.lab.patients.descriptive import person_of
from unstuck.lab.patients.ensemble import load_ensemble
from unstuck.lab.patients.felt import Acute
from unstuck.lab.patients.mechanistic import MechanisticPatient
from unstuck.lab.patients.minds import draw
from unstuck.lab.trials.batched.mind_refusals import refuse_minds, therapy_of
from unstuck.lab.trials.batched.minds import MindCrowd, MindGroup
from unstuck.lab.trials.batched.walk import Lockstep
from unstuck.lab.trials.desk import Desk
from unstuck.lab.trials.job import FIRST_DAY
from unstuck.lab.trials.reference import walk


def differences(protocol, arm, people=2, seed=7, leaver=None, member=3):
    """What differs between the two simulators' people: empty where they agree on every time, score and ending."""
    refuse_minds(protocol)
    truth, numbers, shift = load_ensemble().members[member], np.arange(people), 0.05
    minds = draw(truth, numbers.astype(np.uint64), seed)
    group = MindGroup(seed, numbers, minds, np.full(people, shift))
    state = Lockstep(protocol, arm, MindCrowd(FRAME, group, therapy_of(protocol)), INSTRUMENTS, leaver).run()
    found = []
    for number in range(people):
        patient = MechanisticPatient(FRAME, seed, person_of(FRAME, seed, number), truth, "civilian", shift)
        desk = Desk(protocol, patient, INSTRUMENTS, "x", FIRST_DAY, UTC, True, Acute.SPREAD, leaver)
        mine, theirs = _of_course(walk(desk, arm).course), _of_state(state, number)
        found += [f"{number}: {name} {mine[name]} != {theirs[name]}" for name in mine if mine[name] != theirs[name]]
    return found
