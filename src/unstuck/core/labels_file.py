"""Our own short labels of questions and answers in other languages: `library/labels/<language>.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.toml_table import parse_toml


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one language; a label without a translation stays English."""

    language: str
    words: Mapping[str, str] = field(default_factory=dict)

    def of(self, label: str) -> str:
        """The label in this language."""
        return self.words.get(label, label)


ENGLISH = Labels("en")


@cache
def labels(language: str) -> Labels:
    """The labels of that language, the English ones where the library has none. Raises Complaint on a broken file."""
    file = library_root() / "labels" / f"{language}.toml"
    if not language.isalpha() or not file.is_file():
        return ENGLISH
    words = parse_toml(file.read_text(encoding="utf-8"), file.name).get("labels", {})
    wrong = [key for key, value in words.items() if not isinstance(value, str) or not value.strip()]
    if wrong:
        raise Complaint(f"These labels are empty: {', '.join(wrong)}.", file.name)
    return Labels(language, words)
