"""The evidence in the clinic: what its pages show, who may open them, and that a release changes nothing in use."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from tests.clinic.courses import enrolled, released, walk_on
from tests.site_fixtures import PASSWORD
from unstuck.clinic import clock
from unstuck.clinic.evidence import actions
from unstuck.clinic.evidence.forest import Axis, Forest, Row, axis_for, narrow_svg, numbers, wide_svg
from unstuck.clinic.evidence.funnel import Dot, verdict
from unstuck.clinic.evidence.models import Decision, Proposal, SignedText, TextIsFinal
from unstuck.clinic.evidence.own import Site, beside, interval
from unstuck.clinic.evidence.pages import plot_of, protocol_page
from unstuck.clinic.evidence.queries import newest_release, seen
from unstuck.clinic.evidence.text_page import differences
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people.models import Account
from unstuck.core.errors import Complaint
from unstuck.core.evidence_release import Release, written
from unstuck.core.evidence_words import text_for
from unstuck.core.protocol_file import load_protocol, protocol_keys

pytestmark = pytest.mark.django_db
Browser = Callable[[str], Client]
TEXT = "/evidence/feder_2021/text/"


def release() -> Release:
    found = newest_release()
    assert found is not None
    return found


def newer(home: Path) -> Release:
    """A release of a later day, in the site's own folder, that says something else of one claim."""
    old = release()
    claims = tuple(replace(c, says="Something else was found.") if c.key == "trial_2021" else c for c in old.claims)
    made = replace(old, made_at=old.made_at + timedelta(days=30), claims=claims)
    (home / "evidence").mkdir(exist_ok=True)
    (home / "evidence" / made.name).write_text(written(made), encoding="utf-8")
    return made


def kinds() -> list[str]:
    return [entry.kind for entry in entries("site") if entry.kind.startswith("evidence.")]


@pytest.mark.parametrize("key", sorted(protocol_keys()))
def test_every_protocol_has_a_page(signed_in: Browser, key: str) -> None:
    """Whatever is in the library has a page of its evidence, also where nothing is known."""
    answer = signed_in("cleo").get(f"/evidence/{key}/")
    assert answer.status_code == 200
    assert load_protocol(key).title in answer.content.decode()


def test_a_protocol_that_is_not_there_has_none(signed_in: Browser) -> None:
    """An unknown key is a page that does not exist."""
    assert signed_in("cleo").get("/evidence/nothing_1999/").status_code == 404
    assert signed_in("cleo").get("/evidence/claims/?protocol=nothing_1999").status_code == 404


def test_the_largest_trial_keeps_its_row(signed_in: Browser) -> None:
    """The trial of 2022 has no number and stands beside the plot all the same, with what it says."""
    page = protocol_page(release(), load_protocol("abdallah_2022"), None)
    plot = next(plot for plot in page.plots if plot.key == "ptsd_g")
    row = next(row for row in plot.silent if row.name == "Abdallah 2022")
    assert row.said == "No difference between the arms over time on the PCL-5 or the CAPS-5."
    assert "2 of 8 trials gave a figure" in plot.warning


def test_change_without_a_comparison_is_kept_apart(signed_in: Browser) -> None:
    """A one-arm study stands under its own heading and in no plot."""
    page = protocol_page(release(), load_protocol("written_exposure"), None)
    assert "feder_2025" in {paper.key for paper in page.others}
    assert all("Feder 2025" not in {row.name for row in plot.rows} for plot in page.plots)
    text = signed_in("cleo").get("/evidence/written_exposure/").content.decode()
    assert "It is not what the drug does." in text


def site(at: datetime, smallest: int) -> Site:
    return Site(seen("feder_2021"), at, UTC, smallest)


def test_few_people_have_no_share(demonstration: None, signed_in: Browser, at: datetime) -> None:
    """One person who began is told as too few: no percentage, no plot, no funnel."""
    course = enrolled(released("feder_2021", at), at)
    walk_on(course, "infusion", at)
    with clock.stopped(at + timedelta(days=90)):
        text = signed_in("cleo").get("/evidence/feder_2021/").content.decode()
    assert "Too few to show." in text
    assert "so far 1." in text
    assert "Is the difference more than chance?" not in text


def test_who_has_not_come_to_the_outcome_is_not_missing(demonstration: None, at: datetime) -> None:
    """On the day of the first infusion the outcome of week 2 is early; months later without a score it is missing."""
    course = enrolled(released("feder_2021", at), at)
    then = walk_on(course, "infusion", at)
    early = beside(load_protocol("feder_2021"), site(then, 1), release())[0]
    assert (early.own.started, early.early) == (0, 1)
    late = beside(load_protocol("feder_2021"), site(at + timedelta(days=90), 1), release())[0]
    assert (late.own.met, late.own.missing, late.own.started, late.early) == (0, 1, 1, 0)


