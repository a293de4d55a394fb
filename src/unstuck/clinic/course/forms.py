"""What staff enter in a course: one form a kind of entry, each turned into one or several events of the core.

Nothing clinical is filled in beforehand: the last value stands beside the field, never inside it.
"""

from __future__ import annotations

import uuid
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.translation import gettext_lazy as _

from unstuck.clinic import clock
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import ENDINGS
from unstuck.core import events as ev
from unstuck.core.conditions import Condition, facts_of
from unstuck.core.participant import PERSON_FACTS
from unstuck.core.protocol import gates_of
from unstuck.core.schedule import State, overview

READINGS = (
    ("systolic_mmhg", _("Upper blood pressure, mmHg"), 40, 300),
    ("diastolic_mmhg", _("Lower blood pressure, mmHg"), 20, 200),
    ("pulse_per_min", _("Pulse, per minute"), 20, 260),
    ("spo2_percent", _("Oxygen saturation, %"), 40, 100),
    ("resp_per_min", _("Breaths, per minute"), 2, 80),
    ("weight_kg", _("Weight, kg"), 20, 350),
)
"""(fact, label, lowest and highest that the form takes: limits of what can be a human reading, not limits of care)."""


HARMS = (
    *("dissociation_distress", "sedation", "respiratory_depression", "blood_pressure", "heart_rate", "nausea"),
    *("vomiting", "dizziness", "fall", "headache", "panic", "psychosis", "mania", "suicidal_thoughts", "urinary"),
    *("hepatic", "cognitive", "misuse", "iv_site", "allergy", "medication_error", "other"),
)


class _Saying(DeclarativeFieldsMetaclass, ABCMeta):
    """A form that cannot be made before it is told which events it says."""


