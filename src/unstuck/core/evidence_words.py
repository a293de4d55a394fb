"""What a release says of one treatment, in plain words for the person who is to decide."""

from __future__ import annotations

from unstuck.core.evidence_release import Heard, Release

DATED = "As of "
VERDICTS = {
    "right": "This is right.",
    "imprecise": "This is not exact.",
    "wrong": "This is wrong.",
    "unsupported": "Nobody has shown this.",
    "untraceable": "We could not find where this comes from.",
    "unverified": "We could not confirm this.",
}


def claims_for(release: Release, protocol: str) -> tuple[Heard, ...]:
    """The claims that touch this treatment; those of no treatment touch every one only on the page of all claims."""
    return tuple(claim for claim in release.claims if protocol in claim.protocols)


def text_for(release: Release, protocol: str, title: str) -> str:
    """What is known of one treatment, to be signed and kept: the same release makes the same bytes."""
    papers = [paper for paper in release.papers if protocol in paper.protocols and not paper.same_people_as]
    by_lot = [paper for paper in papers if paper.by_lot]
    lines = [f"What is known about: {title}", f"{DATED}{release.dated.isoformat()}.", ""]
    lines.append(f"We know of {_studies(len(papers))} of this treatment. {_lot(len(by_lot), len(papers))}")
    for paper in by_lot:
        people = f"{paper.n} people" if paper.n is not None else "number of people not known"
        lines.append(f"- {paper.label}: {paper.title} ({people}). {paper.population}.")
    lines += ["", "What you may hear, and what the sources say"]
    for claim in claims_for(release, protocol):
        lines += ["", f'"{claim.claim}"', f"{VERDICTS[claim.verdict]} {claim.says}", f"({_source(claim)})"]
    return "\n".join(lines) + "\n"


def says_the_same(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but the day they speak of."""
    return _undated(one) == _undated(other)


def _undated(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(DATED)]


def _studies(count: int) -> str:
    return {0: "no study", 1: "one study"}.get(count, f"{count} studies")


def _lot(count: int, of: int) -> str:
    """How many of them can tell an effect from what would have happened anyway."""
    unknown = "nobody can tell what the treatment itself did."
    if not of:
        return f"So {unknown}"
    if not count:
        none = "In it chance did not decide" if of == 1 else "In none of them did chance decide"
        return f"{none} who got it, so that {unknown}"
    which = "it" if of == 1 else "one of them" if count == 1 else f"{count} of them"
    return f"In {which} chance decided who got it; only such studies can tell what the treatment itself did."


def _source(claim: Heard) -> str:
    return f"{claim.source}; {claim.known}" if claim.source else claim.known
