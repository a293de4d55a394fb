"""Orders and checks before a dose: a prescriber's signed order for this session, two people who check, and a lot.

Nothing here is advice: the figures come from the order, from the regimen's ceilings and from the signed profile.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from unstuck.core import refusals as no
from unstuck.core.conditions import Seen, Truth, judge
from unstuck.core.course import Course, standing
from unstuck.core.dosing import ceiling_mg
from unstuck.core.drawing import ordered_mg
from unstuck.core.events import DoseGiven, Event
from unstuck.core.facts import CourseFacts
from unstuck.core.protocol import BEFORE_ORDER, Dose, DoseUnit, Gate, Protocol, Regimen, Route, Step
from unstuck.core.sentences import sentence
from unstuck.core.session_events import CheckRole, DoseChecked, DoseOrdered, SessionOpened

_RUNS = (Route.IV_INFUSION, Route.IV_BOLUS, Route.SC)  # what a pump or a slow hand gives over minutes


def latest_order(course: Course, step: str, occurrence: int, at: datetime) -> Event | None:
    """The latest order for this session, expired or not; None where there is none."""
    happened = [e for e in course.sessions.get((step, occurrence), ()) if e.observed_at <= at]
    return next((e for e in reversed(happened) if isinstance(e.what, DoseOrdered)), None)


def standing_order(course: Course, step: str, occurrence: int, at: datetime) -> DoseOrdered:
    """The order that stands at `at`. Raises NoOrder or OrderExpired."""
    event = latest_order(course, step, occurrence, at)
    if event is None:
        raise no.NoOrder("No order has been signed for this session.", mend="Ask the prescriber to sign one.")
    assert isinstance(event.what, DoseOrdered)
    if at > event.what.valid_until:
        until = event.what.valid_until.isoformat(timespec="minutes")
        raise no.OrderExpired(f"The order was valid until {until}.", mend="Ask the prescriber for a new one.")
    return event.what


def check_ordered(protocol: Protocol, course: Course, step: Step, order: DoseOrdered, at: datetime) -> None:
    """Refuses an order for another drug, above a ceiling, valid for too long, or before its own gates hold."""
    assert isinstance(step.activity, Dose)
    regimen = protocol.regimen(step.activity.regimen, course.arm)
    if (order.regimen, order.drug, order.route) != (regimen.key, regimen.drug, regimen.route.value):
        raise no.WrongDrug(
            f"Planned is {regimen.key} ({regimen.drug}, {regimen.route.value}), "
            f"not {order.regimen} ({order.drug}, {order.route})."
        )
    _check_amount(protocol, course, step, order)
    _check_total(regimen, course, order, at)
    _check_pace(regimen, order)
    _check_validity(protocol, order, at)
    for gate in gates_before_order(protocol):
        passed = (step.key, order.occurrence, gate.key) in course.overrides
        if not passed and judge(gate.rule, CourseFacts(course), at) is not Truth.HOLDS:
            raise no.GateClosed(f"Before an order: {sentence(gate.rule)}", mend=gate.why)


def gates_before_order(protocol: Protocol) -> tuple[Gate, ...]:
    """The gates that stand before a prescriber's order."""
    return tuple(gate for gate in protocol.gates if gate.before == BEFORE_ORDER)


