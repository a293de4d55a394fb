"""How often each monitoring profile rings in simulated sessions: figures that `unstuck alarms` writes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.protocol import MonitoringPlan

FILE = "safety/alarm_rates.json"


@dataclass(frozen=True, slots=True)
class Rate:
    """A mean per session with its interval of 95 percent; people are the units that were drawn, not sessions."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AlarmRates:
    """One profile on one protocol's sessions. `mark` names the very plan, so that another text is not taken for it."""

    profile: str
    mark: str
    protocol: str
    arm: str
    dose: str
    people: int
    sessions: int
    seed: int
    alarms: Rate
    urgent: Rate
    sessions_with_one: Rate
    by_rule: tuple[tuple[str, float], ...]
    not_simulated: tuple[str, ...]


def plan_mark(plan: MonitoringPlan) -> str:
    """A short name of exactly these readings, alarms, limits and steps of getting worse."""
    told = (plan.readings, plan.alerts, plan.limits, plan.worse)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def rates_text(rates: tuple[AlarmRates, ...], code: str) -> str:
    """The file's text: the same rates give the same bytes."""
    rows = [asdict(rate) for rate in sorted(rates, key=lambda r: (r.profile, r.protocol, r.arm))]
    note = "Simulated sessions, not measured in any clinic. Written by `unstuck alarms --write`."
    return json.dumps({"note": note, "code": code, "rates": rows}, indent=1, sort_keys=True) + "\n"


def load_alarm_rates() -> tuple[AlarmRates, ...]:
    """Every rate of the library; none where nothing was measured yet. Raises Complaint on a file nobody can read."""
    path = library_root() / FILE
    return read_alarm_rates(path.read_text(encoding="utf-8"), FILE) if path.is_file() else ()


def read_alarm_rates(text: str, where: str) -> tuple[AlarmRates, ...]:
    """The rates that a text holds. Raises Complaint."""
    try:
        return tuple(_rates(row) for row in json.loads(text)["rates"])
    except (ValueError, KeyError, TypeError) as wrong:
        mend = "Write it again with `unstuck alarms --write`."
        raise Complaint(f"The alarm rates cannot be read: {wrong!r}.", where, mend) from wrong


def _rates(row: dict[str, Any]) -> AlarmRates:
    told = {name: Rate(**row[name]) for name in ("alarms", "urgent", "sessions_with_one")}
    told["by_rule"] = tuple((str(key), float(value)) for key, value in row["by_rule"])  # type: ignore[assignment]
    told["not_simulated"] = tuple(row["not_simulated"])  # type: ignore[assignment]
    return AlarmRates(**{**row, **told})
