"""Infusions as they ran: laws for every sequence of pauses, rates and stops, beside a stepwise second count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from unstuck.core.events import DoseGiven, Event, Origin
from unstuck.core.infusion import Running, infusion
from unstuck.core.session_events import Flow, InfusionChanged, PartGiven

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Change = tuple[int, Flow, float]


def dose(mg: float, minutes: float | None) -> Event:
    what = DoseGiven("infusion", 1, "ketamine", "iv_infusion", mg, 70.0, minutes, "ketamine")
    return Event("dose", "c", START, START, "a", Origin.CLINIC, what)


def event(minute: float, what: InfusionChanged | PartGiven, number: int = 0) -> Event:
    at = START + minute * MINUTE
    return Event(f"e{number}-{minute}", "c", at, at, "a", Origin.CLINIC, what)


def flow(minute: float, kind: Flow, rate: float | None = None, number: int = 0) -> Event:
    return event(minute, InfusionChanged("infusion", 1, kind, rate), number)


changes = st.lists(
    st.tuples(st.integers(0, 120), st.sampled_from(Flow), st.floats(0.05, 1.0)),
    max_size=6,
    unique_by=lambda change: change[0],
)


def flows_of(made: list[Change], rate: float) -> list[Event]:
    return [flow(m, kind, rate * share if kind is Flow.RATE else None, n) for n, (m, kind, share) in enumerate(made)]


def stepwise_mg(mg: float, minutes: float, made: list[Change], until: int) -> float:
    """The amount by counting one minute after another: a second implementation, with whole minutes only."""
    full = mg / minutes
    usual = rate = full
    given_mg, over = 0.0, False
    told = {minute: (kind, share) for minute, kind, share in made}
    for minute in range(until):
        if not over and given_mg < mg - 1e-9 and minute in told:
            kind, share = told[minute]
            if kind is Flow.PAUSED:
                rate = 0.0
            elif kind is Flow.RESUMED:
                rate = usual
            elif kind is Flow.RATE:
                rate = usual = full * share
            else:
                over = True
        if not over:
            given_mg = min(mg, given_mg + rate)
    return given_mg


@given(mg=st.floats(5, 100), minutes=st.integers(5, 60), made=changes, until=st.integers(0, 240))
def test_amount_agrees_with_counting_minute_by_minute(mg: float, minutes: int, made: list[Change], until: int) -> None:
    """The amount in the person equals what a count of one minute after another gives."""
    run = infusion(dose(mg, minutes), flows_of(made, mg / minutes))
    counted = stepwise_mg(mg, minutes, made, until)
    assert abs(run.given_mg(START + until * MINUTE) - counted) <= 1e-6 * mg


@given(
    mg=st.floats(5, 100), minutes=st.floats(5, 60), made=changes, first=st.integers(0, 300), more=st.integers(0, 300)
)
def test_amount_never_falls_and_never_exceeds_the_order(
    mg: float, minutes: float, made: list[Change], first: int, more: int
) -> None:
    """More time never means less drug, and no sequence of changes gives more than was ordered."""
    run = infusion(dose(mg, minutes), flows_of(made, mg / minutes))
    earlier, later = run.given_mg(START + first * MINUTE), run.given_mg(START + (first + more) * MINUTE)
    assert 0 <= earlier <= later <= mg * (1 + 1e-9)


@given(mg=st.floats(5, 100), minutes=st.floats(5, 60), made=changes)
def test_what_ends_unstopped_has_given_everything(mg: float, minutes: float, made: list[Change]) -> None:
    """An infusion that ended by itself has given the whole order; a paused one has no end."""
    run = infusion(dose(mg, minutes), flows_of(made, mg / minutes))
    if run.ends_at is None:
        assert run.state(START + 10_000 * MINUTE) is Running.PAUSED
    elif not run.stopped:
        assert abs(run.given_mg(run.ends_at) - mg) < 1e-6 * mg
        assert run.state(run.ends_at) is Running.ENDED


def test_changes_after_the_end_change_nothing() -> None:
    """A stop that was tapped after the pump had run dry is no stop."""
    run = infusion(dose(40, 40), [flow(50, Flow.STOPPED)])
    assert run.ends_at == START + 40 * MINUTE and not run.stopped


def test_a_bolus_ends_when_it_begins() -> None:
    """What is given at once is in the person at once."""
    run = infusion(dose(35, None))
    assert (run.ends_at, run.given_mg(START), run.rate(START)) == (START, 35, 0.0)


def test_parts_count_when_they_are_given() -> None:
    """Two nasal devices: half after the first, all after the second, and the dose ends with the last."""
    parts = [event(0, PartGiven("infusion", 1, 1, 28)), event(5, PartGiven("infusion", 1, 2, 28), 1)]
    run = infusion(dose(56, None), parts)
    assert [run.given_mg(START + n * MINUTE) for n in (0, 4, 5)] == [28, 28, 56]
    assert run.ends_at == START + 5 * MINUTE
