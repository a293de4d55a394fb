"""Dosing as an algebra: single doses that can be shifted, added, sequenced, repeated and cut off.

three_a_week = infusion(mg_per_kg=0.5, minutes=40).repeat(3, every_h=48)
with_a_bolus = bolus(mg=10) + infusion(mg=20, minutes=60).at(0.5)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from unstuck.core.errors import Complaint

ROUTES = ("iv_infusion", "iv_bolus", "im", "sc", "intranasal", "sublingual", "oral")
"""Routes in the words of the protocols; which of them a model knows is in the model's domain."""

AT_ONCE = ("iv_bolus", "im", "sc", "intranasal", "sublingual", "oral")


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose. `amount` in mg or, with `per_kg`, in mg/kg; `cap_mg` bounds it. `hours` is the infusion's length, 0 for
    what is given at once. `steady_every_h` says that the same dose was given at this interval since ever;
    `keeps` then says that what was in the body is kept and the steady state added (SS = 2)."""

    route: str
    amount: float
    per_kg: bool = False
    cap_mg: float | None = None
    start_h: float = 0.0
    hours: float = 0.0
    steady_every_h: float | None = None
    keeps: bool = False

    def __post_init__(self) -> None:
        if self.route not in ROUTES:
            raise Complaint(f"The route {self.route!r} is unknown.", "route", f"Write one of: {', '.join(ROUTES)}.")
        _check("amount", self.amount, least=0)
        _check("start_h", self.start_h)
        if self.route == "iv_infusion" and not (math.isfinite(self.hours) and self.hours > 0):
            raise Complaint(
                f"An infusion over {self.hours * 60:g} minutes has no rate.",
                "minutes",
                "Give more than 0, or the route iv_bolus.",
            )
        if self.route in AT_ONCE and self.hours != 0:
            raise Complaint(f"{self.route} is given at once.", "minutes", "Leave the minutes out, or use iv_infusion.")
        if self.cap_mg is not None:
            _check("cap_mg", self.cap_mg, least=0)
        self._check_steady()

    def _check_steady(self) -> None:
        every = self.steady_every_h
        if every is None:
            return
        if not (math.isfinite(every) and every > 0):
            raise Complaint(f"A steady state at every {every:g} h is none.", "II", "Give an interval above 0 h.")
        if self.hours > every:
            raise Complaint(
                f"A steady state of infusions of {self.hours:g} h at every {every:g} h would overlap itself.",
                "SS",
                "Write the doses out with repeat (ADDL), or shorten the infusion.",
            )


@dataclass(frozen=True, slots=True)
class Regimen:
    """Doses on one clock, in hours; `resets_h` are instants at which the body is emptied (EVID 3 and 4)."""

    doses: tuple[Dose, ...]
    resets_h: tuple[float, ...] = ()

    def __add__(self, other: Regimen) -> Regimen:
        """Both on the same clock."""
        return Regimen(self.doses + other.doses, self.resets_h + other.resets_h)

    def at(self, start_h: float) -> Regimen:
        """The same, later by so many hours."""
        _check("start_h", start_h)
        moved = tuple(replace(dose, start_h=dose.start_h + start_h) for dose in self.doses)
        return Regimen(moved, tuple(r + start_h for r in self.resets_h))

    def then(self, other: Regimen, after_h: float) -> Regimen:
        """`other` begins so many hours after the last dose of this one began."""
        last = max((dose.start_h for dose in self.doses), default=0.0)
        return self + other.at(last + after_h)

    def repeat(self, times: int, every_h: float) -> Regimen:
        """So many copies, each later by `every_h` than the one before."""
        if times < 1:
            raise Complaint(f"{times} times is no repetition.", "times", "Give at least 1.")
        if times > 1 and not (math.isfinite(every_h) and every_h > 0):
            raise Complaint(f"Every {every_h:g} h is no interval.", "every_h", "Give more than 0 h.")
        whole = Regimen(())
        for n in range(times):
            whole = whole + self.at(n * every_h)
        return whole

    def until(self, end_h: float) -> Regimen:
        """No dose starts at `end_h` or later, and an infusion that runs then is stopped: its rest is not given."""
        kept = [dose for dose in self.doses if dose.start_h < end_h]
        return Regimen(tuple(_stopped(d, end_h) for d in kept), tuple(r for r in self.resets_h if r < end_h))

    @property
    def end_h(self) -> float:
        """When the last dose has been given; 0 without doses."""
        return max((dose.start_h + dose.hours for dose in self.doses), default=0.0)


def infusion(
    minutes: float, *, mg: float | None = None, mg_per_kg: float | None = None, cap_mg: float | None = None
) -> Regimen:
    """An intravenous infusion at a constant rate."""
    return _one("iv_infusion", mg, mg_per_kg, cap_mg, minutes / 60)


def bolus(*, mg: float | None = None, mg_per_kg: float | None = None, cap_mg: float | None = None) -> Regimen:
    """An intravenous injection at once."""
    return _one("iv_bolus", mg, mg_per_kg, cap_mg, 0.0)


def dose(
    route: str, *, mg: float | None = None, mg_per_kg: float | None = None, cap_mg: float | None = None
) -> Regimen:
    """A dose by a route that needs no duration: im, sc, intranasal, sublingual, oral or iv_bolus."""
    return _one(route, mg, mg_per_kg, cap_mg, 0.0)


def _one(route: str, mg: float | None, mg_per_kg: float | None, cap_mg: float | None, hours: float) -> Regimen:
    if (mg is None) == (mg_per_kg is None):
        raise Complaint("A dose has one amount.", "mg", "Give mg or mg_per_kg, and not both.")
    amount = mg if mg is not None else mg_per_kg
    assert amount is not None
    return Regimen((Dose(route, amount, mg is None, cap_mg, 0.0, hours),))


def _stopped(given: Dose, end_h: float) -> Dose:
    if given.start_h + given.hours <= end_h:
        return given
    share = (end_h - given.start_h) / given.hours
    cap = None if given.cap_mg is None else given.cap_mg * share
    return replace(given, amount=given.amount * share, cap_mg=cap, hours=end_h - given.start_h)


def _check(name: str, value: float, least: float = -math.inf) -> None:
    if not math.isfinite(value) or value < least:
        raise Complaint(f"{name} = {value:g} is negative or no number.", name, f"Give {max(least, 0):g} or more.")
