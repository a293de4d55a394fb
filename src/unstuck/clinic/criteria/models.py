"""The rules of screening as this site signed them, byte for byte. Never edited, never deleted."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from unstuck.core.errors import Complaint


class RulesAreFinal(Complaint):
    """Signed rules cannot be changed or deleted; sign others."""


class SignedRules(models.Model):
    """One signed version; the one with the highest number is in force. `signed_by` is an account's key."""

    number = models.PositiveIntegerField(unique=True)
    hash = models.CharField(max_length=64)
    text = models.TextField()
    signed_at = models.DateTimeField()
    signed_by = models.CharField(max_length=32)

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return self.version

    @property
    def version(self) -> str:
        """The version as decisions name it: the number and the beginning of the hash."""
        return f"{self.number}-{self.hash[:8]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves new rules; raises RulesAreFinal for some that stand."""
        if self.pk is not None:
            raise RulesAreFinal(f"The rules {self} are signed and stay as they are.", mend="Sign others.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises RulesAreFinal."""
        raise RulesAreFinal(f"The rules {self} are signed and stay.", mend="People may have been accepted by them.")
