"""People on their way through screening, consent and the calendar, made through the clinic's own actions."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.course_makers import tell
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.criteria.actions import sign_as
from unstuck.clinic.criteria.models import SignedRules
from unstuck.clinic.evidence.actions import propose
from unstuck.clinic.evidence.actions import sign_as as sign_evidence
from unstuck.clinic.evidence.queries import newest_release
from unstuck.clinic.pathway.consent_texts import issue_as, text_in_use
from unstuck.clinic.pathway.consents import Identity, Signature, shown, sign
from unstuck.clinic.pathway.screening import answer
from unstuck.clinic.people.models import Account
from unstuck.core import events as ev
from unstuck.core.consent import hash_of
from unstuck.core.consent_file import load_consent
from unstuck.core.protocol_file import load_protocol
from unstuck.core.screening import INDEX_TRAUMA, Before
from unstuck.core.screening_file import load_screening

RULES = load_screening()


def rules_signed(signer: str, at: datetime) -> None:
    """The library's rules of screening are signed for this site, where none were."""
    if not SignedRules.objects.exists():
        sign_as(signer, RULES.hash, at)


def clear_answers(at: datetime) -> list[tuple[str, bool | str]]:
    """The answers of somebody whom no rule keeps out: nothing is there, all tests are of today, CPT was finished."""
    today = at.date().isoformat()
    told: list[tuple[str, bool | str]] = [(f"person.{key}", False) for key, _ask in RULES.facts]
    told += [(rule.fact, False) for rule in RULES.rules if rule.ask]
    told += [(t.fact, "adequate_not" if t.key == "cpt" else "none") for t in RULES.treatments]
    told += [(m.fact, "no") for m in RULES.medicines]
    told += [(t.fact, f"normal:{today}") for t in RULES.tests if t.before is Before.FIRST_DOSE]
    return [*told, (INDEX_TRAUMA, "item1")]


def interviewed(course: Course, actor: str, at: datetime) -> None:
    """CAPS-5 with the diagnosis, DES-II, DAST-10 and the suicide screen, all without a finding, on official wording."""
    for key, scores, flags in (
        ("caps5", (("total", 44.0), ("diagnosis", "holds")), ("diagnosis",)),
        ("des2", (("total", 8.0), ("high", "fails")), ()),
        ("dast10", (("total", 0.0),), ()),
        ("cssrs_screen", (("risk", "none"),), ()),
    ):
        told = ev.AssessmentCompleted(key, "1", "sha256:test", (), scores, flags=flags, for_care=True)
        tell(course, told, actor, at)


def all_clear(course: Course, cast: dict[str, Account], at: datetime) -> None:
    """Everything asked, nothing found: a prescriber may decide."""
    rules_signed(cast["cleo"].key, at)
    interviewed(course, cast["cleo"].key, at)
    answer(course, clear_answers(at), Entry(cast["nia"].key, at, at))


def later(at: datetime, days: float) -> datetime:
    """So many days after."""
    return at + timedelta(days=days)


def consent_ready(cast: dict[str, Account], at: datetime, protocol: str = "feder_2021") -> None:
    """The words on the evidence and the text of consent of that protocol are signed for use."""
    evidence_signed(cast["cleo"].key, at, protocol)
    issue_as(load_protocol(protocol), cast["cleo"].key, at)


def evidence_signed(signer: str, at: datetime, protocol: str) -> None:
    """The words on the evidence for that protocol are signed for use."""
    release = newest_release()
    assert release is not None
    plan = load_protocol(protocol)
    for proposal in propose(release, [(plan.key, plan.title)], signer, at):
        sign_evidence(proposal.pk, signer, at)


def consents(course: Course, cast: dict[str, Account], at: datetime) -> str:
    """The person signs what is shown; its hash."""
    text = text_in_use(course.release.key)
    assert text is not None
    seen = hash_of(shown(course, text))
    every = frozenset(one.key for one in load_consent().confirm)
    return sign(course, Signature(course.person.name, Identity.PASSPORT, every, seen), Entry(cast["ben"].key, at, at))
