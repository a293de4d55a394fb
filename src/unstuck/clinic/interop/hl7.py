"""HL7 version 2 as text: a message into segments and fields, and the answer to it. Pure functions.

Only what a listener for vital signs needs. Whatever the input, `parse` gives a message or raises `Malformed`, and
`answer` gives a well-formed acknowledgement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

MAX_SEGMENTS = 2000
CHARSETS = {"": "utf-8", "ASCII": "ascii", "UNICODE": "utf-8", "UNICODE UTF-8": "utf-8", "8859/1": "latin-1"}
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_SAFE = re.compile(r"[^\x20-\x7e]")


class Code(IntEnum):
    """HL7 table 0357: what is wrong with a message."""

    ACCEPTED = 0
    SEGMENT_SEQUENCE = 100
    FIELD_MISSING = 101
    DATA_TYPE = 102
    TABLE_VALUE = 103
    TOO_LONG = 104
    MESSAGE_TYPE = 200
    EVENT = 201
    PROCESSING = 202
    VERSION = 203
    UNKNOWN_KEY = 204
    INTERNAL = 207


_WORDS = {
    Code.SEGMENT_SEQUENCE: "Segment sequence error",
    Code.FIELD_MISSING: "Required field missing",
    Code.DATA_TYPE: "Data type error",
    Code.TABLE_VALUE: "Table value not found",
    Code.TOO_LONG: "Value too long",
    Code.MESSAGE_TYPE: "Unsupported message type",
    Code.EVENT: "Unsupported event code",
    Code.PROCESSING: "Unsupported processing id",
    Code.VERSION: "Unsupported version id",
    Code.UNKNOWN_KEY: "Unknown key identifier",
    Code.INTERNAL: "Application internal error",
}


class Verdict(StrEnum):
    """The second letter of an acknowledgement: taken, wrong in content, or not to be taken at all."""

    ACCEPT = "A"
    ERROR = "E"
    REJECT = "R"


class Malformed(Exception):
    """A message that cannot be taken: the HL7 code, the place such as `MSH^1^9`, and words for a person."""

    def __init__(self, code: Code, place: str, words: str, verdict: Verdict = Verdict.ERROR) -> None:
        self.code, self.place, self.words, self.verdict = code, place, words, verdict
        super().__init__(f"{place}: {words}")


@dataclass(frozen=True, slots=True)
class Marks:
    """The separators that a message itself declares."""

    field: str
    component: str
    repetition: str
    escape: str
    part: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; fields are counted as HL7 counts them, from one."""

    name: str
    fields: tuple[str, ...]
    marks: Marks

    def field(self, number: int) -> str:
        """The first repetition of a field as it was sent; empty when there is none."""
        found = self.fields[number - 1] if 0 < number <= len(self.fields) else ""
        return found.split(self.marks.repetition)[0] if self.name != "MSH" or number > 2 else found

    def part(self, number: int, component: int) -> str:
        """One component of a field, from one, with its escapes resolved."""
        parts = self.field(number).split(self.marks.component)
        return _plain(parts[component - 1], self.marks).strip() if component <= len(parts) else ""


@dataclass(frozen=True, slots=True)
class Message:
    """The segments of a message, MSH first."""

    segments: tuple[Segment, ...]

    @property
    def head(self) -> Segment:
        return self.segments[0]

    @property
    def control_id(self) -> str:
        return self.head.part(10, 1)


def decoded(body: bytes) -> str:
    """The text of a message in the character set of its MSH-18. Raises Malformed."""
    fields = body.split(b"\r", 1)[0].split(body[3:4] or b"|")
    named = fields[17].split(b"~")[0].decode("ascii", "replace").strip().upper() if len(fields) > 17 else ""
    if named not in CHARSETS:
        raise Malformed(Code.TABLE_VALUE, "MSH^1^18", "The character set is not known here.", Verdict.REJECT)
    try:
        return body.decode(CHARSETS[named])
    except UnicodeDecodeError:
        words = "The bytes are not text in the character set of the message."
        raise Malformed(Code.DATA_TYPE, "MSH^1^18", words) from None


