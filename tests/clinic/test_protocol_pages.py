"""The protocol library: what a page shows, and what a signature does and refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from django.utils.html import escape

from tests.site_fixtures import PASSWORD
from unstuck.clinic.course.queries import ReleaseAltered, protocol_of
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people.models import Account
from unstuck.clinic.protocol import actions
from unstuck.clinic.protocol.alarms import alarms_page
from unstuck.clinic.protocol.chart import marks, schedule_svg
from unstuck.clinic.protocol.models import Release, ReleaseIsFinal
from unstuck.core.alarm_rates_file import load_alarm_rates
from unstuck.core.protocol_file import canonical_text, load_protocol, parse_protocol, protocol_keys
from unstuck.core.protocol_text import explain, schedule_table
from unstuck.core.protocol_writer import content_hash

pytestmark = pytest.mark.django_db
Browser = Callable[[str], Client]
PAGE = "/protocols/feder_2021/"


def sign(client: Client, key: str = "feder_2021", password: str = PASSWORD) -> object:
    return client.post(f"/protocols/{key}/", {"hash": load_protocol(key).hash, "password": password})


def kinds() -> list[str]:
    return [entry.kind for entry in entries("site") if entry.kind.startswith("protocol.")]


def test_a_release_pins_hash_and_text(signed_in: Browser, cast: dict[str, Account]) -> None:
    """What a prescriber signs is the canonical text, byte for byte, under its hash, with an entry in the ledger."""
    answer = sign(signed_in("cleo"))
    assert (answer.status_code, answer["Location"]) == (302, PAGE)  # type: ignore[attr-defined,index]
    made, protocol = Release.objects.get(), load_protocol("feder_2021")
    assert (made.text, made.hash) == (canonical_text(protocol), protocol.hash)
    assert content_hash(parse_protocol(made.text)) == made.hash
    assert (made.signed_by, kinds()) == (cast["cleo"].key, ["protocol.released"])
    assert "Cleo" in signed_in("nia").get(PAGE).content.decode()


def test_a_wrong_password_signs_nothing(signed_in: Browser) -> None:
    """The refusal is on the page with status 409, the try is in the ledger, and there is no release."""
    answer = sign(signed_in("cleo"), password="not mine")
    assert (answer.status_code, Release.objects.count()) == (409, 0)  # type: ignore[attr-defined]
    assert "The password is not right" in answer.content.decode()  # type: ignore[attr-defined]
    assert kinds() == ["protocol.signature_refused"]


def test_a_frame_is_refused(signed_in: Browser) -> None:
    """A protocol with a dose whose amount no source tells cannot be signed, and the page says which dose."""
    client = signed_in("cleo")
    answer = sign(client, "maps_frame")
    assert (answer.status_code, Release.objects.count()) == (409, 0)  # type: ignore[attr-defined]
    assert "amount no source tells" in answer.content.decode()  # type: ignore[attr-defined]
    assert 'name="password"' not in client.get("/protocols/maps_frame/").content.decode()


def test_every_reason_is_told(cast: dict[str, Account], at: datetime) -> None:
    """The refusal of an incomplete protocol carries each open point."""
    with pytest.raises(actions.NotComplete) as refused:
        actions.release(load_protocol("maps_frame"), cast["cleo"], PASSWORD, at)
    assert refused.value.reasons and all(reason.mend for reason in refused.value.reasons)


@pytest.mark.parametrize("username", ["nia", "ben", "finn", "quinn", "alma"])
def test_only_prescribers_release(signed_in: Browser, username: str) -> None:
    """Others read the page and see why they cannot sign; a request made by hand is refused and signs nothing."""
    client = signed_in(username)
    page = client.get(PAGE).content.decode()
    assert "A prescriber signs" in page and 'name="password"' not in page
    assert sign(client).status_code == 403  # type: ignore[attr-defined]
    assert not Release.objects.exists()


@pytest.mark.parametrize("username", ["ada", "eve"])
def test_the_library_is_for_staff(signed_in: Browser, username: str) -> None:
    """Neither a patient nor an account without a role opens the library."""
    client = signed_in(username)
    assert [client.get(page).status_code for page in ("/protocols/", PAGE)] == [403, 403]


def test_the_shelf_says_what_each_is_and_how_strong(signed_in: Browser) -> None:
    """Each protocol stands in the list with its own summary, its evidence in a word, and that it is not signed."""
    page = signed_in("nia").get("/protocols/").content.decode()
    shelf = [load_protocol(key) for key in protocol_keys()]
    assert all(escape(p.title) in page and escape(p.summary) in page for p in shelf)
    assert page.count('class="evid"') == page.count("Not signed for use here") == len(shelf)


def test_one_signs_what_one_saw(signed_in: Browser) -> None:
    """When the library's text changed after the page was opened, nothing is signed."""
    answer = signed_in("cleo").post(PAGE, {"hash": "of an older text", "password": PASSWORD})
    assert (answer.status_code, Release.objects.count()) == (409, 0)


def test_a_version_is_signed_once(signed_in: Browser) -> None:
    """A second signature under the same number is refused; the first stands."""
    client = signed_in("cleo")
    sign(client)
    assert sign(client).status_code == 409  # type: ignore[attr-defined]
    assert Release.objects.count() == 1


def test_a_release_is_final(cast: dict[str, Account], at: datetime) -> None:
    """A release can be neither changed nor deleted."""
    made = actions.release(load_protocol("feder_2021"), cast["cleo"], PASSWORD, at)
    made.title = "Another"
    with pytest.raises(ReleaseIsFinal):
        made.save()
    with pytest.raises(ReleaseIsFinal):
        made.delete()
    assert Release.objects.get().title == load_protocol("feder_2021").title


