"""What a person writes, shares and is told on the own pages, and who else can read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.clinic.courses import walk_on
from tests.course_makers import DAY, adas_course, give_dose, tell, up_to_dose
from tests.pages import without_keys
from tests.site_fixtures import over_tls
from unstuck.clinic import clock
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.assessment import half_given
from unstuck.clinic.assessment.models import Link, Waiting
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import load
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.people.actions import erase_person, set_roles
from unstuck.clinic.people.models import Account, Role
from unstuck.clinic.portal import feedback, leaves
from unstuck.clinic.portal.models import Choices, Day, Feedback, Leaf, Passkey
from unstuck.clinic.portal.reminders import remind_all
from unstuck.clinic.privacy.glass import Why, break_glass
from unstuck.core.events import ConsentWithdrawn, VisitBooked

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]
HOUR = timedelta(hours=1)
SECRET = "zebra-crossing-violet"


@pytest.fixture
def course(cast: dict[str, Account], at: datetime, settings: Any) -> Course:
    """Ada's course in a demonstration."""
    settings.UNSTUCK_DEMO = True
    return adas_course(cast, at)


@pytest.fixture
def dosed(course: Course, cast: dict[str, Account], at: datetime) -> datetime:
    """The instant of Ada's first dose."""
    start = up_to_dose(course, cast, at)
    give_dose(course, cast, start)
    return start


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def test_a_journal_page_is_private_until_it_is_shared(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """Nobody of the team reads a page before Ada shares it, and nobody after she takes that back; each look is told."""
    with clock.stopped(at):
        ada, ben = signed_in("ada"), signed_in("ben")
        ada.post("/me/journal/", {"words": f"First page. {SECRET}"})
        address = f"/me/journal/{Leaf.objects.get().key}/"
        assert SECRET in read(ada, "/me/journal/") and SECRET not in read(ben, f"/own/{course.key}/shared/")
        ada.post(address, {"act": "share"})
        assert SECRET in read(ben, f"/own/{course.key}/shared/")
        assert "Ben</b>: what you share" in read(ada, "/me/readers/")
        ada.post(address, {"act": "unshare"})
        assert SECRET not in read(ben, f"/own/{course.key}/shared/")


def test_the_journal_says_on_top_that_nobody_watches_it(
    course: Course, signed_in: SignedIn, at: datetime, settings: Any
) -> None:
    """Before the field to write in stand the sentence and the site's numbers."""
    settings.UNSTUCK_CRISIS_PHONE, settings.UNSTUCK_CRISIS_LINES = "988", (("Night line", "+1-555-0101"),)
    with clock.stopped(at):
        page = read(signed_in("ada"), "/me/journal/").split("<main")[1]
    before = page.split("<textarea")[0]
    assert "Nobody watches this journal." in before and 'href="tel:112"' in before
    assert 'href="tel:988"' in before and 'href="tel:+1-555-0101"' in before


def test_nobody_else_opens_or_changes_a_page(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """Front desk, research and quality see nothing shared; another account cannot act on a page."""
    with clock.stopped(at):
        signed_in("ada").post("/me/journal/", {"words": SECRET, "share": "1"})
        key = Leaf.objects.get().key
        for who in ("finn", "dev", "quinn", "eve"):
            assert signed_in(who).get(f"/own/{course.key}/shared/").status_code == 403
            assert signed_in(who).post(f"/me/journal/{key}/", {"act": "take_out"}).status_code == 403
    assert Leaf.objects.filter(shared_at=at).count() == 1


def test_words_are_in_no_entry_of_the_ledger(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """Journal, plan and feedback leave codes and a keyed hash in the ledger, which verifies."""
    with clock.stopped(at):
        signed_in("ada").post("/me/journal/", {"words": SECRET})
        signed_in("ada").post("/me/plan/", {"signs": SECRET, "share": "1"})
    entries = Entry.objects.filter(chain=course.key, kind="leaf.written")
    assert entries.count() == 2 and all(e.text_mac for e in entries)
    assert not Entry.objects.filter(payload__contains="zebra").exists()
    assert verify().sound


def test_a_page_that_is_taken_out_leaves_no_words(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """The row is gone and the text is empty; so are the words of a plan that was written anew."""
    with clock.stopped(at):
        ada = signed_in("ada")
        ada.post("/me/journal/", {"words": SECRET})
        ada.post(f"/me/journal/{Leaf.objects.get().key}/", {"act": "take_out"})
        ada.post("/me/plan/", {"signs": SECRET})
        ada.post("/me/plan/", {"signs": "Other words"})
    assert SECRET not in everything()
    assert "Other words" in everything()


def test_two_open_pages_of_the_plan_lose_no_word(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """What another page changed meanwhile stays; where both changed a part both are kept; taken out stays out."""
    with clock.stopped(at):
        ada = signed_in("ada")
        ada.post("/me/plan/", {"signs": "No sleep", "alone": "Walk", "places": "The park", "share": "1"})
        drawn = form_of(read(ada, "/me/plan/?write"))
        assert drawn["was-shared"] == drawn["share"] == "1"
        ada.post("/me/plan/", drawn | {"alone": "Swim", "places": "The lake", "share": ""})
        for _twice in range(2):
            ada.post("/me/plan/", drawn | {"signs": "No sleep\r\nNo food", "places": "The library", "away": "A lock"})
        leaf, told = leaves.plan_of(course.person)
        assert [told[key] for key in ("signs", "alone", "places", "away")] == [
            "No sleep\nNo food",
            "Swim",
            "The lake\nThe library",
            "A lock",
        ]
        assert leaf and leaf.shared_at is None
        leaves.take_out(leaf, at)
        ada.post("/me/plan/", drawn | {"helpers": "My sister"})
    assert {key: words for key, words in leaves.plan_of(course.person)[1].items() if words} == {"helpers": "My sister"}


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of the plan's form as it came."""
    fields = dict(re.findall(r'<textarea id="\w+" name="(\w+)"[^>]*>([^<]*)</textarea>', page))
    fields |= dict(re.findall(r'<input type="hidden" name="(was-\w+)" value="(\w*)">', page))
    return fields | ({"share": "1"} if re.search(r'name="share" value="1" checked', page) else {})


def everything() -> str:
    """Every value of every table."""
    said = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            said += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(said)


def test_erasing_a_person_empties_the_own_pages(
    course: Course, dosed: datetime, signed_in: SignedIn, cast: dict[str, Account]
) -> None:
    """Words, log, choices and passkeys are gone from every table, links are closed, and the ledger verifies."""
    ada, person = signed_in("ada"), cast["ada"].person
    assert person is not None
    Passkey.objects.create(account=cast["ada"], credential="c", data=b"d", made_at=dosed)
    with clock.stopped(dosed + DAY):
        ada.post("/me/journal/", {"words": SECRET, "share": "1"})
        ada.post("/me/plan/", {"signs": SECRET})
        ada.post("/me/days/", {"sleep": "7"})
        ada.post("/me/days/share/", {"share": "1"})
        ada.post("/me/visit/", {"safe": "2", "words": SECRET})
        ada.post("/me/how/", {"occasion": "day_after:1:1"})
        erase_person(person, cast["alma"].key, dosed + DAY + HOUR)
    assert SECRET not in everything() and "Ada Ames" not in everything()
    for table in (Leaf, Day, Choices, Passkey):
        assert not table.objects.exists()
    assert not Link.objects.filter(finished_at=None, revoked_at=None).exists()
    assert verify().sound


def test_feedback_goes_past_the_therapist(course: Course, dosed: datetime, signed_in: SignedIn) -> None:
    """Quality reads it under a pseudonym, the team does not; a bad visit is an alert for others."""
    with clock.stopped(dosed + DAY):
        told = {"safe": "0", "agreed": "2", "heard": "1", "words": SECRET}
        assert "It has arrived" in signed_in("ada").post("/me/visit/", told).content.decode()
        page = read(signed_in("quinn"), "/own/visits/")
        assert SECRET in page and "Ada" not in without_keys(page)
        for who in ("ben", "cleo", "nia", "finn", "alma"):
            assert signed_in(who).get("/own/visits/").status_code == 403
        signed_in("quinn").post("/own/visits/", {"feedback": Feedback.objects.get().pk})
        assert "Quinn" in read(signed_in("ada"), "/me/readers/")
        assert "no visit to ask about" in read(signed_in("ada"), "/me/visit/")
    alert = Alert.objects.get(kind="concern_told")
    assert Account.objects.get(username="ben").key in alert.details["not"]
    assert Feedback.objects.get().read_at == dosed + DAY


def test_whoever_was_at_the_chair_neither_owns_nor_reads_it(
    course: Course, dosed: datetime, cast: dict[str, Account], signed_in: SignedIn
) -> None:
    """Nia gave the dose: the concern is nobody's of the room, and holding quality as well shows her not a word."""
    set_roles(cast["nia"], (Role.NURSE, Role.QUALITY), "a_test", dosed)
    with clock.stopped(dosed + DAY):
        signed_in("ada").post("/me/visit/", {"safe": "0", "words": SECRET})
        assert SECRET not in read(signed_in("nia"), "/own/visits/")
        signed_in("nia").post("/own/visits/", {"feedback": Feedback.objects.get().pk})
        assert Feedback.objects.get().read_at is None
        assert SECRET in read(signed_in("quinn"), "/own/visits/")
    kept_out = Alert.objects.get(kind="concern_told").details["not"]
    assert {cast["nia"].key, cast["ben"].key} <= set(kept_out) and cast["cleo"].key not in kept_out


def test_a_second_tap_speaks_of_no_other_visit(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """What is said belongs to the visit on the page: sent twice it stands once, and never for the dose before it."""
    now = walk_on(course, "week_1", at) + 14 * HOUR
    newest, *others = feedback.visits_to_ask_of(load(course), now)
    assert others
    with clock.stopped(now):
        ada = signed_in("ada")
        assert f'name="visit" value="{newest}"' in read(ada, "/me/visit/")
        for _tap in range(2):
            ada.post("/me/visit/", {"visit": newest, "safe": "0", "words": SECRET})
        ada.post("/me/visit/", {"visit": "infusion:9", "safe": "0"})
    assert [(one.visit, one.safe) for one in Feedback.objects.all()] == [(newest, 0)]
    assert Alert.objects.filter(kind="concern_told").count() == 1


def test_a_good_visit_is_no_alert(course: Course, dosed: datetime, signed_in: SignedIn) -> None:
    """Yes to everything raises nothing, and an answer of nothing is taken as well."""
    with clock.stopped(dosed + DAY):
        signed_in("ada").post("/me/visit/", {"safe": "2", "agreed": "2", "heard": "2"})
    assert not Alert.objects.filter(kind="concern_told").exists()


def test_the_readers_page_says_what_the_rules_say(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """Answers: nurses, therapists, doctors and research, never the front desk; private pages: only Ada; and by when."""
    with clock.stopped(at):
        page = read(signed_in("ada"), "/me/readers/")
    rows = {m[0]: m[1] for m in re.findall(r"<b>([^<]+)</b><br>([^<]+)", page)}
    assert rows["Pages that you do not share"] == "Only you"
    assert "Front desk" in rows["Your visits and times"] and "Front desk" not in rows["Your answers and their sums"]
    assert rows["How you found a visit"] == "Quality and privacy"
    assert "within 24 hours" in page


def test_what_to_do_before_stands_with_the_dose_visit(
    course: Course, dosed: datetime, signed_in: SignedIn, cast: dict[str, Account]
) -> None:
    """With a dose visit ahead the page tells of ride, food and medicines; no hour is made up for an infusion."""
    with clock.stopped(dosed + DAY):
        tell(course, VisitBooked("infusion", 2, dosed + 2 * DAY, "chair_1"), cast["finn"].key, dosed + DAY)
        page = read(signed_in("ada"), "/me/")
    card = page.split("Before you come")[1].split("</section>")[0]
    for words in ("take you home", "Ask us when to stop eating", "list of all your medicines"):
        assert words in card
    assert not re.search(r"after \d\d:\d\d", card)


def test_a_sites_own_hours_are_shown(
    course: Course, dosed: datetime, signed_in: SignedIn, cast: dict[str, Account], settings: Any
) -> None:
    """A site that has signed its own hours for infusions has them on the page, counted back from the booking."""
    own = """version = "1"
[[line]]
key = "food"
fact = "person.fasted"
en = "Ask us."
es = "Pregunte."
source = "site"
[[line.timed]]
route = "iv_infusion"
hours = 4
en = "No food after {time}."
es = "Nada de comer desde las {time}."
source = "site"
grade = "assumed"
"""
    (settings.UNSTUCK_HOME / "before.toml").write_text(own, encoding="utf-8")
    booked = (dosed + 2 * DAY).replace(hour=14, minute=30)
    with clock.stopped(dosed + DAY):
        tell(course, VisitBooked("infusion", 2, booked, "chair_1"), cast["finn"].key, dosed + DAY)
        assert "No food after 10:30." in read(signed_in("ada"), "/me/")


def answer(browser: Client, address: str, picks: dict[str, str]) -> tuple[str, list[str]]:
    """Answers every screen behind a link, 0 where `picks` says nothing; where it ends, and the pages seen."""
    seen = []
    for _screen in range(4):
        seen.append(read(browser, address))
        names = dict.fromkeys(re.findall(r'type="radio" name="(item\d+)"', seen[-1]), "0")
        went = browser.post(address, {n: picks.get(n, v) for n, v in names.items()})["Location"]
        if went != address:
            return went, seen
    raise AssertionError("the questions never end")


def check_in_link(client: Client, at: datetime, occasion: str = "day_after:1:1") -> str:
    with clock.stopped(at):
        return str(client.post("/me/how/", {"occasion": occasion})["Location"])


def test_a_check_in_is_answered_behind_a_link_that_only_writes(
    course: Course, dosed: datetime, signed_in: SignedIn
) -> None:
    """The day after Ada is asked; another browser with the link sees questions, never her name or an answer given."""
    ada = signed_in("ada")
    address = check_in_link(ada, dosed + DAY)
    with clock.stopped(dosed + DAY):
        assert "How are you the day after?" in read(ada, "/me/")
        went, seen = answer(over_tls(), address, {"item1": "3"})
        assert went == "/a/thanks/"
        assert not re.search("Ada|ketamine|checked|infusion", without_keys("".join(seen)))
        assert "How are you the day after?" not in read(ada, "/me/")
    done = [e.what for e in load(course).state.assessments if getattr(e.what, "instrument", "") == "check_in"]
    assert len(done) == 1 and done[0].step is None  # type: ignore[union-attr]


@pytest.mark.parametrize(("picks", "went", "kinds"), [
    ({"item4": "1"}, "/a/now/", {"suicide_risk"}),
    ({"item5": "2"}, "/a/thanks/", {"craving"}),
    ({"item6": "1"}, "/a/thanks/", {"early_refill"}),
    ({"item7": "1"}, "/a/thanks/", {"symptom_told"}),
    ({"item8": "1"}, "/a/thanks/", {"call_wished"}),
])  # fmt: skip
def test_answers_that_need_somebody(
    course: Course, dosed: datetime, signed_in: SignedIn, picks: dict[str, str], went: str, kinds: set[str]
) -> None:
    """A thought of death is an alert at once, and the person reads at once what to do; a wish is one by the worker."""
    address = check_in_link(signed_in("ada"), dosed + DAY)
    with clock.stopped(dosed + DAY):
        browser = over_tls()
        assert answer(browser, address, picks)[0] == went
        page = read(browser, went)
    remind_all(dosed + DAY + timedelta(minutes=1))
    assert set(Alert.objects.values_list("kind", flat=True)) == kinds
    if went == "/a/now/":
        assert page.index("Talk to someone now") < page.index("Thank you for telling us")


def test_a_link_can_be_taken_back(course: Course, dosed: datetime, signed_in: SignedIn) -> None:
    """The front desk takes a link back; it opens nothing, and what was half answered is gone."""
    address = check_in_link(signed_in("ada"), dosed + DAY)
    with clock.stopped(dosed + DAY):
        browser = over_tls()
        browser.post(address, {"item1": "1", "item2": "1", "item3": "1"})
        signed_in("finn").post(f"/own/{course.key}/", {"link": Link.objects.get().pk})
        assert browser.get(address).status_code == 410
    assert not Link.objects.get().waiting.exists()


def test_links_die_with_consent(course: Course, dosed: datetime, signed_in: SignedIn, cast: dict[str, Account]) -> None:
    """A link that was sent before Ada withdrew opens nothing after, and no check-in is offered any more."""
    ada = signed_in("ada")
    address = check_in_link(ada, dosed + DAY)
    with clock.stopped(dosed + DAY + HOUR):
        assert over_tls().get(address).status_code == 200
        tell(course, ConsentWithdrawn("treatment"), cast["cleo"].key, dosed + DAY + HOUR)
        assert over_tls().get(address).status_code == 410
        ada = signed_in("ada")  # an hour later
        assert "How are you the day after?" not in read(ada, "/me/")
        assert read(ada, "/me/readers/")  # reading one's own record does not end with consent


def test_consent_is_taken_back_in_one_step_on_the_own_page(
    course: Course, dosed: datetime, signed_in: SignedIn, cast: dict[str, Account]
) -> None:
    """One button: the course ends by Ada's word, no visit is left, the links are dead, and her pages stay readable."""
    ada = signed_in("ada")
    address = check_in_link(ada, dosed + DAY)
    with clock.stopped(dosed + DAY):
        assert "Your yes stands" in read(ada, "/me/agreed/")
        ada.post("/me/agreed/", {"entry": "f" * 32})
        assert "You have taken your yes back" in read(ada, "/me/agreed/")
        assert over_tls().get(address).status_code == 410
        assert "Your course here has ended" in read(ada, "/me/")
    course.refresh_from_db()
    said = [e for e in load(course).state.log if isinstance(e.what, ConsentWithdrawn)]
    assert course.ended_at and [e.actor for e in said] == [cast["ada"].person.key]  # type: ignore[union-attr]


def test_an_emergency_look_is_told(course: Course, signed_in: SignedIn, cast: dict[str, Account], at: datetime) -> None:
    """Whoever opened the record in an emergency stands on Ada's page."""
    with clock.stopped(at):
        break_glass(course, cast["quinn"], "record", Why("danger_to_life", "She fell in the corridor."), at)
        assert "opened your record in an emergency" in read(signed_in("ada"), "/me/readers/")


def test_a_log_that_is_shared_can_be_read_and_taken_back(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """Sleep of 6.5 hours stands on the team's page while Ada shares her log."""
    with clock.stopped(at):
        ada, ben, page = signed_in("ada"), signed_in("ben"), f"/own/{course.key}/shared/"
        ada.post("/me/days/", {"sleep": "6,5", "moved": "20", "company": "2"})
        assert "6.5 h" in read(ada, "/me/days/") and "6.5 h" not in read(ben, page)
        ada.post("/me/days/share/", {"share": "1"})
        assert "6.5 h" in read(ben, page)
        ada.post("/me/days/share/", {"share": "0"})
        assert "6.5 h" not in read(ben, page)


@pytest.mark.parametrize("told", [{"sleep": "25"}, {"sleep": "x"}, {"on": "2020-01-01"}, {"on": "no"}, {"moved": "-1"}])
def test_a_day_that_cannot_be_is_refused(
    course: Course, signed_in: SignedIn, at: datetime, told: dict[str, str]
) -> None:
    """Nothing is saved of a day with 25 hours, of words for figures, or of a day long past."""
    with clock.stopped(at):
        assert signed_in("ada").post("/me/days/", told).status_code == 409
    assert not Day.objects.exists()


def test_the_pages_speak_spanish(course: Course, signed_in: SignedIn, at: datetime) -> None:
    """By the browser's wish or the button: Spanish words and labels, and staff's pages stay as they are."""
    with clock.stopped(at):
        ada = signed_in("ada")
        for page in ("/me/", "/me/journal/", "/me/plan/", "/me/days/", "/me/readers/", "/me/keys/", "/me/calm/"):
            html = ada.get(page, headers={"Accept-Language": "es-MX"}).content.decode()
            assert '<html lang="es"' in html and "Ayuda ya" in html and "Help now" not in html
        assert ada.post("/me/language/", {"language": "es", "back": "/me/plan/"})["Location"] == "/me/plan/"
        assert "Mi plan de seguridad" in read(ada, "/me/plan/")
        assert 'lang="en"' in signed_in("cleo").get("/", headers={"Accept-Language": "es"}).content.decode()
    assert Choices.objects.get().language == "es"


@pytest.mark.parametrize(("pick", "kinds"), [("1", {"suicide_risk"}), ("0", set())])
def test_a_risk_answer_that_was_never_sent_is_an_alert_all_the_same(
    course: Course, dosed: datetime, signed_in: SignedIn, pick: str, kinds: set[str]
) -> None:
    """Ada leaves after the question about death: a quarter of an hour later somebody is called, once."""
    address = check_in_link(signed_in("ada"), dosed + DAY)
    told = {1: dict.fromkeys(("item1", "item2", "item3"), "0"), 2: {"item4": pick}}
    with clock.stopped(dosed + DAY):
        for answers in told.values():
            over_tls().post(address, answers)
        half_given.work_round(dosed + DAY + timedelta(minutes=14))
        assert not Alert.objects.exists()
    for minutes in (16, 17):
        half_given.work_round(dosed + DAY + timedelta(minutes=minutes))
    found = list(Alert.objects.filter(course=course))
    assert {alert.kind for alert in found} == kinds and len(found) == len(kinds)


def test_taking_a_link_back_hears_what_waits_behind_it(course: Course, dosed: datetime, signed_in: SignedIn) -> None:
    """Staff end a link a minute after Ada answered the question about death and before she sent it: one is called."""
    address = check_in_link(signed_in("ada"), dosed + DAY)
    with clock.stopped(dosed + DAY):
        for answers in (dict.fromkeys(("item1", "item2", "item3"), "0"), {"item4": "1"}):
            over_tls().post(address, answers)
        signed_in("finn").post(f"/own/{course.key}/", {"link": str(Link.objects.latest("pk").pk)})
    assert over_tls().get(address).status_code == 410 and not Waiting.objects.exists()
    assert [alert.kind for alert in Alert.objects.filter(course=course)] == ["suicide_risk"]
