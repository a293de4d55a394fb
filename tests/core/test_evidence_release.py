"""The release file: read back whole, refused where it was altered."""

import json

import pytest

from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import parse, written
from unstuck.core.evidence_release_file import newest, read_release, shipped

TEXT = next(shipped().glob("*.json")).read_text(encoding="utf-8")


def test_a_release_reads_back():
    """What was written is what is read, to the last character."""
    assert written(parse(TEXT)) == TEXT


def test_a_release_has_no_mean_of_two():
    """Two trials are shown side by side: from so few nobody can tell how much trials differ."""
    pools = {pool.key: pool for pool in parse(TEXT).pools}
    assert pools["ptsd_g"].mean is None
    assert len(pools["ptsd_g"].lines) == 2
    assert pools["pe_waiting"].mean is not None


def test_uncontrolled_studies_are_marked():
    """A one-arm study is never by lot, so that its change is not shown as an effect."""
    papers = {paper.key: paper for paper in parse(TEXT).papers}
    assert not papers["albott_2018"].by_lot
    assert papers["feder_2021"].by_lot


@pytest.mark.parametrize("change", [("0.52", "0.92"), ('"wrong"', '"right"'), ("13 people", "130 people")])
def test_an_altered_release_is_refused(change):
    """A changed figure, verdict or word is found by the hash."""
    assert change[0] in TEXT
    with pytest.raises(Complaint, match="altered"):
        parse(TEXT.replace(change[0], change[1], 1))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "hash": "x"}', '{"format": 9, "hash": "x"}'])
def test_what_is_no_release_is_told(text):
    """Another file is refused with a reason and not half read."""
    with pytest.raises(Complaint):
        parse(text)


def test_the_latest_day_is_the_newest(tmp_path):
    """Of several releases the one that was made last counts; of none, None."""
    assert newest([tmp_path]) is None
    (tmp_path / "a.json").write_text(TEXT, encoding="utf-8")
    assert newest([tmp_path, shipped()]) == parse(TEXT)


def test_a_missing_file_is_told(tmp_path):
    """A file that is not there is a complaint with its place."""
    with pytest.raises(Complaint, match="Cannot be read"):
        read_release(tmp_path / "none.json")


def test_no_wrong_type_passes():
    """A number where a text belongs is refused even if the hash were right."""
    data = json.loads(TEXT)
    data["claims"][0]["says"] = 5
    with pytest.raises(Complaint):
        parse(json.dumps(data))
