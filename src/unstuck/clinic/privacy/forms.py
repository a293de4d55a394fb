"""What the pages of privacy take in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.course.models import Course
from unstuck.clinic.people.models import Person
from unstuck.clinic.privacy.glass import REASONS


class GlassForm(forms.Form):
    """Why somebody opens what the rules keep closed."""

    reason = forms.ChoiceField(label=_("Why"), choices=[("", "-"), *REASONS.items()])
    words = forms.CharField(
        label=_("What has happened, in a sentence"), widget=forms.Textarea(attrs={"rows": 3}), max_length=500
    )


class ErasureForm(forms.Form):
    """Whose identifying data are erased, told by a key and not by a name."""

    key = forms.CharField(
        label=_("Key of the person or of a course"), max_length=64, help_text=_("Such as p_1a2b or c_3c4d.")
    )
    sure = forms.ChoiceField(
        label=_("Before it is done"),
        choices=[("yes", _("I have checked who this is, and that the request is theirs"))],
        widget=forms.RadioSelect,
    )

    def clean_key(self) -> Person:
        """The person, found by either key."""
        key = self.cleaned_data["key"].strip()
        course = Course.objects.select_related("person").filter(key=key).first()
        found = course.person if course else Person.objects.filter(key=key).first()
        if found is None or found.erased_at:
            raise forms.ValidationError(_("Nobody who could be erased has this key."))
        return found
