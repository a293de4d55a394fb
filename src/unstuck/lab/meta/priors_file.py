"""The library's priors for heterogeneity: figures with source and grade, from `library/priors`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Sourced
from unstuck.core.toml_file import open_toml
from unstuck.core.toml_table import Table
from unstuck.lab.meta.bayes import HalfNormal, LogNormal, LogStudent, TauPrior


class Form(StrEnum):
    """Which family a prior belongs to."""

    HALF_NORMAL = "half_normal"
    LOG_NORMAL = "log_normal"
    LOG_STUDENT = "log_student"


@dataclass(frozen=True, slots=True)
class KnownPrior:
    """A prior of the library: for which kind of `effect` it was made, and the figures that it rests on."""

    key: str
    title: str
    effect: str
    tau: TauPrior
    figures: tuple[Sourced, ...]


def known_priors() -> dict[str, KnownPrior]:
    """Every prior of the library by its key. Raises Complaint when the file is not sound."""
    table = open_toml(library_root() / "priors" / "heterogeneity.toml")
    found = [_prior(each) for each in table.tables("prior")]
    table.finish()
    table.notes.refuse()
    return {each.key: each for each in found if each is not None}


def known_prior(key: str) -> KnownPrior:
    """The prior with this key. Raises Complaint that lists the others."""
    known = known_priors()
    if key not in known:
        raise Complaint(f"There is no prior {key!r}.", mend=f"There are: {', '.join(known)}.")
    return known[key]


def _prior(table: Table) -> KnownPrior | None:
    key, title, effect = table.text("key"), table.text("title"), table.text("effect")
    form = table.choice("form", Form)
    names = {None: (), Form.HALF_NORMAL: ("scale",), Form.LOG_NORMAL: ("location", "scale")}.get(
        form, ("location", "scale", "df")
    )
    figures = [table.sourced(name) for name in names]
    table.finish()
    sound = tuple(figure for figure in figures if figure is not None)
    if form is None or len(sound) < len(names):
        return None
    return KnownPrior(key, title, effect, _of(form, [figure.value for figure in sound]), sound)


def _of(form: Form, values: list[float]) -> TauPrior:
    match form:
        case Form.HALF_NORMAL:
            return HalfNormal(*values)
        case Form.LOG_NORMAL:
            return LogNormal(*values)
        case Form.LOG_STUDENT:
            return LogStudent(*values)
        case _:
            assert_never(form)