def test_an_altered_text_runs_no_course(cast: dict[str, Account], at: datetime) -> None:
    """A release whose text was changed in the database, past the model's guard, is found by its hash and refused."""
    made = actions.release(load_protocol("feder_2021"), cast["cleo"], PASSWORD, at)
    assert protocol_of(made).hash == made.hash
    altered = made.text.replace("amount = 0.5", "amount = 0.9", 1)
    assert Release.objects.filter(pk=made.pk).update(text=altered) == 1
    with pytest.raises(ReleaseAltered, match="not the one that was signed"):
        protocol_of(Release.objects.get())


def test_changes_since_the_release(signed_in: Browser, cast: dict[str, Account], at: datetime) -> None:
    """The page of changes shows what was signed beside what the library says now."""
    older = replace(load_protocol("feder_2021"), version="0", summary="An older summary.")
    actions.release_as(replace(older, hash=content_hash(older)), cast["cleo"].key, at)
    page = signed_in("ben").get(f"{PAGE}changes/").content.decode()
    assert re.search(r"<del>An older summary\.", page) and "<ins>" in page
    assert "changes in the library" in signed_in("ben").get(PAGE).content.decode()


def test_no_release_no_changes(signed_in: Browser) -> None:
    """Without a release there is nothing to compare; an unknown protocol has no page."""
    client = signed_in("cleo")
    assert [client.get(f"/protocols/{rest}").status_code for rest in ("feder_2021/changes/", "x/")] == [404, 404]


@pytest.mark.parametrize("key", protocol_keys())
def test_every_protocol_has_a_whole_page(signed_in: Browser, key: str) -> None:
    """Every protocol of the library opens: each finding, gap, sentence and step stands on its page."""
    page = signed_in("nia").get(f"/protocols/{key}/")
    words = re.sub(r"\s+", " ", page.content.decode())
    protocol = load_protocol(key)
    told = [f.sentence for f in protocol.findings] + list(protocol.gaps)
    told += [s.text for s in explain(protocol) if s.part not in ("about", "evidence", "gap")]
    told += [row.title for row in schedule_table(protocol)]
    assert page.status_code == 200
    assert [text for text in told if escape(text) not in words] == []


@pytest.mark.parametrize("key", protocol_keys())
def test_the_drawing_holds_every_day_of_the_table(key: str) -> None:
    """Every nominal day of the table is a mark in the drawing, and each mark lies in its own window."""
    protocol = load_protocol(key)
    placed = marks(protocol)
    assert {day for row in schedule_table(protocol) for day in row.days} == {int(m.day // 1) for m in placed}
    assert all(m.opens <= m.day <= m.closes for m in placed)
    assert "style=" not in schedule_svg(protocol)


def test_a_null_result_stands_beside_its_strength(signed_in: Browser) -> None:
    """The shelf says what was found, so that good evidence of no difference does not read as a good treatment."""
    html = signed_in("cleo").get("/protocols/").content.decode()
    assert escape(load_protocol("abdallah_2022").findings[0].sentence) in html


def test_whoever_signs_reads_how_often_the_alarms_rang(signed_in: Browser) -> None:
    """The page of a protocol shows its profile's alarms a session with interval and number, marked as simulated."""
    words = signed_in("cleo").get("/protocols/feder_2021/").content.decode()
    own = next(one for one in load_alarm_rates() if (one.profile, one.protocol) == ("strict", "feder_2021"))
    assert "Alarms in a session" in words and "simulated, not measured in any clinic" in words
    assert f"{own.alarms.value:.2f} ({own.alarms.low:.2f} to {own.alarms.high:.2f})" in words
    assert f"{own.sessions} sessions of {own.people} people" in words and "hardly rousable" in words


def test_rates_of_another_text_are_not_passed_off() -> None:
    """After a change of one limit of the profile the page says that the figures are of its earlier text."""
    protocol = load_protocol("feder_2021")
    assert protocol.monitoring is not None
    told = alarms_page(protocol, load_alarm_rates())
    assert told is not None and told.measured and not told.stale
    changed = replace(protocol, monitoring=replace(protocol.monitoring, alerts=protocol.monitoring.alerts[1:]))
    told = alarms_page(changed, load_alarm_rates())
    assert told is not None and told.stale
    unknown = replace(protocol, monitoring=replace(protocol.monitoring, profile="own"))
    told = alarms_page(unknown, load_alarm_rates())
    assert told is not None and not told.measured


def test_a_placed_report_is_listed_by_hash(signed_in: Browser, settings: object, tmp_path: Path) -> None:
    """A page placed under the protocol's hash is listed and shown, shut into itself; no other name or hash is."""
    settings.UNSTUCK_HOME = tmp_path  # type: ignore[attr-defined]
    folder = tmp_path / "reports" / load_protocol("feder_2021").hash
    folder.mkdir(parents=True)
    (folder / "0123456789abcdef.html").write_text("<html><title>Simulated: small &amp; short</title>cannot tell</html>")
    (folder / "notes.html").write_text("<title>not a report</title>")
    page = signed_in("nia").get(PAGE).content.decode()
    assert "Simulated: small &amp; short" in page and "not a report" not in page
    answer = signed_in("nia").get(f"{PAGE}trials/0123456789abcdef/")
    assert b"cannot tell" in answer.content
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "script-src" not in policy
    for wrong in (f"{PAGE}trials/notes/", f"{PAGE}trials/fedcba9876543210/", "/protocols/pe/trials/0123456789abcdef/"):
        assert signed_in("nia").get(wrong).status_code == 404
