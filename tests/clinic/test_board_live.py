"""The board over running sessions: alarms answered from it, alarms that become alerts, chairs that change hands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.builders import event
from tests.clinic.live import add, after, reading, seated, unwatched, watched
from unstuck.clinic import clock
from unstuck.clinic.alerts import climb, rota
from unstuck.clinic.alerts.actions import raise_alert
from unstuck.clinic.alerts.models import Alert
from unstuck.clinic.course import queries
from unstuck.clinic.course.models import Course
from unstuck.clinic.messages.worker import work_once
from unstuck.clinic.people.models import Account
from unstuck.clinic.plan import actions
from unstuck.clinic.plan.actions import Place
from unstuck.clinic.plan.look import look
from unstuck.clinic.plan.urgency import QueueRow
from unstuck.clinic.rooms.actions import ChairFacts, name_chair
from unstuck.clinic.session.actions import NotReadBack, heard
from unstuck.clinic.session.models import Sitting
from unstuck.core import events as ev
from unstuck.core.alerting import Duty
from unstuck.core.session import session
from unstuck.core.session_events import AlarmAnswered, Answer, Call, Called

Cast = dict[str, Account]
SECOND = timedelta(seconds=1)


def here(course: Course) -> Place:
    return Place(course, "infusion", 1)


def first(account: Account, minutes: float) -> QueueRow:
    row = look(account, after(minutes)).page.next
    assert row is not None
    return row


def alerts(kind: str = "session_alarm") -> list[Alert]:
    return list(Alert.objects.filter(kind=kind).order_by("id"))


def open_alarms(course: Course, minutes: float) -> list[str]:
    one = queries.load(course)
    return [a.rule.key for a in session(one.protocol, one.state, "infusion", 1, after(minutes)).alarms]


def high(minutes: float) -> list[Any]:
    return [reading("systolic_mmhg", 171, minutes), reading("diastolic_mmhg", 92, minutes)]


def test_an_alarm_is_the_next_act_and_rings_until_it_is_taken(cast: Cast) -> None:
    """A crossed limit leads the board, names value and chair, and stops ringing when a named person takes it."""
    course = seated(2, cast["nia"].key, None, *high(5))
    row = first(cast["nia"], 5.5)
    assert (row.level, row.where, row.what, row.figure) == ("now", "Chair 2", "Blood pressure is high", "171/92 mmHg")
    assert look(cast["nia"], after(5.5)).page.rings == "now"
    actions.answer_alarm(here(course), "pressure_high", Answer.TAKEN, cast["nia"], after(5.6))
    page = look(cast["nia"], after(5.7)).page
    assert page.rings == "" and page.next and page.next.word != "Act now"
    assert open_alarms(course, 5.7) == ["pressure_high"]


def test_a_taken_alarm_comes_back_when_nobody_looks_again(cast: Cast) -> None:
    """After the recheck time the alarm is late on the board, with whose it is."""
    course = seated(2, cast["nia"].key, None, *high(5))
    actions.answer_alarm(here(course), "pressure_high", Answer.TAKEN, cast["nia"], after(6))
    row = first(cast["cleo"], 11.5)
    assert (row.word, row.why, row.rings) == ("Look again", "Nia is on it.", "late")


def test_taking_twice_keeps_the_first(cast: Cast) -> None:
    """The second tap, from another tablet, records nothing more."""
    course = seated(2, cast["nia"].key, None, *high(5))
    actions.answer_alarm(here(course), "pressure_high", Answer.TAKEN, cast["nia"], after(6))
    before = len(queries.load(course).state.log)
    actions.answer_alarm(here(course), "pressure_high", Answer.TAKEN, cast["ben"], after(6.1))
    assert len(queries.load(course).state.log) == before


def test_a_life_threat_comes_before_an_older_alarm(cast: Cast) -> None:
    """Oxygen at 86 on one chair goes before a high pressure that has rung longer on another."""
    seated(1, cast["nia"].key, None, *high(4))
    seated(2, cast["nia"].key, None, reading("spo2_percent", 86, 5))
    page = look(cast["nia"], after(5.5)).page
    assert page.next and page.next.what == "Oxygen is very low"
    assert [card.number for card in page.chairs if card.key] == ["2", "1"]


def test_an_unanswered_alarm_becomes_an_alert_once(cast: Cast) -> None:
    """Beyond the profile's sixty seconds the worker raises one alert, and no second one for the same alarm."""
    seated(2, cast["nia"].key, None, *high(5))
    with clock.stopped(after(5.9)):
        work_once()
    assert alerts() == []
    for minutes in (6.1, 6.2, 6.3):
        with clock.stopped(after(minutes)):
            work_once()
    (alert,) = alerts()
    assert (alert.place, alert.details["alarm"], alert.owner) == ("chair_2", "pressure_high", cast["cleo"])
    assert "Called: Cleo, goes on at 09:08." in first(cast["nia"], 6.4).why


