"""The search for a size: against a known power curve its statements are right as often as it promises."""

import json

import numpy as np
import pytest

from tests.trial_designs import SMALL
from unstuck.cli import trial_size
from unstuck.cli.main import main
from unstuck.core.errors import Complaint
from unstuck.lab.trials.sizes import power_of_t, size_of_t
from unstuck.lab.trials.virtual.optimise import Search, Side, smallest


def coin(seed):
    """Trials that succeed with the power of a t test for half a standard deviation."""
    rng = np.random.default_rng(seed)
    return lambda size, first, count: int(rng.binomial(count, power_of_t(size, 0.5, 1.0, 0.025)))


def test_statements_are_right():
    """Over 60 searches hardly any size is put on the wrong side, and the answers are near the exact one."""
    exact, wrong, sizes = size_of_t(0.5, 1.0, 0.025, 0.8), 0, []
    for seed in range(60):
        found = smallest(coin(seed), Search(0.8, 40, 300, error=0.05))
        sizes.append(found.size)
        wrong += any((t.side is Side.ABOVE) != (t.size > exact) for t in found.tried if t.side is not Side.UNDECIDED)
    assert wrong <= 6  # 5 % of 60 is 3
    assert exact <= np.median(sizes) <= exact * 1.25


def test_more_work_comes_nearer():
    """With ten times the trials the answer lies nearer to the exact size."""
    exact = size_of_t(0.5, 1.0, 0.025, 0.8)
    few, many = ([smallest(coin(s), Search(0.8, 40, 300, most=n)).size for s in range(15)] for n in (500, 5000))
    assert exact - 4 <= np.mean(many) < np.mean(few)


def test_where_no_size_is_enough_it_says_so():
    """An effect that no size in the range can show gives no size, after one try at the largest."""
    found = smallest(lambda size, first, count: 2, Search(0.8, 40, 300))
    assert found.size is None and len(found.tried) == 1 and found.tried[0].side is Side.BELOW


@pytest.mark.parametrize("wrong", [{"target": 1.5}, {"low": 0}, {"high": 30}, {"error": 0.7}, {"most": 10}])
def test_impossible_searches_are_refused(wrong):
    """Targets, ranges and errors that make no sense are refused."""
    with pytest.raises(Complaint):
        Search(**({"target": 0.8, "low": 40, "high": 300} | wrong))


def test_it_speaks_of_sizes_that_were_tried(monkeypatch, capsys, tmp_path):
    """Where the last step falls short of the range, the answer names the largest size tried, and no larger one."""
    (tmp_path / "small.toml").write_text(SMALL)
    monkeypatch.setattr(trial_size, "successes_of", lambda *_: lambda size, first, count: 0)
    options = ["--between", "8", "23", "--step", "8", "--most", "50", "--seed", "3"]
    assert main(["trial-size", str(tmp_path / "small.toml"), *options]) == 1
    told = capsys.readouterr().out
    assert "No size up to 16 was shown" in told and "23" not in told


def test_the_command_searches_a_design(tmp_path, capsys):
    """The command tries sizes of a real design and prints what it found as JSON; too small a range ends with 1."""
    design = tmp_path / "small.toml"
    design.write_text(SMALL)
    options = ["--between", "8", "24", "--step", "8", "--most", "50", "--seed", "3", "--reach", "0.9", "--json"]
    assert main(["trial-size", str(design), *options]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["size"] is None and told["tried"][0]["size"] == 24 and told["tried"][0]["of"] == 50
