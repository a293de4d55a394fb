"""Protocols read from TOML files. A monitoring profile named in a file is read in, so that the hash covers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unstuck.core.conditions import All, Condition
from unstuck.core.drug_file import Drug, load_drugs
from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.protocol import Gate, MonitoringPlan, Protocol, Regimen, Strength
from unstuck.core.protocol_parts import (
    read_arm,
    read_endpoint,
    read_finding,
    read_gate,
    read_limit,
    read_monitoring,
    read_regimen,
    read_step,
)
from unstuck.core.protocol_writer import canonical_text, content_hash
from unstuck.core.toml_table import Complaints, Notes, Table, near, parse_toml

__all__ = [
    "Profile",
    "Reading",
    "canonical_text",
    "content_hash",
    "load_profile",
    "load_protocol",
    "parse_protocol",
    "protocol_keys",
    "read_gently",
    "read_protocol",
    "with_ceilings",
]


@dataclass(frozen=True, slots=True)
class Profile:
    """A monitoring profile of library/safety: what is read around a dose, and the gates before it."""

    plan: MonitoringPlan
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as far as it could be read: the protocol with stand-ins for faulty parts, and the notes on them."""

    protocol: Protocol
    notes: Notes
    raw: dict[str, Any]


def read_protocol(path: Path | str) -> Protocol:
    """The protocol of a file with the ceilings of its drugs, and its hash. Raises Complaints naming file and line."""
    bounded = with_ceilings(parse_protocol(file_text(Path(path)), str(path)), load_drugs())
    return replace(bounded, hash=content_hash(bounded))


def with_ceilings(protocol: Protocol, drugs: Mapping[str, Drug]) -> Protocol:
    """The protocol with every dose bounded by its drug's ceiling by that route, so that the hash covers the ceiling."""
    return replace(protocol, regimens=tuple(_bounded(r, drugs.get(r.drug)) for r in protocol.regimens))


def _bounded(regimen: Regimen, drug: Drug | None) -> Regimen:
    cap = drug.cap(regimen.route.value) if drug else None
    if cap is None or regimen.ceiling_source:
        return regimen
    mg = min((x for x in (regimen.cap_mg, cap.mg) if x is not None), default=None)
    return replace(regimen, cap_mg=mg, ceiling_mg_per_kg=cap.mg_per_kg, ceiling_source=cap.source)


def parse_protocol(text: str, where: str = "protocol") -> Protocol:
    """The protocol that a TOML text writes, with its hash. Raises Complaints."""
    reading = read_gently(text, where)
    reading.notes.refuse()
    return replace(reading.protocol, hash=content_hash(reading.protocol))


def load_protocol(key_or_path: str) -> Protocol:
    """A protocol of the library by its key, or of a file by its path. Raises Complaint where there is neither."""
    path = Path(key_or_path)
    if path.suffix == ".toml" or path.is_file():
        return read_protocol(path)
    found = library_root() / "protocols" / f"{key_or_path}.toml"
    if key_or_path not in protocol_keys():
        raise Complaint(f"The library has no protocol {key_or_path!r}.", mend=near(key_or_path, protocol_keys()))
    return read_protocol(found)


def protocol_keys() -> tuple[str, ...]:
    """Keys of the library's protocols, in alphabetical order."""
    return tuple(sorted(path.stem for path in (library_root() / "protocols").glob("*.toml")))


def load_profile(key: str) -> Profile:
    """A monitoring profile of library/safety. Raises Complaint where there is none of that name."""
    folder = library_root() / "safety"
    known = [path.stem for path in folder.glob("*.toml")]
    if key not in known:
        raise Complaint(f"There is no monitoring profile {key!r}.", mend=near(key, known))
    path = folder / f"{key}.toml"
    notes = Notes(text := file_text(path), str(path))
    table = Table(parse_toml(text, str(path)), (), notes)
    plan = table.table("monitoring")
    profile = Profile(read_monitoring(plan or _empty(notes)), tuple(read_gate(t) for t in table.tables("gate")))
    taken_in = table.text("with", "")
    table.finish()
    notes.refuse()
    return _joined(profile, load_profile(taken_in)) if taken_in else profile