def test_a_glance_at_the_board_raises_it_as_well(cast: Cast) -> None:
    """Without any worker, whoever looks at the board lets the alert rise and climb."""
    seated(2, cast["nia"].key, None, *high(5))
    look(cast["ben"], after(6.1))
    look(cast["ben"], after(8.2))
    (alert,) = alerts()
    assert alert.stage == 1


def test_taking_the_alarm_takes_its_alert(cast: Cast) -> None:
    """One tap does both; the alert stays open until somebody closes it with an action."""
    course = seated(2, cast["nia"].key, None, *high(5))
    look(cast["ben"], after(6.1))
    actions.answer_alarm(here(course), "pressure_high", Answer.TAKEN, cast["nia"], after(6.5))
    (alert,) = alerts()
    assert alert.taken_by == cast["nia"] and alert.closed_at is None
    assert climb.escalate_due(after(12)) == 0


def test_sending_for_more_people_raises_the_alert_at_once(cast: Cast) -> None:
    """Escalating does not wait for the time to run out."""
    course = seated(2, cast["nia"].key, None, *high(5))
    actions.answer_alarm(here(course), "pressure_high", Answer.ESCALATED, cast["nia"], after(5.2))
    assert len(alerts()) == 1


def test_a_call_for_help_leads_and_is_an_alert_from_its_first_second(cast: Cast) -> None:
    """The help signal goes before every alarm; going there answers it."""
    course = seated(3, cast["nia"].key)
    seated(1, cast["nia"].key, None, *high(4))
    add(course, event(Called("infusion", 1, Call.HELP, "patient"), 72 + 5 / 60))
    row = first(cast["nia"], 5.1)
    assert row.what.startswith("Calls for somebody") and row.ask and row.ask.call == "help"
    assert len(alerts("help_called")) == 1
    actions.answer_call(here(course), Call.HELP, cast["nia"], after(5.3))
    assert not first(cast["nia"], 5.4).what.startswith("Calls")


def test_an_overdue_reading_becomes_an_alert_and_settles_when_it_is_taken(cast: Cast) -> None:
    """Five minutes past due an alert is raised; the reading itself closes it."""
    course = seated(2, cast["nia"].key)
    look(cast["nia"], after(14))
    assert alerts("session_overdue") == []
    look(cast["nia"], after(15.5))
    assert [a.closed_at for a in alerts("session_overdue")] == [None]
    add(course, reading("systolic_mmhg", 120, 16), reading("diastolic_mmhg", 80, 16))
    look(cast["nia"], after(16.5))
    assert [a.closing for a in alerts("session_overdue")] == ["read_now"]


def test_a_silent_device_is_told_with_its_length(cast: Cast) -> None:
    """More than two minutes without a sign of life reads "Not heard" with the time, and is an alert; a beat ends it."""
    course = seated(2, cast["nia"].key)
    sitting = unwatched(course)
    heard(sitting, "d_tablet01", True, 0.0, after(1))
    assert look(cast["nia"], after(2.9)).page.rings == ""
    row = first(cast["nia"], 7 + 1 / 6)
    assert (row.word, row.figure, row.small, row.rings) == ("Not heard", "6:10", "silent", "silent")
    assert len(alerts("unwatched")) == 1
    heard(sitting, "d_tablet01", True, 0.0, after(7.5))
    assert first(cast["nia"], 7.6).word != "Not heard"
    assert [a.closing for a in alerts("unwatched")] == ["heard_again"]


