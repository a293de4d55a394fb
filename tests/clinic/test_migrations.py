"""The tables follow the models, from nothing and from what the previous commit had."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.site.parts import APPS

ROOT = Path(__file__).resolve().parents[2]
LABELS = sorted({"ledger", "people", "outbox"} | {app.rpartition(".")[2] for app in APPS} - {"messages"})


def migrate(targets: list[tuple[str, str | None]]) -> None:
    MigrationExecutor(connection).migrate(targets)  # type: ignore[arg-type]


def leaves() -> list[tuple[str, str]]:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


def chain_of(label: str) -> list[str]:
    """The names of an app's migrations, the first one first."""
    return sorted(name for app, name in MigrationExecutor(connection).loader.graph.nodes if app == label)


def previous(label: str) -> list[str]:
    """The app's migrations at the commit before this one; none where there is no such commit."""
    folder = f"src/unstuck/clinic/{'messages' if label == 'outbox' else label}/migrations/"
    command = ["git", "-C", str(ROOT), "ls-tree", "--name-only", "HEAD~1", folder]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return sorted(name for path in listed if (name := Path(path).stem).startswith("0"))


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    """Every change of a model is in a migration."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("label", LABELS)
def test_migrations_lead_there_and_back(label: str) -> None:
    """Each app can be taken down to nothing, set up to its first migration, and brought to the latest."""
    names = chain_of(label)
    if names:
        migrate([(label, None)])
        migrate([(label, names[0])])
    migrate(leaves())  # type: ignore[arg-type]
    assert MigrationExecutor(connection).migration_plan(leaves()) == []


@pytest.mark.django_db(transaction=True)
def test_the_previous_commits_tables_can_be_brought_up_to_date() -> None:
    """A site that ran the commit before this one migrates to this one."""
    before = [(label, names[-1]) for label in LABELS if (names := previous(label))]
    migrate([target for target in before if target[1] in chain_of(target[0])])
    migrate(leaves())  # type: ignore[arg-type]
    assert MigrationExecutor(connection).migration_plan(leaves()) == []


@pytest.mark.django_db
def test_the_triggers_stand_after_all_migrations(at: object) -> None:
    """SQLite loses a table's triggers when a migration rebuilds it; the last migration must have made them again."""
    with connection.cursor() as cursor:
        listing = {
            "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entry'",
            "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'ledger_entry'::regclass AND NOT tgisinternal",
        }[connection.vendor]
        cursor.execute(listing)
        assert len(cursor.fetchall()) >= 2
    note("account.signed_in", "a_nia", at)  # type: ignore[arg-type]
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        Entry.objects.all().delete()
