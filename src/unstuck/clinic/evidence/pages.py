"""What the pages of the evidence show: frozen values from a release, a protocol and counts, without any query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.evidence.forest import Axis, Forest, Row, axis_for, narrow_svg, numbers, share_axis, wide_svg
from unstuck.clinic.evidence.funnel import Dot, Funnel, funnel_svg, verdict
from unstuck.clinic.evidence.own import Beside, interval
from unstuck.core.evidence_release import Heard, Line, Paper, Pool, Release
from unstuck.core.evidence_words import VERDICTS, claims_for
from unstuck.core.protocol import Protocol, Strength

STRENGTHS = {
    Strength.NONE: gettext_lazy("none"),
    Strength.VERY_LOW: gettext_lazy("very low"),
    Strength.LOW: gettext_lazy("low"),
    Strength.MODERATE: gettext_lazy("moderate"),
    Strength.HIGH: gettext_lazy("high"),
}
STATES = {"right": "ok", "wrong": "held", "imprecise": "info"}


@dataclass(frozen=True, slots=True)
class TableRow:
    name: str
    detail: str
    said: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A forest plot with the same figures as a table, and what must be said beside it."""

    key: str
    title: str
    wide: SafeString
    narrow: SafeString
    rows: tuple[TableRow, ...]
    silent: tuple[TableRow, ...]
    method: str
    new_study: str
    warning: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimRow:
    topic: str
    claim: str
    verdict: str
    state: str
    says: str
    source: str
    address: str
    known: str


@dataclass(frozen=True, slots=True)
class OwnPart:
    """One endpoint of this clinic. Where the group is too small there is neither a plot nor a share."""

    title: str
    enough: bool
    smallest: int
    started: int
    early: int
    met: int
    missing: int
    percent: str
    interval: str
    plot: Plot | None
    funnel: SafeString | None
    funnel_rows: tuple[TableRow, ...]
    funnel_words: str


@dataclass(frozen=True, slots=True)
class ShelfRow:
    key: str
    title: str
    strength: str
    by_lot: int
    others: int
    claims: int
    waits: bool


@dataclass(frozen=True, slots=True)
class IndexPage:
    dated: date
    release: str
    rows: tuple[ShelfRow, ...]
    plots: tuple[Plot, ...]


@dataclass(frozen=True, slots=True)
class ProtocolPage:
    key: str
    title: str
    dated: date
    release: str
    strength: str
    why: str
    by_lot: tuple[Paper, ...]
    others: tuple[Paper, ...]
    plots: tuple[Plot, ...]
    claims: tuple[ClaimRow, ...]
    own: tuple[OwnPart, ...] | None  # None for a reader who may not see outcomes


@dataclass(frozen=True, slots=True)
class ClaimsPage:
    dated: date
    key: str
    title: str
    topics: tuple[tuple[str, tuple[ClaimRow, ...]], ...]

    @property
    def count(self) -> int:
        return sum(len(rows) for _topic, rows in self.topics)


def index_page(release: Release, protocols: Iterable[Protocol], waiting: frozenset[str]) -> IndexPage:
    """Every treatment of the library with what is known of it, and every question that was pooled."""
    rows = tuple(_shelf_row(release, protocol, waiting) for protocol in protocols)
    return IndexPage(release.dated, release.hash[:12], rows, tuple(plot_of(pool) for pool in release.pools))


def _shelf_row(release: Release, protocol: Protocol, waiting: frozenset[str]) -> ShelfRow:
    papers = _papers(release, protocol.key)
    by_lot = sum(paper.by_lot for paper in papers)
    return ShelfRow(
        protocol.key, protocol.title, str(STRENGTHS[protocol.strength]), by_lot, len(papers) - by_lot,
        len(claims_for(release, protocol.key)), protocol.key in waiting,
    )  # fmt: skip


def _papers(release: Release, key: str) -> tuple[Paper, ...]:
    return tuple(paper for paper in release.papers if key in paper.protocols)


def protocol_page(release: Release, protocol: Protocol, own: Sequence[Beside] | None) -> ProtocolPage:
    """What was tried, on whom, what came out and how sure that is."""
    papers = _papers(release, protocol.key)
    return ProtocolPage(
        key=protocol.key,
        title=protocol.title,
        dated=release.dated,
        release=release.hash[:12],
        strength=str(STRENGTHS[protocol.strength]),
        why=protocol.strength_why,
        by_lot=tuple(paper for paper in papers if paper.by_lot),
        others=tuple(paper for paper in papers if not paper.by_lot),
        plots=tuple(plot_of(pool) for pool in release.pools if protocol.key in pool.protocols),
        claims=tuple(claim_row(claim) for claim in claims_for(release, protocol.key)),
        own=None if own is None else tuple(_own(part) for part in own),
    )


def claims_page(release: Release, protocol: Protocol | None) -> ClaimsPage:
    """What is claimed and what the sources say, by topic, for one treatment or for all."""
    claims = claims_for(release, protocol.key) if protocol else release.claims
    ordered = sorted(claims, key=lambda claim: claim.topic)
    topics = tuple(
        (t, tuple(claim_row(c) for c in rows)) for t, rows in groupby(ordered, key=lambda claim: claim.topic)
    )
    return ClaimsPage(release.dated, protocol.key if protocol else "", protocol.title if protocol else "", topics)


def claim_row(claim: Heard) -> ClaimRow:
    """A claim as it is shown: the verdict as a sentence, never as a colour."""
    state = STATES.get(claim.verdict, "not_known")
    words = VERDICTS[claim.verdict]
    return ClaimRow(claim.topic, claim.claim, words, state, claim.says, claim.source, claim.address, claim.known)


