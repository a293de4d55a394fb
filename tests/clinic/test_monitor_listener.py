"""The listener on real sockets: known addresses only, bounded, and in step with its sender whatever comes."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import hl7
import pytest
from hl7.client import MLLPClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clinic.monitor_messages import MMHG, SYS, VITALS, msh, obx, oru
from tests.clinic.test_serve import PATIENCE_S, environment, free_port, own_database, unstuck
from unstuck.clinic.interop.framing import Fault, Frame, wrapped
from unstuck.clinic.interop.listener import Bounds, Desk, Listener

__all__ = ["own_database"]

SMALL = Bounds(frame_bytes=2048, frame_s=PATIENCE_S, noise_bytes=64, connections=3)


class Table:
    """A desk that remembers; it answers every whole frame with its own body."""

    def __init__(self) -> None:
        self.known, self.refused, self.seen = {"127.0.0.1"}, list[str](), list[Frame | Fault]()

    def answer(self, one: Frame | Fault, _address: str) -> bytes | None:
        self.seen.append(one)
        return one.body if isinstance(one, Frame) else None

    def desk(self) -> Desk:
        return Desk(self.known.__contains__, self.refused.append, self.answer, lambda: None, lambda: None)


def listening(table: Table, bounds: Bounds = SMALL) -> AbstractContextManager[int]:
    """The port of a running listener with that desk."""
    return listening_to(table.desk(), bounds)


@contextmanager
def listening_to(desk: Desk, bounds: Bounds = SMALL) -> Iterator[int]:
    with Listener(("127.0.0.1", 0), desk, bounds) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield listener.server_address[1]
        finally:
            listener.shutdown()
            thread.join()


def dial(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def heard(line: socket.socket, size: int) -> bytes:
    """That many bytes, or what came before the line was closed."""
    told = b""
    while len(told) < size and (piece := _piece(line, size - len(told))):
        told += piece
    return told


def _piece(line: socket.socket, size: int) -> bytes:
    try:
        return line.recv(size)
    except ConnectionResetError:
        return b""


def eventually(claim: Callable[[], bool]) -> bool:
    """Whether it comes true while patience lasts; once is enough."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.02)
    return False


STREAM = st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\x1c\r", b"MSH|", b"\x00"]) | st.binary(max_size=60), max_size=8)


@given(STREAM)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_put_the_listener_out_of_step(parts: list[bytes]) -> None:
    """After any bytes the next message is answered with its own answer, or the line is closed; a new line works."""
    table, rubbish = Table(), b"".join(parts)
    with listening(table, Bounds(frame_bytes=2048, noise_bytes=10_000)) as port:
        with dial(port) as line:
            line.sendall(rubbish + wrapped(b"the next one"))
            line.shutdown(socket.SHUT_WR)
            told = heard(line, 1 << 16)
            assert told.endswith(wrapped(b"the next one"))
        with dial(port) as line:
            line.sendall(wrapped(b"another line"))
            assert heard(line, len(wrapped(b"another line"))) == wrapped(b"another line")


def test_an_unknown_address_is_refused_and_told() -> None:
    """A connection from an address that is no device's is closed without a word, and the clinic is told."""
    table = Table()
    table.known.clear()
    with listening(table) as port, dial(port) as line:
        assert heard(line, 1) == b""
        assert (table.refused, table.seen) == (["127.0.0.1"], [])


def test_a_message_that_never_ends_is_cut_off_in_time() -> None:
    """A sender that drips one byte after another is not waited for longer than a message may take."""
    table = Table()
    with listening(table, Bounds(frame_s=0.4)) as port, dial(port) as line:
        line.sendall(b"\x0b")
        start = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - start < PATIENCE_S:
                line.sendall(b"A")
                time.sleep(0.05)
        assert eventually(lambda: len(table.seen) == 1) and isinstance(table.seen[0], Fault)


