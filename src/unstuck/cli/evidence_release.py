"""`unstuck evidence release`: pools anew, writes the dated, hashed file, and says what changed since the last one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time

from unstuck.cli.evidence_pools import CAREFUL, Asked, as_pool, of_selection, of_table, one_a_study
from unstuck.cli.evidence_text import effect_line
from unstuck.core.arithmetic import Z95, se_of_interval
from unstuck.core.claims_file import load_claims, load_reviews
from unstuck.core.errors import Complaint
from unstuck.core.evidence import Count, Measure, Purpose, Review, Role, Study
from unstuck.core.evidence_file import load_measures, load_studies
from unstuck.core.evidence_release import ArmResult, Heard, Line, Paper, Pool, Release, written
from unstuck.core.evidence_release_file import library_hash, newest, read_release, shipped
from unstuck.core.evidence_rows import Query, Unit, label, select
from unstuck.core.references_file import load_references
from unstuck.core.sourced import Read, Source

KETAMINE = ("favours control", "favours ketamine")
MDMA = "MDMA with therapy against low dose or placebo with therapy, six trials"
THERAPY = ("favours control", "favours therapy")
G = "standard deviations (g)"
CONTROLS = (
    ("waiting", "waiting", ["Waitlist"]),
    ("other", "usual care or another treatment", ["TAU", "Other"]),
)
THERAPIES = {"PE": ("pe", "Prolonged exposure"), "EMDR": ("emdr", "EMDR")}


def run(args: argparse.Namespace) -> int:
    """Write the release. Complaint where the date is no date or the folder cannot be written."""
    made = make(_instant(args.date))
    folder = args.out or shipped()
    before = newest([folder]) if folder.is_dir() else None
    path = folder / made.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(written(made), encoding="utf-8")
    except OSError as error:
        raise Complaint(f"Cannot be written: {error.strerror}.", str(path)) from error
    read_release(path)
    if args.json:
        print(json.dumps({"file": str(path), "hash": made.hash, "dated": made.dated.isoformat()}))
        return 0
    print(f"{path}\ndated {made.dated}, hash {made.hash}")
    print(f"{len(made.papers)} studies, {len(made.pools)} pools, {len(made.claims)} claims.")
    print(_since(before, made))
    return 0


def make(made_at: datetime) -> Release:
    """The release of that instant from the library as it is."""
    studies, measures, references = load_studies(), load_measures(), load_references()
    return Release(
        made_at=made_at,
        library=library_hash(),
        pools=tuple(_pools(studies, measures)),
        arms=tuple(_arm_results(studies, measures)),
        papers=tuple(_paper(study, studies, measures, references) for study in studies.values()),
        claims=tuple(_heard(references)),
    )


def _instant(text: str | None) -> datetime:
    """Now, or the beginning of the day that is named, in UTC."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise Complaint(f"{text!r} is no date.", mend="Write it like 2027-01-15.") from None


def _since(before: Release | None, made: Release) -> str:
    if before is None:
        return "It is the first one in this folder."
    if before.library == made.library:
        return f"The library is as it was on {before.dated}."
    old, new = {p.key: p for p in before.papers}, {p.key: p for p in made.papers}
    changed = sorted(k for k in old.keys() & new.keys() if old[k] != new[k])
    added, gone = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    parts = [
        f"{word}: {', '.join(keys)}" for word, keys in (("new", added), ("changed", changed), ("gone", gone)) if keys
    ]
    return f"Since {before.dated}: {'; '.join(parts) or 'claims, reviews or tables changed'}."


def _pools(studies: Mapping[str, Study], measures: dict[str, Measure]) -> Iterator[Pool]:
    """The questions that the clinic shows, the ketamine ones first."""
    asked = (
        (Unit.SMD, "ptsd_g", "PTSD symptoms, ketamine against control, first time read", G),
        (Unit.RR, "ptsd_responders", "People who responded, ketamine against control", "ratio of responders"),
    )
    for unit, key, question, words in asked:
        selection = select(studies, measures, Query(unit))
        protocols = sorted({p for row in selection.rows for p in studies[row.study].protocols})
        silent = sorted({p for out in selection.left_out for p in studies[out.study].protocols})
        about = Asked(key, question, unit, words, *KETAMINE, tuple(sorted({*protocols, *silent})))
        yield as_pool(about, of_selection(selection, measures), CAREFUL, selection)
    yield _published(
        "borgogna_2024", "borgogna", "What one review of six trials printed", tuple(sorted(_ketamine(studies)))
    )
    for treatment, (protocol, title) in THERAPIES.items():
        for key, words, controls in CONTROLS:
            about = Asked(f"{protocol}_{key}", f"{title} against {words}", Unit.SMD, G, *THERAPY, (protocol,))
            rows, said = one_a_study(of_table("psychotherapy", treatment, controls))
            yield _noted(as_pool(about, rows, CAREFUL), said)
    about = Asked("mdma_g", MDMA, Unit.SMD, G, "favours control", "favours MDMA", ("maps_frame",))
    yield as_pool(about, of_table("mdma", None, []), CAREFUL)


