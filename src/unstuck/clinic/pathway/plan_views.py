"""Pages of the calendar: a course's coming visits, booking one, and the day of the house."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.course.actions import Entry
from unstuck.clinic.course.models import Course
from unstuck.clinic.course.queries import Loaded, everyone, load
from unstuck.clinic.pathway import booking
from unstuck.clinic.pathway.capacity import hours
from unstuck.clinic.pathway.doors import doors
from unstuck.clinic.pathway.models import Booking
from unstuck.clinic.pathway.plan_page import Reader, companion_words, day_page, plan_page, titled
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.people.models import Account
from unstuck.clinic.rooms.queries import choices, seats
from unstuck.core.calendar import Companion, Visit, calendar, companions, number_of, usual_minutes
from unstuck.core.errors import Complaint
from unstuck.core.opening import quarter_from

MOVED = (
    ("", "-"),
    ("person_asked", _("The person asked")),
    ("no_show", _("Did not come")),
    ("ill", _("Ill")),
    ("site", _("The clinic could not")),
)


def clinicians() -> list[tuple[str, str]]:
    """(key, name) of the treating team."""
    people = Account.objects.filter(is_active=True, grants__role__in=[r.value for r in access.CARE]).distinct()
    return [(one.key, one.display_name) for one in people.order_by("display_name")]


class BookForm(forms.Form):
    """When, for how long, where and with whom; why, where an earlier booking is moved."""

    starts = forms.DateTimeField(
        label=_("Begins"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=15, max_value=720)
    chair = forms.ChoiceField(label=_("Chair"), choices=lambda: [("", "-"), *choices()], required=False)
    room = forms.CharField(label=_("Room for a talk"), max_length=40, required=False)
    clinician = forms.ChoiceField(label=_("With"), choices=lambda: [("", "-"), *clinicians()], required=False)
    why = forms.ChoiceField(label=_("Why it moves"), choices=MOVED, required=False)

    def __init__(self, visit: Visit, loaded: Loaded, data: Any = None) -> None:
        zone, when = clock.zone(), visit.proposed
        proposed = quarter_from(when).astimezone(zone).replace(tzinfo=None) if when else None
        minutes = usual_minutes(loaded.protocol, visit.row.step)
        super().__init__(data, initial={"starts": proposed, "minutes": minutes})
        if visit.row.booked is None:
            del self.fields["why"]
        talk = _talk_of(visit, loaded)
        if talk is not None:
            self._ask_talk(talk, usual_minutes(loaded.protocol, talk.step))

    def _ask_talk(self, talk: Companion, minutes: int) -> None:
        """Asks when the session that belongs to the dose is held; the middle of its window is proposed."""
        zone = clock.zone()
        middle = talk.opens + (talk.closes - talk.opens) / 2
        proposed = hours().nearest(middle, minutes, (talk.opens, talk.closes), zone).astimezone(zone)
        box = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        self.fields["talk"] = forms.DateTimeField(
            label=companion_words(talk, zone), widget=box, required=False, initial=proposed.replace(tzinfo=None)
        )
        self.fields["talk_with"] = forms.ChoiceField(
            label=_now("With, for that session"), choices=[("", "-"), *clinicians()], required=False
        )

    def slot(self) -> booking.Slot:
        """What the valid form asks for."""
        told = self.cleaned_data
        held = (told["chair"], told["room"].strip().replace(" ", "_"), told["clinician"])
        return booking.Slot(told["starts"], told["minutes"], *held, told.get("why", ""))


def _talk_of(visit: Visit, loaded: Loaded) -> Companion | None:
    """The session that must be booked with a dose; None where there is none, or one is booked inside its window."""
    row = visit.row
    when = row.booked or visit.proposed
    if row.kind != "dose" or when is None:
        return None
    number = number_of(loaded.protocol, loaded.state, row.step, row.occurrence)
    mine = companions(loaded.protocol, loaded.state, number, when, clock.zone())
    return mine[0] if mine and not any(one.inside for one in mine) else None


@access.require(access.may_book)
@require_GET
def plan(request: HttpRequest, key: str) -> HttpResponseBase:
    """Every coming visit with its window, where it stands, and what departed from the plan."""
    row, account = _course(request, key)
    held = Booking.objects.filter(course=row, cancelled_at=None)
    reader = Reader(clock.now(request), clock.zone(), doors(account, row), access.may_book(account), hours())
    return render(request, "pathway/plan.html", {"page": plan_page(load(row), list(held), _names(), reader)})


def _course(request: HttpRequest, key: str) -> tuple[Course, Account]:
    row = get_object_or_404(everyone(), key=key)
    account = access.allow(request, access.may_see_plan, row)
    note_reading(account, row.key, "calendar", clock.now(request))
    return row, account


def _names() -> dict[str, str]:
    return {**dict(choices()), **dict(clinicians())}


@access.require(access.may_book)
@require_http_methods(["GET", "POST"])
def book(request: HttpRequest, key: str, step: str, occurrence: int) -> HttpResponseBase:
    """Books one visit, a dose together with the session that belongs to it."""
    row, account = _course(request, key)
    loaded, at = load(row), clock.now(request)
    visit = _visit(loaded, step, occurrence, at)
    if visit is None:
        return redirect("pathway:plan", key=row.key)
    form = BookForm(visit, loaded, request.POST or None)
    if request.method == "POST" and form.is_valid() and _booked(loaded, visit, form, Entry(account.key, at, at)):
        return redirect("pathway:plan", key=row.key)
    title = titled(visit.row.title, visit.row.occurrence)
    context = {"row": row, "form": form, "title": title, "visit": visit}
    return render(request, "pathway/book.html", context, status=409 if form.errors else 200)


def _visit(loaded: Loaded, step: str, occurrence: int, at: datetime) -> Visit | None:
    visits = calendar(loaded.protocol, loaded.state, at, clock.zone(), hours())
    return next((v for v in visits if (v.row.step, v.row.occurrence) == (step, occurrence)), None)


def _booked(loaded: Loaded, visit: Visit, form: BookForm, entry: Entry) -> bool:
    """Whether everything on the form was booked; a refusal stands on the form, and then nothing was."""
    slot, place = form.slot(), booking.Place(visit.row.step, visit.row.occurrence)
    wanted = [(place, slot)]
    try:
        if form.cleaned_data.get("talk"):
            wanted.append(_talk(loaded, place, slot, form))
        booking.book_all(loaded.row, wanted, entry)
    except Complaint as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _talk(
    loaded: Loaded, place: booking.Place, slot: booking.Slot, form: BookForm
) -> tuple[booking.Place, booking.Slot]:
    number = number_of(loaded.protocol, loaded.state, place.step, place.occurrence)
    mine = companions(loaded.protocol, loaded.state, number, slot.starts_at, clock.zone())[0]
    told = form.cleaned_data
    if not mine.opens <= told["talk"] <= mine.closes:
        raise booking.NotBooked(
            _now("For a dose then, this session must be: %(what)s.") % {"what": companion_words(mine, clock.zone())},
            mend=_now("The dose cannot be given without it."),
        )
    talk = booking.Slot(told["talk"], usual_minutes(loaded.protocol, mine.step), clinician=told["talk_with"])
    return booking.Place(mine.step, mine.occurrence), talk


@access.require(access.may_see_capacity)
@require_GET
def day(request: HttpRequest) -> HttpResponseBase:
    """The day of all chairs, rooms and clinicians."""
    zone = clock.zone()
    today = clock.now(request).astimezone(zone).date()
    try:
        chosen = date.fromisoformat(request.GET.get("day", today.isoformat()))
    except ValueError:
        chosen = today
    start = datetime.combine(chosen, time(), zone)
    end = datetime.combine(chosen + timedelta(days=1), time(), zone)
    held = Booking.objects.filter(cancelled_at=None, starts_at__gte=start, starts_at__lt=end)
    page = day_page(chosen, list(held.select_related("course__person")), _names(), len(seats()), zone)
    return render(request, "pathway/day.html", {"page": page, "today": today})
