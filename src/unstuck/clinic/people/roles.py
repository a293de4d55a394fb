"""The roles of the clinic, without any table, so that the settings can name them."""

from __future__ import annotations

from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What an account may be. An account without a role may see nothing."""

    FRONT_DESK = "front_desk", _("Front desk")
    NURSE = "nurse", _("Nurse")
    THERAPIST = "therapist", _("Therapist")
    PRESCRIBER = "prescriber", _("Prescriber")
    CUSTODIAN = "custodian", _("Drug custodian")
    RESEARCH = "research", _("Research")
    QUALITY = "quality", _("Quality and privacy")
    PATIENT = "patient", _("Patient")
    ADMIN = "admin", _("Administrator")
