"""Several complaints told at once, so that a file or a form is mended in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from unstuck.core.errors import Complaint


def raise_any(complaints: Sequence[Complaint]) -> None:
    """Nothing when there are none; else one Complaint that tells them all, a line each."""
    if not complaints:
        return
    if len(complaints) == 1:
        raise complaints[0]
    raise Complaint("\n".join([f"{len(complaints)} complaints:", *(str(c) for c in complaints)]))
