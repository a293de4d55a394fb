"""Where the library of protocols and instruments lies, in a checkout as in an installed wheel."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from unstuck.core.errors import Complaint


def library_root() -> Path:
    """The folder of the library: UNSTUCK_LIBRARY, else the one in the installed package, else the repository's."""
    named = os.environ.get("UNSTUCK_LIBRARY")
    packaged = Path(str(files("unstuck"))) / "library"
    for place in [Path(named)] if named else [packaged, Path(__file__).resolve().parents[3] / "library"]:
        if place.is_dir():
            return place
    raise Complaint("The library was not found.", named or str(packaged), "Point UNSTUCK_LIBRARY at its folder.")