def plot_of(pool: Pool) -> Plot:
    """A pool as a forest plot; trials without a figure are listed beside it, with what they say."""
    rows = [_line_row(line) for line in pool.lines]
    if pool.mean is not None:
        people = _("%(n)s people") % {"n": pool.mean.n} if pool.mean.n else ""
        detail = ", ".join(x for x in (_("%(k)s rows") % {"k": len(pool.lines)}, people) if x)
        rows.append(Row(_("Together"), detail, pool.mean.estimate, pool.mean.low, pool.mean.high, "mean"))
    axis = axis_for(tuple(rows), pool.favours_low, pool.favours_high, ratio=pool.ratio)
    return _plot(pool.key, Forest(pool.question, pool.unit, axis, tuple(rows)), pool)


def _plot(key: str, forest: Forest, pool: Pool | None = None) -> Plot:
    table = tuple(TableRow(row.name, row.detail, numbers(row, forest.axis)) for row in forest.rows)
    silent = tuple(TableRow(s.label, _people(s.n), _silent(s.why, s.says)) for s in pool.silent) if pool else ()
    return Plot(
        key, forest.title, wide_svg(forest), narrow_svg(forest), table, silent, pool.method if pool else "",
        _new_study(pool, forest.axis) if pool else "", pool.warning if pool else "", pool.notes if pool else (),
    )  # fmt: skip


def _new_study(pool: Pool, axis: Axis) -> str:
    if pool.new_study_low is None or pool.new_study_high is None:
        return ""
    ends = {"low": axis.printed(pool.new_study_low), "high": axis.printed(pool.new_study_high)}
    return _("The effect of one more trial would lie between %(low)s and %(high)s.") % ends


def _line_row(line: Line) -> Row:
    people = f"{_people(line.n)} · " if line.n else ""
    return Row(line.label, f"{people}{line.detail}", line.estimate, line.low, line.high)


def _people(n: int | None) -> str:
    return _("%(n)s people") % {"n": n} if n else _("number of people not known")


def _silent(why: str, says: str) -> str:
    return says or f"{why[:1].upper()}{why[1:]}."


def _own(part: Beside) -> OwnPart:
    own = part.own
    shown = part.enough
    share, low, high = interval(own.met, own.started) if shown else (0.0, 0.0, 0.0)
    return OwnPart(
        title=part.endpoint.title,
        enough=shown,
        smallest=part.smallest,
        started=own.started,
        early=part.early,
        met=own.met,
        missing=own.missing,
        percent=f"{100 * share:.0f}" if shown else "",
        interval=f"{100 * low:.0f} {_('to')} {100 * high:.0f} %" if shown else "",
        plot=_beside_plot(part) if shown else None,
        funnel=funnel_svg(funnel) if shown and (funnel := _funnel(part)) else None,
        funnel_rows=_funnel_rows(part) if shown else (),
        funnel_words=_funnel_words(part) if shown else "",
    )


def _beside_plot(part: Beside) -> Plot:
    rows = [_share_row(_("This clinic"), _own_detail(part), part.own.met, part.own.started, "own")]
    for arm in part.arms:
        lot = _("by lot") if arm.by_lot else _("no comparison")
        detail = f"{arm.met} {_('of')} {arm.of} · {arm.arm} · {arm.when} · {lot}"
        rows.append(_share_row(f"{arm.label}{'' if arm.treated else ', ' + _('control')}", detail, arm.met, arm.of))
    axis = share_axis(_("fewer responded"), _("more responded"))
    return _plot(part.endpoint.key, Forest(_("Here, and in the published arms"), _("responded"), axis, tuple(rows)))


def _own_detail(part: Beside) -> str:
    words = _("%(met)s of %(all)s who began · %(missing)s without a score")
    return words % {"met": part.own.met, "all": part.own.started, "missing": part.own.missing}


def _share_row(name: str, detail: str, met: int, of: int, kind: str = "trial") -> Row:
    share, low, high = interval(met, of)
    return Row(name, detail, share, low, high, kind)


def _funnel(part: Beside) -> Funnel | None:
    if part.benchmark is None:
        return None
    met, of = part.benchmark
    dots = [Dot(_("This clinic"), part.own.started, part.own.met, own=True)]
    dots += [Dot(f"{arm.label}, {arm.arm}", arm.of, arm.met) for arm in part.arms if arm.treated]
    return Funnel(_("Shares and sizes"), met / of, f"{met} {_('of')} {of}", tuple(dots))


def _funnel_rows(part: Beside) -> tuple[TableRow, ...]:
    funnel = _funnel(part)
    dots = funnel.dots if funnel else ()
    return tuple(TableRow(d.name, f"{d.met} {_('of')} {d.size}", verdict(d, funnel.share)) for d in dots if funnel)


def _funnel_words(part: Beside) -> str:
    funnel = _funnel(part)
    if funnel is None:
        return _("No published arm counts this outcome, so that there is nothing to draw a funnel around.")
    said = {"share": f"{100 * funnel.share:.0f}", "counts": funnel.share_words}
    words = _(
        "Around %(share)s %% (%(counts)s), the published share with the treatment. Of 100 groups with this share, 95"
        " lie in the darker area, and of 1,000, 998 in the lighter one. This does not test whether the treatment works:"
        " nobody here was given it, or something else, by lot."
    )
    return words % said
