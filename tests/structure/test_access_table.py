"""The table of who opens what is made of its data, and says what the data says."""

from __future__ import annotations

import subprocess
import sys

from tests.structure.sources import ROOT


def test_the_table_is_up_to_date() -> None:
    """docs/access.md is what tools/access_table.py makes of docs/access.toml; run the tool where this fails."""
    tool = [sys.executable, str(ROOT / "tools" / "access_table.py"), "--check"]
    assert subprocess.run(tool, check=False).returncode == 0
