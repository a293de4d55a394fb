#!/usr/bin/env python3
"""Words of the patients' pages: what they are, whether each has its Spanish, and the compiled file that Django reads.

`tools/translations.py` writes new words into the .po file, empty, and compiles it. `--check` only complains: of words
without a translation, of translations that nothing uses, and of a compiled file that is not that of the .po file.
No gettext is needed: templates are read by Django, Python by `ast`, and the .po file by polib.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib

ROOT = Path(__file__).resolve().parents[1]
CLINIC = ROOT / "src" / "unstuck" / "clinic"
PO = CLINIC / "site" / "locale" / "es" / "LC_MESSAGES" / "django.po"
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
MODULES = (
    "portal/*.py", "course/own.py", "assessment/actions.py", "assessment/pages.py", "assessment/views.py",
    "people/texts.py",
)  # fmt: skip
TEMPLATES = (
    "portal/templates/portal/*.html", "assessment/templates/assessment/*.html", "session/templates/session/help.html",
    "session/templates/session/help_over.html", "site/templates/phone.html", "site/templates/_safe.html",
    "site/templates/_numbers.html",
    "site/templates/base.html",
)  # fmt: skip
FOR_STAFF = {"desk.html", "details.html", "shared.html", "visits.html", "desk_views.py", "rated.html", "send.html"}
Words = tuple[str, str]  # the words and their plural, empty where there is none


def of_patients() -> dict[Words, str]:
    """Every text that a patient's page or letter can show, with the file it stands in."""
    found: dict[Words, str] = {}
    for pattern in (*MODULES, *TEMPLATES):
        for path in sorted(CLINIC.glob(pattern)):
            if path.name not in FOR_STAFF:
                said = in_module(path) if path.suffix == ".py" else in_template(path)
                found |= {words: path.relative_to(ROOT).as_posix() for words in said if words not in found}
    return found


def in_module(path: Path) -> Iterator[Words]:
    """The texts that a module gives to gettext."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if texts:
                yield texts[0], texts[1] if node.func.id.startswith("n") and len(texts) > 1 else ""


def in_template(path: Path) -> Iterator[Words]:
    """The texts of a template, as Django itself reads them."""
    from django.template import engines
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    backend: Any = engines["django"].from_string(path.read_text(encoding="utf-8"))
    template = backend.template
    for node in template.nodelist.get_nodes_by_type(TranslateNode):
        yield str(node.filter_expression.var.literal).replace("%", "%%"), ""
    for node in template.nodelist.get_nodes_by_type(BlockTranslateNode):
        yield node.render_token_list(node.singular)[0], node.render_token_list(node.plural)[0] if node.plural else ""


def complaints() -> list[str]:
    """What is wrong with the .po file and with the compiled one."""
    wanted, file = of_patients(), polib.pofile(str(PO))
    known = {(entry.msgid, entry.msgid_plural): entry for entry in file}
    said = [f"{where}: no Spanish for {words[0]!r}" for words, where in wanted.items() if not _translated(known, words)]
    said += [f"nothing uses {words[0]!r}" for words in known if words not in wanted]
    mo = PO.with_suffix(".mo")
    if not mo.is_file() or mo.read_bytes() != file.to_binary():
        said.append("the compiled file is not that of the .po file")
    return said


def _translated(known: dict[Words, polib.POEntry], words: Words) -> bool:
    entry = known.get(words)
    return entry is not None and entry.translated()


def renew() -> list[str]:
    """The .po file has every text, those that are new empty; it is compiled. The texts that lack their Spanish."""
    wanted = of_patients()
    file = polib.pofile(str(PO)) if PO.exists() else polib.POFile()
    known = {(entry.msgid, entry.msgid_plural): entry for entry in file}
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Language": "es",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for words in sorted(wanted):
        fresh.append(known.get(words) or _empty(words))
    PO.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(PO))
    PO.with_suffix(".mo").write_bytes(polib.pofile(str(PO)).to_binary())
    return [entry.msgid for entry in fresh if not entry.translated()]


def _empty(words: Words) -> polib.POEntry:
    plural = {"msgid_plural": words[1], "msgstr_plural": {0: "", 1: ""}} if words[1] else {}
    return polib.POEntry(msgid=words[0], **plural)


def main() -> int:
    """0 where every text has its Spanish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    only_check = parser.parse_args().check
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        os.environ["UNSTUCK_HOME"] = tempfile.mkdtemp(prefix="unstuck-words-")
        os.environ["DJANGO_SETTINGS_MODULE"] = "unstuck.clinic.site.settings"
    import django

    django.setup()
    wrong = complaints() if only_check else renew()
    print("\n".join(wrong) or "Every text has its Spanish.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
