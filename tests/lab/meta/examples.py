"""Data sets whose pooled results are published or were frozen from other packages; used by several tests."""

from __future__ import annotations

import csv
from pathlib import Path

from unstuck.lab.meta.sample import Effects, effects

DATA = Path(__file__).parent / "data"

TEN_Y = (
    -0.8630114306847505,
    -0.2723408778439329,
    -0.123310232947794,
    -0.1688763415157133,
    -0.630409496864639,
    0.3666895663129661,
    -0.273225871775242,
    -0.8280053409260606,
    -1.6552880634596943,
    -0.06001664194402084,
)
TEN_V = (
    0.095756819259841,
    0.1181460189237259,
    0.1602992063038982,
    0.230723635898903,
    0.0823532055178657,
    0.2286618338432163,
    0.2383818064071238,
    0.1787675364222377,
    0.1721139492187649,
    0.0529751167981885,
)

# Trials of BCG against tuberculosis (Colditz 1994): cases and well in the vaccinated, cases and well in the others.
BCG = (
    (4, 119, 11, 128),
    (6, 300, 29, 274),
    (3, 228, 11, 209),
    (62, 13536, 248, 12619),
    (33, 5036, 47, 5761),
    (180, 1361, 372, 1079),
    (8, 2537, 10, 619),
    (505, 87886, 499, 87892),
    (29, 7470, 45, 7232),
    (17, 1699, 65, 1600),
    (186, 50448, 141, 27197),
    (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
)
BCG_YEARS = (1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976)
BCG_LATITUDES = (44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33)


def ten() -> Effects:
    """Ten random effects, frozen with what metafor makes of them."""
    return effects(TEN_Y, TEN_V, scale="any")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a data file beside these tests."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
