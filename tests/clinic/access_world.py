"""One course with something in every field, and every address of the clinic with arguments that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from tests.clinic.courses import enrolled, released, walk_on
from tests.site_fixtures import over_tls
from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.pathway.trauma import describe
from unstuck.clinic.people.actions import Identity, NewAccount, open_account, register_person
from unstuck.clinic.people.models import Account, Person, Role
from unstuck.clinic.therapy import notes, structures
from unstuck.clinic.therapy.actions import Told, list_item, record_session
from unstuck.core import events as ev
from unstuck.core.protocol import Dose
from unstuck.core.screening import INDEX_TRAUMA

PASSWORD = "correct horse battery staple"
ROLES = tuple(role.value for role in Role if role is not Role.PATIENT)
NOBODY, OWN, OTHER = "no_role", "own", "other_patient"
WHO = (*ROLES, OWN, OTHER, NOBODY)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """A protocol whose course is made, with the step of therapy after its first dose and what that is kept in."""

    protocol: str
    arm: str | None
    step: str
    therapy: str


BLINDED = Kind("ketamine_pe", "ketamine", "pe_after_infusion", "pe")
UNBLINDED = Kind("kap_im", None, "integration", "kap_integration")


@dataclass
class World:
    """The course, when it is looked at, an account for each role alone, and what each field looks like."""

    course: Course
    kind: Kind
    dosing: str
    at: datetime
    accounts: dict[str, Account]
    alert: str
    marks: dict[str, str]
    browsers: dict[str, Client] = field(default_factory=dict)

    def browser(self, who: str) -> Client:
        """The one browser of somebody who has signed in; of nobody for an empty name."""
        if who not in self.browsers:
            self.browsers[who] = over_tls()
            if who:
                account = self.accounts[who]
                self.browsers[who].force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        return self.browsers[who]


def made(at: datetime, kind: Kind) -> World:
    """A simulated course after its first dose. Its figures are of a kind that nothing else on a page looks like."""
    course = enrolled(released(kind.protocol, at), at - 30 * DAY, kind.arm)
    Person.objects.filter(pk=course.person_id).update(
        name="Rosalind Fieldmark", born_on=date(1931, 1, 3), email="fieldmark@example.org", phone="0700-555-0199"
    )
    course = queries.everyone().get(pk=course.pk)
    stranger = register_person(Identity("Another Person"), "a_test", at, simulated=True)
    persons = {OWN: course.person, OTHER: stranger}
    accounts = {who: _account(who, persons.get(who), at) for who in WHO}
    loaded = queries.load(course)
    dosing = next(step.key for step in loaded.protocol.steps if isinstance(step.activity, Dose))
    walk_on(course, dosing, at - 30 * DAY)
    dose = queries.load(course).state.doses[0]
    now = dose.observed_at + timedelta(hours=48)
    _write(course, accounts, kind, dosing, now)
    alert = raise_alert("suicide_risk", course.key, "a_test", now, "event:1")
    assert alert
    shown = queries.load(course)
    marks = {
        "name": "Rosalind Fieldmark",
        "born": "1931",
        "contact": "0700-555-0199",
        "arm": shown.protocol.arm(shown.state.arm).title if shown.state.arm else "no arm at all",
        "dose": f"{dose.what.amount_mg:g} mg",  # type: ignore[union-attr]
        "reading": "187.25",
        "harm": "headache",
        "therapy": "Session summary fieldmark",
        "list": "Supermarket fieldmark",
        "note": "Private fieldmark",
        "trauma": "Fire fieldmark",
        "alert": "An answer about suicide",
    }
    return World(course, kind, dosing, now + timedelta(hours=1), accounts, alert.key, marks)


def _account(who: str, person: Person | None, at: datetime) -> Account:
    roles = (Role.PATIENT,) if who in (OWN, OTHER) else () if who == NOBODY else (Role(who),)
    return open_account(NewAccount(f"only_{who}", f"Only {who}", roles, "", PASSWORD, person), "a_test", at)


def _write(course: Course, accounts: dict[str, Account], kind: Kind, dosing: str, now: datetime) -> None:
    """What the fields are marked by."""
    nurse, therapist = accounts["nurse"].key, accounts["therapist"]
    told: list[tuple[ev.What, Entry]] = [
        (ev.ReadingTaken("systolic_mmhg", 187.25, dosing, 1, "during"), Entry(nurse, now, now)),
        (ev.AdverseEventNoted("headache", 2, dose=1), Entry(nurse, now, now)),
    ]
    write_all(course, told)
    structure = structures.known()[kind.therapy]
    list_item(course, structure, structure.lists[0].key, Entry(therapist.key, now, now, "Supermarket fieldmark"))
    session = Told(kind.step, 1, 90, 1)
    record_session(course, structure, session, Entry(therapist.key, now, now, "Session summary fieldmark"))
    notes.keep(course, therapist, "Private fieldmark", now)
    write_all(course, [(ev.FactStated(INDEX_TRAUMA, "item2"), Entry(nurse, now, now))])
    describe(course, "Fire fieldmark", nurse, now)


def patterns(resolver: URLResolver | None = None, space: str = "") -> Iterator[tuple[str, Any]]:
    """Every named address of the clinic, with its view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, f"{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern


def address(name: str, pattern: Any, world: World) -> str:
    """The address with arguments that lead to the course, its visit, its alert, or to nothing that exists."""
    kwargs = {key: _argument(name, key, converter, world) for key, converter in pattern.pattern.converters.items()}
    try:
        return reverse(name, kwargs=kwargs)
    except NoReverseMatch as wrong:
        raise AssertionError(f"{name}: {wrong}") from wrong


def _argument(name: str, key: str, converter: Any, world: World) -> Any:
    special = {
        ("alerts", "key"): world.alert,
        ("protocol", "key"): world.course.release.key,
        ("evidence", "key"): world.course.release.key,
        ("course", "kind"): "reading",
        ("pathway", "audience"): "patient",
        ("measures", "what"): "harms",
        ("therapy", "kind"): world.kind.therapy,
        ("therapy", "step"): world.kind.step,
    }
    known = {"key": world.course.key, "course": world.course.key, "step": world.dosing, "occurrence": 1}
    found = special.get((name.partition(":")[0], key), known.get(key))
    if found is not None:
        return found
    return 1 if type(converter).__name__ == "IntConverter" else "x1"
