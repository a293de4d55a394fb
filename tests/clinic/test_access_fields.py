"""Every place where something of a person lies names the field it is, so that a new one has no reader by mistake."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from django.apps import apps
from django.db import models

from tests.structure.sources import PACKAGE
from unstuck.clinic.people.models import Account, Person
from unstuck.core.events import What

MATRIX: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "docs" / "access.toml").read_text("utf-8"))
NOT_TOLD = (models.ForeignKey, models.AutoField, models.BooleanField, models.DateTimeField)
NAMES = {"course", "course_key", "chain", "person"}


def columns(table: type[models.Model]) -> set[str]:
    """Columns that could hold something of a person: no keys of rows, no flags, no instants."""
    return {one.name for one in table._meta.concrete_fields if not isinstance(one, NOT_TOLD)}


def leads_to_a_person(table: type[models.Model], seen: tuple[type, ...] = ()) -> bool:
    """Whether a row belongs to a person, by whatever rows between them; an account's rows are its holder's work."""
    if table is Person or NAMES & columns(table):
        return True
    keys = [one for one in table._meta.concrete_fields if isinstance(one, models.ForeignKey)]
    there = [one.related_model for one in keys if one.related_model not in (*seen, table, Account)]
    return any(isinstance(other, type) and leads_to_a_person(other, (*seen, table)) for other in there)


def ours() -> dict[str, type[models.Model]]:
    return {one._meta.label: one for one in apps.get_models() if one.__module__.startswith("unstuck")}


def test_every_column_is_a_field_or_a_code() -> None:
    """A new table that leads to a person, and a new column of one that is listed, make this test fail."""
    told = {table: {pair.partition(":")[0] for pair in row.split()} for table, row in MATRIX["tables"].items()}
    assert {name for name, table in ours().items() if leads_to_a_person(table)} <= set(told)
    assert told == {name: columns(ours()[name]) for name in told}


def test_every_entry_and_all_words_are_fields() -> None:
    """A new kind of entry in a course, or of words that are kept for one, makes this test fail."""
    assert set(MATRIX["entries"]) == {kind.__name__ for kind in get_args(What)}
    assert set(MATRIX["words"]) == {"entry", *kinds_of_words()}


def test_fields_are_those_of_the_matrix() -> None:
    """Whatever a column, an entry or words are said to be has its row of readers, and each row lies somewhere."""
    parts = [pair.partition(":")[2] for row in MATRIX["tables"].values() for pair in row.split()]
    parts += [part for group in ("entries", "words") for row in MATRIX[group].values() for part in row.split()]
    assert set(parts) - {"-"} == set(MATRIX["fields"])


def kinds_of_words() -> Iterator[str]:
    """The literal kinds with which the source keeps words; the kind of an entry's own words is its type."""
    for path in (PACKAGE / "clinic").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("write_text", "keep_words"):
                kind = node.args[1]
                if isinstance(kind, ast.Constant):
                    yield str(kind.value)
