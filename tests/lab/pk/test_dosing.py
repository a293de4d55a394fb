"""The dosing algebra, NONMEM's columns and the protocols' regimens say the same; what cannot be said is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.core.errors import Complaint
from unstuck.core.protocol import DoseUnit, Route
from unstuck.core.protocol import Regimen as Planned
from unstuck.core.protocol_file import load_protocol, protocol_keys
from unstuck.lab.pk import Person, Regimen, bolus, dose, infusion, load_set, predict
from unstuck.lab.pk.nonmem import read_events
from unstuck.lab.pk.protocols import regimen_of
from unstuck.lab.pk.regimen import Dose

KET1, TYPICAL = load_set("ket1"), Person(70, 40)
TIMES_H = np.array([0.25, 1.0, 5.0, 30.0, 80.0])
HEAD = "ID,TIME,AMT,RATE,DUR,EVID,ADDL,II,SS,CMT,WT,AGE,F,LAG\n"


def _same(one: Regimen, other: Regimen) -> None:
    for name in KET1.domain.outputs:
        a, b = (predict(KET1, r, TYPICAL, TIMES_H)[name][0] for r in (one, other))
        assert a == pytest.approx(b, rel=1e-12, abs=1e-12)


def test_repeat_then_and_until() -> None:
    """repeat, then and at give the same doses as writing them out; until stops what runs and drops what is to come."""
    one = infusion(40, mg=35)
    out = one + one.at(48) + one.at(96)
    assert one.repeat(3, every_h=48) == out and one.then(one, after_h=48).then(one, after_h=48) == out
    cut = out.until(48 + 1 / 3)
    assert [d.start_h for d in cut.doses] == [0, 48]
    assert cut.doses[1].amount == pytest.approx(17.5) and cut.doses[1].hours == pytest.approx(1 / 3)


def test_a_changed_rate_is_two_infusions() -> None:
    """An infusion in two halves at the same rate is the whole infusion."""
    _same(infusion(40, mg=35), infusion(20, mg=17.5) + infusion(20, mg=17.5).at(1 / 3))


def test_a_cap_bounds_the_amount() -> None:
    """A dose by weight is cut at its cap, and one that is below it is not."""
    _same(infusion(40, mg_per_kg=1.0, cap_mg=50), infusion(40, mg=50))
    _same(infusion(40, mg_per_kg=0.5, cap_mg=50), infusion(40, mg=35))


ROWS = {
    "1,0,35,52.5,.,1,.,.,.,iv,70,40,.,.": infusion(40, mg=35),
    "1,0,35,.,0.6666666666666666,1,.,.,.,iv,70,40,.,.": infusion(40, mg=35),
    "1,0,10,.,.,1,2,24,.,iv,70,40,.,.": bolus(mg=10).repeat(3, 24),
    "1,0,10,.,.,1,.,24,1,iv,70,40,.,.": Regimen((Dose("iv_bolus", 10, steady_every_h=24),)),
    "1,0,30,.,.,1,.,.,.,oral,70,40,0.5,0.2": dose("oral", mg=15).at(0.2),
    "1,0,30,-2,.,1,.,.,.,oral,70,40,.,.": dose("oral", mg=30),
    "1,0,30,.,.,1,.,.,.,im,70,40,.,.": dose("im", mg=30),
}


@pytest.mark.parametrize("row", ROWS)
def test_nonmem_rows_and_the_algebra_agree(row: str) -> None:
    """A dosing record gives what the same dose in the algebra gives."""
    (subject,) = read_events(HEAD + row)
    _same(subject.regimen, ROWS[row])


def test_nonmem_resets_and_troughs() -> None:
    """EVID 3 empties the body, EVID 4 also doses; a record before a dose at the same time is read before it."""
    rows = (
        "1,0,10,.,.,1,.,.,.,iv,70,40,.,.\n1,2,.,.,.,0\n1,2,10,.,.,4,.,.,.,iv\n1,2,.,.,.,0\n1,3,.,.,.,3\n1,4,.,.,.,0\n"
    )
    (subject,) = read_events(HEAD + rows)
    found = subject.course(KET1)["ketamine_arterial"][0]
    plain = predict(KET1, bolus(mg=10), TYPICAL, np.array([0.0, 2.0]))["ketamine_arterial"][0]
    assert found == pytest.approx([plain[1], plain[0], 0.0], rel=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 90), st.floats(0.1, 2), st.integers(0, 4), st.floats(3, 30))
def test_infusions_repeat_alike(mg: float, hours: float, further: int, every: float) -> None:
    """ADDL and II of an infusion are repeat."""
    row = f"1,0,{mg!r},.,{hours!r},1,{further},{every!r},.,iv,70,40,.,."
    _same(read_events(HEAD + row)[0].regimen, infusion(hours * 60, mg=mg).repeat(further + 1, every))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("1,0,35,-1,.,1,.,.,.,iv", "RATE"),
        ("1,0,35,52.5,.,1,.,.,.,im", "RATE"),
        ("1,0,35,10,1,1,.,.,.,iv", "DUR"),
        ("1,0,0,10,.,1,.,.,1,iv", "AMT"),
        ("1,0,35,.,.,1,.,.,1,iv", "SS"),
        ("1,0,35,.,.,1,.,24,1,oral,70,40,.,0.2", "SS"),
        ("1,0,35,.,.,1,3,.,.,iv", "ADDL"),
        ("1,0,35,.,.,1,.,.,.,2", "CMT"),
        ("1,0,35,.,.,5,.,.,.,iv", "EVID"),
        ("1,0,35,.,.,0,.,.,.,iv", "EVID"),
        ("1,-1,35,.,.,1,.,.,.,iv", "TIME"),
        ("1,0,x,.,.,1,.,.,.,iv", "AMT"),
        ("1,0,35,.,.,1,.,.,.,iv,70,40,1.4,.", "F"),
        ("1,0,35,.,.,1,2,24,.,iv\n1,30,.,.,.,3", "EVID"),
    ],
)
def test_unsupported_records_are_refused(row: str, column: str) -> None:
    """A record that cannot be taken as it is written is refused with its column and line, and is never a silent
    zero."""
    with pytest.raises(Complaint) as told:
        read_events(HEAD + row)
    assert told.value.what.startswith(column) and (told.value.where or "").startswith("line ") and told.value.mend


def test_overlapping_steady_states_are_refused() -> None:
    """A steady state whose infusion, or whose entry into the gut, is longer than its interval is refused."""
    with pytest.raises(Complaint, match="overlap"):
        Dose("iv_infusion", 10, hours=5, steady_every_h=4)
    with pytest.raises(Complaint, match="overlap"):
        predict(KET1, Regimen((Dose("oral", 10, steady_every_h=0.2),)), TYPICAL, TIMES_H)


def _planned(**changed: object) -> Planned:
    fields: dict[str, object] = {
        "key": "k", "drug": "ketamine", "route": Route.IV_INFUSION, "amount": 0.5, "unit": DoseUnit.MG_PER_KG,
        "source": "feder_2021", "minutes": 40.0,
    }  # fmt: skip
    return Planned(**(fields | changed))  # type: ignore[arg-type]


def test_a_protocols_regimen_is_the_same_dose() -> None:
    """A protocol's regimen gives the dose that it states, bounded by its cap."""
    assert regimen_of(_planned()) == infusion(40, mg_per_kg=0.5)
    assert regimen_of(_planned(cap_mg=40.0)) == infusion(40, mg_per_kg=0.5, cap_mg=40)
    assert regimen_of(_planned(route=Route.ORAL, minutes=None), start_h=3) == dose("oral", mg_per_kg=0.5).at(3)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"amount": None}, "amount"), ({"minutes": None}, "minutes"), ({"route": Route.IM, "minutes": 5.0}, "minutes")],
)
def test_a_regimen_that_leaves_something_open_is_refused(changed: dict[str, object], field: str) -> None:
    """A regimen without amount, an infusion without minutes, an injection over minutes: refused, with the field."""
    with pytest.raises(Complaint) as told:
        regimen_of(_planned(**changed))
    assert told.value.where == field


def test_every_decided_regimen_of_the_library_can_be_solved() -> None:
    """Each ketamine regimen of the library's protocols that states its amount gives a course in a typical person."""
    solved = 0
    for key in protocol_keys():
        for planned in load_protocol(key).regimens:
            if planned.drug == "ketamine" and planned.amount is not None:
                course = predict(KET1, regimen_of(planned), TYPICAL, TIMES_H)
                assert (course["ketamine_venous"].max() > 0) == (planned.amount > 0)
                solved += 1
    assert solved >= 5
