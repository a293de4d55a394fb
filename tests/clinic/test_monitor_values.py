"""Which values of a message may be proposed, and why the others may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clinic.monitor_messages import (
    BEATS,
    DIA,
    KPA,
    MMHG,
    PERCENT,
    PULSE,
    RESP,
    SPO2,
    SYS,
    WHOLE,
    msh,
    obx,
    oru,
)
from unstuck.clinic.interop.hl7 import Code, Malformed, Verdict, parse
from unstuck.clinic.interop.observations import Report, Scene, Why, read
from unstuck.clinic.interop.vocabulary import vocabulary

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SCENE = Scene(AT, UTC, vocabulary())


def told(*rows: str, head: str | None = None, order_at: str = "20260302090000+0000") -> Report:
    return read(parse(oru(*rows, head=head, order_at=order_at).decode()), SCENE)


def test_a_whole_message_gives_six_readings() -> None:
    """Pressures, pulse, oxygen and breathing come with their own names, units and times; structure rows say nothing."""
    report = read(parse(WHOLE.decode()), SCENE)
    assert {value.name: value.value for value in report.values} == {
        "systolic_mmhg": 132,
        "diastolic_mmhg": 84,
        "mean_mmhg": 100,
        "pulse_per_min": 77,
        "spo2_percent": 97,
        "resp_per_min": 15,
    }
    assert {value.device_at for value in report.values} == {AT}
    assert (report.aside, report.clock_offset_s) == ((), 0.0)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (obx("150456^MDC_AWAY_CO2_ET^MDC", "38", MMHG), Why.DISAGREES),
        (obx("150999^MDC_PULS_OXIM_SAT_O2^MDC", "97", PERCENT), Why.DISAGREES),
        (obx("150456^MDC_PULS_OXIM_SAT_O2^L", "97", PERCENT), Why.DISAGREES),
        (obx(SPO2, "97", ""), Why.NO_UNIT),
        (obx(SPO2, "97", MMHG), Why.WRONG_UNIT),
        (obx(SYS, "132", "266016^MDC_DIM_PERCENT^MDC"), Why.WRONG_UNIT),
        (obx(SYS, "132", "mmHg"), Why.WRONG_UNIT),
        (obx(SYS, "-999", MMHG), Why.OUT_OF_RANGE),
        (obx(SPO2, "101", PERCENT), Why.OUT_OF_RANGE),
        (obx(SYS, "12.5", MMHG), Why.OUT_OF_RANGE),  # kPa sent as mmHg
        (obx(SYS, "1e2", MMHG), Why.NOT_A_NUMBER),
        (obx(SYS, "NaN", MMHG), Why.NOT_A_NUMBER),
        (obx(SYS, ">300", MMHG), Why.NOT_A_NUMBER),
        (obx(SYS, "132", MMHG, kind="ST"), Why.NOT_A_NUMBER),
        (obx(SYS, "132", MMHG, flags="DEMO"), Why.DOUBTED),
        (obx(SYS, "132", MMHG, flags="H~INV"), Why.DOUBTED),
        (obx(SYS, "132", MMHG, status="C"), Why.NOT_FINAL),
        (obx(SYS, "132", MMHG, at="20260302"), Why.NO_TIME),
        (obx(SYS, "132", MMHG, at="20260302090031+0000"), Why.CLOCK_AHEAD),
    ],
)
def test_a_doubtful_value_is_kept_aside_with_its_reason(row: str, why: Why) -> None:
    """No doubtful value is proposed, none disappears, and the good one beside it is proposed."""
    report = told(row, obx(RESP, "15", "/min^^UCUM"))
    assert [aside.why for aside in report.aside] == [why]
    assert [value.name for value in report.values] == ["resp_per_min"]


def test_a_pressure_in_kilopascal_is_converted_by_name() -> None:
    """16.0 kPa is 120.0 mmHg, and what the device said is kept beside it."""
    (value,) = told(obx(SYS, "16.0", KPA)).values
    assert (value.value, value.sent) == (pytest.approx(120.0), "16.0 MDC_DIM_KILO_PASCAL")


def test_a_diastolic_above_the_systolic_takes_both_away() -> None:
    """Mixed-up channels are seen by their values; pressures of another instant stay."""
    other = obx(SYS, "120", MMHG, at="20260302085500+0000")
    report = told(obx(SYS, "80", MMHG), obx(DIA, "120", MMHG), obx(PULSE, "70", BEATS), other)
    assert [aside.why for aside in report.aside] == [Why.IMPOSSIBLE_PAIR] * 2
    assert [(value.name, value.value) for value in report.values] == [("pulse_per_min", 70), ("systolic_mmhg", 120)]


def test_breathing_that_has_stopped_is_proposed() -> None:
    """Zero breaths may be a fault of the line or the worst that can happen: a person must see it."""
    assert [(v.name, v.value) for v in told(obx(RESP, "0", "/min^^UCUM")).values] == [("resp_per_min", 0)]


def test_an_invasive_pressure_and_its_pulse_are_left_alone() -> None:
    """Arterial pressure and the pulse from the line are not cuff readings; nothing is proposed or kept aside."""
    report = told(
        obx("150033^MDC_PRESS_BLD_ART_SYS^MDC", "120", MMHG), obx("149522^MDC_BLD_PULS_RATE_INV^MDC", "70", BEATS)
    )
    assert (report.values, report.aside) == ((), ())


def test_a_value_without_a_time_takes_that_of_its_order() -> None:
    """OBR-7 stands in for a missing OBX-14, and the value says so."""
    (value,) = told(obx(SYS, "132", MMHG, at=""), order_at="20260302085900+0000").values
    assert (value.device_at, value.time_from) == (AT - timedelta(minutes=1), "order")


def test_the_clock_of_the_device_is_measured() -> None:
    """The offset is the header's time less ours; without a time there is no offset."""
    assert told(obx(SYS, "132", MMHG), head=msh(sent="20260302085300+0000")).clock_offset_s == -420
    assert told(obx(SYS, "132", MMHG), head=msh(sent="")).clock_offset_s is None


@pytest.mark.parametrize(
    ("head", "code", "verdict"),
    [
        (msh(kind="ADT^A01^ADT_A01"), Code.MESSAGE_TYPE, Verdict.REJECT),
        (msh(kind="ORU^R40^ORU_R40"), Code.EVENT, Verdict.REJECT),
        (msh(version="3.0"), Code.VERSION, Verdict.REJECT),
        (msh(processing="T"), Code.PROCESSING, Verdict.REJECT),
        (msh(control=""), Code.FIELD_MISSING, Verdict.ERROR),
    ],
)
def test_a_message_that_is_not_ours_to_take(head: str, code: Code, verdict: Verdict) -> None:
    """Another type, event or version, a training message, or one without an id is refused with its HL7 code."""
    with pytest.raises(Malformed) as refused:
        told(obx(SYS, "132", MMHG), head=head)
    assert (refused.value.code, refused.value.verdict) == (code, verdict)


FIELDS = st.text("0123456789.^~&\\|MDC_ -+", max_size=30)


@given(st.lists(st.lists(FIELDS, max_size=20).map("|".join).map("OBX|".__add__), max_size=5), FIELDS, FIELDS)
def test_no_content_makes_reading_fail(rows: list[str], control: str, sent: str) -> None:
    """Any fields at all give a report or a named fault, and every value is a finite number within its range."""
    try:
        report = told(*rows, head=msh(control, sent=sent))
    except Malformed:
        return
    ranges = {c.measure.name: c.measure for c in vocabulary().by_code.values()}
    assert all(ranges[v.name].low <= v.value <= ranges[v.name].high for v in report.values)
