"""What the README promises exists."""

from __future__ import annotations

import re

from tests.structure.sources import ROOT


def test_files_of_the_readme_exist() -> None:
    """Every relative link in the README and its neighbours leads to a file or a folder."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert pages
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))]
    broken = [f"{page.name}: {link}" for page, link in links if ":" not in link and not (page.parent / link).exists()]
    assert broken == []
