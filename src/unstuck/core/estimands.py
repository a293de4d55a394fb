"""What a trial estimates: the handling of each event after randomisation as data (ICH E9 R1, 2019, A.3.2).

A design may hold several estimands; each analysis follows one. What a strategy asks of the analysis, and what makes one
impossible, stands in `REFUSED` and `HANDLED`, so that no design runs under a name that nothing carries out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from unstuck.core.sourced import Sourced


class Strategy(StrEnum):
    """How an estimand treats an event after randomisation."""

    TREATMENT_POLICY = "treatment_policy"  # the outcome as it comes, whatever happened
    HYPOTHETICAL = "hypothetical"  # the outcome had the event not happened
    COMPOSITE = "composite"  # the event is part of the outcome: it counts as failure
    WHILE_ON_TREATMENT = "while_on_treatment"  # the last outcome before the event
    PRINCIPAL_STRATUM = "principal_stratum"  # among those who would not have the event in either arm


class Happening(StrEnum):
    """Intercurrent events that the simulators can produce."""

    LEFT_STUDY = "left_study"  # nothing is measured afterwards
    STOPPED_TREATMENT = "stopped_treatment"  # a rule of the protocol ended the course; nothing is measured afterwards
    BELIEVED_ARM = "believed_arm"  # the person believed to know what was given
    RESCUE = "rescue"  # a dose or a therapy outside the protocol
    NEW_MEDICATION = "new_medication"  # a drug outside the protocol was begun
    HOSPITALISED = "hospitalised"


EVERYWHERE = (Happening.LEFT_STUDY, Happening.STOPPED_TREATMENT, Happening.BELIEVED_ARM)
"""Events of every trial: each estimand must say how it treats them. The others happen where a design has them."""

MEASURED_ON = (
    Strategy.TREATMENT_POLICY,
    Strategy.HYPOTHETICAL,
    Strategy.COMPOSITE,
    Strategy.WHILE_ON_TREATMENT,
)
HANDLED = {
    Happening.LEFT_STUDY: MEASURED_ON,
    Happening.STOPPED_TREATMENT: (Strategy.TREATMENT_POLICY, Strategy.COMPOSITE, Strategy.WHILE_ON_TREATMENT),
    Happening.BELIEVED_ARM: (Strategy.TREATMENT_POLICY,),
    Happening.RESCUE: MEASURED_ON,
    Happening.NEW_MEDICATION: MEASURED_ON,
    Happening.HOSPITALISED: MEASURED_ON,
}
"""Strategies that the simulators and analyses carry out; every other one is refused by name, with its reason."""

REFUSED = {
    Happening.STOPPED_TREATMENT: "the rule is part of the treatment, so that nobody has a course without it",
    Happening.BELIEVED_ARM: (
        "a guess comes after randomisation and partly from relief, so that no analysis of the data takes it out; "
        "the reading grants belief its strongest effect instead"
    ),
}
STRATUM = (
    "who would be spared the event in both arms shows one arm only, so that the data do not say who belongs to the "
    "stratum; it is identified under assumptions alone that no design here holds"
)


@dataclass(frozen=True, slots=True)
class Intercurrent:
    """An event that a design adds. Between two visits `share` have it at an average score; `per_10` is the log odds
    ratio of 10 points more in the last score seen; `points` are added to every later score (negative is better)."""

    happening: Happening
    share: Sourced
    per_10: Sourced | None = None
    points: Sourced | None = None


@dataclass(frozen=True, slots=True)
class Estimand:
    """What is to be estimated: the outcome and the final visit stand in the design, the strategies for events here."""

    population: str
    summary: str
    strategies: tuple[tuple[Happening, Strategy], ...]
    key: str = ""  # by which analyses name it; the design's own estimand needs none
    failure_change: float | None = None  # change from baseline, in points, that stands for failure under `composite`

    def strategy(self, happening: Happening) -> Strategy | None:
        """The strategy for that event, None where the design names none."""
        return dict(self.strategies).get(happening)

    def uses(self, strategy: Strategy) -> bool:
        """Whether some event is treated so."""
        return any(found is strategy for _, found in self.strategies)


def why_not(happening: Happening, strategy: Strategy) -> str | None:
    """Why a strategy cannot be carried out for an event; None where it can."""
    if strategy in HANDLED[happening]:
        return None
    if strategy is Strategy.PRINCIPAL_STRATUM:
        return STRATUM
    return REFUSED[happening]
