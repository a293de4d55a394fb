"""`unstuck effects`: the answer in lines and as JSON, and complaints that name the field."""

import json

import pytest

from unstuck.cli.main import main
from unstuck.lab.patients.response import setting, typical
from unstuck.lab.pk import Person, infusion

ONE = """model = "ket1"
[person]
weight_kg = 70
age_years = 40
[[dose]]
route = "iv_infusion"
mg_per_kg = 0.5
minutes = 40
[output]
until_h = 6
"""


@pytest.fixture
def file(tmp_path):
    """Writes a regimen file and gives its name."""

    def write(text):
        path = tmp_path / "regimen.toml"
        path.write_text(text)
        return str(path)

    return write


def test_the_answer_says_what_it_is(file, capsys):
    """The first line says model, not a measurement; both statistics, every series and the hypothesis are named."""
    assert main(["effects", file(ONE), "--people", "50"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("model, not a measurement")
    for word in ("peak of the means", "mean of personal peaks", "3.28/3.17 (684)", "16/11 (2342)", "they disagree"):
        assert word in text
    assert "hypothesis: a model-relative index, not a prediction for any person" in text


def test_json_is_the_model(file, capsys):
    """The JSON's peak and time are those of the typical course, and one standard session is the index's unit."""
    assert main(["effects", file(ONE), "--people", "50", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    line = next(row for row in told["lines"] if row["name"] == "systolic_rise_mmhg")
    acute = typical(setting("ketamine"), infusion(40, mg_per_kg=0.5), Person(70, 40), 6.0).acute
    assert line["peak"] == pytest.approx(acute.systolic_rise_mmhg.max(), rel=1e-6)
    assert line["after_min"] == pytest.approx(60 * acute.time_h[acute.systolic_rise_mmhg.argmax()])
    assert told["wording"] == "model, not a measurement" and line["low"] < line["peak"] < line["high"]
    assert told["systolic"]["mean_of_personal_peaks_mmhg"] > told["systolic"]["peak_of_means_mmhg"]


def test_a_later_peak_is_told_from_its_own_dose(file, capsys):
    """Of three doses two days apart, the highest effect is told in minutes after the dose that made it."""
    text = ONE.replace("minutes = 40", "minutes = 40\ntimes = 3\nevery_h = 48").replace("[output]\nuntil_h = 6\n", "")
    assert main(["effects", file(text), "--people", "2", "--json"]) == 0
    assert all(0 <= row["after_min"] <= 60 for row in json.loads(capsys.readouterr().out)["lines"])


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (ONE.replace("weight_kg = 70\n", ""), [], "weight_kg"),
        (ONE.replace("[person]\nweight_kg = 70\nage_years = 40\n", ""), [], "person"),
        (ONE.replace("age_years = 40", "age_years = 9"), [], "age_years"),
        (ONE.replace("mg_per_kg = 0.5", "mg_per_kg = -1"), [], "amount = -1"),
        (ONE.replace("ket1", "midazolam2002"), [], "drug"),
        (ONE, ["--people", "1"], "--people"),
    ],
)
def test_bad_input_is_named(file, capsys, text, options, said):
    """No person, no weight, an age outside the model, a negative dose or another drug ends with 2 and its field."""
    assert main(["effects", file(text), *options]) == 2
    assert said in capsys.readouterr().err
