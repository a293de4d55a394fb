"""The forms of screening, made from the rules: each part of the questionnaire, and the decision.

Nothing is filled in beforehand. A row that is left alone states nothing; “not known” is an answer and is stated.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.pathway.looked import Screened
from unstuck.clinic.pathway.screening import Decided, Decision
from unstuck.clinic.pathway.trauma import LONGEST
from unstuck.core.instrument_file import load_instrument
from unstuck.core.screening import INDEX_TRAUMA, NOT_KNOWN, Before, Finding, to_weigh

LEAVE = ("", _("no answer now"))
YES_NO = (LEAVE, ("yes", _("Yes")), ("no", _("No")), (NOT_KNOWN, _("Not known")))
TRIED = (
    LEAVE,
    ("none", _("Never")),
    ("partial", _("Begun, not finished")),
    ("adequate_helped", _("Finished, it helped")),
    ("adequate_not", _("Finished, it did not help enough")),
    (NOT_KNOWN, _("Not known")),
)
TAKEN = (
    LEAVE,
    ("no", _("Not taken")),
    ("taking", _("Taken now")),
    ("stopped", _("Stopped")),
    (NOT_KNOWN, _("Not known")),
)
RESULT = (
    LEAVE,
    ("normal", _("Normal")),
    ("abnormal", _("Not normal")),
    ("accepted", _("Not normal, accepted by me")),
    ("waived", _("Not needed this time, judged by me")),
)
CLEARED = (LEAVE, ("until", _("Cleared until")), ("refused", _("Advised against")))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a part: the fact, its words, what may be answered, and whether an answer needs a day."""

    fact: str
    words: str
    choices: tuple[Any, ...]
    day: str = ""  # label of its day; empty where it has none
    hint: str = ""


