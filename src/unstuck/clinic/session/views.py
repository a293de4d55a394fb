"""The session page and its plain forms: access, one action, and back to the page with its receipt or its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.forms import HARMS
from unstuck.clinic.course.models import Course
from unstuck.clinic.ledger.queries import read_lately
from unstuck.clinic.people import access, second_factor
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.clinic.people.photos import mark_of
from unstuck.clinic.people.queries import display_names
from unstuck.clinic.rooms.queries import choices
from unstuck.clinic.session import actions, monitor, words
from unstuck.clinic.session.api import course_of
from unstuck.clinic.session.chart import chart
from unstuck.clinic.session.chart_svg import chart_svg
from unstuck.clinic.session.checks import CheckForm, check_by, in_hand
from unstuck.clinic.session.corrections import correct
from unstuck.clinic.session.device_words import device_says
from unstuck.clinic.session.drawing import draw_row
from unstuck.clinic.session.models import RoomCheck
from unstuck.clinic.session.pages import Reader, SessionPage, session_page
from unstuck.clinic.session.paper import paper
from unstuck.clinic.session.prediction import is_signed, predicted, sign
from unstuck.clinic.session.queries import Live, NoSuchSession, Place, live, room_check_of_today
from unstuck.clinic.session.receiving import Batch, receive
from unstuck.clinic.session.refused import told_to
from unstuck.clinic.session.said import entries_of, number
from unstuck.clinic.session.wanted import facts_to_state, instruments_to_rate, sheet
from unstuck.core import events as ev
from unstuck.core.errors import Complaint
from unstuck.core.instrument_file import load_instrument

READ_AGAIN = timedelta(hours=12)  # a page that stays open and renews itself is one reading of the record


class NotSigned(Complaint):
    """The signature is not right; nothing was signed."""


def reader_of(account: Account, course: Course) -> Reader:
    """What this account may see and do in this session."""
    return Reader(
        account=account.key,
        names=access.may_see_names(account),
        unmasked=access.may_see_doses(account, course),
        may_order=access.may_order_dose(account),
        may_dose=access.may_record_dose(account),
        may_override=access.may_override_gate(account),
    )


def care_staff() -> QuerySet[Account]:
    """Everybody of the treating team who has an account in use."""
    return Account.objects.filter(is_active=True, grants__role__in=list(access.CARE)).distinct()


@access.require(access.is_care)
@require_GET
def session(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """The session of one person, live."""
    return _page(request, course_of(key), Place(step, occurrence))


def _page(request: HttpRequest, course: Course, place: Place, wrong: Complaint | None = None) -> HttpResponseBase:
    account, at = access.account_of(request), clock.now(request)
    try:
        stands = live(course, place, at)
    except NoSuchSession as missing:
        return render(request, "session/missing.html", {"wrong": missing}, status=404)
    if not read_lately(course.key, account.key, "session", at - READ_AGAIN):
        note_reading(account, course.key, "session", at)
    reader = reader_of(account, course)
    came = {who for who, _when in stands.session.emergency.came} if stands.session.emergency else set()
    people = display_names({e.actor for e in stands.loaded.state.log} | came)
    page = session_page(stands, reader, people, at, clock.zone())
    context = {
        "page": page,
        "reader": reader,
        "wrong": wrong,
        "shows": f"{len(stands.loaded.state.log)} {stands.session.phase.value}",
        "says": device_says(),
        **_forms(stands, page, reader, at),
    }
    response = render(request, "session/session.html", context, status=409 if wrong else 200)
    if page.here and wrong is None:
        response["X-Unstuck-Keep"] = "yes"  # the page's worker may keep it until the session is over
    return response


def _forms(stands: Live, page: SessionPage, reader: Reader, at: Any) -> dict[str, Any]:
    """What the forms of the page offer."""
    figure = chart(stands, at, clock.zone())
    return {
        "chart": figure,
        "chart_svg": chart_svg(figure, clock.zone()) if figure else "",
        "predicted": predicted(stands, reader.unmasked, at, clock.zone()),
        "monitor": monitor.monitor_card(stands, clock.zone()),
        "chairs": choices() if not page.here else (),
        "facts": facts_to_state(stands, reader.may_order),
        "scales": instruments_to_rate(stands),
        "measures": words.MEASURES.items(),
        "reasons": words.REASONS.items(),
        "harms": HARMS,
        "staff": care_staff(),
        "room": room_check_of_today(at),
        "check": CheckForm.of(stands, at) if not page.given and page.order and not page.order.expired else None,
    }


Act = Callable[[HttpRequest, Course, Place, Entry], None]


def _acting(rule: access.Rule, act: Act) -> Callable[..., HttpResponseBase]:
    """A view that does one act and goes back to the page; a refusal stands on the page, and nothing was written."""

    @access.require(rule)
    @require_POST
    def view(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
        account, at = access.account_of(request), clock.now(request)
        course, place = course_of(key), Place(step, occurrence)
        entry = Entry(account.key, at, at, "", request.POST.get("entry", "")[:64])
        try:
            act(request, course, place, entry)
        except Complaint as wrong:
            return _page(request, course, place, told_to(account, course, wrong))
        return redirect("session:session", key=key, step=step, occurrence=occurrence)

    return view


def _say(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    """Everything that a page may also send as entries. The first refusal is shown."""
    at = entry.recorded_at
    sent = entries_of(request.POST, place, at)
    received = receive(course, place, Batch("form-without-script", at, sent), access.account_of(request), at)
    refused = [r for r in received.receipts if r.status == "refused"]
    if refused:
        raise Complaint(refused[0].why, mend=refused[0].mend or None)


def _open(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    """Check-in: the name is asked, and birth date and photo, where there is one, are compared with the record."""
    told, born = request.POST.get("born_on", ""), course.person.born_on
    compared = ["name"] if request.POST.get("name_said") == "yes" else []
    if born is not None and told == born.isoformat():
        compared.append("born_on")
    elif told:
        raise actions.WrongPerson("This date of birth is not this person's.", mend="Stop. Find out who is here.")
    compared += _photo_compared(course, request.POST.get("photo_same", ""))
    seat = actions.Seat(request.POST.get("chair", "")[:64], tuple(compared))
    actions.open_session(course, place, seat, entry)


def _photo_compared(course: Course, said: str) -> list[str]:
    """Where there is a photo, whoever checks in says whether it shows the person in front of them."""
    if not mark_of(course.person):
        return []
    if said != "yes":
        what = "The photo shows somebody else." if said == "no" else "Nobody compared the photo."
        raise actions.WrongPerson(what, mend="Stop. Find out who is here." if said == "no" else "Look at the photo.")
    return ["photo"]


def _order(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    """The prescriber signs with the own password, and with the second factor where the site asks for it."""
    account = access.account_of(request)
    if not account.check_password(request.POST.get("password", "")):
        raise NotSigned("The password is not right, so nothing was signed.", mend="Type your own password again.")
    if second_factor.asked(account):
        second_factor.confirm(account, request.POST.get("code", ""), entry.recorded_at)
    amount, hours, cap = (number(request.POST, name) for name in ("amount", "hours", "cap_mg"))
    if amount is None or hours is None or cap is None:
        raise NotSigned("An order needs an amount, its cap and how long it stands.", mend="Fill in all three.")
    until = entry.recorded_at + timedelta(hours=hours)
    wanted = actions.Wanted(amount, request.POST.get("unit", ""), cap, until, number(request.POST, "minutes"))
    actions.order_dose(course, place, wanted, entry)


def _check(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    """One person enters what they see; the second may sign on the same tablet with their own password."""
    signer = check_by(request)
    role, seen = in_hand(request, course)
    actions.check_dose(course, place, role, seen, Entry(signer.key, entry.observed_at, entry.recorded_at, "", entry.id))


def _give(_request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    actions.give_dose(course, place, entry)


def _hand(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    to = care_staff().filter(key=request.POST.get("to", "")).first()
    if to is None:
        raise Complaint("Nobody was chosen to take the chair.", mend="Choose a colleague.")
    actions.hand_over(course, place, to, tuple(request.POST.getlist("read_back")), entry)


def _monitor(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    """The chosen values of the monitor are confirmed, or rejected with a reason."""
    stands, account = live(course, place, entry.recorded_at), access.account_of(request)
    chosen = [int(number) for number in request.POST.getlist("value") if number.isdecimal()]
    if not chosen or stands.sitting is None:
        raise Complaint("No value was chosen.", mend="Choose the values that are this person's.")
    reason = request.POST.get("reason", "")
    if request.POST.get("verdict") == "reject":
        monitor.reject(stands, chosen, reason if reason in REJECTED else "other", account, entry.recorded_at)
    else:
        monitor.confirm(stands, chosen, account, entry.recorded_at)


REJECTED = ("artefact", "wrong_person", "other")


def _correct(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    """What was entered wrongly no longer counts; it stays readable in the ledger."""
    correct(course, place, request.POST.getlist("event"), request.POST.get("reason", ""), entry)


def _leave(request: HttpRequest, course: Course, place: Place, entry: Entry) -> None:
    to = ev.Leaving.TRANSFER if request.POST.get("to") == "transfer" else ev.Leaving.HOME
    actions.leave(course, place, to, entry)


say = _acting(access.is_care, _say)
check_in = _acting(access.is_care, _open)
order = _acting(access.may_order_dose, _order)
check = _acting(access.may_record_dose, _check)
give = _acting(access.may_record_dose, _give)
hand = _acting(access.is_care, _hand)
from_monitor = _acting(access.may_record_reading, _monitor)
correction = _acting(access.is_care, _correct)
leave = _acting(access.may_record_dose, _leave)


@access.require(access.is_care)
@require_http_methods(["GET", "POST"])
def room(request: HttpRequest) -> HttpResponseBase:
    """Today's check of oxygen, suction and rescue medicines, as somebody found them."""
    account, at = access.account_of(request), clock.now(request)
    names = ("oxygen", "suction", "rescue_drugs")
    told = {name: request.POST.get(name, "") for name in names}
    if request.method == "POST" and all(value in ("yes", "no") for value in told.values()):
        found = {name: value == "yes" for name, value in told.items()}
        actions.check_room(RoomCheck(**found, by=account.key, at=at))
        return redirect("plan:today")
    missing = request.method == "POST"
    context = {"check": room_check_of_today(at), "missing": missing, "people": display_names({account.key})}
    return render(request, "session/room.html", context, status=400 if missing else 200)


