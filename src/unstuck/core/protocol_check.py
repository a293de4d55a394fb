"""Every complaint about a protocol in one pass: file, line, what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from pathlib import Path as File

from unstuck.core.drug_file import Drug, load_drugs
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_all
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_check_doses import dose_faults, undecided_doses
from unstuck.core.protocol_check_facts import fact_faults
from unstuck.core.protocol_check_names import name_faults
from unstuck.core.protocol_check_times import time_faults
from unstuck.core.protocol_faults import Checked, Fault, Recalled
from unstuck.core.protocol_file import file_text, read_gently
from unstuck.core.protocol_times import Times
from unstuck.core.protocol_writer import canonical_text
from unstuck.core.references_file import load_references
from unstuck.core.toml_table import Complaints

__all__ = ["Recalled", "check", "check_file", "why_not_released"]


def check_file(path: File | str) -> tuple[Complaint, ...]:
    """Every complaint about a protocol's file, against the library's references, instruments and drugs."""
    instruments = {key: Recalled(i.family, i.recall.value) for key, i in load_all().items()}
    text = file_text(File(path))
    return check(text, str(path), references=load_references(), instruments=instruments, drugs=load_drugs())


def check(
    given: Protocol | str,
    where: str = "protocol",
    *,
    references: Container[str],
    instruments: Mapping[str, Recalled],
    drugs: Mapping[str, Drug],
) -> tuple[Complaint, ...]:
    """Every complaint about a protocol or its text, in the order of lines; empty where it is sound."""
    try:
        reading = read_gently(canonical_text(given) if isinstance(given, Protocol) else given, where)
    except Complaints as wrong:
        return wrong.all
    protocol, own = reading.protocol, len(reading.raw.get("gate", ()))
    checked = Checked(protocol, references, instruments, drugs, own, Times(protocol))
    unread = {complaint.where for _, complaint in reading.notes.found}
    for fault in _faults(checked):
        place = f"{where}:{reading.notes.lines.of(fault.path, fault.key)}"
        if place not in unread:  # a line that could not be read is complained of once
            reading.notes.say(*fault)
    return reading.notes.in_order()


def why_not_released(protocol: Protocol) -> tuple[Complaint, ...]:
    """What keeps a sound protocol from being released for people: a dose that must be given and has no amount."""
    return tuple(
        Complaint(
            f"The step {step.title!r} gives {regimen.key!r}, whose amount no source tells.",
            mend="Write a version of the site's own that states the amount and who answers for it.",
        )
        for step, regimen in undecided_doses(protocol)
    )


def _faults(checked: Checked) -> Iterator[Fault]:
    yield from name_faults(checked)
    yield from time_faults(checked)
    yield from dose_faults(checked)
    yield from fact_faults(checked)