def _check_amount(protocol: Protocol, course: Course, step: Step, order: DoseOrdered) -> None:
    assert isinstance(step.activity, Dose)
    regimen = protocol.regimen(step.activity.regimen, course.arm)
    if order.unit not in {unit.value for unit in DoseUnit}:
        raise no.NotAsOrdered(f"{order.unit!r} is no unit of an order.", mend="Order in mg or mg/kg.")
    if not (math.isfinite(order.amount) and 0 < order.cap_mg < math.inf) and regimen.amount != 0:
        raise no.NotAsOrdered("The amount and its cap are numbers above 0.", mend="Write both in digits.")
    if order.amount < 0 or (order.amount == 0 and regimen.amount != 0):
        raise no.NotAsOrdered(f"An order of {order.amount:g} {order.unit} is no order.", mend="Skip the step instead.")
    if order.unit == DoseUnit.MG_PER_KG.value:
        per_kg = _per_kg_ceiling(protocol, course, step)
        if per_kg is not None and order.amount > per_kg * (1 + 1e-9):
            raise no.DoseAboveCap(f"{order.amount:g} mg/kg is above the ceiling of {per_kg:g} mg/kg.")
    if regimen.cap_mg is not None and order.cap_mg > regimen.cap_mg * (1 + 1e-9):
        raise no.DoseAboveCap(f"A cap of {order.cap_mg:g} mg is above the ceiling of {regimen.cap_mg:g} mg.")
    if order.unit == DoseUnit.MG.value and order.amount > order.cap_mg:
        raise no.DoseAboveCap(f"{order.amount:g} mg is above the order's own cap of {order.cap_mg:g} mg.")


def _check_total(regimen: Regimen, course: Course, order: DoseOrdered, at: datetime) -> None:
    """Refuses a total above the ceilings in mg and, at the last weight, in mg/kg, when the order is signed: nobody
    should draw what cannot be given. An order in mg under a ceiling by weight needs a weight; one in mg/kg has kept
    that ceiling already and waits for the weight."""
    weights = [s for s in course.series.get("weight_kg", ()) if s.at <= at]
    weight_kg = float(weights[-1].value) if weights else None
    if order.unit == DoseUnit.MG_PER_KG.value and weight_kg is None:
        return
    total, _ = ordered_mg(order, weight_kg)
    most = ceiling_mg(regimen, weight_kg)
    if most is not None and total > most * (1 + 1e-9):
        per_kg = f", {total / weight_kg:.3g} mg/kg at {weight_kg:g} kg," if weight_kg else ""
        raise no.DoseAboveCap(
            f"An order of {total:g} mg{per_kg} is above the ceiling of {most:g} mg for this person.",
            mend="Order less. A higher ceiling is another protocol, which a prescriber releases.",
        )


def _check_pace(regimen: Regimen, order: DoseOrdered) -> None:
    """What the protocol runs over minutes is never ordered at once or faster; what it gives at once is not run."""
    asked = order.minutes
    if asked is not None and not 0 < asked < math.inf:
        raise no.NotAsOrdered(f"{asked:g} minutes is no time to give a dose over.", mend="Write minutes above 0.")
    if regimen.minutes and (asked is None or asked < regimen.minutes * (1 - 1e-9)):
        ordered = "at once" if asked is None else f"over {asked:g} minutes"
        raise no.NotAsOrdered(
            f"The protocol gives this dose over {regimen.minutes:g} minutes, not {ordered}.",
            mend=f"Order {regimen.minutes:g} minutes or longer; a faster dose is another protocol.",
        )
    if asked is not None and regimen.route not in _RUNS:
        raise no.NotAsOrdered(
            f"A dose by the route {regimen.route.value} is given at once or in parts, not over minutes.",
            mend="Leave the minutes empty.",
        )


def _per_kg_ceiling(protocol: Protocol, course: Course, step: Step) -> float | None:
    assert isinstance(step.activity, Dose)
    regimen = protocol.regimen(step.activity.regimen, course.arm)
    top = regimen.highest if regimen.unit is DoseUnit.MG_PER_KG else None
    return min((x for x in (regimen.ceiling_mg_per_kg, top) if x is not None), default=None)


def _check_validity(protocol: Protocol, order: DoseOrdered, at: datetime) -> None:
    longest = protocol.monitoring.limit("order_valid_h") if protocol.monitoring else None
    if order.valid_until <= at:
        raise no.OrderExpired("The order ends before it begins.", mend="Give a later time.")
    if longest is not None and order.valid_until - at > timedelta(hours=longest):
        raise no.OrderExpired(f"An order stands at most {longest:g} hours.", mend="Give an earlier time.")


