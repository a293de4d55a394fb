"""The browser's small rule interpreter says what the core says, on generated rules and facts."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

import unstuck.clinic.session
from tests.strategies import conditions
from unstuck.core.conditions import Condition, Seen, facts_of, judge
from unstuck.core.rule_file import read_rule, rule_plain

SCRIPTS = Path(unstuck.clinic.session.__file__).parent / "static" / "session"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Case = tuple[Condition, dict[str, list[Seen]], datetime]


@dataclass(frozen=True)
class Table:
    """Facts from a table."""

    rows: dict[str, list[Seen]]

    def seen(self, fact: str, until: datetime) -> Sequence[Seen]:
        return [one for one in self.rows.get(fact, []) if one.at <= until]


@pytest.fixture(scope="module")
def interpreter(chromium: Browser) -> Iterator[Page]:
    """A page that has loaded the interpreter."""
    page = chromium.new_page()
    page.goto("about:blank")
    text = base64.b64encode((SCRIPTS / "rules.js").read_bytes()).decode()
    page.evaluate("async (text) => { window.rules = await import('data:text/javascript;base64,' + text) }", text)
    yield page
    page.close()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A rule, series for some of its facts on a coarse grid of minutes, and an instant to judge it at."""
    rule = draw(conditions)
    names = [*facts_of(rule), "treatments", "doses"]
    values = st.one_of(st.integers(0, 200).map(float), st.booleans(), st.sampled_from(("high", "low")))
    rows = {}
    for name in names:
        moments = sorted(draw(st.lists(st.integers(0, 5 * 1440), max_size=4)))
        kind = st.integers(0, 6).map(float) if name in ("treatments", "doses") else values
        rows[name] = [Seen(START + timedelta(minutes=m), draw(kind)) for m in moments]
    return rule, rows, START + timedelta(minutes=draw(st.integers(0, 6 * 1440)))


def plain(case: Case) -> dict[str, Any]:
    rule, rows, at = case
    facts = {name: [[seen.at.isoformat(), seen.value] for seen in series] for name, series in rows.items()}
    return {"rule": rule_plain(rule), "facts": facts, "at": at.isoformat()}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batch=st.lists(cases(), min_size=20, max_size=60))
def test_browser_and_core_agree(interpreter: Page, batch: list[Case]) -> None:
    """HOLDS, FAILS and UNKNOWN come out alike, nested windows and changes included."""
    ours = [judge(rule, Table(rows), at).value for rule, rows, at in batch]
    theirs = interpreter.evaluate(
        "(cases) => cases.map(c => window.rules.judge(c.rule, c.facts, Date.parse(c.at)))", [plain(c) for c in batch]
    )
    assert theirs == ours


@given(rule=conditions)
def test_a_rule_as_plain_values_reads_back(rule: Condition) -> None:
    """What is sent to the browser is the same rule that files write."""
    assert read_rule(rule_plain(rule)) == rule
