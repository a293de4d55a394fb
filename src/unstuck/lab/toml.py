"""Opens a TOML file of the library for reading field by field."""

from __future__ import annotations

from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.toml_table import Notes, Table, read_toml


def read_table(path: Path) -> tuple[Table, Notes]:
    """The file's outermost table and the notes on it. Raises Complaint where there is no file or no TOML."""
    if not path.is_file():
        raise Complaint(f"There is no file {path.name}.", str(path.parent))
    table = read_toml(path.read_text(encoding="utf-8"), path.name)
    return table, table.notes
