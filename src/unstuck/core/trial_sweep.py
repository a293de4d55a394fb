"""A sweep: one design for each combination of the values that its fields take, each checked and named."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from unstuck.core.errors import Complaint
from unstuck.core.sourced import Sourced
from unstuck.core.trial import TrialDesign
from unstuck.core.trial_file import checked

SWEPT = (
    "size",
    "protocol",  # of every arm; the protocols must have the arms' keys in common
    "primary",  # key of the analysis that becomes the primary one
    "last_visit",  # key of the visit at which arms are compared; later ones are left out
    "interim",  # "as_written", or "none" for one look at the end
    "alpha",
    "patients.veteran",
    "unblinding.points",
    "leaving.share",
    "arm.KEY.effect",
    "arm.KEY.believes",
    "arm.KEY.ratio",  # blocks grow to hold it
    "arm.KEY.protocol_arm",
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of the sweep: what was set, and the design that follows."""

    values: tuple[tuple[str, float | str], ...]
    design: TrialDesign

    @property
    def words(self) -> str:
        """The setting as text; empty where nothing is swept."""
        return ", ".join(f"{name} {value}" for name, value in self.values)


def cells(design: TrialDesign) -> Iterator[Cell]:
    """Every combination, the last field fastest. Raises Complaint for a field that cannot be swept."""
    names = [name for name, _ in design.sweep]
    for values in itertools.product(*(values for _, values in design.sweep)):
        made = replace(design, sweep=())
        for name, value in zip(names, values, strict=True):
            made = _with(made, name, value)
        yield Cell(tuple(zip(names, values, strict=True)), checked(made, f"{design.key}, sweep"))


def _with(design: TrialDesign, name: str, value: float | str) -> TrialDesign:
    if name.startswith("arm.") and name.count(".") == 2:
        return _arm_with(design, name, value)
    if name == "size" and isinstance(value, int):
        return replace(design, size=value)
    if isinstance(value, str):
        return _with_word(design, name, value)
    match name:
        case "alpha":
            return replace(design, alpha=float(value))
        case "patients.veteran":
            return replace(design, patients=replace(design.patients, veteran=float(value)))
        case "unblinding.points" if design.unblinding:
            return replace(design, unblinding=replace(design.unblinding, points=_set(design.unblinding.points, value)))
        case "leaving.share" if design.leaving.share:
            return replace(design, leaving=replace(design.leaving, share=_set(design.leaving.share, value)))
        case _:
            raise _unknown(name, value)


def _with_word(design: TrialDesign, name: str, value: str) -> TrialDesign:
    match name:
        case "protocol":
            return replace(design, arms=tuple(replace(arm, protocol=value) for arm in design.arms))
        case "primary" if value in {a.key for a in design.analyses}:
            return replace(design, analyses=tuple(replace(a, primary=a.key == value) for a in design.analyses))
        case "last_visit" if value in {v.key for v in design.visits}:
            last = next(place for place, v in enumerate(design.visits) if v.key == value)
            return replace(design, visits=design.visits[: last + 1])
        case "interim" if design.interim and value in ("as_written", "none"):
            return design if value == "as_written" else replace(design, interim=None)
        case _:
            raise _unknown(name, value)


def _arm_with(design: TrialDesign, name: str, value: float | str) -> TrialDesign:
    _, key, field = name.split(".")
    arm = next((a for a in design.arms if a.key == key), None)
    if arm is None:
        raise Complaint(f"The sweep names an arm {key!r} that is not there.", mend="Name an arm of the design.")
    if field == "effect" and isinstance(value, str):
        changed = replace(arm, effect=value)
    elif field == "believes" and arm.believes and not isinstance(value, str):
        changed = replace(arm, believes=_set(arm.believes, value))
    elif field == "protocol_arm" and isinstance(value, str):
        changed = replace(arm, protocol_arm=value)
    elif field == "ratio" and isinstance(value, int):
        changed = replace(arm, ratio=value)
    else:
        raise _unknown(name, value)
    made = replace(design, arms=tuple(changed if a.key == key else a for a in design.arms))
    return _blocked(made) if field == "ratio" else made


def _blocked(design: TrialDesign) -> TrialDesign:
    """The design with the smallest block, no smaller than its own, that holds the ratio."""
    whole = max(1, sum(arm.ratio for arm in design.arms))
    block = -(-max(1, design.allocation.block) // whole) * whole
    return replace(design, allocation=replace(design.allocation, block=block))


def _set(figure: Sourced, value: float) -> Sourced:
    """The figure at that value; the swept value has no range of its own."""
    return replace(figure, value=float(value), low=None, high=None)


def _unknown(name: str, value: float | str) -> Complaint:
    return Complaint(
        f"The sweep cannot set {name} to {value!r}.", mend=f"Fields that can be swept: {', '.join(SWEPT)}."
    )
