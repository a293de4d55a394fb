"""The text of a consent: its figures come from the release and nowhere else, and it says what it must."""

from __future__ import annotations

import dataclasses
import re

import pytest

from unstuck.core.consent import About, FigureMissing, compose, document, lines
from unstuck.core.consent_file import languages, load_consent, load_tongue, parse_consent
from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release
from unstuck.core.evidence_release_file import newest, shipped
from unstuck.core.evidence_words import text_for
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.core.tongue import NotTranslated

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
    text = document(compose(BLOCKS, release, ABOUT), ["sleep through", "drive again"], "Ada Ames", BLOCKS.around)
    kept = [line.removeprefix("## ").removeprefix("- ") for line in text.splitlines() if line.strip()]
    assert [line.text for line in lines(text)] == kept
    assert "drive again" in kept and kept[-1] == "Ada Ames"


def test_a_broken_file_is_told() -> None:
    """A figure that names neither study nor claim, and an unknown kind, are refused with their lines."""
    with pytest.raises(Complaint) as told:
        parse_consent('key = "x"\nversion = "1"\nlanguage = "en"\n[[figure]]\nkey = "a"\ntake = "guess"\n', "x.toml")
    assert "x.toml:6" in str(told.value)


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_blocks(language: str) -> None:
    """Figures, blocks, the braces in them and the sentences to confirm are those of the English consent."""
    other = load_consent(language=language)
    assert other.language == language and other.version == BLOCKS.version and other.figures == BLOCKS.figures
    for mine, theirs in ((BLOCKS.blocks, other.blocks), (BLOCKS.confirm, other.confirm)):
        assert [one.key for one in mine] == [one.key for one in theirs]
    for mine, theirs in zip(BLOCKS.blocks, other.blocks, strict=True):
        assert (mine.only, sorted(re.findall(r"\{\w+\}", mine.text))) == (
            theirs.only,
            sorted(re.findall(r"\{\w+\}", theirs.text)),
        )
        assert not re.search(r"\d", theirs.text)


@pytest.mark.parametrize("language", [one for one in languages() if one != "en"])
def test_whatever_a_consent_quotes_has_words_and_the_same_numbers(release: Release, language: str) -> None:
    """Titles, plans, studies and claims of every protocol are there, with the figures of the English."""
    tongue = load_tongue(language)
    for key in protocol_keys():
        plan = load_protocol(key)
        for sentence in (plan.title, plan.summary, *(regimen.drug for regimen in plan.regimens)):
            tongue.say(sentence)
        english = text_for(release, key, plan.title)
        other = text_for(release, key, tongue.say(plan.title), tongue)
        assert len(english.splitlines()) == len(other.splitlines())
    for english, here in tongue.words.items():
        assert numbers(english) == numbers(here.replace(",", ".")), english


def numbers(text: str) -> list[float]:
    """The numbers of a sentence, the least first."""
    return sorted(float(number.rstrip(".")) for number in re.findall(r"\.?\d[\d.]*", text))


def test_a_sentence_without_words_stops_the_text(release: Release) -> None:
    """A claim that was changed since it was translated is named, and no text in two languages is made."""
    changed = tuple(dataclasses.replace(one, says=f"{one.says} More.") for one in release.claims)
    about = dataclasses.replace(ABOUT, tongue=load_tongue("es"))
    with pytest.raises(NotTranslated, match="More"):
        compose(load_consent(language="es"), dataclasses.replace(release, claims=changed), about)
    assert "Ninguna autoridad" in compose(load_consent(language="es"), release, about)