class PartForm(forms.Form):
    """One part of the questionnaire: a choice a row, and a day where the answer has one."""

    entry = forms.CharField(widget=forms.HiddenInput, max_length=40)
    words = forms.CharField(
        label=_("In words (kept apart, erasable)"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, rows: tuple[Row, ...], today: date, data: Any = None) -> None:
        super().__init__(data, initial={"entry": uuid.uuid4().hex})
        self.rows, self.today = rows, today
        for number, row in enumerate(rows):
            self.fields[f"a{number}"] = forms.ChoiceField(
                label=row.words, choices=row.choices, required=False, help_text=row.hint
            )
            if row.day:
                box = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                self.fields[f"d{number}"] = forms.DateField(label=f"{row.words}: {row.day}", required=False, widget=box)
        self.order_fields([*(name for name in self.fields if name not in ("entry", "words")), "words"])

    def clean(self) -> dict[str, Any]:
        """An answer with a day has one, in its right direction; something is answered."""
        for number, row in enumerate(self.rows):
            self._check_day(number, row)
        if not self.errors and not self.told():
            raise forms.ValidationError(_("Answer at least one row."))
        return self.cleaned_data

    def _check_day(self, number: int, row: Row) -> None:
        code, day = self.cleaned_data.get(f"a{number}"), self.cleaned_data.get(f"d{number}")
        if not row.day or code not in ("stopped", "normal", "abnormal", "accepted", "waived", "until"):
            return
        if day is None and f"d{number}" not in self.errors:
            self.add_error(f"d{number}", _now("Say the day."))
        elif day is not None and code != "until" and day > self.today:
            self.add_error(f"d{number}", _now("This day has not come."))

    def told(self) -> list[tuple[str, bool | str]]:
        """What the form states: (fact, value)."""
        return list(self._told())

    def _told(self) -> Iterator[tuple[str, bool | str]]:
        for number, row in enumerate(self.rows):
            code, day = self.cleaned_data.get(f"a{number}", ""), self.cleaned_data.get(f"d{number}")
            if not code:
                continue
            plain: bool | str = code == "yes" if code in ("yes", "no") and not row.day else code
            yield row.fact, f"{code}:{day.isoformat()}" if row.day and day else plain


def history_rows(now: Screened) -> tuple[Row, ...]:
    """What is asked about illness and circumstances."""
    facts = [Row(f"person.{key}", ask, YES_NO) for key, ask in now.rules.facts]
    return (*facts, *(Row(rule.fact, rule.ask, YES_NO) for rule in now.rules.rules if rule.ask))


def prior_rows(now: Screened) -> tuple[Row, ...]:
    """What was tried before."""
    return tuple(Row(t.fact, t.title, TRIED) for t in now.rules.treatments)


def medicine_rows(now: Screened) -> tuple[Row, ...]:
    """What is taken."""
    return tuple(Row(m.fact, m.title, TAKEN, _now("last taken")) for m in now.rules.medicines)


def test_rows(now: Screened) -> tuple[Row, ...]:
    """Which tests were done."""
    asked = [t for t in now.rules.tests if t.before is not Before.EACH_DOSE]
    return tuple(Row(t.fact, t.title, RESULT, _now("day of the test, or of the judgement")) for t in asked)


def clearance_rows(now: Screened) -> tuple[Row, ...]:
    """Whose word is needed, for what is there."""
    needing = {Finding.NEEDS_CLEARANCE, Finding.CLEARED, Finding.ABSOLUTE}
    there = {one.key for one in now.findings if one.group == "history" and one.finding in needing}
    rules = [rule for rule in now.rules.rules if rule.by and rule.key in there]
    return tuple(Row(r.clearance, f"{r.title} ({r.by})", CLEARED, _now("until")) for r in rules)


class TraumaForm(forms.Form):
    """Which event is meant, shortly, as the person calls it."""

    event = forms.CharField(
        label=_("The event, shortly, as the person calls it"),
        help_text=_("Such as: the fire of 2014. Only the treating team reads it; it can be erased. Not its story."),
        max_length=LONGEST,
    )


def trauma_rows(now: Screened) -> tuple[Row, ...]:
    """Which kind of event the interviews and questionnaires are about; once."""
    if now.looked.latest(INDEX_TRAUMA):
        return ()
    items = tuple((item.key, item.label) for item in load_instrument("lec5").items)
    return (Row(INDEX_TRAUMA, _now("Kind of event (LEC-5)"), (LEAVE, *items), hint=_now("Nobody needs to tell it.")),)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the questionnaire."""

    title: Any
    rows: Callable[[Screened], tuple[Row, ...]]
    group: str


PARTS: dict[str, Part] = {
    "trauma": Part(_("The event that counts"), trauma_rows, "diagnosis"),
    "history": Part(_("Illnesses and circumstances"), history_rows, "history"),
    "prior": Part(_("Treatments before"), prior_rows, "prior"),
    "medicines": Part(_("Medicines"), medicine_rows, "medicine"),
    "tests": Part(_("Tests"), test_rows, "test"),
    "clearance": Part(_("The word of a specialist"), clearance_rows, "history"),
}


class DecideForm(forms.Form):
    """The prescriber's decision, signed with the password."""

    decided = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("", "-"),
            (Decided.ACCEPT.value, _("Accept for treatment")),
            (Decided.DEFER.value, _("Not now: decide again later")),
            (Decided.DECLINE.value, _("Do not treat here")),
        ],
    )
    words = forms.CharField(
        label=_("Why, in words (kept apart, erasable)"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, now: Screened, data: Any = None) -> None:
        super().__init__(data)
        weigh = [(one.key, one.title) for one in to_weigh(now.findings)]
        if weigh:
            self.fields["weighed"] = forms.MultipleChoiceField(
                label=_("Weighed by me"), choices=weigh, required=False, widget=forms.CheckboxSelectMultiple
            )
        self.order_fields(["weighed", "decided", "words", "password"])

    def decision(self) -> Decision:
        """What the valid form decides."""
        told = self.cleaned_data
        return Decision(Decided(told["decided"]), frozenset(told.get("weighed", ())), told["words"])