def test_a_hidden_page_is_not_a_watch(cast: Cast) -> None:
    """A page that goes on beating while hidden counts as silent from the moment it was hidden."""
    course = seated(2, cast["nia"].key)
    sitting = unwatched(course)
    heard(sitting, "d_tablet01", True, 0.0, after(1))
    for quarter in range(8, 28):
        heard(sitting, "d_tablet01", False, 0.0, after(quarter / 4))
    row = first(cast["nia"], 7)
    assert (row.word, row.figure) == ("Not heard", "5:00")
    assert len(alerts("unwatched")) == 1


def test_a_word_that_was_overtaken_does_not_count(cast: Cast) -> None:
    """A page "visible", sent before "hidden" and heard after it, makes nobody watch; a device whose clock went back an
    hour is believed again within a minute."""
    course = seated(2, cast["nia"].key)
    sitting = unwatched(course)
    heard(sitting, "d_tablet01", True, 0.0, after(1))
    heard(sitting, "d_tablet01", False, 0.0, after(1.1))
    heard(sitting, "d_tablet01", True, -10.0, after(1.2))
    assert first(cast["nia"], 3.15).word == "Not heard"
    heard(sitting, "d_tablet01", True, -3600.0, after(6.9))
    assert first(cast["nia"], 7).word != "Not heard"


def test_a_second_device_that_sees_it_is_enough(cast: Cast) -> None:
    """While one of two devices has the page in front, the session is watched."""
    course = seated(2, cast["nia"].key)
    sitting = unwatched(course)
    heard(sitting, "d_tablet01", False, 0.0, after(1))
    heard(sitting, "d_tablet02", True, 0.0, after(6))
    assert first(cast["nia"], 7).word != "Not heard"


def test_a_session_that_no_device_ever_opened_is_not_watched(cast: Cast) -> None:
    """Without any device the silence counts from check-in."""
    unwatched(seated(2, cast["nia"].key))
    assert first(cast["nia"], 3).word == "Not heard"


def test_chairs_change_hands_with_alarms_read_back(cast: Cast) -> None:
    """Nothing changes hands while an alarm rings; taken, it must be read back; then the board names the new keeper."""
    course = seated(2, cast["nia"].key, None, *high(5))
    with pytest.raises(actions.StillRinging):
        actions.take_over([here(course)], {(course.key, "pressure_high")}, cast["ben"], after(5.5))
    actions.answer_alarm(here(course), "pressure_high", Answer.TAKEN, cast["nia"], after(6))
    with pytest.raises(NotReadBack):
        actions.take_over([here(course)], set(), cast["ben"], after(7))
    actions.take_over([here(course)], {(course.key, "pressure_high")}, cast["ben"], after(7))
    card = next(card for card in look(cast["ben"], after(7.1)).page.chairs if card.key)
    assert card.keeper == "Ben"


def test_of_several_chairs_all_change_hands_or_none(cast: Cast) -> None:
    """A missing tick on one chair keeps every chair where it is."""
    one, other = seated(1, cast["nia"].key), seated(2, cast["nia"].key, None, *high(5))
    actions.answer_alarm(here(other), "pressure_high", Answer.TAKEN, cast["nia"], after(6))
    with pytest.raises(NotReadBack):
        actions.take_over([here(one), here(other)], set(), cast["ben"], after(7))
    assert {s.keeper for s in Sitting.objects.all()} == {cast["nia"].key}


def test_the_pages_of_the_hand_over(cast: Cast, signed_in: Callable[[str], Client]) -> None:
    """Ben reads whose chairs there are and what is open, ticks, and has them."""
    course = seated(2, cast["nia"].key, None, *high(5))
    actions.answer_alarm(here(course), "pressure_high", Answer.TAKEN, cast["nia"], after(6))
    mark = f"{course.key}/infusion/1"
    ben = signed_in("ben")
    with clock.stopped(after(7)):
        shown = ben.get("/today/hand-over/").content.decode()
        assert "From Nia" in shown and "Blood pressure is high" in shown
        refused = ben.post("/today/hand-over/", {"chair": [mark]}).content.decode()
        assert "Nothing has changed hands" in refused
        done = ben.post("/today/hand-over/", {"chair": [mark], "read": [f"{course.key}/pressure_high"]}, follow=True)
        assert "You have taken over 1." in done.content.decode()
    assert Sitting.objects.get().keeper == cast["ben"].key


