"""A site's licensed wording of an instrument, from a FHIR R4 Questionnaire (JSON) or a CSV file, checked for fit.

Until such a file is loaded an instrument shows our own labels, which is for demonstration only: its scores are not
those of the validated instrument, and no gate or alert for a real person may read them (`may_score_for_care`).

CSV: columns `item`, `text`, `choices` (`0=...|1=...`). Rows besides the items: `preamble` (what is shown above them),
`licence` (under which terms the site uses the wording) and `language`. JSON: `copyright` and `language` say the same.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument, Item
from unstuck.core.labels_file import ENGLISH, Labels

DEMO = "demo"
WEIGHTS = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)


@dataclass(frozen=True, slots=True)
class Wording:
    """The words shown for an instrument. `stamp` is what a response stores: "demo", or a hash of these words."""

    instrument: str
    stamp: str
    texts: Mapping[str, str]
    choices: Mapping[str, Mapping[int, str]]
    licence_note: str
    language: str
    preamble: str = ""

    @property
    def demo(self) -> bool:
        """Whether these are our own labels and not the validated instrument."""
        return self.stamp == DEMO


@dataclass
class _Draft:
    """What a file offers, before it is held against the instrument."""

    texts: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[int, str]] = field(default_factory=dict)
    licence: str = ""
    language: str = ""
    preamble: str = ""
    complaints: list[Complaint] = field(default_factory=list)
    yes_no: set[str] = field(default_factory=set)

    def complain(self, what: str, where: str, mend: str | None = None) -> None:
        """One more complaint."""
        self.complaints.append(Complaint(what, where, mend))


def demo_wording(instrument: Instrument, labels: Labels = ENGLISH) -> Wording:
    """Our own short labels, for demonstration only."""
    note = "Demonstration labels. This is not the validated instrument."
    return _labelled(instrument, DEMO, labels, note)


def own_wording(instrument: Instrument, labels: Labels = ENGLISH) -> Wording:
    """The wording of an instrument of our own: its labels are its words, and are stamped as such."""
    plain = _labelled(instrument, DEMO, labels, "This project's own words.")
    draft = _Draft(dict(plain.texts), {k: dict(v) for k, v in plain.choices.items()}, language=labels.language)
    draft.licence = plain.licence_note
    return _sealed(instrument, draft)


def _labelled(instrument: Instrument, stamp: str, labels: Labels, note: str) -> Wording:
    texts = {i.key: labels.of(i.label) for i in instrument.items}
    choices = {i.key: {c.value: labels.of(c.label) for c in i.choices} for i in instrument.items}
    return Wording(instrument.key, stamp, texts, choices, note, labels.language)


def may_score_for_care(instrument: Instrument, wording: Wording | str) -> bool:
    """Whether a gate or an alert for a real person may read answers to this wording (or to its stamp).

    False for our own labels, whose form and score must say that they are not the validated instrument.
    """
    if isinstance(wording, Wording):
        return wording.instrument == instrument.key and may_score_for_care(instrument, wording.stamp)
    return wording.startswith("sha256:")


def load_wording(instrument: Instrument, path: Path) -> Wording:
    """The wording in this file. Raises one Complaint that tells everything that does not fit the instrument."""
    draft = _read(instrument, path)
    for item in instrument.items:
        _fit(item, draft, path.name)
    if not draft.licence.strip():
        mend = "Say in `copyright` (JSON) or in a row `licence` (CSV) under which terms the site uses it."
        draft.complain("The licence is not stated.", path.name, mend)
    if not draft.language.strip():
        draft.complain("The language is not stated.", path.name, "Add `language`, such as en or de.")
    raise_any(draft.complaints)
    return _sealed(instrument, draft)


def _sealed(instrument: Instrument, draft: _Draft) -> Wording:
    content = [instrument.key, instrument.version, draft.texts, draft.choices, draft.language, draft.preamble]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    stamp = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return Wording(
        instrument.key, stamp, draft.texts, draft.choices, draft.licence, draft.language, draft.preamble
    )  # fmt: skip


def _fit(item: Item, draft: _Draft, where: str) -> None:
    """Complaints where this item has no text, or other answers than the instrument scores."""
    if item.key not in draft.texts:
        draft.complain(f"There is no wording for {item.key} ({item.label}).", where)
        return
    if not draft.texts[item.key].strip():
        draft.complain(f"The text of {item.key} is empty.", where)
    if item.key in draft.yes_no and (item.low, item.high) == (0, 1):
        draft.choices[item.key] = {c.value: c.label for c in item.choices}
    offered, wanted = draft.choices.get(item.key, {}), {c.value for c in item.choices}
    if set(offered) != wanted:
        said, asked = sorted(offered) or "no choices", sorted(wanted) or "no choices, a number"
        draft.complain(f"{item.key} offers {said}, the instrument scores {asked}.", where)
    if any(not label.strip() for label in offered.values()):
        draft.complain(f"A choice of {item.key} has no text.", where)


def _read(instrument: Instrument, path: Path) -> _Draft:
    readers = {".json": _read_json, ".csv": _read_csv}
    if path.suffix.lower() not in readers:
        raise Complaint("Wording is read from .json or .csv.", str(path))
    try:
        return readers[path.suffix.lower()](instrument, path.read_text(encoding="utf-8-sig"), path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Complaint(f"The file cannot be read: {error}.", str(path)) from error


def _read_csv(instrument: Instrument, text: str, path: Path) -> _Draft:
    draft = _Draft()
    rows = csv.DictReader(io.StringIO(text, newline=""))
    lacking = {"item", "text"} - set(rows.fieldnames or [])
    if lacking:
        raise Complaint(f"There is no column {' or '.join(sorted(lacking))}.", path.name, "Have item,text,choices.")
    known = {i.key for i in instrument.items}
    for row in rows:
        cells = {k: v or "" for k, v in row.items() if isinstance(k, str)}
        _take_row(draft, cells, known, f"{path.name}:{rows.line_num}")
    return draft


def _take_row(draft: _Draft, row: dict[str, str], known: set[str], where: str) -> None:
    key, text = row["item"].strip(), row["text"].strip()
    match key:
        case "preamble":
            draft.preamble = text
        case "licence":
            draft.licence = text
        case "language":
            draft.language = text
        case _ if key not in known:
            draft.complain(f"The instrument has no item {key!r}.", where)
        case _ if key in draft.texts:
            draft.complain(f"{key} stands twice.", where)
        case _:
            draft.texts[key] = text
            draft.choices[key] = _choices_in(row.get("choices", ""), draft, where)


def _choices_in(cell: str, draft: _Draft, where: str) -> dict[int, str]:
    """`0=Not at all|1=...` as values and texts."""
    found: dict[int, str] = {}
    for part in filter(None, (p.strip() for p in cell.split("|"))):
        value, equals, label = part.partition("=")
        if not equals or not value.strip().lstrip("-").isdecimal():
            draft.complain(f"The choice {part!r} is not VALUE=TEXT.", where)
        elif int(value) in found:
            draft.complain(f"The value {int(value)} is offered twice.", where)
        else:
            found[int(value)] = label.strip()
    return found


def _read_json(instrument: Instrument, text: str, path: Path) -> _Draft:
    try:
        form = json.loads(text)
    except json.JSONDecodeError as error:
        raise Complaint(f"This is not JSON: {error}.", path.name) from error
    if not isinstance(form, dict) or form.get("resourceType") != "Questionnaire":
        raise Complaint("This is no FHIR Questionnaire.", path.name, 'Its resourceType must be "Questionnaire".')
    draft = _Draft(licence=str(form.get("copyright", "")), language=str(form.get("language", "")))
    names = _names_of(instrument)
    for question in _questions(form):
        _take_question(draft, question, names, path.name)
    return draft


def _names_of(instrument: Instrument) -> dict[str, str]:
    """Under which linkIds and codes an item may stand."""
    names = {}
    for item in instrument.items:
        names.update({name: item.key for name in (item.key, item.loinc, item.cdisc) if name})
    return names


def _questions(form: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item of the form, groups opened."""
    for question in form.get("item", []):
        if isinstance(question, dict):
            yield question
            yield from _questions(question)


