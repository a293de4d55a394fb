"""The outcome of the own course on one page, in plain words: what changed, how sure that is, and what is missing.

The figures are those of the page that clinicians read (`core.summary`); amounts and the clinicians' terms are left out.
Where a trial hides what was given, nothing stands here from which it could be guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.course.models import Course
from unstuck.clinic.course.own import day_words
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import whole
from unstuck.clinic.pathway.summary_pdf import paper
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account
from unstuck.core.instrument_file import load_instrument
from unstuck.core.summary import Changed, Summary, summarise

HARMS: dict[str, str | Promise] = {
    "dissociation_distress": gettext_lazy("Feeling far away, and frightened by it"),
    "sedation": gettext_lazy("Great sleepiness"),
    "respiratory_depression": gettext_lazy("Slow breathing"),
    "blood_pressure": gettext_lazy("High or low blood pressure"),
    "heart_rate": gettext_lazy("Fast or slow heartbeat"),
    "nausea": gettext_lazy("Nausea"),
    "vomiting": gettext_lazy("Vomiting"),
    "dizziness": gettext_lazy("Dizziness"),
    "fall": gettext_lazy("A fall"),
    "headache": gettext_lazy("Headache"),
    "panic": gettext_lazy("Panic"),
    "psychosis": gettext_lazy("Hearing, seeing or believing what was not so"),
    "mania": gettext_lazy("Being far too high"),
    "suicidal_thoughts": gettext_lazy("Thoughts of not living"),
    "urinary": gettext_lazy("Trouble passing water"),
    "hepatic": gettext_lazy("Liver values"),
    "cognitive": gettext_lazy("Memory or attention"),
    "misuse": gettext_lazy("Use outside the plan"),
    "iv_site": gettext_lazy("Trouble where the needle was"),
    "allergy": gettext_lazy("Allergy"),
    "medication_error": gettext_lazy("A mistake with a medicine"),
    "other": gettext_lazy("Something else"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnSummary:
    """The page: its parts, and when it was made."""

    parts: tuple[Part, ...]
    made: str


def own_summary(account: Account, loaded: Loaded, at: datetime, zone: tzinfo) -> OwnSummary:
    """What the person is told of the own course as it stands at `at`."""
    found = summarise(loaded.protocol, loaded.state, load_instrument(loaded.protocol.curve), at, zone)
    open_ = access.may_see_doses(account, loaded.row)
    return OwnSummary(
        parts=(
            Part(_("What was done"), _done(found, zone) if open_ else (_hidden(),)),
            Part(_("What changed"), _changed(found.curve)),
            Part(_("What is missing"), (_missing(found),)),
            *((Part(_("Unwanted effects"), _harms(found)),) if open_ else ()),
            Part(_("How to read this"), _caution()),
        ),
        made=_("Made on %(when)s from your record.") % {"when": day_words(at, zone, clock=True)},
    )


def on_paper(summary: OwnSummary, course: Course, site: str) -> bytes:
    """The same as a PDF, with the name of whose it is."""
    who = (_("Who"), (f"{course.person.name}. {site}.",))
    return paper(_("Your summary"), [who, *((part.title, part.lines) for part in summary.parts)], summary.made, site)


def _done(found: Summary, zone: tzinfo) -> tuple[str, ...]:
    therapy = _("Therapy sessions: %(n)s.") % {"n": found.therapy_sessions}
    if not found.doses:
        return _("No dose was given."), therapy
    words = {"n": len(found.doses), "first": day_words(found.doses[0][0], zone)}
    last = day_words(found.doses[-1][0], zone)
    if len(found.doses) == 1:
        return _("Doses: 1, on %(first)s.") % words, therapy
    return _("Doses: %(n)s, from %(first)s to %(last)s.") % {**words, "last": last}, therapy


def _hidden() -> str:
    return _("You are in a trial. What you were given stays hidden until it ends, so it does not stand here.")


def _changed(curve: Changed) -> tuple[str, ...]:
    if curve.change is None or curve.first is None or curve.last is None:
        return (_("Not known yet: there is no answer from before and one from after."),)
    words = {"a": whole(curve.first.value), "b": whole(curve.last.value)}
    went = _("Your answers about what troubles you went from %(a)s to %(b)s. Lower means less trouble.") % words
    if curve.span is None or curve.noise is None:
        return went, _("How much of it is chance is not known.")
    chance = _("Two answers of one person can lie %(noise)s points apart by chance alone.")
    chance %= {"noise": whole(round(curve.noise))}
    return went, f"{chance} {_between(*curve.span)}", _beyond(curve)


def _between(low: float, high: float) -> str:
    """Where the change may in truth lie; on these scales a fall is better."""
    words = {"a": whole(round(min(abs(low), abs(high)))), "b": whole(round(max(abs(low), abs(high))))}
    if high <= 0:
        return _("So yours may in truth have come down by anything from %(a)s to %(b)s points.") % words
    if low >= 0:
        return _("So yours may in truth have gone up by anything from %(a)s to %(b)s points.") % words
    ends = {"down": whole(round(-low)), "up": whole(round(high))}
    return _("So yours may in truth lie anywhere from %(down)s points lower to %(up)s points higher.") % ends


def _beyond(curve: Changed) -> str:
    return _("That is more than chance explains.") if curve.beyond_noise else _("That could be chance alone.")


def _missing(found: Summary) -> str:
    if not found.asked:
        return _("Nothing was due yet.")
    words = {"gone": found.asked - found.answered, "asked": found.asked}
    if found.asked == found.answered:
        return _("Nothing. You answered each time that we asked: %(asked)s times.") % words
    said = _("Of %(asked)s times that we asked you, %(gone)s have no answer. No answer is not counted as better.")
    return said % words


def _harms(found: Summary) -> tuple[str, ...]:
    if not found.harms:
        return (_("None was written down. That is not the same as none happened: tell us."),)
    return tuple(f"{HARMS.get(kind, HARMS['other'])}: {times}" for kind, _worst, times in found.harms)


def _caution() -> tuple[str, ...]:
    return (
        _("A change does not show that the treatment made it: time and other help count too."),
        _("Effects of ketamine often fade within weeks. Its use for trauma is not approved by the authorities."),
        _("Ask us what is not clear. If it gets worse, do not wait for a visit: call."),
    )
