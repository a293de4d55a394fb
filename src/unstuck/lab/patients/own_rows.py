"""The coming week of one person as rows of events, and what doses do at them, compiled.

A second spelling of `timetable` and `drug`, which make the columns of a whole course for everybody at once; this one
makes each person's own rows a week at a time, so that what has passed need not be made again. Held to them by tests.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from unstuck.lab.fear.channels import LABILE_H, SETTLED_H
from unstuck.lab.fear.kernel_step import LANES, SCRATCH, WEIGHT
from unstuck.lab.patients import drug, timetable
from unstuck.lab.patients.timetable import LEAVE, TAPE, What

WEEK_H = 168.0
AHEAD_H = 26.0  # beyond what is lived, so that the next event is known: no day is without one
REMEMBERED = (SCRATCH - WEIGHT) // LANES
OWN = 7  # rows of the inner state
BELIEF = REMEMBERED  # first of the inner state's columns
PASSED, LAST, NIGHT, GRID, STATE, FELT = range(REMEMBERED + OWN, REMEMBERED + OWN + 6)
MEMORY = FELT + 1
"""Columns of what is kept of a person: the learner's, the inner state, hours passed, last event and its night, the
drug's fading state at a point of its grid, and at the last event."""

BEFORE = -1e9  # hours: nothing has passed
(
    R_AT, R_WHAT, R_SLOT, R_SESSION, R_BEGINS, R_LEAVES, R_VIVID, R_SUPPORTED, R_VIVO, R_TEACHES, R_SINCE, R_UNTIL,
    R_NIGHTS, R_DAY, R_FIRST, R_BLOCK, R_PLASTIC, R_PLASTIC_SINCE, R_BLOCK_AFTER, R_MET, R_YIELDING,
) = range(21)  # fmt: skip
ROW = 21
D_ON, D_OFF, D_DAYS, D_RELEASE, D_MODE = range(5)  # rows of a person's own figures of the drug
P_KIND, P_EVERY, P_VIVID, P_SUPPORTED, P_TEACHES = range(5)  # columns of the parts of a session
H_TAPES, H_SUPPORTED, H_VIVO, H_LEAVES = range(4)  # of homework and leaving
F_RISE, F_MODE_RATE = range(2)  # of the drug, the same for everybody
_LIFE_AT = np.array([hour for hour, _, _ in timetable.LIFE])
_LIFE_WHAT = np.array([int(what) for _, what, _ in timetable.LIFE])
_LIFE_SLOT = np.array([slot for _, _, slot in timetable.LIFE])
_RUN_IN, _BEDTIME_H, _MOST, _EVERY_H, _NARROW = (
    timetable.RUN_IN_DAYS, timetable.BEDTIME_H, drug.MOST, drug.EVERY_H, drug.NARROW,
)  # fmt: skip
RUN_IN_H = 24.0 * _RUN_IN
_CURVE_H = drug.CURVE_H
_DENSE_H = np.concatenate([drug.CURVE_H, drug.LATER_H])
CALM, INTRUSION, REMINDER, TAPED, TALK = (
    int(w) for w in (What.CALM, What.INTRUSION, What.REMINDER, What.TAPE, What.TALK)
)


@njit(cache=True, error_model="numpy")
def _put(ev, n, at, what, slot):  # type: ignore[no-untyped-def]
    """One row more, in order of time; of rows at the same time the earlier written stays first."""
    place = n
    while place > 0 and ev[place - 1, R_AT] > at:
        for k in range(R_SINCE):
            ev[place, k] = ev[place - 1, k]
        place -= 1
    for k in range(R_SINCE):
        ev[place, k] = 0.0
    ev[place, R_AT], ev[place, R_WHAT], ev[place, R_SLOT], ev[place, R_VIVID] = at, what, slot, 1.0
    return place


@njit(cache=True, error_model="numpy")
def _rows(ev, passed, end, plan):  # type: ignore[no-untyped-def]
    """Rows after `passed` up to `end`: daily life, sessions, tapes. How many there are."""
    sessions, held, parts, home = plan
    n = 0
    first = sessions[0] if held else np.inf
    last = sessions[held - 1] + WEEK_H if held else -np.inf
    for day in range(max(-_RUN_IN, int(np.floor(max(passed, -1e6) / 24.0))), int(np.floor(end / 24.0)) + 1):
        for k in range(_LIFE_AT.size):
            at = 24.0 * day + _LIFE_AT[k]
            if passed < at <= end:
                place = _put(ev, n, at, _LIFE_WHAT[k], _LIFE_SLOT[k])
                ev[place, R_VIVO] = home[H_VIVO] if first <= at <= last else 0.0
                n += 1
    for s in range(held):
        at = sessions[s]
        for p in range(parts.shape[0]):
            if passed < at <= end:
                place = _put(ev, n, at, parts[p, P_KIND], LEAVE)
                ev[place, R_VIVID], ev[place, R_SUPPORTED] = parts[p, P_VIVID], parts[p, P_SUPPORTED]
                ev[place, R_SESSION], ev[place, R_TEACHES] = s + 1, parts[p, P_TEACHES]
                ev[place, R_BEGINS] = 1.0 if p == 0 else 0.0
                ev[place, R_LEAVES] = home[H_LEAVES] if p == 0 else 0.0
                n += 1
            at += parts[p, P_EVERY]
    return _tapes(ev, n, passed, end, plan)


