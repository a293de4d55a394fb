"""What the pages about chairs take in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.rooms.actions import ChairFacts
from unstuck.clinic.rooms.models import Chair
from unstuck.core.protocol import Route

ROUTE_WORDS = {
    Route.IV_INFUSION: _("Infusion into a vein"),
    Route.IV_BOLUS: _("Injection into a vein"),
    Route.IM: _("Into a muscle"),
    Route.SC: _("Under the skin"),
    Route.INTRANASAL: _("Nasal spray"),
    Route.SUBLINGUAL: _("Under the tongue"),
    Route.ORAL: _("By mouth"),
}


class ChairForm(forms.Form):
    """A chair as it is called and what may be given in it."""

    label = forms.CharField(label=_("Name"), max_length=60)
    room = forms.CharField(label=_("Room"), max_length=60, required=False)
    place = forms.IntegerField(label=_("Order on the board"), min_value=0, max_value=999, initial=1)
    routes = forms.MultipleChoiceField(
        label=_("What may be given here"),
        help_text=_("None chosen: every route."),
        choices=[(route.value, words) for route, words in ROUTE_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def facts(self, active: bool = True) -> ChairFacts:
        """What the valid form asks for."""
        told = self.cleaned_data
        return ChairFacts(told["label"], told["room"], [Route(r) for r in told["routes"]], told["place"], active)


class NewChairForm(ChairForm):
    """A new chair, with the key that bookings and sessions will name it by."""

    key = forms.SlugField(label=_("Key"), max_length=40, help_text=_("Such as chair_4. It cannot be changed later."))
    field_order = ("key", "label", "room", "place", "routes")


def filled(chair: Chair, data: Any) -> ChairForm:
    """The form for a standing chair."""
    told = {"label": chair.label, "room": chair.room, "place": chair.place, "routes": chair.routes}
    return ChairForm(data, initial=told)