def _joined(profile: Profile, more: Profile) -> Profile:
    """The profile with all that another one adds to it; its own name, stay and source stay."""
    own, added = profile.plan, more.plan
    plan = replace(
        own,
        readings=own.readings + added.readings,
        alerts=own.alerts + added.alerts,
        limits=own.limits + added.limits,
        worse=own.worse + added.worse,
        rescue=own.rescue + added.rescue,
        discharge=_both(own.discharge, added.discharge),
    )
    return Profile(plan, profile.gates + more.gates)


def _both(one: Condition | None, other: Condition | None) -> Condition | None:
    parts = [part for rule in (one, other) if rule for part in (rule.rules if isinstance(rule, All) else (rule,))]
    return All(tuple(parts)) if parts else None


def read_gently(text: str, where: str) -> Reading:
    """Read all that can be read and note the rest. Raises Complaints only where the text is not TOML."""
    raw = parse_toml(text, where)
    notes = Notes(text, where)
    table = Table(raw, (), notes)
    protocol = _with_profile(_protocol(table), table)
    table.finish()
    return Reading(protocol, notes, raw)


def _protocol(table: Table) -> Protocol:
    evidence = table.table("evidence") or _missing_evidence(table)
    protocol = Protocol(
        key=table.key(),
        version=table.text("version"),
        title=table.text("title"),
        summary=table.text("summary"),
        sources=table.texts("sources"),
        strength=evidence.choice("strength", Strength),
        strength_why=evidence.text("why"),
        steps=tuple(read_step(t) for t in table.tables("step")),
        regimens=tuple(read_regimen(t) for t in table.tables("regimen")),
        gates=tuple(read_gate(t) for t in table.tables("gate")),
        limits=tuple(read_limit(t) for t in table.tables("limit")),
        arms=tuple(read_arm(t) for t in table.tables("arm")),
        blinded=table.texts("blinded", ()),
        endpoints=tuple(read_endpoint(t) for t in table.tables("endpoint")),
        findings=tuple(read_finding(t) for t in evidence.tables("finding")),
        gaps=evidence.texts("gaps", ()),
        curve=table.text("curve", "pcl5_week"),
        population=table.text("population", ""),
    )
    evidence.finish()
    return protocol


def _with_profile(protocol: Protocol, table: Table) -> Protocol:
    """The protocol with its monitoring; a table that holds only `profile` is filled in from the library."""
    monitoring = table.table("monitoring")
    if monitoring is None:
        return protocol
    if set(monitoring.raw) != {"profile"}:
        return replace(protocol, monitoring=read_monitoring(monitoring))
    try:
        profile = load_profile(monitoring.text("profile"))
    except Complaints as wrong:
        monitoring.say("profile", f"The profile cannot be read. {wrong}", "Mend the profile's file.")
    except Complaint as wrong:
        monitoring.say("profile", wrong.what, wrong.mend)
    else:
        return replace(protocol, monitoring=profile.plan, gates=protocol.gates + profile.gates)
    return protocol


def _missing_evidence(table: Table) -> Table:
    if not table.has("evidence"):
        table.say(None, "The file lacks the table [evidence].", "Add [evidence] with `strength` and `why`.")
    return Table({"strength": "none", "why": "not stated"}, ("evidence",), Notes("", table.notes.where))


def _empty(notes: Notes) -> Table:
    return Table({}, ("monitoring",), notes)


def file_text(path: Path) -> str:
    """The text of a file. Raises Complaint where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as wrong:
        raise Complaint(f"The file cannot be read: {wrong.strerror}.", str(path), "Check the path.") from None
    except UnicodeDecodeError:
        raise Complaint("The file is not UTF-8 text.", str(path), "Save it as UTF-8.") from None
