"""The data folder: its settings file, its secret, its database."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstuck.clinic.site.database import database
from unstuck.clinic.site.home import Home, home, secret_key
from unstuck.core.errors import Complaint


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    """Each folder gets a random key of its own that only its owner can read and that stays."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    assert secret_key(one) == secret_key(one) != secret_key(two)
    assert len(secret_key(one)) >= 64
    assert (one / "secret.key").stat().st_mode & 0o777 == 0o600


def test_the_environment_wins_over_the_site_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting comes from the site file, unless the environment says otherwise, and has a default at last."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "site.toml").write_text('UNSTUCK_TIME_ZONE = "Europe/Zurich"\nUNSTUCK_PORTS = 3\n')
    monkeypatch.setenv("UNSTUCK_HOME", str(tmp_path / "new"))
    assert home().text("UNSTUCK_TIME_ZONE") == "Europe/Zurich"
    assert home().number("UNSTUCK_PORTS", 1) == 3
    monkeypatch.setenv("UNSTUCK_TIME_ZONE", "UTC")
    assert home().text("UNSTUCK_TIME_ZONE") == "UTC"
    assert home().text("UNSTUCK_NOWHERE", "default") == "default"


def test_a_new_folder_is_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder is made on the first start and nobody else on the machine can look into it."""
    monkeypatch.setenv("UNSTUCK_HOME", str(tmp_path / "deep" / "clinic"))
    assert home().path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("name", "ask"), [("UNSTUCK_X", "yes"), ("UNSTUCK_X", "number")])
def test_a_setting_that_makes_no_sense_is_a_complaint(tmp_path: Path, name: str, ask: str) -> None:
    """The complaint names the setting, so that it can be mended."""
    told = Home(tmp_path, {name: "perhaps"})
    with pytest.raises(Complaint, match=name):
        told.yes(name) if ask == "yes" else told.number(name, 1)


def test_a_broken_site_file_is_a_complaint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The complaint says where the file lies."""
    (tmp_path / "site.toml").write_text("this is not toml")
    monkeypatch.setenv("UNSTUCK_HOME", str(tmp_path))
    with pytest.raises(Complaint, match=r"site\.toml"):
        home()


def test_one_setting_chooses_the_database(tmp_path: Path) -> None:
    """No address is SQLite in the data folder; PostgreSQL's address is taken apart, options and all."""
    assert database("", tmp_path)["NAME"] == str(tmp_path / "clinic.sqlite3")
    assert database("sqlite:////srv/x.sqlite3", tmp_path)["NAME"] == "/srv/x.sqlite3"
    found = database("postgresql://nia:p%40ss@db.example.org:5433/clinic?sslmode=verify-full", tmp_path)
    assert [found[k] for k in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "clinic",
        "nia",
        "p@ss",
        "db.example.org",
        "5433",
    ]
    assert found["OPTIONS"] == {"sslmode": "verify-full"}
    with pytest.raises(Complaint):
        database("mysql://db/clinic", tmp_path)


def test_sqlite_waits_for_the_disk_and_takes_its_lock_at_once(tmp_path: Path) -> None:
    """An acknowledged write is on the disk, and writers queue instead of failing; a demonstration is faster."""
    options = database("", tmp_path)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert all(part in options["init_command"] for part in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"))
    assert "synchronous=OFF" in database("", tmp_path, durable=False)["OPTIONS"]["init_command"]


@pytest.mark.parametrize(("told", "read"), [("17:30", "17:30:00"), ("", "")])
def test_a_time_of_day(tmp_path: Path, told: str, read: str) -> None:
    """A time is read as it is written, and may be left out."""
    assert Home(tmp_path, {"UNSTUCK_CLOSES": told}).time_of_day("UNSTUCK_CLOSES") == read


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    """The site does not start with a closing time that nobody can read."""
    with pytest.raises(Complaint, match="UNSTUCK_CLOSES"):
        Home(tmp_path, {"UNSTUCK_CLOSES": "half past five"}).time_of_day("UNSTUCK_CLOSES")
