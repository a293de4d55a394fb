"""What every instrument file of the library keeps to, and what the loader says of one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument, LicenceStatus, ScaleAtLeast, ScaleAtMost, each_test
from unstuck.core.instrument_file import check_instrument_file, content_hash, load_all, load_instrument
from unstuck.core.library_file import library_root
from unstuck.core.references_file import load_references
from unstuck.core.sourced import Grade, Sourced

LIBRARY = load_all()
CODES = (
    "101697-1 101698-9 44249-1 44261-6 69722-7 44250-9 44255-8 44259-0 44254-1 44251-7 44258-2 44252-5 44253-3 44260-8 "
    "69737-5 70274-6 69725-0 68509-9 69733-4 69734-2 69735-9 69689-8 69736-7 93373-9 93246-7 93247-5 93248-3 93249-1 "
    "93250-9 93267-3 93269-9 72109-2 75626-2"
)
CHECKED_LOINC = set(CODES.split())


def figures(instrument: Instrument) -> list[Sourced]:
    """Every figure that a decision rests on."""
    found = [t.figure for r in instrument.changes for t in r.tests if t.figure] + [b.start for b in instrument.bands]
    return found + [t.figure for _, t in each_test(instrument) if isinstance(t, ScaleAtLeast | ScaleAtMost)]


@pytest.mark.parametrize("instrument", LIBRARY.values(), ids=list(LIBRARY))
def test_labels_are_short_and_our_own(instrument: Instrument) -> None:
    """No label is longer than four words or asks a question, so that none can be official wording; our own may."""
    labels = [i.label for i in instrument.items] + [c.label for i in instrument.items for c in i.choices]
    long = [text for text in labels if len(text.split()) > 4 or text.endswith("?")]
    assert long == [] or instrument.licence.status is LicenceStatus.OWN


@pytest.mark.parametrize("instrument", LIBRARY.values(), ids=list(LIBRARY))
def test_figures_from_memory_are_marked(instrument: Instrument) -> None:
    """A figure whose source was not read is graded as assumed, never as measured."""
    references = load_references()
    unread = [f for f in figures(instrument) if references[f.source].read == "memory"]
    assert [f for f in unread if f.grade is not Grade.ASSUMED] == []


@pytest.mark.parametrize("instrument", LIBRARY.values(), ids=list(LIBRARY))
def test_only_checked_codes(instrument: Instrument) -> None:
    """Every LOINC code is one of those that were checked against a source, and none stands twice."""
    used = [c for c in (instrument.loinc_panel, instrument.loinc_total, *(i.loinc for i in instrument.items)) if c]
    assert set(used) <= CHECKED_LOINC and len(used) == len(set(used))


@pytest.mark.parametrize(
    ("key", "items", "highest"),
    [
        ("pcl5_week", 20, 80),
        ("pcl5_month", 20, 80),
        ("caps5", 30, 80),
        ("phq9", 10, 27),
        ("gad7", 7, 21),
        ("madrs", 10, 60),
        ("ies_r", 22, 88),
        ("cadss", 23, 92),
        ("cadss6", 6, 24),
        ("audit_c", 3, 12),
        ("pc_ptsd5", 6, 5),
        ("suds", 1, 100),
        ("des2", 28, 100),
        ("dast10", 10, 10),
        ("isi", 7, 28),
        ("whodas12", 12, 48),
    ],
)
def test_published_sizes(key: str, items: int, highest: int) -> None:
    """Number of items and highest total are the published ones."""
    assert (len(LIBRARY[key].items), LIBRARY[key].range_of("total")) == (items, (0, highest))


def test_week_and_month_are_one_family() -> None:
    """The two PCL-5 forms share their family and differ in key, recall and hash."""
    week, month = LIBRARY["pcl5_week"], LIBRARY["pcl5_month"]
    assert week.family == month.family and week.recall != month.recall
    assert content_hash(week) != content_hash(month)


def test_hash_follows_content_not_layout(tmp_path: Path) -> None:
    """A comment leaves the content hash as it is, a changed cut-off does not."""
    text = (library_root() / "instruments" / "phq9.toml").read_text(encoding="utf-8")
    hashes = []
    for number, changed in enumerate([text, "# a remark\n" + text, text.replace("value = 15,", "value = 16,")]):
        path = tmp_path / str(number) / "phq9.toml"
        path.parent.mkdir()
        path.write_text(changed, encoding="utf-8")
        instrument, complaints = check_instrument_file(path, frozenset(load_references()))
        assert instrument and not complaints
        hashes.append(content_hash(instrument))
    assert hashes[0] == hashes[1] != hashes[2]


BROKEN = """
key = "broken"
version = "1"
title = "Broken"
family = "broken"
rater = "robot"
recall = "week"
minutes = { value = 2, source = "nowhere", grade = "assumed", unit = "min" }
sources = ["unstuck_choice"]
colour = "red"

