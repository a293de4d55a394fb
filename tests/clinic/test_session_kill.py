"""A server that is killed in the midst of forty chairs loses no reading that it has acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chairs import Site, all_chairs, kill_twice, lost_and_doubled
from tests.clinic.test_serve import free_port, own_database

__all__ = ["own_database"]

CHAIRS, EACH = 40, 60


@pytest.mark.slow
def test_no_acknowledged_reading_is_lost(own_database: Path) -> None:
    """2,400 readings from 40 chairs at full speed, the server killed (SIGKILL) and restarted twice: none is lost, none
    is doubled, and every chain of the ledger verifies."""
    site = Site(own_database, free_port())
    site.prepare(CHAIRS)
    site.start()
    try:
        chairs = all_chairs(site, EACH, kill_twice)
    finally:
        site.kill()
    assert sum(len(chair.acknowledged) for chair in chairs) == CHAIRS * EACH
    assert sum(chair.resent for chair in chairs) > 0  # the kills came while readings were on their way
    assert lost_and_doubled(site, chairs) == (0, 0, True)
