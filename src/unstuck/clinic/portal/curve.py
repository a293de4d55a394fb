"""The own curve in plain words: which way it went, how sure that is, and that it may go up again.

How far an answer may lie by chance is drawn from the reliable change of the instrument: a change between two answers is
called reliable beyond z times the square root of two times the error of one answer (Jacobson and Truax 1991,
doi:10.1037/0022-006X.59.1.12), so the bar of one answer is that change divided by the square root of two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import tzinfo

from django.utils.translation import gettext as _

from unstuck.clinic.course.curve import reliable_fall
from unstuck.clinic.course.own import day_words
from unstuck.clinic.course.queries import Loaded
from unstuck.clinic.course.words import whole
from unstuck.clinic.portal.own_chart import own_svg
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument
from unstuck.core.instrument_file import load_instrument
from unstuck.core.outcomes import baseline, points


@dataclass(frozen=True, slots=True)
class OwnCurve:
    """The finding, how sure it is, the drawing, and the same as rows of day and figure."""

    words: str
    sure: str
    svg: str
    rows: tuple[tuple[str, str], ...]


def own_curve(loaded: Loaded, zone: tzinfo) -> OwnCurve | None:
    """The curve of the protocol's instrument; None before the first answer."""
    instrument = _instrument(loaded.protocol.curve)
    seen = points(loaded.state, instrument.key) if instrument else ()
    if instrument is None or not seen:
        return None
    high = instrument.range_of("total")[1]
    values = tuple(p.value for p in seen)
    rows = tuple((day_words(p.at, zone), whole(p.value)) for p in seen)
    give = chance_of_one(instrument)
    svg = own_svg(values, high, give) if len(seen) > 1 else ""
    return OwnCurve(_finding(loaded, instrument), _sure(give, high), svg, rows)


def chance_of_one(instrument: Instrument) -> float | None:
    """How many points one answer may lie up or down by chance; None where no reliable change is known in points."""
    reliable = reliable_fall(instrument)
    return None if reliable is None else reliable / math.sqrt(2)


def _instrument(key: str) -> Instrument | None:
    try:
        return load_instrument(key)
    except Complaint:
        return None


def _sure(give: float | None, high: float) -> str:
    scale = _("It goes from 0 to %(high)s.") % {"high": whole(high)}
    if give is None:
        return scale
    bars = _("No answer is exact. The thin bars show how far yours may lie by chance: about %(n)s points up or down.")
    return f"{scale} {bars % {'n': whole(round(give))}}"


def _finding(loaded: Loaded, instrument: Instrument) -> str:
    base, seen = baseline(loaded.state, instrument.key), points(loaded.state, instrument.key)
    reliable = reliable_fall(instrument)
    if base is None or reliable is None or seen[-1].at <= base.at:
        return _("Lower means less trouble.")
    change = seen[-1].value - base.value
    if abs(change) < reliable:
        return _("Lower means less trouble. So far yours moved within the usual ups and downs.")
    words = {
        True: _("Lower means less trouble. Yours came down by %(n)s points, more than the usual ups and downs."),
        False: _("Lower means less trouble. Yours went up by %(n)s points. We will talk with you about it."),
    }
    return words[change < 0] % {"n": whole(abs(change))}
