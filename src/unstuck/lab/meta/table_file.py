"""Anybody's table of effects: a CSV file, read strictly, so that no text slips in as a number."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.lab.meta.sample import Effects, effects

MISSING = {"", "na", "n/a", "nan", ".", "null"}
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with named columns; `rows` are texts as they stand in the file, `lines` where each row stands."""

    path: Path
    names: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> tuple[str, ...]:
        """The texts of a column. Raises Complaint that lists the columns when there is none of this name."""
        if name not in self.names:
            mend = f"Columns are: {', '.join(self.names)}."
            raise Complaint(f"There is no column {name!r}.", str(self.path), mend)
        return tuple(row[name] for row in self.rows)

    def number(self, row: int, name: str) -> float | None:
        """A number of a row; None where the cell is empty. Raises Complaint for anything else."""
        text = self.column(name)[row]
        where = f"{self.path}:{self.lines[row]}, column {name}"
        if text.casefold() in MISSING:
            return None
        try:
            value = float(text)
        except ValueError:
            comma = DECIMAL_COMMA.fullmatch(text)
            mend = "Write a decimal point." if comma else "Write a number, or leave the cell empty."
            raise Complaint(f"{text!r} is no number.", where, mend) from None
        if not math.isfinite(value):
            raise Complaint(f"{text!r} is not finite.", where, "Leave the cell empty where nothing is known.")
        return value


def read_sheet(path: Path) -> Sheet:
    """A CSV file with a header; commas, semicolons or tabs. Raises Complaint for what is no such table."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Complaint(f"It cannot be read ({wrong}).", str(path), "Give a CSV file in UTF-8.") from None
    head = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=next((mark for mark in "\t;," if mark in head), ","))
    table = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    filled = [(line, row) for line, row in table if any(row)]
    if len(filled) < 2:
        raise Complaint("There is no row below the header.", str(path), "The first line names the columns.")
    names = filled[0][1]
    _check_header(names, path)
    for line, row in filled[1:]:
        if len(row) != len(names):
            raise Complaint(
                f"{len(row)} cells stand under {len(names)} names.", f"{path}:{line}", "Fill or mend the row."
            )
    rows = tuple(dict(zip(names, row, strict=True)) for _, row in filled[1:])
    return Sheet(path, tuple(names), rows, tuple(line for line, _ in filled[1:]))


def _check_header(names: Sequence[str], path: Path) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        said = f"The header names {twice[0]!r} twice." if twice else "A column has no name."
        raise Complaint(said, str(path), "Give every column its own name.")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what: `yi` with either `vi` (variance) or `sei` (standard error); the others may be missing."""

    yi: str
    vi: str | None = None
    sei: str | None = None
    label: str | None = None
    study: str | None = None
    scale: str | None = None
    needed: tuple[str, ...] = ()  # moderators and the like: a row without them is left out


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The effects of a sheet and the places of their rows in it. Rows with an empty cell are left out, with a note."""

    effects: Effects
    places: tuple[int, ...]
    sheet: Sheet

    def values(self, name: str) -> tuple[float, ...] | tuple[str, ...]:
        """A column of the chosen rows: numbers when all of them are numbers, else texts."""
        try:
            return tuple(float(text) for text in self.words(name))
        except ValueError:
            return self.words(name)

    def words(self, name: str) -> tuple[str, ...]:
        """A column of the chosen rows as it stands."""
        return tuple(self.sheet.column(name)[place] for place in self.places)


def effects_of(sheet: Sheet, columns: Columns, keep_twins: bool = False) -> Chosen:
    """The effects of a sheet. Raises Complaint for bad cells, unlike scales, and one study under two names."""
    if (columns.vi is None) == (columns.sei is None):
        raise Complaint("Either variances or standard errors are needed.", mend="Give one of --vi COL and --sei COL.")
    spread = columns.vi or columns.sei or ""
    places = [row for row in range(len(sheet.rows)) if _whole(sheet, row, (columns.yi, spread), columns.needed)]
    if not places:
        raise Complaint("No row has all that is needed.", str(sheet.path), f"Fill {columns.yi} and {spread}.")
    y = [sheet.number(row, columns.yi) or 0.0 for row in places]
    v = [_variance(sheet, row, columns) for row in places]
    label, study, scale = (
        None if name is None else [sheet.column(name)[row] for row in places]
        for name in (columns.label or columns.study, columns.study, columns.scale)
    )
    names = label if label is not None else [f"line {sheet.lines[row]}" for row in places]
    found = effects(y, v, names, study, scale if scale is not None else columns.yi, keep_twins)
    notes = _left_out(sheet, places) + _repeated(names, study is not None)
    return Chosen(replace(found, notes=tuple(notes)), tuple(places), sheet)


def _whole(sheet: Sheet, row: int, numbers: Sequence[str], others: Sequence[str]) -> bool:
    there = all(sheet.number(row, name) is not None for name in numbers)
    return there and all(sheet.column(name)[row].casefold() not in MISSING for name in others)


def _variance(sheet: Sheet, row: int, columns: Columns) -> float:
    """The variance of a row; a standard error must be above zero before it is squared, which would hide its sign."""
    name = columns.vi or columns.sei or ""
    value = sheet.number(row, name) or 0.0
    if value <= 0:
        what = "variance" if columns.vi else "standard error"
        where = f"{sheet.path}:{sheet.lines[row]}, column {name}"
        raise Complaint(f"A {what} of {value:g} is impossible.", where, "It is above zero; empty where unknown.")
    return value if columns.vi else value**2


def _left_out(sheet: Sheet, places: Sequence[int]) -> list[str]:
    lines = [str(sheet.lines[row]) for row in range(len(sheet.rows)) if row not in places]
    return [f"Left out for an empty cell: line {', '.join(lines)}."] if lines else []


def _repeated(names: Sequence[str], by_study: bool) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if by_study or not twice:
        return []
    return [f"These names stand in several rows, taken as independent (--study says otherwise): {', '.join(twice)}."]
