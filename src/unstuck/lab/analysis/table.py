"""Anybody's table as columns of numbers or words, checked so that no typing error becomes a group of its own."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats

UNKNOWN = ("", "na", "n/a", "nan", ".", "null", "none")
Codes = NDArray[np.int64]


class Columns(Protocol):
    """What a table offers: names, and a column by its name. A dictionary, a pandas and a Polars frame all do."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A column of words: a code for each row (-1 where unknown) and what the codes mean, in order."""

    codes: Codes
    levels: tuple[str, ...]


def read_table(path: Path) -> dict[str, NDArray[np.str_]]:
    """The columns of a CSV file with a header; commas, semicolons or tabs. Raises Complaint for what is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            mark = next((each for each in "\t;," if each in head), ",")
            names = [name.strip() for name in next(csv.reader([head], delimiter=mark), [])]
            rows = [row for row in csv.reader(file, delimiter=mark) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise Complaint(f"It cannot be read ({wrong}).", str(path), "Give a CSV file in UTF-8.") from None
    _check(path, names, rows)
    cells = (np.array([cell.strip() for cell in column]) for column in zip(*rows, strict=True))
    return dict(zip(names, cells, strict=True))


def _check(path: Path, names: list[str], rows: list[list[str]]) -> None:
    if len(set(names)) < len(names) or "" in names:
        raise Complaint(
            "Two columns have one name, or one has none.", str(path), "Name every column in the first line."
        )
    if not rows:
        raise Complaint("There is no row below the header.", str(path), "The first line names the columns.")
    for number, row in enumerate(rows, 2):
        if len(row) != len(names):
            mend = "Fill or mend the row."
            raise Complaint(f"{len(row)} cells stand under {len(names)} names.", f"{path}, row {number}", mend)


def names_of(table: Columns) -> tuple[str, ...]:
    """The names of a table's columns."""
    found = table.keys() if isinstance(table, Mapping) else getattr(table, "columns", ())
    return tuple(str(name) for name in found)


def column(table: Columns, name: str) -> NDArray[Any]:
    """A column as an array. Raises Complaint, with the nearest name, when there is none of this name."""
    known = names_of(table)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.6)
        guess = f"Did you mean {near[0]!r}? " if near else ""
        raise Complaint(f"There is no column {name!r}.", "table", f"{guess}Columns are: {', '.join(known)}.")
    cells = np.asarray(table[name])
    if cells.ndim != 1:
        raise Complaint("A column is a list of cells, one a row.", f"column {name!r}")
    return cells


def as_numbers(table: Columns, name: str) -> Floats:
    """A column as numbers, NaN where unknown. Raises Complaint with the row of the first cell that is no number."""
    cells = column(table, name)
    found = _numbers(cells)
    if found is None:
        raise _no_number(name, cells)
    return found


def as_names(table: Columns, name: str) -> Factor:
    """A column as names: written cells are never read as numbers, so that patients "1" and "01" are two."""
    cells = column(table, name)
    return as_factor(table, name) if cells.dtype.kind in "fiub" else _factor_of(_words(cells))


def as_factor(table: Columns, name: str) -> Factor:
    """A column as words. Numbers are put in their order, words in natural order: "week 2" before "week 10". Raises
    Complaint for words that differ by blanks or capitals only."""
    cells = column(table, name)
    found = _numbers(cells)
    if found is not None:
        seen = np.unique(found[~np.isnan(found)])
        codes = np.where(np.isnan(found), -1, np.searchsorted(seen, np.where(np.isnan(found), 0, found)))
        return Factor(codes.astype(np.int64), tuple(f"{value:.15g}" for value in seen))
    factor = _factor_of(_words(cells))
    plain = {"".join(level.split()).casefold(): level for level in factor.levels}
    if len(plain) < len(factor.levels):
        twin = next(level for level in factor.levels if plain["".join(level.split()).casefold()] != level)
        other = plain["".join(twin.split()).casefold()]
        raise Complaint(f"{twin!r} and {other!r} look like one word.", f"column {name!r}", "Write it in one way.")
    return factor


