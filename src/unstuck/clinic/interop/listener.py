"""The listener for monitors: MLLP over TCP, from named addresses only, bounded in size, time and number.

It knows frames and sockets; what a message means is the business of the `Desk` that it is given. An answer goes out
only after the desk has given it, so that an acknowledged message is a stored one.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from unstuck.clinic.interop.framing import Fault, Frame, Frames, wrapped

log = logging.getLogger("unstuck.monitors")

PORT = 2575
"""The port that is registered for HL7."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of anything one listener takes."""

    frame_bytes: int = 256 * 1024
    frame_s: float = 15.0  # from the first byte of a message to its last
    idle_s: float = 900.0  # between messages
    noise_bytes: int = 4096  # outside of frames, until the line is cut
    connections: int = 64


@dataclass(frozen=True, slots=True)
class Desk:
    """What the listener asks of the clinic. None of these may be slow: a monitor waits for each."""

    knows: Callable[[str], bool]
    refused: Callable[[str], None]
    answer: Callable[[Frame | Fault, str], bytes | None]
    leave: Callable[[], None]  # a connection's thread ends
    tidy: Callable[[], None]  # now and then


class Listener(socketserver.ThreadingTCPServer):
    """Listens at `address` until it is shut down; every connection has a thread of its own."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], desk: Desk, bounds: Bounds | None = None) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.desk, self.bounds = desk, bounds or Bounds()
        self._free = threading.BoundedSemaphore(self.bounds.connections)
        self._tidied = time.monotonic()
        super().__init__(address, _Connection)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether a device has this address. Whatever goes wrong in asking is a no."""
        address = str(client_address[0])
        try:
            known = self.desk.knows(address)
            if not known:
                log.warning("Refused a connection from %s: no device has this address.", address)
                self.desk.refused(address)
        except Exception:
            log.exception("A connection from %s could not be checked and is refused.", address)
            return False
        if known and not self._free.acquire(blocking=False):
            log.warning("Refused a connection from %s: %s are open.", address, self.bounds.connections)
            return False
        return known

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()
            self.desk.leave()

    def service_actions(self) -> None:
        """About once an hour the desk tidies up."""
        if time.monotonic() - self._tidied < 3600:
            return
        self._tidied = time.monotonic()
        try:
            self.desk.tidy()
        except Exception:
            log.exception("Old messages could not be cleared away.")

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("The connection from %s ended with a fault.", client_address[0])


class _Connection(socketserver.BaseRequestHandler):
    """One monitor's connection: bytes into frames, each answered before the next is taken."""

    request: socket.socket
    server: Listener

    def handle(self) -> None:
        frames = Frames(self.server.bounds.frame_bytes)
        with suppress(OSError):  # too slow, or gone
            self._listen(frames)
        for left in frames.close():
            self.server.desk.answer(left, self.client_address[0])

    def _listen(self, frames: Frames) -> None:
        bounds, begun = self.server.bounds, time.monotonic()
        while frames.noise <= bounds.noise_bytes:
            left = begun + bounds.frame_s - time.monotonic() if frames.inside else bounds.idle_s
            if left <= 0:
                return
            self.request.settimeout(left)
            data = self.request.recv(65536)
            if not data:
                return
            was_inside = frames.inside
            found = frames.feed(data)
            if found or not was_inside:
                begun = time.monotonic()
            for one in found:
                self._answer(one)

    def _answer(self, one: Frame | Fault) -> None:
        told = self.server.desk.answer(one, self.client_address[0])
        if told is not None:
            self.request.settimeout(self.server.bounds.frame_s)
            self.request.sendall(wrapped(told))
