"""`--plot`: the forest of a question as a picture. Needs the `plots` extra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unstuck.cli.evidence_pools import Effect, pooled, sample
from unstuck.core.evidence_release import Pool
from unstuck.lab.meta.inference import Options
from unstuck.lab.meta.plots import Words, forest
from unstuck.lab.meta.tables import forest_rows


def draw(rows: Sequence[Effect], found: Pool, how: Options, path: Path) -> None:
    """The forest plot of the rows stands in the file."""
    words = Words(found.question, found.unit, found.favours_low, found.favours_high, found.warning, found.ratio)
    forest(forest_rows(sample(rows), pooled(rows, how)), path, words)
