"""Making links, taking answers page by page, and writing the completed assessment into its course."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from unstuck.clinic.alerts.answers import needs_somebody, raise_for_answers
from unstuck.clinic.assessment.models import Link, Waiting
from unstuck.clinic.assessment.wording import wording_of
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load, protocol_of
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.messages.actions import Letter, send
from unstuck.core import events as ev
from unstuck.core.activities import Assess
from unstuck.core.assessment import Answer, complaints_about, event_parts, score, shown_items
from unstuck.core.course import Course as State
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import instrument_keys, load_instrument
from unstuck.core.refusals import Refusal
from unstuck.core.verdict import verdict
from unstuck.core.wording_file import may_score_for_care

GOOD_FOR = timedelta(days=4)
_SALT = "unstuck.answer"


class LinkGone(Complaint):
    """The link is forged, used up or too old."""


class NotNow(Complaint):
    """The step is closed, or over."""


class NothingToAsk(Complaint):
    """The step asks no questionnaire of this rater."""


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of one step."""

    step: str
    occurrence: int


def make_link(course: Course, place: Place, actor: str, at: datetime) -> str:
    """The signed token of a new link to what the step asks the person. Raises NothingToAsk, NotNow, NoWording."""
    asked = asked_of(course, place, "patient")
    _refuse_closed(course, place, at)
    return _sign(course, place, asked, Made(actor, at, at + GOOD_FOR))[1]


@dataclass(frozen=True, slots=True)
class Made:
    """Who makes a link, when, and until when it opens."""

    by: str
    at: datetime
    until: datetime


def make_free_link(course: Course, instruments: Sequence[str], made: Made) -> tuple[Link, str]:
    """A link to instruments that no step asks, such as a check-in, and its signed token. Raises NotNow, NoWording."""
    if consent_withdrawn(load(course).state):
        raise NotNow(_("This step is done or skipped already."))
    return _sign(course, Place("", 1), [load_instrument(key) for key in instruments], made)


def _sign(course: Course, place: Place, asked: Sequence[Instrument], made: Made) -> tuple[Link, str]:
    for instrument in asked:
        wording_of(instrument, course.simulated)
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        link = Link.objects.create(
            token_hash=_hash(token),
            course=course,
            step=place.step,
            occurrence=place.occurrence,
            instruments=[i.key for i in asked],
            made_by=made.by,
            made_at=made.at,
            expires_at=made.until,
        )
        note("link.made", made.by, made.at, {"step": place.step, "occurrence": place.occurrence}, course.key)
    return link, signing.Signer(salt=_SALT).sign(token)


def revoke_link(link: Link, actor: str, at: datetime) -> None:
    """The link opens nothing any more; what was answered behind it and not yet sent is gone."""
    with transaction.atomic():
        if Link.objects.filter(pk=link.pk, revoked_at=None, finished_at=None).update(revoked_at=at):
            link.waiting.all().delete()
            note("link.revoked", actor, at, {"link": link.pk}, link.course.key)


def consent_withdrawn(state: State, since: datetime | None = None) -> bool:
    """Whether consent was taken back: since that instant, or, without one, as it stands now."""
    told = state.series.get("consent", ())
    ended = state.ended
    if ended and isinstance(ended.what, ev.CourseEnded) and ended.what.ending is ev.Ending.WITHDREW:
        return since is None or ended.observed_at >= since
    if since is None:
        return bool(told) and told[-1].value is False
    return any(seen.value is False and seen.at >= since for seen in told)


def _refuse_closed(course: Course, place: Place, at: datetime) -> None:
    loaded = load(course)
    said = verdict(loaded.protocol, loaded.state, place.step, place.occurrence, at)
    if loaded.state.settled(place.step, place.occurrence):
        raise NotNow(_("This step is done or skipped already."))
    if not said.opens:
        raise NotNow(_("This step is still closed: %(why)s") % {"why": said.unmet[0].sentence})


def asked_of(course: Course, place: Place, rater: str) -> list[Instrument]:
    """The instruments that the step asks and this rater answers. Raises NothingToAsk."""
    protocol = protocol_of(course.release)
    activity = protocol.step(place.step).activity if protocol.has(place.step) else None
    keys = activity.instruments if isinstance(activity, Assess) else ()
    found = [i for i in map(load_instrument, keys) if i.rater.value == rater]
    if not found:
        raise NothingToAsk(_("This step has no questions of that kind."))
    return found


def rated_alone(course: Course, scale: str) -> list[Instrument]:
    """The instrument that a clinician rates for no step, such as an interview before the plan begins.

    Raises NothingToAsk, and NotNow after the course has ended.
    """
    found = [load_instrument(scale)] if scale in instrument_keys() else []
    if not found or found[0].rater.value != "clinician":
        raise NothingToAsk(_("This step has no questions of that kind."))
    if course.ended_at:
        raise NotNow(_("This step is done or skipped already."))
    return found


def send_link(course: Course, address: str, at: datetime) -> bool:
    """Whether a letter with the link was put in the outbox: it needs the person's e-mail. No clinical word in it.

    It speaks every language of the patients' pages, for at this desk nobody may know which one the person reads.
    """
    if not course.person.email:
        return False
    subjects, bodies = zip(*(_letter(code, address) for code, _name in settings.LANGUAGES), strict=True)
    with transaction.atomic():
        send(Letter("link", course.person.email, " / ".join(subjects), "\n".join(bodies)), at)
    return True


