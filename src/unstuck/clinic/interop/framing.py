"""MLLP: messages in a stream of bytes. A pure state machine that loses its place on no input.

A frame is VT, the message, FS, CR. VT and FS never stand inside a message, so a VT always begins one: what came before
it without an FS was cut off. What stands outside of a frame is noise and is only counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

START, END, TAIL = b"\x0b", b"\x1c", b"\r"
WHITE = b"\r\n \t\x00"


class Cut(StrEnum):
    """Why a frame is no message."""

    BROKEN_OFF = "broken_off"  # another frame, or the end of the line, came before its end
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one message."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """A frame that is no message, with its beginning."""

    why: Cut
    body: bytes


def wrapped(body: bytes) -> bytes:
    """`body` as a frame."""
    return START + body + END + TAIL


@dataclass(slots=True)
class Frames:
    """Takes bytes in any pieces and gives the frames that have become whole. `limit` bounds a frame, in bytes."""

    limit: int
    noise: int = 0
    inside: bool = False
    _held: bytearray = field(default_factory=bytearray)
    _over: bool = False

    def feed(self, data: bytes) -> list[Frame | Fault]:
        """The frames and faults that end within `data`, in order; the same however the stream is cut into pieces."""
        found: list[Frame | Fault] = []
        at = 0
        while at < len(data):
            at = self._within(data, at, found) if self.inside else self._outside(data, at)
        return found

    def close(self) -> list[Frame | Fault]:
        """What was left when the line ended."""
        return [self._ended(Fault(Cut.BROKEN_OFF, bytes(self._held)))] if self.inside else []

    def _outside(self, data: bytes, at: int) -> int:
        begins = data.find(START, at)
        skipped = data[at : begins if begins >= 0 else len(data)]
        self.noise += len(skipped.translate(None, WHITE + END))
        self.inside = begins >= 0
        return begins + 1 if begins >= 0 else len(data)

    def _within(self, data: bytes, at: int, found: list[Frame | Fault]) -> int:
        marks = [place for mark in (START, END) if (place := data.find(mark, at)) >= 0]
        stop = min(marks, default=len(data))
        self._hold(data[at:stop])
        if not marks:
            return stop
        whole = data[stop : stop + 1] == END
        found.append(self._ended(self._outcome(whole)))
        self.inside = not whole
        return stop + 1

    def _hold(self, piece: bytes) -> None:
        room = self.limit - len(self._held)
        self._over = self._over or len(piece) > room
        self._held += piece[:room]

    def _outcome(self, whole: bool) -> Frame | Fault:
        body = bytes(self._held)
        if self._over:
            return Fault(Cut.TOO_LONG, body)
        return Frame(body) if whole else Fault(Cut.BROKEN_OFF, body)

    def _ended(self, outcome: Frame | Fault) -> Frame | Fault:
        self._held.clear()
        self._over = self.inside = False
        return outcome
