"""Reads the studies of the library, `library/studies/*.toml`, as evidence (docs/adding_a_study.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.evidence import (
    Arm,
    Bias,
    Contrast,
    Count,
    Direction,
    Duration,
    Effect,
    Form,
    Group,
    Judgement,
    Mean,
    Measure,
    Moment,
    Origin,
    Purpose,
    Role,
    Said,
    Scale,
    Study,
    people_of,
)
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Read
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table, near

HOURS = {"min": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}
FOR_THE_SIMULATOR = ("day", "dropout", "response", "mean_fall", "loss_days", "mood_bonus")
"""Fields of an arm that calibrate the virtual patients; the lab reads them, the evidence does not."""


def load_studies(root: Path | None = None) -> dict[str, Study]:
    """Every study of the library by its key. Raises one Complaint that tells all faults."""
    place = root or library_root()
    measures = load_measures(place)
    complaints: list[Complaint] = []
    found: dict[str, Study] = {}
    for path in sorted((place / "studies").glob("*.toml")):
        study, faults = read_study(path, measures)
        complaints += faults
        if study is not None:
            found[study.key] = study
    complaints += link_faults(found)
    raise_any(complaints)
    return found


def read_study(path: Path, measures: Mapping[str, Measure]) -> tuple[Study, tuple[Complaint, ...]]:
    """The study in this file, and every complaint about it: with one, the study is not to be used."""
    table = open_toml(path)
    study = _study(table, measures)
    table.finish()
    if study.key != path.stem:
        table.say("key", f"The key {study.key!r} differs from the file's name.", "Name both alike.")
    return study, table.notes.in_order()


def load_measures(root: Path | None = None) -> dict[str, Measure]:
    """Every scale that studies may name, by its key."""
    table = open_toml((root or library_root()) / "evidence" / "measures.toml")
    found = {}
    for row in table.tables("measure"):
        measure = Measure(
            key=row.text("key"), title=row.text("title"), subject=row.text("subject"), lowest=row.maybe("lowest"),
            highest=row.maybe("highest"), whole=row.flag("whole", True), source=row.text("source"),
        )  # fmt: skip
        row.finish()
        if measure.key in found:
            row.say("key", "This key stands twice.", "Give each scale its own.")
        found[measure.key] = measure
    table.finish()
    table.notes.refuse()
    return found


def moment(words: str) -> Moment:
    """When `words` says: "24 h", "7 d", "baseline", or words without a number ("after the course")."""
    text = words.strip()
    if text == "baseline":
        return Moment(text, 0.0)
    hit = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(min|h|d|w)", text)
    return Moment(text, float(hit[1]) * HOURS[hit[2]] if hit else None)


def link_faults(found: Mapping[str, Study]) -> list[Complaint]:
    """Links to studies that are not there, circles of `part_of`, and one registration under two names."""
    faults = []
    for key, study in found.items():
        for name in [*([study.part_of] if study.part_of else []), *study.overlaps]:
            if name not in found or name == key:
                faults.append(Complaint(f"{name!r} is no other study of the library.", f"{key}.toml"))
    if not faults:
        faults = [fault for key in found if (fault := _circle(found, key))]
    return faults + _same_registration(found)


def _circle(found: Mapping[str, Study], key: str) -> Complaint | None:
    try:
        people_of(found, key)
    except ValueError as error:
        return Complaint(f"{error}.", f"{key}.toml")
    return None


def _same_registration(found: Mapping[str, Study]) -> list[Complaint]:
    """Two studies of one registration that are not linked would count the same people twice."""
    faults = []
    for key, study in found.items():
        for other, rival in found.items():
            if key < other and study.registration and study.registration == rival.registration:
                linked = {key, other} & {study.part_of, rival.part_of, *study.overlaps, *rival.overlaps}
                if not linked and people_of(found, key) != people_of(found, other):
                    what = f"{key} and {other} have one registration, {study.registration}, and are not linked."
                    faults.append(
                        Complaint(what, f"{other}.toml", "Say part_of or overlaps, so that nobody is counted twice.")
                    )
    return faults


def _study(table: Table, measures: Mapping[str, Measure]) -> Study:
    read = table.choice("read", Read)
    form, purpose = table.choice("form", Form), table.choice("purpose", Purpose, Purpose.TREATMENT)
    table.skip("scales")
    sources = table.texts("sources")
    arms = tuple(_arm(row, sources) for row in table.tables("arm"))
    reader = _Reader(read, sources, tuple(arm.key for arm in arms), measures)
    fields = dict(
        key=table.text("key"), title=table.text("title"), n=table.maybe_whole("n"), form=form, purpose=purpose,
        year=table.maybe_whole("year"), design=table.text("design"), population=table.text("population"),
        groups=_groups(table), sources=sources, read=read, arms=arms, gaps=table.texts("gaps", ()),
        effects=reader.effects(table), bias=tuple(_bias(row) for row in table.tables("bias")),
        registration=table.text("registration", ""), part_of=table.text("part_of", ""),
        overlaps=table.texts("overlaps", ()), bears_on=table.texts("bears_on", ()),
        short=table.text("short", ""),
    )  # fmt: skip
    if len({arm.key for arm in arms}) < len(arms):
        table.say("arm", "Two arms have the same key.", "Give each arm its own.")
    return Study(**fields)  # type: ignore[arg-type]


def _groups(table: Table) -> tuple[Group, ...]:
    words = table.texts("groups")
    for word in words:
        if word not in [g.value for g in Group]:
            table.say("groups", f"The group {word!r} is unknown.", near(word, [g.value for g in Group]))
    return tuple(Group(word) for word in words if word in [g.value for g in Group])


def _arm(table: Table, sources: tuple[str, ...]) -> Arm:
    table.skip(*FOR_THE_SIMULATOR)
    role = table.choice("role", Role, Role.TREATED)
    arm = dict(
        key=table.text("key"), title=table.text("title"), drug=table.text("drug", ""), role=role,
        started=table.maybe_whole("started"), completed=table.maybe_whole("completed"),
        source=table.text("source", sources[0] if sources else ""), published_for=table.texts("published_for", ()),
    )  # fmt: skip
    table.finish()
    return Arm(**arm)  # type: ignore[arg-type]


def _bias(table: Table) -> Bias:
    judgement = table.choice("judgement", Judgement)
    domain, why, by = table.text("domain"), table.text("why"), table.text("by")
    table.finish()
    return Bias(domain, judgement, why, by)


class _Reader:
    """Reads the effects of one study; knows what a figure inherits from it and which names exist."""

    def __init__(self, read: Read, sources: tuple[str, ...], arms: tuple[str, ...], measures: Mapping[str, Measure]):
        self.read, self.sources, self.arms, self.measures = read, sources, arms, measures

    def effects(self, table: Table) -> tuple[Effect, ...]:
        """Every effect, means first, then counts, contrasts, durations and sentences."""
        kinds: dict[str, Callable[[Table], Effect]] = {
            "mean": self._mean, "count": self._count, "contrast": self._contrast, "duration": self._duration,
            "said": self._said,
        }  # fmt: skip
        found: list[Effect] = []
        for name, build in kinds.items():
            for row in table.tables(name):
                found.append(build(row))
                row.finish()
        return tuple(found)

    def _origin(self, row: Table) -> Origin:
        read = row.choice("read", Read, self.read)
        grade = row.choice("grade", Grade, Grade.ASSUMED if read is Read.MEMORY else Grade.MEASURED)
        source = row.text("source", self.sources[0] if self.sources else "")
        note = row.text("note", "")
        return Origin(source, read, grade, note)

    def _known(self, row: Table, key: str, names: tuple[str, ...]) -> str:
        name = row.text(key)
        if name and name not in names:
            row.say(key, f"{key} = {name!r} is unknown.", near(name, names))
        return name

    def _measure(self, row: Table) -> str:
        return self._known(row, "measure", tuple(self.measures))

    def _mean(self, row: Table) -> Mean:
        origin = self._origin(row)
        numbers = ("mean", "sd", "change", "change_sd", "change_low", "change_high")
        fields = dict(
            arm=self._known(row, "arm", self.arms), measure=self._measure(row), at=moment(row.text("at")),
            origin=origin, n=row.maybe_whole("n"), change_n=row.maybe_whole("change_n"), whole=row.flag("whole", True),
            **{name: row.maybe(name) for name in numbers},
        )  # fmt: skip
        if all(fields[name] is None for name in numbers):
            row.say(None, "There is no figure in it.", "Give mean or change, or leave the row out.")
        return Mean(**fields)  # type: ignore[arg-type]

    def _count(self, row: Table) -> Count:
        origin = self._origin(row)
        fields = dict(
            arm=self._known(row, "arm", self.arms), measure=self._measure(row), at=moment(row.text("at")),
            what=row.text("what"), met=row.maybe_whole("met"), of=row.maybe_whole("of"), origin=origin,
            good=row.flag("good", True), percent=row.maybe("percent"),
        )  # fmt: skip
        if fields["met"] is None and fields["percent"] is None:
            row.say(None, "There is no figure in it.", "Give met and of, or percent where only the share is printed.")
        return Count(**fields)  # type: ignore[arg-type]

    def _contrast(self, row: Table) -> Contrast:
        origin, scale = self._origin(row), row.choice("scale", Scale)
        fields = dict(
            treated=self._known(row, "treated", self.arms), against=self._known(row, "against", self.arms),
            measure=self._measure(row), at=moment(row.text("at")), scale=scale, origin=origin,
            value=row.number("value"), se=row.maybe("se"), low=row.maybe("low"), high=row.maybe("high"),
            p=row.maybe("p"), n=row.maybe_whole("n"), how=row.text("how", ""),
        )  # fmt: skip
        return Contrast(**fields)  # type: ignore[arg-type]

    def _duration(self, row: Table) -> Duration:
        origin = self._origin(row)
        fields = dict(
            arm=self._known(row, "arm", self.arms), what=row.text("what"), middle=row.text("middle"),
            days=row.number("days"), origin=origin, sd=row.maybe("sd"), n=row.maybe_whole("n"),
        )  # fmt: skip
        if fields["middle"] not in {"median", "mean"}:
            row.say("middle", "middle is median or mean.", "Write one of the two.")
        return Duration(**fields)  # type: ignore[arg-type]

    def _said(self, row: Table) -> Said:
        origin, direction = self._origin(row), row.choice("direction", Direction)
        sentence, measure = row.text("sentence"), self._measure(row)
        return Said(sentence, measure, direction, origin)
