"""The hidden fields of an entry form: which entry it makes, and an id of its own that makes a second tap harmless."""

from __future__ import annotations

import uuid

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def entry(kind: str = "") -> SafeString:
    """A fresh id, and the kind of entry where the form goes to `say/`."""
    said = format_html('<input type="hidden" name="kind" value="{}">', kind) if kind else ""
    return format_html('<input type="hidden" name="entry" value="{}">{}', uuid.uuid4().hex, said)
