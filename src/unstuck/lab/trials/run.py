"""Runs a job over workers, piece by piece: it can be stopped and taken up again, and gives the same bytes each time."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from unstuck.core.errors import Complaint
from unstuck.lab.trials.job import Job
from unstuck.lab.trials.pieces import EVENTS, FILES, HIDDEN, PEOPLE, hash_of, hashes, name_of, work
from unstuck.lab.trials.summary import SUMMARY, SUMMARY_TEXT, read_summary, summarise, write_summary
from unstuck.lab.trials.tables import write_parquet

MANIFEST, PIECES, TABLE = "manifest.json", "pieces", "events.parquet"
WHOLE = (*FILES, TABLE, "run.json", SUMMARY, SUMMARY_TEXT)
Progress = Callable[[int, int], None]
Chunk = tuple[int, int, int]
_JOB: dict[str, Any] = {}


def run(job: Job, out: Path, workers: int = 1, progress: Progress = lambda done, of: None) -> dict[str, Any]:
    """Writes the whole run to `out` and returns its summary. What is there of the same run is kept."""
    out.mkdir(parents=True, exist_ok=True)
    manifest = _manifest(job, out)
    if _is_finished(out, manifest):
        return read_summary(out)
    chunks = list(job.chunks())
    ready = {c for c in chunks if _is_whole(job, c, out, manifest)}
    progress(len(ready), len(chunks))
    for done, (name, found) in enumerate(_pieces(job, out, [c for c in chunks if c not in ready], workers), 1):
        manifest["pieces"][name] = found
        _write(out / MANIFEST, manifest)
        progress(len(ready) + done, len(chunks))
    summary = _finish(job, out, chunks)
    manifest["whole"] = {name: hash_of(out / name) for name in WHOLE}
    _write(out / MANIFEST, manifest | {"pieces": {}})
    shutil.rmtree(out / PIECES)
    return summary


def _is_finished(out: Path, manifest: dict[str, Any]) -> bool:
    """Whether the joined files are all there, unaltered."""
    whole: dict[str, str] = manifest.get("whole", {})
    return bool(whole) and all((out / n).is_file() and hash_of(out / n) == h for n, h in whole.items())


def _manifest(job: Job, out: Path) -> dict[str, Any]:
    """What is known of the folder: a new manifest, or that of the same run. Raises Complaint for another run."""
    identity = json.loads(json.dumps(job.identity | {"piece": job.chunk}))
    fresh = {"identity": identity, "pieces": {}}
    path = out / MANIFEST
    if not path.is_file():
        if any(out.iterdir()):
            raise Complaint("This folder holds other files.", str(out), "Name a new or an empty folder with --out.")
        _write(path, fresh)
        return fresh
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found["identity"] != identity:
        differs = sorted(k for k, v in identity.items() if found["identity"].get(k) != v)
        raise Complaint(
            f"This folder holds another run; it differs in {', '.join(differs)}.", str(out), "Name another folder."
        )
    return found


def _is_whole(job: Job, chunk: Chunk, out: Path, manifest: dict[str, Any]) -> bool:
    name = name_of(job, chunk)
    known = manifest["pieces"].get(name)
    return bool(known) and hashes(out / PIECES / name) == known


def _pieces(job: Job, out: Path, todo: list[Chunk], workers: int) -> Iterator[tuple[str, dict[str, str]]]:
    folder = out / PIECES
    if workers <= 1 or len(todo) < 2:
        for chunk in todo:
            yield work(job, chunk, folder)
        return
    spawn = multiprocessing.get_context("spawn")
    with held_interrupt():
        pool = spawn.Pool(min(workers, len(todo)), _begin, (job, str(folder)))
    with pool:
        yield from pool.imap_unordered(_one, todo)


@contextmanager
def held_interrupt() -> Iterator[None]:
    """Processes started meanwhile never hear Ctrl-C, not even while they load; this one hears it afterwards.

    A blocked signal is inherited. The tracker is started first, because its start lifts the block.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(job: Job, folder: str) -> None:
    """A worker leaves Ctrl-C to the main process, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _JOB["job"], _JOB["folder"] = job, Path(folder)


def _one(chunk: Chunk) -> tuple[str, dict[str, str]]:
    return work(_JOB["job"], chunk, _JOB["folder"])


def _finish(job: Job, out: Path, chunks: list[Chunk]) -> dict[str, Any]:
    """Joins the pieces in their fixed order and counts the outcomes."""
    folders = [out / PIECES / name_of(job, chunk) for chunk in chunks]
    for name in FILES:
        _join([folder / name for folder in folders], out / name)
    write_parquet(out / EVENTS, out / TABLE)
    _write(out / "run.json", job.identity | {"files": [EVENTS, TABLE, PEOPLE, HIDDEN], "simulated": True})
    summary = summarise(job, out / PEOPLE)
    write_summary(summary, out)
    return summary


def _join(parts: list[Path], whole: Path) -> None:
    made = whole.with_suffix(".part")
    with made.open("wb") as target:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, target)
    os.replace(made, whole)


def _write(path: Path, value: dict[str, Any]) -> None:
    made = path.with_suffix(".part")
    made.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(made, path)
