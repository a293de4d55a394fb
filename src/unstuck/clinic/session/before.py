"""What must be so before a dose: the protocol's own rules, and the site's: no test late, no clearance run out."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from unstuck.clinic import clock
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.criteria.actions import RulesAltered, rules
from unstuck.clinic.session.queries import Live
from unstuck.core.accepting import Watching, holding, lapsed
from unstuck.core.conditions import Truth
from unstuck.core.errors import Complaint
from unstuck.core.facts import CourseFacts
from unstuck.core.protocol import Otherwise
from unstuck.core.screening import Looked, RuleFinding
from unstuck.core.verdict import RuleVerdict, verdict


class TestLate(Complaint):
    """A test for which the next dose waits is late, or a clearance ran out; nothing was given."""

    __test__ = False  # no test of pytest


def late_tests(loaded: Loaded, at: datetime) -> tuple[Watching, ...]:
    """The repeated tests for which a dose at `at` waits."""
    return holding(rules(), loaded.state, _looked(loaded, at))


def run_out(loaded: Loaded, at: datetime) -> tuple[RuleFinding, ...]:
    """The clearances that ended before `at`, and before dose 1 the tests: the acceptance stood on them."""
    return lapsed(rules(), loaded.state, _looked(loaded, at))


def _looked(loaded: Loaded, at: datetime) -> Looked:
    local = at.astimezone(clock.zone())
    return Looked(CourseFacts(loaded.state), local, local.date())


def refuse_late_tests(loaded: Loaded, at: datetime) -> None:
    """Raises TestLate."""
    for late in late_tests(loaded, at):
        raise TestLate(_words(late), mend=_mend())
    for over in run_out(loaded, at):
        raise TestLate(f"{over.title}: {over.words}", mend=_mend())


def before_dose(live: Live, at: datetime) -> tuple[RuleVerdict, ...]:
    """Every rule before this dose; none once it is given. The site's stand after the protocol's."""
    if live.session.dose is not None:
        return ()
    state, place = live.loaded.state, live.place
    said = verdict(live.loaded.protocol, state, place.step, place.occurrence, at).rules
    return (*said, *_of_the_site(live.loaded, at))


def _of_the_site(loaded: Loaded, at: datetime) -> tuple[RuleVerdict, ...]:
    """A row for each late test and each clearance that ran out; where the signed rules cannot be trusted, one that
    says so and opens nothing."""
    try:
        late = tuple(_rule(one) for one in late_tests(loaded, at))
        return (*late, *(_over(one) for one in run_out(loaded, at)))
    except RulesAltered as fault:
        return (RuleVerdict("rules", Truth.UNKNOWN, fault.what, fault.mend or "", "", Otherwise.HOLD),)


def _rule(late: Watching) -> RuleVerdict:
    why = f"{late.why} {_mend()}"
    return RuleVerdict(f"test_{late.key}", Truth.FAILS, _words(late), why, late.source, Otherwise.HOLD)


def _over(one: RuleFinding) -> RuleVerdict:
    words, why = f"{one.title}: {one.words}", f"{one.why} {_mend()}"
    return RuleVerdict(f"{one.group}_{one.key}", Truth.FAILS, words, why, one.source, Otherwise.HOLD)


def _words(late: Watching) -> str:
    day = late.due_on.strftime("%-d %b %Y")
    return _("%(test)s is late; it was due on %(day)s.") % {"test": late.title, "day": day}


def _mend() -> str:
    return _("Its result is entered on the page of screening.")
