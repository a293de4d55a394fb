"""What the pages of protocols show: frozen values from protocols and releases, without any query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from unstuck.clinic.protocol.chart import Mark, marks, schedule_svg
from unstuck.clinic.protocol.models import Release
from unstuck.core.errors import Complaint
from unstuck.core.protocol import Protocol, Route, Strength
from unstuck.core.protocol_check import why_not_released
from unstuck.core.protocol_file import parse_protocol
from unstuck.core.protocol_text import Change, Row, Sentence, diff, explain, schedule_table
from unstuck.core.sourced import Grade, Read, Source

_LEVELS = (Strength.NONE, Strength.VERY_LOW, Strength.LOW, Strength.MODERATE, Strength.HIGH)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How strong the evidence is: a word, and the same as squares of `most`."""

    word: str
    level: int
    squares: tuple[bool, ...]

    @property
    def most(self) -> int:
        return len(self.squares)


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure with what it counts."""

    name: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its source in words, and where the source lies."""

    text: str
    source: str
    address: str


@dataclass(frozen=True, slots=True)
class Found:
    """Findings that one source tells."""

    texts: tuple[str, ...]
    source: str
    address: str


@dataclass(frozen=True, slots=True)
class Part:
    heading: str
    sentences: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    version: str
    when: str
    who: str
    hash: str
    current: bool  # whether the library's text is this one, byte for byte


@dataclass(frozen=True, slots=True)
class LibraryRow:
    key: str
    title: str
    summary: str
    evidence: Evidence
    figures: tuple[Figure, ...]
    version: str
    in_use: str  # version signed last, in words; empty where none is
    differs: bool
    found: str  # the first finding: evidence can be good and say that nothing was gained


@dataclass(frozen=True, slots=True)
class ProtocolPage:
    """Exactly what the page of one protocol shows."""

    key: str
    version: str
    title: str
    summary: str
    population: str
    full_hash: str
    evidence: Evidence
    why: str
    figures: tuple[Figure, ...]
    findings: tuple[Found, ...]
    gaps: tuple[str, ...]
    chart: SafeString
    rows: tuple[tuple[Row, str], ...]
    plan: tuple[Part, ...]
    rules: tuple[Part, ...]
    releases: tuple[ReleaseRow, ...]
    newest: ReleaseRow | None
    changes: int
    may_release: bool
    is_released: bool
    open_points: tuple[Complaint, ...]

    @property
    def number_taken(self) -> bool:
        """Whether another text is signed under this very version."""
        return not self.is_released and any(row.version == self.version for row in self.releases)

    @property
    def may_sign(self) -> bool:
        """Whether this reader can sign this text now."""
        return self.may_release and not (self.is_released or self.number_taken or self.open_points)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    part: str
    word: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class ChangesPage:
    key: str
    title: str
    version: str
    release: ReleaseRow
    changes: tuple[ChangeRow, ...]


def library_page(shelf: Iterable[Protocol], releases: Iterable[Release], zone: tzinfo) -> tuple[LibraryRow, ...]:
    """One row a protocol, in the order of the shelf."""
    last: dict[str, Release] = {}
    for release in sorted(releases, key=lambda r: (r.released_at, r.pk)):
        last[release.key] = release
    return tuple(_library_row(protocol, last.get(protocol.key), zone) for protocol in shelf)


def _library_row(protocol: Protocol, release: Release | None, zone: tzinfo) -> LibraryRow:
    words = ""
    if release:
        said = {"version": release.version, "day": _when(release.released_at, zone, clock=False)}
        words = _("Version %(version)s, since %(day)s") % said
    return LibraryRow(
        protocol.key,
        protocol.title,
        protocol.summary,
        evidence_of(protocol),
        figures_of(protocol),
        protocol.version,
        words,
        bool(release and release.hash != protocol.hash),
        protocol.findings[0].sentence if protocol.findings else _("No result is known to us."),
    )


def protocol_page(
    protocol: Protocol,
    releases: tuple[Release, ...],
    names: Mapping[str, str],
    references: Mapping[str, Source],
    zone: tzinfo,
    *,
    may_release: bool,
) -> ProtocolPage:
    """The page of one protocol for one reader."""
    rows = tuple(_release_row(release, protocol, names, zone) for release in releases)
    said = explain(protocol)
    return ProtocolPage(
        key=protocol.key,
        version=protocol.version,
        title=protocol.title,
        summary=protocol.summary,
        population=protocol.population,
        full_hash=protocol.hash,
        evidence=evidence_of(protocol),
        why=protocol.strength_why,
        figures=figures_of(protocol),
        findings=_findings(said, references),
        gaps=protocol.gaps,
        chart=schedule_svg(protocol),
        rows=tuple((row, _days(row)) for row in schedule_table(protocol)),
        plan=_parts(said, references, ("arm", "step", "regimen")),
        rules=_parts(said, references, ("gate", "limit", "monitoring", "alert", "bedside", "endpoint")),
        releases=rows,
        newest=rows[0] if rows else None,
        changes=len(_changes(releases[0], protocol)) if releases else 0,
        may_release=may_release,
        is_released=any(release.hash == protocol.hash for release in releases),
        open_points=why_not_released(protocol),
    )


def changes_page(protocol: Protocol, release: Release, names: Mapping[str, str], zone: tzinfo) -> ChangesPage:
    """What differs between a release and the library's text."""
    return ChangesPage(
        protocol.key,
        protocol.title,
        protocol.version,
        _release_row(release, protocol, names, zone),
        tuple(_change_row(change) for change in _changes(release, protocol)),
    )


