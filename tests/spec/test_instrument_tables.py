"""Rules of scoring as small tables: triage of suicide risk, provisional diagnosis, missing answers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from unstuck.core.assessment import Answers, score
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_instrument


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table beside this file."""
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def name_of(row: dict[str, str]) -> str:
    """What pytest calls the row."""
    return row.get("why") or " ".join(row.values())


@pytest.mark.parametrize("row", table("cssrs_triage"), ids=name_of)
def test_triage(row: dict[str, str]) -> None:
    """The C-SSRS screener names the level that the table says, and none while an open answer could change it."""
    answers = {k: int(v) for k, v in row.items() if k.startswith("item") and v}
    found = score(load_instrument("cssrs_screen"), answers).triages["risk"]
    assert (found.level or "unknown", found.at_least) == (row["level"], row["at_least"])


@pytest.mark.parametrize("row", table("pcl5_provisional"), ids=name_of)
@pytest.mark.parametrize("key", ["pcl5_week", "pcl5_month"])
def test_provisional_diagnosis(key: str, row: dict[str, str]) -> None:
    """The PCL-5 rule of clusters says what the table says; items that a row leaves out are 0, "?" is not answered."""
    instrument = load_instrument(key)
    answers: dict[str, int | None] = {}
    for cluster in "BCDE":
        items = instrument.scale(cluster).items
        given = [None if v == "?" else int(v) for v in row[cluster].split()]
        answers |= dict(zip(items, [*given, *[0] * len(items)], strict=False))
    assert score(instrument, answers).flags["provisional"].value == row["provisional"]


def without(instrument: Instrument, scale: str, missing: int) -> Answers:
    """The highest answer to every item, save the last `missing` items of the scale."""
    left_out = instrument.scale(scale).items[-missing:] if missing else ()
    return {i.key: i.high for i in instrument.items if i.key not in left_out}


@pytest.mark.parametrize("row", table("missing_answers"), ids=name_of)
def test_missing_answers(row: dict[str, str]) -> None:
    """With so many answers missing, a scale is complete, estimated or not there; a gate reads only a complete one."""
    instrument = load_instrument(row["instrument"])
    found = score(instrument, without(instrument, row["scale"], int(row["missing"]))).scales[row["scale"]]
    assert found.completeness.value == row["completeness"]
    assert (found.for_gate is not None) == (row["for_gate"] == "yes")
