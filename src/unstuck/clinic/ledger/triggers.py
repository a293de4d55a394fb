"""The database's own refusal to change or delete an entry, on SQLite and on PostgreSQL.

The first migration runs `create`. A later change of the entry table must drop and create them again: SQLite rebuilds
the table and loses its triggers. SQLite's REPLACE deletes without a delete trigger, so an insert onto a place that is
taken is refused as well.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

TABLE = "ledger_entry"

SQLITE = {
    "ledger_entry_no_update": f"""CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END""",
    "ledger_entry_no_delete": f"""CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'ledger entries are never deleted'); END""",
    "ledger_entry_no_replace": f"""CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON {TABLE}
        WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR hash = NEW.hash
                     OR (chain = NEW.chain AND (seq = NEW.seq OR act = NEW.act)))
        BEGIN SELECT RAISE(ABORT, 'ledger entries are never replaced'); END""",
}

POSTGRESQL_FUNCTION = """CREATE OR REPLACE FUNCTION ledger_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'ledger entries are never changed or deleted' USING ERRCODE = '23001'; END $$"""
POSTGRESQL = {
    "ledger_entry_no_change": f"""CREATE TRIGGER ledger_entry_no_change BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION ledger_entry_stays()""",
    "ledger_entry_no_truncate": f"""CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_stays()""",
}


def create(connection: Any) -> None:
    """Every change or deletion of an entry is refused from now on. Triggers that stand already are made anew."""
    drop(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
        for statement in _triggers(connection).values():
            cursor.execute(statement)


def drop(connection: Any) -> None:
    """Entries can be changed and deleted: for migrations and for tests that play the intruder."""
    on_table = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in _triggers(connection):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def _triggers(connection: Any) -> dict[str, str]:
    match connection.vendor:
        case "sqlite":
            return SQLITE
        case "postgresql":
            return POSTGRESQL
        case other:
            raise ImproperlyConfigured(f"The ledger keeps its entries on SQLite and PostgreSQL, not on {other}.")
