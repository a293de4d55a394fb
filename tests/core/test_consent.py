"""The text of a consent: its figures come from the release and nowhere else, and it says what it must."""

from __future__ import annotations

import dataclasses
import re

import pytest

from unstuck.core.consent import About, FigureMissing, compose, document, lines
from unstuck.core.consent_file import load_consent, parse_consent
from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release
from unstuck.core.evidence_release_file import newest, shipped

BLOCKS = load_consent()
WORDS = {"drugs": "ketamine", "site": "the clinic", "title": "A plan", "plan": "Six doses.", "crisis": "988"}
ABOUT = About(WORDS, home=False, arms=False, evidence="What is known about: A plan\n")


@pytest.fixture(scope="module")
def release() -> Release:
    """The library's own release."""
    found = newest([shipped()])
    assert found is not None
    return found


def test_it_says_what_must_be_said(release: Release) -> None:
    """Off-label, the small positive and the larger null trial with their numbers, fading, therapy first, stopping."""
    text = compose(BLOCKS, release, ABOUT)
    for words in ("No authority has approved", "10 of 15", "3 of 15", "27.5 days", "no difference between ketamine"):
        assert words in text
    for words in ("often fades within weeks", "Trauma-focused therapy", "You can stop at any time", "988"):
        assert words in text
    assert text.endswith(ABOUT.evidence)


def test_blocks_hold_no_figure_of_their_own() -> None:
    """No digit stands in a block: what is counted comes from the release or the protocol."""
    assert [b.key for b in BLOCKS.blocks if re.search(r"\d", b.text)] == []


def test_figures_follow_the_release(release: Release) -> None:
    """Another release makes another text; a release that lacks a figure makes none."""
    other = dataclasses.replace(release, papers=tuple(dataclasses.replace(p, n=31) for p in release.papers))
    assert "with 31 people" in compose(BLOCKS, other, ABOUT)
    with pytest.raises(FigureMissing):
        compose(BLOCKS, dataclasses.replace(release, arms=()), ABOUT)


def test_blocks_for_some_plans_only(release: Release) -> None:
    """Doses at home and chance are spoken of where the plan has them, and nowhere else."""
    plain = compose(BLOCKS, release, ABOUT)
    both = compose(BLOCKS, release, dataclasses.replace(ABOUT, home=True, arms=True))
    for words in ("taken at home", "Chance decides"):
        assert words in both and words not in plain


def test_shown_is_what_is_kept(release: Release) -> None:
    """Every line with words is shown, in order; headings and points lose their marks alone."""
    text = document(compose(BLOCKS, release, ABOUT), ["sleep through", "drive again"], "Ada Ames")
    kept = [line.removeprefix("## ").removeprefix("- ") for line in text.splitlines() if line.strip()]
    assert [line.text for line in lines(text)] == kept
    assert "drive again" in kept and kept[-1] == "Ada Ames"


def test_a_broken_file_is_told() -> None:
    """A figure that names neither study nor claim, and an unknown kind, are refused with their lines."""
    with pytest.raises(Complaint) as told:
        parse_consent('key = "x"\nversion = "1"\nlanguage = "en"\n[[figure]]\nkey = "a"\ntake = "guess"\n', "x.toml")
    assert "x.toml:6" in str(told.value)
