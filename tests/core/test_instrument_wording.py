"""A site's licensed wording is shown only when it fits; our own labels never score for care."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_all, load_instrument
from unstuck.core.wording_file import Wording, demo_wording, load_wording, may_score_for_care

GAD = load_instrument("gad7")
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def rows(choices: str = "0=a|1=b|2=c|3=d") -> list[str]:
    """A CSV that fits the GAD-7, with placeholder texts."""
    head = ["item,text,choices", "preamble,Over a while,", "licence,Site licence 7,", "language,en,"]
    return head + [f'item{n},"Text, {n}",{choices}' for n in range(1, 8)]


def form(**changes: object) -> dict[str, object]:
    """A FHIR Questionnaire that fits the GAD-7: one item by its linkId, the others by their code."""
    options = [
        {
            "valueCoding": {"code": f"LA{v}", "display": f"choice {v}"},
            "extension": [{"url": ORDINAL, "valueDecimal": v}],
        }
        for v in range(4)
    ]
    items = [
        {
            "linkId": f"/{i.loinc}",
            "code": [{"code": i.loinc}],
            "text": f"T {i.key}",
            "type": "choice",
            "answerOption": options,
        }
        for i in GAD.items
    ]
    items[0] |= {"linkId": "item1", "code": []}
    group = [{"linkId": "g", "type": "group", "text": "Over a while", "item": items}]
    whole = {"resourceType": "Questionnaire", "language": "en", "copyright": "Site licence 7", "item": group}
    return {**whole, **changes}


def written(path: Path, content: object) -> Path:
    """The content in a file."""
    text = "\n".join(content) if isinstance(content, list) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_fitting_wording_is_taken(tmp_path: Path, kind: str) -> None:
    """CSV and FHIR Questionnaire give texts, choices, licence, language and a stamp, and may score for care."""
    found = load_wording(GAD, written(tmp_path / f"w.{kind}", rows() if kind == "csv" else form()))
    assert list(found.texts) == [i.key for i in GAD.items]
    assert all(set(c) == {0, 1, 2, 3} for c in found.choices.values())
    assert (found.licence_note, found.language, found.preamble) == ("Site licence 7", "en", "Over a while")
    assert may_score_for_care(GAD, found) and may_score_for_care(GAD, found.stamp)


@pytest.mark.parametrize("instrument", load_all().values(), ids=list(load_all()))
def test_our_own_labels_never_score_for_care(instrument) -> None:
    """With the demonstration wording no instrument may be read by a gate or an alert."""
    wording = demo_wording(instrument)
    assert wording.stamp == "demo" and "not the validated instrument" in wording.licence_note
    assert not may_score_for_care(instrument, wording) and not may_score_for_care(instrument, "demo")
    assert not may_score_for_care(instrument, "")


def test_the_wording_of_another_instrument_does_not_count(tmp_path: Path) -> None:
    """A licensed wording scores for care for its own instrument only."""
    found = load_wording(GAD, written(tmp_path / "w.csv", rows()))
    assert not may_score_for_care(load_instrument("phq9"), found)


def test_a_changed_word_changes_the_stamp(tmp_path: Path) -> None:
    """Two wordings that differ in one word have two stamps; the same words have one, whatever the file."""
    first, same = (load_wording(GAD, written(tmp_path / name, rows())) for name in ("a.csv", "b.csv"))
    other = load_wording(GAD, written(tmp_path / "c.csv", rows("0=a|1=b|2=c|3=e")))
    assert first.stamp == same.stamp != other.stamp


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (rows()[:-1], "no wording for item7"),
        ([*rows(), "item8,more,0=a"], "no item 'item8'"),
        ([*rows(), rows()[-1]], "item7 stands twice"),
        (rows("0=a|1=b|2=c"), r"item1 offers \[0, 1, 2\]"),
        (rows("0=a|1=b|2=c|4=d"), r"item1 offers \[0, 1, 2, 4\]"),
        (rows("0=a|1=b|2=c|3=d|4=e"), r"item1 offers \[0, 1, 2, 3, 4\]"),
        (rows("a|b|c|d"), "not VALUE=TEXT"),
        (rows("0=a|1=|2=c|3=d"), "has no text"),
        ([r for r in rows() if not r.startswith("licence")], "licence is not stated"),
        ([r for r in rows() if not r.startswith("language")], "language is not stated"),
        (["a,b"], "There is no column item or text"),
        (form(copyright=""), "licence is not stated"),
        (form(resourceType="Patient"), "no FHIR Questionnaire"),
        (form(item=[{"linkId": "x", "type": "choice", "text": "?"}]), "none of the instrument's items"),
        (form(item=[{"linkId": "item1", "type": "choice", "text": "T", "answerValueSet": "#v"}]), "value set"),
        (
            form(item=[{"linkId": "item1", "type": "choice", "text": "T", "answerOption": [{"valueString": "No"}]}]),
            "no whole",
        ),
    ],
)
def test_a_wording_that_does_not_fit_is_refused(tmp_path: Path, content: object, said: str) -> None:
    """Other items, other answers, no licence or no language: refused, and the complaint says what is wrong."""
    path = tmp_path / ("w.csv" if isinstance(content, list) else "w.json")
    with pytest.raises(Complaint, match=said):
        load_wording(GAD, written(path, content))


def test_yes_no_questions_and_numbers_fit(tmp_path: Path) -> None:
    """A FHIR boolean fits an item of no and yes, and a number needs no choices."""
    screen, line = load_instrument("pc_ptsd5"), load_instrument("suds")
    asked = [{"linkId": i.key, "type": "boolean", "text": "T"} for i in screen.items]
    found: Wording = load_wording(screen, written(tmp_path / "a.json", form(item=asked)))
    assert found.choices["item2"] == {0: "No", 1: "Yes"}
    number = load_wording(line, written(tmp_path / "b.csv", ["item,text", "item1,T", "licence,L", "language,de"]))
    assert number.choices["item1"] == {}
