"""Alerts: an owner, a clock, a chain, a closure; and saving what raised one never depends on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.clinic.courses import enrolled, released
from unstuck.clinic import clock
from unstuck.clinic.alerts import actions, answers, climb, policy, post, rota
from unstuck.clinic.alerts.models import Alert, Missed
from unstuck.clinic.assessment.actions import complete
from unstuck.clinic.course import queries
from unstuck.clinic.course.actions import Entry, write
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.queries import entries
from unstuck.clinic.ledger.verify import verify
from unstuck.clinic.messages import worker
from unstuck.clinic.messages.models import Message
from unstuck.clinic.people.models import Account
from unstuck.core import events as ev
from unstuck.core.alerting import Duty
from unstuck.core.alerting_file import load_alert_policy
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_instrument

MINUTE = timedelta(minutes=1)
KINDS = [kind.key for kind in load_alert_policy().kinds]
Cast = dict[str, Account]


@pytest.fixture
def course(cast: Cast, at: datetime) -> Course:
    """Rosa's course, enrolled an hour before."""
    return enrolled(released("feder_2021", at), at - 60 * MINUTE)


def on(account: Account, duty: Duty, at: datetime, hours: float = 8) -> None:
    rota.set_shift(rota.NewShift(account, duty, at, at + timedelta(hours=hours)), "a_test", at)


def raised(course: Course, at: datetime, kind: str = "suicide_risk", **details: Any) -> Alert:
    made = actions.raise_alert(kind, course.key, "a_test", at, "event:1", details)
    assert made is not None
    return made


def now(alert: Alert) -> Alert:
    return Alert.objects.select_related("owner", "taken_by", "course").get(pk=alert.pk)


def told(course: Course) -> list[str]:
    return [e.kind for e in entries(course.key) if e.kind.startswith("alert.")]


def test_it_goes_to_whoever_is_on_duty(cast: Cast, course: Course, at: datetime) -> None:
    """The first duty of the chain owns it, and a message without a clinical word waits for that person."""
    on(cast["ben"], Duty.THERAPIST, at - MINUTE)
    alert = raised(course, at)
    assert (alert.owner, alert.due_at) == (cast["ben"], at + 10 * MINUTE)
    assert [m.to for m in Message.objects.filter(purpose="alert")] == ["ben@example.org"]


def test_the_same_cause_raises_it_once(cast: Cast, course: Course, at: datetime) -> None:
    """A second call with the same cause gives the alert that stands, also after it was closed."""
    first = raised(course, at)
    actions.close(first.key, cast["cleo"], "spoken_safe", at + MINUTE)
    assert raised(course, at + 2 * MINUTE).pk == first.pk
    assert told(course) == ["alert.raised", "alert.closed"]


