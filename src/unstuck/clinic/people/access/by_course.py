"""Rules over an account and a course: what is learnt of one record, and by whom."""

from __future__ import annotations

from unstuck.clinic.people.access.by_role import (
    is_care,
    is_patient,
    is_staff,
    knows_arms,
    may_book,
    may_read_feedback,
    may_see_courses,
    may_see_names,
)
from unstuck.clinic.people.glass import ARM, RECORD, glass_is_broken
from unstuck.clinic.people.guards import CourseLike
from unstuck.clinic.people.models import Account, Role


def is_own(account: Account, course: CourseLike) -> bool:
    """Whether the course is that of the patient who is signed in."""
    return is_patient(account) and course.person_id == account.person_id


def may_see_course(account: Account, course: CourseLike) -> bool:
    """The course page: what was done, what is due. Parts of it have rules of their own."""
    return may_see_courses(account) or is_own(account, course) or has_opened_record(account, course)


def has_opened_record(account: Account, course: CourseLike) -> bool:
    """Whether the account broke the glass before this record, and its time is not over. Only staff can."""
    return is_staff(account) and glass_is_broken(account, course.key, RECORD)


def has_unmasked(account: Account, course: CourseLike) -> bool:
    """Whether the account unmasked the arm in an emergency, and its time is not over. Only the treating team can."""
    return is_care(account) and glass_is_broken(account, course.key, ARM)


def may_see_name_of(account: Account, course: CourseLike) -> bool:
    """The name on one course: whoever sees names, and whoever broke the glass."""
    return may_see_names(account) or has_opened_record(account, course)


def may_see_answers(account: Account, course: CourseLike) -> bool:
    """Item answers. Never the front desk."""
    allowed = is_care(account) or Role.RESEARCH in account.roles or is_own(account, course)
    return allowed or has_opened_record(account, course)


def may_see_scores(account: Account, course: CourseLike) -> bool:
    """Scores, curves and indicators. Never the front desk."""
    return may_see_answers(account, course)


def may_see_arm(account: Account, course: CourseLike) -> bool:
    """The arm of a trial. Where it is blinded: care, by a role that the protocol does not blind, and nobody else."""
    if course.blinded:
        return knows_arms(account, course.blinded_roles) or has_unmasked(account, course)
    return (
        has_opened_record(account, course)
        or is_care(account)
        or Role.RESEARCH in account.roles
        or is_own(account, course)
    )


def may_see_doses(account: Account, course: CourseLike) -> bool:
    """Drug and amount, which would unmask the arm."""
    return may_see_arm(account, course)


def stock_would_unmask(course: CourseLike) -> bool:
    """Whether some who see the stock must not learn this course's drug: its doses then come from masked lots."""
    return course.blinded and bool(course.blinded_roles & {Role.NURSE.value, Role.PRESCRIBER.value})


def may_see_readings(account: Account, course: CourseLike) -> bool:
    """Vital signs, dissociation scales and side effects during dosing, which would unmask the arm."""
    return may_see_arm(account, course)


def may_see_harms_of(account: Account, course: CourseLike) -> bool:
    """Which harm one course had: whoever may know its arm, and quality, which treats and rates nobody."""
    return may_see_arm(account, course) or Role.QUALITY in account.roles


def may_see_screening(account: Account, course: CourseLike) -> bool:
    """Illnesses, medicines, tests and the decision. The treating team alone; a person reads their own on the course."""
    return is_care(account) and may_see_course(account, course)


def may_see_consent(account: Account, course: CourseLike) -> bool:
    """What was signed, and the person's goals: the treating team, and whose it is."""
    return (is_care(account) and may_see_course(account, course)) or is_own(account, course)


def may_withdraw(account: Account, course: CourseLike) -> bool:
    """Take the consent back: the person, or the treating team at the person's word."""
    return may_see_consent(account, course)


def may_see_plan(account: Account, course: CourseLike) -> bool:
    """The calendar of a course: visits, chairs, clinicians. No answer and no finding stands in it."""
    return may_book(account) and may_see_course(account, course)


def may_see_deciding(account: Account, course: CourseLike) -> bool:
    """Response, stopping, boosters and the outcome summary: whoever of the team may know arm and scores."""
    return is_care(account) and may_see_scores(account, course) and may_see_arm(account, course)


def may_answer(account: Account, course: CourseLike) -> bool:
    """Fill in a questionnaire when signed in: the patient, the treating team, a research rater."""
    return may_see_answers(account, course)


def may_rate_bedside(account: Account, course: CourseLike) -> bool:
    """Rate dissociation and waking while a dose works: the team in the room, and whoever may know the arm."""
    return is_care(account) or may_see_arm(account, course)


def may_see_shared(account: Account, course: CourseLike) -> bool:
    """Journal pages, plan and log that the person shares, while they are shared."""
    return is_care(account) or is_own(account, course)


def may_see_unshared(account: Account, course: CourseLike) -> bool:
    """What the person writes and does not share: nobody else."""
    return is_own(account, course)


def may_see_feedback_of(account: Account, course: CourseLike) -> bool:
    """How the person found a visit."""
    return may_read_feedback(account)
