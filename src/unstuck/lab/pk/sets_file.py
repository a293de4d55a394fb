"""Reads parameter sets from `library/pk/*.toml` or from a user's own file of the same shape."""

from __future__ import annotations

from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade, Sourced
from unstuck.core.toml_table import Table, near, read_toml
from unstuck.lab.pk.parameter_sets import Domain, Parameter, ParameterSet, Standing
from unstuck.lab.pk.structures import STRUCTURES, faults_of

RECOMMENDED = "ket1"
"""The model used where none is named."""


def set_names(root: Path | None = None) -> tuple[str, ...]:
    """Keys of the library's parameter sets, in alphabetical order."""
    return tuple(sorted(path.stem for path in _folder(root).glob("*.toml")))


def load_set(name: str = RECOMMENDED, root: Path | None = None) -> ParameterSet:
    """The parameter set of that key, or of that file where the name ends in .toml. Raises Complaints with line numbers;
    a user's own set has the standing `user`, whatever its file says."""
    if name.endswith(".toml"):
        return read_set(Path(name), own=True)
    if name not in set_names(root):
        raise Complaint(f"There is no model {name!r}.", "model", near(name, set_names(root)))
    return read_set(_folder(root) / f"{name}.toml")


def read_set(path: Path, own: bool = False) -> ParameterSet:
    """One file. Raises Complaints."""
    if not path.is_file():
        raise Complaint("There is no such file.", str(path), "Name a TOML file with a parameter set.")
    text = path.read_text(encoding="utf-8")
    table = read_toml(text, str(path))
    found = _set(table, own)
    table.finish()
    table.notes.refuse()
    return found


def _folder(root: Path | None) -> Path:
    return (root or library_root()) / "pk"


def _set(table: Table, own: bool) -> ParameterSet:
    parameters = {p.name: p for p in map(_parameter, table.tables("parameter"))}
    structure = table.text("structure")
    if structure not in STRUCTURES:
        table.say("structure", f"The structure {structure!r} is unknown.", near(structure, STRUCTURES))
    domain = _domain(table)
    for fault in faults_of(structure, set(parameters), domain):
        table.say("structure", fault, "See docs/science/pharmacokinetics.md for the parameters of each structure.")
    return ParameterSet(
        key=table.key(),
        title=table.text("title"),
        drug=table.text("drug"),
        structure=structure,
        standing=Standing.USER if own and table.text("standing", "user") else table.choice("standing", Standing),
        source=table.text("source"),
        domain=domain,
        parameters=parameters,
        correlations=tuple(map(_correlation, table.tables("correlation"))),
        residual_log_sd={k: float(v) for k, v in (table.value("residual_log_sd") or {}).items()},
        note=table.text("note", ""),
    )


def _domain(table: Table) -> Domain:
    inner = table.table("domain") or Table({}, ("domain",), table.notes)
    found = Domain(
        age_years=_pair(inner, "age_years"),
        weight_kg=_pair(inner, "weight_kg"),
        routes=inner.texts("routes"),
        outputs=inner.texts("outputs"),
        note=inner.text("note", ""),
    )
    inner.finish()
    return found


def _pair(table: Table, key: str) -> tuple[float, float]:
    found = table.value(key, required=True)
    if isinstance(found, list) and len(found) == 2 and all(isinstance(v, int | float) for v in found):
        return float(found[0]), float(found[1])
    table.say(key, f"{key!r} must hold the lowest and the highest value.", "Write for example [18, 80].")
    return 0.0, 0.0


def _parameter(table: Table) -> Parameter:
    found = Parameter(
        name=table.text("name"),
        typical=Sourced(
            value=table.number("value"),
            unit=table.text("unit"),
            source=table.text("source"),
            grade=table.choice("grade", Grade),
            note=table.text("note", ""),
        ),
        weight_power=table.number("weight_power", 0.0),
        cv=table.number("cv", 0.0),
        logit_sd=table.number("logit_sd", 0.0),
        occasion_cv=table.number("occasion_cv", 0.0),
        occasion_logit_sd=table.number("occasion_logit_sd", 0.0),
    )
    for key in ("cv", "logit_sd", "occasion_cv", "occasion_logit_sd"):
        if getattr(found, key) < 0:
            table.say(key, f"{key} of {found.name} is negative.", "A spread is 0 or more.")
    table.finish()
    return found


def _correlation(table: Table) -> tuple[str, str, float]:
    between = table.texts("between")
    r = table.number("r", 0.0)
    if len(between) != 2 or not -1 < r < 1:
        table.say("r", "A correlation needs two names and an r between -1 and 1.", 'between = ["CL", "CLN"], r = 0.5')
    table.text("source")
    table.finish()
    return (*between[:2], r) if len(between) == 2 else ("", "", 0.0)
