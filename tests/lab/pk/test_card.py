"""The card says what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_the_cards_table_is_what_the_models_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row of measurements in the card is the model's own number of today, and exactly the two known misses are
    no."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import pk_card

    table = pk_card.table(pk_card.measured())
    card = (ROOT / "docs/science/pharmacokinetics.md").read_text(encoding="utf-8")
    assert table in card and table.count("**no**") == 2


def test_every_set_is_in_the_card() -> None:
    """Each parameter set of the library is named in the card with its standing."""
    card = (ROOT / "docs/science/pharmacokinetics.md").read_text(encoding="utf-8")
    sets = {path.stem for path in (ROOT / "library/pk").glob("*.toml")}
    assert {name for name in sets if f"`{name}`" not in card} == set()