def _letter(language: str, address: str) -> tuple[str, str]:
    """Subject and words in that language."""
    with override(language):
        words = _("Good day. We have a few questions for you. It takes about two minutes.\n\n%(link)s\n")
        return _("A few questions for you"), words % {"link": address}


def find_link(signed: str, at: datetime) -> Link:
    """The link behind a signed token. Raises LinkGone."""
    try:
        token = signing.Signer(salt=_SALT).unsign(signed)
    except signing.BadSignature:
        raise LinkGone(_("This link is not one of ours.")) from None
    link = Link.objects.select_related("course__person", "course__release").filter(token_hash=_hash(token)).first()
    if link is None or not _opens(link, at):
        raise LinkGone(_("This link has been used or is too old."), mend=_("Ask us for a new one."))
    return link


def _opens(link: Link, at: datetime) -> bool:
    """Not used, not too old, not taken back by us, and the consent under which it was sent stands."""
    if link.finished_at or link.revoked_at or link.expires_at < at:
        return False
    return not consent_withdrawn(load(link.course).state, link.made_at)


def keep_answers(link: Link, instrument: str, answers: Mapping[str, Answer], page: int, at: datetime) -> None:
    """Keeps a page's answers, so that the rest can wait; an answer given again replaces the first. Raises LinkGone."""
    with transaction.atomic():
        _refuse_finished(link)
        for item, value in answers.items():
            kept = sorted(value) if isinstance(value, list | set | tuple | frozenset) else value
            Waiting.objects.update_or_create(link=link, instrument=instrument, item=item, defaults={"value": kept})
        link.page, link.touched_at = page, at
        link.save(update_fields=["page", "touched_at"])


def _refuse_finished(link: Link) -> None:
    """Raises LinkGone where a second tap, or another tab, has sent the answers since this request found its link.

    Holds the link's row until the transaction ends, so that of two who send at once one waits for the other.
    """
    if Link.objects.select_for_update().get(pk=link.pk).finished_at:
        raise LinkGone(_("This link has been used or is too old."))


def waiting(link: Link, instrument: str) -> dict[str, Answer]:
    """What has been answered so far behind this link. Never shown; needed to know what to ask next."""
    return {w.item: w.value for w in link.waiting.all() if w.instrument == instrument}


def finish(link: Link, at: datetime) -> bool:
    """Writes all answers into the course and closes the link; whether an answer asks for somebody at once.

    Where the step no longer takes them (somebody skipped it meanwhile, or it is answered), they enter the course
    without a step: an answer that was given is never lost, and its giver is told nothing about the course.
    Raises LinkGone where another tap has sent them: one sheet of answers enters the course once.
    """
    with transaction.atomic():
        _refuse_finished(link)
        kept = [(i, asked_only(i, waiting(link, i.key))) for i in map(load_instrument, link.instruments)]
        entry = Entry(link.course.person.key, at, at)
        try:
            with transaction.atomic():
                urgent = complete(link.course, Place(link.step, link.occurrence) if link.step else None, kept, entry)
        except Refusal:
            urgent = complete(link.course, None, kept, entry)
        link.waiting.all().delete()
        link.finished_at = at
        link.save(update_fields=["finished_at"])
    return urgent


Sheets = Sequence[tuple[Instrument, Mapping[str, Answer]]]


def complete(course: Course, place: Place | None, filled: Sheets, entry: Entry) -> bool:
    """Records completed instruments together, of one step or of none; whether one is marked as an alert.

    Raises Complaint. Such an answer raises an alert; whether that succeeds changes nothing here.
    """
    with transaction.atomic():
        state = write_all(course, [(_completed(course, place, i, answers), entry) for i, answers in filled])
        told = state.log[-len(filled) :] if filled else ()
        raise_for_answers(course.key, told)
    return any(needs_somebody(event) for event in told)


def _completed(
    course: Course, place: Place | None, instrument: Instrument, answers: Mapping[str, Answer]
) -> ev.AssessmentCompleted:
    faults = complaints_about(instrument, answers)
    if faults:
        raise faults[0]
    wording = wording_of(instrument, course.simulated)
    parts = event_parts(score(instrument, answers))
    return ev.AssessmentCompleted(
        instrument=instrument.key,
        version=instrument.version,
        wording=wording.stamp,
        answers=parts.answers,
        scores=parts.scores,
        step=place.step if place else None,
        occurrence=place.occurrence if place else 1,
        flags=parts.flags,
        for_care=course.simulated or may_score_for_care(instrument, wording),
    )


def asked_only(instrument: Instrument, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Without answers to questions that an earlier answer, changed since, has closed."""
    kept = dict(answers)
    while stale := set(kept) - {item.key for item in shown_items(instrument, kept)}:
        kept = {key: value for key, value in kept.items() if key not in stale}
    return kept


def without_idle_noes(instrument: Instrument, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Without the lowest answer to questions that are not asked after an earlier one.

    A “no” there says nothing new; anything else contradicts the earlier answer and is left to be refused.
    """
    shown, low = {item.key for item in shown_items(instrument, answers)}, {i.key: i.low for i in instrument.items}
    return {key: value for key, value in answers.items() if key in shown or value != low.get(key)}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
