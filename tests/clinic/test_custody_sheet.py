"""The day sheet: derived from the acts alone, and the PDF says what the sheet says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from pypdf import PdfReader

import unstuck.clinic.custody
from tests.clinic.stock import DEVICE, VIAL, act, drawn, lot_of, signed
from tests.course_makers import adas_course
from unstuck.clinic.audit.sentences import SAID, sentence
from unstuck.clinic.custody import counts
from unstuck.clinic.custody.actions import Give, Waste, WasteRest, draw, give, waste, waste_rest
from unstuck.clinic.custody.models import Container, Movement, Reason
from unstuck.clinic.custody.sheet import DaySheet, day_sheet
from unstuck.clinic.custody.sheet_pdf import pdf
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people.models import Account

Cast = dict[str, Account]
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def a_day(cast: Cast, at: datetime) -> None:
    """Yesterday two lots came; today 4 mL are drawn, 3.5 given, 0.5 wasted; 2 mL break; a device is missing."""
    ketamine = lot_of(VIAL, cast, at - DAY)
    devices = lot_of(DEVICE, cast, at - DAY, code="D7", containers=5)
    drawing = draw(drawn(ketamine, "4", adas_course(cast, at - DAY), cast), at)
    give(Give(act(), drawing.act, Decimal("3.5"), cast["nia"]), at)
    waste_rest(WasteRest(act(), drawing.act, Decimal("0.5"), Reason.REMAINDER, cast["nia"], cast["cleo"]), at)
    waste(Waste(act(), ketamine, 2, Decimal(2), Reason.BROKEN, cast["otis"], cast["nia"]), at)
    counts.count(counts.Count(devices, 4), signed(cast), at)


def sheet_of(on: date, zone: str = "UTC") -> DaySheet:
    names = dict(Account.objects.values_list("key", "display_name"))
    return day_sheet("safe", on, entries("custody:safe"), names, ZoneInfo(zone))


def words(document: bytes) -> str:
    pages = PdfReader(BytesIO(document)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_the_sheet_is_the_day(cast: Cast, at: datetime) -> None:
    """Opening, every act with both names, running balance, closing; the discrepancy is counted as open."""
    a_day(cast, at)
    sheet = sheet_of(at.date())
    ketamine, devices = sheet.lots
    assert (ketamine.amount(ketamine.opening), ketamine.amount(ketamine.left)) == (40, 34)
    told = [(line.what, line.change, line.balance, line.actor, line.witness) for line in ketamine.lines]
    assert told == [
        ("drawn for a dose", "-4 mL", "36 mL", "Nia", ""),
        ("of a drawing: 3.5 mL given", "", "36 mL", "Nia", ""),
        ("of a drawing: 0.5 mL wasted, left over after the dose", "", "36 mL", "Nia", "Cleo"),
        ("wasted, broken or spilt", "-2 mL", "34 mL", "Otis", "Nia"),
    ]
    assert [line.what for line in devices.lines] == ["counted: 8 sprays, recorded 10 sprays", "discrepancy opened"]
    assert (sheet.open_drawings, sheet.open_discrepancies, sheet.tip) == (0, 1, entries("custody:safe")[-1].hash)


def test_days_join(cast: Cast, at: datetime) -> None:
    """What one day leaves is what the next begins with; before the first delivery there is nothing."""
    a_day(cast, at)
    yesterday, today, tomorrow = (sheet_of((at + n * DAY).date()) for n in (-1, 0, 1))
    assert [lot.left for lot in yesterday.lots] == [lot.opening for lot in today.lots]
    assert [(lot.opening, lot.lines) for lot in tomorrow.lots] == [(lot.left, []) for lot in today.lots]
    assert sheet_of((at - 2 * DAY).date()).lots == ()


def test_a_day_is_the_sites_day(cast: Cast, at: datetime) -> None:
    """What happens at 09:00 UTC stands on the sheet of the day before where the site's clock is eleven hours behind."""
    a_day(cast, at)
    lines = {
        on: sum(len(lot.lines) for lot in sheet_of(on, "Pacific/Midway").lots) for on in (at.date() - DAY, at.date())
    }
    assert lines == {at.date() - DAY: 6, at.date(): 0}


def test_the_pdf_says_it(cast: Cast, at: datetime) -> None:
    """Lots, strengths, balances in mL and mg, names, the open discrepancy and the hash are in its text."""
    a_day(cast, at)
    sheet = sheet_of(at.date())
    told = words(pdf(sheet, "Clinic & Co <1>"))
    for each in (
        *(
            "Clinic & Co <1>",
            "ketamine 10 mg/mL, lot A100",
            "40 mL (400 mg)",
            "34 mL (340 mg)",
            "esketamine 14 mg/spray",
        ),
        *("of a drawing: 0.5 mL wasted", "Cleo", "Otis", "10 sprays (140 mg)", "Open discrepancies: 1", sheet.tip),
    ):
        assert each in told, each


def test_the_sheet_needs_no_rows(cast: Cast, at: datetime) -> None:
    """The projection may be wrong or gone: the sheet is read from the ledger."""
    a_day(cast, at)
    before = sheet_of(at.date())
    Movement.objects.all().delete()
    Container.objects.all().update(left=0)
    assert sheet_of(at.date()) == before


def test_letters_that_the_fonts_lack_do_not_break_it(cast: Cast, at: datetime) -> None:
    """A name in other letters is printed without its marks, never as a failure."""
    Account.objects.filter(username="nia").update(display_name="Zoë Wałęsa 護")
    a_day(cast, at)
    assert "Zoë Walesa ?" in words(pdf(sheet_of(at.date()), "Clinic"))


def test_the_page_is_a_pdf_for_the_custodian(signed_in: Callable[[str], Client], cast: Cast, at: datetime) -> None:
    """It opens in the browser, is not kept by it, and a day that is none is not found."""
    a_day(cast, at)
    answer = signed_in("otis").get(f"/stock/sheet/safe/{at.date()}/")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    assert signed_in("otis").get("/stock/sheet/safe/2026-02-30/").status_code == 404


def test_the_stock_can_be_verified_from_outside(cast: Cast, at: datetime) -> None:
    """`verify_stock` ends well while rows are what the acts leave, and with 1 and the container's number otherwise."""
    a_day(cast, at)
    out = StringIO()
    call_command("verify_stock", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"sound": True, "differences": []}
    Container.objects.filter(lot__code="A100", number=1).update(left=1)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_stock", stdout=out)
    assert ended.value.code == 1 and "No. 1 of lot" in out.getvalue()


def test_every_act_of_the_stock_is_a_sentence_without_the_drug(cast: Cast, at: datetime) -> None:
    """Whoever reads the audit learns who did what with which lot, both people by name, and never which drug it was."""
    folder = Path(unstuck.clinic.custody.__file__).parent
    kinds = {k for path in folder.glob("*.py") for k in re.findall(r'"(custody\.[a-z_]+)"', path.read_text())}
    assert len(kinds) >= 15 and kinds <= set(SAID)
    a_day(cast, at)
    told = [sentence(entry, {cast["nia"].key: "Nia", cast["otis"].key: "Otis"}) for entry in entries("custody:safe")]
    assert any(words.startswith("Otis wasted from a container") and "with Nia as second" in words for words in told)
    assert not re.search("ketamine|mg|A100", " ".join(told))
