"""One course with something in every field, and every address of the clinic with arguments that lead to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from tests.clinic.access_objects import Arguments, screened, seated, things, written
from tests.clinic.courses import enrolled, released, walk_on
from tests.pathway_makers import consent_ready
from tests.site_fixtures import over_tls
from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write_all
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.views import KINDS as RECORDS
from unstuck.clinic.measures.house import KINDS as MEASURES
from unstuck.clinic.pathway.asking import PARTS
from unstuck.clinic.pathway.summary_pdf import Audience
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
    """A protocol whose course is made, with the step of therapy after its first dose, what that is kept in, and what is
    rated while a dose works."""

    protocol: str
    arm: str | None
    step: str
    therapy: str
    bedside: str


BLINDED = Kind("ketamine_pe", "ketamine", "pe_after_infusion", "pe", "cadss")
UNBLINDED = Kind("kap_im", None, "integration", "kap_integration", "cadss6")


@dataclass
class World:
    """The course, when it is looked at, an account for each role alone, and what each field looks like."""

    course: Course
    kind: Kind
    dosing: str
    at: datetime
    accounts: dict[str, Account]
    arguments: Arguments
    marks: dict[str, tuple[str, ...]]
    release: str
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
    consent_ready({"cleo": accounts["prescriber"]}, at - 30 * DAY, kind.protocol)
    loaded = queries.load(course)
    dosing = next(step.key for step in loaded.protocol.steps if isinstance(step.activity, Dose))
    walk_on(course, dosing, at - 30 * DAY)
    dose = queries.load(course).state.doses[0]
    now = dose.observed_at + timedelta(hours=48)
    figure = _write(course, accounts, kind, dosing, now)
    note = notes.keep(course, accounts["therapist"], "Private fieldmark", now)
    spare = open_account(NewAccount("spare", "Spare", (Role.QUALITY,), "", PASSWORD), "a_test", at)
    release = written(course, accounts, spare, now)
    screened(course, accounts["nurse"], now)
    seated(course, accounts["nurse"], now)
    arguments = things(course, accounts, spare, now)
    alert = raise_alert("suicide_risk", course.key, "a_test", now, "event:1")
    assert alert
    arguments |= {("alerts", "key"): alert.key, ("therapy:discard", "note"): note.key}
    shown = queries.load(course)
    amount = f"{dose.what.amount_mg:g}"  # type: ignore[union-attr]
    marks = MARKS | {
        "arm": (shown.protocol.arm(shown.state.arm).title, '"arm":"') if shown.state.arm else (),
        "dose": (f"{amount} mg", f'"amount_mg":{amount}'),
        "figure": (f"{figure:g}",),
    }
    return World(course, kind, dosing, now + timedelta(hours=1), accounts, arguments, marks, release)


MARKS: dict[str, tuple[str, ...]] = {
    "name": ("Rosalind Fieldmark",),
    "born": ("1931",),
    "contact": ("0700-555-0199",),
    "address": ("fieldmark@example.org",),
    "photo": ("photofieldmark",),
    "score": ("57.25",),
    "dissociation": ("61.75",),
    "reading": ("187.25",),
    "harm": ("fieldmark_harm", "fieldmark harm"),
    "therapy": ("Session summary fieldmark",),
    "list": ("Supermarket fieldmark",),
    "note": ("Private fieldmark",),
    "trauma": ("Fire fieldmark",),
    "alert": ("An answer about suicide",),
    "screening": ("17 Jul 1999", "1999-07-17"),
    "words": ("Words fieldmark",),
    "goal": ("Goal fieldmark",),
    "release": ("Clinic fieldmark",),
    "shared": ("Shared leaf fieldmark",),
    "unshared": ("Own leaf fieldmark",),
    "plan": ("Plan fieldmark",),
    "day": ("777",),
    "feedback": ("Visit fieldmark",),
    "glass": ("Glass fieldmark",),
    "visit": ("Birchroom",),
    "mask": ("Fieldmark vial",),
    "kept": ("OBX kept fieldmark",),
}
"""What each field looks like wherever it is shown: nothing else in the clinic looks so."""


def _account(who: str, person: Person | None, at: datetime) -> Account:
    roles = (Role.PATIENT,) if who in (OWN, OTHER) else () if who == NOBODY else (Role(who),)
    return open_account(NewAccount(f"only_{who}", f"Only {who}", roles, "", PASSWORD, person), "a_test", at)


def _write(course: Course, accounts: dict[str, Account], kind: Kind, dosing: str, now: datetime) -> float:
    """What the fields are marked by; a figure of a therapy session that no other figure is."""
    nurse, therapist = accounts["nurse"].key, accounts["therapist"]
    told: list[tuple[ev.What, Entry]] = [
        (ev.ReadingTaken("systolic_mmhg", 187.25, dosing, 1, "during"), Entry(nurse, now, now)),
        (ev.AdverseEventNoted("fieldmark_harm", 2, dose=1), Entry(nurse, now, now)),
        (_scored(kind.bedside, 61.75, "dissociation"), Entry(nurse, now, now)),
        (_scored("pcl5_week", 57.25, "weekly"), Entry(nurse, now, now)),
    ]
    write_all(course, told)
    structure = structures.known()[kind.therapy]
    list_item(course, structure, structure.lists[0].key, Entry(therapist.key, now, now, "Supermarket fieldmark"))
    scale = structure.figures[0]
    figure = round(scale.low + 0.7325 * (scale.high - scale.low), 2)
    session = Told(kind.step, 1, 90, 1, ((scale.key, figure),))
    record_session(course, structure, session, Entry(therapist.key, now, now, "Session summary fieldmark"))
    write_all(course, [(ev.FactStated(INDEX_TRAUMA, "item2"), Entry(nurse, now, now))])
    describe(course, "Fire fieldmark", nurse, now)
    return figure


def _scored(instrument: str, total: float, step: str) -> ev.AssessmentCompleted:
    """A completed instrument whose sum nothing else is."""
    return ev.AssessmentCompleted(instrument, "1", "demo", (("item1", total),), (("total", total),), step)


def patterns(resolver: URLResolver | None = None, space: str = "") -> Iterator[tuple[str, Any]]:
    """Every named address of the clinic, with its view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, f"{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern


