"""What the README promises exists."""

from __future__ import annotations

import re

from tests.structure.sources import ROOT
from unstuck.cli.main import command_names

README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"`[^`\n]+`|^    .*$", README, re.MULTILINE))


def test_commands_of_the_readme_exist() -> None:
    """Every `unstuck COMMAND` and `make TARGET` in the README can be typed."""
    assert set(re.findall(r"\bunstuck ([a-z][a-z-]+)\b", CODE)) <= set(command_names())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b", CODE)) <= targets


def test_files_of_the_readme_exist() -> None:
    """Every relative link in the README and its neighbours leads to a file or a folder."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert pages
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))]
    broken = [f"{page.name}: {link}" for page, link in links if ":" not in link and not (page.parent / link).exists()]
    assert broken == []
