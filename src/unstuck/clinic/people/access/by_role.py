"""Rules over the account alone: what a role opens, whoever the page is about."""

from __future__ import annotations

from unstuck.clinic.people.competence import is_able as able
from unstuck.clinic.people.models import Account, Role

CARE = frozenset({Role.NURSE, Role.THERAPIST, Role.PRESCRIBER})
STAFF = frozenset(Role) - {Role.PATIENT}


def is_anyone(account: Account) -> bool:
    """Any account in use, with or without a role: its own sign-out and its own empty first page."""
    return account.is_active


def is_staff(account: Account) -> bool:
    """Whether the account belongs to somebody who works here, in whatever role."""
    return bool(account.roles & STAFF)


def is_care(account: Account) -> bool:
    """Whether the account belongs to the treating team."""
    return bool(account.roles & CARE)


def is_patient(account: Account) -> bool:
    """Whether the account is a patient's and bound to a person."""
    return Role.PATIENT in account.roles and account.person_id is not None


def may_see_board(account: Account) -> bool:
    """Today's board: who comes, when, what is due."""
    return is_care(account) or Role.FRONT_DESK in account.roles


def may_see_names(account: Account) -> bool:
    """Names, birth dates and addresses. Research and quality work with pseudonyms."""
    return is_care(account) or Role.FRONT_DESK in account.roles


def may_keep_photo(account: Account) -> bool:
    """Take, change or drop the photo by which staff know a person."""
    return may_see_names(account)


def may_see_courses(account: Account) -> bool:
    """A list of courses, with names or pseudonyms as `may_see_names` says."""
    return may_see_board(account) or Role.RESEARCH in account.roles


def may_see_protocols(account: Account) -> bool:
    """The protocol library. It holds no person's data."""
    return is_staff(account)


def may_release_protocol(account: Account) -> bool:
    """Sign a version of a protocol for use."""
    return Role.PRESCRIBER in account.roles


def may_sign_rules(account: Account) -> bool:
    """Put forward and sign the rules of screening."""
    return Role.PRESCRIBER in account.roles


def may_see_evidence(account: Account) -> bool:
    """What is known of each treatment, and the texts for patients. It holds no person's data."""
    return is_staff(account)


def may_see_outcomes(account: Account) -> bool:
    """The clinic's own outcomes, counted over everyone who began and over all arms."""
    return is_care(account) or bool(account.roles & {Role.RESEARCH, Role.QUALITY})


def may_see_safety(account: Account) -> bool:
    """How often doses did harm, over everybody: the treating team and quality. Research could guess arms from it."""
    return is_care(account) or Role.QUALITY in account.roles


def may_sign_evidence(account: Account) -> bool:
    """Propose, sign or decline what patients are told of the evidence."""
    return Role.PRESCRIBER in account.roles


def may_enrol(account: Account) -> bool:
    """Register a person and begin a course."""
    return bool(account.roles & {Role.FRONT_DESK, Role.PRESCRIBER})


def knows_arms(account: Account, blinded_roles: frozenset[str]) -> bool:
    """Whether a role of care that the protocol leaves unblinded is among the account's."""
    return any(role in CARE and role.value not in blinded_roles for role in account.roles)


def may_book(account: Account) -> bool:
    """Book a visit."""
    return is_care(account) or Role.FRONT_DESK in account.roles


def may_send_link(account: Account) -> bool:
    """Send a person a signed link to a questionnaire."""
    return is_care(account) or Role.FRONT_DESK in account.roles


def may_record_dose(account: Account) -> bool:
    """Write that a dose was given; where the site demands it, only with a signed competence."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER}) and able(account, "give_dose")


def may_order_dose(account: Account) -> bool:
    """Sign an order for a session; where the site demands it, only with a signed competence."""
    return Role.PRESCRIBER in account.roles and able(account, "order_dose")


def may_record_reading(account: Account) -> bool:
    """Write a blood pressure, a pulse, a weight."""
    return is_care(account)


def may_record_visit(account: Account) -> bool:
    """Write that a preparation, therapy, integration, review or contact took place."""
    return is_care(account)


def may_screen(account: Account) -> bool:
    """Write what a person answers to the rules of screening, and the results of tests."""
    return is_care(account)


def may_decide_screening(account: Account) -> bool:
    """Sign whether a person may be treated, and accept a test that is not normal."""
    return Role.PRESCRIBER in account.roles


def may_take_consent(account: Account) -> bool:
    """Go through the consent with a person and witness their signature."""
    return is_care(account)


def may_sign_consent_text(account: Account) -> bool:
    """Sign the text with which people consent."""
    return Role.PRESCRIBER in account.roles


def may_see_capacity(account: Account) -> bool:
    """The days of all chairs, rooms and clinicians, with the names of who comes."""
    return may_book(account)


def may_release_information(account: Account) -> bool:
    """Write down, at the person's word, who outside may be told what, and make the summary for them."""
    return is_care(account)


def may_note_harm(account: Account) -> bool:
    """Write an adverse event."""
    return is_care(account)


def may_override_gate(account: Account) -> bool:
    """Go through a gate that does not hold, by name and with a reason."""
    return Role.PRESCRIBER in account.roles


def may_change_course(account: Account) -> bool:
    """Amend, end or correct a course."""
    return Role.PRESCRIBER in account.roles


