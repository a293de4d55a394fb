"""Backing a site up into one archive, and restoring it into an empty place.

In the archive: the database, the ledger's head, and every other file of the data folder. Not in it, and to be kept
apart: the secret key, the key of private notes, `site.toml` with its passwords, and the keys for TLS. So a stolen
archive tells everything that is recorded but private notes, and signs nobody in.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction

import unstuck
from unstuck.clinic.ledger import head
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.renewal import OPERATOR
from unstuck.clinic.ledger.verify import Finding, verify
from unstuck.clinic.site import archive, database_copy
from unstuck.core.errors import Complaint

APART = ("secret.key", "notes.key", "site.toml", "tls")
"""Never in an archive; may stand in the folder that is restored into."""
MADE_ANEW = ("static", "restore.unfinished")
HEAD_PART, FILE_PARTS = "ledger.head", "files/"
UNFINISHED = "restore.unfinished"


class NotEmpty(Complaint):
    """There is something where the archive would be restored."""


class NotSound(Complaint):
    """The restored ledger is not what was written."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a backup or a restore did, for its words."""

    sha256: str
    made_at: str
    entries: int
    chains: int
    rows: int
    findings: tuple[Finding, ...]
    same_key: bool = True


def back_up(to: Path, at: datetime) -> Done:
    """The archive at `to`. The ledger notes the backup before, and is verified; findings do not prevent a copy."""
    if to.absolute().is_relative_to(Path(settings.UNSTUCK_HOME)):
        raise Complaint("A backup does not belong into the data folder.", mend="Write it to another disk.")
    if database_copy.is_empty():
        raise Complaint("There is no clinic here yet.", str(settings.UNSTUCK_HOME), "Set UNSTUCK_HOME.")
    note("site.backed_up", OPERATOR, at)
    report = verify()
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.UNSTUCK_HOME) as name:
        folder = Path(name)
        parts = {HEAD_PART: _copied_head(folder)}  # before the database: a head may be late, never early
        copy = database_copy.copy_to(folder)
        parts |= copy.parts | _files()
        manifest = _manifest(copy, at, len(report.findings))
        digest = archive.write(to.absolute(), manifest, dict(sorted(parts.items())))
    return _done(digest, manifest, report.findings)


def _copied_head(folder: Path) -> Path:
    to = folder / HEAD_PART
    shutil.copyfile(head.path(), to)
    return to


def _files() -> dict[str, Path]:
    """Every other file of the data folder, by its name in an archive."""
    home = Path(settings.UNSTUCK_HOME)
    database = database_copy.sqlite_place().name if connection.vendor == "sqlite" else "."
    found = {}
    for path in sorted(home.rglob("*")):
        first = path.relative_to(home).parts[0]
        if path.is_file() and not first.startswith((".", database)) and first not in {*APART, *MADE_ANEW, HEAD_PART}:
            found[FILE_PARTS + path.relative_to(home).as_posix()] = path
    return found


def _manifest(copy: database_copy.Copy, at: datetime, findings: int) -> dict[str, Any]:
    return {
        "unstuck": unstuck.__version__,
        "made_at": at.isoformat(timespec="seconds"),
        "site": settings.UNSTUCK_SITE_NAME,
        "demonstration": settings.UNSTUCK_DEMO,
        "database": connection.vendor,
        "migrations": copy.migrations,
        "columns": copy.columns,
        "tables": copy.tables,
        "ledger": {"ends": {key: list(end) for key, end in copy.ends.items()}, "findings": findings},
        "key_check": key_check(),
        "left_out": list(APART),
    }


def key_check() -> str:
    """A word that is the same for the same secret key, and tells nothing of it."""
    return hashlib.sha256(b"unstuck key check" + settings.SECRET_KEY.encode()).hexdigest()[:16]


def restore(source: Path, at: datetime, with_findings: bool = False) -> Done:
    """The site as the archive has it, in an empty data folder and an empty database; else nothing is changed.

    Raises NotWhole, NotEmpty, NotSound, and Complaint when the archive is of another kind of database or version.
    """
    with archive.opened(source) as found:
        _check_place(found.manifest)
        marker = Path(settings.UNSTUCK_HOME) / UNFINISHED
        marker.touch()
        try:
            findings = _fill(found, with_findings)
        except BaseException:
            _take_back()
            raise
        marker.unlink()
        digest = archive.sha256(source)
        with transaction.atomic():
            Session.objects.all().delete()
            told = {"archive": digest, "made_at": found.manifest["made_at"], "findings": len(findings)}
            note("site.restored", OPERATOR, at, told)
        return _done(digest, found.manifest, findings)


