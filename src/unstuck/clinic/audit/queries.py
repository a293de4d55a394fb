"""Reading entries of all chains for the audit page."""

from __future__ import annotations

from django.db.models import QuerySet

from unstuck.clinic.ledger.models import Chain, Entry


def newest_first(chain: str) -> QuerySet[Entry]:
    """Every entry, or those of `chain`, the one recorded last first."""
    found = Entry.objects.filter(chain=chain) if chain else Entry.objects.all()
    return found.order_by("-recorded_at", "-id")


def has_chain(chain: str) -> bool:
    """Whether anything was ever written to `chain`."""
    return Chain.objects.filter(key=chain).exists()
