"""The patient's own curve: few marks, each with its figure, nothing to compare with."""

from __future__ import annotations

from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_WIDTH, _FLOOR, _TOP, _EDGE = 360.0, 150.0, 36.0, 34.0
_FIGURES = 6  # so many points carry their figure; of more only the first and the last


def own_svg(values: tuple[float, ...], high: float) -> SafeString:
    """The points from the first to the last answer on the full range from 0 to `high`; text of 14 units at 360 wide."""
    xy = [(_x(n, len(values)), _FLOOR - value / high * (_FLOOR - _TOP)) for n, value in enumerate(values)]
    told = _("Your answers: %(values)s.") % {"values": ", ".join(f"{v:g}" for v in values)}
    shown = range(len(values)) if len(values) <= _FIGURES else (0, len(values) - 1)
    parts = [
        f"<title>{escape(told)}</title>",
        f'<path class="grid" d="M10 {_TOP}H350M10 {(_TOP + _FLOOR) / 2}H350"/>',
        f'<path class="axis" d="M10 {_FLOOR}H350"/>',
        f'<path class="l1" d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in xy)}"/>',
        *(f'<circle class="m1" cx="{x:.1f}" cy="{y:.1f}" r="7"/>' for x, y in xy),
        *(f'<text class="big mid" x="{xy[n][0]:.1f}" y="{xy[n][1] - 14:.1f}">{values[n]:g}</text>' for n in shown),
        f'<text class="tick mid" x="{_EDGE + 8}" y="174">{escape(_("first"))}</text>',
        f'<text class="tick mid" x="{_WIDTH - _EDGE}" y="174">{escape(_("latest"))}</text>',
    ]
    return mark_safe(f'<svg class="chart chart-twin" viewBox="0 0 360 184" role="img">{"".join(parts)}</svg>')


def _x(place: int, count: int) -> float:
    return _EDGE + place * (_WIDTH - 2 * _EDGE) / max(1, count - 1)
