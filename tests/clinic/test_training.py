"""Who is able to do what, since when: signed by a colleague, for a time, and a gate where the site demands it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from unstuck.clinic import clock
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.people import access
from unstuck.clinic.people.competence import GATES
from unstuck.clinic.people.models import Account, Competence
from unstuck.clinic.people.roles import Role
from unstuck.clinic.site.checks import refusals
from unstuck.clinic.training import record
from unstuck.core.errors import Complaint
from unstuck.core.skills_file import library_skills, parse_skills

Cast = dict[str, Account]
YEAR = timedelta(days=365)


def signing(account: Account, skill: str = "give_dose", basis: str = "observed") -> record.Signing:
    return record.Signing(account, skill, basis)


def test_where_demanded_a_dose_needs_a_competence_that_holds(cast: Cast, at: datetime, settings: Any) -> None:
    """Undemanded, a nurse gives doses by role; demanded, not before it is signed, nor after its time or its end."""
    nia, cleo = cast["nia"], cast["cleo"]
    with clock.stopped(at):
        assert access.may_record_dose(nia)
        settings.UNSTUCK_DEMANDED_SKILLS = ["give_dose"]
        assert not access.may_record_dose(nia) and access.may_order_dose(cleo)
        made = record.sign(signing(nia), cleo, at)
        assert access.may_record_dose(nia) and not access.may_record_dose(cleo)
    with clock.stopped(at + YEAR):
        assert not access.may_record_dose(nia)
    record.end(made, cleo, at + timedelta(days=1))
    with clock.stopped(at + timedelta(days=2)):
        assert not access.may_record_dose(nia)


GATED = {
    "give_dose": ("nia", (access.may_record_dose, access.may_draw_drug, access.may_check_dose)),
    "order_dose": ("cleo", (access.may_order_dose,)),
    "trauma_therapy": ("ben", (access.may_record_therapy,)),
    "keep_stock": ("otis", (access.may_keep_stock,)),
}


@pytest.mark.parametrize("skill", sorted(GATES))
def test_each_skill_that_can_be_demanded_opens_something(cast: Cast, at: datetime, settings: Any, skill: str) -> None:
    """Demanded and not signed, what it opens is closed to the role; signed, it is open; and every gate is tried."""
    who, rules = GATED[skill]
    with clock.stopped(at):
        assert all(rule(cast[who]) for rule in rules)
        settings.UNSTUCK_DEMANDED_SKILLS = [skill]
        assert not any(rule(cast[who]) for rule in rules)
        record.sign(signing(cast[who], skill), cast["quinn"], at)
        assert all(rule(cast[who]) for rule in rules)


def test_a_skill_that_no_rule_asks_for_cannot_be_demanded(cast: Cast, settings: Any) -> None:
    """A slip of the pen in the setting keeps the site from starting, and names what may be demanded."""
    assert "unknown skill" not in {one.name for one in refusals()}
    settings.UNSTUCK_DEMANDED_SKILLS = ["give_doze", "emergency"]
    (found,) = [one for one in refusals() if one.name == "unknown skill"]
    assert "emergency, give_doze" in found.why and "keep_stock" in found.mend


@pytest.mark.parametrize(
    ("who", "skill", "basis", "refusal"),
    [
        ("cleo", "give_dose", "observed", record.NotForOneself),
        ("ben", "give_dose", "observed", record.NotTheRole),
        ("nia", "juggle", "observed", Complaint),
        ("nia", "give_dose", "hearsay", Complaint),
    ],
)
def test_what_is_refused(cast: Cast, at: datetime, who: str, skill: str, basis: str, refusal: type[Complaint]) -> None:
    """Nobody signs for themselves, nor for a role not held, an unknown skill or basis; then nothing is written."""
    with pytest.raises(refusal):
        record.sign(signing(cast[who], skill, basis), cast["cleo"], at)
    assert not Competence.objects.exists()


def test_the_page_signs_ends_and_tells_what_is_lacking(
    cast: Cast, at: datetime, signed_in: Callable[[str], Client], settings: Any
) -> None:
    """Through the page: what is demanded and lacking is on top, a signature takes it off, both acts are entries."""
    settings.UNSTUCK_DEMANDED_SKILLS = ["give_dose"]
    with clock.stopped(at):
        quinn = signed_in("quinn")
        before = quinn.get("/training/").content.decode()
        assert "2 to be signed" in before
        sent = {"account": cast["nia"].pk, "skill": "give_dose", "basis": "training_clinic"}
        assert quinn.post("/training/sign/", sent).status_code == 302
        assert quinn.post("/training/sign/", sent | {"skill": "keep_stock"}).status_code == 409
        assert "1 to be signed" in quinn.get("/training/").content.decode()
        made = Competence.objects.get()
        assert signed_in("nia").post(f"/training/{made.pk}/end/").status_code == 403
        assert quinn.post(f"/training/{made.pk}/end/").status_code == 302
        assert "2 to be signed" in signed_in("nia").get("/training/").content.decode()
    kinds = [e.kind for e in entries("site") if e.kind.startswith("competence.")]
    assert kinds == ["competence.signed", "competence.ended"]


def test_a_training_clinic_says_so_on_every_page(
    cast: Cast, at: datetime, signed_in: Callable[[str], Client], settings: Any
) -> None:
    """With the mark of a training clinic every staff page says it on top; without it no page does."""
    with clock.stopped(at):
        for page in ("/", "/today/", "/alerts/", "/training/", "/courses/"):
            settings.UNSTUCK_TRAINING = True
            assert "Training clinic. Practise here" in signed_in("cleo").get(page).content.decode()
            settings.UNSTUCK_TRAINING = False
            assert "Training clinic." not in signed_in("cleo").get(page).content.decode()


def test_what_was_practised_is_counted_from_the_ledger(cast: Cast, at: datetime) -> None:
    """An exercise is what the account itself entered: nothing before it acts."""
    assert record.practised(cast["nia"])["competence.signed"] == 0
    record.sign(signing(cast["nia"]), cast["cleo"], at)
    assert record.practised(cast["cleo"])["competence.signed"] == 1


def test_skills_belong_to_known_roles() -> None:
    """Every skill of the library names roles that exist, and a file without roles is refused."""
    assert {role for skill in library_skills() for role in skill.roles} <= {role.value for role in Role}
    with pytest.raises(Complaint):
        parse_skills('version = "1"\n[[skill]]\nkey = "a"\ntitle = "A"\n', "ours.toml")
