"""Reads what stands beside the studies in `library/evidence`: claims, published reviews and figures to recompute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from unstuck.core.evidence import Claim, Origin, Review, Verdict
from unstuck.core.evidence_figures import KINDS, Figure
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Read
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table, near

Row = TypeVar("Row", Claim, Review, Figure)


def load_claims(root: Path | None = None) -> tuple[Claim, ...]:
    """Every claim, in the order of the file. Raises one Complaint that tells all faults."""
    return _load(root, "claims.toml", "claim", _claim)


def load_reviews(root: Path | None = None) -> tuple[Review, ...]:
    """Every pooled figure of a published review."""
    return _load(root, "reviews.toml", "review", _review)


def load_figures(root: Path | None = None) -> tuple[Figure, ...]:
    """Every published figure that can be recomputed."""
    return _load(root, "figures.toml", "figure", _figure)


def _load(root: Path | None, name: str, row_name: str, build: Callable[[Table], Row | None]) -> tuple[Row, ...]:
    table = open_toml((root or library_root()) / "evidence" / name)
    found: dict[str, Row] = {}
    for row in table.tables(row_name):
        made = build(row)
        row.finish()
        if made is not None and made.key in found:
            row.say("key", "This key stands twice.", "Give each row its own.")
        if made is not None:
            found[made.key] = made
    table.finish()
    table.notes.refuse()
    return tuple(found.values())


def _claim(row: Table) -> Claim:
    verdict, read = row.choice("verdict", Verdict), row.choice("read", Read)
    fields = {name: row.text(name) for name in ("key", "claim", "says", "topic")}
    source, note = row.text("source", ""), row.text("note", "")
    protocols = row.texts("protocols", ())
    if verdict in (Verdict.RIGHT, Verdict.WRONG, Verdict.IMPRECISE) and not source and read is not Read.MEMORY:
        row.say("verdict", "A verdict that sets a claim against a source names it.", "Add source = ...")
    return Claim(**fields, verdict=verdict, source=source, read=read, note=note, protocols=protocols)


def _review(row: Table) -> Review:
    read = row.choice("read", Read)
    grade = row.choice("grade", Grade, Grade.MEASURED)
    source, note = row.text("source"), row.text("note", "")
    fields = dict(
        key=row.text("key"), title=row.text("title"), question=row.text("question"), scale=row.text("scale"),
        value=row.maybe("value"), low=row.maybe("low"), high=row.maybe("high"), studies=row.maybe_whole("studies"),
        n=row.maybe_whole("n"), usable=row.flag("usable", True),
    )  # fmt: skip
    return Review(**fields, origin=Origin(source, read, grade, note))  # type: ignore[arg-type]


def _figure(row: Table) -> Figure | None:
    inner = row.table("numbers", required=True)
    numbers = {key: inner.number(key) for key in inner.raw} if inner else {}
    kind = row.text("kind")
    if kind not in KINDS:
        row.say("kind", f"The kind {kind!r} is unknown.", near(kind, KINDS))
    figure = Figure(
        key=row.text("key"), what=row.text("what"), kind=kind, numbers=numbers, printed=row.number("printed"),
        within=row.number("within"), fits=row.flag("fits", True), source=row.text("source"), note=row.text("note", ""),
    )  # fmt: skip
    return figure if kind in KINDS else None


def smallest_group(root: Path | None = None) -> int:
    """How many people a group needs before its figures are shown."""
    return sharing(root).smallest_group


@dataclass(frozen=True, slots=True)
class Sharing:
    """How many people a group needs to be shown, and the fewest that anybody may set instead."""

    smallest_group: int
    least_group: int


@cache
def sharing(root: Path | None = None) -> Sharing:
    """Both limits of `library/evidence/sharing.toml`. Raises Complaint where they are missing or cross."""
    table = open_toml((root or library_root()) / "evidence" / "sharing.toml")
    smallest, least = (table.sourced(key, "people") for key in ("smallest_group", "least_group"))
    if smallest and least and not 1 < least.value <= smallest.value:
        table.say("least_group", "The least group is above the smallest.", "Give from 2 up to the other.")
    table.finish()
    table.notes.refuse()
    assert smallest is not None and least is not None
    return Sharing(int(smallest.value), int(least.value))
