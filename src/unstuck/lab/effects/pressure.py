"""Blood pressure as it is read: two statistics that are often confused, and three published series that disagree.

The peak of the mean curve and the mean of each person's own peak differ: the second also counts reading errors, because
the highest of several readings is high by chance as well. A series is compared with the statistic that it published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table
from unstuck.lab.effects.acute import Acute
from unstuck.lab.effects.parameters import Array, Model
from unstuck.lab.effects.people import Crowd
from unstuck.lab.random import normal_array


class Statistic(StrEnum):
    """What a published rise is."""

    PEAK_OF_MEANS = "peak_of_means"
    MEAN_OF_PERSONAL_PEAKS = "mean_of_personal_peaks"


@dataclass(frozen=True, slots=True)
class Series:
    """One published series of infusions of 0.5 mg/kg over 40 minutes."""

    key: str
    statistic: Statistic
    infusions: int
    systolic_mmhg: float
    diastolic_mmhg: float
    at_min: float
    systolic_sd_mmhg: float | None
    diastolic_sd_mmhg: float | None
    source: str
    grade: Grade
    note: str


@dataclass(frozen=True, slots=True)
class Rises:
    """Rises of one sort of pressure over a crowd as a nurse reads them, mmHg."""

    peak_of_means: float
    peak_at_min: float
    mean_of_personal_peaks: float
    sd_at_peak: float  # between readings of different people at the time of the mean's peak

    def of(self, statistic: Statistic) -> float:
        """The rise by that statistic."""
        match statistic:
            case Statistic.PEAK_OF_MEANS:
                return self.peak_of_means
            case Statistic.MEAN_OF_PERSONAL_PEAKS:
                return self.mean_of_personal_peaks


@cache
def load_series(root: Path | None = None) -> tuple[Series, ...]:
    """The published series. Raises Complaint that tells every faulty field."""
    table = open_toml((root or library_root()) / "effects" / "pressure_series.toml")
    found = [_series(row) for row in table.tables("series")]
    table.finish()
    table.notes.refuse()
    return tuple(s for s in found if s is not None)


def _series(row: Table) -> Series | None:
    statistic, grade = row.choice("statistic", Statistic), row.choice("grade", Grade)
    if statistic is None or grade is None:
        return None
    found = Series(
        key=row.text("key"),
        statistic=statistic,
        infusions=row.whole("infusions"),
        systolic_mmhg=row.number("systolic_mmhg"),
        diastolic_mmhg=row.number("diastolic_mmhg"),
        at_min=row.number("at_min"),
        systolic_sd_mmhg=row.maybe("systolic_sd_mmhg"),
        diastolic_sd_mmhg=row.maybe("diastolic_sd_mmhg"),
        source=row.text("source"),
        grade=grade,
        note=row.text("note", ""),
    )
    row.finish()
    return found


def worst(series: Sequence[Series]) -> Series:
    """The series with the highest measured peak of means: what alarms are tried with."""
    measured = [s for s in series if s.grade is Grade.MEASURED and s.statistic is Statistic.PEAK_OF_MEANS]
    if not measured:
        raise Complaint("No measured series of blood pressure.", "pressure_series.toml", "Add one with its source.")
    return max(measured, key=lambda s: s.systolic_mmhg)


def scaled_to(model: Model, series: Series, typical: Acute) -> Model:
    """The model whose typical person rises as that series did; `typical` is the unscaled one under the same dose."""
    systolic = series.systolic_mmhg / float(typical.systolic_rise_mmhg.max())
    diastolic = series.diastolic_mmhg / float(typical.diastolic_rise_mmhg.max())
    circulation = replace(
        model.circulation,
        systolic_top_mmhg=model.circulation.systolic_top_mmhg * systolic,
        diastolic_top_mmhg=model.circulation.diastolic_top_mmhg * diastolic,
    )
    return replace(model, circulation=circulation)


def read_rises(model: Model, felt: Acute, crowd: Crowd, minutes: Sequence[float]) -> tuple[Rises, Rises]:
    """Systolic and diastolic rises of the crowd at those minutes, read with error, above one reading before the dose.

    `felt` has curves of shape (people, times). Raises Complaint for a minute outside its times.
    """
    s = model.spread
    sorts = (
        (felt.systolic_rise_mmhg, s.systolic_error_mmhg, "systolic"),
        (felt.diastolic_rise_mmhg, s.diastolic_error_mmhg, "diastolic"),
    )
    return _rises(felt, crowd, minutes, sorts[0]), _rises(felt, crowd, minutes, sorts[1])


def _rises(felt: Acute, crowd: Crowd, minutes: Sequence[float], sort: tuple[Array, float, str]) -> Rises:
    curve, error, name = sort
    read = with_errors(readings(felt.time_h, curve, minutes), crowd, error, name)
    means = read.mean(axis=0)
    top = int(np.argmax(means))
    return Rises(
        peak_of_means=float(means[top]),
        peak_at_min=float(minutes[top]),
        mean_of_personal_peaks=float(read.max(axis=1).mean()),
        sd_at_peak=float(read[:, top].std(ddof=1)),
    )


def readings(time_h: Array, curve: Array, minutes: Sequence[float]) -> Array:
    """The curve of shape (people, times) at those minutes, shape (people, minutes)."""
    at = np.asarray(minutes, dtype=float) / 60.0
    if at.size == 0 or at.min() < time_h[0] or at.max() > time_h[-1]:
        raise Complaint("Readings lie outside the times that were computed.", "minutes", "Compute a longer course.")
    return np.stack([np.interp(at, time_h, row) for row in np.atleast_2d(curve)])


def with_errors(rises: Array, crowd: Crowd, error: float, name: str) -> Array:
    """True rises of shape (people, readings) as they are read: each with an error, less that of one before the dose."""
    z = normal_array(crowd.seed, crowd.people, f"reading errors {name}", rises.shape[1] + 1, crowd.dose)
    return rises + error * (z[:, 1:] - z[:, :1])


def share_reaching(read: Array, rise_mmhg: float) -> float:
    """Share of people, rows of `read` of shape (people, readings), with at least one rise of that size."""
    return float((read.max(axis=1) >= rise_mmhg).mean())
