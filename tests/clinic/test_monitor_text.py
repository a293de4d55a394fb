"""HL7 as text, held against two independent implementations, and against any text at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import hl7
import pytest
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from tests.clinic.monitor_messages import WHOLE, msh, oru
from unstuck.clinic.interop.hl7 import Answer, Code, Malformed, Verdict, answer, decoded, parse
from unstuck.clinic.interop.times import instant

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n|^~\\&", exclude_categories=("Cs", "Cc")), max_size=12
)


def test_two_other_parsers_read_the_same_fields() -> None:
    """Every component of every field of a result message is what python-hl7 and hl7apy read there."""
    ours, theirs = parse(decoded(WHOLE)), hl7.parse(WHOLE.decode())
    assert [s.name for s in ours.segments] == [str(s[0]) for s in theirs]
    for row, (mine, other) in enumerate(zip(ours.segments, theirs, strict=True)):
        for number in range(3 if mine.name == "MSH" else 1, len(other)):
            assert mine.fields[number - 1] == str(other[number]), (row, number)
    tolerant = parse_message(WHOLE.decode(), find_groups=False)
    assert ours.control_id == tolerant.msh.msh_10.value
    assert [s.field(5) for s in ours.segments if s.name == "OBX"] == [o.obx_5.value for o in tolerant.obx]


@given(WORDS, WORDS)
def test_other_parsers_read_our_answer(control: str, words: str) -> None:
    """An acknowledgement with any control id and any words is a message whose MSA-1 and ERR others find."""
    head = parse(msh(control)).head
    told = answer(head, Answer(Verdict.ERROR, Code.DATA_TYPE, "OBX^1^5", words), AT, "u1").decode("ascii")
    seen = hl7.parse(told)
    assert [str(segment[0]) for segment in seen] == ["MSH", "MSA", "ERR"]
    assert (str(seen.segment("MSA")[1]), str(seen.segment("ERR")[3])) == ("AE", "102^Data type error^HL70357")
    assert parse(told).segments[1].part(2, 1) == re.sub(r"[^\x20-\x7e]", "?", control.strip())


@pytest.mark.parametrize(("accept", "application", "letters"), [("NE", "AL", "AA"), ("", "", "AA"), ("AL", "NE", "CA")])
def test_the_mode_that_the_sender_asks_for(accept: str, application: str, letters: str) -> None:
    """Original and application mode are answered with A, a sender that wants the receipt only with C."""
    head = parse(msh(accept=accept, application=application)).head
    assert parse(answer(head, Answer(), AT, "u").decode()).segments[1].field(1) == letters


@given(
    st.text()
    | st.text("MSH|^~\\&\r\nOBXR01").map("MSH|^~\\&|".__add__)
    | st.binary().map(lambda b: b.decode("latin-1"))
)
def test_any_text_is_a_message_or_malformed(text: str) -> None:
    """No text makes the parser fail in any other way."""
    try:
        message = parse(text)
    except Malformed as fault:
        assert fault.code is not Code.ACCEPTED and fault.words
        assert answer(None, Answer.to(fault), AT, "u").startswith(b"MSH|")
    else:
        assert message.head.name == "MSH"
        assert answer(message.head, Answer(), AT, "u").count(b"\r") == 2


def test_an_escaped_separator_is_text() -> None:
    """A separator inside a component comes escaped and is put back; it makes no new component."""
    message = parse(oru("NTE|1||a\\T\\b \\F\\ c^d").decode())
    note = message.segments[-1]
    assert (note.part(3, 1), note.part(3, 2)) == ("a&b | c", "d")


@pytest.mark.parametrize(("charset", "written"), [("", "utf-8"), ("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1")])
def test_the_character_set_of_the_header_is_used(charset: str, written: str) -> None:
    """MSH-18 names how the bytes are to be read."""
    text = msh(charset=charset) + "\rPID|||1||Müller^Zoë\r"
    assert decoded(text.encode(written)) == text


def test_bytes_outside_of_the_named_character_set_are_malformed() -> None:
    """A wrong or unknown character set is told; nothing is guessed."""
    with pytest.raises(Malformed) as wrong:
        decoded(msh().encode() + b"\rPID|||\xff\r")
    assert wrong.value.code is Code.DATA_TYPE
    with pytest.raises(Malformed) as unknown:
        decoded(msh(charset="EBCDIC").encode())
    assert unknown.value.code is Code.TABLE_VALUE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260302090000+0000", "2026-03-02T09:00:00+00:00"),
        ("20260302090000.1254+0530", "2026-03-02T03:30:00.125400+00:00"),
        ("202603020900-0700", "2026-03-02T16:00:00+00:00"),
        ("20260702090000", "2026-07-02T07:00:00+00:00"),  # summer time in Zurich
        ("20261025023000", "2026-10-25T00:30:00+00:00"),  # the first of the two half past two, which is nearer
        ("20260302", None),
        ("20261332090000", None),
        ("20260302096000+0000", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_times_are_instants_or_nothing(text: str, expected: str | None) -> None:
    """A time with an offset is that instant; one without is the site's; a day alone or a wrong time is none."""
    near = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    told = instant(text, ZoneInfo("Europe/Zurich"), near)
    assert (told and told.isoformat()) == expected