@access.require(access.is_care)
@require_GET
def rate(request: HttpRequest, key: str, step: str, occurrence: int, instrument: str) -> HttpResponseBase:
    """The sheet of one scale that staff rate at the bedside."""
    course = course_of(key)
    stands = live(course, Place(step, occurrence), clock.now(request))
    if instrument not in {name for name, _words in instruments_to_rate(stands)}:
        return render(request, "session/missing.html", {"wrong": None}, status=404)
    reader = reader_of(access.account_of(request), course)
    page = session_page(stands, reader, display_names({stands.session.keeper}), clock.now(request), clock.zone())
    return render(request, "session/rate.html", {"page": page, **sheet(load_instrument(instrument))})


@access.require(access.is_care)
@require_GET
def draw(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """What the standing order means in the container that was scanned. Nothing is recorded."""
    account, course, at = access.account_of(request), course_of(key), clock.now(request)
    stands = live(course, Place(step, occurrence), at)
    page = session_page(stands, reader_of(account, course), display_names({stands.session.keeper}), at, clock.zone())
    row, wrong, scanned = None, None, request.GET.get("lot", "")
    try:
        row = draw_row(stands, scanned, account, at) if scanned else None
    except Complaint as refusal:
        wrong = told_to(account, course, refusal)
    return render(request, "session/draw.html", {"page": page, "row": row, "wrong": wrong})


@access.require(access.is_anyone)
@require_GET
def worker(_request: HttpRequest) -> HttpResponseBase:
    """The script that keeps opened session pages for a reload without a network; it rules over /session/ alone."""
    text = (Path(__file__).parent / "static" / "session" / "worker.js").read_text(encoding="utf-8")
    return HttpResponse(text, content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@access.require(access.may_order_dose)
@require_http_methods(["GET", "POST"])
def prediction(request: HttpRequest) -> HttpResponseBase:
    """Whether session pages show what a model expects: what it is, what it is not, and a prescriber's signature."""
    wrong = None
    if request.method == "POST":
        shown = request.POST.get("shown") == "yes"
        try:
            sign(access.account_of(request), request.POST.get("password", ""), shown, clock.now(request))
            return redirect("session:prediction")
        except Complaint as refusal:
            wrong = refusal
    context = {"signed": is_signed(), "wrong": wrong}
    return render(request, "session/prediction.html", context, status=409 if wrong else 200)


@access.require(access.is_care)
@require_GET
def paper_twin(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """The rest of the session's schedule as one sheet to print; reading it is an entry."""
    account, at, course = access.account_of(request), clock.now(request), course_of(key)
    try:
        stands = live(course, Place(step, occurrence), at)
    except NoSuchSession as missing:
        return render(request, "session/missing.html", {"wrong": missing}, status=404)
    note_reading(account, course.key, "session_paper", at)
    page = session_page(stands, reader_of(account, course), display_names({stands.session.keeper}), at, clock.zone())
    return render(request, "session/paper.html", {"page": page, "sheet": paper(stands, page, at, clock.zone())})
