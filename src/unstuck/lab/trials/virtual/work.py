"""One piece of work: some replicates of one scenario, simulated, analysed, and given as the bytes of a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from unstuck.core.trial import READ, TrialDesign, Truth
from unstuck.lab.trials.batched.draws import Bools, Floats
from unstuck.lab.trials.virtual.analyse import analyse
from unstuck.lab.trials.virtual.batch import many_tables
from unstuck.lab.trials.virtual.job import Chunk, Setting, TrialJob
from unstuck.lab.trials.virtual.looks import Ended, ended, without
from unstuck.lab.trials.virtual.mind_targets import mind_targets, worlds_of
from unstuck.lab.trials.virtual.reading import fakeable, read
from unstuck.lab.trials.virtual.results import succeeds
from unstuck.lab.trials.virtual.spending import spent
from unstuck.lab.trials.virtual.table import TrialTable
from unstuck.lab.trials.virtual.targets import is_plain, people_for, targets
from unstuck.lab.trials.virtual.true_effects import ByClass, difference
from unstuck.lab.trials.virtual.truths import TrueState, truth_of
from unstuck.lab.trials.virtual.worlds import World

SCHEMA = pa.schema(
    [
        ("cell", pa.int16()),
        ("truth", pa.string()),
        ("replicate", pa.int32()),
        ("analysis", pa.string()),
        ("arm", pa.string()),
        ("estimate", pa.float64()),
        ("se", pa.float64()),
        ("df", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("p", pa.float64()),
        ("success", pa.bool_()),
        ("reading", pa.int8()),  # place in READINGS; empty for responders
        ("fakeable", pa.float64()),  # points that belief could have made
        ("drug", pa.float64()),  # the true difference through the drug alone
        ("seen", pa.float64()),  # the true difference with what belief adds
        ("seen_error", pa.float64()),  # standard error of that true difference
        ("look", pa.int8()),
        ("randomised", pa.int32()),
        ("people", pa.int32()),  # analysed
        ("missing", pa.float64()),  # share of the randomised without a final score
        ("days", pa.float64()),  # from the opening to the last final visit; NaN without per_month
        ("cost", pa.float64()),
        ("burden_h", pa.float64()),  # hours of a participant, on average
    ]
)
Columns = dict[str, NDArray[Any]]
Means = dict[str, dict[str, tuple[ByClass, ...]]]  # by setting and analysis


def work(job: TrialJob, chunk: Chunk, means: Means) -> bytes:
    """The file of that piece. Depends on the job and the piece alone; `means` are those of `means_of(job)`."""
    return parquet(rows_of(job, chunk, means))


def rows_of(job: TrialJob, chunk: Chunk, means: Means) -> pa.Table:
    """A row for each replicate, analysis and active arm."""
    setting = job.settings[chunk.cell]
    numbers = range(chunk.first, chunk.last)
    truths = [truth_of(setting, chunk.truth, job.seed, r) for r in numbers]
    table = many_tables(setting, truths, job.seed, chunk.first)
    parts = _analysed(setting, table, truths, means[_key(setting)])
    fixed = {"cell": chunk.cell, "truth": chunk.truth.value}
    made = [_table(setting.design, fixed, np.array(numbers), part) for part in parts]
    return pa.concat_tables(made)


def parquet(table: pa.Table) -> bytes:
    """The same bytes for the same table."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _analysed(
    setting: Setting, table: TrialTable, truths: list[TrueState], means: dict[str, tuple[ByClass, ...]]
) -> list[tuple[str, Columns]]:  # fmt: skip
    design = setting.design
    finish = ended(design, table)
    shared = _shared(design, table, finish.enrolled)
    bound = fakeable(design, without(table, ~finish.enrolled))
    final = without(table, np.arange(table.arm.shape[1])[None, :] >= design.size)
    whole = np.ones(table.arm.shape, dtype=bool)
    found = []
    for analysis in sorted(design.analyses, key=lambda a: not a.primary):
        end = finish
        if not analysis.primary:
            result = analyse(design, analysis, final)
            end = Ended(result, succeeds(design, analysis, result), np.ones_like(finish.look), whole)
        true = _true(setting, truths, means.get(analysis.key))
        found.append((analysis.key, _columns(end, shared, true, bound if analysis.method in READ else None)))
    return found


