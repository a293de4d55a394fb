"""What every virtual patient is to the simulator, whichever model is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from unstuck.lab.patients.descriptive import Doses, Frame, Person, Vector


class PatientsModel(StrEnum):
    """Which model makes the people of a run."""

    DESCRIPTIVE = "descriptive"  # repeats published arms
    MECHANISTIC = "mechanistic"  # drug, learning and symptoms from mechanisms


@dataclass(frozen=True, slots=True)
class Dosed:
    """What a person gets at a visit: mg by a route, over so many minutes where it is an infusion."""

    drug: str
    route: str
    mg: float
    minutes: float | None


NOTHING = Dosed("", "", 0.0, None)


@dataclass(frozen=True, slots=True)
class Held:
    """A therapy session took place."""

    therapy: str


class Living(Protocol):
    """A person in an arm. Days count from enrolment; `treated` is told of each dose and therapy session."""

    frame: Frame
    seed: int
    person: Person
    history: Doses
    habits: dict[str, list[float]]

    def treated(self, day: float, what: Dosed | Held = ...) -> None:
        """A dose or a therapy session took place on that day."""

    def dropout_after(self) -> float:
        """Days from the first treatment to leaving; infinite where the person stays."""

    def left_therapy(self, day: float) -> bool:
        """Whether the person has by that day decided to come to no further session."""

    def clusters(self, day: float) -> Vector:
        """True PCL-5 severity by cluster on that day."""

    def caps5(self, day: float) -> float:
        """True CAPS-5 severity on that day."""

    def mood(self, day: float) -> float:
        """Depression on that day, as a share of a scale's range."""

    def symptoms(self, day: float) -> float:
        """PTSD severity on that day, as a share of the PCL-5's range."""

    def true_total(self, family: str, day: float) -> float:
        """True severity in the points of PCL-5 or CAPS-5 on that day."""

    def hidden(self) -> dict[str, Any]:
        """What no event may tell."""
