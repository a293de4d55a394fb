"""The card of the effects shows what the library's data give now."""

import pytest

from tests.structure.sources import ROOT

CARD = ROOT / "docs" / "science" / "effects.md"


@pytest.fixture
def card(monkeypatch):
    """tools/effects_card.py as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import effects_card

    return effects_card


@pytest.mark.slow
def test_the_table_is_what_the_data_give(card):
    """The table of numbers in the card is, to the last digit, what its one command writes."""
    text = CARD.read_text(encoding="utf-8")
    assert text.partition(card.START)[2].partition(card.END)[0].strip() == card.table().strip()


def test_every_picture_of_the_card_is_made_by_the_command(card):
    """The card shows the pictures that its command makes, and they are there."""
    text = CARD.read_text(encoding="utf-8")
    for name, _, _ in card.PICTURES:
        assert f"](effects_{name}.svg)" in text
        assert (CARD.parent / f"effects_{name}.svg").is_file()
