"""What the rows of a run say: shares and means by scenario, each with its Monte Carlo error, and how to read them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unstuck.core.estimands import Estimand
from unstuck.core.trial import COSTED, READ, Analysis, TrialDesign, Truth, design_text
from unstuck.lab.trials.batched.draws import Bools, Floats
from unstuck.lab.trials.virtual.job import Setting, TrialJob
from unstuck.lab.trials.virtual.optimise import bounds
from unstuck.lab.trials.virtual.patients_told import patients_told
from unstuck.lab.trials.virtual.reading import READINGS, Reading
from unstuck.lab.trials.virtual.results import UNITS, level_of
from unstuck.lab.trials.virtual.truths import without_spread
from unstuck.lab.trials.virtual.verdict import verdict_of

SIMULATED = "SIMULATED. No real person is in this. What a design can show rests on the effects that were put in."
Told = dict[str, Any]


def summarise(job: TrialJob, files: Iterable[Path]) -> Told:
    """The summary of a run from its files."""
    return summarise_rows(job, pa.concat_tables([pq.read_table(path) for path in files]))


def summarise_rows(job: TrialJob, rows: pa.Table) -> Told:
    """The summary of a run from its rows."""
    return {
        "note": SIMULATED,
        "run": {**job.identity, "hash": job.hash},
        "title": job.design.title,
        "question": job.design.question,
        "design": json.loads(design_text(job.design)),
        "patients": patients_told(job.design),
        "estimands": [_estimand(job.design, each) for each in (job.design.estimand, *job.design.estimands)],
        "cells": [_cell(setting, rows.filter(pc.equal(rows["cell"], n))) for n, setting in enumerate(job.settings)],
        "costs": _costs(job.design),
        "assumed": [_figure(name, figure) for name, figure in job.settings[0].assumed],
        "limits": list(job.design.limits),
    }


def _estimand(design: TrialDesign, estimand: Estimand) -> Told:
    events = {happening.value: strategy.value for happening, strategy in estimand.strategies}
    return {
        "key": estimand.key,
        "analyses": {a.key: a.method.value for a in design.analyses if design.estimand_of(a) is estimand},
        "failure_change": estimand.failure_change,
        "population": estimand.population,
        "summary": estimand.summary,
        "variable": f"change of {design.outcome} at {design.final.key} (day {design.final.day})",
        "events": events,
    }


def _costs(design: TrialDesign) -> Told | None:
    """The figures that costs and burden rest on, and what is not counted; None where the design has none."""
    if design.costs is None:
        return None
    named = [(name, getattr(design.costs, name)) for name in COSTED]
    return {
        "currency": design.costs.currency,
        "figures": [_figure(name, figure) for name, figure in named if figure is not None],
        "left_out": [name for name, figure in named if figure is None],
    }


def _figure(name: str, figure: Any) -> Told:
    return {"name": name, "value": figure.value, "unit": figure.unit, "low": figure.low, "high": figure.high,
            "source": figure.source, "grade": figure.grade.value, "note": figure.note}  # fmt: skip


def _cell(setting: Setting, rows: pa.Table) -> Told:
    design = setting.design
    scenarios = [
        _scenario(design, truth, analysis, arm.key, rows)
        for truth in design.truths
        for analysis in design.analyses
        for arm in design.active
    ]
    told: Told = {"values": dict(setting.cell.values), "words": setting.cell.words, "size": design.size}
    told |= {"taken_as_it_stands": list(without_spread(setting)), "scenarios": scenarios}
    some_arm = {truth.value: _some_arm(design, truth, rows) for truth in design.truths}
    return told | {"some_arm": some_arm, "verdict": verdict_of(design, scenarios, some_arm)}


def _some_arm(design: TrialDesign, truth: Truth, rows: pa.Table) -> Told:
    """How many trials show an effect of any active arm by the primary analysis, and how many reject for any."""
    wanted = pc.and_(pc.equal(rows["truth"], truth.value), pc.equal(rows["analysis"], design.primary.key))
    mine = rows.filter(wanted).sort_by([("replicate", "ascending"), ("arm", "ascending")])
    column = {name: _column(mine, name).reshape(-1, len(design.active)) for name in NUMBERS}
    works = column["reading"] == READINGS.index(Reading.WORKS)
    found = works if design.primary.method in READ else column["success"] == 1
    return {"shown": share(found.any(axis=1)), "rejects": share(_rejects(design, design.primary, column).any(axis=1))}


def _column(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].to_numpy(zero_copy_only=False).astype(float))


def _rejects(design: TrialDesign, analysis: Analysis, column: dict[str, Floats]) -> Bools:
    """Where no difference is rejected, in either direction: under looks by the interval of the look."""
    if design.interim and analysis.primary:
        return np.asarray((column["low"] > 0) | (column["high"] < 0))
    return np.asarray(column["p"] < level_of(design))


def _scenario(design: TrialDesign, truth: Truth, analysis: Analysis, arm: str, rows: pa.Table) -> Told:
    wanted = pc.and_(pc.equal(rows["truth"], truth.value), pc.equal(rows["analysis"], analysis.key))
    mine = rows.filter(pc.and_(wanted, pc.equal(rows["arm"], arm))).sort_by("replicate")
    column = {name: _column(mine, name) for name in NUMBERS}
    answered = np.isfinite(column["p"])
    told: Told = {"truth": truth.value, "analysis": analysis.key, "method": analysis.method.value, "arm": arm}
    told |= {"estimand": analysis.estimand, "unit": UNITS[analysis.method]}
    told |= {"primary": analysis.primary, "replicates": mine.num_rows, "no_answer": int((~answered).sum())}
    told |= {"success": share(column["success"]), "rejects": share(_rejects(design, analysis, column))}
    told |= {"estimate": mean(column["estimate"][answered]), "true_seen": _plain(column["seen"])}
    told |= {"quantiles": _quantiles(column["estimate"][answered])}
    looks = len(design.interim.looks) if design.interim and analysis.primary else 0
    told |= {"ended_at": [share(column["look"] == number) for number in range(1, looks + 1)]}
    told |= {"true_drug": _plain(column["drug"]), "fakeable": _plain(column["fakeable"])}
    told |= _held(column, answered)
    told |= {name: _plain(column[name]) for name in ("randomised", "missing", "look")}
    told |= {name: _wholly(column[name]) for name in ("days", "cost", "burden_h")}
    told |= {"cost_quantiles": _quantiles(column["cost"]) if told["cost"] is not None else None}
    return told | {"readings": _readings(column["reading"])}


NUMBERS: tuple[str, ...] = ("estimate", "se", "low", "high", "p", "success", "reading", "fakeable", "drug", "seen")
NUMBERS += ("seen_error", "look", "randomised", "missing", "days", "cost", "burden_h")


def _held(column: dict[str, Floats], answered: Any) -> Told:
    """Bias and coverage of what is seen, and the model's spread beside the one that was met."""
    known = answered & np.isfinite(column["seen"])
    if not known.any():
        return {"bias": None, "coverage": None, "spread": None, "se": None}
    off = column["estimate"][known] - column["seen"][known]
    inside = (column["low"][known] <= column["seen"][known]) & (column["seen"][known] <= column["high"][known])
    return {
        "bias": _with_error(mean(off), float(column["seen_error"][known].mean())),
        "coverage": share(inside),
        "spread": round(float(off.std(ddof=1)), 6) if len(off) > 1 else None,
        "se": _plain(column["se"][known]),
    }


