"""A moment as people say it, in the reader's language."""

from __future__ import annotations

from datetime import datetime

from django import template

from unstuck.clinic import clock
from unstuck.clinic.course.own import day_words as words

register = template.Library()


@register.filter
def day_words(moment: datetime, what: str = "") -> str:
    """Such as "Monday 2 March, 09:00"; without the hour where `what` is "day"."""
    return words(moment, clock.zone(), clock=what != "day")
