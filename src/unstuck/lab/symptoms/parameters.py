"""The figures that turn states into scores, read from the library; floats inside, their origins beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table

Array = NDArray[np.float64]
CLUSTERS = ("b", "c", "d", "e")
TOPS = np.array([20.0, 8.0, 28.0, 24.0])  # highest score of each PCL-5 cluster
ITEMS = (5, 2, 7, 6)  # items of each cluster
PCL5_TOP, CAPS5_TOP, PHQ9_TOP, MADRS_TOP = 80.0, 80.0, 27.0, 60.0


@dataclass(frozen=True, slots=True)
class Loading:
    """How much each state counts in each cluster, as shares of the cluster's range."""

    b_intrusion: float
    c_avoidance: float
    c_intrusion: float
    d_belief: float
    d_intrusion: float
    d_mood: float
    e_arousal: float
    e_intrusion: float


@dataclass(frozen=True, slots=True)
class Own:
    """What a person scores beyond the states, in points by cluster."""

    mean_b: float
    mean_c: float
    mean_d: float
    mean_e: float
    sd_b: float
    sd_c: float
    sd_d: float
    sd_e: float
    alike: float

    @property
    def means(self) -> Array:
        """Means by cluster, shape (4,)."""
        return np.array([self.mean_b, self.mean_c, self.mean_d, self.mean_e])

    @property
    def root(self) -> Array:
        """Root of the covariance between clusters, shape (4, 4)."""
        return root_of(np.array([self.sd_b, self.sd_c, self.sd_d, self.sd_e]), self.alike)


@dataclass(frozen=True, slots=True)
class Pcl5:
    """Noise of the self-report."""

    sem_total: float
    sd_b: float
    sd_c: float
    sd_d: float
    sd_e: float
    alike: float
    item_habit: float
    item_noise: float

    @property
    def root(self) -> Array:
        """Root of the noise's covariance between clusters, so that items and clusters together give `sem_total`."""
        root = root_of(np.array([self.sd_b, self.sd_c, self.sd_d, self.sd_e]), self.alike)
        of_items = sum(ITEMS) * (self.item_noise**2 + 1 / 12)  # 1/12: rounding to whole points
        spread = float(root.sum(axis=0) @ root.sum(axis=0))
        return np.asarray(root * np.sqrt(max(self.sem_total**2 - of_items, 0.0) / spread))


@dataclass(frozen=True, slots=True)
class Caps5:
    """The interview: how it goes with the self-report, and its own noise."""

    level: float
    slope: float
    pcl5_r: float
    clinic_sd: float
    retest: float

    def spread(self, pcl5: Pcl5) -> tuple[float, float]:
        """SD of a person's lasting offset, SD of one rating's noise; so that r and retest come out as published."""
        true = self.clinic_sd**2 - pcl5.sem_total**2
        observed_sd = self.slope * true / (self.pcl5_r * self.clinic_sd)
        noise = (1 - self.retest) * observed_sd**2
        return float(np.sqrt(observed_sd**2 - noise - self.slope**2 * true)), float(np.sqrt(noise))


@dataclass(frozen=True, slots=True)
class Mood:
    """Depression as a share of a range, and the noise of its scales."""

    own_mean: float
    own_sd: float
    follows: float
    phq9_sem: float
    phq9_own: float
    madrs_sem: float
    madrs_own: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything between states and scores. `origins` tells the source of each figure as `group.name`."""

    key: str
    version: str
    title: str
    loading: Loading
    own: Own
    pcl5: Pcl5
    caps5: Caps5
    mood: Mood
    origins: Mapping[str, Sourced]

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures that nobody measured, by name."""
        return tuple((name, found) for name, found in sorted(self.origins.items()) if found.grade is Grade.ASSUMED)


GROUPS: dict[str, type[Any]] = {"loading": Loading, "own": Own, "pcl5": Pcl5, "caps5": Caps5, "mood": Mood}


def root_of(sds: Array, alike: float) -> Array:
    """Cholesky root of a covariance whose every pair is equally correlated."""
    correlation = np.full((sds.size, sds.size), alike) + (1 - alike) * np.eye(sds.size)
    return np.asarray(np.linalg.cholesky(correlation * np.outer(sds, sds)))


@cache
def load_scores(key: str = "scores", root: Path | None = None) -> Scores:
    """The figures of that name. Raises Complaint that tells every missing, unknown or faulty one."""
    table = open_toml((root or library_root()) / "symptoms" / f"{key}.toml")
    named: dict[str, Any] = {name: table.text(name) for name in ("key", "version", "title")}
    found = {group: _figures(table.table(group, required=True), kind) for group, kind in GROUPS.items()}
    table.finish()
    table.notes.refuse()
    parts = {g: kind(**{name: figure.value for name, figure in found[g].items()}) for g, kind in GROUPS.items()}
    origins = {f"{g}.{name}": figure for g, figures in found.items() for name, figure in figures.items()}
    return Scores(**named, **parts, origins=origins)


def _figures(table: Table | None, kind: type[Any]) -> dict[str, Sourced]:
    """The figures of one group by name; those that are missing have been complained of."""
    if table is None:
        return {}
    rows = {field.name: table.sourced(field.name) for field in fields(kind)}
    table.finish()
    return {name: figure for name, figure in rows.items() if figure is not None}
