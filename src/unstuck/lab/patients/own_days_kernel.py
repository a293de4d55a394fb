"""The compiled days of people who each keep a timetable of their own: many side by side around the learner's step.

As `inner_kernel`, with rows of each person's own. Held to it by tests, to 1e-9.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from unstuck.lab.fear import kernel_step as ks
from unstuck.lab.fear.base import FEATURES
from unstuck.lab.fear.kernel_step import FEATURE, FIGURE, LANES, WEIGHT, fresh, step
from unstuck.lab.patients import inner
from unstuck.lab.patients import inner_kernel as ik
from unstuck.lab.patients.inner_kernel import begin_block, draw_day
from unstuck.lab.patients.own_rows import (
    BEFORE,
    BELIEF,
    CALM,
    FELT,
    GRID,
    INTRUSION,
    LAST,
    NIGHT,
    OWN,
    PASSED,
    R_BEGINS,
    R_BLOCK,
    R_BLOCK_AFTER,
    R_DAY,
    R_FIRST,
    R_LEAVES,
    R_MET,
    R_NIGHTS,
    R_PLASTIC,
    R_PLASTIC_SINCE,
    R_SESSION,
    R_SINCE,
    R_SLOT,
    R_SUPPORTED,
    R_TEACHES,
    R_UNTIL,
    R_VIVID,
    R_VIVO,
    R_WHAT,
    R_YIELDING,
    REMEMBERED,
    REMINDER,
    ROW,
    RUN_IN_H,
    STATE,
    TALK,
    TAPED,
    arrange,
)  # fmt: skip
from unstuck.lab.patients.timetable import CUES_OF, DRIFT, SLOTS, STRESS


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _before(block, e, w):  # type: ignore[no-untyped-def]
    """One person up to the learner's step: belief drifts, the event is met or not, and shown; as `inner`."""
    b, life, state, luck, met = block
    floor = life[ik.B_FLOOR, w]
    aim = floor + (1.0 - floor) * (inner.OF_INTRUSION * state[ik.INTRUSION, w] + inner.OF_AROUSAL * state[ik.H, w])
    belief = state[ik.B, w] + e[R_SINCE] / 24.0 / life[ik.B_DAYS, w] * (aim - state[ik.B, w])
    if e[R_FIRST] > 0:
        belief += life[ik.B_DRIFT, w] * np.sqrt(12.0) * (luck[DRIFT, w] - 0.5)
    state[ik.B, w] = min(max(belief, inner.LEAST_BELIEF), 1.0)
    _meet(life, state, luck, e, w, met)
    what = int(e[R_WHAT])
    shown = what if met[1, w] > 0.5 else CALM
    for d in range(FEATURES):
        b[FEATURE + d * LANES + w] = CUES_OF[shown, d]
    b[FEATURE + w] *= e[R_VIVID]
    reacts = met[1, w] > 0.5 and what != CALM and what != TALK
    eased = 1.0 - e[R_SUPPORTED] * life[ik.SUPPORT, w]
    b[ks.SINCE + w], b[ks.UNTIL + w], b[ks.NIGHTS + w] = e[R_SINCE], e[R_UNTIL], e[R_NIGHTS]
    b[ks.OUTCOME + w] = life[ik.STRESS_OUTCOME, w] if met[2, w] > 0.5 else 0.0
    b[ks.OBSERVED + w] = met[1, w]
    b[ks.SLEEP + w] = 1.0 / (1.0 + life[ik.SLEEP_LOSS, w] * state[ik.H, w])
    b[ks.REACTION + w] = life[ik.REFUEL, w] * state[ik.B, w] * eased if reacts else 0.0
    b[ks.EXPECTATION + w] = life[ik.B_EXPECTS, w] * state[ik.B, w]
    b[ks.BLOCK + w], b[ks.PLASTICITY + w] = e[R_BLOCK], e[R_PLASTIC]
    b[ks.PLASTICITY_SINCE + w], b[ks.BLOCK_AFTER + w] = e[R_PLASTIC_SINCE], e[R_BLOCK_AFTER]
    b[ks.AMNESTIC + w] = 0.0


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _meet(life, state, luck, e, w, met):  # type: ignore[no-untyped-def]
    """Rows of `met`: avoided, lived, stress."""
    what, slot = int(e[R_WHAT]), int(e[R_SLOT])
    there = 1.0 if state[ik.LEFT, w] < 0.5 else 0.0
    avoided, lived, stress = 0.0, there, 0.0
    if what == REMINDER:
        pull = life[ik.STEEP, w] * (state[ik.T, w] * e[R_MET] - life[ik.THRESHOLD, w])
        chance = 1.0 / (1.0 + np.exp(-pull)) * (1.0 - e[R_VIVO] * life[ik.ADHERENCE, w] * there)
        stress = 1.0 if luck[STRESS, w] < life[ik.STRESS_RATE, w] / 365.0 and slot == 2 else 0.0
        avoided = 1.0 if luck[slot, w] < chance and stress < 0.5 else 0.0
        lived = 1.0 - avoided
    elif what == INTRUSION:
        lived = 1.0 if luck[slot, w] < life[ik.CHANCE, w] else 0.0
    elif what == TAPED:
        lived = there if luck[slot, w] < life[ik.ADHERENCE, w] else 0.0
    elif what == CALM:
        lived = 1.0
    met[0, w], met[1, w], met[2, w] = avoided, lived, stress


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _after(block, e, w):  # type: ignore[no-untyped-def]
    """One person after the learner's step: what is felt and done, what a session taught, who leaves."""
    b, life, state, luck, met = block
    what, fear, threat, lived = int(e[R_WHAT]), b[ks.EXPRESSED + w], b[ks.PREDICTED + w], met[1, w] > 0.5
    if what == INTRUSION:
        felt = fear if lived else 0.0
        state[ik.INTRUSION, w] += life[ik.I_RATE, w] * (felt - state[ik.INTRUSION, w])
        state[ik.T, w] = 0.9 * state[ik.T, w] + 0.1 * threat if lived else state[ik.T, w]
    elif what == REMINDER:
        state[ik.A, w] += life[ik.A_RATE, w] * (met[0, w] - state[ik.A, w])
        state[ik.T, w] = 0.6 * state[ik.T, w] + 0.4 * threat if lived else state[ik.T, w]
    if e[R_SESSION] < 0.5:
        state[ik.H, w] += life[ik.H_RATE, w] * (fear - state[ik.H, w])
    if e[R_TEACHES] > 0:
        gain = (1.0 - life[ik.BLOCK, w] * e[R_BLOCK]) * (1.0 + life[ik.LEARNING, w] * e[R_PLASTIC])
        taught = life[ik.STEP_1 + int(e[R_TEACHES]) - 1, w]
        moved = min(taught * gain * e[R_YIELDING], 0.9) * met[1, w]
        state[ik.B, w] = min(max(state[ik.B, w] * (1.0 - moved), inner.LEAST_BELIEF), 1.0)
    if e[R_BEGINS] > 0:
        _leave(life, state, luck, e, w, fear)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _leave(life, state, luck, e, w, fear):  # type: ignore[no-untyped-def]
    base = e[R_LEAVES]
    if e[R_SESSION] < 1.5:
        state[ik.AT_FIRST, w] = state[ik.INTRUSION, w]
    gainless = 1.0 if e[R_SESSION] > 3 and state[ik.INTRUSION, w] >= state[ik.AT_FIRST, w] else 0.0
    pull = np.log(base / (1.0 - base)) if base > 0 else -np.inf
    pull += life[ik.LEAVING, w] + life[ik.DISTRESS, w] * (2.0 * fear - 1.0) + life[ik.NO_GAIN, w] * gainless
    if luck[int(e[R_SLOT]), w] < 1.0 / (1.0 + np.exp(-pull)):
        state[ik.LEFT, w] = 1.0


