"""The patient's own curve: few marks, each with its figure and how far it may lie by chance."""

from __future__ import annotations

from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_WIDTH, _FLOOR, _TOP, _EDGE = 360.0, 150.0, 36.0, 34.0
_FIGURES = 6  # so many points carry their figure; of more only the first and the last


def own_svg(values: tuple[float, ...], high: float, give: float | None = None) -> SafeString:
    """The points from first to last on the full range from 0 to `high`, each with a bar of `give` points up and down.

    Text of 14 units at 360 wide.
    """
    xy = [(_x(n, len(values)), _y(value, high)) for n, value in enumerate(values)]
    told = _("Your answers: %(values)s.") % {"values": ", ".join(f"{v:g}" for v in values)}
    shown = range(len(values)) if len(values) <= _FIGURES else (0, len(values) - 1)
    parts = [
        f"<title>{escape(told)}</title>",
        f'<path class="grid" d="M10 {_TOP}H350M10 {(_TOP + _FLOOR) / 2}H350"/>',
        f'<path class="axis" d="M10 {_FLOOR}H350"/>',
        *(_bar(x, value, give, high) for (x, _ignored), value in zip(xy, values, strict=True) if give),
        f'<path class="l1" d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in xy)}"/>',
        *(f'<circle class="m1" cx="{x:.1f}" cy="{y:.1f}" r="7"/>' for x, y in xy),
        *(_figure(*xy[n], values[n]) for n in shown),
        f'<text class="tick mid" x="{_EDGE + 8}" y="174">{escape(_("first"))}</text>',
        f'<text class="tick mid" x="{_WIDTH - _EDGE - 8}" y="174">{escape(_("latest"))}</text>',
    ]
    return mark_safe(f'<svg class="chart chart-twin" viewBox="0 0 360 184" role="img">{"".join(parts)}</svg>')


def _bar(x: float, value: float, give: float | None, high: float) -> str:
    top, low = _y(min(high, value + (give or 0)), high), _y(max(0.0, value - (give or 0)), high)
    return f'<path class="give" d="M{x - 6:.1f} {top:.1f}h12M{x:.1f} {top:.1f}V{low:.1f}M{x - 6:.1f} {low:.1f}h12"/>'


def _figure(x: float, y: float, value: float) -> str:
    """The figure beside its mark, where no bar of chance crosses it."""
    side, where = ("", x + 12) if x < _WIDTH / 2 else (" end", x - 12)
    return f'<text class="big{side}" x="{where:.1f}" y="{y - 8:.1f}">{value:g}</text>'


def _y(value: float, high: float) -> float:
    return _FLOOR - value / high * (_FLOOR - _TOP)


def _x(place: int, count: int) -> float:
    return _EDGE + place * (_WIDTH - 2 * _EDGE) / max(1, count - 1)
