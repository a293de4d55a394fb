"""A backup as one file: a tar with a manifest, its parts, and a seal over every byte before it.

Ordinary tools can list and unpack it. `opened` reads the whole file against its seal and its manifest before anything
is taken from it, so that an archive is either whole or refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from unstuck.core.errors import Complaint

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "SEAL"
_PIECE = 1 << 20


class NotWhole(Complaint):
    """The file is not an archive as it was written."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A whole archive, open for reading: what its manifest says, and the files in it by name."""

    manifest: dict[str, Any]
    _tar: tarfile.TarFile

    def names(self) -> list[str]:
        """The parts, in the order in which they were written."""
        return list(self.manifest["parts"])

    def part(self, name: str) -> IO[bytes]:
        """A part, open for reading."""
        found = self._tar.extractfile(name)
        assert found is not None  # `opened` has read every part
        return found

    def unpack(self, name: str, to: Path) -> None:
        """The part as a new file that only its owner can read. Raises FileExistsError."""
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out, self.part(name) as part:
            shutil.copyfileobj(part, out, _PIECE)
            out.flush()
            os.fsync(out.fileno())


class _Hashing(io.RawIOBase):
    """A file that hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sum, self.size = file, hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self.sum.update(data)
        self.size += len(data)
        return self.file.write(data)

    def tell(self) -> int:
        return self.size


def write(to: Path, manifest: Mapping[str, Any], parts: Mapping[str, Path]) -> str:
    """The archive at `to`, whole and read once more, or not at all; gives its SHA-256.

    Raises Complaint where a file of that name exists, or where a part was changed while it was copied.
    """
    if to.exists():
        raise Complaint(f"{to} exists and is not overwritten.", mend="Choose another name.")
    partial = to.with_name(f".{to.name}.{os.getpid()}.partial")
    told = dict(manifest) | {"format": FORMAT, "parts": {name: _described(path) for name, path in parts.items()}}
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _fill(file, json.dumps(told, indent=1, sort_keys=True).encode(), parts)
            file.flush()
            os.fsync(file.fileno())
        _read_again(partial)
        _publish(partial, to)
    finally:
        partial.unlink(missing_ok=True)
    return sha256(to)


def _read_again(partial: Path) -> None:
    """What is on the disk is whole. Raises Complaint where a file was changed while it was copied."""
    try:
        with opened(partial):
            pass
    except NotWhole as wrong:
        raise Complaint(f"The backup is not good: {wrong.what}", mend="Nothing was kept of it. Try again.") from wrong


def _publish(partial: Path, to: Path) -> None:
    """The file under its name in one step; a file that came there meanwhile stays."""
    try:
        os.link(partial, to)
    except FileExistsError:
        raise Complaint(f"{to} exists and is not overwritten.", mend="Choose another name.") from None
    folder = os.open(to.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _fill(file: IO[bytes], manifest: bytes, parts: Mapping[str, Path]) -> None:
    hashing = _Hashing(file)
    with tarfile.open(fileobj=hashing, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
        for name, path in parts.items():
            with path.open("rb") as part:
                tar.addfile(_member(name, path.stat().st_size), part)
        seal = hashing.sum.hexdigest().encode()
        tar.addfile(_member(SEAL, len(seal)), io.BytesIO(seal))


def _member(name: str, size: int) -> tarfile.TarInfo:
    """The same bytes for the same name and size, whoever writes it and when."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _described(path: Path) -> dict[str, Any]:
    return {"sha256": sha256(path), "bytes": path.stat().st_size}


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive, read whole against its seal and its manifest first. Raises NotWhole and tells what is wrong."""
    if not path.is_file():
        raise Complaint(f"There is no file {path}.")
    with path.open("rb") as file:
        try:
            tar = tarfile.TarFile(fileobj=file)
            manifest = _checked(tar, file)
        except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError, AttributeError, OSError) as wrong:
            if isinstance(wrong, NotWhole):
                raise
            raise _not_whole(path, f"it cannot be read as an archive ({type(wrong).__name__})") from wrong
        yield Archive(manifest, tar)


def _checked(tar: tarfile.TarFile, file: IO[bytes]) -> dict[str, Any]:
    path = Path(str(file.name))
    members = tar.getmembers()
    if [m.name for m in members[:1] + members[-1:]] != [MANIFEST, SEAL] or not all(m.isreg() for m in members):
        raise _not_whole(path, "it does not begin with a manifest and end with a seal")
    _check_seal(path, file, members[-1])
    manifest: dict[str, Any] = json.load(tar.extractfile(members[0]))  # type: ignore[arg-type]
    if manifest["format"] != FORMAT:
        raise Complaint(f"{path} has the format {manifest['format']}.", mend=f"This version reads format {FORMAT}.")
    if list(manifest["parts"]) != sorted(m.name for m in members[1:-1]):
        raise _not_whole(path, "its parts are not those of its manifest")
    for member in members[1:-1]:
        _check_part(path, tar, member, manifest["parts"][member.name])
    return manifest


def _check_seal(path: Path, file: IO[bytes], seal: tarfile.TarInfo) -> None:
    """Every byte before the seal gives it, and behind it stands nothing but what a tar ends with."""
    file.seek(0)
    digest = hashlib.sha256()
    left = seal.offset
    while left and (piece := file.read(min(_PIECE, left))):
        digest.update(piece)
        left -= len(piece)
    content = digest.hexdigest().encode()
    block = _member(SEAL, len(content)).tobuf(tarfile.PAX_FORMAT) + content.ljust(tarfile.BLOCKSIZE, b"\0")
    size = -(-(seal.offset + len(block) + 2 * tarfile.BLOCKSIZE) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE
    if left or file.read() != block.ljust(size - seal.offset, b"\0"):
        raise _not_whole(path, "its seal does not fit its bytes")


def _check_part(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, told: dict[str, Any]) -> None:
    if PurePosixPath(member.name).is_absolute() or ".." in PurePosixPath(member.name).parts:
        raise _not_whole(path, "a part would lie outside of the data folder")
    part = tar.extractfile(member)
    assert part is not None  # a regular file
    found = hashlib.file_digest(part, "sha256").hexdigest()  # type: ignore[arg-type]
    if (found, member.size) != (told["sha256"], told["bytes"]):
        raise _not_whole(path, f"the part {member.name} is not what the manifest says")


def _not_whole(path: Path, why: str) -> NotWhole:
    return NotWhole(f"{path} is not whole: {why}.", mend="Nothing was restored. Use another copy or an earlier backup.")
