"""Scripts and styles of the clinic: small files of our own, none of them inside a page, nothing made from text."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CLINIC = Path(__file__).parents[2] / "src" / "unstuck" / "clinic"
SCRIPTS = sorted(CLINIC.rglob("static/**/*.js"))
TEMPLATES = sorted(CLINIC.rglob("templates/**/*.html"))
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+\s*=\s*[\"']|\sstyle\s*=\s*[\"']|<style|javascript:", re.IGNORECASE
)
MADE_FROM_TEXT = re.compile(
    r"\binnerHTML\s*=|\bouterHTML\s*=|\beval\(|new Function\(|insertAdjacentHTML|document\.write"
)
MOST_LINES = 300


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(CLINIC)))
def test_no_page_holds_a_script_or_a_style(path: Path) -> None:
    """The security policy allows files of this site alone; nothing inline would run, and none is there."""
    assert INLINE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(CLINIC)))
def test_scripts_are_small_and_make_no_markup_from_text(path: Path) -> None:
    """At most 300 lines; no markup and no program is made from text, so that no name or note can become either."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert MADE_FROM_TEXT.findall(text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(CLINIC)))
def test_imports_of_scripts_exist(path: Path) -> None:
    """Every module that a script imports lies beside it, and every name that it takes is exported there."""
    text = path.read_text(encoding="utf-8")
    for names, where in re.findall(r"import\s+\{([^}]*)\}\s+from\s+\"([^\"]+)\"", text):
        there = (path.parent / where).read_text(encoding="utf-8")
        exported = set(re.findall(r"export\s+(?:async\s+)?(?:function|class|const)\s+(\w+)", there))
        several = "".join(re.findall(r"export const [^;]+;", there))
        exported |= set(re.findall(r"(\w+) = \"", several))
        assert {name.strip() for name in names.split(",") if name.strip()} <= exported, where


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here; the journeys load every script in a browser")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(CLINIC)))
def test_every_script_parses(path: Path) -> None:
    """A script that does not parse would leave the page without its alarms."""
    kind = "module" if re.search(r"^(import|export) ", path.read_text(encoding="utf-8"), re.MULTILINE) else "commonjs"
    made = subprocess.run(
        ["node", "--check", f"--input-type={kind}"], input=path.read_bytes(), capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr.decode()
