"""Runs of virtual trials: the same files whoever does the work, after a kill as before, and of one run only."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from tests.trial_designs import SMALL, small
from unstuck.cli.main import main
from unstuck.core.errors import Complaint
from unstuck.lab.trials.virtual.cluster import cluster
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.run import Hands, run_trial
from unstuck.lab.trials.virtual.work import SCHEMA

TWO = ("per_month = 4", 'per_month = 4\ntruths = ["drawn"]')
JOB = partial(prepare_trial, reps=5, seed=11, chunk=1)


def hashes(folder):
    """Name and content hash of every piece in a run's folder."""
    found = sorted((folder / "rows").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The run as one process makes it."""
    out = tmp_path_factory.mktemp("alone")
    run_trial(JOB(small(TWO)), out)
    return hashes(out)


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_change_nothing(workers, alone, tmp_path):
    """Two and four processes write the files that one writes, byte for byte."""
    run_trial(JOB(small(TWO)), tmp_path, Hands(workers))
    assert hashes(tmp_path) == alone and len(alone) == 5


def test_a_cluster_changes_nothing(alone, tmp_path):
    """A local Dask cluster makes the same files."""
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as local:
        run_trial(JOB(small(TWO)), tmp_path, Hands(2, partial(cluster, local.scheduler_address)))
    assert hashes(tmp_path) == alone


def test_killed_and_resumed(alone, tmp_path):
    """A run that is killed without warning goes on with --resume, and its files are those of a run left in peace."""
    design, out = tmp_path / "small.toml", tmp_path / "run"
    old, new = TWO
    design.write_text(SMALL.replace(old, new))
    options = [str(design), "--reps", "5", "--seed", "11", "--chunk", "1", "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": "src"}
    process = subprocess.Popen([sys.executable, "-m", "unstuck", "trial", *options], env=environment)
    until = time.monotonic() + 120
    while not list(out.glob("rows/*.parquet")) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < len(list(out.glob("rows/*.parquet"))) < 5
    assert main(["trial", *options]) == 2  # begun: it must be asked for
    assert main(["trial", *options, "--resume"]) == 0
    assert hashes(out) == alone


def test_a_deleted_piece_comes_back(alone, tmp_path):
    """Whatever is missing is made again, with the same bytes, and what is there is not touched."""
    job = JOB(small(TWO))
    files = run_trial(job, tmp_path)
    kept, gone = files[0].stat().st_mtime_ns, files[3]
    gone.unlink()
    run_trial(job, tmp_path, resume=True)
    assert hashes(tmp_path) == alone and files[0].stat().st_mtime_ns == kept


def test_another_run_is_not_mixed_in(tmp_path):
    """Another seed, and a folder with other things, are refused; nothing is written."""
    run_trial(prepare_trial(small(TWO), 1, 1, 1), tmp_path / "a")
    before = hashes(tmp_path / "a")
    with pytest.raises(Complaint, match="differs in seed"):
        run_trial(prepare_trial(small(TWO), 1, 2, 1), tmp_path / "a", resume=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "letter.txt").write_text("mine")
    with pytest.raises(Complaint, match="holds other files"):
        run_trial(prepare_trial(small(TWO), 1, 1, 1), tmp_path / "b")
    assert hashes(tmp_path / "a") == before


def test_the_command_reports(tmp_path, capsys):
    """The command prints the summary as JSON, writes a page that names no other host, and places it by protocol."""
    design = tmp_path / "small.toml"
    design.write_text(SMALL)
    home = tmp_path / "home"
    options = ["--reps", "3", "--seed", "5", "--out", str(tmp_path / "run"), "--place", str(home), "--json"]
    assert main(["trial", str(design), *options]) == 0
    told = json.loads(capsys.readouterr().out)
    page = (tmp_path / "run" / "report.html").read_text()
    assert told["cells"][0]["verdict"]["words"] == "cannot tell" and "cannot tell" in page
    assert "SIMULATED" in page and "src=" not in page and "http" not in page and "<script" not in page
    assert told["run"]["hash"] in page and "--seed 5" in page
    [placed] = home.glob("reports/*/*.html")
    assert placed.parent.name == told["run"]["protocols"]["feder_2021"] and placed.read_text() == page
    table = pq.read_table(sorted(Path(tmp_path / "run" / "rows").iterdir())[0])
    assert table.schema.equals(SCHEMA) and table.num_rows == 6