def test_everyone_who_began_is_the_denominator(demonstration: None, at: datetime) -> None:
    """Who has no score where the endpoint looks is missing, counted among all, and never as better."""
    course = enrolled(released("feder_2021", at), at)
    walk_on(course, "infusion", at)
    part = beside(load_protocol("feder_2021"), site(at + timedelta(days=90), 1), release())[0]
    page = protocol_page(release(), load_protocol("feder_2021"), [part])
    assert page.own is not None
    own = page.own[0]
    assert own.plot is not None
    assert own.plot.rows[0].detail == "0 of 1 who began · 1 without a score"
    assert {row.name for row in own.plot.rows} == {"This clinic", "Feder 2021", "Feder 2021, control"}
    assert own.funnel is not None
    assert [row.name.partition(",")[0] for row in own.funnel_rows] == ["This clinic", "Feder 2021"]


def test_the_front_desk_sees_evidence_and_no_outcomes(signed_in: Browser) -> None:
    """Published evidence is for all staff; the clinic's own outcomes are not for the front desk."""
    heading = "This clinic beside published arms"
    for name, shown in (("cleo", True), ("quinn", True), ("dev", True), ("finn", False), ("alma", False)):
        text = signed_in(name).get("/evidence/feder_2021/").content.decode()
        assert (heading in text) is shown, name


@pytest.mark.parametrize(("name", "status"), [("ada", 403), ("eve", 403), ("finn", 200)])
def test_who_may_open_the_evidence(signed_in: Browser, name: str, status: int) -> None:
    """Staff may; a patient reads the claims and not the shelf."""
    client = signed_in(name)
    assert client.get("/evidence/").status_code == status
    assert client.get("/evidence/claims/").status_code == 200


def test_claims_can_be_handed_out(signed_in: Browser) -> None:
    """The page and its text have each claim, what the source says and where it stands, without staff's words."""
    client = signed_in("ada")
    page = client.get("/evidence/claims/?protocol=nasal_tfp").content.decode()
    assert "Nobody has compared them." in page
    answer = client.get("/evidence/claims.txt?protocol=nasal_tfp")
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert "This is wrong. Nobody has compared them. It cannot be said from three people." in text
    assert "https://doi.org/10.3390/bs14080717" in text
    assert "&" not in text.replace("&c", "")


def test_a_release_proposes_and_a_prescriber_signs(signed_in: Browser, cast: dict[str, Account], at: datetime) -> None:
    """For each protocol in use a text is proposed; signed, it is the one in use, with entries in the ledger."""
    released("feder_2021", at)
    client = signed_in("cleo")
    client.post("/evidence/propose/")
    proposal = Proposal.objects.get()
    assert proposal.text == text_for(release(), "feder_2021", load_protocol("feder_2021").title)
    answer = client.post(TEXT, {"proposal": proposal.pk, "decision": "sign", "password": PASSWORD})
    assert answer.status_code == 302
    signed = SignedText.objects.get()
    assert (signed.text, signed.number, signed.signed_by) == (proposal.text, 1, cast["cleo"].key)
    assert kinds() == ["evidence.proposed", "evidence.signed"]
    client.post("/evidence/propose/")
    assert Proposal.objects.count() == 1


def test_a_newer_release_leaves_a_signed_text_byte_for_byte(
    signed_in: Browser, cast: dict[str, Account], at: datetime, home: Path
) -> None:
    """A newer release only proposes: the text in use keeps its bytes, before and after the new one is signed."""
    released("feder_2021", at)
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    first = actions.sign(Proposal.objects.get().pk, cast["cleo"], PASSWORD, at)
    before = bytes(SignedText.objects.get(pk=first.pk).text, "utf-8")
    made = newer(home)
    assert newest_release() == made
    later = actions.propose(made, [("feder_2021", "Six infusions")], "a_test", at)
    assert [p.decision for p in later] == [Decision.OPEN]
    assert bytes(SignedText.objects.get(pk=first.pk).text, "utf-8") == before
    assert SignedText.objects.filter(protocol="feder_2021").first() == first
    second = actions.sign(later[0].pk, cast["cleo"], PASSWORD, at)
    assert "Something else was found." in second.text
    assert (second.number, bytes(SignedText.objects.get(pk=first.pk).text, "utf-8")) == (2, before)


