"""A person's photo: the picture itself, for who may see the name, and the page on which it is taken or dropped."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from unstuck.clinic import clock
from unstuck.clinic.people import access
from unstuck.clinic.people.models import Person, Photo
from unstuck.clinic.people.photos import MOST_BYTES, NoPhoto, drop_photo, keep_photo, mark_of
from unstuck.clinic.people.ways import is_of_this_site


@access.require(access.may_see_names)
@require_GET
def photo(_request: HttpRequest, key: str) -> HttpResponseBase:
    """The picture. No cache keeps it, and no browser takes it for anything else."""
    found = get_object_or_404(Photo, person__key=key)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(found.body), content_type="image/jpeg", headers=headers)


@access.require(access.may_keep_photo)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, key: str) -> HttpResponseBase:
    """Takes a new photo, or drops the one there is; then back to where one came from."""
    person, wrong = get_object_or_404(Person, key=key, erased_at=None), None
    back = request.POST.get("back") or request.GET.get("back", "")
    if not is_of_this_site(back):
        back = ""
    if request.method == "POST":
        try:
            _change(request, person)
            return redirect(back) if back else redirect("people:photo_change", key=key)
        except NoPhoto as refusal:
            wrong = refusal
    context = {"person": person, "mark": mark_of(person), "wrong": wrong, "back": back}
    return render(request, "people/photo.html", context, status=400 if wrong else 200)


def _change(request: HttpRequest, person: Person) -> None:
    account, at = access.account_of(request), clock.now(request)
    if request.POST.get("drop") == "yes":
        drop_photo(person, account.key, at)
        return
    sent = request.FILES.get("photo")
    if sent is None:
        raise NoPhoto(_("No picture was chosen."), mend=_("Take a photo or choose a file."))
    keep_photo(person, sent.read(MOST_BYTES + 1), account.key, at)
