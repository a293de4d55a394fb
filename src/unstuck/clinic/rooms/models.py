"""Chairs: where somebody sits during a dose. Bookings, sessions and monitors name a chair by its key."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Chair(models.Model):
    """One chair or bed. `key` stands in events and is never given to another chair; a chair is retired, not deleted."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    label = models.CharField(_("name"), max_length=60)
    room = models.CharField(_("room"), max_length=60, blank=True)
    routes = models.JSONField(_("routes"), default=list, blank=True)  # values of core Route; empty means any
    place = models.PositiveSmallIntegerField(_("order"), default=0)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["place", "key"]

    def __str__(self) -> str:
        return self.label
