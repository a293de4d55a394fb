"""The report of a run: summary.json, and one HTML page that needs nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SUMMARY = "summary.json"


def write_report(told: dict[str, Any], out: Path) -> None:
    """Writes the summary beside the rows."""
    made = out / f".{SUMMARY}.part"
    made.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(made, out / SUMMARY)
