"""What a model expects of a running dose, for the session page: the only place where the clinic asks the lab.

Off until the site has signed it: a caller asks only where a person of the site said that the page may show it. It never
enters a rule, an alarm or the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from unstuck.core.errors import Complaint
from unstuck.core.infusion import Infusion
from unstuck.lab.live import Case, Expectation, Part, Stretch, expect

__all__ = ["Forecast", "NoForecast", "Subject", "forecast"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who gets what: drug and route in the words of the protocol; weight and age where they are known."""

    drug: str
    route: str
    weight_kg: float | None
    age_years: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected, from `started_at` on; `expected.wording` stands beside every line that shows it."""

    started_at: datetime
    expected: Expectation


@dataclass(frozen=True, slots=True)
class NoForecast:
    """The model does not know this case; `why` is one sentence for staff."""

    why: str


def forecast(subject: Subject, run: Infusion, until_min: float = 240.0) -> Forecast | NoForecast:
    """The expectation for the dose as it ran until now and is set to run on; asked again after each change.

    A pause that nobody has ended counts as going on. Never raises for a case that the model does not know.
    """
    try:
        return Forecast(run.started_at, expect(_case(subject, run), until_min))
    except Complaint as complaint:
        return NoForecast(f"No forecast: {complaint.what}")


def _case(subject: Subject, run: Infusion) -> Case:
    stretches = [
        Stretch(_minutes(run, s.start), _minutes(run, s.end), s.mg_per_min)
        for s in run.segments
        if s.end is not None and s.end > s.start
    ]
    parts = [Part(_minutes(run, at), mg) for at, mg in run.parts]
    return Case(
        subject.drug, subject.route, subject.weight_kg, subject.age_years, tuple(stretches), tuple(parts)
    )  # fmt: skip


def _minutes(run: Infusion, at: datetime) -> float:
    return (at - run.started_at) / timedelta(minutes=1)
