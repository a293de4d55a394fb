"""The questions of the field: each script answers or refuses with reasons, and the frozen prediction stays as it is."""

import hashlib
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from unstuck.core.trial_file import read_design
from unstuck.lab.trials.virtual import mind_targets, true_effects
from unstuck.lab.trials.virtual.answer import Kind, finish, write_answer

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
KINDS = {
    "how_large_ketamine_pe": Kind.CANNOT_TELL,
    "how_many_hours_before_therapy": Kind.REFUSED,
    "how_many_infusions": Kind.REFUSED,
    "ketamine_against_mdma": Kind.REFUSED,
    "predict_nct04560660": Kind.ANSWERED,
    "prevention_soon_after_trauma": Kind.REFUSED,
    "what_the_veteran_null_says": Kind.ANSWERED,
    "what_unblinding_could_fake": Kind.ANSWERED,
    "who_responds": Kind.REFUSED,
    "window_or_passing_effect": Kind.CANNOT_TELL,
}
FROZEN = "d65cd51a09c252d36b9b9779c577a65fca4b7b904b0df4d6bab87a5d34dee6cb"


@pytest.fixture
def script(monkeypatch):
    """Imports a script of the examples by its name."""
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def load(name):
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return load


def test_every_question_has_its_script():
    """The scripts are the ten questions, and the README names each."""
    scripts = {p.stem for p in EXAMPLES.glob("*.py") if "finish(answer" in p.read_text()}
    said = (EXAMPLES / "README.md").read_text()
    assert scripts == set(KINDS) and all(f"{name}.py" in said for name in scripts)


def _made_up(truth, seed):
    """An interaction as the learners would give one, without the minute that their kernel takes to compile."""
    gained = -1.6 if "ketamine.release_gain" not in truth.off else 0.0
    return np.array([0.0, gained, gained])


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_answers_or_refuses(name, script, tmp_path, monkeypatch):
    """Each is answered or refused as the README says, in words, with a plot and its limits, on a page of its own."""
    monkeypatch.setattr(true_effects, "PEOPLE", 20)
    monkeypatch.setattr(mind_targets, "PEOPLE", 3)
    module = script(name)
    if name == "how_many_hours_before_therapy":
        monkeypatch.setattr(module, "HOURS", (2, 48))
    if name == "window_or_passing_effect":
        monkeypatch.setattr(module, "interaction", _made_up)
    found = module.answer(2, 3)
    page = write_answer(found, tmp_path).read_text()
    assert found.kind is KINDS[name]
    assert found.words and found.limits and "<svg" in page and "SIMULATED" in page
    assert "http" not in page and "<script" not in page and "nan" not in found.plot


def test_the_prediction_is_frozen(script):
    """The prediction's file has the bytes it was frozen with, and was made from the design that lies beside it."""
    module = script("predict_nct04560660")
    assert hashlib.sha256(module.FROZEN.read_bytes()).hexdigest() == FROZEN
    assert read_design(module.DESIGN).hash in module.FROZEN.read_text()


@pytest.mark.parametrize("path", sorted((EXAMPLES / "trials").glob("*.toml")), ids=lambda p: p.stem)
def test_designs_are_sound(path):
    """Every design of the examples reads without a complaint, is called like its file and states its limits."""
    design = read_design(path)
    assert design.key == path.stem and design.limits


def test_a_page_can_be_repeated_and_read_on_a_phone(script, tmp_path, monkeypatch, capsys):
    """The page of a script ends with the line that makes it again, and is laid out for the width of its screen."""
    module = script("how_many_infusions")
    monkeypatch.setattr(sys, "argv", ["x", "--seed", "4", "--out", str(tmp_path)])
    finish(module.answer, 7)
    page = (tmp_path / "how_many_infusions.html").read_text()
    assert "python examples/how_many_infusions.py --reps 7 --seed 4" in page and "width=device-width" in page
    assert str(tmp_path) in capsys.readouterr().out
