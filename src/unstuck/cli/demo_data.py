"""What fills a demonstration clinic: simulated courses, and the hook that hands them to the clinic's own action."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from unstuck.core.events import Event
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.trials.demo import demo_courses

PROTOCOLS = (
    "feder_2021",
    "ketamine_pe",
    "nasal_tfp",
    "induction_maintenance",
    "kap_im",
    "written_exposure",
)
PEOPLE, SEED = 60, 7


def fill(on: datetime) -> Iterable[list[Event]]:
    """About sixty simulated people at every stage of several protocols, as they stand at `on`; a list a course."""
    return demo_courses([load_protocol(key) for key in PROTOCOLS], on, SEED, PEOPLE)