def test_a_declined_text_is_not_proposed_again(signed_in: Browser, cast: dict[str, Account], at: datetime) -> None:
    """A person said no: the same text does not come back, and the text in use stays."""
    released("feder_2021", at)
    client = signed_in("cleo")
    client.post("/evidence/propose/")
    client.post(TEXT, {"proposal": Proposal.objects.get().pk, "decision": "decline"})
    assert Proposal.objects.get().decision == Decision.DECLINED
    client.post("/evidence/propose/")
    assert (Proposal.objects.count(), SignedText.objects.count()) == (1, 0)


def test_another_day_alone_proposes_nothing(cast: dict[str, Account], at: datetime) -> None:
    """A release that says the same of a later day leaves the signed text in use and asks nobody."""
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    actions.sign(Proposal.objects.get().pk, cast["cleo"], PASSWORD, at)
    later = replace(release(), made_at=release().made_at + timedelta(days=99))
    assert actions.propose(later, [("feder_2021", "Six infusions")], "a_test", at) == ()
    assert Proposal.objects.count() == 1


def test_the_operator_can_propose_and_not_sign(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    """The command proposes for each protocol in use, says so, and the second time says that nothing is new."""
    released("feder_2021", at)
    call_command("propose_evidence")
    assert "Proposed for feder_2021" in capsys.readouterr().out
    call_command("propose_evidence")
    assert "Nothing new" in capsys.readouterr().out
    assert (Proposal.objects.count(), SignedText.objects.count()) == (1, 0)


def test_a_newer_proposal_overtakes_one_that_waits(at: datetime, home: Path) -> None:
    """Only the newest text waits for a signature; the older proposal is kept as overtaken."""
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    actions.propose(newer(home), [("feder_2021", "Six infusions")], "a_test", at)
    assert sorted(p.decision for p in Proposal.objects.all()) == [Decision.OPEN, Decision.OVERTAKEN]


def test_a_release_that_takes_back_its_words_asks_nobody(cast: dict[str, Account], at: datetime, home: Path) -> None:
    """Where a newer release says again what is signed, the proposal between waits no longer."""
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    actions.sign(Proposal.objects.get().pk, cast["cleo"], PASSWORD, at)
    first = release()
    actions.propose(newer(home), [("feder_2021", "Six infusions")], "a_test", at)
    again = replace(first, made_at=first.made_at + timedelta(days=60))
    assert actions.propose(again, [("feder_2021", "Six infusions")], "a_test", at) == ()
    assert sorted(p.decision for p in Proposal.objects.all()) == [Decision.OVERTAKEN, Decision.SIGNED]


def test_only_a_prescriber_decides(signed_in: Browser, cast: dict[str, Account], at: datetime) -> None:
    """Others read the proposal and can neither propose, sign nor decline."""
    released("feder_2021", at)
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    number = Proposal.objects.get().pk
    for name in ("nia", "finn", "alma"):
        client = signed_in(name)
        assert client.get(TEXT).status_code == 200
        for what in ("sign", "decline"):
            sent = {"proposal": number, "decision": what, "password": PASSWORD}
            assert client.post(TEXT, sent).status_code == 403
        assert client.post("/evidence/propose/").status_code == 403
    assert Proposal.objects.get().decision == Decision.OPEN


@pytest.mark.parametrize("sent", [{"password": "not mine"}, {"proposal": "99999"}, {"proposal": "x"}])
def test_a_wrong_signature_signs_nothing(signed_in: Browser, at: datetime, sent: dict[str, str]) -> None:
    """A wrong password, a proposal that is gone or none at all: status 409, and nothing is signed."""
    released("feder_2021", at)
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    whole = {"proposal": Proposal.objects.get().pk, "decision": "sign", "password": PASSWORD, **sent}
    assert signed_in("cleo").post(TEXT, whole).status_code == 409
    assert SignedText.objects.count() == 0


def test_a_signed_text_is_final(cast: dict[str, Account], at: datetime) -> None:
    """It can be neither saved again nor deleted."""
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    signed = actions.sign(Proposal.objects.get().pk, cast["cleo"], PASSWORD, at)
    signed.text = "Other words."
    with pytest.raises(TextIsFinal):
        signed.save()
    with pytest.raises(TextIsFinal):
        signed.delete()


def test_an_altered_proposal_is_not_signed(cast: dict[str, Account], at: datetime) -> None:
    """A proposal whose text was changed in the database is refused by its hash."""
    actions.propose(release(), [("feder_2021", "Six infusions")], "a_test", at)
    Proposal.objects.update(text="Ketamine cures.")
    with pytest.raises(Complaint, match="not the one that was proposed"):
        actions.sign(Proposal.objects.get().pk, cast["cleo"], PASSWORD, at)


def test_an_altered_release_is_a_page_that_says_so(signed_in: Browser, home: Path) -> None:
    """A file whose figures were changed by hand is not shown; the page says why, with status 503."""
    made = newer(home)
    path = home / "evidence" / made.name
    data = json.loads(path.read_text(encoding="utf-8"))
    data["claims"][0]["says"] = "It always works."
    path.write_text(json.dumps(data), encoding="utf-8")
    answer = signed_in("cleo").get("/evidence/")
    assert answer.status_code == 503
    assert "altered" in answer.content.decode()


def test_plots_tell_what_they_draw() -> None:
    """Each row's name and numbers stand in the drawing, in its description and in the table; an own row is tinted."""
    rows = (
        Row("This clinic", "4 of 20", 0.2, 0.06, 0.44, "own"),
        Row("A trial", "10 of 15", 0.67, 0.38, 0.88),
        Row("A trial whose name is too long for the drawing to hold", "detail " * 30, 0.2, 0.07, 0.45),
    )
    forest = Forest("Responded", "share", Axis(0, 1, (0.0, 0.5, 1.0), None, "fewer", "more", percent=True), rows)
    assert numbers(rows[0], forest.axis) == "20 % (6 to 44)"
    for svg in (wide_svg(forest), narrow_svg(forest)):
        assert all(row.name[:30] in svg for row in rows)
        assert "…" in svg
        assert svg.count('class="ownrow"') == 1
        assert svg.count('class="ci') == 3


def test_an_interval_beyond_the_axis_has_an_arrow() -> None:
    """An interval that would squeeze all others is cut and marked, and its numbers are printed whole."""
    rows = (Row("Two", "", 0.7, -4.6, 6.2), Row("One", "", 0.3, 0.1, 0.5))
    axis = axis_for(rows, "control", "ketamine", ratio=True)
    assert axis.printed(rows[0].high) == "492.75"
    svg = wide_svg(Forest("t", "h", axis, rows))
    assert svg.count('class="m5"') == 2


def test_an_estimate_beyond_the_axis_has_no_mark_on_it() -> None:
    """Where estimate and interval lie beyond the axis only an arrow is drawn, so that nobody reads the axis's end."""
    rows = (Row("Far", "", 5.03, 3.98, 6.07), Row("Near", "", 0.6, -0.3, 1.5))
    for svg in (wide_svg, narrow_svg):
        drawn = svg(Forest("t", "h", axis_for(rows, "control", "therapy"), rows))
        assert drawn.count('class="m5"') == 1 and drawn.count('class="hollow h5"') == 1


def test_the_funnel_judges_by_size() -> None:
    """Half the benchmark is nothing unusual among five people and is rare among two hundred."""
    assert verdict(Dot("small", 5, 1), 0.5) == "within what chance gives"
    assert verdict(Dot("large", 200, 50), 0.5).startswith("rare")


def test_every_pool_of_the_release_can_be_drawn() -> None:
    """No pool makes an empty drawing, and ratios are printed as ratios."""
    plots = {pool.key: plot_of(pool) for pool in release().pools}
    assert plots["ptsd_responders"].rows[0].said == "3.33 (1.14 to 9.75)"
    assert plots["pe_waiting"].rows[-1].name == "Together"
    assert all(plot.rows for plot in plots.values())


def test_shares_have_exact_intervals() -> None:
    """10 of 15 has the Clopper-Pearson interval 0.384 to 0.882."""
    assert interval(10, 15) == pytest.approx((0.6667, 0.3838, 0.8818), abs=5e-4)


def test_what_differs_between_two_texts_is_shown() -> None:
    """Lines that go and come are told apart from those that stay."""
    found = differences("One.\n\nTwo.", "One.\nThree.")
    assert [(part.kind, part.text) for part in found] == [("same", "One."), ("gone", "Two."), ("new", "Three.")]


def test_the_text_says_when_and_how_much_is_known() -> None:
    """It names the day, how many studies there are, in how many chance decided, and each claim with its source."""
    text = text_for(replace(release(), made_at=datetime(2027, 1, 15, tzinfo=UTC)), "nasal_tfp", "Nasal ketamine")
    assert "As of 2027-01-15." in text
    assert "We know of one study of this treatment. In it chance did not decide who got it" in text
    assert '"The nasal spray works as well as the infusion."' in text
