"""The competence record: signed by a colleague, for a time, on a stated basis; and what somebody has practised."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people.models import Account, Competence
from unstuck.core.errors import Complaint
from unstuck.core.skills_file import Skill, library_skills, parse_skills

BASES = {
    "observed": gettext_lazy("Observed with a person"),
    "training_clinic": gettext_lazy("Observed in the training clinic"),
    "certificate": gettext_lazy("A certificate was seen"),
}


class NotForOneself(Complaint):
    """Nobody signs their own competence."""


class NotTheRole(Complaint):
    """The skill belongs to roles that the account does not hold."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Who is found able to do what, and on which basis (a code)."""

    account: Account
    skill: str
    basis: str


def skills() -> dict[str, Skill]:
    """The site's own skills (`skills.toml` of its data folder), else the library's. Raises Complaints."""
    own = settings.UNSTUCK_HOME / "skills.toml"
    found = parse_skills(own.read_text(encoding="utf-8"), "skills.toml") if own.is_file() else library_skills()
    return {skill.key: skill for skill in found}


def sign(what: Signing, by: Account, at: datetime) -> Competence:
    """The competence, from now for as long as the skill holds. Raises NotForOneself, NotTheRole, Complaint."""
    skill = skills().get(what.skill)
    if skill is None or what.basis not in BASES:
        raise Complaint(_("This skill or basis is not known here."))
    if what.account.pk == by.pk:
        raise NotForOneself(_("Nobody signs for themselves."), mend=_("Ask a colleague."))
    if not {role.value for role in what.account.roles} & set(skill.roles):
        raise NotTheRole(_("%(who)s holds no role that this skill belongs to.") % {"who": what.account})
    with transaction.atomic():
        until = at + timedelta(minutes=skill.good_for.minutes)
        told = {"account": what.account.key, "skill": skill.key, "basis": what.basis, "until": until.isoformat()}
        note("competence.signed", by.key, at, told)
        return Competence.objects.create(
            account=what.account, skill=skill.key, since=at, until=until, basis=what.basis, signed_by=by.key
        )


def end(competence: Competence, by: Account, at: datetime) -> None:
    """It no longer holds. Raises NotForOneself."""
    if competence.account_id == by.pk:
        raise NotForOneself(_("Nobody signs for themselves."), mend=_("Ask a colleague."))
    if competence.ended_at is None:
        with transaction.atomic():
            Competence.objects.filter(pk=competence.pk, ended_at=None).update(ended_at=at)
            told = {"account": competence.account.key, "skill": competence.skill}
            note("competence.ended", by.key, at, told)


def practised(account: Account) -> Counter[str]:
    """How often the account made each kind of entry in this clinic."""
    rows = Entry.objects.filter(actor=account.key).values_list("kind").annotate(times=Count("id"))
    return Counter(dict(rows))
