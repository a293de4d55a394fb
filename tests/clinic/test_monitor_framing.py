"""MLLP frames: whatever bytes come, in whatever pieces, the machine keeps its place."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from unstuck.clinic.interop.framing import Cut, Fault, Frame, Frames, wrapped

LIMIT = 64
BYTES = st.lists(
    st.sampled_from([b"\x0b", b"\x1c", b"\r", b"A", b"|", b"\x00", b"MSH|^~\\&|"]) | st.binary(max_size=90)
)
BODY = st.binary(max_size=LIMIT).filter(lambda body: not set(body) & {0x0B, 0x1C})


def fed(*pieces: bytes) -> tuple[Frames, list[Frame | Fault]]:
    frames = Frames(LIMIT)
    return frames, [one for piece in pieces for one in frames.feed(piece)]


@given(st.lists(BODY))
def test_whole_messages_come_out_as_they_went_in(bodies: list[bytes]) -> None:
    """A stream of frames gives their bodies, in order, and nothing else."""
    assert fed(b"".join(map(wrapped, bodies)))[1] == [Frame(body) for body in bodies]


@given(BYTES, st.data())
def test_it_does_not_matter_how_a_stream_is_cut(parts: list[bytes], data: st.DataObject) -> None:
    """Fed byte by byte, in random pieces or at once, a stream gives the same frames, faults and noise."""
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))) | {0, len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(cuts)]
    once, ones = fed(stream), fed(*(stream[i : i + 1] for i in range(len(stream))))
    assert fed(*pieces) == once == ones


@given(BYTES, BODY)
def test_a_whole_message_is_found_after_anything(before: list[bytes], body: bytes) -> None:
    """Behind any rubbish, cut-off or endless frame, the next whole message is taken whole."""
    found = fed(b"".join(before), wrapped(body))[1]
    assert found[-1] == Frame(body)


@given(BODY.filter(bool), BODY)
def test_a_frame_that_runs_into_another_is_cut_off(first: bytes, second: bytes) -> None:
    """Two messages merged by a lost end are one that was cut off and one that is whole; never one made of both."""
    assert fed(b"\x0b" + first, wrapped(second))[1] == [Fault(Cut.BROKEN_OFF, first), Frame(second)]


@given(st.integers(1, 500), BODY)
def test_a_frame_over_the_limit_is_not_held(extra: int, body: bytes) -> None:
    """A message longer than the limit is a fault with its beginning, holds no more memory, and harms no other."""
    frames, found = fed(b"\x0b" + b"x" * (LIMIT + extra))
    assert (found, len(frames._held)) == ([], LIMIT)
    assert frames.feed(b"\x1c\r" + wrapped(body)) == [Fault(Cut.TOO_LONG, b"x" * LIMIT), Frame(body)]


def test_what_the_end_of_the_line_leaves() -> None:
    """An unfinished message at the end of a connection is told; a finished one leaves nothing."""
    frames, _ = fed(wrapped(b"MSH"), b"\x0bMSH|")
    assert frames.close() == [Fault(Cut.BROKEN_OFF, b"MSH|")]
    assert frames.close() == []


def test_noise_between_messages_is_counted() -> None:
    """Bytes outside of a frame are no message; line ends between frames are usual and not noise."""
    frames, found = fed(b"hello", wrapped(b"A"), b"\r\n", wrapped(b"B"), b"GET / HTTP/1.1")
    assert (found, frames.noise) == ([Frame(b"A"), Frame(b"B")], 5 + len(b"GET/HTTP/1.1"))
