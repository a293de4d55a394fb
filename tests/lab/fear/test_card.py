"""The card of the learners shows what the library's data give now."""

import numpy as np
import pytest

from tests.structure.sources import ROOT

CARD = ROOT / "docs" / "science" / "fear.md"


@pytest.fixture
def card(monkeypatch):
    """tools/fear_card.py as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import fear_card

    return fear_card


def test_the_table_is_what_the_data_give(card):
    """The table of numbers in the card is, to the last digit, what its one command writes."""
    text = CARD.read_text(encoding="utf-8")
    assert text.partition(card.START)[2].partition(card.END)[0].strip() == card.table().strip()


def test_every_picture_of_the_card_is_made_by_the_command(card):
    """The card shows the pictures that its command makes, and they are there."""
    text = CARD.read_text(encoding="utf-8")
    for name, _, _ in card.PICTURES:
        assert f"](fear_{name}.svg)" in text
        assert (CARD.parent / f"fear_{name}.svg").is_file()


def test_stuck_is_a_condition_on_parameters(card):
    """In every member of the family threat fades where the own reaction lies below it, and refuels itself above."""
    below, above = (int(np.argmin(abs(card.REFUEL - value))) for value in (0.8, 1.2))
    for key in card.FAMILY:
        threat = card.lived(key)
        assert threat[0, -1] < 0.05 and threat[below, -1] < threat[below, 0]
        assert threat[above, -1] > 0.9
