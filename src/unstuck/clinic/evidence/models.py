"""What a site tells its patients of the evidence: proposals made from releases, and the texts that a person signed."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from unstuck.core.errors import Complaint


class TextIsFinal(Complaint):
    """A signed text cannot be changed or deleted; sign another one."""


class Decision(models.TextChoices):
    """What became of a proposal."""

    OPEN = "open", _("waits for a signature")
    SIGNED = "signed", _("signed")
    DECLINED = "declined", _("declined")
    OVERTAKEN = "overtaken", _("overtaken by a newer release")


class Proposal(models.Model):
    """A text that a release of the evidence proposes for one protocol. Nothing uses it until a person signs it."""

    protocol = models.CharField(max_length=80)
    release_hash = models.CharField(max_length=64)
    dated = models.DateField()
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    decision = models.CharField(max_length=12, choices=Decision.choices, default=Decision.OPEN)
    decided_by = models.CharField(max_length=32, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["protocol", "-made_at", "-id"]
        constraints = (
            models.UniqueConstraint(fields=["protocol", "text_hash", "release_hash"], name="evidence_proposed_once"),
        )

    def __str__(self) -> str:
        return f"{self.protocol} {self.dated} {self.decision}"


class SignedText(models.Model):
    """What a site tells of one treatment, byte for byte as it was signed. Consent quotes it by its hash."""

    protocol = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    dated = models.DateField()
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    release_hash = models.CharField(max_length=64)
    signed_by = models.CharField(max_length=32)
    signed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["protocol", "-number"]
        constraints = (models.UniqueConstraint(fields=["protocol", "number"], name="evidence_a_number_once"),)

    def __str__(self) -> str:
        return f"{self.protocol} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves a new text; raises TextIsFinal for one that stands."""
        if self.pk is not None:
            raise TextIsFinal(f"{self} is signed and stays as it is.", mend="Sign another text.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises TextIsFinal."""
        raise TextIsFinal(f"{self} is signed and stays.", mend="People may have consented with it.")
