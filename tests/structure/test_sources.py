"""Every figure of the library says where it comes from, in a way that can be followed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.structure.sources import ROOT, relative

LIBRARY = ROOT / "library"
REFERENCES = [*LIBRARY.glob("references.toml"), *(LIBRARY / "references").glob("*.toml")]
DATA = sorted(set(LIBRARY.rglob("*.toml")) - set(REFERENCES))


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _cited(value: object) -> Iterator[str]:
    """Every text under a `source` or in a `sources`, however deep."""
    if isinstance(value, list):
        for each in value:
            yield from _cited(each)
    if isinstance(value, dict):
        for name, each in value.items():
            if name in {"source", "sources"}:
                yield from [each] if isinstance(each, str) else [text for text in each if isinstance(text, str)]
            yield from _cited(each)


@pytest.mark.parametrize("path", DATA, ids=relative)
def test_every_source_is_in_the_references(path: Path) -> None:
    """A source named in a file of the library is a key of the references."""
    known = {key for file in REFERENCES for key in _read(file)}
    assert set(_cited(_read(path))) - known == set()


def test_no_reference_stands_twice() -> None:
    """A key of the references means one thing, whichever file it stands in."""
    keys = [key for file in REFERENCES for key in _read(file)]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("path", REFERENCES, ids=relative)
def test_every_reference_has_a_title(path: Path) -> None:
    """A reference can at least be asked for by its title."""
    assert [key for key, entry in _read(path).items() if not entry.get("title")] == []