def test_answering_from_the_page(cast: Cast, signed_in: Callable[[str], Client]) -> None:
    """One tap on "I am going"; the front desk has no such button and is refused."""
    course = seated(2, cast["nia"].key, None, *high(5))
    told = {"course": course.key, "step": "infusion", "occurrence": "1", "alarm": "pressure_high", "answer": "taken"}
    with clock.stopped(after(5.5)):
        assert "I am going" in signed_in("nia").get("/today/").content.decode()
        desk = signed_in("finn")
        assert "I am going" not in desk.get("/today/").content.decode()
        assert desk.post("/today/answer/", told).status_code == 403
        signed_in("nia").post("/today/answer/", told)
        again = signed_in("nia").post("/today/answer/", {**told, "answer": "sleep"}, follow=True)
    assert "no answer to an alarm" in again.content.decode()
    assert look(cast["nia"], after(5.6)).page.rings == ""


@pytest.mark.parametrize("address", ["/today/now/", "/today/wall/now/"])
def test_queries_do_not_grow_with_chairs(cast: Cast, signed_in: Callable[[str], Client], address: str) -> None:
    """Three chairs or forty, with alarms open on all of them: the same number of queries."""
    for number in range(1, 41):
        name_chair(f"chair_{number}", ChairFacts(f"Chair {number}", place=number), "a_test", after(-60))
    nia = signed_in("nia")
    counted = []
    for numbers in (range(1, 4), range(4, 41)):
        for number in numbers:
            seated(number, cast["nia"].key, None, *high(5))
        with clock.stopped(after(6.5)):
            nia.get(address, headers={"HX-Request": "true", "X-Unstuck-Poll": "1"})  # raises what is to be raised
            with CaptureQueriesContext(connection) as asked:
                answer = nia.get(address, headers={"HX-Request": "true", "X-Unstuck-Poll": "1"})
        counted.append(len(asked))
        assert answer.content.decode().count("Act now") >= len(numbers)
    assert counted[0] == counted[1], counted


def shown(page: str) -> str:
    """What a person reads of a page: random keys in addresses hold any digits."""
    return re.sub(r"<[^>]*>", " ", page)


def test_a_blinded_course_hides_itself_and_nothing_else(cast: Cast, signed_in: Callable[[str], Client]) -> None:
    """A therapist whom one protocol blinds reads no alarm, reading or drug of it, and everything of the other chair."""
    blind = watched(key="masked", blinded=("therapist", "patient"))
    seated(1, cast["nia"].key, blind, *high(5))
    seated(2, cast["nia"].key, None, reading("systolic_mmhg", 166, 5), reading("diastolic_mmhg", 91, 5))
    with clock.stopped(after(5.5)):
        words = signed_in("ben").get("/today/").content.decode()
    assert "166/91" in words and "171" not in shown(words) and "An alarm rings here" in words
    chair = next(part for part in re.split(r'<li class="chair', words) if "Person 01" in part and "chair-no" in part)
    assert "Ketamine" not in chair and "Study drug" in chair


def test_the_wall_has_no_names_unless_asked(cast: Cast, signed_in: Callable[[str], Client]) -> None:
    """Number, word and clock; names only on request."""
    seated(2, cast["nia"].key, None, *high(5))
    with clock.stopped(after(5.5)):
        plain = signed_in("nia").get("/today/wall/").content.decode()
        named = signed_in("nia").get("/today/wall/?names=1").content.decode()
    assert "Act now" in plain and "Person 02" not in plain and "Person 02" in named


def test_more_chairs_than_nurses_may_watch_is_said(cast: Cast) -> None:
    """With one nurse on duty and three people in chairs, a profile of two chairs a nurse is exceeded, and it shows."""
    rota.set_shift(rota.NewShift(cast["nia"], Duty.NURSE, after(-60), after(300)), "a_test", after(-60))
    for number in (1, 2):
        seated(number, cast["nia"].key)
    assert not look(cast["nia"], after(5)).page.too_many
    seated(3, cast["nia"].key)
    assert look(cast["nia"], after(5)).page.too_many


def test_an_answer_at_the_chair_takes_the_alert(cast: Cast) -> None:
    """Whoever takes the alarm on the session's own page has its alert as well; nobody is called a second time."""
    course = seated(2, cast["nia"].key, None, *high(5))
    look(cast["ben"], after(6.1))
    taken = event(AlarmAnswered("infusion", 1, "pressure_high", Answer.TAKEN), 72 + 6.3 / 60)
    add(course, replace(taken, actor=cast["nia"].key))
    look(cast["ben"], after(6.5))
    assert [a.taken_by for a in alerts()] == [cast["nia"]]


