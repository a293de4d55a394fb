"""The one setting UNSTUCK_DATABASE_URL as Django's settings for a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from unstuck.core.errors import Complaint

SQLITE_START = "PRAGMA journal_mode=WAL; PRAGMA synchronous={sync}; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
# secure_delete: what is erased is overwritten in the file, and not only left out of the tables


def database(url: str, home: Path, durable: bool = True) -> dict[str, Any]:
    """SQLite in the data folder for an empty `url`; else what the address names. `durable` waits for the disk.

    Raises Complaint on an address that is neither `postgresql://...` nor `sqlite:///path`.
    """
    if not url:
        return _sqlite(home / "clinic.sqlite3", durable)
    if url.startswith("sqlite:///"):
        return _sqlite(Path(url.removeprefix("sqlite:///")), durable)
    if url.startswith(("postgresql://", "postgres://")):
        return _postgresql(url)
    raise Complaint("UNSTUCK_DATABASE_URL is neither postgresql://... nor sqlite:///path.")


def _sqlite(path: Path, durable: bool) -> dict[str, Any]:
    """Writers take their lock at once and wait for each other, instead of failing half-way."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": SQLITE_START.format(sync="FULL" if durable else "OFF"),
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    told = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": told.pop("dbname", ""),
        "USER": told.pop("user", ""),
        "PASSWORD": told.pop("password", ""),
        "HOST": told.pop("host", ""),
        "PORT": told.pop("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": told,
    }
