"""The pages that patients read are whole in Spanish, and their letters in both languages name nothing clinical."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import polib
import pytest

from unstuck.clinic.messages.words import refuse_clinical_words

ROOT = Path(__file__).resolve().parents[2]
PLACES = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """tools/translations.py as a module."""
    spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_of_a_patients_page_has_its_spanish(tool: ModuleType) -> None:
    """No text without a translation, no translation that nothing uses, and the compiled file is its own."""
    assert tool.complaints() == []


def test_the_search_for_texts_finds_them(tool: ModuleType) -> None:
    """Texts of templates, of modules, lazy ones and plurals are all found, so that the test above cannot pass idly."""
    found = {words for words, _plural in tool.of_patients()}
    assert {"Help now", "Dose visit", "Did you feel safe?", "Hello, %(name)s", "Nobody watches this journal."} <= found
    assert len(found) > 200


def test_a_missing_translation_is_told(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that is taken out of the .po file is complained of, and so is the compiled file."""
    file = polib.pofile(str(tool.PO))
    file.remove(file.find("Help now"))
    file.save(str(tmp_path / "django.po"))
    monkeypatch.setattr(tool, "PO", tmp_path / "django.po")
    said = tool.complaints()
    assert any("Help now" in one for one in said) and any("compiled" in one for one in said)


def test_translations_keep_their_places(tool: ModuleType) -> None:
    """Every name and number that the English has a place for stands in the Spanish as well, and no other."""
    wrong = []
    for entry in polib.pofile(str(tool.PO)):
        for spanish in entry.msgstr_plural.values() if entry.msgid_plural else (entry.msgstr,):
            if not set(PLACES.findall(spanish)) <= set(PLACES.findall(entry.msgid + (entry.msgid_plural or ""))):
                wrong.append(entry.msgid)
        if not entry.msgid_plural and set(PLACES.findall(entry.msgid)) != set(PLACES.findall(entry.msgstr)):
            wrong.append(entry.msgid)
    assert wrong == []


LETTERS = ("portal/reminders.py", "portal/entry.py", "portal/desk.py", "assessment/actions.py")
SENT = re.compile(
    r"Good day|note for you|Your code|Type this code|questions for you|We see you|How was your visit|How are"
)


def test_no_letter_names_anything_clinical_in_either_language(tool: ModuleType) -> None:
    """Every text that a letter to a patient is made of passes the rule of words, in English and in Spanish."""
    spanish = {entry.msgid: entry.msgstr for entry in polib.pofile(str(tool.PO))}
    said = [w for file in LETTERS for w, _plural in tool.in_module(tool.CLINIC / file) if SENT.search(w)]
    assert len(said) >= 8
    for words in said:
        refuse_clinical_words(words, spanish.get(words, ""))
