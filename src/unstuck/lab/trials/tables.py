"""Events as one Parquet table, a row an event, in the order of the JSON Lines; the same bytes each time."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 20_000  # in a row group
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("course", pa.string()),
        ("observed_at", pa.timestamp("s", tz="UTC")),
        ("recorded_at", pa.timestamp("s", tz="UTC")),
        ("actor", pa.string()),
        ("origin", pa.string()),
        ("kind", pa.string()),
        ("step", pa.string()),
        ("occurrence", pa.int32()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("what", pa.string()),
    ]
)


def write_parquet(lines: Path, table: Path) -> None:
    """The table of a file of events. `what` keeps an event's own fields as JSON; `value` is a reading or a dose."""
    made = table.with_suffix(".part")
    with lines.open("rb") as source, pq.ParquetWriter(made, SCHEMA, compression="zstd") as writer:
        while rows := [_row(json.loads(line)) for line in itertools.islice(source, ROWS)]:
            writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
    made.replace(table)


def _row(event: dict[str, Any]) -> dict[str, Any]:
    what = event["what"]
    value = what.get("value", what.get("amount_mg"))
    plain = {name: event[name] for name in ("id", "course", "actor", "origin", "kind")}
    return plain | {
        "observed_at": _instant(event["observed_at"]),
        "recorded_at": _instant(event["recorded_at"]),
        "step": what.get("step"),
        "occurrence": what.get("occurrence"),
        "name": what.get("name") or what.get("instrument") or what.get("drug"),
        "value": float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None,
        "what": json.dumps(what, sort_keys=True, separators=(",", ":")),
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
