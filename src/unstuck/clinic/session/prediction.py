"""What a model expects of the running dose, beside the readings: off until a prescriber has signed it, never an alarm.

Drawn as a band and a dashed line with the word "predicted", and shown to nobody whom the dose is hidden from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape

from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from unstuck.clinic.forecast import Forecast, NoForecast, Subject, forecast
from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Account
from unstuck.clinic.session.models import ModelSignature
from unstuck.clinic.session.queries import Live
from unstuck.clinic.session.words import clock_words
from unstuck.core.errors import Complaint
from unstuck.core.events import DoseGiven

_LEFT, _RIGHT, _FLOOR, _TOP = 56.0, 700.0, 150.0, 24.0


class WrongPassword(Complaint):
    """The signature is not right; nothing was signed."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """The card: the figure and the same in words, or why there is none."""

    svg: SafeString
    words: str
    wording: str
    basis: str


def is_signed() -> bool:
    """Whether the site shows what the model expects: the latest signature says so."""
    last = ModelSignature.objects.order_by("-at", "-pk").first()
    return last is not None and last.shown


def sign(account: Account, password: str, shown: bool, at: datetime) -> None:
    """The prediction is shown from now on, or no longer, by this prescriber's signature. Raises WrongPassword."""
    if not account.check_password(password):
        raise WrongPassword("The password is not right, so nothing was signed.", mend="Type your own password again.")
    with transaction.atomic():
        ModelSignature.objects.create(by=account.key, at=at, shown=shown)
        note("prediction.signed", account.key, at, {"shown": shown})


def predicted(live: Live, unmasked: bool, at: datetime, zone: tzinfo) -> Predicted | None:
    """The card for this dose; None before a dose, where nobody signed, and for whom the dose is hidden from."""
    dose, run = live.session.dose, live.session.run
    if not unmasked or dose is None or run is None or not isinstance(dose.what, DoseGiven) or not is_signed():
        return None
    ages = live.loaded.state.series.get("person.age_years", ())
    age = float(ages[-1].value) if ages else None
    found = forecast(Subject(dose.what.drug, dose.what.route, dose.what.weight_kg, age), run)
    if isinstance(found, NoForecast):
        return Predicted(mark_safe(""), found.why, _("model, not a measurement"), "")
    return _card(found, at, zone)


def _card(found: Forecast, at: datetime, zone: tzinfo) -> Predicted:
    told = found.expected
    elapsed = max(0.0, (at - found.started_at) / timedelta(minutes=1))
    near = min(range(len(told.minutes)), key=lambda n: abs(told.minutes[n] - elapsed))
    band = told.conc_ng_per_ml
    peak = max(range(len(band.middle)), key=lambda n: band.middle[n])
    when = clock_words(found.started_at + timedelta(minutes=told.minutes[peak]), zone)
    words = _("Now %(middle)s ng/mL (%(low)s to %(high)s in nine people of ten); highest about %(when)s.") % {
        "middle": f"{band.middle[near]:.0f}",
        "low": f"{band.low[near]:.0f}",
        "high": f"{band.high[near]:.0f}",
        "when": when,
    }
    return Predicted(_svg(found, at, zone, words), words, told.wording, ", ".join(told.basis))


def _svg(found: Forecast, at: datetime, zone: tzinfo, words: str) -> SafeString:
    told, band = found.expected, found.expected.conc_ng_per_ml
    top, last = max(*band.high, 1.0) * 1.1, told.minutes[-1]

    def xy(minute: float, value: float) -> str:
        return f"{_LEFT + minute / last * (_RIGHT - _LEFT):.1f} {_FLOOR - value / top * (_FLOOR - _TOP):.1f}"

    upper = [xy(m, v) for m, v in zip(told.minutes, band.high, strict=True)]
    lower = [xy(m, v) for m, v in zip(told.minutes, band.low, strict=True)]
    middle = [xy(m, v) for m, v in zip(told.minutes, band.middle, strict=True)]
    now = _LEFT + min(max(0.0, (at - found.started_at) / timedelta(minutes=1)), last) / last * (_RIGHT - _LEFT)
    parts = [
        f"<title>{escape(_('Predicted, not measured'))}</title><desc>{escape(words)}</desc>",
        f'<text class="lab" x="{_LEFT}" y="14">{escape(_("In venous plasma, predicted"))} <tspan>ng/mL</tspan></text>',
        f'<path class="band2" d="M{" L".join([*upper, *reversed(lower)])}Z"/>',
        f'<path class="l2" d="M{" L".join(middle)}"/>',
        f'<path class="axis" d="M{_LEFT} {_FLOOR}H{_RIGHT}"/>',
        f'<text class="tick end" x="48" y="{_FLOOR}">0</text>',
        f'<text class="tick end" x="48" y="{_TOP + 12}">{top:.0f}</text>',
        f'<path class="nowline" d="M{now:.1f} {_TOP}V{_FLOOR}"/>',
    ]
    for minute in range(0, int(last) + 1, 60):
        clock = clock_words(found.started_at + timedelta(minutes=minute), zone)
        place = xy(minute, 0).split()[0]
        parts.append(f'<text class="tick mid" x="{place}" y="{_FLOOR + 20}">{clock}</text>')
    return mark_safe(f'<svg class="chart chart-wide" viewBox="0 0 760 180" role="img">{"".join(parts)}</svg>')
