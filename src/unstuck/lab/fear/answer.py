"""What `unstuck phenomena` tells: a checklist for each vector and the ensemble, and the table of ketamine studies."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.lab.fear.base import Array, Members
from unstuck.lab.fear.battery import Runner, lab_of
from unstuck.lab.fear.ketamine_studies import Direction, changes, load_studies
from unstuck.lab.fear.parameters import Model
from unstuck.lab.fear.phenomena import Check, load_checks, margins

CAVEAT = "The recommended vector was searched for on these very checks: it shows what the model can do, no prediction."


@dataclass(frozen=True, slots=True)
class Line:
    """One check: each vector's margin (above 0 passes), and the share of the ensemble that passes it."""

    key: str
    title: str
    source: str
    known_failure: str
    margins: Mapping[str, float]
    ensemble_share: float | None

    @property
    def by_most(self) -> bool:
        """At least half of the ensemble passes."""
        return self.ensemble_share is not None and self.ensemble_share >= 0.5


@dataclass(frozen=True, slots=True)
class StudyLine:
    """One row of the ketamine table."""

    key: str
    title: str
    source: str
    reported: Direction
    change: float
    direction: Direction

    @property
    def right(self) -> bool:
        """The model's direction is the reported one."""
        return self.direction is self.reported


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that the command prints."""

    model: str
    title: str
    lines: tuple[Line, ...]
    members: int  # of the ensemble; 0 where there is none for this model
    median_passed: float | None
    studies: tuple[StudyLine, ...]
    constant_share: float
    assumed: tuple[str, ...]

    def passed(self, vector: str) -> int:
        """How many checks that vector passes."""
        return sum(line.margins[vector] > 0 for line in self.lines)

    @property
    def passed_by_most(self) -> int:
        """How many checks at least half of the ensemble passes."""
        return sum(line.by_most for line in self.lines)

    @property
    def right_share(self) -> float:
        """Share of the ketamine rows whose direction is the reported one."""
        return sum(row.right for row in self.studies) / len(self.studies)

    def plain(self) -> dict[str, object]:
        """The answer as plain values for JSON."""
        vectors = list(self.lines[0].margins)
        return {
            "model": self.model, "title": self.title, "checks": len(self.lines),
            "passed": {vector: self.passed(vector) for vector in vectors},
            "ensemble": {
                "members": self.members, "median_passed": self.median_passed,
                "passed_by_at_least_half": self.passed_by_most if self.members else None,
            },
            "lines": [asdict(line) for line in self.lines],
            "ketamine": {
                "right_share": self.right_share, "constant_answer_share": self.constant_share,
                "rows": [asdict(row) | {"right": row.right} for row in self.studies],
            },
            "caveat": CAVEAT, "assumed": list(self.assumed),
        }  # fmt: skip


def ensemble_of(model: Model, root: Path | None = None) -> Members | None:
    """The learner's side of the shipped ensemble, one row a member; nothing where there is none for this model.

    Figures that the file does not name are those of the recommended vector. Raises Complaint for a faulty file.
    """
    path = (root or library_root()) / "fear" / "ensemble.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if found.get("learner") != model.learner.key:
        return None
    names, rows = tuple(found["names"]), np.array(found["rows"], dtype=float)
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise Complaint(f"The rows do not have the {len(names)} figures that are named.", path.name)
    return model.people(rows.shape[0]).having(**dict(zip(names, rows.T, strict=True)))


def answer(model: Model, runner: Runner | None = None, root: Path | None = None) -> Told:
    """The checklist and the table for this model, all its vectors and, where there is one, its ensemble."""
    ensemble = ensemble_of(model, root)
    by_vector, by_member = _scored(model, ensemble, runner)
    lines = tuple(_lines(by_vector, by_member))
    counts = None if by_member is None else np.sum([m > 0 for m in by_member.values()], axis=0)
    return Told(
        model=model.key,
        title=model.title,
        lines=lines,
        members=ensemble.people if ensemble else 0,
        median_passed=None if counts is None else float(np.median(counts)),
        studies=_studies(model, runner),
        constant_share=load_studies().constant_share(),
        assumed=tuple(name for name, _ in model.assumed()),
    )


def _scored(
    model: Model, ensemble: Members | None, runner: Runner | None
) -> tuple[dict[str, dict[str, Array]], dict[str, Array] | None]:
    """Margins of each vector and of the ensemble's members; all are run at once, since most of the cost is by event."""
    count, parts = len(model.vectors), [*model.vectors.values(), *([ensemble] if ensemble else [])]
    found = margins(model, Members(model.learner.names, np.concatenate([part.table for part in parts])), runner)
    by_vector = {
        name: {key: margin[n : n + 1] for key, margin in found.items()} for n, name in enumerate(model.vectors)
    }
    return by_vector, {key: margin[count:] for key, margin in found.items()} if ensemble else None


