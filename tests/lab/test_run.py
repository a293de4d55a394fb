"""Runs of the reference simulator: same bytes, resumable, honest about what they are."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from unstuck.cli.main import main
from unstuck.core.errors import Complaint
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.trials.job import Wish, prepare
from unstuck.lab.trials.run import WHOLE, run

ARMS = ("ketamine", "midazolam")


def _job(patients=6, seed=4, chunk=50):
    return replace(prepare(load_protocol("feder_2021"), Wish(ARMS, patients, seed, {})), chunk=chunk)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in WHOLE}


def test_the_same_bytes_for_any_chunking_and_any_workers(tmp_path):
    """Four pieces over two processes give the bytes of two pieces in one process."""
    run(_job(), tmp_path / "one")
    run(_job(chunk=4), tmp_path / "two", workers=2)
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")


def test_a_stopped_run_goes_on_where_it_stopped(tmp_path):
    """After an interruption in the middle, the same command keeps the whole pieces and ends with the same bytes."""
    run(_job(), tmp_path / "straight")

    def stop(done, of):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(_job(chunk=2), tmp_path / "stopped", progress=stop)
    kept = []
    run(_job(chunk=2), tmp_path / "stopped", progress=lambda done, of: kept.append(done))
    assert kept[0] == 3
    assert _bytes(tmp_path / "straight") == _bytes(tmp_path / "stopped")


def test_a_finished_run_is_not_run_again(tmp_path):
    """Asking for a finished run again tells its summary and simulates nothing."""
    first = run(_job(), tmp_path)
    told = []
    assert run(_job(), tmp_path, progress=lambda *now: told.append(now)) == first
    assert told == []


def _hears_ctrl_c():
    """A shell starts what runs behind it deaf to Ctrl-C, and so would be everything that the suite starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_ctrl_c_with_workers_says_how_to_go_on(tmp_path):
    """Interrupted while two workers are busy, the command ends with 130, tells how to go on, and then does."""
    folder = tmp_path / "r"
    options = ["feder_2021", "--patients", "40", "--seed", "1", "--workers", "2", "--out", str(folder)]
    command = [sys.executable, "-m", "unstuck", "simulate", *options]
    here = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    quiet = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "env": here}
    started = subprocess.Popen(command, start_new_session=True, preexec_fn=_hears_ctrl_c, **quiet)
    while not (folder / "pieces").exists() and started.poll() is None:
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGINT)
    _, told = started.communicate(timeout=300)
    assert started.returncode == 130
    assert "goes on where it stopped" in told.decode() and "Traceback" not in told.decode()
    assert subprocess.run(command, timeout=600, **quiet).returncode == 0
    assert (folder / "summary.txt").read_text().startswith("SIMULATED")


def test_a_drawn_effect_is_told_and_varies_with_the_seed():
    """With --effect drawn each arm has its own share, drawn around (10 + 1) / (15 + 2), the same for the same seed."""
    protocol = load_protocol("feder_2021")
    jobs = [prepare(protocol, Wish(ARMS, 1, seed, {}, drawn=True)) for seed in range(60)]
    shares = [job.arms[0].share for job in jobs]
    assert all(0 < share < 1 for share in shares) and len(set(shares)) == 60
    assert abs(sum(shares) / 60 - 11 / 17) < 4 * 0.114 / 60**0.5
    assert jobs[7] == prepare(protocol, Wish(ARMS, 1, 7, {}, drawn=True))
    assert jobs[7].arms[0].effect.weights != jobs[8].arms[0].effect.weights


def test_a_folder_of_another_run_is_refused(tmp_path):
    """Another seed does not overwrite a run; the complaint names what differs."""
    run(_job(patients=1), tmp_path)
    with pytest.raises(Complaint, match="differs in seed"):
        run(_job(patients=1, seed=5), tmp_path)


def test_a_folder_with_other_files_is_refused(tmp_path):
    """A run is not written among somebody's files."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(Complaint, match="other files"):
        run(_job(patients=1), tmp_path)


def test_the_first_line_says_simulated_and_the_published_shares_stand_beside(tmp_path, capsys):
    """The printed summary begins with SIMULATED, shows 10 of 15 and 3 of 15, and calls them input."""
    code = main(["simulate", "feder_2021", "--arms", "--patients", "2", "--seed", "1", "--out", str(tmp_path / "r")])
    text = capsys.readouterr().out
    assert code == 0
    assert text.startswith("SIMULATED.")
    assert "10 of 15 (66.7 %, 38.4 % to 88.2 %) (input, not prediction)" in text
    assert "3 of 15 (20.0 %, 4.3 % to 48.1 %) (input, not prediction)" in text
    assert "fall_rapid" in text  # an assumed figure is listed


def test_without_a_published_arm_simulate_refuses(tmp_path, capsys):
    """ketamine_pe has no published outcome: exit code 2, and the mend names --assume."""
    code = main(["simulate", "ketamine_pe", "--patients", "1", "--seed", "1", "--out", str(tmp_path / "r")])
    assert code == 2
    assert "--assume" in capsys.readouterr().err


def test_a_borrowed_effect_is_named_on_every_output(tmp_path, capsys):
    """With --assume the run goes on, and text, JSON and run.json say whose effect was borrowed."""
    folder = tmp_path / "r"
    options = ["--patients", "1", "--seed", "1", "--assume", "feder_2021:ketamine", "--out", str(folder)]
    assert main(["simulate", "ketamine_pe", *options]) == 0
    assert "ASSUMED: the effect of feder_2021:ketamine" in capsys.readouterr().out.splitlines()[1]
    assert json.loads((folder / "summary.json").read_text())["borrowed"]
    assert json.loads((folder / "run.json").read_text())["arms"]["ketamine"]["borrowed"] is True


@pytest.mark.parametrize("options", [["--patients", "0"], ["--arm", "placebo"], ["--assume", "nobody:none"]])
def test_wrong_options_are_refused(tmp_path, options):
    """Too few patients, an unknown arm or an unknown study arm end with exit code 2."""
    given = ["--patients", "1", *options] if "--patients" not in options else options
    assert main(["simulate", "feder_2021", "--seed", "1", "--out", str(tmp_path / "r"), *given]) == 2
