"""Published figures recomputed from the figures beside them: one sum each, shown in full."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from unstuck.core.arithmetic import (
    Group,
    chi_square,
    fisher,
    fixed_effect,
    hedges_g,
    odds_ratio,
    p_of_z,
    risk_ratio,
    se_of_interval,
    two_sample_t,
)

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed figure with the numbers that it should follow from. `fits` is what a reviewer found before."""

    key: str
    what: str
    kind: str
    numbers: Mapping[str, float]
    printed: float
    within: float
    fits: bool
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure done anew: what came out, the arithmetic, and whether it fits what is printed."""

    figure: Figure
    found: float | None
    arithmetic: str
    fits: bool

    @property
    def expected(self) -> bool:
        """Whether it came out as the reviewer noted."""
        return self.fits is self.figure.fits


def recompute(figure: Figure) -> Sum:
    """The figure done anew. Raises KeyError where the kind is unknown or a number is missing."""
    found, arithmetic = KINDS[figure.kind](figure.numbers)
    if found is None:
        return Sum(figure, None, arithmetic, False)
    fits = abs(found - figure.printed) <= figure.within + 1e-12
    return Sum(figure, found, arithmetic, fits)


def _cells(n: Numbers) -> tuple[int, int, int, int]:
    return int(n["a"]), int(n["n1"]), int(n["b"]), int(n["n2"])


def _chi_square_p(n: Numbers) -> tuple[float, str]:
    a, n1, b, n2 = _cells(n)
    value, p = chi_square(a, n1, b, n2)
    return p, f"chi-square of {a}/{n1} and {b}/{n2} = {value:.3f}, one degree of freedom, p = {p:.4f}"


def _fisher_p(n: Numbers) -> tuple[float, str]:
    a, n1, b, n2 = _cells(n)
    p = fisher(a, n1, b, n2)
    return p, f"Fisher's exact test of {a}/{n1} and {b}/{n2}: p = {p:.4f}"


def _risk_ratio(n: Numbers) -> tuple[float, str]:
    a, n1, b, n2 = _cells(n)
    value, se = risk_ratio(a, n1, b, n2)
    low, high = (math.exp(math.log(value) + side * 1.959964 * se) for side in (-1, 1))
    return value, f"({a}/{n1}) / ({b}/{n2}) = {value:.3f} ({low:.2f} to {high:.2f})"


def _odds_ratio(n: Numbers) -> tuple[float, str]:
    a, n1, b, n2 = _cells(n)
    value, _ = odds_ratio(a, n1, b, n2)
    return value, f"({a}/{n1 - a}) / ({b}/{n2 - b}) = {value:.3f}"


def _ratio_is_positive(n: Numbers) -> tuple[float | None, str]:
    numbers = [n["value"], n["low"], n["high"]]
    good = all(x > 0 for x in numbers)
    said = ", ".join(f"{x:g}" for x in numbers)
    return (n["value"] if good else None), f"a share over a share is never below 0; printed: {said}"


def _percent(n: Numbers) -> tuple[float, str]:
    value = 100 * n["met"] / n["of"]
    return value, f"100 x {n['met']:g} / {n['of']:g} = {value:.2f}"


def _p_of_interval(n: Numbers) -> tuple[float, str]:
    se = se_of_interval(n["low"], n["high"])
    z = n["value"] / se
    return p_of_z(z), f"SE = ({n['high']:g} - {n['low']:g}) / 3.92 = {se:.3f}, z = {z:.2f}, p = {p_of_z(z):.4f}"


def _se_of_d(n: Numbers) -> tuple[float, str]:
    printed = se_of_interval(n["low"], n["high"])
    formula = math.sqrt((n["n1"] + n["n2"]) / (n["n1"] * n["n2"]) + n["d"] ** 2 / (2 * (n["n1"] + n["n2"])))
    return formula, f"from the interval {printed:.3f}; sqrt((n1+n2)/(n1 n2) + d^2/(2N)) = {formula:.3f}"


def _d_before_after(n: Numbers) -> tuple[float, str]:
    spread = math.sqrt((n["sd1"] ** 2 + n["sd2"] ** 2) / 2)
    value = (n["mean1"] - n["mean2"]) / spread
    return value, f"({n['mean1']:g} - {n['mean2']:g}) / sqrt(({n['sd1']:g}^2 + {n['sd2']:g}^2)/2) = {value:.3f}"


def _groups(n: Numbers) -> tuple[Group, Group]:
    return Group(n["mean1"], n["sd1"], int(n["n1"])), Group(n["mean2"], n["sd2"], int(n["n2"]))


def _hedges_g(n: Numbers) -> tuple[float, str]:
    value, se = hedges_g(*_groups(n))
    return value, f"({n['mean1']:g} - {n['mean2']:g}) / pooled SD x (1 - 3/(4N - 9)) = {value:.3f}, SE {se:.3f}"


def _t_test_p(n: Numbers) -> tuple[float, str]:
    t, df, p = two_sample_t(*_groups(n))
    return p, f"t = {t:.3f} with {df:g} degrees of freedom, p = {p:.4f}"


def _ratio_of_rest(n: Numbers) -> tuple[float, str]:
    value = (100 - n["treated_percent"]) / (100 - n["control_percent"])
    return value, f"(100 - {n['treated_percent']:g}) / (100 - {n['control_percent']:g}) = {value:.3f}"


def _needed_to_treat(n: Numbers) -> tuple[float, str]:
    value = 100 / (n["treated_percent"] - n["control_percent"])
    return value, f"100 / ({n['treated_percent']:g} - {n['control_percent']:g}) = {value:.3f}"


def _weighted_mean(n: Numbers) -> tuple[float, str]:
    pairs = [(n[f"value{i}"], se_of_interval(n[f"low{i}"], n[f"high{i}"])) for i in (1, 2)]
    value, se = fixed_effect(pairs)
    parts = " and ".join(f"{y:g} (SE {s:.3f})" for y, s in pairs)
    return value, f"{parts}, weighted by 1/SE^2: {value:.3f} (SE {se:.3f})"


def _rate_of_median(n: Numbers) -> tuple[float, str]:
    value = math.log(2) / n["days"]
    return value, f"ln 2 / {n['days']:g} = {value:.4f} per day, if the rate is constant"


def _less_per_step(n: Numbers) -> tuple[float, str]:
    value = 100 * (1 - (n["last"] / n["first"]) ** (1 / n["steps"]))
    return value, f"100 x (1 - ({n['last']:g}/{n['first']:g})^(1/{n['steps']:g})) = {value:.2f}"


def _difference_of_products(n: Numbers) -> tuple[float, str]:
    value = n["a1"] * n["b1"] - n["a2"] * n["b2"]
    return value, f"{n['a1']:g} x {n['b1']:g} - {n['a2']:g} x {n['b2']:g} = {value:.3f}"


def _difference(n: Numbers) -> tuple[float, str]:
    return n["first"] - n["last"], f"{n['first']:g} - {n['last']:g} = {n['first'] - n['last']:g}"


def _sd_is_se(n: Numbers) -> tuple[float | None, str]:
    """The printed SD where it lies among those of other samples; None where it does not but is one as an SE."""
    sd, spread = n["printed_sd"], n["printed_sd"] * math.sqrt(n["n"])
    said = f"other samples have {n['usual_low']:g} to {n['usual_high']:g}; {sd:g} x sqrt({n['n']:g}) = {spread:.1f}"
    return (sd if n["usual_low"] <= sd <= n["usual_high"] else None), said


KINDS: dict[str, Callable[[Numbers], tuple[float | None, str]]] = {
    "chi_square_p": _chi_square_p,
    "fisher_p": _fisher_p,
    "risk_ratio": _risk_ratio,
    "odds_ratio": _odds_ratio,
    "ratio_is_positive": _ratio_is_positive,
    "percent": _percent,
    "p_of_interval": _p_of_interval,
    "se_of_d": _se_of_d,
    "d_before_after": _d_before_after,
    "hedges_g": _hedges_g,
    "t_test_p": _t_test_p,
    "ratio_of_rest": _ratio_of_rest,
    "needed_to_treat": _needed_to_treat,
    "weighted_mean": _weighted_mean,
    "rate_of_median": _rate_of_median,
    "less_per_step": _less_per_step,
    "difference_of_products": _difference_of_products,
    "difference": _difference,
    "sd_is_se": _sd_is_se,
}
"""How each kind of figure is done anew: the numbers, to what comes out and the arithmetic in one line."""
