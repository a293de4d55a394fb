"""What no simulator of mechanistic patients can do, each by its name: a therapy, a drug or a route without a model.

Nothing of this is approximated: a dose of an unmodelled drug would else pass for a placebo.
"""

from __future__ import annotations

from collections.abc import Iterator

from unstuck.core.conditions import facts_of
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Dose, Expose, Protocol, Regimen
from unstuck.lab.patients.doses import CONTROLS
from unstuck.lab.patients.response import SETS, setting
from unstuck.lab.patients.therapies import KNOWN, Therapy, load_therapy


def mind_refusals(protocol: Protocol) -> list[str]:
    """Every part of the protocol that no mechanism is written for, in words; empty where all are."""
    found = [*_therapies(protocol), *_weights(protocol)]
    for regimen in regimens_given(protocol):
        found += [f"regimen {regimen.key}: {words}" for words in _regimen(regimen)]
    return list(dict.fromkeys(found))


def refuse_minds(protocol: Protocol) -> None:
    """Nothing where all is modelled. Raises one Complaint that names all that is not."""
    found = mind_refusals(protocol)
    if found:
        raise Complaint(
            f"Mechanistic patients cannot go through {protocol.key}: {'; '.join(found)}.",
            mend="Take descriptive patients for it, or a protocol whose parts are modelled.",
        )


def therapy_of(protocol: Protocol) -> Therapy | None:
    """The one therapy of a protocol that is not refused, None where it has none."""
    names = _names(protocol)
    return load_therapy(names[0]) if names else None


def regimens_given(protocol: Protocol) -> list[Regimen]:
    """The regimens that some arm's dose steps give, each once; those without an amount are left out."""
    named = {step.activity.regimen for step in protocol.steps if isinstance(step.activity, Dose)}
    arms: list[str | None] = [arm.key for arm in protocol.arms]
    found = [protocol.regimen(name, arm) for name in sorted(named) for arm in arms or [None]]
    return list({r.key: r for r in found if r.amount is not None}.values())


def _names(protocol: Protocol) -> list[str]:
    return list(dict.fromkeys(s.activity.therapy for s in protocol.steps if isinstance(s.activity, Expose)))


def _therapies(protocol: Protocol) -> Iterator[str]:
    names = _names(protocol)
    for name in names:
        if name not in KNOWN:
            yield f"what {name} teaches is not modelled (modelled: {', '.join(KNOWN)})"
    if len(names) > 1:
        yield f"two therapies in one course ({', '.join(names)})"


def _regimen(regimen: Regimen) -> Iterator[str]:
    drug, route = regimen.drug, regimen.route.value
    if drug in CONTROLS or not regimen.amount:
        return
    if drug not in SETS:
        yield f"{drug} has no pharmacokinetic model (drugs with one: {', '.join(sorted(SETS))})"
    elif route not in setting(drug).kinetics.domain.routes:
        yield f"{drug} by {route} has no pharmacokinetic model"
    elif route == "iv_infusion" and not regimen.minutes:
        yield "an infusion without a length"


def _weights(protocol: Protocol) -> Iterator[str]:
    """A weight read after a dose began would change the next amount, and is not simulated there."""
    plan = protocol.monitoring
    rows = [row for row in (plan.readings if plan else ()) if row.phase != "before"]
    leaving = facts_of(plan.discharge) if plan and plan.discharge else ()
    if any("weight_kg" in row.readings for row in rows) or "weight_kg" in leaving:
        yield "a weight that is read during a visit"