def test_whoever_speaks_another_language_is_cut_off() -> None:
    """A browser or a scanner, which never begins a frame, has its line closed."""
    table = Table()
    with listening(table) as port, dial(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: monitor\r\n\r\n" * 10)
        assert heard(line, 1) == b""
        assert table.seen == []


def test_so_many_lines_and_no_more() -> None:
    """Beyond the bound a connection is closed; when one of the others ends there is room again."""
    table = Table()
    with listening(table, Bounds(connections=2)) as port:
        first, second = dial(port), dial(port)
        for line in (first, second):
            line.sendall(wrapped(b"here"))
            assert heard(line, 7) == wrapped(b"here")
        with dial(port) as third:
            assert heard(third, 1) == b""
        first.close()

        def room() -> bool:
            with dial(port) as line, suppress(ConnectionError):  # it was closed before we had spoken
                line.sendall(wrapped(b"room"))
                return heard(line, 7) == wrapped(b"room")
            return False

        assert eventually(room)
        second.close()


def test_a_desk_that_fails_takes_no_line_and_no_listener_down() -> None:
    """When the clinic cannot be asked, the connection is refused; the next one is asked for again."""
    table = Table()
    desk = table.desk()
    broken = [True]

    def knows(_address: str) -> bool:
        if broken:
            raise RuntimeError("no database")
        return True

    with listening_to(Desk(knows, desk.refused, desk.answer, desk.leave, desk.tidy)) as port:
        with dial(port) as line:
            assert heard(line, 1) == b""
        broken.clear()
        with dial(port) as line:
            line.sendall(wrapped(b"back"))
            assert heard(line, 7) == wrapped(b"back")


SET_UP = """
import django; django.setup()
from unstuck.clinic import clock
from unstuck.clinic.interop.devices import DeviceFacts, assign, name_device
from unstuck.clinic.rooms.actions import first_chairs
from unstuck.clinic.rooms.models import Chair
first_chairs()
from datetime import timedelta
at = clock.read() - timedelta(hours=1)
assign(name_device(DeviceFacts("Monitor 1", "127.0.0.1"), "a_alma", at), Chair.objects.get(key="chair_1"), "a_nia", at)
"""
COUNT = """
import django; django.setup()
from unstuck.clinic.interop.models import Message, Proposal
print(Proposal.objects.count(), Message.objects.count(), Message.objects.exclude(verdict="A").count())
"""


def python(home: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(home), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@contextmanager
def process(home: Path) -> Iterator[int]:
    """The port of `unstuck manage listen_monitors`, killed at the end without warning."""
    port = free_port()
    command = [sys.executable, "-m", "unstuck", "manage", "listen_monitors", "--port", str(port)]
    running = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout and "Listening" in running.stdout.readline()
        yield port
    finally:
        running.kill()
        running.wait()


def now() -> str:
    return datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")


@pytest.mark.slow
def test_another_sender_and_the_real_process(own_database: Path) -> None:
    """python-hl7's client gets AA for values and AE for rubbish; what was acknowledged survives kill -9, undoubled."""
    assert unstuck(own_database, "manage", "migrate", "--verbosity", "0").returncode == 0
    python(own_database, SET_UP)
    values = [obx(row.split("|")[3], row.split("|")[5], row.split("|")[6], at=now()) for row in VITALS]
    good = oru(*values, head=msh("m1", sent=now())).decode()
    bad = oru(obx(SYS, "132", MMHG, at=now()), head=msh("m2", kind="ADT^A01", sent=now())).decode()
    for _ in range(2):
        with process(own_database) as port, MLLPClient("127.0.0.1", port) as client:
            told = [
                hl7.parse(client.send_message(text.rstrip("\r")).strip(b"\x0b\x1c\r").decode()) for text in (good, bad)
            ]
            assert [str(answer.segment("MSA")[1]) for answer in told] == ["AA", "AR"]
    assert python(own_database, COUNT) == "6 2 1"


@pytest.mark.slow
def test_forty_monitors_at_once(own_database: Path) -> None:
    """Forty lines that send at the same time get forty acknowledgements and every value is stored once."""
    assert unstuck(own_database, "manage", "migrate", "--verbosity", "0").returncode == 0
    python(own_database, SET_UP)
    answers: list[bytes] = []

    def monitor(number: int, port: int) -> None:
        with dial(port) as line:
            line.settimeout(PATIENCE_S)
            for turn in range(3):
                row = obx(SYS, str(100 + number), MMHG, at=now()[:14] + f".{turn}{number:02}+0000")
                line.sendall(wrapped(oru(row, head=msh(f"{number}-{turn}", sent=now()))))
                answers.append(line.recv(4096))

    with process(own_database) as port:
        threads = [threading.Thread(target=monitor, args=(n, port)) for n in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [b"MSA|AA|" in told for told in answers] == [True] * 120
    assert python(own_database, COUNT) == "120 120 0"
