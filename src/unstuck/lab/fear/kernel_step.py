"""One event of a block of people, compiled: the step of `latent_causes` with LANES people side by side in vectors.

A block is one flat array of rows, LANES numbers each; the names below are the places where rows begin, so that row NAME
of person w is `b[NAME + w]`, and of cause k `b[NAME + k * LANES + w]`. Constant places let a compiler see that rows do
not overlap. A patient layer may call `step` from its own compiled loop: it fills FIGURE, and before each event FEATURE
and the rows of the event; it reads EXPRESSED, PREDICTED, LEARNED and KNOWN; what is remembered moves on.

Written for speed: logarithms are multiplied out, the three passes move one number a cause (all passes pull along the
same direction), nights are powers by squaring, exponentials a polynomial that compilers vectorise (error 2e-16).
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numba import njit

from unstuck.lab.fear.base import FEATURES, SCALARS
from unstuck.lab.fear.latent_causes import CAUSES, CLEARLY, FLOOR, NAMES, TRACE

LANES = 64  # people side by side; measured: a quarter faster than 32
AWAY = -1e30  # the exponent of a cause that is not there

# Where the parts of a block begin: figures, event, what is told, what is remembered (124 rows), room to work in.
_ROWS = (
    len(NAMES), len(SCALARS), FEATURES, 4, CAUSES * FEATURES, CAUSES * FEATURES, *[CAUSES] * 7, FEATURES, 4,
    12, *[CAUSES] * 9, 1, FEATURES,
)  # fmt: skip
(
    FIGURE, EVENT, FEATURE, TOLD, WEIGHT, SEEN, COUNT, FAST, MID, SLOW, TAG, MISMATCH, LABILE, ASSOCIABLE,
    _EACH, SCRATCH, MULT, FIT, PRIOR, FIRST, NOW, MOVED, SHARE, SURE, RAISED, CLOSED, ATTENDED, SIZE,
) = (LANES * rows for rows in accumulate(_ROWS, initial=0))  # fmt: skip
(
    NEW_CAUSE, CONTEXT_VARIANCE, OUTCOME_VARIANCE, RATE_WORSE, RATE_BETTER, ASSOCIABILITY_SHARE, ASSOCIABILITY_RATE,
    WEIGHT_FAST, WEIGHT_MID, WEIGHT_SLOW, FAST_H, MID_H, SLOW_H, STRENGTHEN_FAST, STRENGTHEN_SLOW, CONSOLIDATION,
    NIGHT_TRANSFER, PREFRONTAL_GAIN, LABILE_HALF_H, LABILE_PASSES, MOMENTUM_GAIN, MOMENTUM_H, SURPRISE_GAIN,
    SURPRISE_RATE, SURPRISE_H, NEW_CAUSE_VARIANCE, NEW_CAUSE_THREAT, FEAR_THRESHOLD, FEAR_SLOPE, AROUSAL_GAIN,
    AROUSAL_H, AROUSAL_ON_PREFRONTAL, AROUSAL_FROM_FEAR, MOMENTUM_STEP, SAFETY_STEEPNESS, DRUG_BLOCK, DRUG_STORAGE,
    DRUG_LEARNING, DRUG_WEAKENING, AMNESTIC_LOSS, LABILE_GAIN, LABILE_SPREAD, LABILE_ERROR_GAIN, LABILE_OPEN_PER_H,
    LABILE_CLOSE_PER_H,
) = (FIGURE + LANES * n for n in range(len(NAMES)))  # fmt: skip
(
    SINCE, OUTCOME, OBSERVED, UNTIL, NIGHTS, SLEEP, REACTION, EXPECTATION, BLOCK, PLASTICITY, PLASTICITY_SINCE,
    BLOCK_AFTER, AMNESTIC,
) = (EVENT + LANES * n for n in range(len(SCALARS)))  # fmt: skip
EXPRESSED, PREDICTED, LEARNED, KNOWN = (TOLD + LANES * n for n in range(4))
OPENED, AROUSAL, MOMENTUM, SURPRISE = (_EACH + LANES * n for n in range(4))
GAIN, STORED, GONE, LEVEL, PULL, LATER, EFFORT, ALONG, ERROR, WON, MOST, SUM = (SCRATCH + LANES * n for n in range(12))


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def fresh():  # type: ignore[no-untyped-def]
    """A block of people to whom nothing has happened yet; their figures are not filled in."""
    b = np.zeros(SIZE)
    b[TAG : TAG + CAUSES * LANES] = 1.0
    b[ASSOCIABLE : ASSOCIABLE + FEATURES * LANES] = 1.0
    return b


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def raise_rows(b, first, rows):  # type: ignore[no-untyped-def]
    """So many rows from `first` on become their exponentials, to rounding; exponents are held between -700 and 700."""
    for n in range(first, first + rows * LANES):
        x = min(max(b[n], -700.0), 700.0)
        shifted = x * 1.4426950408889634 + 6755399441055744.0  # the whole part lands in the low bits
        whole = shifted - 6755399441055744.0
        r = (x - whole * 0.6931471803691238) - whole * 1.9082149292705877e-10
        p = 1.6059043836821613e-10
        p = p * r + 2.08767569878681e-09
        p = p * r + 2.505210838544172e-08
        p = p * r + 2.755731922398589e-07
        p = p * r + 2.7557319223985893e-06
        p = p * r + 2.48015873015873e-05
        p = p * r + 0.0001984126984126984
        p = p * r + 0.001388888888888889
        p = p * r + 0.008333333333333333
        p = p * r + 0.041666666666666664
        p = p * r + 0.16666666666666666
        p = p * r + 0.5
        p = p * r + 1.0
        p = p * r + 1.0
        power = (np.float64(shifted).view(np.int64) + 1023) << 52
        b[n] = p * np.int64(power).view(np.float64)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def step(b):  # type: ignore[no-untyped-def]
    """The block after one event, whose rows stand in it; what the event brought stands in the rows that are told."""
    _pass_time(b)
    _retrieve(b)
    _express(b)
    _learn(b)
    _surprise(b)
    _settle(b)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _pass_time(b):  # type: ignore[no-untyped-def]
    """Consolidation over the hours, nights, decay."""
    most = 0.0
    for w in range(LANES):
        b[RAISED + w] = -b[SINCE + w] / b[FAST_H + w]
        b[RAISED + LANES + w] = -b[SINCE + w] / b[MID_H + w]
        b[RAISED + 2 * LANES + w] = -b[SINCE + w] / b[SLOW_H + w]
        b[RAISED + 3 * LANES + w] = -b[SINCE + w] / b[AROUSAL_H + w]
        b[RAISED + 4 * LANES + w] = -b[SINCE + w] / b[MOMENTUM_H + w]
        b[RAISED + 5 * LANES + w] = -b[SINCE + w] / b[SURPRISE_H + w]
        b[CLOSED + w] = -b[SINCE + w] * b[LABILE_CLOSE_PER_H + w]
        most = max(most, b[NIGHTS + w])
    raise_rows(b, RAISED, 7)
    for w in range(LANES):
        b[AROUSAL + w] *= b[RAISED + 3 * LANES + w]
        b[MOMENTUM + w] *= b[RAISED + 4 * LANES + w]
        b[SURPRISE + w] *= b[RAISED + 5 * LANES + w]
        b[GAIN + w] = b[PREFRONTAL_GAIN + w] / (1.0 + b[AROUSAL_ON_PREFRONTAL + w] * b[AROUSAL + w])
        b[STORED + w] = 1.0 + b[DRUG_STORAGE + w] * b[PLASTICITY_SINCE + w]
        b[GONE + w] = (1.0 - b[RAISED + w]) * b[STORED + w] * b[CONSOLIDATION + w]
        b[SUM + w] = 0.0
        b[ALONG + w] = 0.0
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            b[MOVED + c] = b[TAG + c] * b[FAST + c] * b[GONE + w]
            b[SUM + w] += b[MOVED + c]
    for w in range(LANES):
        b[MOST + w] = 1.0 / max(1.0, b[SUM + w] / 0.95)
        b[SUM + w] *= b[MOST + w]
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            b[MID + c] += b[MOVED + c] * b[MOST + w] - b[MID + c] * b[SUM + w]
            b[ALONG + w] += b[MID + c]
    if most > 0.0:
        _sleep(b, np.int64(most))
    _fade(b)


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _fade(b):  # type: ignore[no-untyped-def]
    """Retrieval strengths decay as RAISED tells; a contradiction opens a cause after a pause, and hours close it."""
    for w in range(LANES):
        paused, over = b[SINCE + w] * b[LABILE_OPEN_PER_H + w], b[SINCE + w] * b[LABILE_CLOSE_PER_H + w]
        paused, over = paused * paused * paused * paused, over * over * over * over
        b[LEVEL + w] = paused / (1.0 + paused) / (1.0 + over)
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            b[LABILE + c] = max(b[LABILE + c] * b[CLOSED + w], b[MISMATCH + c] * b[LEVEL + w])
            b[FAST + c] *= b[RAISED + w]
            b[MID + c] *= b[RAISED + LANES + w]
            b[SLOW + c] = min(max(b[SLOW + c], 0.0), 1.0) * b[RAISED + 2 * LANES + w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _sleep(b, most):  # type: ignore[no-untyped-def]
    """Nights move mid strength into slow; `most` is the largest number of nights of the block."""
    for k in range(CAUSES):
        for w in range(LANES):
            c, q = k * LANES + w, k * FEATURES * LANES + w
            threat = b[WEIGHT + q]
            for d in range(1, FEATURES):
                threat = max(threat, b[WEIGHT + q + d * LANES])
            valued = 1.0 - (1.0 - b[GAIN + w]) * (1.0 - min(max(threat, 0.0), 1.0))
            share = b[NIGHT_TRANSFER + w] * valued * b[STORED + w] * b[SLEEP + w]
            b[NOW + c] = 1.0 - min(max(share, 0.0), 0.9)
            b[FIRST + c] = 1.0
    bit = 1
    while bit <= most:
        for k in range(CAUSES):
            for w in range(LANES):
                c = k * LANES + w
                b[FIRST + c] *= b[NOW + c] if np.int64(b[NIGHTS + w]) & bit else 1.0
                b[NOW + c] *= b[NOW + c]
        bit *= 2
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            b[SLOW + c] += (1.0 - b[FIRST + c]) * (b[MID + c] - b[SLOW + c] * b[ALONG + w])


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _retrieve(b):  # type: ignore[no-untyped-def]
    """How well each cause fits, what it predicts, and the priors over causes up to their sum."""
    for w in range(LANES):
        total = 0.0
        for d in range(FEATURES):
            total += b[FEATURE + d * LANES + w]
        level = b[NEW_CAUSE_THREAT + w] + b[MOMENTUM_GAIN + w] * b[MOMENTUM + w] + b[EXPECTATION + w]
        b[LEVEL + w] = min(max(level, 0.0), 0.9) / max(total, 1.0)
        b[PULL + w] = b[SURPRISE_GAIN + w] * abs(b[SURPRISE + w])
        b[MOST + w] = AWAY
        b[SUM + w] = 0.0
        b[PREDICTED + w] = 0.0
    raise_rows(b, PULL, 1)
    for k in range(CAUSES):
        for w in range(LANES):
            c, q = k * LANES + w, k * FEATURES * LANES + w
            active, spare = k < b[OPENED + w], k == b[OPENED + w]
            less = 1.0 / (b[COUNT + c] + 1.0)
            typical = less if active else 0.0
            apart, threat = 0.0, 0.0
            for d in range(FEATURES):
                x = b[FEATURE + d * LANES + w]
                far = x - typical * b[SEEN + q + d * LANES]
                apart += far * far
                weight = b[LEVEL + w] if spare else b[WEIGHT + q + d * LANES]
                b[WEIGHT + q + d * LANES] = weight
                threat += weight * x
            more = 0.0 if active else b[NEW_CAUSE_VARIANCE + w]
            sure = 1.0 / (b[CONTEXT_VARIANCE + w] * (1.0 + less) + more)
            pull = b[WEIGHT_FAST + w] * b[FAST + c] + b[WEIGHT_MID + w] * b[MID + c]
            pull += b[WEIGHT_SLOW + w] * b[SLOW + c] + TRACE
            pull = b[NEW_CAUSE + w] * b[PULL + w] if spare else pull
            there = active or spare
            b[MULT + c] = (pull + FLOOR) * sure * sure * sure if there else 0.0
            b[FIT + c] = -0.5 * apart * sure if there else AWAY
            b[FIRST + c] = threat
            b[NOW + c] = threat
            b[MOST + w] = max(b[MOST + w], b[FIT + c])


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _express(b):  # type: ignore[no-untyped-def]
    """Priors, the threat that they predict together, the fear that shows, and the outcome that is learned from."""
    for k in range(CAUSES):
        for w in range(LANES):
            b[PRIOR + k * LANES + w] = b[FIT + k * LANES + w] - b[MOST + w]
    raise_rows(b, PRIOR, CAUSES)
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            b[PRIOR + c] *= b[MULT + c]
            b[SUM + w] += b[PRIOR + c]
            b[PREDICTED + w] += b[PRIOR + c] * b[FIRST + c]
    for w in range(LANES):
        b[SUM + w] = 1.0 / b[SUM + w]
        b[PREDICTED + w] *= b[SUM + w]
        b[EXPRESSED + w] = (b[FEAR_THRESHOLD + w] - b[PREDICTED + w]) / b[FEAR_SLOPE + w]
        own = b[REACTION + w] * min(max(b[PREDICTED + w], 0.0), 1.0)
        b[LEARNED + w] = min(max(b[OUTCOME + w] + own, 0.0), 1.0)
    raise_rows(b, EXPRESSED, 1)
    for w in range(LANES):
        b[EXPRESSED + w] = 1.0 / (1.0 + b[EXPRESSED + w])
    for k in range(CAUSES):
        for w in range(LANES):
            b[PRIOR + k * LANES + w] *= b[SUM + w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _learn(b):  # type: ignore[no-untyped-def]
    """Three passes over responsibilities and errors, then the weights in one go along what was attended."""
    for w in range(LANES):
        length, along = 0.0, 0.0
        for d in range(FEATURES):
            length += b[FEATURE + d * LANES + w] * b[FEATURE + d * LANES + w]
        length = 1.0 / max(length, 1.0)
        for d in range(FEATURES):
            f = d * LANES + w
            ready = 1.0 - b[ASSOCIABILITY_SHARE + w] * (1.0 - b[ASSOCIABLE + f])
            b[ATTENDED + f] = ready * b[FEATURE + f] * length
            along += b[ATTENDED + f] * b[FEATURE + f]
        b[ALONG + w] = along
        later = b[UNTIL + w] * b[UNTIL + w]
        later = later / (later + b[LABILE_HALF_H + w] * b[LABILE_HALF_H + w])
        b[LATER + w] = later * b[LABILE_PASSES + w] / 2.0
        effort = (1.0 - b[DRUG_BLOCK + w] * b[BLOCK + w]) * b[OBSERVED + w]
        b[EFFORT + w] = effort * (1.0 + b[DRUG_LEARNING + w] * b[PLASTICITY + w])
        b[LEVEL + w] = 0.5 / b[OUTCOME_VARIANCE + w]
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            b[MOVED + c] = 0.0
            b[SHARE + c] = 0.0
            b[SURE + c] = b[LEVEL + w] / (1.0 + b[LABILE_SPREAD + w] * b[LABILE + c])
    for number in range(3):
        _pass(b, number)
    for k in range(CAUSES):
        for w in range(LANES):
            q, moved = k * FEATURES * LANES + w, b[MOVED + k * LANES + w]
            for d in range(FEATURES):  # innermost, so that the lanes are what is vectorised
                b[WEIGHT + q + d * LANES] += moved * b[ATTENDED + d * LANES + w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _pass(b, number):  # type: ignore[no-untyped-def]
    """One pass: who is responsible now, and how far each cause's threat moves."""
    first = 1.0 if number == 0 else 0.0
    for w in range(LANES):
        b[MOST + w] = AWAY
        b[SUM + w] = 0.0
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            error = b[LEARNED + w] - b[NOW + c]
            b[RAISED + c] = b[FIT + c] - b[SURE + c] * error * error
            b[MOST + w] = max(b[MOST + w], b[RAISED + c])
    for k in range(CAUSES):
        for w in range(LANES):
            b[RAISED + k * LANES + w] -= b[MOST + w]
    raise_rows(b, RAISED, CAUSES)
    for k in range(CAUSES):
        for w in range(LANES):
            b[RAISED + k * LANES + w] *= b[MULT + k * LANES + w]
            b[SUM + w] += b[RAISED + k * LANES + w]
    for w in range(LANES):
        b[SUM + w] = 1.0 / b[SUM + w]
        b[MOST + w] = first + (1.0 - first) * b[LATER + w]
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            held, prior, worse, better = b[RAISED + c] * b[SUM + w], b[PRIOR + c], b[RATE_WORSE + w], b[RATE_BETTER + w]
            held = held if b[OBSERVED + w] > 0 else prior
            share = b[SHARE + c] + b[MOST + w] * (held - b[SHARE + c])
            error = b[LEARNED + w] - b[NOW + c]
            rate = worse if error > 0 else better
            rate = min(rate * (1.0 + b[LABILE_GAIN + w] * b[LABILE + c]), 1.0)
            moved = b[MOST + w] * b[EFFORT + w] * rate * share * error
            b[SHARE + c] = share
            b[MOVED + c] += moved
            b[NOW + c] += moved * b[ALONG + w]


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _surprise(b):  # type: ignore[no-untyped-def]
    """Errors of what was held responsible and of what was known; associability, momentum, surprise; who won."""
    for w in range(LANES):
        b[ERROR + w] = 0.0
        b[SUM + w] = 0.0
        b[LEVEL + w] = 0.0
        b[MOST + w] = AWAY
        b[WON + w] = 0.0
    for k in range(CAUSES):
        for w in range(LANES):
            c = k * LANES + w
            error = b[LEARNED + w] - b[FIRST + c]
            known = b[PRIOR + c] if k < b[OPENED + w] else 0.0
            spare = k == b[OPENED + w]
            b[ERROR + w] += b[SHARE + c] * error
            b[SUM + w] += known
            b[LEVEL + w] += known * error
            clearly = b[LABILE_ERROR_GAIN + w] * error
            clearly = clearly * clearly * clearly * clearly
            b[MISMATCH + c] = b[OBSERVED + w] * known * clearly / (1.0 + clearly)
            b[MOST + w] = max(b[MOST + w], AWAY if spare else b[SHARE + c])
            b[WON + w] += b[SHARE + c] if spare else 0.0
    for w in range(LANES):
        heard = b[OBSERVED + w]
        b[ERROR + w] *= heard
        b[WON + w] = 1.0 if b[WON + w] > b[MOST + w] + CLEARLY else 0.0
        before = b[LEVEL + w] / max(b[SUM + w], 1e-6) * heard
        moved = heard * b[SURPRISE_RATE + w] * (before - b[SURPRISE + w])
        b[SURPRISE + w] = (b[SURPRISE + w] + moved) * (1.0 - b[WON + w])
        b[MOMENTUM + w] += b[MOMENTUM_STEP + w] * heard * max(b[ERROR + w], 0.0)
    for d in range(FEATURES):
        for w in range(LANES):
            f = d * LANES + w
            drift = b[ASSOCIABILITY_RATE + w] * min(max(b[FEATURE + f], 0.0), 1.0) * b[OBSERVED + w]
            b[ASSOCIABLE + f] += drift * (abs(b[ERROR + w]) - b[ASSOCIABLE + f])


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _settle(b):  # type: ignore[no-untyped-def]
    """Opens the cause that won, strengthens and tags what was used, and takes away what a block or an agent takes."""
    for w in range(LANES):
        b[RAISED + w] = b[SAFETY_STEEPNESS + w] * b[ERROR + w]
    raise_rows(b, RAISED, 1)
    for w in range(LANES):
        b[OPENED + w] += b[WON + w]
        b[KNOWN + w] = b[OPENED + w]
        encoded = 1.0 - b[DRUG_BLOCK + w] * b[BLOCK + w]
        lost = b[DRUG_WEAKENING + w] * b[BLOCK_AFTER + w]
        safe = 1.0 / (1.0 + b[RAISED + w]) if b[LEARNED + w] < 0.5 else 0.0
        stored = (1.0 - safe * (1.0 - b[GAIN + w])) * encoded * (1.0 - min(max(b[AMNESTIC + w], 0.0), 1.0))
        b[STORED + w] = stored * (1.0 - min(max(lost, 0.0), 1.0))
        salience = b[STRENGTHEN_SLOW + w] * b[LEARNED + w] * encoded
        salience *= 1.0 + b[DRUG_STORAGE + w] * b[PLASTICITY + w]
        b[LEVEL + w] = min(max(salience, 0.0), 0.9)
        b[LATER + w] = lost * b[OBSERVED + w]
        b[EFFORT + w] = b[AMNESTIC_LOSS + w] * b[AMNESTIC + w] * b[OBSERVED + w]
        b[AROUSAL + w] += b[AROUSAL_GAIN + w] * max(b[LEARNED + w], b[AROUSAL_FROM_FEAR + w] * b[EXPRESSED + w])
        b[SUM + w] = 0.0
    for k in range(CAUSES):
        for w in range(LANES):
            b[SUM + w] += b[SHARE + k * LANES + w] if k < b[OPENED + w] else 0.0
    for k in range(CAUSES):
        for w in range(LANES):
            c, active = k * LANES + w, 1.0 if k < b[OPENED + w] else 0.0
            share = active * b[SHARE + c] / b[SUM + w]
            kept = active * (1.0 - min(max(share * b[EFFORT + w], 0.0), 1.0))
            kept *= 1.0 - min(max(share * b[LATER + w], 0.0), 1.0)
            b[FAST + c] += active * b[STRENGTHEN_FAST + w] * (share - b[FAST + c])
            b[SLOW + c] += active * b[LEVEL + w] * (share - b[SLOW + c])
            b[TAG + c] += share * (b[STORED + w] - b[TAG + c])
            b[COUNT + c] += share
            for d in range(FEATURES):
                q = (k * FEATURES + d) * LANES + w
                b[WEIGHT + q] *= kept
                b[SEEN + q] += share * b[FEATURE + d * LANES + w]
