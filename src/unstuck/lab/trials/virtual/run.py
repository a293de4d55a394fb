"""Runs a trial's pieces over workers: they can be killed at any time, and give the same files each time.

A piece is one Parquet file whose name follows from all that its content depends on. It is written beside its place and
then renamed, so that what lies there is whole. Going on is an anti-join: pieces without a file are made. Workers hand
back bytes, so that a cluster needs no shared disk; only this process writes.
"""

from __future__ import annotations

import json
import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from unstuck.core.errors import Complaint
from unstuck.core.trial import design_text
from unstuck.lab.trials.run import held_interrupt
from unstuck.lab.trials.virtual.job import Chunk, TrialJob
from unstuck.lab.trials.virtual.work import Means, means_of, work

RUN, ROWS = "run.json", "rows"
AHEAD = 3  # pieces that wait for each worker, so that none stands idle
Progress = Callable[[int, int, float], None]
Cluster = Callable[[], AbstractContextManager[Executor]]


@dataclass(frozen=True, slots=True)
class Hands:
    """Who does the work: so many processes of this machine, or the executor of a cluster."""

    workers: int = 1
    cluster: Cluster | None = None


ALONE = Hands()


def run_trial(
    job: TrialJob, out: Path, hands: Hands = ALONE, resume: bool = False,
    progress: Progress = lambda done, of, seconds: None,
) -> list[Path]:  # fmt: skip
    """Writes every piece that is missing; returns all files in order. Raises Complaint for another run's folder."""
    _claim(job, out, resume)
    places = {chunk: out / ROWS / job.name_of(chunk) for chunk in job.chunks()}
    todo = [chunk for chunk, place in places.items() if not _is_whole(place)]
    ready, began = len(places) - len(todo), math.nan
    progress(ready, len(places), math.nan)
    for done, (chunk, made) in enumerate(_made(job, todo, hands), 1):
        _write(places[chunk], made)
        began = time.monotonic() if done == 1 else began  # what comes before the first piece is no pace
        pace = (time.monotonic() - began) / (done - 1) if done > 1 else math.nan
        progress(ready + done, len(places), (len(todo) - done) * pace)
    return list(places.values())


def _is_whole(place: Path) -> bool:
    """Whether that piece can be read to its last byte; a machine that lost its power may leave an empty one."""
    try:
        return place.is_file() and pq.read_table(place).num_rows > 0
    except (OSError, pa.ArrowException):
        return False


def _claim(job: TrialJob, out: Path, resume: bool) -> None:
    """The folder belongs to this run from now on."""
    try:
        (out / ROWS).mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        what = f"No folder can be made here: {wrong.strerror}."
        raise Complaint(what, str(out), "Name another with --out.") from None
    mine: dict[str, Any] = {"identity": job.identity, "hash": job.hash, "design": json.loads(design_text(job.design))}
    mine = json.loads(json.dumps(mine))
    path = out / RUN
    if not path.is_file():
        if any((out / ROWS).iterdir()) or len(list(out.iterdir())) > 1:
            raise Complaint("This folder holds other files.", str(out), "Name a new or an empty folder with --out.")
        _write(path, (json.dumps(mine, indent=1, sort_keys=True) + "\n").encode())
        return
    found = _identity(path)
    if found != mine["identity"]:
        differs = sorted(k for k in {*found, *mine["identity"]} if found.get(k) != mine["identity"].get(k))
        words = f"This folder holds another run; it differs in {', '.join(differs)}."
        raise Complaint(words, str(out), "Name another folder.")
    if not resume and any((out / ROWS).iterdir()):
        raise Complaint("This run has been begun here.", str(out), "Add --resume to go on with it.")


def _identity(path: Path) -> dict[str, Any]:
    """What the run that lies there depends on. Raises Complaint for a file that does not say so."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["identity"]
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, dict):
        raise Complaint("This file does not say which run lies here.", str(path), "Name a new folder with --out.")
    return found


def _write(path: Path, content: bytes) -> None:
    made = path.with_name(f".{path.name}.part")
    made.write_bytes(content)
    os.replace(made, path)


def _made(job: TrialJob, todo: list[Chunk], hands: Hands) -> Iterator[tuple[Chunk, bytes]]:
    means = means_of(job) if todo else {}
    if hands.cluster is None and (hands.workers <= 1 or len(todo) < 2):
        for chunk in todo:
            yield chunk, work(job, chunk, means)
        return
    with hands.cluster() if hands.cluster is not None else processes(min(hands.workers, len(todo))) as pool:
        yield from _spread(pool, _Work(job, means), todo, AHEAD * max(hands.workers, 2))


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Processes that leave Ctrl-C to this one; what they were at when it comes is lost, what is written stays."""
    with held_interrupt():
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_deaf)
        for _ in [pool.submit(os.getpid) for _ in range(workers)]:
            pass
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass(frozen=True, slots=True)
class _Work:
    """What every piece of a job needs, sent to a worker with the piece."""

    job: TrialJob
    means: Means

    def __call__(self, chunk: Chunk) -> bytes:
        return work(self.job, chunk, self.means)


def _spread(pool: Executor, of_job: _Work, todo: list[Chunk], ahead: int) -> Iterator[tuple[Chunk, bytes]]:
    """Pieces as they become ready, with only so many handed out at a time."""
    waiting: dict[Future[bytes], Chunk] = {}
    rest = iter(todo)
    while True:
        for chunk in rest:
            waiting[pool.submit(of_job, chunk)] = chunk
            if len(waiting) >= ahead:
                break
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            yield waiting.pop(future), future.result()
