"""Opens a TOML file of the library for reading field by field."""

from __future__ import annotations

import tomllib
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.toml_table import Notes, Table


def read_table(path: Path) -> tuple[Table, Notes]:
    """The file's outermost table and the notes on it. Raises Complaint where there is no file or no TOML."""
    if not path.is_file():
        raise Complaint(f"There is no file {path.name}.", str(path.parent))
    text = path.read_text(encoding="utf-8")
    notes = Notes(path.name, text)
    try:
        return Table(tomllib.loads(text), notes), notes
    except tomllib.TOMLDecodeError as error:
        raise Complaint(f"This is not TOML: {error}", path.name) from None
