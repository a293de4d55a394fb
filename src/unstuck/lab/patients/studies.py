"""Published studies as data: what each arm was, what became of it, and for which protocol it may stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.shares import exact_interval
from unstuck.core.sourced import Grade, Read, Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table


@dataclass(frozen=True, slots=True)
class Responders:
    """How many of all who started fell by so much on a scale; `met` and `of` are None where only a share is assumed."""

    instrument: str
    fall_percent: float
    share: Sourced
    met: int | None = None
    of: int | None = None
    of_assessed: bool = False  # the share counts those with a score, not all who started

    @property
    def interval(self) -> tuple[float, float] | None:
        """Exact interval of the published share (Clopper and Pearson); None where no counts are known."""
        return None if self.met is None or self.of is None else exact_interval(self.met, self.of)


@dataclass(frozen=True, slots=True)
class MeanFall:
    """Mean fall of a scale from baseline to the arm's day, in percent of baseline, among those assessed."""

    instrument: str
    percent: Sourced


@dataclass(frozen=True, slots=True)
class StudyArm:
    """One arm. `effect` is what calibrates it; None where nothing could be read, and then it is no arm to simulate."""

    study: str
    key: str
    title: str
    drug: str
    started: int | None
    completed: int | None
    dropout: Sourced | None
    day: int
    effect: Responders | MeanFall | None
    loss_days: Sourced | None
    mood_bonus: Sourced | None
    published_for: tuple[str, ...]
    source: str

    @property
    def name(self) -> str:
        """STUDY:ARM, as it is written on a command line."""
        return f"{self.study}:{self.key}"

    @property
    def missing(self) -> float:
        """Share of those who started that did not complete; 0 where nothing tells."""
        if self.dropout is not None:
            return self.dropout.value
        return 1 - self.completed / self.started if self.started and self.completed is not None else 0.0

    def assumed(self) -> tuple[tuple[str, Sourced], ...]:
        """The figures of the arm that nobody measured."""
        figures = {
            "effect": self.effect_figure,
            "dropout": self.dropout,
            "loss_days": self.loss_days,
            "mood_bonus": self.mood_bonus,
        }
        return tuple((f"{self.name}.{k}", f) for k, f in figures.items() if f is not None and f.grade is Grade.ASSUMED)

    @property
    def effect_figure(self) -> Sourced | None:
        """The figure that the arm is calibrated to."""
        match self.effect:
            case Responders(share=share):
                return share
            case MeanFall(percent=percent):
                return percent
            case None:
                return None


@dataclass(frozen=True, slots=True)
class Study:
    """One published study as far as it could be read; `gaps` say what could not."""

    key: str
    title: str
    year: int | None
    design: str
    population: str
    n: int | None
    scales: tuple[str, ...]
    sources: tuple[str, ...]
    read: Read
    gaps: tuple[str, ...]
    arms: tuple[StudyArm, ...]


OF_THE_EVIDENCE = (
    *("form", "purpose", "groups", "registration", "part_of", "overlaps", "bears_on", "short"),
    *("bias", "mean", "count", "contrast", "duration", "said"),
)
"""Fields of a study that `unstuck.core.evidence_file` reads and the simulator does not."""


def load_studies(root: Path | None = None) -> dict[str, Study]:
    """Every study of the library by its key. Raises one Complaint that tells all faults."""
    complaints: list[Complaint] = []
    found: dict[str, Study] = {}
    for path in sorted(((root or library_root()) / "studies").glob("*.toml")):
        table = open_toml(path)
        study = _study(table)
        table.finish()
        if study.key != path.stem:
            table.say("key", f"The key {study.key!r} differs from the file's name.", "Name both alike.")
        if len({arm.key for arm in study.arms}) < len(study.arms):
            table.say("arm", "Two arms have the same key.", "Give each arm its own.")
        complaints += table.notes.in_order()
        found[study.key] = study
    raise_any(complaints)
    return found


def find_arm(studies: Mapping[str, Study], name: str) -> StudyArm:
    """The arm written STUDY:ARM. Raises Complaint where there is none, or none with figures."""
    arms = {arm.name: arm for study in studies.values() for arm in study.arms}
    usable = sorted(key for key, arm in arms.items() if arm.effect is not None)
    if name not in arms:
        raise Complaint(f"There is no study arm {name!r}.", mend=f"Known: {', '.join(usable)}.")
    if arms[name].effect is None:
        raise Complaint(f"No outcome of {name} could be read, so that it cannot be repeated.", mend=_known(usable))
    return arms[name]


def published_arm(studies: Mapping[str, Study], protocol: str, arm: str | None) -> StudyArm | None:
    """The arm with figures that was published for this protocol and arm; None where there is none."""
    wanted = f"{protocol}:{arm}" if arm else protocol
    arms = [a for study in studies.values() for a in study.arms if wanted in a.published_for]
    return next((a for a in arms if a.effect is not None), None)


def _known(usable: list[str]) -> str:
    return f"Arms with figures: {', '.join(usable)}."


def _study(table: Table) -> Study:
    key = table.text("key")
    table.skip(*OF_THE_EVIDENCE)
    return Study(
        key=key,
        title=table.text("title"),
        year=_count(table, "year"),
        design=table.text("design"),
        population=table.text("population"),
        n=_count(table, "n"),
        scales=table.texts("scales", ()),
        sources=table.texts("sources"),
        read=table.choice("read", Read),
        gaps=table.texts("gaps", ()),
        arms=tuple(_arm(key, row) for row in table.tables("arm")),
    )


def _arm(study: str, table: Table) -> StudyArm:
    arm = StudyArm(
        study=study,
        key=table.text("key"),
        title=table.text("title"),
        drug=table.text("drug", ""),
        started=_count(table, "started"),
        completed=_count(table, "completed"),
        dropout=_figure(table, "dropout", "share"),
        day=table.whole("day", 0),
        effect=_effect(table),
        loss_days=_figure(table, "loss_days", "d"),
        mood_bonus=_figure(table, "mood_bonus", "share of the range"),
        published_for=table.texts("published_for", ()),
        source=table.text("source", ""),
    )
    if arm.effect is not None and arm.day < 1:
        table.say(None, "An outcome to repeat needs the day on which it was read.", "Add day = ... (a whole number).")
    table.skip("role")
    table.finish()
    return arm


def _count(table: Table, key: str) -> int | None:
    return table.maybe_whole(key)


def _figure(table: Table, key: str, unit: str) -> Sourced | None:
    return table.sourced(key, unit) if key in table.raw else None


def _effect(table: Table) -> Responders | MeanFall | None:
    if "response" in table.raw:
        return _responders(table.table("response", required=True))
    inner = table.table("mean_fall")
    if inner is None:
        return None
    instrument, figure = inner.text("instrument"), inner.figure("percent")
    inner.finish()
    return MeanFall(instrument, figure) if figure else None


def _responders(table: Table | None) -> Responders | None:
    if table is None:
        return None
    instrument, percent = table.text("instrument"), table.number("fall_percent")
    of_assessed = table.flag("of_assessed")
    met, of = _count(table, "met"), _count(table, "of")
    share = _share_of(table, met, of) if met is not None and of else table.figure("share")
    table.finish()
    return Responders(instrument, percent, share, met, of, of_assessed) if share else None


def _share_of(table: Table, met: int, of: int) -> Sourced | None:
    """The share that the counts make, with its exact interval as the bounds."""
    grade = table.choice("grade", Grade)
    source, note = table.text("source"), table.text("note", "")
    low, high = exact_interval(met, of)
    return Sourced(met / of, "share", source, grade, low, high, note) if grade else None
