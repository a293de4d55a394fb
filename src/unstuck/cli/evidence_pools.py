"""From rows of the evidence to a pooled mean, and to the plot rows that a release keeps."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from unstuck.core.arithmetic import Z95
from unstuck.core.errors import Complaint
from unstuck.core.evidence import Measure
from unstuck.core.evidence_release import Line, Pool, Silent
from unstuck.core.evidence_rows import Row, Selection, Unit
from unstuck.core.library_file import library_root
from unstuck.lab.meta.inference import Interval, Options
from unstuck.lab.meta.pool import Pooled, pool
from unstuck.lab.meta.sample import Effects, effects
from unstuck.lab.meta.tau2 import Method

FEWEST = 3
"""Fewer rows are shown side by side in a release: from two nobody can tell how much trials differ."""
CAREFUL = Options(Method.REML, Interval.AD_HOC)
"""How releases are pooled: an interval never narrower than the classic one, as few trials can look too much alike."""
INTERVAL_WORDS = {
    Interval.NORMAL: "",
    Interval.KNAPP_HARTUNG: ", Knapp-Hartung",
    Interval.AD_HOC: ", Knapp-Hartung, never narrower than the normal interval",
}
METHOD_WORDS = {"REML": "REML", "DL": "DerSimonian-Laird", "PM": "Paule-Mandel", "FE": "fixed effect"}


@dataclass(frozen=True, slots=True)
class Effect:
    """One row to pool: effect and SE in the unit that is pooled (logarithm for a ratio)."""

    label: str
    effect: float
    se: float
    n: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pool is about, in words, and in which direction its numbers point."""

    key: str
    question: str
    unit: Unit
    unit_words: str
    favours_low: str = "favours control"
    favours_high: str = "favours treatment"
    protocols: tuple[str, ...] = ()


def options(method: str = "REML", normal: bool = False) -> Options:
    """How to pool."""
    return Options(Method(method), Interval.NORMAL if normal else Interval.KNAPP_HARTUNG)


def of_selection(selection: Selection, measures: dict[str, Measure]) -> tuple[Effect, ...]:
    """The rows of a selection. Raises Complaint where points of several scales would be added."""
    return tuple(Effect(row.label, row.effect, row.se, row.n, _detail(row, measures)) for row in selection.rows)


def one_measure(selection: Selection) -> None:
    """Raises Complaint where the rows are points of several scales: they do not add up."""
    found = sorted({row.measure for row in selection.rows})
    if len(found) > 1:
        raise Complaint(f"The rows are points of {', '.join(found)}.", mend="Add --measure, or leave --unit at smd.")


def _detail(row: Row, measures: dict[str, Measure]) -> str:
    return f"{measures[row.measure].title}, {row.at.words}, {row.how}; {row.origin.words}".replace(", as printed", "")


def of_table(name: str, treatment: str | None, controls: Sequence[str]) -> tuple[Effect, ...]:
    """Rows of a published table, turned so that more favours the treatment. Raises Complaint where none is left."""
    file = {"psychotherapy": "psychotherapy_effects.csv", "mdma": "mdma_effects.csv"}[name]
    with (library_root() / "evidence" / "tables" / file).open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("chosen", "1") == "1"]
    known = sorted({row["treated"] for row in rows}), sorted({row["against"] for row in rows})
    kept = [r for r in rows if treatment in (None, r["treated"]) and (not controls or r["against"] in controls)]
    if not kept:
        mend = f"Treatments: {', '.join(known[0])}. Controls: {', '.join(known[1])}."
        raise Complaint("No row of the table fits.", mend=mend)
    sign = -1 if name == "mdma" else 1
    return tuple(_table_row(row, sign) for row in kept)


