"""Two tables: entries that are never changed, and one row a chain that is locked while an entry is appended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Entry(models.Model):
    """One act, in its place in its chain. Triggers in the database refuse UPDATE and DELETE.

    `payload` is canonical JSON without names or free text. `actor` is an account's pseudonymous key. Words that belong
    to an entry live in an erasable row whose keyed hash is `text_mac`.
    """

    chain = models.CharField(max_length=64)
    seq = models.PositiveIntegerField()
    act = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    payload = models.TextField()
    actor = models.CharField(max_length=64)
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    protocol_hash = models.CharField(max_length=128, blank=True)
    text_mac = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("chain", "seq")
        constraints = (
            models.UniqueConstraint(fields=["chain", "seq"], name="ledger_one_entry_a_place"),
            models.UniqueConstraint(fields=["chain", "act"], name="ledger_one_entry_an_act"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="ledger_places_start_at_one"),
        )

    def __str__(self) -> str:
        return f"{self.chain} {self.seq} {self.kind}"


class Chain(models.Model):
    """Where a chain ends. A convenience and a lock, never a proof: the proof is the hashes and the head file."""

    key = models.CharField(max_length=64, primary_key=True)
    length = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.key} ({self.length})"
