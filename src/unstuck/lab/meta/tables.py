"""A pooled result as rows: what a forest plot draws and what stands beside it, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from unstuck.lab.meta.inference import quantile
from unstuck.lab.meta.pool import Pooled
from unstuck.lab.meta.sample import Effects


class Kind(StrEnum):
    """What a row of a forest stands for."""

    HEADING = "heading"
    STUDY = "study"
    POOLED = "pooled"
    PREDICTION = "prediction"


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One row: a study, a pooled mean, a prediction interval or a heading (which has no numbers)."""

    kind: Kind
    label: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    weight_percent: float | None = None


def forest_rows(effects: Effects, pooled: Pooled, heading: str = "") -> tuple[ForestRow, ...]:
    """The studies with normal intervals and weights, the pooled mean, and the prediction where there is one."""
    rows = [ForestRow(Kind.HEADING, heading)] if heading else []
    half = quantile(None, pooled.options.level)
    for label, y, v, weight in zip(effects.labels, effects.y, effects.v, pooled.weights, strict=True):
        wide = half * float(v) ** 0.5
        rows.append(ForestRow(Kind.STUDY, label, float(y), float(y) - wide, float(y) + wide, 100 * weight))
    if pooled.heterogeneity is not None:
        mean = pooled.mean
        rows.append(ForestRow(Kind.POOLED, f"Pooled, {named(pooled)}", mean.estimate, mean.low, mean.high))
    if pooled.prediction is not None:
        rows.append(ForestRow(Kind.PREDICTION, "A new study would fall within", None, *pooled.prediction))
    return tuple(rows)


def grouped_rows(
    effects: Effects, group: Sequence[str], found: Sequence[tuple[str, Pooled]], whole: Pooled
) -> tuple[ForestRow, ...]:
    """The studies under the heading of their group, with each group's mean, and the mean of all at the end.

    Weights are those within a group. A prediction stands for all studies only.
    """
    rows: list[ForestRow] = []
    for name, pooled in found:
        own = effects.only([row for row, each in enumerate(group) if each == name])
        rows += [row for row in forest_rows(own, pooled, name) if row.kind is not Kind.PREDICTION]
    rows.append(ForestRow(Kind.HEADING, "All studies"))
    return (*rows, *(row for row in forest_rows(effects, whole) if row.kind is not Kind.STUDY))


def named(pooled: Pooled) -> str:
    """The method in words: `REML, Knapp-Hartung`."""
    law = {"normal": "", "knapp-hartung": ", Knapp-Hartung", "knapp-hartung-adhoc": ", Knapp-Hartung ad hoc"}
    method = {"FE": "fixed effect", "DL": "DL", "PM": "PM", "REML": "REML"}
    return method[pooled.options.method] + law[pooled.options.interval]


WIDTHS = (50.0, 5.0, 0.15, 0.015, 0.0015)
"""The least width of an interval that 0, 1, 2, ... decimals do justice to."""


def decimals(rows: Sequence[ForestRow]) -> int:
    """How many decimals the narrowest interval of the rows needs; the same for the whole table."""
    widths = [row.high - row.low for row in rows if row.low is not None and row.high is not None]
    narrowest = min((wide for wide in widths if wide > 0), default=1.0)
    return sum(narrowest < least for least in WIDTHS)


def interval_text(row: ForestRow, places: int = 2) -> str:
    """`0.35 [0.06, 0.64]`; a prediction has no middle; a heading has nothing."""
    if row.low is None or row.high is None:
        return ""
    around = f"[{plain(row.low, places)}, {plain(row.high, places)}]"
    return around if row.estimate is None else f"{plain(row.estimate, places)} {around}"


def plain(value: float, places: int) -> str:
    """A number with so many decimals, and no minus before a zero."""
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0 else text


def table_text(rows: Sequence[ForestRow]) -> str:
    """The rows as aligned text: label, estimate with interval, weight."""
    places = decimals(rows)
    cells = [(row.label, interval_text(row, places), weight_text(row)) for row in rows]
    wide = [max(len(cell[column]) for cell in cells) for column in range(3)]
    lines = [f"{a:<{wide[0]}}  {b:>{wide[1]}}  {c:>{wide[2]}}".rstrip() for a, b, c in cells]
    return "\n".join(lines) + "\n"


def weight_text(row: ForestRow) -> str:
    """`12.3 %` for a study; empty otherwise."""
    return "" if row.weight_percent is None else f"{row.weight_percent:.1f} %"
