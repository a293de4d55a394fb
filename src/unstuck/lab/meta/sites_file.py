"""A site's summary as a file: JSON that a person can read before it leaves the site."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from unstuck.core.errors import Complaint
from unstuck.lab.meta.answer import as_json
from unstuck.lab.meta.sites import Group, Kind, SiteSummary

FORMAT = "unstuck site summary 1"
COUNTS = ("measured", "missing_low", "missing_high", "events")
FIELDS = {"format", *(each.name for each in fields(SiteSummary))}


def text_of(summary: SiteSummary) -> str:
    """The file's text."""
    return json.dumps({"format": FORMAT, **_object(summary)}, indent=1, ensure_ascii=False) + "\n"


def _object(summary: SiteSummary) -> dict[str, object]:
    whole = as_json(summary)
    return whole if isinstance(whole, dict) else {}


def read_summary(path: Path) -> SiteSummary:
    """The summary in a file. Raises Complaint for anything that such a file cannot hold, small cells among them."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise Complaint(f"It cannot be read ({wrong}).", str(path), "Ask the site for its file again.") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT or set(data) != FIELDS:
        raise Complaint("This is no site summary of this version.", str(path), "Make it with 'unstuck sites make'.")
    try:
        summary = _summary(data)
    except (TypeError, ValueError, KeyError) as wrong:
        raise Complaint(f"A field is not what it should be ({wrong}).", str(path), "Make the file anew.") from None
    for group in summary.groups:
        _check(group, summary.minimum_cell, path)
    return summary


def _summary(data: dict[str, Any]) -> SiteSummary:
    texts = [_text(data[name]) for name in ("site", "outcome", "unit")]
    groups = tuple(_group(each) for each in data["groups"])
    return SiteSummary(texts[0], texts[1], Kind(data["kind"]), texts[2], _count(data["minimum_cell"]) or 0, groups)


def _group(data: dict[str, Any]) -> Group:
    if set(data) != {each.name for each in fields(Group)}:
        raise ValueError(f"a group holds {', '.join(sorted(data))}")
    counts = {name: _count(data[name]) for name in COUNTS}
    mean, sd = (None if data[name] is None else float(data[name]) for name in ("mean", "sd"))
    withheld = tuple(_text(why) for why in data["withheld"])
    return Group(_text(data["name"]), mean=mean, sd=sd, withheld=withheld, **counts)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _count(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise TypeError(f"{value!r} is no count")


def _check(group: Group, least: int, path: Path) -> None:
    """A file that shows a small cell is not used: it should not have left its site."""
    counts = [group.measured] if group.events is None else [group.events, (group.measured or 0) - group.events]
    small = [count for count in counts if count is not None and count < least]
    gap = group.missing_low == group.missing_high and 0 < (group.missing_high or 0) < least
    if small or gap:
        said = f"{group.name!r} shows a group of fewer than {least} people."
        raise Complaint(said, str(path), "Do not use or keep the file; ask the site to make it anew.")
    if group.mean is not None and (group.sd is None or group.sd <= 0 or group.measured is None):
        raise Complaint(f"{group.name!r} has a mean without n or SD.", str(path), "Make the file anew.")