def unknown_words(table: Columns, name: str) -> tuple[str, ...]:
    """The words of a column that count as unknown, as they are written; an empty cell is no word."""
    words = np.unique(_words(column(table, name)))
    return tuple(str(word) for word in words if word and word.casefold() in UNKNOWN)


def near_twins(names: Factor) -> list[tuple[str, str]]:
    """Pairs of levels that differ by capitals or by zeros before a number only: "P7" and "p007"."""
    first: dict[str, str] = {}
    found = []
    for level in names.levels:
        plain = re.sub(r"(?<![\d.])0+(?=\d)", "", level.casefold())
        if plain in first:
            found.append((first[plain], level))
        first.setdefault(plain, level)
    return found


def _factor_of(words: NDArray[np.str_]) -> Factor:
    seen_words, codes = np.unique(words, return_inverse=True)
    known = [word for word in seen_words if word.casefold() not in UNKNOWN]
    order = {word: place for place, word in enumerate(sorted(known, key=_natural))}
    renamed = np.array([order.get(word, -1) for word in seen_words], dtype=np.int64)
    return Factor(renamed[codes], tuple(str(word) for word in order))


def as_variable(table: Columns, name: str) -> Floats | Factor:
    """Numbers, or a factor for words and for a column of exactly two numbers. Raises Complaint for a mixture."""
    cells = column(table, name)
    found = _numbers(cells)
    if found is None:
        if _some_number(cells):
            raise _no_number(name, cells)
        return as_factor(table, name)
    known = found[~np.isnan(found)]
    if len(known) and ((known == known.min()) | (known == known.max())).all():
        return as_factor(table, name)
    return found


def _words(cells: NDArray[Any]) -> NDArray[np.str_]:
    if cells.dtype.kind == "U":
        return cells
    return np.array(["" if _is_unknown(cell) else str(cell).strip() for cell in cells])


def _is_unknown(cell: object) -> bool:
    return cell is None or cell != cell  # NaN is the one value that differs from itself


def _numbers(cells: NDArray[Any]) -> Floats | None:
    """The cells as numbers, or None where one of them is a word."""
    if cells.dtype.kind in "fiub":
        return cells.astype(np.float64)
    words = _words(cells)
    unknown = np.isin(np.char.lower(words), UNKNOWN)
    if (np.char.find(words, "_") >= 0).any():
        return None  # "1_000" is a number to Python and a typing error in a table
    try:
        return np.where(unknown, "nan", words).astype(np.float64)
    except ValueError:
        return None


def _some_number(cells: NDArray[Any]) -> bool:
    return any(_number_or_none(word) is not None for word in np.unique(_words(cells)))


def _number_or_none(word: str) -> float | None:
    try:
        return None if word.casefold() in UNKNOWN or "_" in word else float(word)
    except ValueError:
        return None


def _no_number(name: str, cells: NDArray[Any]) -> Complaint:
    words = _words(cells)
    bad = _first(
        row for row, word in enumerate(words) if word.casefold() not in UNKNOWN and _number_or_none(word) is None
    )
    comma = re.fullmatch(r"[-+]?\d+,\d+", str(words[bad]))
    mend = "Write a decimal point." if comma else "Write a number, or leave the cell empty where nothing is known."
    return Complaint(f"{str(words[bad])!r} is no number.", f"column {name!r}, row {bad + 1} below the header", mend)


def _first(rows: Iterable[int]) -> int:
    return next(iter(rows))


def _natural(word: str) -> list[tuple[bool, float, str]]:
    """A key by which numbers inside words are ordered as numbers."""
    return [(not part.isdigit(), float(part) if part.isdigit() else 0.0, part) for part in re.split(r"(\d+)", word)]