def may_load_wording(account: Account) -> bool:
    """Load a site's licensed wording of an instrument."""
    return bool(account.roles & {Role.PRESCRIBER, Role.ADMIN})


def may_see_notes(account: Account) -> bool:
    """Reasons and notes in words."""
    return is_care(account)


def may_see_therapy(account: Account) -> bool:
    """What therapy sessions came to, in figures, codes and the chart's summary: therapist and prescriber."""
    return bool(account.roles & {Role.THERAPIST, Role.PRESCRIBER})


def may_record_therapy(account: Account) -> bool:
    """Record a therapy session, and keep its lists; where the site demands it, only with a signed competence."""
    return Role.THERAPIST in account.roles and able(account, "trauma_therapy")


def may_keep_notes(account: Account) -> bool:
    """Keep psychotherapy notes of one's own. Whose notes one reads is not a matter of roles: the author's alone."""
    return bool(account.roles & {Role.THERAPIST, Role.PRESCRIBER})


def may_recover_notes(account: Account) -> bool:
    """Have two key holders name themselves, put the key back, or open notes. It shows no note."""
    return bool(account.roles & {Role.QUALITY, Role.ADMIN})


def may_see_stock(account: Account) -> bool:
    """The drug stock: balances, histories, open discrepancies. Never a therapist or the front desk."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER, Role.CUSTODIAN, Role.QUALITY})


def may_keep_stock(account: Account) -> bool:
    """List products, receive, count, set aside, close a discrepancy; where demanded, with a signed competence."""
    return Role.CUSTODIAN in account.roles and able(account, "keep_stock")


def may_draw_drug(account: Account) -> bool:
    """Draw a dose from the stock; where the site demands it, only with a signed competence."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER}) and able(account, "give_dose")


def may_waste_drug(account: Account) -> bool:
    """Waste drug, before a second person's eyes."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER, Role.CUSTODIAN})


def may_witness_drug(account: Account) -> bool:
    """Sign as the second person for the drug."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER, Role.CUSTODIAN})


def may_check_dose(account: Account) -> bool:
    """Check a drawn dose as the second person; where the site demands it, only with a signed competence."""
    return may_witness_drug(account) and able(account, "give_dose")


def may_see_masks(account: Account) -> bool:
    """What is in a lot with a neutral label: whoever keeps the stock must know, and nobody else."""
    return Role.CUSTODIAN in account.roles


def may_read_audit(account: Account) -> bool:
    """The audit history: who did and who read what. It holds pseudonyms and codes."""
    return bool(account.roles & {Role.QUALITY, Role.ADMIN})


def may_manage_accounts(account: Account) -> bool:
    """Make accounts, give roles, mark leavers."""
    return Role.ADMIN in account.roles


def may_name_chairs(account: Account) -> bool:
    """Name the site's chairs and rooms."""
    return Role.ADMIN in account.roles


def may_name_device(account: Account) -> bool:
    """Name a monitor and the address that it may connect from."""
    return Role.ADMIN in account.roles


def may_see_devices(account: Account) -> bool:
    """Which monitors there are and where they stand. The list holds no reading."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER, Role.ADMIN})


def may_assign_device(account: Account) -> bool:
    """Say which chair a monitor stands at."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER})


def may_see_kept_messages(account: Account) -> bool:
    """Read and erase what a monitor sent and nobody could use: it may name a person."""
    return bool(account.roles & {Role.NURSE, Role.PRESCRIBER})


def may_see_alerts(account: Account) -> bool:
    """The list of open alerts. Of what kind one is, only those learn who may have to take it."""
    return is_care(account) or bool({role.value for role in account.roles} & {"front_desk", "custodian"})


def may_count_alerts(account: Account) -> bool:
    """How many alerts are open, since when and with whom: whoever may take one, and quality, who learns no kind."""
    return may_see_alerts(account) or Role.QUALITY in account.roles


def may_answer_alarm(account: Account) -> bool:
    """Answer an alarm or a call, and take a chair over."""
    return is_care(account)


def may_keep_rota(account: Account) -> bool:
    """Put staff on duty. It holds no person's data."""
    return is_care(account) or bool(account.roles & {Role.FRONT_DESK, Role.ADMIN})


def may_name_lead(account: Account) -> bool:
    """Name the safety lead and sign the alert times."""
    return Role.PRESCRIBER in account.roles


def may_read_feedback(account: Account) -> bool:
    """How people found their visits. Nobody who is a therapist here as well."""
    return Role.QUALITY in account.roles and Role.THERAPIST not in account.roles


def may_see_training(account: Account) -> bool:
    """Exercises, and who may do what since when. It holds no person's data."""
    return is_staff(account)


def may_sign_competence(account: Account) -> bool:
    """Sign that a colleague is able to do something, or that it no longer holds; never for oneself."""
    return bool(account.roles & {Role.PRESCRIBER, Role.QUALITY})


def may_erase(account: Account) -> bool:
    """Erase a person's identifying data and texts."""
    return Role.ADMIN in account.roles


def may_break_glass(account: Account) -> bool:
    """Open one record for a short time in an emergency: whoever works here, by name and with a reason."""
    return is_staff(account)


def may_unmask(account: Account) -> bool:
    """Unmask one arm in an emergency: the treating team, by name and with a reason."""
    return is_care(account)