def _take_question(draft: _Draft, question: dict[str, Any], names: dict[str, str], where: str) -> None:
    text, kind, link = str(question.get("text", "")), question.get("type"), str(question.get("linkId", ""))
    if kind in ("display", "group"):
        draft.preamble = draft.preamble or text
        return
    codes = [str(c.get("code")) for c in question.get("code", []) if isinstance(c, dict)]
    key = next((names[name] for name in (link, link.strip("/"), *codes) if name in names), None)
    if key is None:
        draft.complain(f"The question {link!r} is none of the instrument's items.", where, "Use linkId item1 ...")
    elif key in draft.texts:
        draft.complain(f"{key} stands twice.", where)
    else:
        draft.texts[key] = text
        draft.choices[key] = _options(draft, question, f"{where}, {key}")
        if kind == "boolean":
            draft.yes_no.add(key)


def _options(draft: _Draft, question: dict[str, Any], where: str) -> dict[int, str]:
    if "answerValueSet" in question:
        draft.complain("Answers kept in a value set are not read.", where, "Write them out as answerOption.")
    found: dict[int, str] = {}
    for option in question.get("answerOption", []):
        value, label = _option(option)
        if value is None:
            draft.complain(f"The answer {label!r} has no whole-number value.", where, "Give it an ordinalValue.")
        elif value in found:
            draft.complain(f"The value {value} is offered twice.", where)
        else:
            found[value] = label
    return found


def _option(option: dict[str, Any]) -> tuple[int | None, str]:
    """Value and text of an answer: the value from its weight, else from its code, else the integer itself."""
    coding = option.get("valueCoding") or {}
    label = str(coding.get("display") or option.get("valueString") or option.get("valueInteger", ""))
    weights = [*option.get("extension", []), *coding.get("extension", [])]
    stated = [w.get("valueDecimal", w.get("valueInteger")) for w in weights if w.get("url") in WEIGHTS]
    value: Any = next(iter(stated), option.get("valueInteger", coding.get("code")))
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None, label
    return (int(number) if number.is_integer() else None), label
