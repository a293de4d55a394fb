"""What the reader of the board may see, course by course, so that one blinded course hides itself and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.clinic.plan.words import place_words
from unstuck.clinic.rooms.queries import Seat


@dataclass(frozen=True, slots=True)
class Eyes:
    """`clinical` is false for the front desk. The sets name courses of which readings, or the drug, are hidden."""

    names: bool
    clinical: bool
    no_readings: frozenset[str] = frozenset()
    no_drug: frozenset[str] = frozenset()
    me: str = ""  # key of the reader's account

    def reads(self, key: str) -> bool:
        """Whether readings and alarms of that course are shown."""
        return self.clinical and key not in self.no_readings

    def drug(self, key: str) -> bool:
        """Whether the drug and its amount are shown; else the label of the blinded dose stands there."""
        return self.clinical and key not in self.no_drug


def eyes_of(account: Account, courses: Iterable[Loaded]) -> Eyes:
    """The sight of that account. Whoever gives doses reads what they read, also where the arm is hidden from them."""
    rows = [one.row for one in courses]
    gives = access.may_record_dose(account)
    return Eyes(
        names=access.may_see_names(account),
        clinical=access.is_care(account),
        no_readings=frozenset(r.key for r in rows if not (gives or access.may_see_readings(account, r))),
        no_drug=frozenset(r.key for r in rows if not access.may_see_arm(account, r)),
        me=account.key,
    )


@dataclass(frozen=True, slots=True)
class Room:
    """What the board knows besides the courses: the chairs in use, names of accounts by key, and who is being called.

    `alerts` has, by course and cause, whom the alert of an alarm is with and when it goes on.
    """

    seats: tuple[Seat, ...]
    names: Mapping[str, str]
    alerts: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def where(self, place: str) -> str:
        """The chair as the site calls it."""
        return next((seat.label for seat in self.seats if seat.key == place), place_words(place))

    def has(self, place: str) -> bool:
        """Whether it is one of the site's chairs in use."""
        return any(seat.key == place for seat in self.seats)
