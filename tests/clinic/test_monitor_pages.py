"""The pages about monitors: who names them, who moves them, and who may read what nobody could use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from tests.clinic.monitor_messages import BEATS, PULSE, SYS, VITALS, msh, obx, oru
from tests.pages import without_keys
from unstuck.clinic.interop.devices import DeviceFacts, assign, name_device, note_refused
from unstuck.clinic.interop.models import Device, Message
from unstuck.clinic.interop.receipt import receive
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.rooms.actions import first_chairs
from unstuck.clinic.rooms.models import Chair

pytestmark = pytest.mark.django_db
Browser = Callable[[str], Client]


@pytest.fixture
def monitor(at: datetime) -> Device:
    """A monitor at chair 1 that has sent a good message, one value without a unit, and one message of another kind."""
    first_chairs()
    device = name_device(DeviceFacts("Monitor 1", "10.20.0.7"), "a_alma", at - timedelta(hours=1))
    assign(device, Chair.objects.get(key="chair_1"), "a_nia", at - timedelta(hours=1))
    late = msh("m1", sent="20260302085300+0000")
    for body in (oru(obx(SYS, "171", ""), obx(PULSE, "77", BEATS), head=late), oru(*VITALS, head=msh("m2", "ADT^A01"))):
        receive(body, "10.20.0.7", at)
    return device


def page(client: Client, address: str = "/monitors/") -> str:
    told = client.get(address)
    assert told.status_code == 200
    return told.content.decode()


def test_the_page_tells_where_each_monitor_stands_and_holds_no_reading(monitor: Device, signed_in: Browser) -> None:
    """Chair, clock, reasons and faults are there; neither a value nor a name that a message held is."""
    text = page(signed_in("nia"))
    for words in ("Monitor 1", "7 min behind", "it has no unit", "Only ORU^R01 is taken here", "upper blood pressure"):
        assert words in text
    assert not [secret for secret in ("171", "Doe", "Jane", "HO1") if secret in without_keys(text)]


def test_a_nurse_moves_a_monitor_and_cannot_name_one(monitor: Device, signed_in: Browser) -> None:
    """The chair is for whoever is there; names and addresses are for the administrator."""
    nia, alma = signed_in("nia"), signed_in("alma")
    assert nia.post(f"/monitors/{monitor.key}/chair/", {"chair": "chair_2"}).status_code == 302
    assert monitor.standings.get(until=None).chair.key == "chair_2"
    assert nia.post(f"/monitors/{monitor.key}/chair/", {"chair": ""}).status_code == 302
    assert not monitor.standings.filter(until=None).exists()
    assert nia.post(f"/monitors/{monitor.key}/chair/", {"chair": "nowhere"}).status_code == 404
    assert nia.post("/monitors/new/", {"name": "M", "address": "10.0.0.1"}).status_code == 403
    assert nia.post(f"/monitors/{monitor.key}/retire/").status_code == 403
    assert alma.post(f"/monitors/{monitor.key}/chair/", {"chair": "chair_2"}).status_code == 403
    assert signed_in("finn").get("/monitors/").status_code == 403


def test_an_administrator_names_and_retires(monitor: Device, signed_in: Browser) -> None:
    """An address in use is refused with words, a wrong one as well; a retired monitor's address is free again."""
    alma = signed_in("alma")
    told = {"name": "Monitor 2", "address": "10.20.0.7"}
    refused = alma.post("/monitors/new/", told)
    assert (refused.status_code, "in use" in refused.content.decode()) == (200, True)
    assert "valid IP" in alma.post("/monitors/new/", {"name": "M", "address": "monitor"}).content.decode()
    assert alma.post(f"/monitors/{monitor.key}/retire/").status_code == 302
    assert alma.post("/monitors/new/", told).status_code == 302
    assert [device.name for device in Device.objects.filter(active=True)] == ["Monitor 2"]


def test_a_kept_message_is_read_with_an_entry_and_erased(monitor: Device, signed_in: Browser) -> None:
    """Opening the text is noted; erased, it is gone and its reason stays; an administrator may not read it."""
    kept = Message.objects.exclude(verdict="A").get()
    address = f"/monitors/kept/{kept.pk}/"
    assert signed_in("alma").get(address).status_code == 403
    nia = signed_in("nia")
    assert "Doe^Jane" in page(nia, address)
    assert nia.post(f"{address}erase/").status_code == 302
    kept.refresh_from_db()
    assert (kept.body, bool(kept.fault)) == ("", True)
    assert "Doe" not in without_keys(page(nia, address))
    assert [e.kind for e in entries("site") if e.kind in ("record.read", "monitor.message_erased")] == [
        "record.read",
        "monitor.message_erased",
        "record.read",
    ]


def test_a_refused_address_is_shown(monitor: Device, signed_in: Browser, at: datetime) -> None:
    """Whoever keeps knocking is seen on the page, with how often."""
    for _ in range(3):
        note_refused("10.9.9.9", at)
    text = page(signed_in("alma"))
    assert "10.9.9.9" in text and "3 times" in text
