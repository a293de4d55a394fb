"""What a release says of one treatment, in plain words for the person who is to decide."""

from __future__ import annotations

from unstuck.core.evidence_release import Heard, Paper, Release
from unstuck.core.tongue import ENGLISH, Tongue

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


def text_for(release: Release, protocol: str, title: str, tongue: Tongue = ENGLISH) -> str:
    """What is known of one treatment, to be signed and kept: the same release makes the same bytes.

    `title` is in that language already. Raises NotTranslated.
    """
    papers = [paper for paper in release.papers if protocol in paper.protocols and not paper.same_people_as]
    by_lot = [paper for paper in papers if paper.by_lot]
    lines = [tongue.say("What is known about: {title}", title=title), _dated(release, tongue), ""]
    lines.append(f"{_studies(len(papers), tongue)} {_lot(len(by_lot), len(papers), tongue)}")
    lines += [_paper(paper, tongue) for paper in by_lot]
    lines += ["", tongue.say("What you may hear, and what the sources say")]
    for claim in claims_for(release, protocol):
        said = f"{tongue.say(VERDICTS[claim.verdict])} {tongue.say(claim.says)}"
        lines += ["", f'"{tongue.say(claim.claim)}"', said, f"({_source(claim, tongue)})"]
    return "\n".join(lines) + "\n"


def _dated(release: Release, tongue: Tongue) -> str:
    return tongue.say("As of {day}.", day=release.dated.isoformat())


def _paper(paper: Paper, tongue: Tongue) -> str:
    known = paper.n is not None
    people = tongue.say("{n} people", n=paper.n) if known else tongue.say("number of people not known")
    return f"- {paper.label}: {tongue.say(paper.title)} ({people}). {tongue.say(paper.population)}."


def says_the_same(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but the day they speak of."""
    return _undated(one) == _undated(other)


def _undated(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(DATED)]


def _studies(count: int, tongue: Tongue) -> str:
    known = {0: "We know of no study of this treatment.", 1: "We know of one study of this treatment."}
    return tongue.say(known.get(count, "We know of {n} studies of this treatment."), n=count)


def _lot(count: int, of: int, tongue: Tongue) -> str:
    """How many of them can tell an effect from what would have happened anyway."""
    if not of:
        return tongue.say("So nobody can tell what the treatment itself did.")
    if not count:
        none = "In it chance did not decide" if of == 1 else "In none of them did chance decide"
        return tongue.say(f"{none} who got it, so that nobody can tell what the treatment itself did.")
    which = "it" if of == 1 else "one of them" if count == 1 else "{n} of them"
    rest = "chance decided who got it; only such studies can tell what the treatment itself did."
    return tongue.say(f"In {which} {rest}", n=count)


def _source(claim: Heard, tongue: Tongue) -> str:
    known = tongue.say(claim.known)
    return f"{claim.source}; {known}" if claim.source else known
