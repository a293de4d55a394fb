"""`unstuck explain PROTOCOL`: a protocol in sentences with their sources, and its schedule as a table."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby

from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol
from unstuck.core.protocol_text import Row, Sentence, explain, schedule_table

HELP = "Explain a protocol in sentences with their sources, and print its schedule."
HEADINGS = {
    "about": "What it is",
    "evidence": "Evidence",
    "finding": "What was found",
    "gap": "What the sources do not tell",
    "arm": "Arms",
    "step": "Steps",
    "regimen": "Doses",
    "gate": "What must hold before a step",
    "limit": "Limits",
    "monitoring": "Monitoring",
    "alert": "When somebody must act",
    "bedside": "Figures of the bedside",
    "endpoint": "Outcomes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The protocol and the form of the answer."""
    parser.add_argument("protocol", metavar="PROTOCOL", help="key of a library protocol, or a file")
    parser.add_argument("--json", action="store_true", help="print sentences and schedule as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the explanation. Raises Complaint where the protocol cannot be read."""
    protocol = load_protocol(args.protocol)
    if args.json:
        print(json.dumps(_plain(protocol), indent=2, ensure_ascii=False))
        return 0
    for part, sentences in groupby(explain(protocol), key=lambda s: s.part):
        print(f"\n{HEADINGS[part]}\n")
        for sentence in sentences:
            print(_paragraph(sentence))
    print("\nSchedule (nominal days from enrolment)\n")
    print(_table(schedule_table(protocol)))
    print(f"\nContent hash {protocol.hash}")
    return 0


def _plain(protocol: Protocol) -> dict[str, object]:
    return {
        "key": protocol.key,
        "version": protocol.version,
        "hash": protocol.hash,
        "sentences": [asdict(sentence) for sentence in explain(protocol)],
        "schedule": [asdict(row) for row in schedule_table(protocol)],
    }


def _paragraph(sentence: Sentence) -> str:
    grade = f", {sentence.grade.value}" if sentence.grade else ""
    origin = f" [{sentence.source}{grade}]" if sentence.source else ""
    return textwrap.fill(sentence.text + origin, 100, initial_indent="  - ", subsequent_indent="    ")


def _table(rows: Iterable[Row]) -> str:
    lines = [("step", "day", "who", "title")]
    lines += [(row.step, _days(row.days), row.who, _marked(row)) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    cells = [
        "  ".join([*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[3]]) for line in lines
    ]
    return "\n".join(f"  {line}" for line in cells)


def _marked(row: Row) -> str:
    marks = [word for word, so in (("by rule", row.conditional), ("optional", row.optional)) if so]
    return f"{row.title} ({', '.join(marks)})" if marks else row.title


def _days(days: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, days[:8]))
    return f"{shown}, ... {days[-1]}" if len(days) > 8 else shown or "-"