def _true(
    setting: Setting, truths: list[TrueState], means: tuple[ByClass, ...] | None
) -> tuple[Floats, Floats, Floats] | None:  # fmt: skip
    """True differences through the drug alone and as seen, and their error, shape (replicates, active arms); None where
    an analysis estimates nothing that has a true value."""
    if means is None:
        return None
    active = [place for place, arm in enumerate(setting.arms) if not arm.design.control]
    found = [[difference(setting, means, truth, place) for place in active] for truth in truths]
    drug, seen, error = (np.array([[getattr(d, n) for d in row] for row in found]) for n in ("drug", "seen", "error"))
    return drug, seen, error


def means_of(job: TrialJob) -> Means:
    """The classes' means of every cell, worked out once for all that they depend on."""
    worlds = worlds_of(job.seed, job.reps) if job.design.mechanistic else ()
    many = people_for(job.reps)
    return {key: _targets(_Keyed(key, worlds, many, setting)) for setting in job.settings for key in [_key(setting)]}


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A setting that equals every other one with the same means."""

    key: str
    worlds: tuple[World, ...]  # of mechanistic people
    people: int
    setting: Setting = field(compare=False)


@lru_cache(maxsize=64)
def _targets(keyed: _Keyed) -> dict[str, tuple[ByClass, ...]]:
    if keyed.setting.design.mechanistic:
        return mind_targets(keyed.setting, keyed.worlds)
    return targets(keyed.setting, truth_of(keyed.setting, Truth.PUBLISHED, 0, 0).effects, keyed.people)


def _key(setting: Setting) -> str:
    """What the classes' means depend on; not the size, so that a sweep over sizes shares them."""
    design = setting.design
    names = [arm.study.name if arm.study else "" for arm in setting.arms]
    arms = [(a.protocol.hash, a.design.protocol_arm, a.design.control) for a in setting.arms]
    parts = (arms, names, design.patients if design.mechanistic else None)
    if not design.mechanistic and all(is_plain(setting, analysis) for analysis in design.analyses):
        return repr(
            (parts, setting.frame.figures, design.outcome, design.final.day, bool(design.patients.veteran_points))
        )
    aims = (design.visits, design.leaving, design.events, design.estimand, design.estimands, design.analyses)
    steps = (design.patients.veteran_points, design.unblinding, design.clustering)
    return repr((parts, setting.frame.figures, design.outcome, design.final.day, steps, aims))


def _shared(design: TrialDesign, table: TrialTable, enrolled: Bools) -> Columns:
    """What all rows of a replicate share, shape (replicates,)."""
    randomised = enrolled.sum(axis=1)
    missing = (enrolled & ~np.isfinite(table.scores[:, :, -1])).sum(axis=1) / randomised
    used = spent(design, table, enrolled)
    return {"randomised": randomised, "missing": missing, **{n: getattr(used, n) for n in ("days", "cost", "burden_h")}}


def _columns(
    end: Ended, shared: Columns, true: tuple[Floats, Floats, Floats] | None, bound: Floats | None
) -> Columns:  # fmt: skip
    """Columns of shape (replicates, active arms)."""
    result, shape = end.result, end.result.p.shape
    nothing = np.full(shape, np.nan)
    wide = {name: np.broadcast_to(values[:, None], shape) for name, values in shared.items()}
    return wide | {
        **{name: getattr(result, name) for name in ("estimate", "se", "df", "low", "high", "p")},
        "people": np.broadcast_to(result.people[:, None], shape),
        "success": end.success,
        "look": end.look,
        "reading": nothing if bound is None else read(result, bound),
        "fakeable": nothing if bound is None else bound,
        "drug": nothing if true is None else true[0],
        "seen": nothing if true is None else true[1],
        "seen_error": nothing if true is None else true[2],
    }


def _table(
    design: TrialDesign, fixed: Mapping[str, object], numbers: Floats, part: tuple[str, Columns]
) -> pa.Table:  # fmt: skip
    key, columns = part
    count = len(numbers)
    made = []
    for column, arm in enumerate(design.active):
        whole = {**fixed, "analysis": key, "arm": arm.key}
        data = {name: pa.array([value] * count) for name, value in whole.items()}
        data["replicate"] = pa.array(numbers)
        for name, values in columns.items():
            data[name] = pa.array(values[:, column], from_pandas=name == "reading")
        made.append(pa.table([data[f.name].cast(f.type) for f in SCHEMA], schema=SCHEMA))
    return pa.concat_tables(made)
