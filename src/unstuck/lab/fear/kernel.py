"""The fast path of the recommended learner: `LatentCauses.run` for many people, to 1e-9 of every number.

Blocks of LANES people, each with its own figures and schedule; lanes and blocks share nothing: neither the block
in which a person stands nor the padding of schedules nor the number of threads changes a bit. One compiled signature
serves every schedule and is kept on disk. Needs Numba; the first call after installation compiles, for some seconds.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.fear.base import FEATURES, SCALARS, Array, History, Members, Told
from unstuck.lab.fear.kernel_step import EVENT, FEATURE, FIGURE, LANES, SCRATCH, TOLD, WEIGHT, fresh, step
from unstuck.lab.fear.latent_causes import CAUSES, NAMES, State

LOG = logging.getLogger(__name__)
REMEMBERED = (SCRATCH - WEIGHT) // LANES  # numbers that are kept of a person: 124


def run(p: Members, history: History, which: NDArray[np.int64] | None = None, threads: int = 1) -> tuple[State, Told]:
    """The last state and what every event brought, shape (people, events); padding brings NaN.

    `which` gives each person's schedule; everybody has the first where it is not given.
    """
    if p.names != NAMES:
        raise Complaint("These are no figures of the learner with latent causes.", "members")
    place = np.zeros(p.people, dtype=np.int64) if which is None else np.asarray(which, dtype=np.int64)
    if place.shape != (p.people,) or (place < 0).any() or (place >= history.schedules).any():
        raise Complaint("A person's schedule is none of those given.", "which")
    if not _run.signatures:
        LOG.info("Preparing the compiled learner; the first time after installation this takes some seconds.")
    told, last = np.full((p.people, history.width, 4), np.nan), np.zeros((p.people, REMEMBERED))
    share = max(-(-p.people // (LANES * max(threads, 1))), 1) * LANES
    parts = [slice(low, low + share) for low in range(0, p.people, share)]
    lived = (*packed(history), history.lengths)

    def part(of: slice) -> None:
        _run(np.ascontiguousarray(p.table[of]), lived, place[of], (told[of], last[of]))

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        list(pool.map(part, parts))
    return unpacked(last), Told(*np.moveaxis(told, -1, 0))


def packed(history: History) -> tuple[Array, Array]:
    """Features (schedules, events, FEATURES) and scalars (schedules, events, 13) as the kernel reads them."""
    shape = (history.schedules, history.width)
    scalars = np.stack([np.broadcast_to(getattr(history.events, name), shape) for name in SCALARS], axis=-1)
    return np.ascontiguousarray(history.events.features), np.ascontiguousarray(scalars)


def unpacked(last: Array) -> State:
    """The state of people from their REMEMBERED numbers each, in the order of a block's rows."""
    people, ends = last.shape[0], np.cumsum([CAUSES * FEATURES] * 2 + [CAUSES] * 7 + [FEATURES])
    weights, seen, counts, fast, mid, slow, tag, mismatch, labile, associability, rest = np.split(last, ends, axis=1)
    by_weight, strength = (people, CAUSES, FEATURES), np.stack([fast, mid, slow], axis=-1)
    opened, arousal, momentum, surprise = rest.T
    return State(
        weights.reshape(by_weight), seen.reshape(by_weight), counts, strength, tag, opened, associability, arousal,
        momentum, surprise, mismatch, labile,
    )  # fmt: skip


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def _fill(b, n, seen, scalars, schedule):  # type: ignore[no-untyped-def]
    """Event `n` of each lane's schedule into the block."""
    for w in range(LANES):
        for d in range(FEATURES):
            b[FEATURE + d * LANES + w] = seen[schedule[w], n, d]
        for c in range(scalars.shape[2]):
            b[EVENT + c * LANES + w] = scalars[schedule[w], n, c]


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def _run(table, schedules, place, found):  # type: ignore[no-untyped-def]
    """Block after block into `found`; lanes without a person repeat the last one and are not written."""
    (seen, scalars, lengths), (told, last), people = schedules, found, table.shape[0]
    for low in range(0, people, LANES):
        b, longest, schedule = fresh(), 0, np.empty(LANES, np.int64)
        for w in range(LANES):
            person = min(low + w, people - 1)
            schedule[w] = place[person]
            longest = max(longest, lengths[schedule[w]])
            for c in range(table.shape[1]):
                b[FIGURE + c * LANES + w] = table[person, c]
        for n in range(-1, longest):
            if n >= 0:
                _fill(b, n, seen, scalars, schedule)
                step(b)
            for w in range(min(LANES, people - low)):
                if 0 <= n < lengths[schedule[w]]:
                    for c in range(4):
                        told[low + w, n, c] = b[TOLD + c * LANES + w]
                if n == lengths[schedule[w]] - 1:
                    for c in range(REMEMBERED):
                        last[low + w, c] = b[WEIGHT + c * LANES + w]
