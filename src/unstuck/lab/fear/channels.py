"""How a drug's effects reach a learner: six channels that can be switched off one by one.

Signals come in as arrays on a grid of hours; which drug made them is not known here. *Encoding*: while transmission is
blocked, less is encoded and stored. *Learning* and *storage*: hours to days later whatever is experienced, threat or
safety, is learned faster or stored better. *Weakening*: what was retrieved shortly before a block loses threat.
*Symptomatic*: a state that follows plasticity and fades scales what is felt, not what is known. *Avoidance*: the same
state lets reminders be met. A seventh, a default-mode factor on how beliefs resist change, is 1 unless switched on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Sourced
from unstuck.core.toml_file import open_toml
from unstuck.lab.fear.base import Array

LABILE_H = 2.0  # block within this time after an event reaches the trace that it made labile
SETTLED_H = 0.25  # an event that is followed sooner leaves no window of its own


@dataclass(frozen=True, slots=True)
class Signals:
    """Curves on a common rising grid of hours, shape (times,) or (people, times), straight between its points."""

    time_h: Array  # (times,)
    block: Array  # share of NMDA transmission blocked, 0 to 1
    plasticity: Array  # 1 is the peak of one standard session

    def __post_init__(self) -> None:
        if self.time_h.size < 2 or (np.diff(self.time_h) <= 0).any():
            raise Complaint("The grid of hours does not rise.", "time_h")
        if self.block.shape[-1] != self.time_h.size or self.plasticity.shape[-1] != self.time_h.size:
            raise Complaint("A curve has another length than its grid.", "signals")


def at_events(signals: Signals | None, at_h: Array) -> dict[str, Array]:
    """The drug's fields of events at these hours, each of shape (events,) or (people, events); zero without a drug.

    Outside the grid the curve keeps its first or last value.
    """
    if signals is None:
        return {name: np.zeros(at_h.size) for name in ("block", "plasticity", "plasticity_since", "block_after")}
    since = np.concatenate([at_h[:1], at_h[:-1]])
    until = np.concatenate([np.diff(at_h), [LABILE_H]])
    block = _level(signals.time_h, signals.block, at_h)
    after = _mean(signals.time_h, signals.block, at_h, at_h + np.minimum(until, LABILE_H))
    return {
        "block": block,
        "plasticity": _level(signals.time_h, signals.plasticity, at_h),
        "plasticity_since": np.where(at_h > since, _mean(signals.time_h, signals.plasticity, since, at_h), 0.0),
        "block_after": np.where(until > SETTLED_H, np.maximum(after - block, 0.0), 0.0),
    }


def _level(grid: Array, curve: Array, at_h: Array) -> Array:
    place = np.clip(np.searchsorted(grid, at_h, side="right") - 1, 0, grid.size - 2)
    share = np.clip((at_h - grid[place]) / (grid[place + 1] - grid[place]), 0.0, 1.0)
    return np.asarray(curve[..., place] + share * (curve[..., place + 1] - curve[..., place]))


def _area(grid: Array, curve: Array, at_h: Array) -> Array:
    """Integral from the start of the grid, exact for straight pieces."""
    pieces = np.diff(grid) * (curve[..., 1:] + curve[..., :-1]) / 2
    whole = np.concatenate([np.zeros((*curve.shape[:-1], 1)), np.cumsum(pieces, axis=-1)], axis=-1)
    inside = np.clip(at_h, grid[0], grid[-1])
    place = np.clip(np.searchsorted(grid, inside, side="right") - 1, 0, grid.size - 2)
    rest = (inside - grid[place]) * (curve[..., place] + _level(grid, curve, inside)) / 2
    outside = np.minimum(at_h - grid[0], 0.0) * curve[..., :1] + np.maximum(at_h - grid[-1], 0.0) * curve[..., -1:]
    return np.asarray(whole[..., place] + rest + outside)


def _mean(grid: Array, curve: Array, start_h: Array, end_h: Array) -> Array:
    span = np.maximum(end_h - start_h, 1e-12)
    return np.asarray((_area(grid, curve, end_h) - _area(grid, curve, start_h)) / span)


@dataclass(frozen=True, slots=True)
class Felt:
    """Channels that change what is felt and done, not what is known."""

    symptomatic: float  # share by which the full state lessens symptoms
    symptomatic_rise_per_d: float
    symptomatic_life_d: float
    arousal_share: float  # how much of that share reaches arousal
    avoidance: float  # share by which the full state lessens the pull to avoid
    default_mode: float  # exponent-free gain on belief change; 0 is off


def load_felt(root: Path | None = None) -> tuple[Felt, dict[str, Sourced]]:
    """These channels and the origin of each figure. Raises Complaint that tells every fault of the file."""
    found = _felt_figures(root)
    return Felt(**{name: figure.value for name, figure in found.items()}), dict(found)


@cache
def _felt_figures(root: Path | None) -> dict[str, Sourced]:
    table = open_toml((root or library_root()) / "fear" / "channels.toml")
    table.skip("key", "version", "title")
    rows = {field.name: table.sourced(field.name) for field in fields(Felt)}
    table.finish()
    table.notes.refuse()
    return {name: figure for name, figure in rows.items() if figure is not None}


def fading_state(felt: Felt, time_h: Array, plasticity: Array) -> Array:
    """The symptomatic state on the grid, from 0: it rises with plasticity and decays; shape of `plasticity`.

    Y' = rise * P - Y / life, in days, solved over each step with the step's mean plasticity.
    """
    state = np.zeros(plasticity.shape)
    days = np.diff(time_h) / 24.0
    for n, day in enumerate(days):
        kept = np.exp(-day / felt.symptomatic_life_d)
        drive = (plasticity[..., n] + plasticity[..., n + 1]) / 2
        gained = felt.symptomatic_rise_per_d * felt.symptomatic_life_d * drive * (1.0 - kept)
        state[..., n + 1] = kept * state[..., n] + gained
    return state


def symptom_factor(felt: Felt, state: Array) -> Array:
    """What the symptomatic state leaves of a symptom, 1 without it."""
    return np.asarray(1.0 - felt.symptomatic * (1.0 - np.exp(-state)))


def avoidance_factor(felt: Felt, state: Array) -> Array:
    """What the state leaves of the pull to avoid, 1 without it."""
    return np.asarray(1.0 - felt.avoidance * np.minimum(state, 1.0))


def belief_factor(felt: Felt, default_mode: Array) -> Array:
    """How much more beliefs yield while the default mode is shifted; 1 where the term is off."""
    return np.asarray(1.0 + felt.default_mode * default_mode)
