"""Who may do what: every rule against every member of the cast, as one table."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import pytest

from unstuck.clinic.people import access
from unstuck.clinic.people.models import Account, Role

STAFF = "ben cleo nia finn otis dev quinn alma"
CARE = "ben cleo nia"
RULES: dict[str, str] = {
    "is_anyone": f"{STAFF} ada eve",
    "is_staff": STAFF,
    "is_care": CARE,
    "is_patient": "ada",
    "may_see_board": f"{CARE} finn",
    "may_see_names": f"{CARE} finn",
    "may_keep_photo": f"{CARE} finn",
    "may_see_courses": f"{CARE} finn dev",
    "may_see_protocols": STAFF,
    "may_release_protocol": "cleo",
    "may_see_evidence": STAFF,
    "may_see_outcomes": "nia ben cleo dev quinn",
    "may_sign_evidence": "cleo",
    "may_sign_rules": "cleo",
    "may_enrol": "finn cleo",
    "may_book": f"{CARE} finn",
    "may_send_link": f"{CARE} finn",
    "may_record_dose": "nia cleo",
    "may_record_reading": CARE,
    "may_record_visit": CARE,
    "may_screen": CARE,
    "may_take_consent": CARE,
    "may_see_capacity": f"{CARE} finn",
    "may_release_information": CARE,
    "may_sign_consent_text": "cleo",
    "may_decide_screening": "cleo",
    "may_note_harm": CARE,
    "may_override_gate": "cleo",
    "may_change_course": "cleo",
    "may_load_wording": "cleo alma",
    "may_see_notes": CARE,
    "may_see_therapy": "ben cleo",
    "may_record_therapy": "ben",
    "may_see_safety": f"{CARE} quinn",
    "may_see_training": STAFF,
    "may_sign_competence": "cleo quinn",
    "may_break_glass": STAFF,
    "may_unmask": CARE,
    "may_keep_notes": "ben cleo",
    "may_recover_notes": "quinn alma",
    "may_see_stock": "nia cleo otis quinn",
    "may_keep_stock": "otis",
    "may_draw_drug": "nia cleo",
    "may_waste_drug": "nia cleo otis",
    "may_witness_drug": "nia cleo otis",
    "may_check_dose": "nia cleo otis",
    "may_see_masks": "otis",
    "may_read_audit": "quinn alma",
    "may_manage_accounts": "alma",
    "may_name_chairs": "alma",
    "may_name_device": "alma",
    "may_see_devices": "nia cleo alma",
    "may_assign_device": "nia cleo",
    "may_see_kept_messages": "nia cleo",
    "may_see_alerts": f"{CARE} finn otis",
    "may_count_alerts": f"{CARE} finn otis quinn",
    "may_answer_alarm": CARE,
    "may_order_dose": "cleo",
    "may_keep_rota": f"{CARE} finn alma",
    "may_name_lead": "cleo",
    "may_read_feedback": "quinn",
    "may_erase": "alma",
}

# (own course, blinded) -> who may; a course is Ada's own or somebody else's
OTHERS, OTHERS_BLINDED, OWN, OWN_BLINDED = (False, False), (False, True), (True, False), (True, True)
CourseTable = dict[tuple[bool, bool], str]


def table(others: str, others_blinded: str, own: str, own_blinded: str) -> CourseTable:
    return {OTHERS: others, OTHERS_BLINDED: others_blinded, OWN: own, OWN_BLINDED: own_blinded}


ANSWERS = table(f"{CARE} dev", f"{CARE} dev", f"{CARE} dev ada", f"{CARE} dev ada")
UNMASKING = table(f"{CARE} dev", "cleo nia", f"{CARE} dev ada", "cleo nia")
COURSE_RULES: dict[str, CourseTable] = {
    "is_own": table("", "", "ada", "ada"),
    "may_see_course": table(*[f"{CARE} finn dev"] * 2, *[f"{CARE} finn dev ada"] * 2),
    "may_see_name_of": table(*[f"{CARE} finn"] * 4),
    "may_see_answers": ANSWERS,
    "may_see_scores": ANSWERS,
    "may_answer": ANSWERS,
    "may_see_screening": table(*[CARE] * 4),
    "may_see_plan": table(*[f"{CARE} finn"] * 4),
    "may_see_deciding": table(CARE, "cleo nia", CARE, "cleo nia"),
    "may_see_consent": table(CARE, CARE, *[f"{CARE} ada"] * 2),
    "may_withdraw": table(CARE, CARE, *[f"{CARE} ada"] * 2),
    "may_see_arm": UNMASKING,
    "may_see_doses": UNMASKING,
    "may_see_readings": UNMASKING,
    "may_see_harms_of": table(f"{CARE} dev quinn", "cleo nia quinn", f"{CARE} dev quinn ada", "cleo nia quinn"),
    "may_rate_bedside": table(f"{CARE} dev", CARE, f"{CARE} dev ada", CARE),
    "may_see_shared": table(*[CARE] * 2, *[f"{CARE} ada"] * 2),
    "may_see_unshared": table("", "", "ada", "ada"),
    "may_see_feedback_of": table(*["quinn"] * 4),
}


@dataclass(frozen=True)
class Course:
    person_id: int | None
    blinded: bool
    key: str = "c_test"

    @property
    def blinded_roles(self) -> frozenset[str]:
        return frozenset({"patient", "therapist", "research"}) if self.blinded else frozenset()


@pytest.mark.django_db
@pytest.mark.parametrize("rule", RULES)
def test_rule_over_the_account(cast: dict[str, Account], rule: str) -> None:
    """Exactly the named members of the cast may, and nobody else."""
    judge = getattr(access, rule)
    assert {name for name, account in cast.items() if judge(account)} == set(RULES[rule].split())


@pytest.mark.django_db
@pytest.mark.parametrize("rule", COURSE_RULES)
def test_rule_over_a_course(cast: dict[str, Account], rule: str) -> None:
    """For an own and another's course, blinded and not, exactly the named members of the cast may."""
    judge = getattr(access, rule)
    ada = cast["ada"].person_id or 0
    for (own, blinded), names in COURSE_RULES[rule].items():
        course = Course(ada if own else ada + 1, blinded)
        assert {n for n, account in cast.items() if judge(account, course)} == set(names.split()), (own, blinded)


@pytest.mark.django_db
def test_a_leaver_may_nothing(cast: dict[str, Account]) -> None:
    """Whatever roles an account had, none of them counts once it is not active."""
    for account in cast.values():
        account.is_active = False
        account.__dict__.pop("roles", None)
        assert not any(getattr(access, rule)(account) for rule in RULES)
        assert not any(getattr(access, rule)(account, Course(account.person_id, False)) for rule in COURSE_RULES)


@pytest.mark.django_db
def test_a_patient_without_a_person_owns_nothing(cast: dict[str, Account]) -> None:
    """A course whose person has gone is nobody's own, even where both sides are empty."""
    ada = cast["ada"]
    ada.person = None
    assert ada.roles == {Role.PATIENT}
    assert not access.is_own(ada, Course(None, False))


def test_every_rule_is_in_the_tables() -> None:
    """A rule that is added without a row here makes this test fail."""
    rules = {name for name, _ in inspect.getmembers(access, inspect.isfunction) if name.startswith(("may_", "is_"))}
    assert rules == set(RULES) | set(COURSE_RULES)