def check_checked(course: Course, what: DoseChecked, at: datetime, actor: str) -> None:
    """Refuses a check of no standing order, of another drug's lot, or by one person in both roles."""
    order = standing_order(course, what.step, what.occurrence, at)
    if what.order != order.order:
        raise no.NotAsOrdered("The order was changed after this check was begun.", mend="Read the new order.")
    if what.drug != order.drug:
        raise no.WrongLot(f"The lot holds {what.drug}; ordered is {order.drug}.", mend="Scan the right lot.")
    wanted, _ = ordered_mg(order, what.weight_kg)
    if what.units * what.mg_per_unit > wanted * (1 + 1e-9):
        raise no.DoseAboveCap(
            f"{what.units:g} {what.unit} of this lot hold {what.units * what.mg_per_unit:g} mg; "
            f"ordered are {wanted:g} mg.",
            mend="Do not give it. Look at the strength on the lot and draw again.",
        )
    other = CheckRole.CHECKER if what.role is CheckRole.GIVER else CheckRole.GIVER
    made = check_of(course, order, other, at)
    if made is not None and made.actor == actor:
        raise no.SamePerson("One person cannot check twice.", mend="Ask a second person to check for themselves.")


def check_of(course: Course, order: DoseOrdered, role: CheckRole, at: datetime) -> Event | None:
    """The latest check of that order in that role, or None."""
    happened = course.sessions.get((order.step, order.occurrence), ())
    found = [e for e in happened if e.observed_at <= at and isinstance(e.what, DoseChecked)]
    return next((e for e in reversed(found) if _is_check(e, order.order, role)), None)


def _is_check(event: Event, order: str, role: CheckRole) -> bool:
    return isinstance(event.what, DoseChecked) and event.what.order == order and event.what.role is role


def agreed_check(course: Course, order: DoseOrdered, at: datetime) -> DoseChecked:
    """What both people saw. Raises NotChecked, SamePerson or ChecksDisagree."""
    giver, checker = (check_of(course, order, role, at) for role in CheckRole)
    if giver is None or checker is None:
        missing = "giver" if giver is None else "second person"
        raise no.NotChecked(f"The check by the {missing} is missing.", mend="Each checks and enters what they see.")
    if giver.actor == checker.actor:
        raise no.SamePerson("Both checks are by one person.", mend="Ask a second person to check.")
    assert isinstance(giver.what, DoseChecked)
    assert isinstance(checker.what, DoseChecked)
    differing = differences(giver.what, checker.what)
    if differing:
        raise no.ChecksDisagree(
            f"The two checks differ in {', '.join(differing)}.", mend="Stop, find out why, and check both again."
        )
    return giver.what


def differences(one: DoseChecked, other: DoseChecked) -> tuple[str, ...]:
    """Names of what two checks see differently."""
    pairs = {
        "drug": (one.drug, other.drug),
        "lot": (one.lot, other.lot),
        "strength": (one.mg_per_unit, other.mg_per_unit),
        "unit": (one.unit, other.unit),
        "amount drawn": (one.units, other.units),
        "weight": (one.weight_kg, other.weight_kg),
    }
    return tuple(name for name, (a, b) in pairs.items() if a != b)


def check_given(protocol: Protocol, course: Course, step: Step, given: DoseGiven, event: Event) -> None:
    """Refuses a dose without standing order and two agreeing checks, or one that differs from either."""
    order = standing_order(course, step.key, given.occurrence, event.observed_at)
    seen = agreed_check(course, order, event.observed_at)
    _check_hands(course, order, event)
    if (given.order, given.drug, given.route, given.regimen) != (order.order, order.drug, order.route, order.regimen):
        raise no.NotAsOrdered("The dose names another order, drug, route or regimen than the standing order.")
    if (given.lot, given.units, given.weight_kg) != (seen.lot, seen.units, seen.weight_kg):
        raise no.NotAsOrdered("The dose is not what both people checked.", mend="Check again what is in the hand.")
    if order.minutes != given.minutes:
        raise no.NotAsOrdered(f"Ordered over {order.minutes} minutes, not {given.minutes}.")
    _check_weight(protocol, course, step, given, event.observed_at)
    _check_strength(protocol, order, seen, given)


