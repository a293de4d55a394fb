"""The data folder of one site: its settings file, its secret key, its database and the ledger's head."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import TypeVar

from unstuck.core.errors import Complaint

T = TypeVar("T")

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Home:
    """A data folder with what its `site.toml` says. An environment variable of the same name wins over the file."""

    path: Path
    told: dict[str, object]

    def text(self, name: str, default: str = "") -> str:
        """The setting `name` as text, or `default`."""
        told = os.environ.get(name, self.told.get(name, default))
        return str(told).strip()

    def yes(self, name: str, default: bool = False) -> bool:
        """The setting `name` as yes or no. Raises Complaint on anything else."""
        text = self.text(name, "yes" if default else "no").lower()
        if text not in TRUE | FALSE:
            raise Complaint(f"{name} is {text!r}.", mend="Write yes or no.")
        return text in TRUE

    def number(self, name: str, default: int) -> int:
        """The setting `name` as a whole number. Raises Complaint on anything else."""
        return self._as(int, name, default)

    def time_of_day(self, name: str) -> str:
        """The setting `name` as a time such as 17:30, empty where it is not set. Raises Complaint on anything else."""
        text = self.text(name)
        try:
            return time.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            raise Complaint(f"{name} is {text!r}.", mend="Write a time of day such as 17:30.") from None

    def week_days(self, name: str) -> tuple[int, ...]:
        """The setting `name` as days of the week, 0 is Monday; every day where it is not set. Raises Complaint."""
        told = [part.lower()[:3] for part in self.list(name)]
        if set(told) - set(DAYS):
            raise Complaint(f"{name} is {self.text(name)!r}.", mend=f"Write days such as {', '.join(DAYS)}.")
        return tuple(DAYS.index(day) for day in told or DAYS)

    def list(self, name: str, default: str = "") -> tuple[str, ...]:
        """The setting `name`, separated by commas."""
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def named(self, name: str) -> tuple[tuple[str, str], ...]:
        """The setting `name` as pairs, written "One=1, Two=2". Raises Complaint on a part without both."""
        pairs = [part.partition("=") for part in self.list(name)]
        if any(not key.strip() or not value.strip() for key, _equals, value in pairs):
            raise Complaint(f"{name} is {self.text(name)!r}.", mend="Write Name=number, Name=number.")
        return tuple((key.strip(), value.strip()) for key, _equals, value in pairs)

    def _as(self, kind: Callable[[str], T], name: str, default: T) -> T:
        text = self.text(name, str(default))
        try:
            return kind(text)
        except ValueError:
            raise Complaint(f"{name} is {text!r}.", mend="Write a whole number.") from None


def home() -> Home:
    """The data folder that UNSTUCK_HOME names, `var/clinic` by default; made if it is not there, closed to others."""
    path = Path(os.environ.get("UNSTUCK_HOME") or "var/clinic").absolute()
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Home(path, _told(path / "site.toml"))


def _told(file: Path) -> dict[str, object]:
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise Complaint(f"The site file cannot be read: {wrong}.", str(file)) from wrong


def secret_key(path: Path) -> str:
    """The site's secret key: made at random on the first call, kept in the folder, readable by its owner only."""
    file = path / "secret.key"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    key = secrets.token_urlsafe(64)
    with os.fdopen(descriptor, "w", encoding="ascii") as made:
        made.write(key)
    return key
