"""First contact by a file: a person is read from a FHIR R4 Patient, looked at, and enrolled on the usual form."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from unstuck.clinic.course.enrolment import EnrolForm
from unstuck.clinic.people import access
from unstuck.core.errors import Complaint
from unstuck.core.fhir_patient import ReadPatient, read_patient


class FileForm(forms.Form):
    """One FHIR R4 Patient as JSON."""

    patient = forms.FileField(label=_("FHIR R4 Patient (JSON)"))


@access.require(access.may_enrol)
@require_http_methods(["GET", "POST"])
def arrive(request: HttpRequest) -> HttpResponseBase:
    """Reads the file and shows what it says on the form of enrolment. Nothing is saved here."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        file = form.cleaned_data["patient"]
        try:
            return _look(request, read_patient(file.read(), file.name))
        except Complaint as fault:
            form.add_error("patient", str(fault))
    return render(request, "pathway/arrive.html", {"form": form}, status=400 if form.errors else 200)


def _look(request: HttpRequest, read: ReadPatient) -> HttpResponseBase:
    """The form of enrolment with what was read; a person of the same name and birth date is pointed out."""
    told = {"name": read.name, "born_on": read.born_on, "email": read.email, "phone": read.phone}
    form = EnrolForm(access.account_of(request), told=told)
    context = {"enrol": form, "left_out": read.left_out, "twin": form.twin is not None}
    return render(request, "pathway/arrived.html", context)
