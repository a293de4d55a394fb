"""The answer to a question about a regimen, as plain values: for the command line, for programs and for plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.pk.cohort import NUMBERS, Population, Wish, simulate, simulate_people
from unstuck.lab.pk.parameter_sets import ParameterSet, Standing
from unstuck.lab.pk.people import Floats, Person, people
from unstuck.lab.pk.regimen_file import Question

LONG_H = 72
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
STANDING = {
    Standing.RECOMMENDED: "composed by this project, held to published measurements",
    Standing.REPRODUCED: "its publication's own numbers are reproduced, exceptions in its note",
    Standing.PARAMETERS_ONLY: "parameters only: no output of its publication was there to compare with",
    Standing.REFERENCE_VALUES: "reference values, no model",
    Standing.USER: "a user's own set; nothing is known of it",
}


@dataclass(frozen=True, slots=True)
class Lines:
    """One output: what the middle line means, and curves of shape (T,) by name: middle, and for a population low, high,
    inner_low, inner_high; `numbers` holds by name (low, middle, high), which are the same for one person."""

    middle: Floats
    band: tuple[Floats, Floats] | None
    inner: tuple[Floats, Floats] | None
    numbers: dict[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says about a regimen, for one person or for a population of `count`."""

    found: ParameterSet
    time_h: Floats
    count: int | None
    seed: int | None
    person: Person | None
    outputs: dict[str, Lines]


def wish_of(found: ParameterSet, question: Question) -> Wish:
    """The question put to that set. Raises Complaint where a level is named for an output that the set lacks."""
    unknown = set(question.levels_ng_per_ml) - set(found.domain.outputs)
    if unknown:
        known = ", ".join(found.domain.outputs)
        raise Complaint(f"{found.key} has no output {min(unknown)!r}.", "levels_ng_per_ml", f"It has: {known}.")
    return Wish(found, question.regimen, question.times_h, levels_ng_per_ml=question.levels_ng_per_ml)


def for_one(found: ParameterSet, question: Question) -> Answer:
    """The typical course of the question's person. Raises Complaint where the file names none."""
    if question.person is None:
        raise Complaint("The file names no person.", "person", "Add [person] with weight_kg and age_years.")
    wish = wish_of(found, question)
    got = simulate_people(wish, people(question.person))
    outputs = {}
    for o, name in enumerate(found.domain.outputs):
        rows = (got.peak, got.peak_h, got.area, got.rest, got.above_h)
        numbers = {n: (float(row[o, 0]),) * 3 for n, row in zip(NUMBERS, rows, strict=True)}
        outputs[name] = Lines(got.conc[o, 0], None, None, _told(numbers, name in question.levels_ng_per_ml))
    return Answer(found, question.times_h, None, None, question.person, outputs)


def for_many(found: ParameterSet, question: Question, count: int, seed: int, threads: int) -> Answer:
    """The same regimen in a drawn population of adults: medians with the ranges of half and of nine in ten people."""
    got = simulate(wish_of(found, question), count, seed, threads)
    outputs = {name: _many(got, name, name in question.levels_ng_per_ml) for name in found.domain.outputs}
    return Answer(found, question.times_h, count, seed, None, outputs)


def _many(got: Population, name: str, has_level: bool) -> Lines:
    low, inner_low, middle, inner_high, high = (got.curves[name].quantile(q) for q in SHARES)
    rows = [got.numbers[name].quantile(q) for q in (SHARES[0], SHARES[2], SHARES[-1])]
    numbers = {n: (float(rows[0][k]), float(rows[1][k]), float(rows[2][k])) for k, n in enumerate(NUMBERS)}
    return Lines(middle, (low, high), (inner_low, inner_high), _told(numbers, has_level))


def _told(numbers: dict[str, tuple[float, float, float]], has_level: bool) -> dict[str, tuple[float, float, float]]:
    return {n: v for n, v in numbers.items() if has_level or n != "above_h"}


def plain(answer: Answer) -> dict[str, Any]:
    """The answer for a program: every array a list, every number with its unit in its name."""
    return {
        "model": answer.found.key,
        "title": answer.found.title,
        "standing": answer.found.standing.value,
        "source": answer.found.source,
        "assumed_parameters": list(answer.found.assumed()),
        "people": answer.count or 1,
        "seed": answer.seed,
        "time_h": np.round(answer.time_h, 9).tolist(),
        "outputs": {name: _plain(lines) for name, lines in answer.outputs.items()},
    }


def _plain(lines: Lines) -> dict[str, Any]:
    names = {"median" if lines.band else "typical": lines.middle}
    if lines.band and lines.inner:
        names |= {"p05": lines.band[0], "p25": lines.inner[0], "p75": lines.inner[1], "p95": lines.band[1]}
    curves = {f"{name}_ng_per_ml": curve.tolist() for name, curve in names.items()}
    numbers = {n: {"low": v[0], "middle": v[1], "high": v[2]} if lines.band else v[1] for n, v in lines.numbers.items()}
    return curves | numbers


def text_of(answer: Answer) -> str:
    """The answer in lines for a person to read."""
    who = f"{answer.count} people, seed {answer.seed}" if answer.count else _words(answer.person)
    head = [f"{answer.found.title}", f"{answer.found.key}: {STANDING[answer.found.standing]}. For {who}."]
    head += [answer.found.note, ""] if answer.found.note else [""]
    about = "median (5 to 95 % of people)" if answer.count else "typical value"
    unit = "h" if answer.time_h[-1] > LONG_H else "min"
    head.append(f"{'output':<28}{'peak ng/mL':>24}{'at ' + unit:>24}{'AUC h ng/mL':>26}   {about}")
    rows = [_row(name, lines, 1 if unit == "h" else 60) for name, lines in answer.outputs.items()]
    levels = [
        f"{name}: {_cell(lines.numbers['above_h'], 2)} h above the level"
        for name, lines in answer.outputs.items()
        if "above_h" in lines.numbers
    ]
    assumed = ", ".join(answer.found.assumed())
    end = ["", f"Assumed, not measured: {assumed}."] if assumed else []
    return "\n".join([*head, *rows, *levels, *end]) + "\n"


def _words(person: Person | None) -> str:
    assert person is not None
    return f"a typical person of {person.weight_kg:g} kg and {person.age_years:g} years"


def _row(name: str, lines: Lines, per_hour: int) -> str:
    low, middle, high = lines.numbers["peak_h"]
    at = (low * per_hour, middle * per_hour, high * per_hour)
    cells = (_cell(lines.numbers["peak_ng_per_ml"], 1), _cell(at, 0), _cell(lines.numbers["auc_h_ng_per_ml"], 0))
    return f"{name:<28}{cells[0]:>24}{cells[1]:>24}{cells[2]:>26}"


def _cell(values: tuple[float, float, float], digits: int) -> str:
    low, middle, high = (f"{v:.{digits}f}" for v in values)
    return middle if values[0] == values[2] else f"{middle} ({low} to {high})"