@njit(cache=True, error_model="numpy")
def _load(people, mem, who, low, block):  # type: ignore[no-untyped-def]
    """The people `who[low:]` into the lanes; lanes without a person repeat the last one and are not kept."""
    figures, life = people[0], people[1]
    b, own, state = block[0], block[1], block[2]
    for w in range(LANES):
        place = min(low + w, who.size - 1)
        person = who[place]
        for k in range(figures.shape[1]):
            b[FIGURE + k * LANES + w] = figures[person, k]
        for k in range(life.shape[0]):
            own[k, w] = life[k, person]
        for k in range(REMEMBERED):
            b[WEIGHT + k * LANES + w] = mem[person, k]
        for k in range(OWN):
            state[k, w] = mem[person, BELIEF + k]
        for d in range(FEATURES):
            b[FEATURE + d * LANES + w] = CUES_OF[CALM, d]


@njit(cache=True, error_model="numpy")
def _keep(mem, person, b, state, w):  # type: ignore[no-untyped-def]
    for k in range(REMEMBERED):
        mem[person, k] = b[WEIGHT + k * LANES + w]
    for k in range(OWN):
        mem[person, BELIEF + k] = state[k, w]


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def live(world, mem, who, to_h, low):  # type: ignore[no-untyped-def]
    """One block of people, from where each stands in `mem` to the hour `to_h` of each; `mem` moves on."""
    people, plan, drugs = world
    words, key, numbers = people[2], people[3], people[4]
    b, own, state = fresh(), np.empty((people[1].shape[0], LANES)), np.empty((OWN, LANES))
    luck, met, lived = np.empty((SLOTS, LANES)), np.zeros((3, LANES)), np.zeros(LANES, dtype=np.int64)
    block = (b, own, state, luck, met)
    ev = np.zeros((LANES, 64 + plan[2].shape[0] * (plan[0].shape[1] + 1), ROW))
    here = min(LANES, who.size - low)
    while True:
        _load(people, mem, who, low, block)
        most, more = 0, False
        for w in range(here):
            person = who[low + w]
            lived[w] = arrange(ev[w], mem[person], to_h[low + w], plan, drugs, person)
            most, more = max(most, lived[w]), more or mem[person, PASSED] < to_h[low + w]
        today = np.full(LANES, -1)
        for n in range(most):
            for w in range(here):
                if n < lived[w]:
                    e = ev[w, n]
                    if int(e[R_DAY]) != today[w]:
                        today[w] = int(e[R_DAY])
                        number = np.uint64(numbers[who[low + w]])
                        draw_day(luck, number, words[today[w], 0], words[today[w], 1], key, w)
                    _before(block, e, w)
            step(b)
            for w in range(here):
                if n < lived[w]:
                    _after(block, ev[w, n], w)
                    if n == lived[w] - 1:
                        _keep(mem, who[low + w], b, state, w)
        if not more:
            break


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def born(figures, life, mem, low):  # type: ignore[no-untyped-def]
    """One block of people after the severe event and the month that followed, before anything has passed."""
    b = fresh()
    own, state = np.empty((life.shape[0], LANES)), np.empty((OWN, LANES))
    begin_block(figures, life, low, b, own, state)
    for w in range(min(LANES, figures.shape[0] - low)):
        _keep(mem, low + w, b, state, w)
        mem[low + w, PASSED], mem[low + w, LAST], mem[low + w, NIGHT] = BEFORE, BEFORE, 0.0
        mem[low + w, GRID], mem[low + w, STATE], mem[low + w, FELT] = -RUN_IN_H, 0.0, 0.0