def evidence_of(protocol: Protocol) -> Evidence:
    """The strength of the evidence as a word and as squares."""
    words = {
        Strength.NONE: _("None"),
        Strength.VERY_LOW: _("Very weak"),
        Strength.LOW: _("Weak"),
        Strength.MODERATE: _("Moderate"),
        Strength.HIGH: _("Strong"),
    }
    level = _LEVELS.index(protocol.strength)
    return Evidence(words[protocol.strength], level, tuple(n < level for n in range(len(_LEVELS) - 1)))


def figures_of(protocol: Protocol) -> tuple[Figure, ...]:
    """Doses, therapy sessions, days of assessment and the length of the plan."""
    placed = marks(protocol)
    assessed = len({int(mark.day // 1) for mark in placed if mark.row == "assess"})
    days = [mark.day for mark in placed] or [0.0]
    ways = _routes()
    routes = sorted({ways[regimen.route] for regimen in protocol.regimens})
    doses, more_doses = _counted(placed, "dose")
    sessions, more_sessions = _counted(placed, "therapy")
    return (
        Figure(_("Doses"), str(doses), ", ".join(routes) + more_doses if doses else _("no drug")),
        Figure(_("Therapy"), str(sessions), _("sessions") + more_sessions),
        Figure(_("Assessments"), str(assessed), _("days with one")),
        Figure(_("From start to end"), str(round((max(days) - min(days)) / 7)), _("weeks, all on target")),
    )


def _routes() -> dict[Route, str]:
    return {
        Route.IV_INFUSION: _("by vein"),
        Route.IV_BOLUS: _("by vein"),
        Route.IM: _("into a muscle"),
        Route.SC: _("under the skin"),
        Route.INTRANASAL: _("into the nose"),
        Route.SUBLINGUAL: _("under the tongue"),
        Route.ORAL: _("by mouth"),
    }


def _counted(placed: tuple[Mark, ...], row: str) -> tuple[int, str]:
    """How many marks of a row are sure to come, and in words how many more may."""
    tally = Counter(mark.sure for mark in placed if mark.row == row)
    return tally[True], _(", %(n)s more if needed") % {"n": tally[False]} if tally[False] else ""


def _days(row: Row) -> str:
    """Nominal days, the middle left out where there are many."""
    if len(row.days) <= 7:
        return ", ".join(map(str, row.days))
    return f"{', '.join(map(str, row.days[:4]))} … {row.days[-1]}"


def _headings() -> dict[str, str]:
    return {
        "arm": _("Arms"),
        "step": _("Steps"),
        "regimen": _("Doses"),
        "gate": _("What must hold first"),
        "limit": _("Limits"),
        "monitoring": _("Watching over a dose"),
        "alert": _("When somebody must act"),
        "bedside": _("Figures of the bedside"),
        "endpoint": _("What counts as an outcome"),
    }


def _parts(said: tuple[Sentence, ...], references: Mapping[str, Source], keys: tuple[str, ...]) -> tuple[Part, ...]:
    """The sentences of these parts, each part under its heading; a part without a sentence is left out."""
    headings = _headings()
    by_part = [(headings[key], tuple(_said(s, references) for s in said if s.part == key)) for key in keys]
    return tuple(Part(heading, sentences) for heading, sentences in by_part if sentences)


def _findings(said: tuple[Sentence, ...], references: Mapping[str, Source]) -> tuple[Found, ...]:
    """The findings in their order; neighbours from one source stand together."""
    told = [_said(s, references) for s in said if s.part == "finding"]
    groups = [(origin, list(group)) for origin, group in groupby(told, key=lambda s: (s.source, s.address))]
    return tuple(Found(tuple(s.text for s in group), *origin) for origin, group in groups)


def _said(sentence: Sentence, references: Mapping[str, Source]) -> Said:
    """The sentence; where the source or the figure is less than read and measured, the words say so."""
    if not sentence.source:
        return Said(sentence.text, "", "")
    source = references.get(sentence.source)
    title = source.title if source else sentence.source
    doubts = [_GRADES[sentence.grade]] if sentence.grade in _GRADES else []
    doubts += [_READS[source.read]] if source and source.read in _READS else []
    told = [_("Source: %(title)s.") % {"title": title.rstrip(".")}, *(_(doubt) for doubt in doubts)]
    return Said(sentence.text, " ".join(told), source.address if source else "")


_GRADES = {Grade.ASSUMED: "Assumed here.", Grade.DERIVED: "Derived from it."}
_READS = {Read.SECONDARY: "Read through another page.", Read.MEMORY: "Quoted from memory."}


def _release_row(release: Release, protocol: Protocol, names: Mapping[str, str], zone: tzinfo) -> ReleaseRow:
    who = names.get(release.signed_by, release.signed_by)
    when = _when(release.released_at, zone)
    return ReleaseRow(release.version, when, who, _short(release.hash), release.hash == protocol.hash)


def _changes(release: Release, protocol: Protocol) -> tuple[Change, ...]:
    if release.hash == protocol.hash:
        return ()
    return diff(parse_protocol(release.text, f"release {release.hash[:12]}"), protocol)


def _change_row(change: Change) -> ChangeRow:
    parts = {
        "about": _("About the protocol"),
        "evidence": _("Strength of the evidence"),
        "finding": _("What was found"),
        "gap": _("What the sources do not tell"),
        **_headings(),
    }
    word = _("New") if not change.was else _("Gone") if not change.now else _("Changed")
    return ChangeRow(f"{parts[change.part]}: {change.key.replace('_', ' ')}", word, change.was, change.now)


def _short(content_hash: str) -> str:
    return f"{content_hash[:4]}…{content_hash[-4:]}"


def _when(moment: datetime, zone: tzinfo, clock: bool = True) -> str:
    local = moment.astimezone(zone)
    day = f"{local.day} {local:%b %Y}"
    return f"{day}, {local:%H:%M}" if clock else day