def _with_error(found: Told, error: float) -> Told:
    """The mean with an error that also holds that of what it was compared with."""
    if found["mc_se"] is None:
        return found
    return found | {"mc_se": round(math.hypot(found["mc_se"], error), 6), "true_error": round(error, 6)}


def _readings(places: Floats) -> Told | None:
    known = places[np.isfinite(places)]
    if not len(known):
        return None
    return {reading.value: share(known == place) for place, reading in enumerate(READINGS)}


def share(yes: Any) -> Told:
    """A share of the replicates with its Monte Carlo standard error and exact interval."""
    met, of = int(np.sum(yes)), len(yes)
    if not of:
        return {"met": 0, "of": 0, "share": None, "mc_se": None, "low": None, "high": None}
    p = met / of
    low, high = bounds(met, of, 0.05)
    return {"met": met, "of": of, "share": round(p, 6), "mc_se": round(math.sqrt(p * (1 - p) / of), 6),
            "low": round(low, 6), "high": round(high, 6)}  # fmt: skip


def mean(values: Floats) -> Told:
    """A mean with its Monte Carlo standard error."""
    if len(values) < 2:
        return {"mean": None, "mc_se": None}
    return {
        "mean": round(float(values.mean()), 6),
        "mc_se": round(float(values.std(ddof=1) / math.sqrt(len(values))), 6),
    }


def _quantiles(values: Floats) -> list[float] | None:
    """The 5th, 25th, 50th, 75th and 95th percentile."""
    return [round(float(q), 6) for q in np.percentile(values, (5, 25, 50, 75, 95))] if len(values) else None


def _wholly(values: Floats) -> float | None:
    """The mean, None where any replicate has none: an unknown sum is not the mean of the known ones."""
    return _plain(values) if np.isfinite(values).all() else None


def _plain(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return round(float(known.mean()), 6) if len(known) else None
