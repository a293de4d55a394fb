"""Runs of virtual trials: the same files whoever does the work, after a kill as before, and of one run only."""

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from functools import partial
from html import escape
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from tests.trial_designs import SMALL, small
from unstuck.cli.main import main
from unstuck.cli.trial import Telling
from unstuck.core.errors import Complaint
from unstuck.core.protocol_file import load_protocol
from unstuck.core.trial_file import read_design
from unstuck.lab.trials.virtual import cluster as cluster_module
from unstuck.lab.trials.virtual.job import prepare_trial
from unstuck.lab.trials.virtual.run import Hands, run_trial
from unstuck.lab.trials.virtual.work import SCHEMA

TWO = ("per_month = 4", 'per_month = 4\ntruths = ["drawn"]')
JOB = partial(prepare_trial, reps=6, seed=11, chunk=1)


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


def test_workers_change_nothing(alone, tmp_path):
    """Four processes write the files that one writes, byte for byte; two do so below."""
    run_trial(JOB(small(TWO)), tmp_path, Hands(4))
    assert hashes(tmp_path) == alone and len(alone) == 6


@pytest.fixture
def command(tmp_path):
    """The options of the run by the command line; its folder is `run`."""
    design = tmp_path / "small.toml"
    design.write_text(SMALL.replace(*TWO))
    return ["trial", str(design), "--reps", "6", "--seed", "11", "--chunk", "1", "--out", str(tmp_path / "run")]


def test_a_cluster_changes_nothing(alone, command, tmp_path, monkeypatch):
    """Given the address of a Dask scheduler whose worker is another process, the command makes the same files."""
    monkeypatch.setattr(cluster_module, "WAIT_S", 600)  # a busy machine answers late
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as local:
        assert main([*command, "--dask", local.scheduler_address]) == 0
    assert hashes(tmp_path / "run") == alone


def test_a_cluster_that_is_not_there(command, monkeypatch, capsys):
    """An address at which nobody answers is refused in words, soon, and nothing is simulated."""
    monkeypatch.setattr(cluster_module, "WAIT_S", 1)
    assert main([*command, "--dask", "tcp://127.0.0.1:1"]) == 2
    assert "No Dask scheduler answers" in capsys.readouterr().err
    assert main([*command, "--dask", "local", "--workers", "2"]) == 2 and main([*command, "--workers", "0"]) == 2


def hears_ctrl_c():
    """A shell starts what runs behind it deaf to Ctrl-C, and so would be everything that the suite starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stopped_by(kind, command, out, more):
    """The ended process of that command, sent a signal once it has written a piece more."""
    before = len(list(out.glob("rows/*.parquet")))
    process = subprocess.Popen(
        [sys.executable, "-m", "unstuck", *command, *more],
        env=os.environ | {"PYTHONPATH": "src"}, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=hears_ctrl_c,
    )  # fmt: skip
    until = time.monotonic() + 600
    while len(list(out.glob("rows/*.parquet"))) <= before and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, kind)
    said = process.communicate()[1]
    return said, process.returncode


def test_stopped_killed_and_resumed(command, tmp_path):
    """Two processes stopped by Ctrl-C, then one killed without warning, go on and write what a run in peace writes."""
    out, pieces = tmp_path / "run", 16  # so many that the signal comes long before the last, also on a quick machine
    command[command.index("--reps") + 1] = str(pieces)
    run_trial(prepare_trial(small(TWO), reps=pieces, seed=11, chunk=1), tmp_path / "peace")
    said, code = stopped_by(signal.SIGINT, command, out, ["--workers", "2"])
    assert code == 130 and "Add --resume to go on" in said and "Traceback" not in said
    assert main(command) == 2  # begun: it must be asked for
    _, code = stopped_by(signal.SIGKILL, command, out, ["--resume"])
    assert code == -signal.SIGKILL and 0 < len(list(out.glob("rows/*.parquet"))) < pieces
    assert main([*command, "--resume", "--workers", "2"]) == 0
    assert hashes(out) == hashes(tmp_path / "peace")


def test_a_log_is_told_now_and_then(capsys):
    """Where there is no terminal, progress is a line every ten seconds and one at the end, with the time left."""
    seconds = iter([0.0, 4.0, 9.0, 11.0, 12.0])
    tell = Telling(lambda: next(seconds))
    for done, left in enumerate((math.nan, math.nan, 90.0, 120.0, 0.0)):
        tell(done, 4, left)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["simulated 0 of 4 pieces", "simulated 3 of 4 pieces, about 2 min left", "simulated 4 of 4 pieces"]


def test_lost_pieces_come_back(alone, tmp_path):
    """A piece that is missing, cut off or empty is made again, with the same bytes; what is there is not touched."""
    job = JOB(small(TWO))
    files = run_trial(job, tmp_path)
    kept, gone = files[0].stat().st_mtime_ns, files[3]
    gone.unlink()
    files[1].write_bytes(files[1].read_bytes()[:-9])
    files[2].write_bytes(b"")
    run_trial(job, tmp_path, resume=True)
    assert hashes(tmp_path) == alone and files[0].stat().st_mtime_ns == kept


def test_what_cannot_be_read_is_made_again_or_refused(alone, tmp_path, command, capsys):
    """A piece spoilt in its middle is made again; a run.json cut short or of something else is refused in words, and
    so is a folder that cannot be made; nothing is changed."""
    job, out = JOB(small(TWO)), tmp_path / "run"
    files = run_trial(job, out)
    content = bytearray(files[1].read_bytes())
    content[100:400] = bytes(300)
    files[1].write_bytes(content)
    run_trial(job, out, resume=True)
    assert hashes(out) == alone
    whole = (out / "run.json").read_text()
    for text in ("", whole[:100], "{}", "[]"):
        (out / "run.json").write_text(text)
        assert main([*command, "--resume"]) == 2
        assert "does not say which run lies here" in capsys.readouterr().err
        assert (out / "run.json").read_text() == text and hashes(out) == alone
    (tmp_path / "letter").write_text("mine")
    assert main([*command[:-1], str(tmp_path / "letter")]) == 2
    assert "No folder can be made" in capsys.readouterr().err and (tmp_path / "letter").read_text() == "mine"


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
    texts = tmp_path / "run" / "texts"
    assert read_design(texts / "small.toml").hash == told["run"]["design_hash"]
    assert load_protocol(str(texts / "protocol_feder_2021.toml")).hash == told["run"]["protocols"]["feder_2021"]
    assert all(escape(path.read_text()) in page for path in texts.iterdir())
    [placed] = home.glob("reports/*/*.html")
    assert placed.parent.name == told["run"]["protocols"]["feder_2021"] and placed.read_text() == page
    table = pq.read_table(sorted(Path(tmp_path / "run" / "rows").iterdir())[0])
    assert table.schema.equals(SCHEMA) and table.num_rows == 6
