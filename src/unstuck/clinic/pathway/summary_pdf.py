"""The outcome of a course as one page of PDF, for the person, the prescriber or the person's other clinicians."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from io import BytesIO

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

from unstuck.clinic.course.words import ENDINGS
from unstuck.clinic.custody.letters import shown
from unstuck.core.deciding import figures
from unstuck.core.summary import Changed, Outcome, Summary


class Audience(StrEnum):
    """Whom the page speaks to."""

    PATIENT = "patient"
    PRESCRIBER = "prescriber"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose page it is, from which clinic, and when it was made."""

    name: str
    born: str
    site: str
    at: datetime
    zone: tzinfo
    audience: Audience
    to: str = ""
    masked: bool = False  # whether the plan hides the arm from the person


_SHEET = getSampleStyleSheet()
_BODY = ParagraphStyle("body", parent=_SHEET["Normal"], fontSize=10, leading=14, spaceAfter=4)
_HEAD = ParagraphStyle("head", parent=_SHEET["Heading3"], spaceBefore=8, spaceAfter=2)
_SMALL = ParagraphStyle("small", parent=_SHEET["Normal"], fontSize=8, leading=10)


def pdf(summary: Summary, heading: Heading) -> bytes:
    """The page's bytes; the same figures make the same bytes."""
    return paper(_("Outcome of treatment"), sections(summary, heading), _foot(heading), heading.site)


def paper(title: str, parts: Iterable[tuple[str, Iterable[str]]], foot: str, site: str) -> bytes:
    """A title, parts of (heading, lines) and a line at the foot as a PDF; the same words make the same bytes."""
    file = BytesIO()
    edges = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 18 * mm)
    page = SimpleDocTemplate(file, pagesize=A4, title=title, author=site, invariant=1, **edges)
    flow: list[Flowable] = [Paragraph(shown(title), _SHEET["Title"])]
    for head, lines in parts:
        flow.append(Paragraph(shown(head), _HEAD))
        flow += [Paragraph(shown(line), _BODY) for line in lines]
    page.build([*flow, Spacer(1, 4 * mm), Paragraph(shown(foot), _SMALL)])
    return file.getvalue()


def sections(summary: Summary, heading: Heading) -> list[tuple[str, list[str]]]:
    """(heading, lines) in the order of the page: what each reader is told, in words."""
    you = heading.audience is Audience.PATIENT
    parts = [
        (_("Who"), _who(heading)),
        (_("What was done"), _done(summary, heading)),
        (_("What changed"), [*_change(summary.curve, you), *_outcomes(summary.outcomes)]),
        (_("What is missing"), [_missing(summary)]),
        (_("Unwanted effects"), _harms(summary)),
        (_("How to read this"), _caution(you)),
    ]
    return parts


def _who(heading: Heading) -> list[str]:
    born = _(", born %(born)s") % {"born": heading.born} if heading.born else ""
    lines = [f"{heading.name}{born}. {heading.site}."]
    if heading.to:
        lines.append(_("For %(to)s, by the person's signed release.") % {"to": heading.to})
    return lines


def _done(summary: Summary, heading: Heading) -> list[str]:
    first, last = _day(summary.started_at, heading), _day(summary.doses[-1][0] if summary.doses else None, heading)
    lines = [f"{summary.protocol}.", _ended(summary)]
    if not summary.doses:
        lines.append(_("No dose was given. Therapy sessions held: %(n)s.") % {"n": summary.therapy_sessions})
        return lines
    words = {"n": len(summary.doses), "first": first, "last": last, "t": summary.therapy_sessions}
    lines.append(_("Doses: %(n)s, between %(first)s and %(last)s. Trauma-focused sessions: %(t)s.") % words)
    if heading.masked and heading.audience is Audience.OTHERS:
        lines.append(
            _("Chance decided which drug; it stays hidden until the comparison ends. In an emergency we say it.")
        )
    elif heading.audience is not Audience.PATIENT:
        amounts = ", ".join(f"{_day(at, heading)} {drug} {mg:g} mg" for at, drug, mg in summary.doses)
        lines.append(f"{amounts}.")
    return lines


def _ended(summary: Summary) -> str:
    if not summary.ended:
        return _("The course goes on.")
    return _("The course has ended: %(how)s.") % {"how": str(ENDINGS.get(summary.ended, summary.ended)).lower()}


def _change(curve: Changed, you: bool) -> list[str]:
    if curve.change is None or curve.first is None or curve.last is None:
        return [
            _("%(title)s: not known. There is no score before treatment and one after it.") % {"title": curve.title}
        ]
    words = {
        "title": curve.title,
        "a": f"{curve.first.value:g}",
        "b": f"{curve.last.value:g}",
        "d": f"{curve.change:+g}",
    }
    lines = [_("%(title)s went from %(a)s to %(b)s: %(d)s points. Lower is better.") % words]
    if curve.span is None:
        return [*lines, _("How much of it is error of measurement is not known for this scale.")]
    low, high = curve.span
    noise = {"noise": f"{curve.noise:g}", "low": f"{low:+g}", "high": f"{high:+g}"}
    lines.append(
        _("Two scores of one person can differ by %(noise)s points by error alone: the change lies between %(low)s and "
          "%(high)s.") % noise
    )  # fmt: skip
    if you:
        lines.append(_("That is more than chance in answering explains.") if curve.beyond_noise
                     else _("That could be chance in answering alone."))  # fmt: skip
    return lines


def _outcomes(outcomes: tuple[Outcome, ...]) -> list[str]:
    words = {True: _("Yes."), False: _("No."), None: ""}
    return [" ".join(filter(None, (f"{o.title}:", words[o.result.met], figures(o.result)))) for o in outcomes]


def _missing(summary: Summary) -> str:
    gone = summary.asked - summary.answered
    if not summary.asked:
        return _("Nothing was due yet.")
    words = {"gone": gone, "asked": summary.asked}
    return (
        _("%(gone)s of %(asked)s questionnaires that were due are missing. What is missing is not counted as better.")
        % words
    )


def _harms(summary: Summary) -> list[str]:
    if not summary.harms:
        return [_("None was written down. None written is not the same as none happened.")]
    said = [f"{c.replace('_', ' ')} ({_('grade')} {g}, {n} x)" for c, g, n in summary.harms]
    return [f"{'; '.join(said)}."]


def _caution(you: bool) -> list[str]:
    return [
        _("A change after treatment does not show that the treatment made it: time and other help count too."),
        _("Effects of ketamine often fade within weeks; the use in post-traumatic stress is not approved."),
        _("Ask us what is not clear. If things get worse, do not wait for a visit.")
        if you
        else _("No psychotherapy note is part of this page. Ask the clinic for what is not here."),
    ]


def _day(moment: datetime | None, heading: Heading) -> str:
    return moment.astimezone(heading.zone).strftime("%-d %b %Y") if moment else _("not known")


def _foot(heading: Heading) -> str:
    made = heading.at.astimezone(heading.zone).strftime("%-d %b %Y %H:%M")
    return _("Made from the record on %(when)s.") % {"when": made}
