"""A person from a FHIR R4 Patient resource: the few fields that a clinic registers, read strictly, the rest named.

Source: HL7 FHIR R4 (4.0.1), resource Patient. Nothing is guessed: a field in another form than the standard's is told,
and what is not taken is listed, so that nobody believes that it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint

LARGEST = 1_000_000  # bytes; a Patient with a photo is larger than what is read here
TAKEN = ("name", "birthDate", "telecom")
SILENT = ("resourceType", "id", "meta", "text", "active", "implicitRules", "language")
LEFT_OUT = {
    "identifier": "numbers of other systems",
    "gender": "administrative gender: the sex that dosing rules need is asked in person",
    "address": "address",
    "photo": "photo",
    "contact": "contact persons: they are asked anew, with the person's consent",
    "communication": "languages",
    "maritalStatus": "marital status",
    "generalPractitioner": "family doctor: who may be told is signed by the person",
    "managingOrganization": "organisation",
    "extension": "extensions",
    "multipleBirthBoolean": "multiple birth",
    "multipleBirthInteger": "multiple birth",
    "contained": "contained resources",
    "modifierExtension": "modifying extensions",
}


@dataclass(frozen=True, slots=True)
class ReadPatient:
    """What was read, and in words what was left out."""

    name: str
    born_on: date | None
    email: str
    phone: str
    left_out: tuple[str, ...]


def read_patient(content: bytes, where: str) -> ReadPatient:
    """The person in the file. Raises one Complaint that tells every fault."""
    data = _resource(content, where)
    faults: list[Complaint] = []

    def say(what: str, mend: str | None = None) -> None:
        faults.append(Complaint(what, where, mend))

    if data.get("deceasedBoolean") is True or "deceasedDateTime" in data:
        say("The file says that this person has died.", "Ask the sender.")
    if data.get("active") is False:
        say("The file says that this record is no longer in use.", "Ask the sender for the current one.")
    if "modifierExtension" in data:
        say("The file holds a modifying extension, which may turn its meaning round.", "Enter the person by hand.")
    name, born = _name(data.get("name"), say), _born(data.get("birthDate"), say)
    email, phone = (_telecom(data.get("telecom", []), system, say) for system in ("email", "phone"))
    raise_any(faults)
    left = [LEFT_OUT.get(key, key) for key in data if key not in (*TAKEN, *SILENT) and not key.startswith(("_", "dec"))]
    return ReadPatient(name, born, email, phone, tuple(dict.fromkeys(left)))


def _resource(content: bytes, where: str) -> Mapping[str, Any]:
    if len(content) > LARGEST:
        raise Complaint("The file is larger than 1 MB.", where, "Send the Patient without a photo.")
    try:
        data = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Complaint("This is no JSON in UTF-8.", where, "Export a FHIR R4 Patient as JSON.") from None
    kind = data.get("resourceType") if isinstance(data, dict) else None
    if kind == "Bundle":
        raise Complaint("This is a Bundle of several resources.", where, "Take the one Patient out of it.")
    if kind != "Patient":
        raise Complaint("This is no FHIR Patient.", where, 'Its "resourceType" must be "Patient".')
    return data  # type: ignore[no-any-return]


def _name(found: object, say: Any) -> str:
    """The name in use: the official one, else the usual one, else the only one."""
    names = _tables(found)
    if names is None or not names:
        say("The file has no name.", "A Patient is registered by name.")
        return ""
    current = [n for n in names if n.get("use") != "old" and "end" not in _period(n)]
    ranked = sorted(current, key=lambda n: {"official": 0, "usual": 1, None: 2}.get(n.get("use"), 3))
    words = _in_words(ranked[0]) if ranked else ""
    if not words:
        say("No name of the file is in use and written out.", "Give it as text, or as given and family name.")
    elif len(words) > 200:
        say("The name is longer than 200 letters.")
    return words


def _period(table: Mapping[str, Any]) -> Mapping[str, Any]:
    period = table.get("period")
    return period if isinstance(period, dict) else {}


def _in_words(name: Mapping[str, Any]) -> str:
    given, family, text = name.get("given", []), name.get("family", ""), name.get("text", "")
    parts = [*given, family] if isinstance(given, list) else []
    if parts and all(isinstance(part, str) for part in parts) and any(parts):
        return " ".join(" ".join(parts).split())
    return " ".join(text.split()) if isinstance(text, str) else ""


def _born(found: object, say: Any) -> date | None:
    """The birth date; a year or a month alone is told, because people are told apart by the day."""
    if found is None:
        return None
    if not isinstance(found, str) or len(found) != 10:
        say(f"The birth date {found!r} is not a whole date.", "Enter the day by hand: people are told apart by it.")
        return None
    try:
        return date.fromisoformat(found)
    except ValueError:
        say(f"The birth date {found!r} is no day of the calendar.")
        return None


def _telecom(found: object, system: str, say: Any) -> str:
    """The e-mail or telephone with the lowest rank that is not an old one; mobile telephones first."""
    entries = _tables(found)
    if entries is None:
        if system == "email":
            say("The contact points are not a list.")
        return ""
    current = [e for e in entries if e.get("use") != "old" and isinstance(e.get("value"), str)]
    mine = [e for e in current if e.get("system") == system]
    mine.sort(key=lambda e: (_rank(e), e.get("use") != "mobile"))
    return str(mine[0]["value"]).strip() if mine else ""


def _rank(entry: Mapping[str, Any]) -> int:
    rank = entry.get("rank")
    return rank if isinstance(rank, int) and not isinstance(rank, bool) else 99


def _tables(found: object) -> Sequence[Mapping[str, Any]] | None:
    if isinstance(found, list) and all(isinstance(one, dict) for one in found):
        return found
    return None
