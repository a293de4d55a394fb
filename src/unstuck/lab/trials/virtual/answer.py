"""An answer to one of the field's questions, or its refusal: a page with a plot, its reasons and its limits."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import Any

import pyarrow as pa

from unstuck.core.trial_file import read_design
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.report import STYLE
from unstuck.lab.trials.virtual.summary import SIMULATED, summarise_rows
from unstuck.lab.trials.virtual.work import means_of, rows_of


class Kind(StrEnum):
    """What became of the question."""

    ANSWERED = "answered"
    CANNOT_TELL = "cannot tell"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with what may be said to it. `words` and `limits` are sentences; `plot` is SVG text."""

    key: str
    question: str
    kind: Kind
    words: tuple[str, ...]
    limits: tuple[str, ...]
    plot: str
    caption: str
    basis: str  # what the plot was made from, to repeat it


def ask(design: Path, reps: int, seed: int) -> dict[str, Any]:
    """The summary of a design, simulated here and now, with nothing written."""
    job = prepare_trial(read_design(design), reps, seed)
    means = means_of(job)
    return summarise_rows(job, pa.concat_tables([rows_of(job, chunk, means) for chunk in job.chunks()]))


def scenario(cell: dict[str, Any], truth: str) -> dict[str, Any]:
    """The primary analysis of a cell under what is true there."""
    found: dict[str, Any] = next(s for s in cell["scenarios"] if s["primary"] and s["truth"] == truth)
    return found


def luck(reps: int) -> str:
    """The limit that shares of so many simulated trials have: the half width of a 95 % interval at one half."""
    half = 98 / math.sqrt(reps)
    return f"Each share comes from {reps} simulated trials; luck alone moves it by up to {half:.0f} points."


def text_of(answer: Answer) -> str:
    """The answer in lines."""
    lines = [answer.question, f"  {answer.kind.value.upper()}.", *(f"  {words}" for words in answer.words)]
    return "\n".join([*lines, *(f"  Limit: {limit}" for limit in answer.limits)]) + "\n"


def write_answer(answer: Answer, out: Path) -> Path:
    """Writes the page `KEY.html` and the plot `KEY.svg`, each whole in itself; returns the page."""
    out.mkdir(parents=True, exist_ok=True)
    page = out / f"{answer.key}.html"
    _write(page, _page(answer))
    plain = STYLE.replace("system-ui,", "")
    _write(out / f"{answer.key}.svg", answer.plot.replace("role=", 'xmlns="http://www.w3.org/2000/svg" role=', 1)
           .replace(">", f"><style>{plain}</style>", 1))  # fmt: skip
    return page


def _write(path: Path, text: str) -> None:
    made = path.with_name(f".{path.name}.part")
    made.write_text(text, encoding="utf-8")
    os.replace(made, path)


def _page(answer: Answer) -> str:
    kind = "can" if answer.kind is Kind.ANSWERED else "cannot"
    words = "".join(f"<p>{escape(words)}</p>" for words in answer.words)
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in answer.limits)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(answer.question)}</title>'
        f'<style>{STYLE}</style></head><body><main><p class="simulated">{escape(SIMULATED)}</p>'
        f'<h1>{escape(answer.question)}</h1><p class="verdict {kind}">{answer.kind.value.capitalize()}.</p>{words}'
        f"<figure>{answer.plot}<figcaption>{escape(answer.caption)}</figcaption></figure>"
        f"<section><h2>Limits</h2><ul>{limits}</ul></section>"
        f"<section><h2>Basis</h2><p>{escape(answer.basis)}</p></section></main></body></html>\n"
    )


WIDE, HIGH, EDGE = 640, 320, 60


@dataclass(frozen=True, slots=True)
class Line:
    """A named line of points, as (x, y) pairs in order of x."""

    name: str
    points: tuple[tuple[float, float], ...]


def lines_svg(lines: Sequence[Line], x_words: str, y_words: str, log: bool = False) -> str:
    """Lines over a common axis; each line's name stands at its end, and dashes tell lines apart without colour."""
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    low, high = min(0.0, *ys), max(0.0, *ys) or 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        span = math.log(max(xs) / min(xs)) if log else max(xs) - min(xs)
        share = (math.log(x / min(xs)) if log else x - min(xs)) / (span or 1.0)
        return EDGE + share * (WIDE - 2 * EDGE - 90), HIGH - EDGE - (y - low) / (high - low) * (HIGH - EDGE - 20)

    parts, taken = [], list[float]()
    for place, line in sorted(enumerate(lines), key=lambda pair: at(*pair[1].points[-1])[1]):
        way = " ".join(f"{'ML'[n > 0]}{a:.1f} {b:.1f}" for n, (a, b) in enumerate(at(*p) for p in line.points))
        dash = ("", "7 4", "2 4", "10 3 2 3")[place % 4]
        parts.append(f'<path class="range" fill="none" stroke-dasharray="{dash}" d="{way}"/>')
        x, y = at(*line.points[-1])
        taken.append(max(y, taken[-1] + 16) if taken else y)  # names keep apart
        parts.append(f'<text x="{x + 8:.1f}" y="{taken[-1] + 4:.1f}">{escape(line.name)}</text>')
    return _framed("".join(parts), sorted(set(xs)), (low, high), at, (x_words, y_words))


def _framed(inside: str, xs: Sequence[float], span: tuple[float, float], at: Any, words: tuple[str, str]) -> str:
    bottom, parts = HIGH - EDGE, [inside]
    parts.append(f'<path class="axis" d="M{EDGE} {bottom}H{WIDE - EDGE - 90}M{EDGE} {bottom}V20"/>')
    shown = xs if len(xs) <= 8 else xs[:: len(xs) // 6]
    parts += [f'<text class="tick" x="{at(x, span[0])[0]:.1f}" y="{bottom + 16}">{x:g}</text>' for x in shown]
    for y in _round_values(*span):
        parts.append(f'<text class="label" x="{EDGE - 6}" y="{at(xs[0], y)[1] + 4:.1f}">{y:,g}</text>')
    parts.append(f'<text class="tick" x="{(WIDE - 90) / 2}" y="{HIGH - 16}">{escape(words[0])}</text>')
    parts.append(f'<text x="{EDGE}" y="13">{escape(words[1])}</text>')
    name = escape(f"{words[1]}, over {words[0]}")
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{name}">{"".join(parts)}</svg>'


def _round_values(low: float, high: float) -> list[float]:
    """Round values between the two, four to six of them."""
    raw = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(s * size for s in (1, 2, 2.5, 5, 10) if s * size >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round((first + k) * step, 9) for k in range(7) if (first + k) * step <= high + 1e-9]


def finish(make: Callable[[int, int], Answer], reps: int) -> None:
    """A script's end: reads --reps, --seed and --out, makes the answer, writes its page and prints it."""
    parser = argparse.ArgumentParser(description=make.__doc__)
    parser.add_argument("--reps", type=int, default=reps, help="replicates of each scenario")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("var/answers"))
    args = parser.parse_args()
    answer = make(args.reps, args.seed)
    again = f"python examples/{answer.key}.py --reps {args.reps} --seed {args.seed}"
    answer = replace(answer, basis=f"{answer.basis}. To repeat it: {again}")
    print(text_of(answer), end="")
    print(f"  Page: {write_answer(answer, args.out)}")