def test_with_an_empty_rota_the_safety_lead_owns_it_and_all_on_duty_see_it(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Nobody on duty: the named safety lead owns the alert, and every member of the treating team finds it listed."""
    rota.name_lead(cast["nia"], "a_test", at)
    assert raised(course, at).owner == cast["nia"]
    with clock.stopped(at + MINUTE):
        for name in ("nia", "ben", "cleo"):
            assert b"An answer about suicide" in signed_in(name).get("/alerts/").content


def test_every_page_of_the_owner_says_that_an_alert_waits(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """The menu counts what is the reader's or everybody's and that nobody took; a colleague's alert is not counted."""
    alert = raised(course, at)
    with clock.stopped(at + MINUTE):
        waiting = "waiting for you"
        assert waiting in signed_in("cleo").get("/courses/").content.decode()
        assert waiting not in signed_in("nia").get("/courses/").content.decode()
        climb.escalate_due(at + 40 * MINUTE)
        assert waiting in signed_in("nia").get("/courses/").content.decode()
        actions.take(alert.key, cast["ben"], at + 41 * MINUTE)
        assert waiting not in signed_in("nia").get("/courses/").content.decode()


def test_without_a_named_lead_a_prescriber_owns_it(cast: Cast, course: Course, at: datetime) -> None:
    """While nobody is named the longest-standing prescriber owns what nobody else does."""
    assert not rota.is_lead_named()
    assert raised(course, at).owner == cast["cleo"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_climbs_to_everybody(cast: Cast, course: Course, at: datetime, kind: str) -> None:
    """With an empty rota and a clock that only moves, each kind passes every stage and ends with everybody on duty."""
    alert = raised(course, at, kind)
    stages = load_alert_policy().kind(kind).chain
    for place, stage in enumerate(stages, 1):
        at += timedelta(minutes=stage.take_min)
        assert climb.escalate_due(at - timedelta(seconds=1)) == 0
        assert climb.escalate_due(at) == 1
        assert now(alert).stage == place
    assert now(alert).owner is None and now(alert).due_at is not None
    assert told(course) == ["alert.raised", *["alert.escalated"] * len(stages)]
    assert verify().sound


def test_a_worker_that_slept_tells_every_stage(cast: Cast, course: Course, at: datetime) -> None:
    """Looked at once after an hour, the ledger tells each stage at the moment at which its clock ran out."""
    on(cast["ben"], Duty.THERAPIST, at - MINUTE)
    alert = raised(course, at)
    assert climb.escalate_due(at + 60 * MINUTE) == 1
    steps = [(s.code, s.at - at) for s in now(alert).steps.all() if s.what == "escalated"]
    assert steps == [("prescriber", 10 * MINUTE), ("safety_lead", 20 * MINUTE), ("everyone", 30 * MINUTE)]


def test_taking_it_stops_the_climb_until_the_recheck(cast: Cast, course: Course, at: datetime) -> None:
    """Taken, it rests with the taker for the recheck time; then, with nothing done, it climbs on."""
    alert = raised(course, at)
    actions.take(alert.key, cast["nia"], at + MINUTE)
    assert climb.escalate_due(at + 40 * MINUTE) == 0
    assert now(alert).taken_by == cast["nia"]
    assert climb.escalate_due(at + 61 * MINUTE) == 1
    assert now(alert).taken_by is None and now(alert).stage == 1


def test_acting_winds_the_recheck_up_again(cast: Cast, course: Course, at: datetime) -> None:
    """An act within the recheck time gives as much again."""
    alert = raised(course, at)
    actions.act(alert.key, cast["nia"], "called", at + MINUTE)
    actions.act(alert.key, cast["nia"], "left_message", at + 50 * MINUTE)
    assert now(alert).due_at == at + 110 * MINUTE and now(alert).taken_by == cast["nia"]


def test_an_alert_that_everybody_let_go_comes_back(cast: Cast, course: Course, at: datetime) -> None:
    """Past the end of its chain a taken alert whose recheck runs out belongs to everybody again."""
    alert = raised(course, at)
    climb.escalate_due(at + 31 * MINUTE)
    actions.take(alert.key, cast["nia"], at + 32 * MINUTE)
    climb.escalate_due(at + 93 * MINUTE)
    assert now(alert).taken_by is None and now(alert).owner is None


def test_two_people_cannot_both_be_on_it(cast: Cast, course: Course, at: datetime) -> None:
    """The second is told who is on it; the first may tap again without an effect."""
    alert = raised(course, at)
    actions.take(alert.key, cast["nia"], at)
    actions.take(alert.key, cast["nia"], at + MINUTE)
    with pytest.raises(actions.AlreadyTaken, match="Nia"):
        actions.take(alert.key, cast["ben"], at + MINUTE)
    assert told(course) == ["alert.raised", "alert.taken"]


def test_it_closes_by_a_coded_action_only(cast: Cast, course: Course, at: datetime) -> None:
    """A code that the kind does not know closes nothing; a known one ends its clock for good."""
    alert = raised(course, at)
    with pytest.raises(actions.UnknownAction):
        actions.close(alert.key, cast["nia"], "whatever", at)
    actions.close(alert.key, cast["nia"], "spoken_safe", at + MINUTE)
    assert now(alert).closed_at == at + MINUTE and climb.escalate_due(at + timedelta(days=1)) == 0
    with pytest.raises(actions.AlreadyClosed):
        actions.take(alert.key, cast["ben"], at + 2 * MINUTE)


def test_whoever_it_is_about_never_owns_it(cast: Cast, course: Course, at: datetime) -> None:
    """A concern about a session passes over whoever was in the room, on every stage and by every way."""
    rota.name_lead(cast["nia"], "a_test", at)
    alert = raised(course, at, "concern_told", **{"not": [cast["nia"].key]})
    assert alert.owner is None
    with pytest.raises(actions.NotYours):
        actions.take(alert.key, cast["nia"], at)
    climb.escalate_due(at + timedelta(hours=4))
    assert now(alert).owner == cast["cleo"] or now(alert).owner is None


def test_raising_never_refuses_and_the_worker_makes_good(
    cast: Cast, course: Course, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When raising breaks, what raised it is saved all the same, and the next round of the worker raises the alert."""
    broken = {"yes": True}
    intact = rota.owner_for

    def owner_for(*args: Any) -> Any:
        if broken["yes"]:
            raise RuntimeError("no rota")
        return intact(*args)

    monkeypatch.setattr(rota, "owner_for", owner_for)
    with transaction.atomic():
        course.arm = "saved"
        course.save()
        assert actions.raise_alert("suicide_risk", course.key, "a_test", at, "event:9") is None
    course.refresh_from_db()
    assert course.arm == "saved" and Missed.objects.count() == 1
    broken["yes"] = False
    climb.work_round(at + MINUTE)
    assert not Missed.objects.exists() and Alert.objects.get().raised_at == at


def test_words_in_the_details_are_dropped_not_refused(cast: Cast, course: Course, at: datetime) -> None:
    """Free text never enters the ledger and never stops an alert."""
    alert = raised(course, at, words="she said that", alarm="pressure_high", place="chair_2")
    assert alert.details == {"alarm": "pressure_high"} and alert.place == "chair_2"


def test_a_dead_mail_server_stops_no_alert(cast: Cast, course: Course, at: datetime, settings: Any) -> None:
    """The worker lets alerts climb in the round in which every message fails."""
    settings.UNSTUCK_DELIVERY_BACKEND = "no.such.Backend"
    alert = raised(course, at)
    with clock.stopped(at + 11 * MINUTE):
        worker.work_once()
    assert now(alert).stage == 1
    assert Message.objects.filter(purpose="alert", sent_at=None).count() == 2


def test_a_round_that_breaks_stops_no_other(settings: Any, at: datetime, db: None) -> None:
    """A part whose round raises does not keep the worker from sending."""
    settings.UNSTUCK_ROUNDS = ("no.such.round",)
    with clock.stopped(at):
        assert worker.work_once() == 0


def test_the_site_signs_its_own_times(cast: Cast, course: Course, at: datetime, home: Path) -> None:
    """A file in the data folder is in force once signed by a prescriber, and a broken one never stops an alert."""
    own = policy.candidate().replace('within = "10 min"', 'within = "7 min"', 1)
    (home / "alerts.toml").write_text(own, encoding="utf-8")
    with pytest.raises(policy.WrongPassword):
        policy.sign(cast["cleo"], "guess", at)
    policy.sign(cast["cleo"], "correct horse battery staple", at)
    assert raised(course, at).due_at == at + 7 * MINUTE
    (home / "alerts.toml").write_text("nonsense [", encoding="utf-8")
    with pytest.raises(Complaint):
        policy.sign(cast["cleo"], "correct horse battery staple", at)
    assert policy.policy().kind("suicide_risk").chain[0].take_min == 7


def test_the_front_desk_learns_that_somebody_is_needed_and_not_why(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Its list names the person and the owner; the alert's own page is closed to it, and to research altogether."""
    alert = raised(course, at)
    with clock.stopped(at + MINUTE):
        page = signed_in("finn").get("/alerts/").content.decode()
        assert "A clinician is needed" in page and "Rosa Lindqvist" in page and "suicide" not in page
        assert signed_in("finn").get(f"/alerts/{alert.key}/").status_code == 403
        assert signed_in("dev").get("/alerts/").status_code == 403


def test_a_nurse_takes_acts_and_closes_on_the_page(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """Three taps, three entries; a colleague who comes too late reads who has it."""
    alert, nia = raised(course, at), signed_in("nia")
    with clock.stopped(at + MINUTE):
        nia.post(f"/alerts/{alert.key}/take/")
        late = signed_in("ben").post(f"/alerts/{alert.key}/take/", follow=True).content.decode()
        assert "Nia is on it already" in late
        nia.post(f"/alerts/{alert.key}/act/", {"code": "called"})
        nia.post(f"/alerts/{alert.key}/close/", {"code": "spoken_safe"})
        shown = nia.get(f"/alerts/{alert.key}/").content.decode()
    assert "Nia closed it: Spoken to; safe, with a plan." in shown
    assert told(course) == ["alert.raised", "alert.taken", "alert.acted", "alert.closed"]


def test_the_rota_page_puts_on_duty_whoever_fits(cast: Cast, at: datetime, signed_in: Callable[[str], Client]) -> None:
    """A therapist cannot be put on duty as prescriber; a nurse as nurse can, and is listed."""
    told = {"starts_at": "2026-03-02T08:00", "ends_at": "2026-03-02T16:00"}
    with clock.stopped(at):
        wrong = signed_in("cleo").post("/alerts/rota/", {"account": cast["ben"].key, "duty": "prescriber", **told})
        assert "does not hold a role" in wrong.content.decode()
        signed_in("cleo").post("/alerts/rota/", {"account": cast["nia"].key, "duty": "nurse", **told})
    assert [s.account for s in rota.on_duty(at)] == [cast["nia"]]


PHQ9 = load_instrument("phq9")


@pytest.fixture
def simulated(settings: Any, request: pytest.FixtureRequest) -> Course:
    """As `course`, in a demonstration, where our own labels of an instrument may be answered."""
    settings.UNSTUCK_DEMO = True
    made: Course = request.getfixturevalue("course")
    return made


def phq9(item9: int) -> dict[str, float]:
    return {item.key: float(item9 if item.key == "item9" else 0) for item in PHQ9.items}


def test_an_answer_about_suicide_is_an_alert_as_it_is_saved(simulated: Course, cast: Cast, at: datetime) -> None:
    """PHQ-9 item 9 above zero raises one alert in the transaction of the answer; the worker raises no second one."""
    on(cast["ben"], Duty.THERAPIST, at - MINUTE)
    complete(simulated, None, [(PHQ9, phq9(0))], Entry(simulated.person.key, at, at))
    assert not Alert.objects.exists()
    complete(simulated, None, [(PHQ9, phq9(1))], Entry(simulated.person.key, at + MINUTE, at + MINUTE))
    (alert,) = Alert.objects.all()
    assert (alert.kind, alert.owner, alert.raised_at) == ("suicide_risk", cast["ben"], at + MINUTE)
    answers.work_round(at + 2 * MINUTE)
    assert Alert.objects.count() == 1


def test_saving_an_answer_never_depends_on_alerting(
    simulated: Course, cast: Cast, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With alerting broken altogether the answer is saved, and the worker raises its alert once it can."""

    def broken(*_args: Any) -> None:
        raise RuntimeError("no policy")

    with monkeypatch.context() as patched:
        patched.setattr(policy, "policy", broken)
        complete(simulated, None, [(PHQ9, phq9(2))], Entry(simulated.person.key, at, at))
    assert len(queries.load(simulated).state.assessments) == 1 and not Alert.objects.exists()
    with clock.stopped(at + MINUTE):
        worker.work_once()
    assert Alert.objects.get().raised_at == at


@pytest.mark.parametrize("breaks", ["raise_alert", "kind_of_answer"])
def test_an_answer_is_saved_and_its_giver_told_whatever_of_alerting_raises(
    simulated: Course, cast: Cast, at: datetime, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    """Where the very doors of alerting raise: saved, the giver told what to do now, and raised a round later."""

    def broken(*_args: Any) -> None:
        raise RuntimeError("nothing works")

    with monkeypatch.context() as patched:
        patched.setattr(answers, breaks, broken)
        assert complete(simulated, None, [(PHQ9, phq9(2))], Entry(simulated.person.key, at, at)) is True
    assert len(queries.load(simulated).state.assessments) == 1 and not Alert.objects.exists()
    with clock.stopped(at + MINUTE):
        worker.work_once()
    assert Alert.objects.get().raised_at == at


def test_an_answer_from_elsewhere_is_found_by_the_worker(cast: Cast, course: Course, at: datetime) -> None:
    """An answer that came in by another way than the questionnaires' pages has its alert within a round."""
    what = ev.AssessmentCompleted("phq9", "1", "simulated", (), (), None, 1, ("suicide",), False)
    write(course, what, Entry("a_test", at, at))
    answers.work_round(at + MINUTE)
    assert Alert.objects.get().details["instrument"] == "phq9"


@pytest.mark.parametrize(
    ("flags", "level", "kind"),
    [
        (("any_yes",), "high", "suicide_risk"),
        (("any_yes",), "moderate", "suicide_risk"),
        (("any_yes",), "low", "suicide_mentioned"),
        (("any_yes",), None, "suicide_risk"),
        ((), "none", ""),
    ],
)
def test_the_level_says_how_soon(flags: tuple[str, ...], level: str | None, kind: str, at: datetime) -> None:
    """A wish not to live asks for a person today, a thought with method at once, and what cannot be sorted at once."""
    what = ev.AssessmentCompleted("cssrs_screen", "1", "simulated", (), (("risk", level),), None, 1, flags)
    event = ev.Event("e1", "c1", at, at, "a_test", ev.Origin.SIMULATED, what)
    assert answers.kind_of_answer(event) == kind


def test_an_alert_is_handed_only_to_who_may_know(
    cast: Cast, course: Course, at: datetime, signed_in: Callable[[str], Client]
) -> None:
    """A nurse can hand it to the therapist, and not to the front desk, which may not learn what it is about."""
    alert, nia = raised(course, at), signed_in("nia")
    with clock.stopped(at + MINUTE):
        assert nia.post(f"/alerts/{alert.key}/hand/", {"code": cast["finn"].key}).status_code == 403
        nia.post(f"/alerts/{alert.key}/hand/", {"code": cast["ben"].key})
    assert now(alert).owner == cast["ben"] and now(alert).due_at == at + 11 * MINUTE


def test_an_alert_does_not_depend_on_its_message(
    cast: Cast, course: Course, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the outbox itself breaks, the alert stands with its owner and its clock."""

    def broken(*_args: Any) -> None:
        raise RuntimeError("no outbox")

    monkeypatch.setattr(post, "send", broken)
    assert raised(course, at).owner == cast["cleo"]
