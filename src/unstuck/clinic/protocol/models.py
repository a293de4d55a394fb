"""Released versions: the text that was signed, byte for byte. Never edited, never deleted."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

from unstuck.core.errors import Complaint


class ReleaseIsFinal(Complaint):
    """A release cannot be changed or deleted; sign another version."""


class Release(models.Model):
    """One signed version. `text` is the canonical text, `hash` its content hash, `signed_by` an account's key."""

    key = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    hash = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    text = models.TextField()
    released_at = models.DateTimeField()
    signed_by = models.CharField(max_length=32)

    class Meta:
        ordering: ClassVar[list[str]] = ["key", "-released_at"]
        constraints = (models.UniqueConstraint(fields=["key", "version"], name="protocol_a_version_once"),)

    def __str__(self) -> str:
        return f"{self.key} {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves a new release; raises ReleaseIsFinal for one that stands."""
        if self.pk is not None:
            raise ReleaseIsFinal(f"{self} is signed and stays as it is.", mend="Sign another version.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises ReleaseIsFinal."""
        raise ReleaseIsFinal(f"{self} is signed and stays.", mend="Courses may run under it.")
