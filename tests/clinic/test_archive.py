"""An archive is whole or refused: no changed, lost or added byte goes unseen."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unstuck.clinic.site import archive
from unstuck.core.errors import Complaint

PARTS = {"database/one": b"one " * 500, "files/empty": b"", "ledger.head": bytes(range(256)) * 5}
MANIFEST = {"site": "Ünstuck", "tables": {"a": 1}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with three parts."""
    folder = tmp_path_factory.mktemp("archive")
    for name, content in PARTS.items():
        (folder / name.replace("/", "-")).write_bytes(content)
    archive.write(folder / "whole.tar", MANIFEST, {name: folder / name.replace("/", "-") for name in PARTS})
    return folder / "whole.tar"


def test_what_went_in_comes_out(whole: Path, tmp_path: Path) -> None:
    """Manifest and parts are read as they were written, by us and by any tar; only the owner may read the file."""
    with archive.opened(whole) as found:
        assert {name: found.part(name).read() for name in found.names()} == PARTS
        assert {name: found.manifest[name] for name in MANIFEST} == MANIFEST
        found.unpack("ledger.head", tmp_path / "new" / "head")
    assert (tmp_path / "new" / "head").read_bytes() == PARTS["ledger.head"]
    with tarfile.open(whole) as tar:
        assert tar.getnames() == ["manifest.json", *PARTS, "SEAL"]
    assert whole.stat().st_mode & 0o777 == 0o600


@given(place=st.integers(0), bit=st.integers(0, 7))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_changed_bit_goes_unseen(whole: Path, tmp_path: Path, place: int, bit: int) -> None:
    """One flipped bit anywhere in the file, in a header, a part, the seal or the padding, refuses all of it."""
    content = bytearray(whole.read_bytes())
    content[place % len(content)] ^= 1 << bit
    refused(tmp_path / "changed.tar", bytes(content))


@given(kept=st.integers(0))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_lost_end_goes_unseen(whole: Path, tmp_path: Path, kept: int) -> None:
    """A file that was cut off anywhere is refused."""
    content = whole.read_bytes()
    refused(tmp_path / "cut.tar", content[: kept % len(content)])


@pytest.mark.parametrize("added", [b"\0", b"\0" * 10240, b"more"])
def test_no_added_byte_goes_unseen(whole: Path, tmp_path: Path, added: bytes) -> None:
    """Whatever stands behind the end refuses the file as well."""
    refused(tmp_path / "longer.tar", whole.read_bytes() + added)


def refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(archive.NotWhole), archive.opened(path):
        pass


def test_a_file_that_exists_is_not_overwritten(whole: Path) -> None:
    """Writing onto an archive is refused, and nothing of the try is left behind."""
    before = whole.read_bytes()
    with pytest.raises(Complaint, match="not overwritten"):
        archive.write(whole, MANIFEST, {})
    assert whole.read_bytes() == before
    assert not list(whole.parent.glob(".*partial"))


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """When a part cannot be read there is no archive and no half of one."""
    with pytest.raises(FileNotFoundError):
        archive.write(tmp_path / "a.tar", MANIFEST, {"gone": tmp_path / "gone"})
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_changes_while_it_is_copied_makes_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive is read once more before it gets its name; one that does not hold is not kept."""
    part = tmp_path / "alerts.toml"
    part.write_bytes(b"before")
    described = archive._described

    def changed_after(path: Path) -> dict[str, object]:
        told = described(path)
        path.write_bytes(b"after!")
        return told

    monkeypatch.setattr(archive, "_described", changed_after)
    with pytest.raises(Complaint, match="Try again"):
        archive.write(tmp_path / "a.tar", MANIFEST, {"files/alerts.toml": part})
    assert [path.name for path in tmp_path.iterdir()] == ["alerts.toml"]