@njit(cache=True, error_model="numpy")
def _tapes(ev, n, passed, end, plan):  # type: ignore[no-untyped-def]
    """Taped memories on the days between the first session and the last."""
    sessions, held, _, home = plan
    every = int(home[H_TAPES])
    if not held or not every:
        return n
    for day in range(int(sessions[0] // 24.0) + 1, int(sessions[held - 1] // 24.0), every):
        at, busy = 24.0 * day + 16.0, False
        for s in range(held):
            busy = busy or int(sessions[s] // 24.0) == day
        if passed < at <= end and not busy:
            ev[_put(ev, n, at, TAPED, TAPE), R_SUPPORTED] = home[H_SUPPORTED]
            n += 1
    return n


@njit(cache=True, error_model="numpy")
def _follow(ev, n, to, last, night):  # type: ignore[no-untyped-def]
    """Gaps, nights and days of the rows up to `to`; how many those are."""
    lived = 0
    for place in range(n):
        at = ev[place, R_AT]
        if at > to:
            break
        here, fresh_start = np.floor((at + 24.0 - _BEDTIME_H) / 24.0), last <= BEFORE
        ev[place, R_SINCE] = 0.0 if fresh_start else at - last
        ev[place, R_NIGHTS] = 0.0 if fresh_start else here - night
        ev[place, R_UNTIL] = ev[place + 1, R_AT] - at
        ev[place, R_DAY] = np.floor(at / 24.0) + _RUN_IN
        ev[place, R_FIRST] = 1.0 if fresh_start or np.floor(at / 24.0) > np.floor(last / 24.0) else 0.0
        last, night = at, here
        lived += 1
    return lived


@njit(cache=True, error_model="numpy")
def _grid(grid, from_h, end, given, doses):  # type: ignore[no-untyped-def]
    """Points of the drug's curves from `from_h` on, each once and rising; how many."""
    n, at = 0, from_h
    while n == 0 or grid[n - 1] < end:
        grid[n] = at
        at += _EVERY_H
        n += 1
    top = grid[n - 1]
    for d in range(doses):
        for k in range(_DENSE_H.size):
            at = given[d] + _DENSE_H[k]
            if not from_h < at < top:
                continue
            place = n
            while grid[place - 1] > at:
                place -= 1
            if grid[place - 1] < at:
                for m in range(n, place, -1):
                    grid[m] = grid[m - 1]
                grid[place] = at
                n += 1
    return n


@njit(cache=True, error_model="numpy")
def _curves(grid, n, given, own, rise, curves):  # type: ignore[no-untyped-def]
    """Block, plasticity and the fading state on the grid, as `drug.course_of`; the state goes on from curves[2, 0]."""
    at_h, strength, block, doses = given
    off = own[D_OFF]
    on = min(own[D_ON], _NARROW * off)
    peak = np.log(off / on) / (1 / on - 1 / off)
    top = np.exp(-peak / off) - np.exp(-peak / on)
    for g in range(n):
        most, plastic = 0.0, 0.0
        for d in range(doses):
            since = grid[g] - at_h[d]
            if since >= 0.0:
                plastic += strength[d] * (np.exp(-since / off) - np.exp(-since / on)) / top
                most = max(most, _blocked(block[d], since))
        curves[0, g], curves[1, g] = most, min(plastic, _MOST)
    for g in range(1, n):
        days = (grid[g] - grid[g - 1]) / 24.0
        kept = np.exp(-days / own[D_DAYS])
        drive = (curves[1, g - 1] + curves[1, g]) / 2
        curves[2, g] = kept * curves[2, g - 1] + rise * own[D_DAYS] * drive * (1.0 - kept)


@njit(cache=True, error_model="numpy")
def _blocked(curve, since):  # type: ignore[no-untyped-def]
    """Block so many hours after a dose; none beyond its curve."""
    if since > _CURVE_H[-1]:
        return 0.0
    k = 1
    while k < _CURVE_H.size - 1 and _CURVE_H[k] < since:
        k += 1
    slope = (curve[k] - curve[k - 1]) / (_CURVE_H[k] - _CURVE_H[k - 1])
    return curve[k - 1] + slope * (since - _CURVE_H[k - 1])


@njit(cache=True, error_model="numpy")
def _level(grid, n, curve, at):  # type: ignore[no-untyped-def]
    place = min(max(np.searchsorted(grid[:n], at, side="right") - 1, 0), n - 2)
    share = min(max((at - grid[place]) / (grid[place + 1] - grid[place]), 0.0), 1.0)
    return curve[place] + share * (curve[place + 1] - curve[place])


@njit(cache=True, error_model="numpy")
def _mean(grid, n, curve, start, end):  # type: ignore[no-untyped-def]
    """Mean between two hours, exact for straight pieces."""
    if end - start <= 0.0:
        return 0.0
    area, at, value = 0.0, start, _level(grid, n, curve, start)
    place = np.searchsorted(grid[:n], start, side="right")
    while place < n and grid[place] < end:
        area += (grid[place] - at) * (value + curve[place]) / 2
        at, value = grid[place], curve[place]
        place += 1
    area += (end - at) * (value + _level(grid, n, curve, end)) / 2
    return area / (end - start)


@njit(cache=True, error_model="numpy")
def _signals(ev, lived, mem, world, person):  # type: ignore[no-untyped-def]
    """What the drug does at each row; where the grid stood and the fading state there go on in `mem`."""
    given, strength, block, doses, own, common = world
    for n in range(lived):
        ev[n, R_BLOCK], ev[n, R_PLASTIC], ev[n, R_PLASTIC_SINCE], ev[n, R_BLOCK_AFTER] = 0.0, 0.0, 0.0, 0.0
        ev[n, R_MET], ev[n, R_YIELDING] = 1.0, 1.0
    count = doses[person]
    if not lived:
        return
    if not count:  # nothing was given, so that the state is zero wherever the grid goes on
        mem[GRID], mem[FELT] = np.floor(ev[lived - 1, R_AT] / _EVERY_H) * _EVERY_H, 0.0
        return
    end = ev[lived - 1, R_AT] + AHEAD_H
    size = 80 + _DENSE_H.size * count + int((end - mem[GRID]) / _EVERY_H)
    grid, curves = np.empty(size), np.zeros((3, size))
    n = _grid(grid, mem[GRID], end, given[person], count)
    curves[2, 0] = mem[STATE]
    mine = (given[person], strength[person], block[person], count)
    _curves(grid, n, mine, own[:, person], common[F_RISE], curves)
    for k in range(lived):
        at, until = ev[k, R_AT], ev[k, R_UNTIL]
        ev[k, R_BLOCK], ev[k, R_PLASTIC] = _level(grid, n, curves[0], at), _level(grid, n, curves[1], at)
        ev[k, R_PLASTIC_SINCE] = _mean(grid, n, curves[1], at - ev[k, R_SINCE], at)
        after = _mean(grid, n, curves[0], at, at + min(until, LABILE_H)) if until > SETTLED_H else 0.0
        ev[k, R_BLOCK_AFTER] = max(after - ev[k, R_BLOCK], 0.0)
        lately = _level(grid, n, curves[2], at)
        ev[k, R_MET] = 1.0 - own[D_RELEASE, person] * min(lately, 1.0)
        ev[k, R_YIELDING] = 1.0 + own[D_MODE, person] * _mode(given[person], strength[person], count, at, common)
        mem[FELT] = lately
    _keep_grid(grid, n, curves[2], ev[lived - 1, R_AT], mem)


@njit(cache=True, error_model="numpy")
def _keep_grid(grid, n, state, last, mem):  # type: ignore[no-untyped-def]
    """The latest regular point at or before the last event, from which the next week's grid goes on."""
    point = np.floor(last / _EVERY_H) * _EVERY_H
    for g in range(n):
        if grid[g] == point:
            mem[GRID], mem[STATE] = point, state[g]


@njit(cache=True, error_model="numpy")
def _mode(given, strength, doses, at, common):  # type: ignore[no-untyped-def]
    found = 0.0
    for d in range(doses):
        if at >= given[d]:
            found += strength[d] * np.exp(-common[F_MODE_RATE] * (at - given[d]))
    return min(found, _MOST)


@njit(cache=True, error_model="numpy")
def arrange(ev, mem, to, plan, drugs, person):  # type: ignore[no-untyped-def]
    """The rows of one person's next week, or up to `to`; how many are lived."""
    sessions, held, parts, home = plan
    end = min(to, max(mem[PASSED], -RUN_IN_H) + WEEK_H)
    n = _rows(ev, mem[PASSED], end + AHEAD_H, (sessions[person], held[person], parts, home))
    lived = _follow(ev, n, end, mem[LAST], mem[NIGHT])
    _signals(ev, lived, mem, drugs, person)
    mem[PASSED] = end
    if lived:
        mem[LAST] = ev[lived - 1, R_AT]
        mem[NIGHT] = np.floor((mem[LAST] + 24.0 - _BEDTIME_H) / 24.0)
    return lived
