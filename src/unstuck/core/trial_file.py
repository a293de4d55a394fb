"""A trial's design from its TOML file: one pass tells every fault with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.estimands import Estimand, Happening, Intercurrent, Strategy
from unstuck.core.sourced import Sourced
from unstuck.core.toml_table import Table, is_number, near, read_toml
from unstuck.core.trial import (
    COSTED,
    MECHANISTIC,
    Allocation,
    Analysis,
    Clustering,
    Costs,
    Interim,
    Leaving,
    Method,
    Missing,
    Patients,
    Site,
    Spending,
    TrialArm,
    TrialDesign,
    TrialVisit,
    Truth,
    Unblinding,
    design_hash,
)
from unstuck.core.trial_faults import faults


def read_design(path: Path | str) -> TrialDesign:
    """The design of a file, checked and hashed. Raises Complaint with every fault."""
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Complaint(f"The file cannot be read: {wrong}.", str(place), "Check the path.") from None
    return parse_design(text, str(place))


def parse_design(text: str, where: str = "design") -> TrialDesign:
    """The design that a TOML text writes. Raises Complaint with every fault."""
    table = read_toml(text, where)
    design = _design(table)
    table.finish()
    table.notes.refuse()
    return checked(design, where)


def checked(design: TrialDesign, where: str = "design") -> TrialDesign:
    """The design with its hash. Raises Complaint where something is wrong with it."""
    raise_any([Complaint(what, where, mend) for what, mend in faults(design)])
    return replace(design, hash=design_hash(design))


def _design(table: Table) -> TrialDesign:
    unblinding, patients = _unblinding(table), _patients(table)
    unasked = {Truth.FOOLED} if unblinding is None else set()
    unasked |= {Truth.PUBLISHED} if patients.model == MECHANISTIC else set()
    return TrialDesign(
        key=table.text("key"),
        version=table.text("version"),
        title=table.text("title"),
        question=table.text("question"),
        size=table.whole("size"),
        outcome=table.text("outcome"),
        arms=tuple(_arm(row) for row in table.tables("arm")),
        visits=tuple(_visit(row) for row in table.tables("visit")),
        allocation=_allocation(table),
        analyses=tuple(_analysis(row) for row in table.tables("analysis")),
        estimand=_estimand(table),
        alpha=table.number("alpha"),
        sites=tuple(_site(row) for row in table.tables("site")) or (Site("only"),),
        patients=patients,
        clustering=_clustering(table),
        per_month=table.maybe("per_month"),
        leaving=_leaving(table),
        unblinding=unblinding,
        interim=_interim(table),
        costs=_costs(table),
        truths=_truths(table, unasked),
        sweep=_sweep(table),
        limits=table.texts("limits", ()),
        events=tuple(found for row in table.tables("event") if (found := _event(row))),
        estimands=tuple(_one_estimand(row) for row in table.tables("further_estimand")),
    )


def _figure(table: Table, key: str, unit: str) -> Sourced | None:
    return table.sourced(key, unit) if key in table.raw else None


def _arm(table: Table) -> TrialArm:
    arm = TrialArm(
        key=table.text("key"),
        title=table.text("title"),
        protocol=table.text("protocol"),
        protocol_arm=table.text("protocol_arm", ""),
        effect=table.text("effect", ""),
        ratio=table.whole("ratio", 1),
        believes=_figure(table, "believes", "share"),
        control=table.flag("control"),
    )
    table.finish()
    return arm


def _visit(table: Table) -> TrialVisit:
    visit = TrialVisit(table.text("key"), table.whole("day"), table.whole("before", 0), table.whole("after", 0))
    table.finish()
    return visit


def _site(table: Table) -> Site:
    share = table.number("share", 1.0)
    site = Site(table.text("key"), float(share), table.whole("therapists", 1))
    table.finish()
    return site


def _allocation(table: Table) -> Allocation:
    inner = table.table("allocation", required=True)
    if inner is None:
        return Allocation(0)
    found = Allocation(inner.whole("block"), inner.texts("strata", ()))
    inner.finish()
    return found


def _analysis(table: Table) -> Analysis:
    analysis = Analysis(
        key=table.text("key"),
        method=table.choice("method", Method),
        primary=table.flag("primary"),
        fall_percent=table.maybe("fall_percent"),
        kenward_roger=table.flag("kenward_roger", True),
        response=table.text("response", ""),
        estimand=table.text("estimand", ""),
        adjust=table.texts("adjust", ()),
        therapist_effect=table.flag("therapist_effect"),
        tip_points=table.maybe("tip_points"),
    )
    table.finish()
    return analysis


def _estimand(table: Table) -> Estimand:
    inner = table.table("estimand", required=True)
    return Estimand("", "", ()) if inner is None else _one_estimand(inner, named=False)


def _one_estimand(inner: Table, named: bool = True) -> Estimand:
    rows = inner.table("strategies", required=True)
    if rows is None:
        return Estimand("", "", ())
    pairs = [(happening, rows.choice(happening.value, Strategy)) for happening in Happening if happening in rows.raw]
    rows.finish()
    found = Estimand(
        population=inner.text("population"),
        summary=inner.text("summary"),
        strategies=tuple(pairs),
        key=inner.text("key") if named else inner.text("key", ""),
        failure_change=inner.maybe("failure_change"),
    )
    inner.finish()
    return found


def _event(row: Table) -> Intercurrent | None:
    happening, share = row.choice("happening", Happening), row.sourced("share", "share")
    per_10, points = _figure(row, "per_10", "log odds ratio"), _figure(row, "points", "points")
    row.finish()
    return Intercurrent(happening, share, per_10, points) if share else None


def _patients(table: Table) -> Patients:
    inner = table.table("patients")
    if inner is None:
        return Patients()
    found = Patients(
        model=inner.text("model", "descriptive"),
        population=inner.text("population", "trial_sample"),
        veteran=inner.maybe("veteran"),
        veteran_points=_figure(inner, "veteran_points", "points"),
        group=inner.text("group", "civilian"),
    )
    inner.finish()
    return found


def _clustering(table: Table) -> Clustering:
    inner = table.table("clustering")
    if inner is None:
        return Clustering()
    nested = inner.flag("nested")
    found = Clustering(_figure(inner, "site_sd", "points"), _figure(inner, "therapist_sd", "points"), nested)
    inner.finish()
    return found


def _leaving(table: Table) -> Leaving:
    inner = table.table("leaving")
    if inner is None:
        return Leaving()
    mechanism = inner.choice("mechanism", Missing)
    found = Leaving(mechanism, _figure(inner, "share", "share"), _figure(inner, "per_10", "log odds ratio"))
    inner.finish()
    return found


def _unblinding(table: Table) -> Unblinding | None:
    inner = table.table("unblinding")
    if inner is None:
        return None
    points = inner.sourced("points")
    inner.finish()
    return Unblinding(points) if points else None


def _interim(table: Table) -> Interim | None:
    inner = table.table("interim")
    if inner is None:
        return None
    found = Interim(
        looks=_shares(inner, "looks"),
        spending=inner.choice("spending", Spending),
        futility=inner.maybe("futility"),
        reestimate_to=inner.maybe_whole("reestimate_to"),
        planned_sd=inner.maybe("planned_sd"),
        keep=inner.maybe_whole("keep"),
    )
    inner.finish()
    return found


def _shares(table: Table, key: str) -> tuple[float, ...]:
    """A list of numbers; every one must be a number, so that none is left out in silence."""
    found = table.value(key, required=True)
    if not isinstance(found, list) or not all(is_number(each) for each in found):
        table.say(key, f"{key!r} must be a list of numbers.", "Write for example looks = [0.5, 1.0].")
        return ()
    return tuple(float(each) for each in found)


def _costs(table: Table) -> Costs | None:
    inner = table.table("costs")
    if inner is None:
        return None
    currency = inner.text("currency")
    units = {name: "h" if name.endswith("_h") else currency for name in COSTED}
    found = Costs(currency, **{name: _figure(inner, name, unit) for name, unit in units.items()})
    inner.finish()
    return found


def _truths(table: Table, unasked: set[Truth]) -> tuple[Truth, ...]:
    """The scenarios asked for; unless named, all that the design can answer, assurance first."""
    usual = tuple(t.value for t in Truth if t not in unasked)
    words = table.texts("truths", usual)
    for word in words:
        if word not in {t.value for t in Truth}:
            table.say("truths", f"Unknown truth {word!r}.", near(word, [t.value for t in Truth]))
    return tuple(Truth(word) for word in words if word in {t.value for t in Truth})


def _sweep(table: Table) -> tuple[tuple[str, tuple[float | str, ...]], ...]:
    inner = table.table("sweep")
    if inner is None:
        return ()
    found = []
    for key, values in inner.raw.items():
        inner.skip(key)
        if not isinstance(values, list) or not values or not all(isinstance(v, int | float | str) for v in values):
            mend = 'Write for example size = [60, 120], or "arm.x.effect" = [].'
            inner.say(key, f"{key} is no list of values.", mend)
            continue
        found.append((key, tuple(values)))
    return tuple(found)
