"""Numbers with an origin: a value carries its unit, its range, its source and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a figure came to be known."""

    MEASURED = "measured"  # read in the cited source
    DERIVED = "derived"  # computed from measured figures
    ASSUMED = "assumed"  # nobody measured it, or it was quoted from memory


class Read(StrEnum):
    """How the source itself was read."""

    VERIFIED = "verified"
    SECONDARY = "secondary"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Source:
    """A reference that figures and sentences may cite by its key."""

    key: str
    title: str
    year: int | None = None
    address: str = ""  # DOI or URL
    read: Read = Read.SECONDARY
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sourced:
    """One figure with its origin. `low` and `high` bound what is plausible, in the same unit as `value`."""

    value: float
    unit: str
    source: str
    grade: Grade
    low: float | None = None
    high: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.low is not None and self.value < self.low:
            raise ValueError(f"value {self.value} lies below its own lower bound {self.low}")
        if self.high is not None and self.value > self.high:
            raise ValueError(f"value {self.value} lies above its own upper bound {self.high}")