class EntryForm(forms.Form, metaclass=_Saying):
    """The base: when it was observed, and a hidden id that makes a second tap harmless."""

    kinds: ClassVar[tuple[str, ...]] = ()

    entry = forms.CharField(widget=forms.HiddenInput, max_length=40)
    observed = forms.DateTimeField(
        label=_("When it happened"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, loaded: Loaded, at: datetime, data: Any = None, step: str = "") -> None:
        self.loaded, self.at = loaded, at
        now = at.astimezone(clock.zone()).replace(second=0, microsecond=0, tzinfo=None)
        super().__init__(data, initial={"entry": uuid.uuid4().hex, "observed": now, "step": step})
        if self.kinds:
            self.fields["step"] = forms.ChoiceField(label=_("Step"), choices=list(self._steps()))
            self.order_fields(["step"])

    def _steps(self) -> Iterator[tuple[str, str]]:
        """The open occurrences of steps of this form's kinds, most urgent first as the overview lists them."""
        quiet = (State.DONE, State.SKIPPED, State.CONDITIONAL)
        for row in overview(self.loaded.protocol, self.loaded.state, self.at, clock.zone()):
            if row.kind in self.kinds and row.state not in quiet:
                yield f"{row.step}:{row.occurrence}", f"{row.title} {row.occurrence if row.occurrence > 1 else ''}"

    def clean_observed(self) -> datetime:
        """Not in the future: what has not happened cannot be recorded."""
        observed: datetime = self.cleaned_data["observed"]
        if observed > self.at + timedelta(minutes=1):
            raise forms.ValidationError(_("This lies in the future. Book a visit instead."))
        return min(observed, self.at)

    def place(self) -> tuple[str, int]:
        """Step and occurrence that were chosen."""
        key, number = self.cleaned_data["step"].rsplit(":", 1)
        return key, int(number)

    @abstractmethod
    def whats(self) -> list[ev.What]:
        """The events that the form says."""

    def words(self) -> str:
        """Words that go with the entry and stay erasable."""
        return str(self.cleaned_data.get("reason", ""))


_WORDS = _("In words (kept apart, erasable)")


class HeldForm(EntryForm):
    """A preparation, therapy, integration, review or contact took place. What is decided says why."""

    kinds = ("prepare", "expose", "integrate", "review", "contact")
    minutes = forms.FloatField(label=_("Minutes"), min_value=0, max_value=1440, required=False)
    decision = forms.ChoiceField(
        label=_("Decided (for a review)"),
        required=False,
        choices=[("", "-"), ("go_on", _("Go on")), ("change", _("Change the plan")), ("stop", _("Stop"))],
    )
    reason = forms.CharField(label=_WORDS, required=False, widget=forms.Textarea, max_length=4000)

    def whats(self) -> list[ev.What]:
        decision = self.cleaned_data["decision"]
        chosen = ev.Decision(decision) if decision else None
        return [ev.StepHeld(*self.place(), self.cleaned_data["minutes"], chosen)]


class ConsentForm(EntryForm):
    """Consent was given in person, on the form that the step names."""

    kinds = ("consent",)
    form_version = forms.RegexField(r"^[\w.\-]{1,20}$", label=_("Version of the form that was signed"))

    def whats(self) -> list[ev.What]:
        step, number = self.place()
        activity = self.loaded.protocol.step(step).activity
        return [ev.ConsentGiven(activity.form, self.cleaned_data["form_version"], step, number)]  # type: ignore[union-attr]


class ReadingForm(EntryForm):
    """One set of readings, of today's visit or on its own."""

    kinds = ("assess", "dose")
    phase = forms.ChoiceField(
        label=_("Around a dose"),
        choices=[("", _("No dose")), ("before", _("Before")), ("during", _("During")), ("after", _("After"))],
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"].required = False
        self.fields["step"].choices = [("", _("No step")), *self._steps_of_today()]  # type: ignore[attr-defined]
        for name, label, low, high in READINGS:
            self.fields[name] = forms.FloatField(label=label, min_value=low, max_value=high, required=False)

    def _steps_of_today(self) -> Iterator[tuple[str, str]]:
        """Open steps, and the last dose, whose readings go on after it was given."""
        yield from self._steps()
        for dose in self.loaded.state.doses[-1:]:
            what = dose.what
            if isinstance(what, ev.DoseGiven):
                yield (
                    f"{what.step}:{what.occurrence}",
                    f"{self.loaded.protocol.step(what.step).title} {what.occurrence}",
                )

    def clean(self) -> dict[str, Any]:
        if not any(self.cleaned_data.get(name) is not None for name, *_rest in READINGS):
            raise forms.ValidationError(_("Write at least one reading."))
        return self.cleaned_data

    def whats(self) -> list[ev.What]:
        step, number = self.place() if self.cleaned_data["step"] else (None, 1)
        phase = self.cleaned_data["phase"]
        values = [(name, self.cleaned_data[name]) for name, *_rest in READINGS]
        return [ev.ReadingTaken(name, value, step, number, phase) for name, value in values if value is not None]


ELSEWHERE = frozenset(("person.age_years", "person.sex", "person.accepted"))
"""Facts that this form does not take: no yes or no, or signed by a prescriber on a page of its own."""


class FactForm(EntryForm):
    """A fact about the person that rules may see."""

    name = forms.ChoiceField(label=_("Fact"), choices=[("", "-")])
    value = forms.ChoiceField(label=_("So it is"), choices=[("", "-"), ("yes", _("Yes")), ("no", _("No"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {f for g in self.loaded.protocol.gates for f in _facts(g.rule)}
        names = [
            (n, PERSON_FACTS.get(n, n.removeprefix("person.").replace("_", " ")))
            for n in sorted({*PERSON_FACTS, *asked} - ELSEWHERE)
        ]
        self.fields["name"].choices = [("", "-"), *names]  # type: ignore[attr-defined]

    def whats(self) -> list[ev.What]:
        return [ev.FactStated(self.cleaned_data["name"], self.cleaned_data["value"] == "yes")]


def _facts(rule: Condition) -> list[str]:
    return [fact for fact in facts_of(rule) if fact.startswith("person.")]


class SkipForm(EntryForm):
    """A step is left out, for a reason."""

    kinds = ("prepare", "dose", "expose", "integrate", "review", "contact", "consent", "assess")
    code = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            ("person_asked", _("The person asked")),
            ("ill", _("Ill")),
            ("no_show", _("Did not come")),
            ("clinician", _("A clinician decided")),
            ("site", _("The clinic could not")),
        ],
    )
    reason = forms.CharField(label=_WORDS, required=False, widget=forms.Textarea)

    def whats(self) -> list[ev.What]:
        return [ev.StepSkipped(*self.place(), self.cleaned_data["code"])]


class OverrideForm(EntryForm):
    """A gate that does not hold is passed, by name and with a reason."""

    kinds = ("dose", "prepare", "expose", "integrate", "review", "contact", "consent", "assess")
    gate = forms.ChoiceField(label=_("Gate"))
    reason = forms.CharField(label=_("Reason, in words"), widget=forms.Textarea)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gates = [(g.key, g.key.replace("_", " ")) for g in self.loaded.protocol.gates if g.override]
        self.fields["gate"].choices = gates  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if "step" in self.cleaned_data:
            step = self.loaded.protocol.step(self.place()[0])
            if self.cleaned_data.get("gate") not in {g.key for g in gates_of(self.loaded.protocol, step)}:
                raise forms.ValidationError(_("This gate does not stand before that step."))
        return self.cleaned_data

    def whats(self) -> list[ev.What]:
        return [ev.GateOverridden(*self.place(), self.cleaned_data["gate"], "see_words")]


class HarmForm(EntryForm):
    """An unwanted effect."""

    category = forms.ChoiceField(
        label=_("What"),
        choices=[(c, c.replace("_", " ").capitalize()) for c in HARMS],
    )
    grade = forms.TypedChoiceField(label=_("Grade, CTCAE 1 to 5"), coerce=int, choices=[(n, n) for n in range(1, 6)])
    serious = forms.BooleanField(label=_("Serious"), required=False)
    expected = forms.BooleanField(label=_("Expected from the drug and passing"), required=False)
    reason = forms.CharField(label=_WORDS, required=False, widget=forms.Textarea)

    def whats(self) -> list[ev.What]:
        data, doses = self.cleaned_data, len(self.loaded.state.doses)
        made = ev.AdverseEventNoted(data["category"], data["grade"], data["serious"], data["expected"], doses or None)
        return [made]


STOPPED = ("stopped_no_response", "stopped_harm")


class EndForm(EntryForm):
    """The course ends; who stops it says why, and what was agreed on for the time after."""

    ending = forms.ChoiceField(label=_("Why"), choices=list(ENDINGS.items()))
    reason = forms.CharField(
        label=_("In words: why, and what was agreed on for the time after (kept apart, erasable)"),
        required=False,
        widget=forms.Textarea,
        max_length=4000,
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("ending") in STOPPED and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", _("A stop needs its reason in words."))
        return self.cleaned_data

    def whats(self) -> list[ev.What]:
        return [ev.CourseEnded(ev.Ending(self.cleaned_data["ending"]))]
