"""Doses above what the drug's file allows, without any ceiling, unwatched, or outside a supervised site."""

from __future__ import annotations

from collections.abc import Iterator

from unstuck.core.drug_file import Drug, DrugCap
from unstuck.core.protocol import Dose, DoseUnit, Protocol, Regimen, Setting, Step
from unstuck.core.protocol_faults import Checked, Fault, known
from unstuck.core.toml_lines import Path


def dose_faults(c: Checked) -> Iterator[Fault]:
    """All faults of doses."""
    for number, regimen in enumerate(c.protocol.regimens):
        path: Path = ("regimen", number)
        yield from known(path, "drug", regimen.drug, "drug", c.drugs)
        yield from _used(c, path, regimen)
        yield from _amount(c, path, regimen)
        if regimen.drug in c.drugs:
            yield from _caps(path, regimen, c.drugs[regimen.drug])
    yield from _places(c)
    if not c.protocol.monitoring and any(True for _ in c.doses()):
        what = "Doses are given, and nothing says what is read around them."
        yield Fault((), None, what, 'Add [monitoring] with profile = "strict", or a plan of your own.')


def _used(c: Checked, path: Path, regimen: Regimen) -> Iterator[Fault]:
    named = {dose.regimen for _, _, dose in c.doses()} | {real for a in c.protocol.arms for _, real in a.regimens}
    if regimen.key not in named:
        what = f"The regimen {regimen.key!r} is given by no step."
        yield Fault(path, "key", what, "Name it in a dose step or in an arm, or take it out.")


def _amount(c: Checked, path: Path, regimen: Regimen) -> Iterator[Fault]:
    if regimen.amount is None:
        if not c.protocol.gaps:
            what = f"The regimen {regimen.key!r} states no amount, and no gap says why."
            yield Fault(path, "key", what, "Say in `gaps` what the source does not tell.")
        return
    if regimen.amount < 0:
        yield Fault(path, "amount", "An amount cannot lie below 0.", "Write the amount of the source.")
    if regimen.highest is not None and regimen.highest < regimen.amount:
        yield Fault(path, "highest", "The highest amount lies below the amount.", "Exchange them, or leave it out.")
    if regimen.amount > 0 and regimen.cap_mg is None and regimen.unit is DoseUnit.MG_PER_KG:
        what = f"The regimen {regimen.key!r} is counted by weight and has no highest amount in mg."
        yield Fault(path, "key", what, "Add cap_mg, and say in `gaps` where it comes from.")


def _caps(path: Path, regimen: Regimen, drug: Drug) -> Iterator[Fault]:
    cap = drug.cap(regimen.route.value)
    if cap is None:
        what = f"The file of {drug.title} knows no route {regimen.route.value!r}."
        yield Fault(path, "route", what, f"Known: {', '.join(c.route for c in drug.caps)}.")
        return
    for key, amount, most, unit in _bounded(regimen, cap):
        if amount is not None and most is not None and amount > most:
            what = f"{key} = {amount:g} {unit} is above the cap of {most:g} {unit} for {drug.title}, {cap.route}."
            yield Fault(path, key, what, f"Lower it; the cap's source is {cap.source}.")


def _bounded(r: Regimen, cap: DrugCap) -> list[tuple[str, float | None, float | None, str]]:
    """Each figure of the regimen beside the cap it must keep."""
    most = cap.mg_per_kg if r.unit is DoseUnit.MG_PER_KG else cap.mg
    unit = r.unit.value
    return [("amount", r.amount, most, unit), ("highest", r.highest, most, unit), ("cap_mg", r.cap_mg, cap.mg, "mg")]


def _places(c: Checked) -> Iterator[Fault]:
    drugs = {r.key: c.drugs.get(r.drug) for r in c.protocol.regimens}
    for path, step, dose in c.doses():
        if dose.setting is not Setting.HOME:
            continue
        real = {dose.regimen, *(dict(arm.regimens).get(dose.regimen, "") for arm in c.protocol.arms)}
        for drug in {d.key: d for name in sorted(real) if (d := drugs.get(name)) and d.supervised_only}.values():
            what = f"The step {step.key!r} gives {drug.title} outside a supervised site. {drug.supervised_why}"
            yield Fault(path, "setting", what, 'Write setting = "supervised".')


def undecided_doses(protocol: Protocol) -> Iterator[tuple[Step, Regimen]]:
    """Dose steps that are not optional and whose regimen, in some arm, states no amount."""
    regimens = {r.key: r for r in protocol.regimens}
    for step in protocol.steps:
        if not isinstance(step.activity, Dose) or step.optional:
            continue
        name = step.activity.regimen
        real = {dict(arm.regimens).get(name, name) for arm in protocol.arms} or {name}
        yield from ((step, regimens[key]) for key in sorted(real) if key in regimens and regimens[key].amount is None)
