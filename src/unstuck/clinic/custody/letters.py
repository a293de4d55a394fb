"""Words as a PDF can show them: in the letters of its standard fonts, with markup shown and never obeyed."""

from __future__ import annotations

import unicodedata


def shown(words: str) -> str:
    """Words for a paragraph: markup in them is shown, never obeyed."""
    return letters(words).replace("&", "&amp;").replace("<", "&lt;")


def letters(words: str) -> str:
    """Words in the letters that the standard fonts of a PDF have."""
    return "".join(c if _has(c) else _bare(c) for c in words)


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _bare(letter: str) -> str:
    """The letter without its marks, or a question mark."""
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain or {"ł": "l", "Ł": "L", "đ": "d"}.get(letter, "?")