def parse(text: str) -> Message:
    """The message in `text`. Raises Malformed on anything that does not begin with MSH or is not made of segments."""
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip("\x00 ")]
    if not lines or not lines[0].startswith("MSH"):
        raise Malformed(Code.SEGMENT_SEQUENCE, "MSH", "A message begins with MSH.", Verdict.REJECT)
    if len(lines) > MAX_SEGMENTS:
        raise Malformed(Code.TOO_LONG, "", f"More than {MAX_SEGMENTS} segments.", Verdict.REJECT)
    marks = _marks(lines[0])
    head = Segment("MSH", (marks.field, *lines[0][4:].split(marks.field)), marks)
    return Message((head, *(_segment(line, marks) for line in lines[1:])))


def _marks(line: str) -> Marks:
    told = line[3:8]
    if len(told) < 5 or len(set(told)) < 5 or any(mark.isalnum() or mark.isspace() for mark in told):
        raise Malformed(
            Code.FIELD_MISSING, "MSH^1^2", "MSH-1 and MSH-2 name five different separators.", Verdict.REJECT
        )
    return Marks(*told)


def _segment(line: str, marks: Marks) -> Segment:
    name, *fields = line.split(marks.field)
    if not _NAME.fullmatch(name):
        raise Malformed(Code.SEGMENT_SEQUENCE, "", "A line is no segment: it does not begin with a segment's name.")
    return Segment(name, tuple(fields), marks)


def _plain(text: str, marks: Marks) -> str:
    """The text with its separators put back; other escapes stay as they were sent."""
    if marks.escape not in text:
        return text
    meant = {"F": marks.field, "S": marks.component, "R": marks.repetition, "T": marks.part, "E": marks.escape}
    escape = re.escape(marks.escape)
    return re.sub(f"{escape}([FSRTE]){escape}", lambda found: meant[found[1]], text)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told: taken, or what is wrong and where."""

    verdict: Verdict = Verdict.ACCEPT
    code: Code = Code.ACCEPTED
    place: str = ""
    words: str = ""

    @classmethod
    def to(cls, fault: Malformed) -> Answer:
        return cls(fault.verdict, fault.code, fault.place, fault.words)


def answer(head: Segment | None, told: Answer, at: datetime, own_id: str) -> bytes:
    """The acknowledgement: MSH, MSA and, where something is wrong, ERR. `head` is None when no header could be read."""
    mode = _mode(head)
    control, version = (head.part(10, 1), head.part(12, 1)) if head else ("", "")
    to = f"{_raw(head, 3)}|{_raw(head, 4)}"
    stamp = at.strftime("%Y%m%d%H%M%S%z")
    processing = _clean(head.part(11, 1) if head else "") or "P"
    lines = [
        f"MSH|^~\\&|UNSTUCK||{to}|{stamp}||ACK^R01^ACK|{own_id}|{processing}|{_clean(version) or '2.6'}",
        f"MSA|{mode}{told.verdict}|{_clean(control)}",
    ]
    if told.code is not Code.ACCEPTED:
        lines.append(f"ERR||{told.place}|{told.code.value}^{_WORDS[told.code]}^HL70357|E||||{_clean(told.words)}")
    return ("\r".join(lines) + "\r").encode("ascii")


def _mode(head: Segment | None) -> str:
    """`C` when the sender asks to know of the receipt only, by MSH-15 and MSH-16; `A` otherwise."""
    return "C" if head and head.field(15) in ("AL", "ER", "SU") and head.field(16) == "NE" else "A"


def _raw(head: Segment | None, number: int) -> str:
    """The sender's name, only where it uses the separators that the answer does."""
    usual = head is not None and head.marks == Marks("|", "^", "~", "\\", "&")
    return _SAFE.sub("?", head.field(number)) if head and usual else ""


def _clean(text: str) -> str:
    """Text that can stand in a field: separators escaped, everything but printable ASCII replaced."""
    shown = _SAFE.sub("?", text).replace("\\", "\\E\\")
    for mark, letter in (("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        shown = shown.replace(mark, f"\\{letter}\\")
    return shown[:200]
