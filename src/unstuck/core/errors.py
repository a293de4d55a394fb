"""The one shape of an error that a user can mend: what is wrong, where, and how to put it right."""

from __future__ import annotations


class Complaint(ValueError):
    """Input that cannot be accepted. `what` is wrong, `where` it stands, `mend` says how to put it right."""

    def __init__(self, what: str, where: str | None = None, mend: str | None = None) -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what}{cure}"