def addresses(name: str, pattern: Any, world: World) -> Iterator[tuple[str, str]]:
    """The address with arguments that lead to what the world holds, for every kind of page that it has, each with the
    name of its row in the matrix: "course:record end" where a kind has a row of its own."""
    known = {key: _argument(name, key, converter, world) for key, converter in pattern.pattern.converters.items()}
    for kind in KINDS_OF.get(name, (Asked(),)):
        kwargs = known | {key: word.format(world=world) for key, word in kind.words.items()}
        try:
            to = reverse(name, kwargs=kwargs)
        except NoReverseMatch as wrong:
            raise AssertionError(f"{name}: {wrong}") from wrong
        yield f"{name} {kind.row or next(iter(kind.words.values()), '')}".strip(), to + kind.query.format(world=world)


@dataclass(frozen=True)
class Asked:
    """One of several pages of an address: words in it that choose the page, what is asked, the name of its own row."""

    words: dict[str, str] = field(default_factory=dict)
    query: str = ""
    row: str = ""


def _each(argument: str, words: Iterable[str], query: str = "") -> tuple[Asked, ...]:
    return tuple(Asked({argument: word}, query) for word in words)


def _queries(*queries: str) -> tuple[Asked, ...]:
    return tuple(Asked(query=query) for query in ("", *queries))


KINDS_OF: dict[str, tuple[Asked, ...]] = {
    "alerts:do": _each("what", ("take", "act", "hand", "close")),
    "alerts:open": _queries("?untaken=yes"),
    "assessment:rated": (Asked(query="?step=baseline_interview:1"), Asked(query="?step=dissociation:1", row="bedside")),
    "assessment:send": _queries("?step=weekly:2"),
    "audit:audit": _queries("?chain={world.course.key}"),
    "course:people": _queries("?q=Fieldmark", "?q=0700-555-0199", "?q=Birchroom"),
    "course:record": _each("kind", RECORDS),
    "measures:behind": _each("what", (*MEASURES, "{world.kind.protocol}.response")),
    "measures:house": _queries("?weeks=52"),
    "pathway:ask": _each("part", PARTS),
    "pathway:summary": _each("audience", Audience, "?release={world.release}"),
    "session:rate": _each("instrument", ("cadss", "cssrs_screen")),
}
"""Every page of an address that has several: a word in the address chooses one, a search or a step is asked for."""


def _argument(name: str, key: str, converter: Any, world: World) -> Any:
    app = name.partition(":")[0]
    special = world.arguments | {
        ("protocol", "key"): world.course.release.key,
        ("evidence", "key"): world.course.release.key,
        ("therapy", "kind"): world.kind.therapy,
        ("therapy", "step"): world.kind.step,
    }
    known = {"key": world.course.key, "course": world.course.key, "step": world.dosing, "occurrence": 1}
    found = special.get((name, key), special.get((app, key), known.get(key)))
    if found is not None:
        return found
    return 1 if type(converter).__name__ == "IntConverter" else "x1"
