"""Makes a virtual environment with pinned, hash-checked packages. Standard library only: it runs before anything else.

usage: environment.py FOLDER NAME...     a NAME is an extra of pyproject.toml or a package in constraints.txt
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BUILD_BACKEND = "hatchling"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def main(argv: list[str]) -> int:
    """Afterwards FOLDER is an environment with the named packages; a second call with the same names does nothing."""
    folder, names = Path(argv[0]).absolute(), set(argv[1:])
    stamp = _read_stamp(folder)
    if _works(folder) and stamp["digest"] == _digest() and names <= set(stamp["names"]):
        return 0
    if not _works(folder):
        print(f"making {folder.name} with {sys.executable}", flush=True)
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name == "posix").create(folder)
    names |= set(stamp["names"])
    _install(folder, names)
    _stamp_path(folder).write_text(json.dumps({"digest": _digest(), "names": sorted(names)}), encoding="utf-8")
    return 0


def _install(folder: Path, names: set[str]) -> None:
    extras = _extras()
    editable = bool(names & set(extras))
    packages = {_plain(p) for name in names for p in extras.get(name, [name])} | (
        {BUILD_BACKEND} if editable else set()
    )
    requirements = folder / "requirements.txt"
    requirements.write_text(pinned(packages), encoding="utf-8")
    print(f"installing {', '.join(sorted(names))} in {folder.name}", flush=True)
    _pip(folder, "install", "--quiet", "--require-hashes", "--requirement", str(requirements))
    if editable:
        _pip(folder, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def _pip(folder: Path, *arguments: str) -> None:
    command = [str(python_of(folder)), "-m", "pip", "--disable-pip-version-check", *arguments]
    if subprocess.run(command).returncode:
        raise SystemExit(f"pip could not fill {folder.name}; its own words are above. Nothing else was changed.")


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _works(folder: Path) -> bool:
    try:
        subprocess.run([str(python_of(folder)), "-m", "pip", "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def pinned(packages: set[str]) -> str:
    """The lines of constraints.txt for some packages and all that they need."""
    blocks = _blocks()
    unknown = packages - set(blocks)
    if unknown:
        raise SystemExit(f"not in constraints.txt: {', '.join(sorted(unknown))}; run make constraints")
    wanted = set(packages)
    while more := {name for name, block in blocks.items() if name not in wanted and _parents(block) & wanted}:
        wanted |= more
    return "".join(blocks[name] for name in sorted(wanted))


def _blocks() -> dict[str, str]:
    """Package -> its lines in constraints.txt: the pin, the hashes, and the `# via` comment naming who needs it."""
    blocks: dict[str, str] = {}
    name = ""
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines(keepends=True):
        if line[0] not in " #":
            name = _plain(line)
        if name:
            blocks[name] = blocks.get(name, "") + line
    return blocks


def _parents(block: str) -> set[str]:
    comments = re.findall(r"^ +#(?: +via)? +(\S+)", block, re.MULTILINE)
    return {_plain(parent) for parent in comments if NAME.match(parent)}


def _extras() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(project["optional-dependencies"])


def _plain(requirement: str) -> str:
    """`psycopg[binary]>=3.2` -> `psycopg`, in the spelling that package indexes compare by."""
    found = NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found.group() if found else "").lower()


def _digest() -> str:
    """Changes whenever the pins, the extras, the entry points or the interpreter do."""
    files = [ROOT / "constraints.txt", ROOT / "pyproject.toml", Path(__file__)]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _stamp_path(folder: Path) -> Path:
    return folder / "unstuck-stamp.json"


def _read_stamp(folder: Path) -> dict[str, Any]:
    path = _stamp_path(folder)
    if not path.is_file():
        return {"digest": "", "names": []}
    return dict(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