item = [
  { key = "item1", label = "One" },
  { key = "item2", label = "Two", screen = "first" },
]

[licence]
status = "free"
note = "none"

[answers]
labels = ["No", "Yes"]
"""


def test_every_fault_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    """Five faults in one file give five complaints, each with its line where it has one."""
    path = tmp_path / "broken.toml"
    path.write_text(BROKEN.strip(), encoding="utf-8")
    instrument, complaints = check_instrument_file(path, frozenset(load_references()))
    said = "\n".join(map(str, complaints))
    assert instrument is None and len(complaints) == 5
    for part in (
        "broken.toml:5: 'robot' is no rater.",
        "broken.toml:7: Source 'nowhere' is not in the references.",
        "broken.toml:9: The file has no key 'colour'.",
        "broken.toml:13: 'screen' must be a whole number, not 'first'.",
        "broken.toml:16: This licence lacks 'source'.",
    ):
        assert part in said


def faults_of(tmp_path: Path, old: str, new: str) -> str:
    """What the loader says of the PHQ-9 file with one part replaced."""
    path = tmp_path / "phq9.toml"
    text = (library_root() / "instruments" / "phq9.toml").read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return "\n".join(map(str, check_instrument_file(path, frozenset(load_references()))[1]))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('items = ["item1", ', 'items = ["item77", ', "unknown item item77"),
        ('key = "item2"', 'key = "item1"', "the key item1 stands 2 times"),
        ('count = ["item9"]', 'count = ["item99"]', "suicide names the unknown item item99"),
        ("missing_allowed = 2", "missing_allowed = 9", "from no answer at all"),
        ('scale = "total"', 'scale = "sum"', "unknown scale sum"),
        ('key = "phq9"', 'key = "phq"', "differs from the file's name"),
        ('rater = "patient"', "rater = patient", "This is not TOML"),
        ("value = 20,", "value = 20, low = 21,", "below its own lower bound"),
        ('grade = "measured"', 'grade = "guessed"', "'guessed' is no grade"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A file whose parts do not fit together is refused, and the complaint says which part."""
    assert said in faults_of(tmp_path, old, new)


def test_an_unknown_instrument_is_answered_with_those_there_are() -> None:
    """Asking for an instrument that is not there lists those that are."""
    with pytest.raises(Complaint, match="pcl5_week"):
        load_instrument("pcl6")


def test_the_library_can_be_pointed_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """UNSTUCK_LIBRARY names another library, and a folder that is not there is refused."""
    monkeypatch.setenv("UNSTUCK_LIBRARY", str(tmp_path))
    assert library_root() == tmp_path
    monkeypatch.setenv("UNSTUCK_LIBRARY", str(tmp_path / "none"))
    with pytest.raises(Complaint, match="not found"):
        library_root()


def test_references_complain_of_all_their_faults(tmp_path: Path) -> None:
    """A key that stands twice, a missing title and an unknown field are told together."""
    folder = tmp_path / "references"
    folder.mkdir()
    (folder / "a.toml").write_text('[one]\ntitle = "One"\n[two]\nyear = 1999\ncolour = "red"\n', encoding="utf-8")
    (folder / "b.toml").write_text('[one]\ntitle = "Again"\n[three]\ntitle = "T"\nread = "dreamt"\n', encoding="utf-8")
    with pytest.raises(Complaint) as caught:
        load_references(tmp_path)
    for part in ("stands twice", "needs a title", "unknown field colour", "'dreamt'"):
        assert part in str(caught.value)
