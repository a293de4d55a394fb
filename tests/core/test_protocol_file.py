"""Protocols as TOML: what is read is what was written, and every fault is named with its line."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings

from tests.strategies import conditions, protocols
from unstuck.core.conditions import Condition
from unstuck.core.protocol import AfterDose, AfterStep, OnDate, Protocol
from unstuck.core.protocol_file import (
    canonical_text,
    content_hash,
    load_protocol,
    parse_protocol,
    protocol_keys,
    read_protocol,
)
from unstuck.core.protocol_parts import anchor_text, parse_anchor
from unstuck.core.rule_file import read_rule, rule_text
from unstuck.core.toml_table import Complaints, parse_toml


@given(conditions)
@settings(max_examples=100, deadline=None)
def test_rule_round_trip(rule: Condition) -> None:
    """A rule written as TOML reads back as the same rule, and its text is a fixed point."""
    text = rule_text(rule)
    back = read_rule(parse_toml(f"rule = {text}", "x")["rule"])
    assert back == rule
    assert rule_text(back) == text


@given(protocols())
@settings(max_examples=60, deadline=None)
def test_protocol_round_trip(protocol: Protocol) -> None:
    """A protocol written canonically reads back equal, and writing it again gives the same bytes."""
    text = canonical_text(protocol)
    back = parse_protocol(text, "x")
    assert back == protocol
    assert canonical_text(back) == text
    assert back.hash == content_hash(protocol)


@pytest.mark.parametrize("key", protocol_keys())
def test_library_round_trip(key: str) -> None:
    """Each library protocol survives its canonical text with the same hash."""
    protocol = load_protocol(key)
    again = parse_protocol(canonical_text(protocol), "x")
    assert (again, again.hash) == (protocol, protocol.hash)
    assert protocol.key == key


def test_hash_covers_profile() -> None:
    """The hash pins the gates and readings that a named monitoring profile brings in."""
    protocol = load_protocol("feder_2021")
    assert protocol.monitoring is not None
    other = dataclasses.replace(protocol, monitoring=dataclasses.replace(protocol.monitoring, stay_min=61))
    assert content_hash(other) != protocol.hash
    assert "pressure_before" in {gate.key for gate in protocol.gates}


def test_hash_ignores_spelling() -> None:
    """Comments, the order of keys and 0.50 in place of 0.5 do not change the hash."""
    text = canonical_text(load_protocol("feder_2021"))
    spelt = "# a comment\n" + text.replace("amount = 0.5\n", "amount = 0.50 # mg per kg\n")
    assert parse_protocol(spelt, "x").hash == parse_protocol(text, "x").hash


ANCHORS = ["enrolment", "each dose", "last dose", "dose 3", "therapy 2", "step one", "step one 2", "date 2027-01-15"]


@pytest.mark.parametrize("text", ANCHORS)
def test_anchor_round_trip(text: str) -> None:
    """Every way to write an anchor reads back as written."""
    assert anchor_text(parse_anchor(text)) == text


def test_anchor_meaning() -> None:
    """Anchors mean what they say: 0 is the last dose, a step without number its first time."""
    assert parse_anchor("last dose") == AfterDose(0)
    assert parse_anchor("step consent") == AfterStep("consent", 1)
    assert parse_anchor("date 2027-01-15") == OnDate("2027-01-15")


SMALL = """key = "small"
version = "1"
title = "Small"
summary = "A small one."
sources = ["someone_2020"]

[evidence]
strength = "low"
why = "One trial."

[[step]]
key = "consent"
title = "Consent"
do = "consent"
form = "treatment"
after = "enrolment"
window = ["0 d", "0 d", "14 d"]
source = "someone_2020"

[[gate]]
key = "agreed"
before = "consent"
rule = {is = ["consent", true]}
why = "Because."
source = "someone_2020"
"""

FAULTS = [
    ('after = "enrolment"', 'after = "enrollment"', 16, "names no anchor"),
    ('do = "consent"', 'do = "consnt"', 14, "Did you mean 'consent'"),
    ('"14 d"', '"14 days"', 17, "not a span"),
    ('["0 d", "0 d", "14 d"]', '["9 d", "0 d", "14 d"]', 17, "out of order"),
    ('["0 d", "0 d", "14 d"]', '["0 d", "14 d"]', 17, "three spans"),
    ('title = "Consent"', 'tittle = "Consent"', 13, "Did you mean 'title'"),
    ('title = "Consent"', "title = 7", 13, "must be a text"),
    ('strength = "low"', 'strength = "lo"', 8, "Did you mean 'low'"),
    ('key = "consent"', 'key = "Con sent"', 12, "no name"),
    ("{is = [", "{iss = [", 23, "Did you mean 'is'"),
    ('{is = ["consent", true]}', "{all = []}", 23, "holds no rule"),
    ('why = "Because."', 'why = "Because."\noverride = "no"', 25, "true or false"),
    ('source = "someone_2020"\n\n[[gate]]', "\n[[gate]]", 11, "lacks 'source'"),
    ('form = "treatment"', 'form = "treatment', 15, "not TOML"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "words"), FAULTS)
def test_fault_has_line(right: str, wrong: str, line: int, words: str) -> None:
    """A planted fault is told with the file's line, what is wrong and how to mend it."""
    assert SMALL.count(right) == 1
    with pytest.raises(Complaints) as caught:
        parse_protocol(SMALL.replace(right, wrong), "small.toml")
    told = [c for c in caught.value.all if words in str(c)]
    assert [c.where for c in told] == [f"small.toml:{line}"]
    assert all(c.mend for c in caught.value.all)


def test_all_faults_at_once() -> None:
    """Three faults in three tables give three complaints in one pass, in the order of their lines."""
    text = SMALL.replace('"low"', '"lo"').replace('"14 d"', '"14 x"').replace("{is", "{iz")
    with pytest.raises(Complaints) as caught:
        parse_protocol(text, "small.toml")
    assert [c.where for c in caught.value.all] == ["small.toml:8", "small.toml:17", "small.toml:23"]


def test_missing_file_is_a_complaint(tmp_path) -> None:
    """A path that leads nowhere is told as such."""
    with pytest.raises(ValueError, match="cannot be read"):
        read_protocol(tmp_path / "none.toml")


def test_unknown_key_suggests() -> None:
    """A misspelt protocol name suggests the near one."""
    with pytest.raises(ValueError, match="Did you mean 'feder_2021'"):
        load_protocol("feder_2012")
