"""What a model expects is shown only where a prescriber has signed it, and only to whom the dose may be known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.course_makers import MINUTE, tell
from tests.session_makers import PLACE, Cast, running
from tests.site_fixtures import PASSWORD
from unstuck.clinic import clock
from unstuck.clinic.session.prediction import WrongPassword, predicted, sign
from unstuck.clinic.session.queries import live
from unstuck.core import events as ev

pytestmark = pytest.mark.django_db


def test_a_prediction_waits_for_a_signature(cast: Cast, at: datetime, signed_in: Any, settings: Any) -> None:
    """Off at first; shown after a prescriber's signature; gone again after the next; a wrong password signs nothing."""
    settings.UNSTUCK_DEMO = True
    course, began = running(cast, at)
    tell(course, ev.FactStated("person.age_years", 42.0), cast["nia"].key, began)
    address = f"/session/{course.key}/infusion/1/"
    with clock.stopped(began + 20 * MINUTE):
        nia = signed_in("nia")
        assert "model, not a measurement" not in nia.get(address).content.decode()
        with pytest.raises(WrongPassword):
            sign(cast["cleo"], "guess", True, clock.read())
        sign(cast["cleo"], PASSWORD, True, clock.read())
        page = nia.get(address).content.decode()
        assert "model, not a measurement" in page and "nine people of ten" in page
        sign(cast["cleo"], PASSWORD, False, clock.read())
        assert "model, not a measurement" not in nia.get(address).content.decode()


def test_a_prediction_is_hidden_with_the_dose(cast: Cast, at: datetime, settings: Any) -> None:
    """Who may not know the dose sees no prediction of it."""
    settings.UNSTUCK_DEMO = True
    course, began = running(cast, at)
    tell(course, ev.FactStated("person.age_years", 42.0), cast["nia"].key, began)
    sign(cast["cleo"], PASSWORD, True, began)
    then = began + 20 * MINUTE
    stands = live(course, PLACE, then)
    assert predicted(stands, False, then, clock.zone()) is None
    shown = predicted(stands, True, then, clock.zone())
    assert shown is not None and "ng/mL" in shown.words


def test_signing_is_for_prescribers(signed_in: Any) -> None:
    """The page of the signature is closed to a nurse."""
    assert signed_in("nia").get("/session/prediction/").status_code == 403
    assert signed_in("cleo").get("/session/prediction/").status_code == 200
