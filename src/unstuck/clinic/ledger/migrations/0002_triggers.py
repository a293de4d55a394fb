# ruff: noqa: RUF012
from __future__ import annotations

from typing import Any

from django.db import migrations

from unstuck.clinic.ledger import triggers


def create(apps: Any, schema_editor: Any) -> None:
    triggers.create(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    triggers.drop(schema_editor.connection)


class Migration(migrations.Migration):
    """From here on the database itself refuses to change or delete an entry."""

    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunPython(create, drop, elidable=False)]
