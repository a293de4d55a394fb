"""What a run of the reference simulator is: protocol, arms with their effects, people, seed. A worker needs no more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import unstuck
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_all
from unstuck.core.protocol import Dose, Protocol, Step
from unstuck.core.sourced import Sourced
from unstuck.lab.patients.batch import refuse_a_person
from unstuck.lab.patients.calibration import Effect, effect_of
from unstuck.lab.patients.descriptive import Frame, Patient, person_of
from unstuck.lab.patients.ensemble import Minds
from unstuck.lab.patients.felt import Acute, assumed_in, basis
from unstuck.lab.patients.living import Living, PatientsModel
from unstuck.lab.patients.mechanistic import MechanisticPatient
from unstuck.lab.patients.population import Population, load_population
from unstuck.lab.patients.studies import Responders, Study, StudyArm, find_arm, load_studies, published_arm
from unstuck.lab.random import Stream
from unstuck.lab.trials.batched.mind_refusals import refuse_minds
from unstuck.lab.trials.desk import Desk
from unstuck.lab.trials.reference import walk

CHUNK = 50  # people of one arm that one piece of work holds
FIRST_DAY = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)  # a Monday; enrolment is spread over a year from here


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """One arm of the run. `borrowed` says that its effect was published for something else."""

    key: str | None
    study: StudyArm | None  # None where mechanisms make the people, not a published outcome
    effect: Effect | None
    borrowed: bool
    share: float | None  # the share of responders that was drawn for this run; None where the published one holds

    @property
    def name(self) -> str:
        """The arm as files and course keys write it."""
        return self.key or "all"


@dataclass(frozen=True, slots=True)
class Job:
    """A whole run, ready to be divided into pieces of work that know nothing of each other."""

    protocol: Protocol
    arms: tuple[ArmPlan, ...]
    population: Population
    instruments: Mapping[str, Instrument]
    patients: int
    seed: int
    sparse: bool = True
    drawn: bool = False
    acute: Acute = Acute.MODEL
    minds: Minds | None = None  # None where the people repeat published arms
    chunk: int = CHUNK  # size of a piece of work; no effect on the result

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that the bytes of the run depend on."""
        return {
            "protocol": self.protocol.key,
            "protocol_version": self.protocol.version,
            "protocol_hash": self.protocol.hash,
            "patients_model": {"model": PatientsModel.DESCRIPTIVE.value} if self.minds is None else self.minds.told,
            "arms": {a.name: _arm_told(a) for a in self.arms},
            "population": f"{self.population.key} {self.population.version}",
            "patients_per_arm": self.patients,
            "seed": self.seed,
            "readings": "sparse" if self.sparse else "planned",
            "effect": "drawn" if self.drawn else "published",
            "acute": {"from": self.acute.value, "models": list(basis(self.acute, self.drugs))},
            "version": unstuck.__version__,
            "code": code_hash(),
        }

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs that the protocol gives."""
        return tuple(sorted({regimen.drug for regimen in self.protocol.regimens}))

    def chunks(self) -> Iterator[tuple[int, int, int]]:
        """Pieces of work: place of the arm, first person, one past the last. In the order of the output."""
        for place in range(len(self.arms)):
            for first in range(0, self.patients, self.chunk):
                yield place, first, min(self.patients, first + self.chunk)

    def assumed(self) -> list[tuple[str, Sourced]]:
        """Every figure of the run that nobody measured."""
        of_arms = {name: figure for arm in self.arms if arm.study for name, figure in arm.study.assumed()}
        of_minds = self.minds.assumed() if self.minds else []
        return [*sorted(of_arms.items()), *of_minds, *self.population.assumed(), *assumed_in(self.acute, self.drugs)]


def _arm_told(arm: ArmPlan) -> dict[str, Any]:
    return {"effect_of": arm.study.name if arm.study else None, "borrowed": arm.borrowed, "share": arm.share}


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    arms: tuple[str | None, ...]
    patients: int
    seed: int
    assume: Mapping[str, str]  # arm of the protocol ("" for all) -> STUDY:ARM
    sparse: bool = True
    drawn: bool = False
    acute: Acute = Acute.MODEL
    minds: Minds | None = None


def prepare(protocol: Protocol, wish: Wish) -> Job:
    """The run that was asked for. Raises Complaint where an arm has no published effect and none is borrowed."""
    _refuse_gaps(protocol)
    population, studies = load_population(), load_studies()
    keys = sorted(wish.arms, key=lambda k: k or "")
    if wish.minds is not None:
        refuse_a_person(wish.patients)
        refuse_minds(protocol)
        arms = tuple(ArmPlan(key, None, None, False, None) for key in keys)
    else:
        arms = tuple(_arm(protocol, key, wish, population, studies) for key in keys)
    rest = (wish.patients, wish.seed, wish.sparse, wish.drawn, wish.acute, wish.minds)
    return Job(protocol, arms, population, load_all(), *rest)


def _refuse_gaps(protocol: Protocol) -> None:
    """A frame whose source states no amount cannot be walked; a step for some only is left out and said to be."""
    silent = silent_steps(protocol)
    if any(step.when is None for step in silent):
        raise Complaint(
            f"{protocol.key} states no amount for {', '.join(step.title for step in silent)}; its source is silent.",
            mend="Write a protocol of your own that states the amount.",
        )


def silent_steps(protocol: Protocol) -> tuple[Step, ...]:
    """Steps that give a drug of which the protocol states no amount."""
    silent = {r.key for r in protocol.regimens if r.amount is None}
    real = {name: regimen for arm in protocol.arms for name, regimen in arm.regimens if regimen in silent}
    named = silent | set(real)
    return tuple(s for s in protocol.steps if isinstance(s.activity, Dose) and s.activity.regimen in named)


def _arm(
    protocol: Protocol, key: str | None, wish: Wish, population: Population, studies: Mapping[str, Study]
) -> ArmPlan:  # fmt: skip
    named = wish.assume.get(key or "") or wish.assume.get("")
    found = published_arm(studies, protocol.key, key)
    if found is None and named is None:
        raise _nothing_published(protocol.key, key)
    study = found if named is None else find_arm(studies, named)
    assert study is not None
    share = _drawn(study, wish.seed) if wish.drawn else None
    effect = effect_of(study, population.figures, share)
    return ArmPlan(key, study, effect, found is None or study.name != found.name, share)


def _nothing_published(protocol: str, arm: str | None) -> Complaint:
    whose = f"{protocol}:{arm}" if arm else protocol
    return Complaint(
        f"No outcome was published for {whose}, or none could be read, so that there is nothing to repeat.",
        mend="Name whose effect is borrowed, for example --assume feder_2021:ketamine; every output will say so.",
    )


def _drawn(arm: StudyArm, seed: int) -> float | None:
    """A share of responders drawn from Beta(met + 1, not met + 1), once for the run and for each arm by itself."""
    effect = arm.effect
    if not isinstance(effect, Responders) or effect.met is None or effect.of is None:
        return None
    stream = Stream(seed, 0, f"effect of {arm.name}")
    draws = sorted(stream.uniform() for _ in range(effect.of + 1))
    return draws[effect.met]  # the k-th smallest of n uniforms is Beta(k, n + 1 - k)


def run_one(job: Job, place: int, number: int, key: str = "") -> Desk:
    """One person's whole course in one arm; `key` names the course where it shall have another name."""
    arm, frame = job.arms[place], Frame.of(job.population)
    patient = _patient(job, frame, arm, number)
    start = FIRST_DAY + timedelta(days=enrolment_day(job.seed, number))
    named = key or f"sim-{arm.name}-{number:06d}"
    return walk(Desk(job.protocol, patient, job.instruments, named, start, UTC, job.sparse, job.acute), arm.key)


def _patient(job: Job, frame: Frame, arm: ArmPlan, number: int) -> Living:
    person = person_of(frame, job.seed, number)
    if job.minds is not None:
        return MechanisticPatient(frame, job.seed, person, job.minds.truth, job.minds.group)
    assert arm.effect is not None
    return Patient(frame, job.seed, person, arm.effect)


def enrolment_day(seed: int, number: int) -> int:
    """Days from the first day to this person's enrolment: a weekday within a year, the same in every arm."""
    week, weekday = divmod(int(Stream(seed, number, "enrolment").uniform() * 260), 5)
    return 7 * week + weekday


@cache
def code_hash() -> str:
    """Hash of the package's core and lab, so that a result names the code that made it."""
    root = Path(str(files("unstuck")))
    digest = hashlib.sha256()
    for path in sorted(p for part in ("core", "lab") for p in (root / part).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
