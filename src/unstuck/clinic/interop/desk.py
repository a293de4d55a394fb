"""The clinic behind the listener: who may connect, and what becomes of each frame."""

from __future__ import annotations

import logging

from django.db import close_old_connections, connections

from unstuck.clinic import clock
from unstuck.clinic.interop import devices, receipt
from unstuck.clinic.interop.framing import Fault, Frame
from unstuck.clinic.interop.hl7 import Answer, Code, Verdict, answer
from unstuck.clinic.interop.listener import Desk

log = logging.getLogger("unstuck.monitors")


def desk() -> Desk:
    """The site's desk."""
    return Desk(_knows, _refused, _answer, connections.close_all, _tidy)


def _knows(address: str) -> bool:
    close_old_connections()
    return devices.may_connect(address)


def _refused(address: str) -> None:
    devices.note_refused(address, clock.read())


def _answer(one: Frame | Fault, address: str) -> bytes | None:
    """The answer to a frame. A fault of ours stores nothing and is told as such, so that the sender tries again."""
    close_old_connections()
    at = clock.read()
    try:
        if isinstance(one, Fault):
            return receipt.receive_fault(one, address, at)
        return receipt.receive(one.body, address, at)
    except Exception:
        log.exception("A message from %s could not be stored.", address)
        sorry = Answer(Verdict.ERROR, Code.INTERNAL, "", "It was not stored. Send it again.")
        return answer(receipt.head_of(one.body), sorry, at, "unstored")


def _tidy() -> None:
    close_old_connections()
    receipt.forget(clock.read() - receipt.keep_for())
    receipt.forget_repeats(clock.read())
