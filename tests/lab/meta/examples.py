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


# Psilocybin for depression: g with 95 % interval as the SYPRES project prints them (github.com/pennlinc/sypres-docs),
# with what metafor and bayesmeta made of the unrounded figures.
PSILOCYBIN = (
    ("Back 2024", -1.4215, -2.2271, -0.6160),
    ("Davis 2021", -2.4807, -3.5637, -1.3976),
    ("Goodwin 2022", -0.7092, -1.0308, -0.3876),
    ("Griffiths 2016", -1.2731, -1.8827, -0.6635),
    ("Lewis 2025", -1.7297, -2.7230, -0.7365),
    ("Luquiens 2025", -0.3347, -1.0987, 0.4294),
    ("Raison 2023", -0.8700, -1.2941, -0.4459),
    ("Rieser 2025", -0.3806, -1.0314, 0.2701),
    ("Rosenblat 2024", -0.1417, -0.8599, 0.5765),
    ("Ross 2016", -0.7940, -1.5967, 0.0086),
    ("Ross 2025", -0.8275, -1.5562, -0.0988),
    ("von Rotz 2023", -0.9384, -1.5120, -0.3648),
)