def one_a_study(rows: Sequence[Effect]) -> tuple[tuple[Effect, ...], str]:
    """One row for each study, CAPS before other scales, then the larger group; and a sentence on what is left out."""
    best: dict[str, Effect] = {}
    for row in rows:
        rival = best.get(row.label)
        if rival is None or _prefers(row, rival):
            best[row.label] = row
    out = len(rows) - len(best)
    said = f"Rows of the same people that are left out: {out}." if out else ""
    return tuple(row for row in rows if best[row.label] is row), said


def _prefers(one: Effect, other: Effect) -> bool:
    rank = [("CAPS" in row.detail, row.n or 0) for row in (one, other)]
    return rank[0] > rank[1]


def _table_row(row: dict[str, str], sign: int) -> Effect:
    detail = f"{row['treated']} against {row['against']}, {row['measure'].upper()}"
    size = int(float(row["n"])) if row["n"] else None
    return Effect(row["study"], sign * float(row["effect"]), float(row["se"]), size, detail)


def pooled(rows: Sequence[Effect], how: Options) -> Pooled:
    """The mean of the rows, each taken as a sample by itself."""
    return pool(sample(rows), how)


def sample(rows: Sequence[Effect]) -> Effects:
    """The rows as the lab takes them. A label that stands twice is two comparisons of one paper."""
    return effects([r.effect for r in rows], [r.se**2 for r in rows], [r.label for r in rows])


def as_pool(
    asked: Asked, rows: Sequence[Effect], how: Options, selection: Selection | None = None, fewest: int = FEWEST
) -> Pool:
    """The pool as a release keeps it; without a mean where fewer rows than `fewest` are there."""
    empty = Pool(
        key=asked.key, question=asked.question, unit=asked.unit_words, favours_low=asked.favours_low,
        favours_high=asked.favours_high, ratio=asked.unit is Unit.RR, lines=(), silent=_silent(selection),
        method="", warning=selection.warning if selection else "", protocols=asked.protocols,
    )  # fmt: skip
    if not rows:
        return empty
    result = pooled(rows, how)
    lines = tuple(_line(row, weight) for row, weight in zip(rows, result.weights, strict=True))
    if len(rows) < fewest or result.heterogeneity is None:
        note = f"{len(rows)} rows: side by side and not added up; from so few nobody can tell how much trials differ."
        return replace(empty, lines=lines, notes=(note,))
    mean = Line("Together", result.mean.estimate, result.mean.low, result.mean.high, n=_people(rows))
    spread = result.prediction or (None, None)
    words = METHOD_WORDS[how.method] + INTERVAL_WORDS[how.interval]
    return replace(
        empty, lines=lines, notes=(*map(_plain, result.notes), *_twice(rows)), mean=mean, method=words,
        new_study_low=spread[0], new_study_high=spread[1],
    )  # fmt: skip


def _twice(rows: Sequence[Effect]) -> list[str]:
    """A warning that names the studies that give several rows; none where each gives one."""
    several = [label for label, times in Counter(row.label for row in rows).items() if times > 1]
    if not several:
        return []
    named = "; ".join(several)
    return [f"Counted more than once, as if other people had been in each row: {named}. The interval is too narrow."]


def _plain(note: str) -> str:
    """The lab's sentence for readers who do not compute."""
    return note.replace("tau2", "The spread between trials (tau2)", 1) if note.startswith("tau2") else note


def _silent(selection: Selection | None) -> tuple[Silent, ...]:
    return tuple(Silent(out.label, out.why, out.n, out.says) for out in selection.left_out) if selection else ()


def _line(row: Effect, weight: float) -> Line:
    wide = Z95 * row.se
    return Line(row.label, row.effect, row.effect - wide, row.effect + wide, 100 * weight, row.n, row.detail)


def _people(rows: Iterable[Effect]) -> int | None:
    sizes = [row.n for row in rows]
    return sum(n for n in sizes if n is not None) if all(n is not None for n in sizes) else None


def shown(value: float, ratio: bool, places: int = 2) -> str:
    """A number as it is printed: ratios out of their logarithm."""
    return f"{math.exp(value) if ratio else value:.{places}f}"
