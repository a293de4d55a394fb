"""TLS in front of the clinic's server: bytes are decrypted and handed on over the loopback, and nothing else.

It parses no request. A client that is slow, silent or no client at all costs a handle and no thread, and its handshake
ends after some seconds. The server behind learns whose the connection is from `Callers`, by its local port.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from unstuck.clinic.site import certificates

log = logging.getLogger("unstuck.tls")

LOOPBACK = "127.0.0.1"
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of anything the front takes."""

    connections: int = 400
    handshake_s: float = 10.0
    look_again_s: float = 60.0  # how often a renewed certificate is looked for


@dataclass(slots=True)
class Callers:
    """Whose each connection is that the front has opened to the server behind: local port -> address of the client."""

    by_port: dict[int, str] = field(default_factory=dict)

    def wrap(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The WSGI application, told the client's own address. Whoever came past the front is refused."""

        def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            caller = self.by_port.get(int(environ.get("REMOTE_PORT") or 0))
            if caller is None:
                start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", "0")])
                return [b""]
            environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = caller
            return application(environ, start_response)

        return told


@dataclass(slots=True)
class Front:
    """One front: where it listens, the port of the server behind, and the folder with the certificate."""

    address: tuple[str, int]
    behind: int
    folder: Path
    callers: Callers
    now: Callable[[], datetime]
    bounds: Bounds = field(default_factory=Bounds)
    ready: Callable[[int], None] = lambda port: None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self) -> None:
        """Until it is cancelled."""
        context = certificates.context(self.folder)
        server = await asyncio.start_server(
            self._taken,
            *self.address,
            ssl=context,
            limit=_PIECE,
            ssl_handshake_timeout=self.bounds.handshake_s,
            ssl_shutdown_timeout=5.0,
        )
        self.ready(server.sockets[0].getsockname()[1])
        try:
            await asyncio.gather(server.serve_forever(), self._renewing(context))
        finally:
            server.close()
            for connection in self._open:
                connection.cancel()

    async def _renewing(self, context: ssl.SSLContext) -> None:
        """A renewed certificate is used for new connections without a restart; one that runs out is told of daily."""
        seen, told = _stamp(self.folder), None
        while True:
            await asyncio.sleep(self.bounds.look_again_s)
            try:
                if (stamp := _stamp(self.folder)) != seen:
                    context.load_cert_chain(self.folder / certificates.SERVER)
                    seen = stamp
                if told != self.now().date():
                    told = self.now().date()
                    warn(self.folder, self.now())
            except Exception:  # whatever lies in the folder, the clinic goes on with what it has
                log.exception("The certificate in %s cannot be taken up.", self.folder)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= self.bounds.connections:
            writer.transport.abort()
            return
        self._open.add(task)
        try:
            await self._joined(reader, writer)
        finally:
            self._open.discard(task)
            with contextlib.suppress(OSError, ssl.SSLError):
                writer.close()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = writer.get_extra_info("peername")
        if client is None:  # it has left already
            return
        try:
            inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, self.behind, limit=_PIECE)
        except OSError:
            log.exception("The server behind the front does not answer.")
            return
        port = inner_writer.get_extra_info("sockname")[1]
        self.callers.by_port[port] = str(client[0])
        pumps = [asyncio.create_task(pump) for pump in (_pump(reader, inner_writer), _pump(inner_reader, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            inner_writer.close()
            self.callers.by_port.pop(port, None)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes from one to the other, no faster than they are taken, until one side ends."""
    with contextlib.suppress(OSError, ssl.SSLError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()


def _stamp(folder: Path) -> int:
    return (folder / certificates.SERVER).stat().st_mtime_ns


def warn(folder: Path, at: datetime) -> str:
    """The warning that the certificate must be renewed, logged as well; empty while there is time."""
    standing = certificates.standing(folder)
    if not standing.due(at):
        return ""
    words = f"The certificate for TLS ends on {standing.until:%Y-%m-%d}. Renew it: unstuck tls"
    log.warning(words)
    return words
