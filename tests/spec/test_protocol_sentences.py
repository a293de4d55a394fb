"""What a clinician reads: tables of small facts about protocols and the sentences that must stand for them."""

from __future__ import annotations

import pytest

from unstuck.core.protocol_file import load_protocol
from unstuck.core.protocol_parts import parse_anchor
from unstuck.core.protocol_text import explain
from unstuck.core.protocol_words import anchor_words, window_words
from unstuck.core.time import Span, Window

WINDOWS = [
    (("24 h", "48 h", "72 h"), "each dose", "48 hours after each dose (24 to 72 hours)"),
    (("0 d", "0 d", "14 d"), "enrolment", "directly after enrolment (0 to 14 days)"),
    (("1 d", "1 d", "1 d"), "dose 1", "exactly 1 day after dose 1"),
    (("60 min", "100 min", "4 h"), "last dose", "100 minutes after the last dose (60 minutes to 4 hours)"),
    (("6 d", "1 w", "9 d"), "therapy 3", "7 days after trauma-focused session 3 (6 to 9 days)"),
    (("0 d", "1 d", "2 d"), "step infusion 2", "1 day after “Infusion”, time 2 (0 to 2 days)"),
    (("0 d", "1 d", "2 d"), "date 2027-01-15", "1 day after 2027-01-15 (0 to 2 days)"),
]


@pytest.mark.parametrize(("spans", "after", "words"), WINDOWS)
def test_windows_in_words(spans: tuple[str, str, str], after: str, words: str) -> None:
    """A window reads as people say it, with its bounds in brackets."""
    window = Window(*(Span.parse(s) for s in spans))
    assert window_words(window, anchor_words(parse_anchor(after), load_protocol("feder_2021"))) == words


SENTENCES = [
    ("feder_2021", "regimen", "ketamine", "Ketamine 0.5 mg/kg as an intravenous infusion over 40 minutes"),
    ("feder_2021", "limit", "dose 1", "At most 6 doses in any 14 days."),
    ("feder_2021", "arm", "blinded", "The patient, the therapist and a blinded rater must not learn the arm."),
    ("feder_2021", "gate", "pressure_before", "upper blood pressure is at most 140 mmHg"),
    ("feder_2021", "gate", "consent_valid", "Nobody may pass it."),
    ("feder_2021", "monitoring", "reading 2", "During the dose, every 10 minutes: upper blood pressure"),
    ("feder_2021", "monitoring", "stay", "Stay at least 60 minutes since the dose ended."),
    ("feder_2021", "endpoint", "response", "CAPS-5 total score has fallen by at least 30 % at “Interview in week 2”"),
    ("feder_2021", "step", "infusion", "6 times, each 2 days after the time before (2 to 3 days)."),
    ("abdallah_2022", "evidence", "strength", "Strength of the evidence: moderate."),
    ("abdallah_2022", "regimen", "open_label", "ketamine an amount that the source does not tell"),
    ("abdallah_2022", "step", "open_label", "Optional."),
    ("abdallah_2022", "limit", "dose 1", "At most 2 doses in any 7 days."),
    ("kap_im", "regimen", "ketamine", "0.5 to 1 mg/kg into a muscle, never more than 100 mg."),
    ("oktop_oral", "regimen", "ketamine", "0.5 to 3 mg/kg by mouth, never more than 300 mg."),
    ("nasal_tfp", "step", "session", "session of trauma focused psychotherapy. Exactly 1 day after each dose."),
    ("induction_maintenance", "gate", "futility_stop", "otherwise the course stops"),
    ("maps_frame", "about", "summary", "cannot be released"),
    ("pe", "step", "session", "session of prolonged exposure of 90 minutes"),
    ("ketamine_pe", "gate", "session_booked", "so it is booked before the dose."),
]


@pytest.mark.parametrize(("protocol", "part", "key", "words"), SENTENCES)
def test_sentences(protocol: str, part: str, key: str, words: str) -> None:
    """A known fact of a library protocol is said in these words."""
    (found,) = [s.text for s in explain(load_protocol(protocol)) if (s.part, s.key) == (part, key)]
    assert words.lower() in found.lower()
