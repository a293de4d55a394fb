"""The choice among designs: statements hold as often as promised, work goes to what is close, doubts are told."""

import json

import numpy as np
import pytest

from tests.trial_designs import SMALL, small
from unstuck.cli import trial_choose
from unstuck.cli.main import main
from unstuck.core.errors import Complaint
from unstuck.core.trial import Truth
from unstuck.core.trial_file import read_design
from unstuck.lab.trials.virtual.race import Batch, Rules, Standing, race
from unstuck.lab.trials.virtual.trying import Least, trying

SHARES = (0.60, 0.72, 0.86, 0.90, 0.95, 0.88)
COSTS = (10.0, 20.0, 30.0, 36.0, 50.0, 30.5)
BEST = 2  # the cheapest of those above 0.8; the last costs hardly more


def coins(seed, shares=SHARES, costs=COSTS):
    """Trials that succeed with known shares and cost about so much."""
    rng = np.random.default_rng(seed)

    def trials(asks):
        return [
            Batch(rng.random(count) < shares[place], costs[place] * rng.normal(1, 0.1, count))
            for place, _, count in asks
        ]

    return trials


def test_statements_are_right():
    """Over 60 races, statements about shares and costs hold in all but the promised few, and the choice is right."""
    wrong = right = 0
    for seed in range(60):
        end = race(coins(seed), len(SHARES), Rules(0.8, near=0.05))
        for runner in end.runners:
            share, cost = SHARES[runner.place], COSTS[runner.place]
            off = not runner.low <= share <= runner.high or not runner.takes_low <= cost <= runner.takes_high
            wrong += off
        right += end.best is not None and end.best.place in (BEST, 5)
    assert wrong <= 6  # of 60 races 5 % are 3
    assert right >= 55


def test_work_goes_to_what_is_close():
    """What is clearly too weak or too dear is left early; what lies near the wanted share gets many trials."""
    end = race(coins(1), len(SHARES), Rules(0.8))
    spent = {r.place: r.of for r in end.runners}
    assert spent[0] < spent[1] and spent[4] < spent[BEST]
    assert end.runners[0].standing is Standing.BELOW and end.runners[4].standing is Standing.DEARER
    assert sum(spent.values()) < 0.5 * len(SHARES) * 2000


def test_equals_end_early():
    """Two candidates that take the same and both reach the share end the race, and both are named."""
    end = race(coins(3, (0.95, 0.96), (7.0, 7.0)), 2, Rules(0.8, near=0.2))
    assert end.best is not None and len(end.rivals) == 1 and end.runners[0].of <= 400


def test_doubt_is_told():
    """A candidate at the wanted share itself stays undecided when the work is spent."""
    end = race(lambda asks: [Batch(np.arange(n) % 5 != 0, np.ones(n)) for _, _, n in asks], 1, Rules(0.8, most=300))
    assert end.best is None and end.runners[0].standing is Standing.OPEN and end.runners[0].of == 300


def test_unknown_costs_are_refused():
    """Where a trial takes something unknown there is no cheapest design."""
    with pytest.raises(Complaint, match=r"unknown.*per_month for days"):
        race(lambda asks: [Batch(np.ones(n, bool), np.full(n, np.nan)) for _, _, n in asks], 2, Rules(0.8))
    with pytest.raises(Complaint):
        Rules(1.5)


def test_people_are_the_same_whoever_makes_the_trials():
    """Trials of a cell do not depend on the asks they are made in."""
    made = trying(small(("[allocation]", "[sweep]\nsize = [8, 12]\n\n[allocation]")), Truth.DRAWN, Least.DAYS, 3)
    whole, late = made((1, 0, 6)), made((1, 4, 2))
    assert (whole.success[4:] == late.success).all() and (whole.takes[4:] == late.takes).all()


def test_responders_do_not_win_by_being_unbound():
    """Where belief acts, a share of responders, which is not held to it, is no candidate."""
    with pytest.raises(Complaint, match="belief could fake"):
        trying(small(("[allocation]", '[sweep]\nprimary = ["change", "response"]\n\n[allocation]')),
               Truth.DRAWN, Least.PEOPLE, 1)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"arm.ketamine.effect" = ["feder_2021:ketamine"]', "nothing that a designer may choose"),
        ("alpha = [0.05, 0.2]", "nothing that a designer may choose"),
        ('"unblinding.points" = [-1.0]', "nothing that a designer may choose"),
        ('protocol = ["feder_2021", "abdallah_2022"]', "repeat one published effect"),
    ],
)
def test_the_world_is_no_choice(line, said):
    """Effects, belief and error rates are not chosen to make a trial succeed, nor is a treatment of given effect."""
    with pytest.raises(Complaint, match=said):
        trying(small(("[allocation]", f"[sweep]\n{line}\n\n[allocation]")), Truth.DRAWN, Least.PEOPLE, 1)


def test_what_is_not_decided_is_no_choice():
    """Where a cheaper candidate may still reach the share, the search says that nothing is decided."""
    design = small(("[allocation]", "[sweep]\nsize = [12, 60]\n\n[allocation]"))
    made, rules = trying(design, Truth.DRAWN, Least.PEOPLE, 1), Rules(0.8, most=100)
    end = race(coins(1, (0.8, 0.99), (1.0, 2.0)), 2, rules)
    told = trial_choose._told(design, made, rules, end)
    assert not told["decided"] and told["may_be_better"] == ["size 12"]
    assert "Not decided" in trial_choose._text(told) and "Choice" not in trial_choose._text(told)


def test_no_published_effect_of_mechanisms():
    """A search over mechanistic patients cannot take a published effect as true."""
    design = read_design("examples/trials/mechanistic_ketamine_pe.toml")
    with pytest.raises(Complaint, match="No published effect"):
        trying(design, Truth.PUBLISHED, Least.PEOPLE, 1)


def test_the_command_chooses(tmp_path, capsys):
    """The command races the cells of a sweep, names the choice, its intervals and the error; no sweep is refused."""
    design = tmp_path / "small.toml"
    design.write_text(SMALL.replace("[allocation]", "[sweep]\nsize = [8, 60]\n\n[allocation]"))
    options = ["--least", "people", "--reach", "0.6", "--truth", "published", "--most", "100", "--seed", "3"]
    assert main(["trial-choose", str(design), *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["choice"] == "size 60" and told["decided"] and told["error"] == 0.05 and told["may_be_better"] == []
    assert [one["standing"] for one in told["designs"]] == ["does not reach it", "reaches it"]
    assert main(["trial-choose", str(design), *options, "--reach", "0.99"]) == 1
    assert "No design here was shown to reach 99 %" in capsys.readouterr().out
    design.write_text(SMALL)
    assert main(["trial-choose", str(design), *options]) == 2
