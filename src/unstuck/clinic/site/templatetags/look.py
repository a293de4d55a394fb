"""Icons and status words: a status is always a shape and a word, colour comes third."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_SHAPES = {
    "done": '<circle class="solid" cx="12" cy="12" r="10"/><path class="cut" d="m7.5 12.5 3 3 6-7"/>',
    "late": '<path class="solid" d="M12 2.5 23 21.5H1z"/><path class="cut" d="M12 9.5v5M12 17.8v.2"/>',
    "held": '<rect class="solid" x="3" y="3" width="18" height="18" rx="3"/><path class="cut" d="M7.5 12h9"/>',
    "unknown": '<circle cx="12" cy="12" r="9.5" stroke-dasharray="3.4 2.6"/>'
    '<path d="M9.3 9.6a2.8 2.8 0 1 1 3.9 2.5c-.8.4-1.2.9-1.2 1.7M12 17v.1"/>',
    "due": '<circle cx="12" cy="12" r="8.5"/><path class="solid" d="M12 3.5a8.5 8.5 0 0 1 0 17z"/>',
    "planned": '<circle cx="12" cy="12" r="8.5"/>',
    "now": '<path class="solid" d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path class="cut" d="M12 7v6M12 16.5v.2"/>',
    "info": '<rect x="3" y="3" width="18" height="18" rx="5"/><path d="M12 11v6M12 7.4v.1"/>',
    "brand": '<path d="M18.5 15.5a8 8 0 1 1 0-7"/><circle class="solid" cx="20.5" cy="12" r="2.4"/>',
    "phone": '<path d="M6 3h4l1.5 5L9 10a12 12 0 0 0 5 5l2-2.5 5 1.5v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z"/>',
    "lock": '<rect x="5" y="11" width="14" height="10" rx="2"/><path d="M8 11V7a4 4 0 0 1 8 0v4"/>',
    "page": '<path d="M5 4h13a1 1 0 0 1 1 1v15H7a2 2 0 0 1-2-2zM5 18a2 2 0 0 1 2-2h12"/>',
    "heart": '<path d="M12 20C5 15 3 11.5 3 8.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 9 1.5C21 11.5 19 15 12 20z"/>',
    "moon": '<path d="M19.5 14.5A8 8 0 1 1 9.5 4.5a6.5 6.5 0 0 0 10 10z"/>',
    "hand": '<path d="M7 12V6.5a1.5 1.5 0 0 1 3 0V11M10 11V4.5a1.5 1.5 0 0 1 3 0V11m0-5a1.5 1.5 0 0 1 3 0v6'
    'm0-3.5a1.5 1.5 0 0 1 3 0V14a7 7 0 0 1-7 7c-3 0-4.5-1.5-6-4l-2.5-4A1.5 1.5 0 0 1 6 11.5l1.5 2"/>',
    "curve": '<path d="M3 20V4M3 20h18M6 8c4 0 5 8 14 8"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4 21c1-5 4-7 8-7s7 2 8 7"/>',
}
_STATES = {  # state of the core or of a rule: (class, shape)
    "done": ("st-ok", "done"),
    "ok": ("st-ok", "done"),
    "late": ("st-late", "late"),
    "held": ("st-no", "held"),
    "no": ("st-no", "held"),
    "not_known": ("st-unk", "unknown"),
    "unk": ("st-unk", "unknown"),
    "stop": ("st-now", "now"),
    "now": ("st-now", "now"),
    "open": ("st-due", "due"),
    "planned": ("st-due", "planned"),
    "waiting": ("st-due", "planned"),
    "conditional": ("st-due", "planned"),
    "skipped": ("", "held"),
    "info": ("st-info", "info"),
    "none": ("st-due", "planned"),
}


@register.simple_tag
def icon(name: str, big: bool = False) -> SafeString:
    """The icon of a state or of a thing, drawn in the current colour; hidden from screen readers."""
    shape = _SHAPES[_STATES[name][1] if name in _STATES else name]
    size = "i i-big" if big else "i"
    svg = f'<svg class="{size}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{shape}</svg>'
    return mark_safe(svg)


@register.simple_tag
def st(state: str, word: str) -> SafeString:
    """A status: its shape and its word."""
    return format_html('<span class="st {}">{}{}</span>', _STATES[state][0], icon(state), word)
