"""The pages about monitors: which there are, where they stand, and what they sent that nobody could use."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from unstuck.clinic import clock
from unstuck.clinic.interop import devices, queries
from unstuck.clinic.interop.forms import DeviceForm
from unstuck.clinic.interop.models import Device, Message
from unstuck.clinic.interop.pages import MonitorsPage, aside_row, device_row, kept_row
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.people import access
from unstuck.clinic.people.actions import note_reading
from unstuck.clinic.rooms.models import Chair
from unstuck.clinic.rooms.queries import seats


@access.require(access.may_see_devices)
@require_GET
def monitors(request: HttpRequest) -> HttpResponseBase:
    """Devices with their chairs and clocks, refused addresses, and what was kept aside."""
    return _page(request, DeviceForm())


def _page(request: HttpRequest, form: DeviceForm, status: int = 200) -> HttpResponse:
    account, chairs, kept = access.account_of(request), seats(), queries.kept()
    page = MonitorsPage(
        devices=tuple(device_row(device, chairs) for device in queries.devices()),
        kept=tuple(map(kept_row, kept[: queries.SHOWN])),
        kept_more=max(0, kept.count() - queries.SHOWN),
        asides=tuple(aside_row(told) for told in queries.unproposed()),
        refused=queries.refused(),
        days=settings.UNSTUCK_MONITOR_DAYS,
    )
    may = {
        "name": access.may_name_device(account),
        "assign": access.may_assign_device(account),
        "open": access.may_see_kept_messages(account),
    }
    return render(request, "interop/monitors.html", {"page": page, "form": form, "may": may}, status=status)


@access.require(access.may_name_device)
@require_POST
def new(request: HttpRequest) -> HttpResponseBase:
    """Name a monitor with its address."""
    form = DeviceForm(request.POST)
    if form.is_valid():
        try:
            devices.name_device(form.facts(), access.account_of(request).key, clock.now(request))
            return redirect("interop:monitors")
        except devices.AddressTaken as refusal:
            form.add_error("address", str(refusal))
    return _page(request, form)


@access.require(access.may_name_device)
@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponseBase:
    """A monitor may no longer connect."""
    device = get_object_or_404(Device, key=key, active=True)
    devices.retire_device(device, access.account_of(request).key, clock.now(request))
    return redirect("interop:monitors")


@access.require(access.may_assign_device)
@require_POST
def assign(request: HttpRequest, key: str) -> HttpResponseBase:
    """A monitor stands at another chair from now on, or at none."""
    device = get_object_or_404(Device, key=key, active=True)
    wanted = request.POST.get("chair", "")
    chair = get_object_or_404(Chair, key=wanted, active=True) if wanted else None
    devices.assign(device, chair, access.account_of(request).key, clock.now(request))
    return redirect("interop:monitors")


@access.require(access.may_see_kept_messages)
@require_GET
def kept(request: HttpRequest, number: int) -> HttpResponseBase:
    """What was sent, as it was sent. It may name a person, so opening it is an entry."""
    message = get_object_or_404(queries.kept(), pk=number)
    note_reading(access.account_of(request), SITE, "monitor_message", clock.now(request))
    return render(request, "interop/kept.html", {"row": kept_row(message), "body": message.body})


@access.require(access.may_see_kept_messages)
@require_POST
def erase(request: HttpRequest, number: int) -> HttpResponseBase:
    """The text of a kept message is gone; that it came, and why it could not be used, stays."""
    message = get_object_or_404(queries.kept(), pk=number)
    at = clock.now(request)
    with transaction.atomic():
        Message.objects.filter(pk=message.pk).update(body="", erased_at=at)
        note("monitor.message_erased", access.account_of(request).key, at, {"message": message.pk})
    return redirect("interop:monitors")
