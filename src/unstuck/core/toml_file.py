"""Opens a TOML file for reading field by field."""

from __future__ import annotations

from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.toml_table import Table, read_toml


def open_toml(path: Path) -> Table:
    """The outermost table of the file. Raises Complaint where there is no file that can be read, or no TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Complaint(f"Cannot be read: {error.strerror}.", str(path)) from None
    except UnicodeDecodeError as error:
        raise Complaint(f"This is not TOML: {error}", path.name) from None
    return read_toml(text, path.name)
