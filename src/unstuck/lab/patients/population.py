"""The figures that a population of descriptive patients is made from, each with its source, and floats inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table

CLUSTERS = ("B", "C", "D", "E")
CLASSES = ("rapid", "steep", "gradual", "unchanged", "worse")


@dataclass(frozen=True, slots=True)
class Figures:
    """Values of one population; the unit of each stands in its file."""

    pcl5_mean_b: float
    pcl5_mean_c: float
    pcl5_mean_d: float
    pcl5_mean_e: float
    pcl5_sd_b: float
    pcl5_sd_c: float
    pcl5_sd_d: float
    pcl5_sd_e: float
    pcl5_r_bc: float
    pcl5_r_bd: float
    pcl5_r_be: float
    pcl5_r_cd: float
    pcl5_r_ce: float
    pcl5_r_de: float
    pcl5_retest: float
    caps5_mean: float
    caps5_sd: float
    caps5_retest: float
    caps5_pcl5_r: float
    class_rapid: float
    class_steep: float
    class_gradual: float
    class_unchanged: float
    class_worse: float
    fall_rapid: float
    fall_steep: float
    fall_gradual: float
    fall_unchanged: float
    fall_worse: float
    fall_sd: float
    pace_rapid: float
    pace_steep: float
    pace_other: float
    fade_days: float
    fade_rest: float
    weight_b: float
    weight_c: float
    weight_d: float
    weight_e: float
    mood_mean: float
    mood_sd: float
    mood_follows: float
    mood_noise: float
    age_mean: float
    age_sd: float
    female: float
    veteran: float
    weight_female: float
    weight_male: float
    weight_sd: float
    systolic_rest: float
    systolic_between: float
    systolic_within: float
    diastolic_rest: float
    diastolic_between: float
    diastolic_within: float
    systolic_rise: float
    systolic_rise_sd: float
    diastolic_rise: float
    diastolic_rise_sd: float
    peak_min: float
    settle_min: float
    pulse_rest: float
    pulse_between: float
    pulse_rise: float
    spo2_rest: float
    breaths_rest: float
    cadss_peak: float
    cadss_sd: float
    cadss_less: float
    cadss_control: float
    cadss_settle_min: float
    wish_to_be_dead: float
    suicidal_thoughts: float
    suicidal_intent: float
    attempt_ever: float
    nausea: float
    dizziness: float
    headache: float
    anxiety: float
    control_side_effects: float
    late_visit: float
    unanswered: float
    no_escort: float
    withdraws: float

    @property
    def class_weights(self) -> tuple[float, ...]:
        """Shares of the classes, best first."""
        return tuple(getattr(self, f"class_{name}") for name in CLASSES)

    @property
    def class_falls(self) -> tuple[float, ...]:
        """Mean share of baseline severity removed at the end of the course, by class."""
        return tuple(getattr(self, f"fall_{name}") for name in CLASSES)

    def by_cluster(self, what: str) -> tuple[float, ...]:
        """The figures `<what>_b` to `<what>_e`."""
        return tuple(getattr(self, f"{what}_{key.lower()}") for key in CLUSTERS)

    def correlation(self, one: str, other: str) -> float:
        """Correlation of two PCL-5 clusters."""
        return 1.0 if one == other else float(getattr(self, f"pcl5_r_{''.join(sorted(one + other)).lower()}"))


@dataclass(frozen=True, slots=True)
class Population:
    """A named, versioned set of figures with their origins."""

    key: str
    version: str
    title: str
    figures: Figures
    origins: Mapping[str, Sourced]

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures that nobody measured, by name."""
        return tuple((name, found) for name, found in sorted(self.origins.items()) if found.grade is Grade.ASSUMED)


def population_path(key: str, root: Path | None = None) -> Path:
    """Where the population of that key is written down."""
    return (root or library_root()) / "studies" / "populations" / f"{key}.toml"


def load_population(key: str = "trial_sample", root: Path | None = None) -> Population:
    """The population of that key. Raises Complaint, telling every missing, unknown or faulty figure."""
    table = open_toml(population_path(key, root))
    name, version, title = table.text("key"), table.text("version"), table.text("title")
    origins = _origins(table)
    table.finish()
    table.notes.refuse()
    return Population(name, version, title, Figures(**{k: o.value for k, o in origins.items()}), origins)


def _origins(table: Table) -> dict[str, Sourced]:
    rows = table.table("figure", required=True)
    if rows is None:
        return {}
    found = {f.name: rows.sourced(f.name) for f in fields(Figures)}
    rows.finish()
    if None in found.values():
        table.notes.refuse()
    return {name: origin for name, origin in found.items() if origin is not None}
