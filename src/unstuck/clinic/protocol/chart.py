"""The schedule of a protocol as a drawing: four rows by study day, each mark with its window. Made on the server.

Every mark also stands in the table on the page. Times are nominal, counted from enrolment with every step on target.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from unstuck.core.protocol import AfterEachDose, Protocol, Step, kind_of
from unstuck.core.protocol_times import Edge, Times
from unstuck.core.time import Window

_LEFT, _RIGHT, _TOP, _FLOOR = 92.0, 742.0, 18.0, 200.0
_HEIGHTS = {"assess": 46.0, "dose": 92.0, "therapy": 138.0, "contact": 184.0}
_ROW_OF = {
    "assess": "assess",
    "dose": "dose",
    "prepare": "therapy",
    "expose": "therapy",
    "integrate": "therapy",
    "contact": "contact",
    "consent": "contact",
    "review": "contact",
}
_BAND = {"assess": "band", "dose": "band2", "therapy": "band3", "contact": "band"}
_STEPS = (7, 14, 28, 56, 91, 182, 364)
_MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Mark:
    """One occurrence of a step, in days from enrolment: meant for `day`, allowed from `opens` to `closes`."""

    row: str
    day: float
    opens: float
    closes: float
    sure: bool  # neither optional nor dependent on a rule


def marks(protocol: Protocol) -> tuple[Mark, ...]:
    """Every occurrence that can be placed. A window is the step's own, around its nominal day."""
    times = Times(protocol)
    placed = [
        _mark(step, moment, number, _is_sure(times, step, number))
        for step in protocol.steps
        for _same, number in times.occurrences(step)
        if (moment := times.of(step, number, Edge.TARGET)) is not None
    ]
    return tuple(dict.fromkeys(placed))


def _mark(step: Step, moment: int, number: int, sure: bool) -> Mark:
    window = step.repeat.every if step.repeat and number > 1 else step.window
    opens, closes = _around(window, moment)
    return Mark(_ROW_OF[kind_of(step.activity)], moment / _MINUTES_A_DAY, opens, closes, sure)


def _is_sure(times: Times, step: Step, number: int) -> bool:
    """Whether the step comes in any case; what follows each dose is as sure as that dose."""
    if step.when is not None or step.optional:
        return False
    follows = times.doses[number - 1][0] if isinstance(step.after, AfterEachDose) else None
    return follows is None or (follows.when is None and not follows.optional)


def _around(window: Window, moment: int) -> tuple[float, float]:
    before, after = window.target.minutes - window.min.minutes, window.max.minutes - window.target.minutes
    return (moment - before) / _MINUTES_A_DAY, (moment + after) / _MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class _Scale:
    start: float
    end: float

    def x(self, day: float) -> float:
        return _LEFT + (day - self.start) / (self.end - self.start) * (_RIGHT - _LEFT)


def schedule_svg(protocol: Protocol) -> SafeString:
    """The drawing, with its title and description. Text is 14 units of a drawing 760 wide."""
    placed = marks(protocol)
    scale = _scale(placed)
    told = escape(describe(placed))
    body = [
        f"<title>{escape(_('Schedule of %(title)s') % {'title': protocol.title})}</title><desc>{told}</desc>",
        *_days(scale),
        *_rows(),
        *(_window(scale, row, *span) for row in _HEIGHTS for span in _windows(placed, row)),
        *(_shape(scale.x(mark.day), mark) for mark in sorted(placed, key=lambda m: m.sure)),
    ]
    return mark_safe(f'<svg class="chart chart-wide" viewBox="0 0 760 236" role="img">{"".join(body)}</svg>')


def row_words() -> dict[str, str]:
    """The name of each row."""
    return {"assess": _("Assess"), "dose": _("Dose"), "therapy": _("Therapy"), "contact": _("Contact")}


def describe(placed: tuple[Mark, ...]) -> str:
    """The days of each row in words, for those who do not see the drawing."""
    told = []
    for row, words in row_words().items():
        days = sorted({int(mark.day // 1) for mark in placed if mark.row == row})
        told.append(f"{words}: {_('day') + ' ' + ', '.join(map(str, days)) if days else _('none')}.")
    return " ".join(told)


def _scale(placed: tuple[Mark, ...]) -> _Scale:
    start = min((mark.day for mark in placed), default=0.0)
    end = max((mark.day for mark in placed), default=7.0)
    slack = max((end - start) * 0.03, 0.5)
    return _Scale(min(start, 0.0) - slack, end + slack)


def _days(scale: _Scale) -> list[str]:
    """A line and a number every so many days, at most eight of them."""
    step = next((s for s in _STEPS if (scale.end - scale.start) / s <= 8), _STEPS[-1])
    first = -(-int(scale.start) // step) * step
    found = []
    for day in range(first, int(scale.end) + 1, step):
        x = scale.x(day)
        words = _("day 0") if day == 0 else f"{day}"
        found.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{_FLOOR + 8}"/>')
        found.append(f'<text class="tick mid" x="{x:.1f}" y="{_FLOOR + 28}">{words}</text>')
    return found


def _rows() -> list[str]:
    return [
        f'<text class="lab" x="0" y="{_HEIGHTS[row] + 5}">{escape(words)}</text>'
        f'<path class="grid" d="M{_LEFT - 8} {_HEIGHTS[row]}H{_RIGHT + 8}"/>'
        for row, words in row_words().items()
    ]


def _windows(placed: tuple[Mark, ...], row: str) -> list[tuple[float, float]]:
    """The windows of a row, those that overlap joined into one, so that the shade says only inside or outside."""
    joined: list[tuple[float, float]] = []
    for opens, closes in sorted((mark.opens, mark.closes) for mark in placed if mark.row == row):
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(closes, joined[-1][1])
        else:
            joined.append((opens, closes))
    return joined


def _window(scale: _Scale, row: str, opens: float, closes: float) -> str:
    """The span in which a mark may fall, cut at the edges of the drawing."""
    left = max(scale.x(opens), _LEFT - 8)
    right = min(scale.x(closes), _RIGHT + 8)
    if right - left < 2:
        return ""
    y = _HEIGHTS[row] - 9
    return f'<rect class="{_BAND[row]}" x="{left:.1f}" y="{y}" width="{right - left:.1f}" height="18" rx="4"/>'


def _shape(x: float, mark: Mark) -> str:
    y = _HEIGHTS[mark.row]
    match mark.row:
        case "assess":
            css = "m1" if mark.sure else "hollow h1"
            return f'<circle class="{css}" cx="{x:.1f}" cy="{y}" r="6"/>'
        case "dose":
            css = "m2" if mark.sure else "hollow h2x"
            return f'<path class="{css}" d="M{x - 8:.1f} {y - 7}h16l-8 14z"/>'
        case "therapy":
            css = "m3" if mark.sure else "hollow h3x"
            return f'<path class="{css}" d="M{x:.1f} {y - 8}l8 8l-8 8l-8 -8z"/>'
        case _:
            css = "m4" if mark.sure else "hollow h4"
            return f'<rect class="{css}" x="{x - 5.5:.1f}" y="{y - 5.5}" width="11" height="11"/>'
