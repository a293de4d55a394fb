"""The database into files and back: SQLite by its backup interface, PostgreSQL table by table with COPY.

A copy is of one instant, taken while the clinic works. `load_*` fills a database that has nothing in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from unstuck.core.errors import Complaint

SQLITE_PART = "database/clinic.sqlite3"
TABLE_PARTS = "database/tables/"
MIGRATIONS = "django_migrations"
_PIECE = 1 << 20

Rows = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Copy:
    """What was copied: files by their name in the archive, and what the copy holds."""

    parts: dict[str, Path]
    tables: dict[str, int]  # rows of each table
    columns: dict[str, list[str]] = field(default_factory=dict)
    migrations: dict[str, list[str]] = field(default_factory=dict)
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)  # of each chain of the ledger: length, last hash


def copy_to(folder: Path) -> Copy:
    """The database as files in `folder`."""
    match connection.vendor:
        case "sqlite":
            return _copy_sqlite(folder)
        case "postgresql":
            return _copy_postgresql(folder)
        case other:
            raise Complaint(f"There is no backup of a database of the kind {other}.")


def _copy_sqlite(folder: Path) -> Copy:
    to = folder / "clinic.sqlite3"
    to.touch(mode=0o600)
    source, copy = sqlite3.connect(f"file:{_sqlite_file()}?mode=ro", uri=True), sqlite3.connect(to)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        told = copy.execute("PRAGMA integrity_check").fetchall()
        if told != [("ok",)]:
            raise Complaint("The database is damaged; no backup was made.", mend=f"SQLite says: {told[0][0]}.")
        return _described({SQLITE_PART: to}, lambda sql: copy.execute(sql).fetchall(), _sqlite_tables(copy))
    finally:
        source.close()
        copy.close()


def _sqlite_tables(copy: sqlite3.Connection) -> list[str]:
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return [name for (name,) in copy.execute(listed)]


def _copy_postgresql(folder: Path) -> Copy:
    """Every table as of one instant. The client programs of PostgreSQL are not needed."""
    parts, columns = {}, {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tables = [table for table in tables_here() if table != MIGRATIONS]
        for table in tables:
            columns[table] = [c.name for c in connection.introspection.get_table_description(cursor, table)]
            parts[f"{TABLE_PARTS}{table}"] = folder / table
            _copy_out(cursor, table, columns[table], folder / table)
        made = _described(parts, _rows_of(cursor), [*tables, MIGRATIONS])
    return Copy(made.parts, made.tables, columns, made.migrations, made.ends)


def _copy_out(cursor: Any, table: str, columns: list[str], to: Path) -> None:
    to.touch(mode=0o600)
    with to.open("wb") as file, cursor.copy(f"COPY {_quoted(table)} ({_listed(columns)}) TO STDOUT") as copy:
        for piece in copy:
            file.write(piece)


def _rows_of(cursor: Any) -> Rows:
    def rows(sql: str) -> list[tuple[Any, ...]]:
        cursor.execute(sql)
        return list(cursor.fetchall())

    return rows


def _described(parts: dict[str, Path], rows: Rows, tables: list[str]) -> Copy:
    counts = {table: int(rows(f"SELECT count(*) FROM {_quoted(table)}")[0][0]) for table in tables}
    migrations: dict[str, list[str]] = {}
    for app, name in rows(f"SELECT app, name FROM {MIGRATIONS} ORDER BY app, name"):
        migrations.setdefault(app, []).append(name)
    ends = {key: (length, hash) for key, length, hash in rows("SELECT key, length, hash FROM ledger_chain")}
    return Copy(parts, counts, migrations=migrations, ends=ends)


def counts_here() -> dict[str, int]:
    """The rows of each table of the site's own database."""
    with connection.cursor() as cursor:
        rows = _rows_of(cursor)
        return {table: int(rows(f"SELECT count(*) FROM {_quoted(table)}")[0][0]) for table in tables_here()}


def tables_here() -> list[str]:
    """Every table of the site's own database, in alphabetical order."""
    return sorted(connection.introspection.table_names())


def is_empty() -> bool:
    """Whether the site's database has nothing in it; asking does not make one."""
    if connection.vendor == "sqlite":
        return not _sqlite_file().exists()
    return not tables_here()


def empty() -> None:
    """The site's database has nothing in it any more. Only ever for one that a restore has begun to fill."""
    if connection.vendor == "sqlite":
        connection.close()
        for end in ("", "-wal", "-shm", "-journal"):
            _sqlite_file().with_name(_sqlite_file().name + end).unlink(missing_ok=True)
        return
    with connection.cursor() as cursor:
        for table in tables_here():
            cursor.execute(f"DROP TABLE IF EXISTS {_quoted(table)} CASCADE")


def sqlite_place() -> Path:
    """Where the file of the database belongs."""
    return _sqlite_file()


def refuse_unknown(migrations: dict[str, list[str]]) -> None:
    """Raises Complaint where an archive was made by a version of Unstuck with migrations that this one lacks."""
    known = MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    strange = sorted(f"{app} {name}" for app, names in migrations.items() for name in names if (app, name) not in known)
    if strange:
        told = f"The archive comes from another version of Unstuck: it has {strange[0]}."
        raise Complaint(told, mend="Install that version or a newer one.")


def make_tables(migrations: dict[str, list[str]]) -> None:
    """The tables of an empty PostgreSQL database as they were when the archive was made."""
    executor = MigrationExecutor(connection)
    executor.migrate([(app, name) for app, names in migrations.items() for name in _last(executor, app, names)])


def _last(executor: MigrationExecutor, app: str, names: list[str]) -> Iterator[str]:
    """Of these migrations of an app the ones that no other of them follows."""
    for name in names:
        children = executor.loader.graph.node_map[(app, name)].children
        if not any(child.key[0] == app and child.key[1] in names for child in children):
            yield name


def load_tables(columns: dict[str, list[str]], read: Callable[[str], Any]) -> None:
    """Every table filled from what `read` opens, in the caller's transaction; counters go on where they stood."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in columns:
            cursor.execute(f"DELETE FROM {_quoted(table)}")
        for table, names in columns.items():
            with read(f"{TABLE_PARTS}{table}") as part:
                _copy_in(cursor, table, names, part)
        for statement in _counters(columns):
            cursor.execute(statement)


def _copy_in(cursor: Any, table: str, names: list[str], part: Any) -> None:
    with cursor.copy(f"COPY {_quoted(table)} ({_listed(names)}) FROM STDIN") as copy:
        while piece := part.read(_PIECE):
            copy.write(piece)


def _counters(columns: dict[str, list[str]]) -> list[str]:
    """Statements that set every sequence behind the highest id of its table."""
    with connection.cursor() as cursor:
        found = [one for table in columns for one in connection.introspection.get_sequences(cursor, table)]
    sql = "SELECT setval(pg_get_serial_sequence('{t}', '{c}'), coalesce(max({q}), 1), max({q}) IS NOT NULL) FROM {t}"
    return [sql.format(t=_quoted(s["table"]), c=s["column"], q=_quoted(s["column"])) for s in found]


def _sqlite_file() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _listed(names: list[str]) -> str:
    return ", ".join(map(_quoted, names))