def check(source: Path) -> Done:
    """What a whole archive says of itself. Raises NotWhole."""
    with archive.opened(source) as found:
        return _done(archive.sha256(source), found.manifest, ())


def _check_place(manifest: dict[str, Any]) -> None:
    if manifest["database"] != connection.vendor:
        told = f"The archive is of a {manifest['database']} database, and this site uses {connection.vendor}."
        raise Complaint(told, mend="Set UNSTUCK_DATABASE_URL for a database of that kind.")
    database_copy.refuse_unknown(manifest["migrations"])
    home = Path(settings.UNSTUCK_HOME)
    there = sorted(path.name for path in home.iterdir() if path.name not in APART)
    if there:
        told = f"The data folder {home} is not empty: it has {', '.join(there[:5])}."
        raise NotEmpty(told, mend="Restore into a new folder: set UNSTUCK_HOME. Nothing was changed.")
    if not database_copy.is_empty():
        raise NotEmpty("The database is not empty.", mend="Restore into a new database. Nothing was changed.")


def _fill(found: archive.Archive, with_findings: bool) -> tuple[Finding, ...]:
    """Database, head and files in their places, and the ledger verified; what it found."""
    home, manifest = Path(settings.UNSTUCK_HOME), found.manifest
    found.unpack(HEAD_PART, head.path())
    head.forget()
    for name in found.names():
        if name.startswith(FILE_PARTS):
            found.unpack(name, home / name.removeprefix(FILE_PARTS))
    if connection.vendor == "sqlite":
        found.unpack(database_copy.SQLITE_PART, database_copy.sqlite_place())
    else:
        database_copy.make_tables(manifest["migrations"])
    with transaction.atomic():
        if connection.vendor == "postgresql":
            database_copy.load_tables(manifest["columns"], found.part)
        findings = _verified(manifest, with_findings)
    call_command("migrate", verbosity=0, interactive=False)
    head.catch_up_all()
    return findings


def _verified(manifest: dict[str, Any], with_findings: bool) -> tuple[Finding, ...]:
    """What is wrong with the ledger as it lies there. Raises NotSound unless that is to be accepted."""
    counts = database_copy.counts_here()
    wrong = [table for table, rows in manifest["tables"].items() if counts.get(table) != rows]
    if wrong:
        raise NotSound(f"The table {wrong[0]} has not the rows that the manifest counts.", mend=_OTHER)
    findings = verify().findings
    if findings and not with_findings:
        told = "\n".join(["The restored ledger is not what was written:", *(f"- {one.sentence}" for one in findings)])
        raise NotSound(f"{told}\nNothing was restored.", mend=_OTHER)
    return findings


_OTHER = (
    "Keep this archive as it is and restore an earlier one. If the faults were in the clinic's ledger before the backup"
    " and are known, --with-findings restores it with them and notes their number."
)


def _take_back() -> None:
    """What a restore has put into the empty place is gone again; what stood there before stays."""
    database_copy.empty()
    home = Path(settings.UNSTUCK_HOME)
    for path in home.iterdir():
        if path.name in APART or path.name == UNFINISHED:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (home / UNFINISHED).unlink(missing_ok=True)
    head.forget()


def is_unfinished() -> bool:
    """Whether a restore was stopped in its middle: what lies in the folder is not a clinic."""
    return (Path(settings.UNSTUCK_HOME) / UNFINISHED).exists()


def _done(digest: str, manifest: dict[str, Any], findings: tuple[Finding, ...]) -> Done:
    ends = [end for end in manifest["ledger"]["ends"].values() if end[0]]
    return Done(
        sha256=digest,
        made_at=manifest["made_at"],
        entries=manifest["tables"][Entry._meta.db_table],
        chains=len(ends),
        rows=sum(manifest["tables"].values()),
        findings=findings,
        same_key=manifest["key_check"] == key_check(),
    )
