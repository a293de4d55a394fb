"""Makes the events of a simulated course and puts them to the core; keeps the clock, the ids and the numbering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from unstuck.core import events as ev
from unstuck.core.assessment import Answers, Scored, score
from unstuck.core.conditions import Truth
from unstuck.core.course import Course
from unstuck.core.events import Event, Origin
from unstuck.core.instrument import Instrument
from unstuck.core.protocol import Protocol
from unstuck.core.record import record
from unstuck.lab.patients.answers import answers_to
from unstuck.lab.patients.felt import Acute
from unstuck.lab.patients.leaving import Leaver
from unstuck.lab.patients.living import Living
from unstuck.lab.patients.vitals import Visit

DAY = timedelta(days=1)
WORDING = "simulated"


@dataclass
class Desk:
    """One simulated course on its way. Every event passes `record`, so that no rule can be bypassed."""

    protocol: Protocol
    patient: Living
    instruments: Mapping[str, Instrument]
    key: str
    start: datetime
    zone: tzinfo
    sparse: bool = True  # readings before, at the peak and at the end only, not at the plan's every interval
    acute: Acute = Acute.MODEL  # where vital signs and dissociation come from
    leaver: Leaver | None = None  # leaving at measurements, in place of the arm's constant rate
    course: Course = field(default_factory=Course)
    visits: dict[tuple[str, int], Visit] = field(default_factory=dict)
    stated: dict[str, datetime] = field(default_factory=dict)

    def day(self, at: datetime) -> float:
        """Days from enrolment to `at`."""
        return (at - self.start) / DAY

    def write(self, what: ev.What, at: datetime, actor: str = "sim-nurse") -> Event:
        """Records what happened at `at` and returns the event. Raises the core's refusals."""
        event = Event(f"{self.key}-{len(self.course.log):04d}", self.key, at, at, actor, Origin.SIMULATED, what)
        self.course = record(self.protocol, self.course, event)
        return event

    def assess(self, instrument: str, step: str | None, occurrence: int, at: datetime) -> None:
        """The person answers or is rated; the real instrument scores it."""
        visit, minutes = self.last_visit(at)
        answers = self._answers(instrument, at, visit, minutes)
        scored = score(self.instruments[instrument], answers)
        self.write(
            ev.AssessmentCompleted(
                instrument=instrument,
                version=scored.version,
                wording=WORDING,
                answers=flat(answers),
                scores=scores_of(scored),
                step=step,
                occurrence=occurrence,
                flags=tuple(key for key, truth in scored.flags.items() if truth is Truth.HOLDS),
                for_care=True,  # simulated throughout: nobody real is cared for by these scores
            ),
            at,
            "sim-patient" if self.instruments[instrument].rater.value == "patient" else "sim-rater",
        )

    def _answers(self, instrument: str, at: datetime, visit: Visit | None, minutes: float) -> Answers:
        from_patient = self.instruments[instrument]
        return answers_to(from_patient, self.patient, self.day(at), visit, minutes)

    def last_visit(self, at: datetime) -> tuple[Visit | None, float]:
        """The latest dosing visit and the minutes since its dose began, or (None, 0) before any."""
        given = [dose for dose in self.course.doses if dose.observed_at <= at]
        if not given:
            return None, 0.0
        what = given[-1].what
        assert isinstance(what, ev.DoseGiven)
        return self.visits[what.step, what.occurrence], (at - given[-1].observed_at) / timedelta(minutes=1)


def flat(answers: Answers) -> tuple[tuple[str, float], ...]:
    """Answers as events keep them: a pair an answer, and for an item with many choices a pair for each choice."""
    pairs = []
    for key, answer in answers.items():
        picked = [answer] if isinstance(answer, int | float) else list(answer or ())
        pairs += [(key, float(value)) for value in picked]
    return tuple(pairs)


def scores_of(scored: Scored) -> tuple[tuple[str, float | str | None], ...]:
    """Scale values and triage levels, as events keep them."""
    scales = [(key, None if s.value is None else float(s.value)) for key, s in scored.scales.items()]
    return (*scales, *((key, result.level) for key, result in scored.triages.items()))
