"""What every check of a protocol shares: the protocol, what the library knows, and the lines to complain at."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from unstuck.core.conditions import Condition
from unstuck.core.drug_file import Drug
from unstuck.core.protocol import Assess, Dose, Protocol, Step, kind_of
from unstuck.core.protocol_times import Times
from unstuck.core.toml_lines import Path
from unstuck.core.toml_table import near

READINGS = (
    "systolic_mmhg",
    "diastolic_mmhg",
    "pulse_per_min",
    "spo2_percent",
    "resp_per_min",
    "weight_kg",
    "moaas",
    "oxygen_l_per_min",
)
ROLES = ("patient", "front_desk", "nurse", "therapist", "prescriber", "research", "quality")


class Recalled(NamedTuple):
    """What a check needs of an instrument: its family, such as `pcl5`, and the time its answers look back on."""

    family: str
    recall: str


class Fault(NamedTuple):
    """One thing wrong: the table and key it stands at, what, and how to mend it."""

    path: Path
    key: str | None
    what: str
    mend: str


@dataclass(frozen=True)
class Checked:
    """A protocol under check with what the library knows, and bounds on when its steps happen."""

    protocol: Protocol
    references: Container[str]
    instruments: Mapping[str, Recalled]
    drugs: Mapping[str, Drug]
    own_gates: int  # gates written in the file itself; further ones came from a monitoring profile
    times: Times

    def steps(self) -> Iterator[tuple[Path, Step]]:
        """Every step with its place in the file."""
        for number, step in enumerate(self.protocol.steps):
            yield ("step", number), step

    def doses(self) -> Iterator[tuple[Path, Step, Dose]]:
        """Every dose step with its place."""
        for path, step in self.steps():
            if isinstance(step.activity, Dose):
                yield path, step, step.activity

    def takers(self, name: str) -> list[Step]:
        """The assessment steps that ask an instrument or take a reading."""
        asked = [(s, s.activity) for s in self.protocol.steps if isinstance(s.activity, Assess)]
        return [step for step, activity in asked if name in (*activity.instruments, *activity.readings)]

    def gate_path(self, number: int) -> Path:
        """Where a gate stands; one from a profile stands at the line that names the profile."""
        return ("gate", number) if number < self.own_gates else ("monitoring",)

    def rules(self) -> Iterator[tuple[Path, str, Condition, tuple[Step, ...]]]:
        """Every rule that opens or shows a step: place, key, rule and the steps it stands before."""
        for path, step in self.steps():
            if step.when is not None:
                yield path, "when", step.when, (step,)
        for number, gate in enumerate(self.protocol.gates):
            yield self.gate_path(number), "rule", gate.rule, tuple(self.behind(gate.before))

    def behind(self, before: str) -> list[Step]:
        """The steps that a gate stands before, by key or by kind of activity."""
        return [s for s in self.protocol.steps if before in (s.key, kind_of(s.activity))]


def repeated(keys: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Places of the keys that stood before."""
    seen: set[str] = set()
    for number, key in enumerate(keys):
        if key in seen:
            yield number, key
        seen.add(key)


def known(path: Path, key: str, word: str, what: str, names: Iterable[str]) -> Iterator[Fault]:
    """A fault where `word` is not among the names."""
    choices = list(names)
    if word and word not in choices:
        yield Fault(path, key, f"There is no {what} {word!r}.", near(word, choices))
