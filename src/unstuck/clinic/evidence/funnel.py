"""A funnel plot: where groups of each size would fall by chance if all had one share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from unstuck.core.funnel import limits

_LEFT, _RIGHT, _TOP, _FLOOR = 52.0, 350.0, 20.0, 250.0
USUAL, RARE = 0.95, 0.998


@dataclass(frozen=True, slots=True)
class Dot:
    """One group: its size, how many met the endpoint, and whether it is this clinic."""

    name: str
    size: int
    met: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class Funnel:
    """Groups around a benchmark share."""

    title: str
    share: float
    share_words: str
    dots: tuple[Dot, ...]

    @property
    def most(self) -> int:
        """The largest size that the axis has to hold."""
        return max(20, *(round(dot.size * 1.15 + 1) for dot in self.dots))


def verdict(dot: Dot, share: float) -> str:
    """Whether the group lies where chance alone would leave it."""
    for level, inside in ((USUAL, _("within what chance gives")), (RARE, _("unusual: 1 in 20 lie so far out"))):
        found = limits(share, dot.size, level)
        if found.low <= dot.met <= found.high:
            return inside
    return _("rare: 1 in 500 lie so far out")


def funnel_svg(funnel: Funnel) -> SafeString:
    """The plot; its text is at least 14 units of a drawing 360 wide."""
    parts = [
        f"<title>{escape(funnel.title)}</title><desc>{escape(told(funnel))}</desc>",
        *_grid(funnel),
        _area(funnel, RARE, "zone"),
        _area(funnel, USUAL, "zone"),
        f'<path class="base" d="M{_LEFT} {_y(funnel.share):.1f}H{_RIGHT}"/>',
        *(part for dot in funnel.dots for part in _dot(dot, funnel.most)),
        f'<path class="axis" d="M{_LEFT} {_FLOOR}H{_RIGHT}"/>',
        f'<text class="tick" x="{_LEFT}" y="296">{_("people who began")}</text>',
    ]
    return mark_safe(f'<svg class="chart chart-twin" viewBox="0 0 360 304" role="img">{"".join(parts)}</svg>')


def told(funnel: Funnel) -> str:
    """The plot in words."""
    return " ".join(f"{d.name}: {d.met} {_('of')} {d.size}, {verdict(d, funnel.share)}." for d in funnel.dots)


def _grid(funnel: Funnel) -> Iterator[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield f'<text class="tick end" x="{_LEFT - 6:.0f}" y="{y + 5:.1f}">{100 * share:.0f} %</text>'
    for size in (0, funnel.most // 2, funnel.most):
        yield f'<text class="tick mid" x="{_x(size, funnel.most):.1f}" y="272">{size}</text>'


def _area(funnel: Funnel, level: float, css: str) -> str:
    """Between the limits of every size, so that the shape narrows to the right."""
    step = max(1, funnel.most // 60)
    sizes = [*range(1, funnel.most, step), funnel.most]
    found = [limits(funnel.share, size, level) for size in sizes]
    over = [(_x(f.size, funnel.most), _y(f.high / f.size)) for f in found]
    under = [(_x(f.size, funnel.most), _y(f.low / f.size)) for f in reversed(found)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*over, *under])
    return f'<polygon class="{css}" points="{points}"/>'


def _dot(dot: Dot, most: int) -> Iterator[str]:
    x, y = _x(dot.size, most), _y(dot.met / dot.size)
    if dot.own:
        yield f'<path class="m1" d="M{x:.1f} {y - 11:.1f}l11 11l-11 11l-11 -11z"/>'
    else:
        yield f'<rect class="hollow h5" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>'


def _x(size: float, most: int) -> float:
    return _LEFT + size / most * (_RIGHT - _LEFT)


def _y(share: float) -> float:
    return _FLOOR - share * (_FLOOR - _TOP)
