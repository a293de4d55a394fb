"""The second signature, given on the first person's page: a colleague proves who they are with their own password."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import authenticate
from django.http import HttpRequest

from unstuck.clinic import clock
from unstuck.clinic.custody import refusals as no
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people import access, second_factor
from unstuck.clinic.people.models import Account

MOST_LETTERS = Account._meta.get_field("username").max_length  # the count of wrong sign-ins has no room for much more


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the second person typed. Nothing of it is kept."""

    username: str
    password: str
    code: str = ""


def second_person(request: HttpRequest, actor: Account, told: Credentials) -> Account:
    """The colleague who signs as second person, recognised. Wrong passwords count towards the sign-in's lock.

    Raises WitnessIsActor, NotSigned, WitnessMayNot, WrongCode. A refusal is an entry: somebody may be trying.
    """
    if told.username.strip().casefold() == actor.username.casefold():
        raise no.WitnessIsActor("Nobody signs as second person for their own act.", mend="Ask a colleague.")
    username = told.username.strip()[:MOST_LETTERS]
    known = authenticate(request, username=username, password=told.password)
    if not isinstance(known, Account):
        note("custody.signature_refused", actor.key, clock.now(request))
        raise no.NotSigned("The second person's name or password is not right.", mend="They type it again.")
    if known.pk == actor.pk:
        raise no.WitnessIsActor("Nobody signs as second person for their own act.", mend="Ask a colleague.")
    if not access.may_witness_drug(known):
        raise no.WitnessMayNot(f"{known.display_name} does not sign for the drug.", mend="Ask another colleague.")
    if second_factor.asked(known):
        second_factor.confirm(known, told.code, clock.now(request))
    return known
