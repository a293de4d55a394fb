"""The form of one session, made from the therapy's structure. Only what the record knows is filled in beforehand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from unstuck.clinic import clock
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import when
from unstuck.clinic.therapy.actions import Told, dose_of
from unstuck.clinic.therapy.listing import Item
from unstuck.core.events import StepHeld, step_of
from unstuck.core.therapy import Scale, Therapy


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together, under a heading."""

    title: str
    fields: tuple[BoundField, ...]


class SessionForm(forms.Form):
    """When it was, to which dose it belongs, the structure's figures and choices, and the chart's summary."""

    entry = forms.CharField(widget=forms.HiddenInput, max_length=40)
    observed = forms.DateTimeField(
        label=gettext_lazy("Began"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    minutes = forms.FloatField(label=gettext_lazy("Minutes"), min_value=1, max_value=1440)
    cycle = forms.ChoiceField(label=gettext_lazy("Belongs to"))
    summary = forms.CharField(
        label=gettext_lazy("Summary for the chart"),
        help_text=gettext_lazy("Symptoms, functioning, plan, progress. The treating team reads it."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
    )

    def __init__(self, loaded: Loaded, therapy: Therapy, place: Place, at: datetime, data: Any = None) -> None:
        self.therapy, self.place, self.at = therapy, place, at
        super().__init__(data, initial={"entry": uuid.uuid4().hex, **_known(loaded, place, at)})
        self.fields["cycle"].choices = list(_doses(loaded, place))  # type: ignore[attr-defined]
        self.headings: dict[str, list[str]] = {}
        for scale in therapy.figures:
            self._add(f"figure-{scale.key}", _figure(scale), scale.group)
        for choice in therapy.choices:
            options = [(option.key, option.label) for option in choice.options]
            self._add(f"choice-{choice.key}", _choice(choice.label, options, choice.many), choice.group)
        self.items: tuple[Item, ...] = ()

    def rate(self, items: tuple[Item, ...]) -> SessionForm:
        """The same form, which also asks for the measures of these items."""
        self.items = items
        for item in items:
            for scale in item.scales:
                label = Scale(scale.key, f"{item.words}: {scale.label}", scale.low, scale.high, scale.ends)
                self._add(f"rating-{item.key}-{scale.key}", _figure(label), item.list_title)
        return self

    def _add(self, name: str, field: forms.Field, group: str) -> None:
        self.fields[name] = field
        self.headings.setdefault(group or _("The session"), []).append(name)

    @property
    def groups(self) -> Iterator[Group]:
        """The structure's fields under their headings, in the order of the file."""
        for title, names in self.headings.items():
            yield Group(title, tuple(self[name] for name in names))

    @property
    def first(self) -> list[BoundField]:
        """What stands above the structure."""
        return [self["observed"], self["minutes"], self["cycle"]]

    def clean_observed(self) -> datetime:
        """Not in the future."""
        observed: datetime = self.cleaned_data["observed"]
        if observed > self.at + timedelta(minutes=1):
            raise forms.ValidationError(_("This lies in the future. Book a visit instead."))
        return min(observed, self.at)

    def told(self) -> Told:
        """What the valid form says."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}
        figures = [(n.removeprefix("figure-"), v) for n, v in given.items() if n.startswith("figure-")]
        choices = [(n.removeprefix("choice-"), v) for n, v in given.items() if n.startswith("choice-")]
        return Told(
            step=self.place.step,
            occurrence=self.place.occurrence,
            minutes=given["minutes"],
            cycle=int(given["cycle"]),
            figures=tuple(figures),
            choices=tuple((key, option) for key, value in choices for option in _several(value)),
            ratings=tuple(self._ratings(given)),
        )

    def _ratings(self, given: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
        for item in self.items:
            for scale in item.scales:
                value = given.get(f"rating-{item.key}-{scale.key}")
                if value is not None:
                    yield item.key, scale.key, value


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of one step."""

    step: str
    occurrence: int


class ItemForm(forms.Form):
    """Something to put on a list, in the person's and the therapist's own words."""

    entry = forms.CharField(widget=forms.HiddenInput, max_length=40)
    words = forms.CharField(max_length=200)

    def __init__(self, label: str, data: Any = None) -> None:
        super().__init__(data, initial={"entry": uuid.uuid4().hex}, auto_id=f"id_%s_{uuid.uuid4().hex[:6]}")
        self.fields["words"].label = label


def _several(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _figure(scale: Scale) -> forms.FloatField:
    hint = scale.ends or f"{scale.low:g} to {scale.high:g}"
    return forms.FloatField(
        label=scale.label, min_value=scale.low, max_value=scale.high, required=False, help_text=hint
    )


def _choice(label: str, options: list[tuple[str, str]], many: bool) -> forms.Field:
    if many:
        return forms.MultipleChoiceField(
            label=label, choices=options, widget=forms.CheckboxSelectMultiple, required=False
        )
    return forms.ChoiceField(label=label, choices=options, widget=forms.RadioSelect, required=False)


def _known(loaded: Loaded, place: Place, at: datetime) -> dict[str, Any]:
    """What the record already says of this session: when it was held and how long, and the one dose the plan ties it
    to; the time of now where it has not been held."""
    state, step = loaded.state, (place.step, place.occurrence)
    held = state.done.get(step, at).astimezone(clock.zone()).replace(second=0, microsecond=0, tzinfo=None)
    lengths = [e.what.minutes for e in state.log if isinstance(e.what, StepHeld) and step_of(e.what) == step]
    tied = dose_of(loaded.protocol, place.step, place.occurrence)
    return {
        "observed": held,
        "minutes": f"{lengths[-1]:g}" if lengths and lengths[-1] else None,
        "cycle": str(tied) if tied is not None and tied <= len(state.doses) else "",
    }


def _doses(loaded: Loaded, place: Place) -> Iterator[tuple[str, str]]:
    """The doses that the session may belong to; the plan's own where it ties the session to one."""
    yield "", _("Choose")
    tied = dose_of(loaded.protocol, place.step, place.occurrence)
    for number, dose in enumerate(loaded.state.doses, 1):
        if tied in (None, number):
            words = {"n": number, "when": when(dose.observed_at, clock.zone())}
            yield str(number), _("Dose %(n)s, %(when)s") % words
    if tied is None:
        yield "0", _("No dose")