def _check_hands(course: Course, order: DoseOrdered, event: Event) -> None:
    """The person was checked in, so that a chair watches; who gives is who checked what is in their own hand."""
    happened = course.sessions.get((order.step, order.occurrence), ())
    if not any(isinstance(e.what, SessionOpened) and e.observed_at <= event.observed_at for e in happened):
        raise no.NotInOrder("Nobody was checked in for this session.", mend="Check the person in by two identifiers.")
    giver = check_of(course, order, CheckRole.GIVER, event.observed_at)
    if giver is not None and giver.actor != event.actor:
        raise no.NotChecked("Another person made the giver's check.", mend="Who gives checks first, or lets them give.")


def _check_strength(protocol: Protocol, order: DoseOrdered, seen: DoseChecked, given: DoseGiven) -> None:
    """The amount follows from the lot's strength, never exceeds the order, and hardly falls short of it."""
    if abs(seen.units * seen.mg_per_unit - given.amount_mg) > 1e-6:
        raise no.NotAsOrdered(
            f"{seen.units:g} {seen.unit} of {seen.mg_per_unit:g} mg each are {seen.units * seen.mg_per_unit:g} mg, "
            f"not {given.amount_mg:g} mg."
        )
    wanted, _ = ordered_mg(order, given.weight_kg)
    if given.amount_mg > wanted * (1 + 1e-9):
        raise no.DoseAboveCap(f"{given.amount_mg:g} mg are drawn and {wanted:g} mg ordered.", mend="Draw again.")
    tolerance = protocol.monitoring.limit("dose_tolerance_percent") if protocol.monitoring else None
    if tolerance is not None and given.amount_mg < wanted * (1 - tolerance / 100):
        raise no.NotAsOrdered(
            f"{given.amount_mg:g} mg are drawn and {wanted:g} mg ordered, more than {tolerance:g} % less.",
            mend="Draw again, or ask for a new order.",
        )


def _check_weight(protocol: Protocol, course: Course, step: Step, given: DoseGiven, at: datetime) -> None:
    """Today's weight is the last reading; where it jumps, two people have read it."""
    weights = [s for s in course.series.get("weight_kg", ()) if s.at <= at]
    if given.weight_kg is None or not weights:
        raise no.WeightUnknown("Nobody has weighed the person.", mend="Weigh them today, in kg.")
    if float(weights[-1].value) != given.weight_kg:
        raise no.NotAsOrdered(f"The last weight is {float(weights[-1].value):g} kg, not {given.weight_kg:g} kg.")
    if lacks_second_weigher(protocol, course, at):
        raise no.WeightJump(
            f"{given.weight_kg:g} kg differs too much from the last visit, or there is no earlier weight.",
            mend="A second person weighs and enters what they read, in kg.",
        )


def lacks_second_weigher(protocol: Protocol, course: Course, at: datetime) -> bool:
    """Whether the last weight jumps or cannot be compared, and fewer than two people have read it."""
    weights = [s for s in course.series.get("weight_kg", ()) if s.at <= at]
    if not weights or not jumps(protocol, course, weights, at):
        return False
    return len(_weighers(course, float(weights[-1].value), at)) < 2


def jumps(protocol: Protocol, course: Course, weights: list[Seen], at: datetime) -> bool:
    """Whether today's weight is further from the last visit's than the profile lets pass, or cannot be compared."""
    most = protocol.monitoring.limit("weight_jump_percent") if protocol.monitoring else None
    earlier = [s for s in weights if weights[-1].at - s.at > timedelta(hours=12)]
    if most is None or not earlier:
        return True
    then, now = float(earlier[-1].value), float(weights[-1].value)
    return abs(now - then) > then * most / 100


def _weighers(course: Course, weight_kg: float, at: datetime) -> set[str]:
    """Who has read that very weight within the last twelve hours."""
    return {
        e.actor
        for e in standing(course.log)
        if getattr(e.what, "name", "") == "weight_kg"
        and getattr(e.what, "value", None) == weight_kg
        and timedelta(0) <= at - e.observed_at <= timedelta(hours=12)
    }
