"""`unstuck manage` on a folder that holds no clinic."""

from __future__ import annotations

import argparse

import pytest
from django.db.utils import OperationalError

from unstuck.cli import manage
from unstuck.core.errors import Complaint


def failing(words: str) -> object:
    def execute(_told: list[str]) -> None:
        raise OperationalError(words)

    return execute


def test_a_folder_without_a_clinic_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing table says what to do; any other fault of the database stays a fault."""
    asked = argparse.Namespace(rest=["verify_stock"])
    monkeypatch.setattr(manage, "execute_from_command_line", failing("no such table: ledger_chain"))
    with pytest.raises(Complaint, match="holds no clinic yet"):
        manage.run(asked)
    monkeypatch.setattr(manage, "execute_from_command_line", failing("database is locked"))
    with pytest.raises(OperationalError, match="locked"):
        manage.run(asked)