def _noted(pool: Pool, said: str) -> Pool:
    return replace(pool, notes=(*pool.notes, said)) if said else pool


def _ketamine(studies: Mapping[str, Study]) -> set[str]:
    found = (s for s in studies.values() if s.purpose is Purpose.TREATMENT)
    return {protocol for study in found for protocol in study.protocols}


def _published(source: str, key: str, question: str, protocols: tuple[str, ...]) -> Pool:
    """Published pools side by side, never pooled again: they share their trials."""
    reviews = [r for r in load_reviews() if r.origin.source == source and r.usable]
    lines = tuple(_review_line(review) for review in reviews if review.value is not None)
    note = "These rows share their trials and are not added up. The rows of the trials could not be read."
    return Pool(
        key=key, question=question, unit=G, favours_low=KETAMINE[0], favours_high=KETAMINE[1],
        ratio=False, lines=lines, silent=(), method="", warning="", notes=(note,), protocols=protocols,
    )  # fmt: skip


def _review_line(review: Review) -> Line:
    assert review.value is not None and review.low is not None and review.high is not None
    se = se_of_interval(review.low, review.high)
    words = f"{review.title}; {review.origin.words}"
    return Line(review.question, review.value, review.value - Z95 * se, review.value + Z95 * se, None, review.n, words)


def _arm_results(studies: Mapping[str, Study], measures: Mapping[str, Measure]) -> Iterator[ArmResult]:
    """Responders of every arm, for a site to stand beside. Figures from memory stay out."""
    for study in studies.values():
        for count in (e for e in study.effects if isinstance(e, Count) and e.good and e.origin.read is not Read.MEMORY):
            arm = study.arm(count.arm)
            if arm is None or count.met is None or not count.of or not count.what.startswith("fall of"):
                continue
            yield ArmResult(
                study.key, label(study), arm.title, count.measure, count.what, count.at.words, count.met, count.of,
                study.form.by_lot, arm.role is Role.TREATED, count.origin.words, tuple(sorted(study.protocols)),
            )  # fmt: skip


def _paper(
    study: Study, studies: Mapping[str, Study], measures: Mapping[str, Measure], references: Mapping[str, Source]
) -> Paper:
    return Paper(
        key=study.key, label=label(study), title=study.title, year=study.year, design=study.design,
        population=study.population, n=study.n, by_lot=study.form.by_lot, read=study.read.value,
        sources=tuple((references[key].title, references[key].address) for key in study.sources),
        arms=tuple((arm.title, _flow(arm.started, arm.completed)) for arm in study.arms),
        found=tuple(effect_line(effect, measures) for effect in study.effects), gaps=study.gaps,
        bias=tuple(f"{b.domain}: {b.judgement.value} ({b.by}). {b.why}" for b in study.bias),
        same_people_as=label(studies[study.part_of]) if study.part_of else "",
        protocols=tuple(sorted(study.protocols)),
    )  # fmt: skip


def _flow(started: int | None, completed: int | None) -> str:
    began = "number not known" if started is None else f"{started} began"
    return began if completed is None else f"{began}, {completed} completed"


def _heard(references: Mapping[str, Source]) -> Iterator[Heard]:
    for claim in load_claims():
        source = references.get(claim.source)
        known = {
            "verified": "read in the source",
            "secondary": "read on a page that reports it",
            "memory": "from memory",
        }
        yield Heard(
            claim.key, claim.topic, claim.claim, claim.says, claim.verdict.value, source.title if source else "",
            source.address if source else "", known[claim.read.value] if source else "no source was found",
            claim.protocols,
        )  # fmt: skip