def test_whoever_comes_to_a_call_has_its_alert(cast: Cast) -> None:
    """An emergency that somebody came to is theirs until they close it with what happened."""
    course = seated(3, cast["nia"].key)
    add(course, event(Called("infusion", 1, Call.EMERGENCY, "staff"), 72 + 5 / 60))
    look(cast["nia"], after(5.1))
    actions.answer_call(here(course), Call.EMERGENCY, cast["cleo"], after(5.3))
    look(cast["nia"], after(5.4))
    (alert,) = alerts("emergency")
    assert alert.taken_by == cast["cleo"] and alert.closed_at is None


def test_a_high_risk_after_the_dose_is_an_alert_for_the_prescriber(cast: Cast) -> None:
    """Before the dose it is a gate's matter; after it nobody leaves, and a prescriber is asked at once."""

    def risk(hours: float) -> ev.Event:
        scores = (("risk", "high"),)
        made = ev.AssessmentCompleted("cssrs_screen", "1", "simulated", (), scores, None, 1, (), True)
        return event(made, hours)

    course = seated(2, cast["nia"].key, None, risk(71))
    look(cast["nia"], after(5))
    assert alerts("suicide_risk_after_dose") == []
    add(course, risk(72 + 50 / 60))
    look(cast["nia"], after(51))
    assert [a.owner for a in alerts("suicide_risk_after_dose")] == [cast["cleo"]]


def test_not_ready_at_closing_time_is_a_path_of_its_own(cast: Cast, settings: Any) -> None:
    """Past the hour at which the site closes, whoever may not leave yet is an alert, once a day."""
    seated(2, cast["nia"].key)
    look(cast["nia"], after(30))
    assert alerts("not_ready_at_closing") == []
    settings.UNSTUCK_CLOSES = "09:30"
    look(cast["nia"], after(29))
    assert alerts("not_ready_at_closing") == []
    for minutes in (31, 45):
        look(cast["nia"], after(minutes))
    assert len(alerts("not_ready_at_closing")) == 1


def test_clocks_name_their_anchor(cast: Cast) -> None:
    """The card says what its minutes are counted from: the start of an infusion, then its end."""
    seated(2, cast["nia"].key)
    cards = [next(c for c in look(cast["nia"], after(m)).page.chairs if c.key) for m in (5, 45)]
    assert [card.since for card in cards] == ["T+5 min from the start, 09:00", "T+5 min from the end, 09:40"]


def test_alerts_come_after_what_rings_in_a_chair(cast: Cast) -> None:
    """However many alerts wait, they are one row: after an alarm of a running dose, before what is only late."""
    course = seated(2, cast["nia"].key, None, *high(5))
    for number in range(3):
        raise_alert("suicide_risk", course.key, "a_test", after(1), f"event:{number}")
    other = seated(3, cast["nia"].key)
    climb.escalate_due(after(38))
    page = look(cast["ben"], after(38)).page
    assert page.next and page.next.what == "Blood pressure is high"
    row = page.queue[0]
    assert row.what == "An answer about suicide needs a person" and "2 more alerts wait." in row.why
    assert page.queue[1].key == other.key and page.queue[1].level == "late"
    assert len(page.alerts) == 3


def test_a_wall_that_is_left_on_shows_nothing_else(cast: Cast, signed_in: Callable[[str], Client]) -> None:
    """A screen that keeps the wall does not time out, shows no name even when asked, and opens no other page."""
    seated(2, cast["nia"].key, None, *high(5))
    screen = signed_in("ben")
    with clock.stopped(after(5.5)):
        screen.get("/today/wall/")
        screen.post("/today/wall/keep/")
    for hours in (1, 5, 9):
        with clock.stopped(after(60 * hours)):
            poll = screen.get("/today/wall/now/?names=1", headers={"HX-Request": "true", "X-Unstuck-Poll": "1"})
            assert poll.status_code == 200 and "Person 02" not in poll.content.decode()
    with clock.stopped(after(600)):
        assert screen.get("/today/").status_code == 302
        assert screen.get("/today/wall/").status_code == 302
