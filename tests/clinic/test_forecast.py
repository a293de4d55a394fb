"""The forecast of a running dose: from the recorded run to the model's bands, or a sentence why there are none."""

from datetime import UTC, datetime, timedelta

from unstuck.clinic.forecast import Forecast, NoForecast, Subject, forecast
from unstuck.core.infusion import Infusion, Segment
from unstuck.lab.live import Case, Stretch, expect

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ADA = Subject("ketamine", "iv_infusion", 70.0, 40.0)


def _at(minutes):
    return START + timedelta(minutes=minutes)


def _run(*segments):
    return Infusion(
        START, 35.0, segments=tuple(Segment(_at(a), None if b is None else _at(b), r) for a, b, r in segments)
    )


def test_the_run_as_recorded_is_what_is_computed():
    """A run with a pause gives the bands of its stretches, from the start of the dose, with the model's wording."""
    told = forecast(ADA, _run((0, 20, 0.875), (20, 30, 0.0), (30, 50, 0.875)))
    assert isinstance(told, Forecast)
    assert told.started_at == START
    assert told.expected == expect(
        Case("ketamine", "iv_infusion", 70, 40, (Stretch(0, 20, 0.875), Stretch(30, 50, 0.875)))
    )
    assert told.expected.wording == "model, not a measurement"


def test_an_open_pause_counts_as_going_on():
    """Paused and not resumed, the expectation is that of what has run so far."""
    paused = forecast(ADA, _run((0, 20, 0.875), (20, None, 0.0)))
    assert isinstance(paused, Forecast)
    assert paused.expected == expect(Case("ketamine", "iv_infusion", 70, 40, (Stretch(0, 20, 0.875),)))


def test_parts_given_at_once_are_seen():
    """A bolus gives a curve that starts high and falls."""
    told = forecast(Subject("ketamine", "iv_bolus", 70.0, 40.0), Infusion(START, 20.0, parts=((START, 20.0),)))
    assert isinstance(told, Forecast)
    assert max(told.expected.conc_ng_per_ml.middle) > 0


def test_what_the_model_does_not_know_is_said_and_not_raised():
    """Without a weight, or for another drug, staff read one sentence instead of a curve."""
    for subject, said in (
        (Subject("ketamine", "iv_infusion", None, 40.0), "weight_kg is missing"),
        (Subject("midazolam", "iv_infusion", 70.0, 40.0), "midazolam"),
    ):
        told = forecast(subject, _run((0, 40, 0.875)))
        assert isinstance(told, NoForecast)
        assert said in told.why
