"""What each design of a sweep costs and asks beside what it can show: a table, and where there are several, plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from unstuck.core.trial import Truth
from unstuck.lab.trials.virtual.drawing import LEFT, RIGHT, WIDTH, Axis, axis_along
from unstuck.lab.trials.virtual.words import money, share_range

TOP, HIGH = 12, 230
SPARE = 1.06
NAMES = {
    "dose": "each dose", "session": "each therapy session", "measurement": "each measurement of the outcome",
    "person": "each person randomised", "month": "each month", "fixed": "once",
}  # fmt: skip
UNKNOWN = "unknown"
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """One design of the sweep: what it can show, and the averages of what it takes. None is unknown."""

    number: int
    words: str
    works: Told  # share of trials that show an effect of some active arm, with its exact interval
    people: float
    months: float | None  # unknown where the design does not say how fast it enrols
    cost: float | None
    cost_range: tuple[float, float] | None  # the middle 90 %
    hours: float | None  # of one participant, on average

    @property
    def hours_of_all(self) -> float | None:
        """Hours that all participants give together."""
        return None if self.hours is None else self.hours * self.people


Point = tuple[Choice, Any, Any]  # with what it takes, and the range of that


def choices(told: Told) -> list[Choice]:
    """Every cell, by its primary analysis and the truth that is drawn, else by the first truth."""
    return [_choice(number, cell) for number, cell in enumerate(told["cells"], 1)]


def shown(cell: Told) -> Told:
    """The scenario that a cell is judged by: the primary analysis, the effect drawn if that was simulated."""
    primary = [one for one in cell["scenarios"] if one["primary"]]
    found: Told = next((one for one in primary if one["truth"] == Truth.DRAWN.value), primary[0])
    return found


def _choice(number: int, cell: Told) -> Choice:
    one = shown(cell)
    spread = one["cost_quantiles"]
    return Choice(
        number=number,
        words=cell["words"] or f"{cell['size']} people",
        works=cell["some_arm"][one["truth"]]["shown"],
        people=one["randomised"],
        months=None if one["days"] is None else one["days"] / 30.4375,
        cost=one["cost"],
        cost_range=(spread[0], spread[-1]) if spread else None,
        hours=one["burden_h"],
    )


def unbeaten(found: Sequence[Choice], of: Callable[[Choice], float | None]) -> set[int]:
    """Numbers of the choices that no other beats in both: shows as often and takes less, or more often for as much."""

    def beats(other: Choice, one: Choice) -> bool:
        (x, y), (a, b) = (of(other), other.works["share"]), (of(one), one.works["share"])
        return x is not None and a is not None and x <= a and y >= b and (x < a or y > b)

    return {one.number for one in found if not any(beats(other, one) for other in found)}


def section(told: Told) -> str:
    """The part of the report: figures, plots and what they rest on."""
    found, costs = choices(told), told["costs"]
    if costs is None:
        return "<section><h2>Cost and burden</h2><p>Unknown: the design has no [costs].</p></section>"
    return (
        f"<section><h2>Cost and burden</h2>{_plots(found, costs['currency'])}{_table(found, costs['currency'])}"
        f"{_figures(costs, 'interim' in told['design'])}</section>"
    )


def _plots(found: Sequence[Choice], currency: str) -> str:
    if len(found) < 2:
        return ""
    money_spent: list[Point] = [(one, one.cost, one.cost_range) for one in found]
    hours_given: list[Point] = [(one, one.hours_of_all, None) for one in found]
    drawn = [
        (f"cost of the trial, {currency}", money_spent, unbeaten(found, lambda c: c.cost)),
        ("hours that all participants give", hours_given, unbeaten(found, lambda c: c.hours_of_all)),
    ]
    words = (
        "Up is better, left is less. Filled, with the row's number: no other design here shows it as often for less. "
        "Bars: the exact interval of the share, and the middle 90 % of costs. The line is at 80 %."
    )
    figures = "".join(
        f"<figure>{_svg(points, best, unit)}</figure>"
        for unit, points, best in drawn
        if all(x is not None for _, x, _ in points)
    )
    return figures + f'<p class="caption">{words}</p>' if figures else ""


def _svg(points: Sequence[Point], best: set[int], unit: str) -> str:
    """Points of share over what is taken; bars and numbers only where no other design is better."""
    axis = Axis(0, max((span or (0, x))[1] for _, x, span in points) * SPARE or 1.0)
    parts = [_upright(), f'<path class="zero" d="M{LEFT} {_y(0.8)}H{WIDTH - RIGHT}"/>']
    for choice, value, span in sorted(points, key=lambda point: point[0].number in best):
        x, y, works = axis.at(value), _y(choice.works["share"]), choice.works
        leads = choice.number in best
        if leads:
            parts.append(f'<path class="thin" d="M{x} {_y(works["low"])}V{_y(works["high"])}"/>')
            parts.append(f'<text x="{x + 8}" y="{y - 7}">{choice.number}</text>')
        if leads and span:
            parts.append(f'<path class="thin" d="M{axis.at(span[0])} {y}H{axis.at(span[1])}"/>')
        title = f"<title>{choice.number}: {escape(choice.words)}, {100 * works['share']:.0f} %</title>"
        parts.append(f'<circle class="{"middle" if leads else "beaten"}" cx="{x}" cy="{y}" r="5">{title}</circle>')
    name = f'role="img" aria-label="Share of trials read as working, over {escape(unit)}"'
    return f'<svg viewBox="0 0 {WIDTH} {HIGH + 44}" {name}>{"".join(parts)}{axis_along(axis, HIGH, unit)}</svg>'


def _y(share: float) -> float:
    return round(HIGH - share * (HIGH - TOP), 1)


def _upright() -> str:
    """The axis of shares, in percent, with its words on the left."""
    parts = [f'<path class="axis" d="M{LEFT} {TOP}V{HIGH}"/>']
    for percent in (0, 20, 40, 60, 80, 100):
        parts.append(f'<text class="label" x="{LEFT - 8}" y="{_y(percent / 100) + 4}">{percent}</text>')
    words = ("of trials,", "% read as", "working")
    lines = "".join(f'<tspan x="{LEFT - 50}" dy="16">{line}</tspan>' for line in ("share", *words))
    return "".join(parts) + f'<text class="label" y="{HIGH / 2 - 50}">{lines}</text>'


def _table(found: Sequence[Choice], currency: str) -> str:
    heads = ("Row", "Design", "Read as working", "People", f"Cost, {currency}", "Cost a person", "Hours each", "Months")
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    rows = "".join(_row(choice) for choice in found)
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(choice: Choice) -> str:
    cells = (
        share_range(choice.works),
        f"{choice.people:.0f}",
        UNKNOWN if choice.cost is None else money(choice.cost),
        UNKNOWN if choice.cost is None else money(choice.cost / choice.people),
        UNKNOWN if choice.hours is None else f"{choice.hours:.1f}",
        UNKNOWN if choice.months is None else f"{choice.months:.1f}",
    )
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><td>{choice.number}</td><th scope="row">{escape(choice.words)}</th>{body}</tr>'


def _figures(costs: Told, looks: bool) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_named(f["name"])}</th><td>{f["value"]:,g} {escape(f["unit"])}</td>'
        f"<td>{_span(f)}</td><td>{escape(f['grade'])}</td><td>{escape(f['note'] or f['source'])}</td></tr>"
        for f in costs["figures"]
    )
    left = [_named(name) for name in costs["left_out"]]
    words = f"<p>Not counted, or unknown where it happens: {', '.join(left)}.</p>" if left else ""
    words += "<p>People who enrol while a look waits for its last visits are not counted.</p>" if looks else ""
    return (
        '<details><summary>Figures of cost and time, with their grade</summary><div class="scroll" tabindex="0">'
        f"<table><tbody>{rows}</tbody></table></div>{words}</details>"
    )


def _named(name: str) -> str:
    return f"hours for {NAMES[name[:-2]]}" if name.endswith("_h") else NAMES[name]


def _span(figure: Told) -> str:
    return "" if figure["low"] is None or figure["high"] is None else f"{figure['low']:,g} to {figure['high']:,g}"
