"""The fast path of `inner`: blocks of people through one timetable around the compiled learner, to 1e-9 throughout.

Blocks share nothing and luck is named by person and day, so that neither the number of people, nor the padding of a
block, nor threads change a bit. One compiled signature serves every timetable. Needs Numba; compiles once, then is kept
on disk. Only the recommended learner has a compiled step; `runner_for` gives the others the readable one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from unstuck.lab.effects.parameters import Array
from unstuck.lab.fear import kernel_step as ks
from unstuck.lab.fear.base import FEATURES, SCALARS
from unstuck.lab.fear.kernel_step import EVENT, FEATURE, FIGURE, LANES, fresh, step
from unstuck.lab.patients import inner
from unstuck.lab.patients.inner import STATES, Runner, Signals
from unstuck.lab.patients.minds import Crowd
from unstuck.lab.patients.timetable import CUES_OF, DRIFT, SLOTS, STRESS, Marks, Timetable, What
from unstuck.lab.random import purpose_words, seed_words

LIFE = (
    "life.refuel", "life.intrusion_chance", "life.stress_per_year", "life.stress_outcome", "life.avoid_steepness",
    "life.avoid_threshold", "life.belief_start", "life.belief_days", "life.belief_floor", "life.belief_drift",
    "life.belief_expects", "life.sleep_loss", "life.arousal_from_intrusion", "life.intrusion_memory",
    "life.avoidance_memory", "therapy.support", "therapy.adherence", "therapy.belief_exposure",
    "therapy.belief_cognitive", "therapy.belief_supportive", "therapy.leaving", "therapy.leave_distress",
    "therapy.leave_no_gain", "learner.drug_block", "learner.drug_learning",
)  # fmt: skip
(
    REFUEL, CHANCE, STRESS_RATE, STRESS_OUTCOME, STEEP, THRESHOLD, B_START, B_DAYS, B_FLOOR, B_DRIFT, B_EXPECTS,
    SLEEP_LOSS, H_RATE, I_RATE, A_RATE, SUPPORT, ADHERENCE, STEP_1, STEP_2, STEP_3, LEAVING, DISTRESS, NO_GAIN, BLOCK,
    LEARNING,
) = range(25)  # fmt: skip
COLUMNS = (
    "since_h", "until_h", "nights", "what", "slot", "first_of_day", "session", "begins", "leaves", "vividness",
    "supported", "teaches", "in_vivo", "day",
)  # fmt: skip
(
    C_SINCE, C_UNTIL, C_NIGHTS, C_WHAT, C_SLOT, C_FIRST, C_SESSION, C_BEGINS, C_LEAVES, C_VIVID, C_SUPPORTED, C_TEACHES,
    C_VIVO, C_DAY,
) = range(14)  # fmt: skip
B, INTRUSION, A, H, T, LEFT, AT_FIRST = range(7)  # rows of a block's inner state
_CALM, _INTRUSION, _REMINDER, _TAPE, _TALK = (
    int(w) for w in (What.CALM, What.INTRUSION, What.REMINDER, What.TAPE, What.TALK)
)
_TRAUMA = np.array([inner.TRAUMA_H, inner.TRAUMA_NIGHTS, inner.TRAUMA_OUTCOME])
_TRAUMA_CUES = np.concatenate([inner.TRAUMA_CUES[None], CUES_OF[:1]])
_START = np.array([0.0, *(inner.START[n] for n in ("intrusion", "avoidance", "arousal", "threat")), 0.0, 0.0])
OF_EVENT = len(SCALARS)
_MASK, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def run(crowd: Crowd, table: Timetable, drug: Signals, looks: Marks, threads: int = 1) -> Array:
    """States after the events named by `looks`, shape (people, looks, STATES); as `inner.run`."""
    life = np.stack([crowd.life[name] for name in LIFE])
    events = np.stack([np.asarray(getattr(table, name), dtype=float) for name in COLUMNS], axis=1)
    days = int(table.day[-1]) + 1
    words = np.array([purpose_words(inner.LUCK, day) for day in range(days)], dtype=np.uint64)
    key = np.array(seed_words(crowd.seed), dtype=np.uint64)
    signals = np.stack([np.broadcast_to(s, (_rows(drug), table.events)) for s in _all(drug)], axis=-1)
    seen = np.zeros((crowd.people, looks.size, len(STATES)))

    table_of = np.ascontiguousarray(crowd.members.table)
    world = (table_of, life, events, signals, words, key, crowd.numbers, looks)

    def work(low: int) -> None:
        _block(world, seen, low)

    lows = range(0, crowd.people, LANES)
    if threads == 1 or crowd.people <= LANES:
        for low in lows:
            work(low)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, lows))
    return seen


def runner_for(crowd: Crowd) -> Runner:
    """The compiled path where the learner has one, else the readable reference."""
    return run if crowd.model.learner.key == "latent_causes" else inner.run


def _all(drug: Signals) -> tuple[Array, ...]:
    return drug.block, drug.plasticity, drug.plasticity_since, drug.block_after, drug.met, drug.yielding


def _rows(drug: Signals) -> int:
    return int(max(s.shape[0] for s in _all(drug)))


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _philox(a, b, c, d, k, m):  # type: ignore[no-untyped-def]
    """Philox4x32-10, as `lab.random.philox`; words in the low half of 64 bits."""
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (right >> _HALF) ^ b ^ k, right & _MASK, (left >> _HALF) ^ d ^ m, left & _MASK
        k, m = (k + np.uint64(0x9E3779B9)) & _MASK, (m + np.uint64(0xBB67AE85)) & _MASK
    return a, b, c, d


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _unit(high, low):  # type: ignore[no-untyped-def]
    whole = (high << np.uint64(20)) | (low >> np.uint64(12))
    return (np.float64(whole) + 0.5) / 4503599627370496.0


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def draw_day(luck, person, low, high, key, w):  # type: ignore[no-untyped-def]
    """The day's uniforms of one person, in the order of `random.uniform_array`."""
    for block in range((SLOTS + 1) // 2):
        a, b, c, d = _philox(np.uint64(block), person, low, high, key[0], key[1])
        luck[2 * block, w] = _unit(a, b)
        if 2 * block + 1 < SLOTS:
            luck[2 * block + 1, w] = _unit(c, d)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _trauma(b):  # type: ignore[no-untyped-def]
    """The severe event and the month after it."""
    for n in range(_TRAUMA.shape[1]):
        which = 0 if _TRAUMA[2, n] > 0 else 1
        for c in range(OF_EVENT * LANES):
            b[EVENT + c] = 0.0
        for w in range(LANES):
            for d in range(FEATURES):
                b[FEATURE + d * LANES + w] = _TRAUMA_CUES[which, d]
            b[ks.SINCE + w], b[ks.NIGHTS + w], b[ks.OUTCOME + w] = _TRAUMA[0, n], _TRAUMA[1, n], _TRAUMA[2, n]
            b[ks.SLEEP + w], b[ks.UNTIL + w], b[ks.OBSERVED + w] = inner.TRAUMA_SLEEP, 0.05, 1.0
        step(b)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _drift(life, state, luck, e):  # type: ignore[no-untyped-def]
    """Belief before the event, as `inner._drifted`."""
    for w in range(LANES):
        floor = life[B_FLOOR, w]
        target = floor + (1.0 - floor) * (inner.OF_INTRUSION * state[INTRUSION, w] + inner.OF_AROUSAL * state[H, w])
        belief = state[B, w] + e[C_SINCE] / 24.0 / life[B_DAYS, w] * (target - state[B, w])
        if e[C_FIRST] > 0:
            belief += life[B_DRIFT, w] * np.sqrt(12.0) * (luck[DRIFT, w] - 0.5)
        state[B, w] = min(max(belief, inner.LEAST_BELIEF), 1.0)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _meet(life, state, luck, e, signals, met):  # type: ignore[no-untyped-def]
    """Rows of `met`: avoided, lived, stress; as `inner._met`."""
    what, slot = int(e[C_WHAT]), int(e[C_SLOT])
    for w in range(LANES):
        there = 1.0 if state[LEFT, w] < 0.5 else 0.0
        avoided, lived, stress = 0.0, there, 0.0
        if what == _REMINDER:
            pull = life[STEEP, w] * (state[T, w] * signals[4, w] - life[THRESHOLD, w])
            chance = 1.0 / (1.0 + np.exp(-pull)) * (1.0 - e[C_VIVO] * life[ADHERENCE, w] * there)
            stress = 1.0 if luck[STRESS, w] < life[STRESS_RATE, w] / 365.0 and slot == 2 else 0.0
            avoided = 1.0 if luck[slot, w] < chance and stress < 0.5 else 0.0
            lived = 1.0 - avoided
        elif what == _INTRUSION:
            lived = 1.0 if luck[slot, w] < life[CHANCE, w] else 0.0
        elif what == _TAPE:
            lived = there if luck[slot, w] < life[ADHERENCE, w] else 0.0
        elif what == _CALM:
            lived = 1.0
        met[0, w], met[1, w], met[2, w] = avoided, lived, stress


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _show(life, state, e, signals, met, b):  # type: ignore[no-untyped-def]
    """The event as the learner gets it, as `inner._event`."""
    what = int(e[C_WHAT])
    calm = what in (_CALM, _TALK)
    for w in range(LANES):
        shown = what if met[1, w] > 0.5 else _CALM
        for d in range(FEATURES):
            b[FEATURE + d * LANES + w] = CUES_OF[shown, d]
        b[FEATURE + w] *= e[C_VIVID]
        eased = 1.0 - e[C_SUPPORTED] * life[SUPPORT, w]
        reacts = met[1, w] > 0.5 and not calm
        b[ks.SINCE + w], b[ks.UNTIL + w], b[ks.NIGHTS + w] = e[C_SINCE], e[C_UNTIL], e[C_NIGHTS]
        b[ks.OUTCOME + w] = life[STRESS_OUTCOME, w] if met[2, w] > 0.5 else 0.0
        b[ks.OBSERVED + w] = met[1, w]
        b[ks.SLEEP + w] = 1.0 / (1.0 + life[SLEEP_LOSS, w] * state[H, w])
        b[ks.REACTION + w] = life[REFUEL, w] * state[B, w] * eased if reacts else 0.0
        b[ks.EXPECTATION + w] = life[B_EXPECTS, w] * state[B, w]
        b[ks.BLOCK + w], b[ks.PLASTICITY + w] = signals[0, w], signals[1, w]
        b[ks.PLASTICITY_SINCE + w], b[ks.BLOCK_AFTER + w] = signals[2, w], signals[3, w]
        b[ks.AMNESTIC + w] = 0.0


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _feel(life, state, e, met, b):  # type: ignore[no-untyped-def]
    """Running means after the event, as `inner._felt`."""
    what = int(e[C_WHAT])
    for w in range(LANES):
        fear, threat, lived = b[ks.EXPRESSED + w], b[ks.PREDICTED + w], met[1, w] > 0.5
        if what == _INTRUSION:
            felt = fear if lived else 0.0
            state[INTRUSION, w] += life[I_RATE, w] * (felt - state[INTRUSION, w])
            state[T, w] = 0.9 * state[T, w] + 0.1 * threat if lived else state[T, w]
        elif what == _REMINDER:
            state[A, w] += life[A_RATE, w] * (met[0, w] - state[A, w])
            state[T, w] = 0.6 * state[T, w] + 0.4 * threat if lived else state[T, w]
        if e[C_SESSION] < 0.5:
            state[H, w] += life[H_RATE, w] * (fear - state[H, w])


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _teach(life, state, e, signals, met):  # type: ignore[no-untyped-def]
    """A part of a session moves belief, as `inner._taught`."""
    row = STEP_1 + int(e[C_TEACHES]) - 1
    for w in range(LANES):
        gain = (1.0 - life[BLOCK, w] * signals[0, w]) * (1.0 + life[LEARNING, w] * signals[1, w])
        moved = min(life[row, w] * gain * signals[5, w], 0.9) * met[1, w]
        state[B, w] = min(max(state[B, w] * (1.0 - moved), inner.LEAST_BELIEF), 1.0)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _leave(life, state, luck, e, b):  # type: ignore[no-untyped-def]
    """Whether somebody leaves at this session, as `inner._leaves`."""
    base = e[C_LEAVES]
    odds = np.log(base / (1.0 - base)) if base > 0 else -np.inf
    for w in range(LANES):
        if e[C_SESSION] < 1.5:
            state[AT_FIRST, w] = state[INTRUSION, w]
        gainless = 1.0 if e[C_SESSION] > 3 and state[INTRUSION, w] >= state[AT_FIRST, w] else 0.0
        pull = odds + life[LEAVING, w] + life[DISTRESS, w] * (2.0 * b[ks.EXPRESSED + w] - 1.0)
        pull += life[NO_GAIN, w] * gainless
        state[LEFT, w] = 1.0 if luck[int(e[C_SLOT]), w] < 1.0 / (1.0 + np.exp(-pull)) else state[LEFT, w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _enter(table, life, low, b, own, state):  # type: ignore[no-untyped-def]
    """The figures and first states of the people from `low` on; lanes without a person repeat the last one."""
    for w in range(LANES):
        person = min(low + w, table.shape[0] - 1)
        for k in range(table.shape[1]):
            b[FIGURE + k * LANES + w] = table[person, k]
        for k in range(life.shape[0]):
            own[k, w] = life[k, person]
        for k in range(7):
            state[k, w] = _START[k]
        state[B, w] = own[B_START, w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def begin_block(table, life, low, b, own, state):  # type: ignore[no-untyped-def]
    """The people from `low` on after the severe event and the month that followed."""
    _enter(table, life, low, b, own, state)
    _trauma(b)


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def _block(world, seen, low):  # type: ignore[no-untyped-def]
    """The whole course of one block, whose first person is `low`."""
    table, life, events, signals, words, key, numbers, looks = world
    last, b = table.shape[0] - 1, fresh()
    own, state, met = np.empty((life.shape[0], LANES)), np.empty((7, LANES)), np.empty((3, LANES))
    luck, now = np.empty((SLOTS, LANES)), np.empty((6, LANES))
    begin_block(table, life, low, b, own, state)
    place = 0
    for n in range(events.shape[0]):
        e = events[n]  # one row of COLUMNS
        for w in range(LANES):
            person = min(low + w, last)
            for k in range(6):
                now[k, w] = signals[person if signals.shape[0] > 1 else 0, n, k]
            if e[C_FIRST] > 0:
                day = int(e[C_DAY])
                draw_day(luck, np.uint64(numbers[person]), words[day, 0], words[day, 1], key, w)
        _drift(own, state, luck, e)
        _meet(own, state, luck, e, now, met)
        _show(own, state, e, now, met, b)
        step(b)
        _feel(own, state, e, met, b)
        if e[C_TEACHES] > 0:
            _teach(own, state, e, now, met)
        if e[C_BEGINS] > 0:
            _leave(own, state, luck, e, b)
        while place < looks.size and looks[place] == n:
            for w in range(min(LANES, last + 1 - low)):
                for k in range(6):
                    seen[low + w, place, k] = state[k, w]
            place += 1
