"""Invented names for simulated people, always the same for the same course."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

_FIRST = (
    *("Rosa", "Tunde", "Mina", "Jonas", "Leila", "Piotr", "Grace", "Hassan", "Ines", "Owen", "Sofia", "Darius"),
    *("Maren", "Kofi", "Yara", "Luca", "Edith", "Marek", "Noor", "Felix", "Aisha", "Bruno", "Clara", "Dylan"),
    *("Elif", "Goran", "Hana", "Ivo", "Joana", "Karim", "Lena", "Mateo", "Nadia", "Oskar", "Petra", "Quentin"),
)
_LAST = (
    *("Lindqvist", "Adeyemi", "Reyes", "Novak", "Haddad", "Marchetti", "Brandt", "Ferreira", "Doyle", "Ozturk"),
    *("Kowalski", "Mensah", "Larsen", "Petrov", "Sato", "Almeida", "Baptiste", "Cermak", "Dumont", "Eriksen"),
    *("Fischer", "Garza", "Horvath", "Ibrahim", "Jensen", "Keller", "Lopez", "Moreau", "Nyman", "Okafor"),
)


def invented_name(course: str) -> str:
    """A name that belongs to nobody, drawn from the course's key."""
    luck = _luck(course)
    return f"{_FIRST[luck % len(_FIRST)]} {_LAST[luck // len(_FIRST) % len(_LAST)]}"


def invented_birthday(course: str) -> date:
    """A birth date between 1955 and 2004."""
    return date(1955, 1, 1) + timedelta(days=_luck(course) % 17_800)


def _luck(course: str) -> int:
    return int.from_bytes(hashlib.sha256(course.encode()).digest()[:6], "big")
