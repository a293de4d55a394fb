"""One design made ready to simulate: protocols, published arms, population, and the pieces of work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import unstuck
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_all
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol
from unstuck.core.sourced import Sourced
from unstuck.core.trial import Missing, TrialArm, TrialDesign, Truth
from unstuck.core.trial_sweep import Cell, cells
from unstuck.lab.patients.descriptive import Frame
from unstuck.lab.patients.ensemble import load_ensemble, minds_hash
from unstuck.lab.patients.leaving import Leaver
from unstuck.lab.patients.minds import assumed as assumed_of_minds
from unstuck.lab.patients.minds import group_of
from unstuck.lab.patients.population import load_population
from unstuck.lab.patients.studies import StudyArm, find_arm, load_studies
from unstuck.lab.trials.batched.mind_refusals import refuse_minds
from unstuck.lab.trials.batched.refusals import refuse
from unstuck.lab.trials.job import code_hash, silent_steps
from unstuck.lab.trials.virtual.worlds import VETERAN

STRIDE = 4096  # people's numbers a replicate takes, so that a sweep over sizes keeps everybody who they are
CHUNK = 50  # replicates of one scenario that one piece of work holds
PEOPLE = 2**32  # numbers that the random streams know


@dataclass(frozen=True, slots=True)
class Armed:
    """One arm with its protocol and the published arm whose effect stands for it."""

    design: TrialArm
    protocol: Protocol
    study: StudyArm | None  # None where mechanisms make the people

    @property
    def published(self) -> StudyArm:
        """The published arm of descriptive people."""
        assert self.study is not None
        return self.study

    @property
    def protocol_arm(self) -> str | None:
        """The arm of the protocol, None where it has none."""
        return self.design.protocol_arm or None


@dataclass(frozen=True, slots=True)
class Setting:
    """One cell of the sweep with everything that its simulation needs."""

    cell: Cell
    arms: tuple[Armed, ...]
    frame: Frame
    assumed: tuple[tuple[str, Sourced], ...]

    @property
    def design(self) -> TrialDesign:
        """The cell's design."""
        return self.cell.design

    @property
    def control(self) -> int:
        """The place of the control arm."""
        return [arm.design.control for arm in self.arms].index(True)

    def treated_as(self, place: int, as_control: bool) -> int:
        """The arm whose protocol people of that arm go through."""
        return self.control if as_control else place

    @property
    def mean_baseline(self) -> float:
        """The average score at baseline, by which points become a share of baseline."""
        figures = self.frame.figures
        return figures.caps5_mean if self.design.outcome.startswith("caps5") else sum(figures.by_cluster("pcl5_mean"))

    @property
    def leaver(self) -> Leaver | None:
        """The rule for leaving at measurements; None where each arm's published rate holds."""
        leaving = self.design.leaving
        if leaving.mechanism is Missing.MCAR or leaving.share is None or leaving.per_10 is None:
            return None
        seen = leaving.mechanism is Missing.MAR
        return Leaver(self.design.outcome, seen, leaving.share.value, leaving.per_10.value, self.mean_baseline)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of work: a cell, what is true in it, and the replicates from `first` to before `last`."""

    cell: int
    truth: Truth
    first: int
    last: int


@dataclass(frozen=True)
class TrialJob:
    """A whole run, ready to be divided. Pieces know nothing of each other."""

    design: TrialDesign
    reps: int
    seed: int
    settings: tuple[Setting, ...]
    chunk: int = CHUNK

    @cached_property
    def identity(self) -> dict[str, object]:
        """Everything that the bytes of the run depend on."""
        return {
            "design": self.design.key,
            "design_version": self.design.version,
            "design_hash": self.design.hash,
            "protocols": {a.protocol.key: a.protocol.hash for s in self.settings for a in s.arms},
            "reps": self.reps,
            "seed": self.seed,
            "chunk": self.chunk,
            "version": unstuck.__version__,
            "code": code_hash(),
            **({"minds": minds_hash()} if self.design.mechanistic else {}),
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the identity in hexadecimal."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()

    def chunks(self) -> Iterator[Chunk]:
        """Every piece of work, in the order of the output."""
        for cell in range(len(self.settings)):
            for truth in self.design.truths:
                for first in range(0, self.reps, self.chunk):
                    yield Chunk(cell, truth, first, min(self.reps, first + self.chunk))

    def name_of(self, chunk: Chunk) -> str:
        """The file of a piece: where it belongs, and the hash of all that its content depends on."""
        words = f"{self.hash} {chunk.cell} {chunk.truth.value} {chunk.first} {chunk.last}"
        mark = hashlib.sha256(words.encode()).hexdigest()[:16]
        return f"{chunk.cell:03d}-{chunk.truth.value}-{chunk.first:07d}-{mark}.parquet"


def prepare_trial(design: TrialDesign, reps: int, seed: int, chunk: int = CHUNK) -> TrialJob:
    """The run that was asked for. Raises Complaint for a study, protocol or feature that cannot be simulated."""
    for name, value, least in (("reps", reps, 1), ("seed", seed, 0), ("size of a piece", chunk, 1)):
        if value < least:
            raise Complaint(f"The {name} {value} is too small.", mend=f"Give at least {least}.")
    if reps * STRIDE > PEOPLE:
        raise Complaint(f"{reps} replicates are more than the random numbers have names for.", mend="Give fewer.")
    instruments = load_all()
    settings = tuple(_setting(cell, instruments) for cell in cells(design))
    return TrialJob(design, reps, seed, settings, chunk)


def _setting(cell: Cell, instruments: Mapping[str, Instrument]) -> Setting:
    design = cell.design
    if design.largest > STRIDE:
        raise Complaint(f"size = {design.largest} is too large.", mend=f"Trials of up to {STRIDE} are simulated.")
    if design.mechanistic:
        group_of(design.patients.group)
    population = load_population(design.patients.population)
    figures = population.figures
    if design.patients.veteran is not None:
        population = replace(population, figures=replace(figures, veteran=design.patients.veteran))
    arms = tuple(_armed(design, arm, instruments) for arm in design.arms)
    assumed = (*design.assumed(), *_behind(design, arms), *population.assumed())
    return Setting(cell, arms, Frame.of(population), assumed)


def _behind(design: TrialDesign, arms: tuple[Armed, ...]) -> list[tuple[str, Sourced]]:
    """The assumed figures behind the people."""
    if design.mechanistic:
        groups = sorted({design.patients.group, VETERAN})
        found = [pair for group in groups for pair in assumed_of_minds(load_ensemble().members[0], group)]
        return list(dict(found).items())
    return sorted({name: figure for arm in arms if arm.study for name, figure in arm.study.assumed()}.items())


def _armed(design: TrialDesign, arm: TrialArm, instruments: Mapping[str, Instrument]) -> Armed:
    protocol = load_protocol(arm.protocol)
    keys = [one.key for one in protocol.arms]
    if (arm.protocol_arm or keys) and arm.protocol_arm not in keys:
        raise Complaint(
            f"Arm {arm.key}: {protocol.key} has no arm {arm.protocol_arm!r}.",
            mend=f"Write protocol_arm as one of: {', '.join(keys) or 'leave it out'}.",
        )
    if any(step.when is None for step in silent_steps(protocol)):
        raise Complaint(f"{protocol.key} states no amount of its drug, so that nobody can be treated by it.")
    refuse(protocol, dict(instruments))
    if design.mechanistic:
        refuse_minds(protocol)
        return Armed(arm, protocol, None)
    return Armed(arm, protocol, find_arm(load_studies(), arm.effect))