def _lines(by_vector: Mapping[str, Mapping[str, Array]], by_member: Mapping[str, Array] | None) -> Iterator[Line]:
    for check in load_checks():
        own = {name: float(found[check.key][0]) for name, found in by_vector.items()}
        share = None if by_member is None else float((by_member[check.key] > 0).mean())
        yield Line(check.key, check.title, check.source, check.known_failure, own, share)


def _studies(model: Model, runner: Runner | None) -> tuple[StudyLine, ...]:
    studies, found = load_studies(), changes(lab_of(model, None, runner))
    rows = []
    for row in studies.rows:
        change = float(found[row.key][0])
        rows.append(StudyLine(row.key, row.title, row.source, row.direction, change, studies.direction(change)))
    return tuple(rows)


def text_of(told: Told) -> str:
    """The answer for people to read."""
    return "\n".join([*_checklist(told), "", *_table(told), "", CAVEAT, *_assumed(told)]) + "\n"


def _checklist(told: Told) -> Iterator[str]:
    vectors = list(told.lines[0].margins)
    yield f"{told.title} ({told.model})"
    yield f"Checks: margin of each vector (above 0 passes){'; share of the ensemble that passes' * bool(told.members)}"
    yield ""
    checks = {check.key: check for check in load_checks()}
    yield f"  {'':34} {' '.join(f'{v:>13}' for v in vectors)}{'  ensemble' * bool(told.members)}"
    for line in told.lines:
        marks = " ".join(f"{line.margins[v]:+7.2f} {_word(line.margins[v] > 0):>5}" for v in vectors)
        share = f"  {100 * line.ensemble_share:6.0f} %" if line.ensemble_share is not None else ""
        yield f"  {line.key:34} {marks}{share}   {target_of(checks[line.key])}"
        if line.known_failure and line.margins[vectors[0]] <= 0 and told.model == "latent_causes":
            yield f"  {'':34} known failure: {line.known_failure}"
    yield ""
    for vector in vectors:
        yield f"  {vector}: {told.passed(vector)} of {len(told.lines)} pass"
    if told.members:
        yield (
            f"  ensemble of {told.members}: {told.passed_by_most} of {len(told.lines)} pass in at least half of it; "
            f"the median member passes {told.median_passed:g}"
        )
    else:
        yield "  no ensemble is shipped for this model"


def target_of(check: Check) -> str:
    """The inequalities of a check in words."""
    words = []
    for row in check.rows:
        if not row.more:
            words.append(f"{row.less} < {-row.by:g}")
        else:
            words.append(f"{row.more}{' - ' + row.less if row.less else ''} > {row.by:g}")
    return "; ".join(words)


def _word(passes: bool) -> str:
    return "pass" if passes else "FAIL"


def _table(told: Told) -> Iterator[str]:
    yield "Ketamine and later fear in animals: direction reported, change in the model, direction in the model"
    yield ""
    for row in told.studies:
        verdict = "right" if row.right else "-"
        yield f"  {row.title:66} {row.reported:5} {row.change:+6.3f} {row.direction:5} {verdict:6} {row.source}"
    right, count = sum(row.right for row in told.studies), len(told.studies)
    yield ""
    yield (
        f"  right: {right} of {count} ({100 * told.right_share:.0f} %); "
        f"the best constant answer is right in {100 * told.constant_share:.0f} %"
    )


def _assumed(told: Told) -> Iterator[str]:
    yield f"Assumed, measured by nobody: {len(told.assumed)} figures of this model."
