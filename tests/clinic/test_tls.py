"""HTTPS by `unstuck serve --tls`: verified against the clinic's authority, and not stopped by a silent client."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import waitress

from tests.clinic.test_serve import PATIENCE_S, environment, free_port, unstuck
from unstuck.clinic.site import certificates
from unstuck.clinic.site.tls_front import Bounds, Callers, Front

PATIENT = Bounds(handshake_s=PATIENCE_S)  # a busy machine is slow to shake hands, and not wrong
CUT_OFF = (ConnectionError, http.client.HTTPException, ssl.SSLError)


def ask(port: int, path: str, folder: Path, host: str = "localhost") -> tuple[int, dict[str, str], str]:
    """Status, headers and text, over TLS that is verified against the authority in `folder`."""
    trusting = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    line = http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=trusting)
    line.request("GET", path)
    told = line.getresponse()
    return told.status, {k.lower(): v for k, v in told.getheaders()}, told.read().decode()


def wrong_password(port: int, folder: Path, cookie: str, page: str) -> int:
    """The status of a sign-in form sent as a browser sends it, with a password that is wrong."""
    trusting = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    line = http.client.HTTPSConnection("localhost", port, timeout=PATIENCE_S, context=trusting)
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = f"csrfmiddlewaretoken={token}&username=nobody&password=wrong"
    origin = {"Origin": f"https://localhost:{port}", "Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", "/people/sign-in/", form, {"Cookie": cookie.partition(";")[0], **origin})
    return line.getresponse().status


@contextmanager
def serving(home: Path) -> Iterator[int]:
    """The port of `unstuck serve --tls` for real use, stopped as a service manager stops it."""
    port = free_port()
    command = [sys.executable, "-m", "unstuck", "serve", "--tls", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment(home), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


@pytest.mark.slow
def test_one_command_and_the_clinic_answers_over_https(tmp_path: Path) -> None:
    """`unstuck tls clinic.lan` and `unstuck serve --tls`: a page over verified TLS, a cookie for TLS only, HSTS."""
    made = unstuck(tmp_path, "tls", "clinic.lan", "192.168.1.20")
    assert made.returncode == 0
    assert certificates.standing(tmp_path / "tls").authority_sha256 in made.stdout
    with serving(tmp_path) as port:
        status, headers, text = ask(port, "/people/sign-in/", tmp_path / "tls")
        assert (status, "<form" in text) == (200, True)
        assert headers["set-cookie"].startswith("__Host-csrf=") and "Secure" in headers["set-cookie"]
        assert "max-age" in headers["strict-transport-security"]
        assert ask(port, "/health/", tmp_path / "tls")[0] == 200
        assert wrong_password(port, tmp_path / "tls", headers["set-cookie"], text) == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            http.client.HTTPSConnection(
                "localhost", port, timeout=PATIENCE_S, context=ssl.create_default_context()
            ).connect()


@pytest.mark.slow
def test_renewal_is_said_in_time(tmp_path: Path) -> None:
    """Ten days before its end --check and serve say so; after its end serve refuses; renewed, all is well."""
    folder, at = tmp_path / "tls", datetime.now(UTC)
    assert "has no certificate yet" in unstuck(tmp_path, "serve", "--tls", "--prepare").stderr
    certificates.issue(folder, ["clinic.lan"], at - timedelta(days=387))
    assert (unstuck(tmp_path, "tls", "--check").returncode, unstuck(tmp_path, "tls", "--check").stderr) == (1, "")
    assert "Renew it: unstuck tls" in unstuck(tmp_path, "serve", "--tls", "--prepare").stdout
    certificates.issue(folder, ["clinic.lan"], at - timedelta(days=400))
    ended = unstuck(tmp_path, "serve", "--tls", "--prepare")
    assert (ended.returncode, "ended on" in ended.stderr) == (2, True)
    assert unstuck(tmp_path, "tls").returncode == 0
    assert unstuck(tmp_path, "tls", "--check").returncode == 0


Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def mirror(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Tells who asks and how, and gives back what was sent."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-From", environ["REMOTE_ADDR"]), ("X-Scheme", environ["wsgi.url_scheme"])])
    return [body]


@contextmanager
def fronted(folder: Path, bounds: Bounds = PATIENT) -> Iterator[tuple[int, int]]:
    """The ports of a front and of the server behind it."""
    certificates.issue(folder, ["127.0.0.1"], datetime.now(UTC))
    callers, found, begun = Callers(), list[int](), threading.Event()
    inner = waitress.create_server(callers.wrap(mirror), host="127.0.0.1", port=0, threads=4, url_scheme="https")
    threading.Thread(target=inner.run, daemon=True).start()

    def ready(port: int) -> None:
        found.append(port)
        begun.set()

    front = Front(("127.0.0.1", 0), inner.effective_port, folder, callers, lambda: datetime.now(UTC), bounds, ready)
    stop: list[Callable[[], object]] = []

    async def until_stopped() -> None:
        task, loop = asyncio.create_task(front.serve()), asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
        await asyncio.wait([task])

    thread = threading.Thread(target=asyncio.run, args=(until_stopped(),))
    thread.start()
    try:
        assert begun.wait(PATIENCE_S)
        yield found[0], inner.effective_port
    finally:
        stop[0]()
        thread.join(PATIENCE_S)
        inner.close()
    assert not thread.is_alive()


def line_to(port: int, folder: Path, source: str = "127.0.0.1") -> http.client.HTTPSConnection:
    trusting = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    return http.client.HTTPSConnection(
        "127.0.0.1", port, timeout=PATIENCE_S, context=trusting, source_address=(source, 0)
    )


def status(port: int, folder: Path) -> int:
    line = line_to(port, folder)
    line.request("GET", "/")
    return line.getresponse().status


def has_room(port: int, folder: Path) -> bool:
    with suppress(*CUT_OFF):
        return status(port, folder) == 200
    return False


def eventually(claim: Callable[[], bool]) -> bool:
    """Whether it comes true while patience lasts; once is enough."""
    end = time.monotonic() + PATIENCE_S
    while not (true := claim()) and time.monotonic() < end:
        time.sleep(0.05)
    return true


def test_the_server_learns_the_clients_own_address(tmp_path: Path) -> None:
    """Two clients at two addresses are told apart behind the front, which a lock after wrong passwords needs."""
    with fronted(tmp_path) as (port, _):
        for source in ("127.0.0.1", "127.0.0.9"):
            line = line_to(port, tmp_path, source)
            for _ in range(2):  # the second on the same connection
                line.request("GET", "/")
                told = line.getresponse()
                assert (told.read(), told.headers["X-From"], told.headers["X-Scheme"]) == (b"", source, "https")


def test_whoever_comes_past_the_front_is_refused(tmp_path: Path) -> None:
    """A program on the machine that finds the port behind gets no page over plain HTTP."""
    with fronted(tmp_path) as (_, behind):
        line = http.client.HTTPConnection("127.0.0.1", behind, timeout=PATIENCE_S)
        line.request("GET", "/", headers={"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"})
        assert line.getresponse().status == 403


def test_large_bodies_go_through_whole(tmp_path: Path) -> None:
    """Two megabytes there and back arrive byte for byte, from four clients at once."""
    body = bytes(range(256)) * 8192
    answers: list[bool] = []

    def client(port: int) -> None:
        line = line_to(port, tmp_path)
        line.request("POST", "/", body=body)
        answers.append(line.getresponse().read() == body)

    with fronted(tmp_path) as (port, _):
        threads = [threading.Thread(target=client, args=(port,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [True] * 4


def test_silent_clients_hold_up_nobody(tmp_path: Path) -> None:
    """While a hundred connections that never speak TLS are still open, a page comes."""
    with fronted(tmp_path, PATIENT) as (port, _):
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        line = line_to(port, tmp_path)
        line.request("GET", "/")
        assert line.getresponse().status == 200
        for one in silent:
            one.setblocking(False)
            with pytest.raises(BlockingIOError):  # open, and nothing to read
                one.recv(1)
            one.close()


def test_a_silent_client_is_let_go(tmp_path: Path) -> None:
    """A connection whose handshake does not come in time is closed."""
    with fronted(tmp_path, Bounds(handshake_s=0.5)) as (port, _), socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(PATIENCE_S)
        assert line.recv(1) == b""


def test_so_many_connections_and_no_more(tmp_path: Path) -> None:
    """Beyond the bound a client is cut off; when one leaves there is room again."""
    with fronted(tmp_path, replace(PATIENT, connections=2)) as (port, _):
        lines = [line_to(port, tmp_path) for _ in range(2)]
        for line in lines:
            line.request("GET", "/")
            line.getresponse().read()
        with pytest.raises(CUT_OFF):
            status(port, tmp_path)
        lines[0].close()
        assert eventually(lambda: has_room(port, tmp_path))


class Gone:
    """The writer to a client who left as soon as its handshake was done: the system no longer knows its address."""

    def get_extra_info(self, name: str) -> None:
        return None


def test_for_whoever_has_left_nothing_is_opened(tmp_path: Path) -> None:
    """A client who leaves at once, as a scanner does, costs no connection to the server behind."""
    with socket.create_server(("127.0.0.1", 0)) as behind:
        behind.setblocking(False)
        front = Front(("127.0.0.1", 0), behind.getsockname()[1], tmp_path, Callers(), lambda: datetime.now(UTC))
        asyncio.run(front._joined(asyncio.StreamReader(), Gone()))  # type: ignore[arg-type]
        with pytest.raises(BlockingIOError):
            behind.accept()
    assert front.callers.by_port == {}


def test_a_renewed_certificate_is_taken_up_without_a_restart(tmp_path: Path) -> None:
    """A server that runs hands new connections the renewed certificate."""

    def serial(port: int) -> bytes:
        line = line_to(port, tmp_path)
        line.connect()
        found: bytes = line.sock.getpeercert(binary_form=True)  # type: ignore[union-attr]
        line.close()
        return found

    with fronted(tmp_path, replace(PATIENT, look_again_s=0.1)) as (port, _):
        before = serial(port)
        certificates.issue(tmp_path, [], datetime.now(UTC))
        assert eventually(lambda: serial(port) != before)
