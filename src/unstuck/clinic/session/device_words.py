"""What the session page's script says, in the reader's language; % stands for a time or a number."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from unstuck.clinic.session.words import FLOWS, READINGS
from unstuck.core.sentences import instrument_words

SCALES = ("cadss", "cadss6", "aldrete", "padss", "cssrs_screen")


def device_says() -> dict[str, Any]:
    """Every word that the script may need without a network."""
    pressure = _("Blood pressure")
    told = {name: pressure if name.endswith("tolic_mmhg") else str(READINGS[name][0]) for name in READINGS}
    return {
        "readings": told | {key: instrument_words(key) for key in SCALES},
        "levels": {"now": _("Act now"), "late": _("Late"), "open": _("Next")},
        "slots": {name: [str(label), str(unit)] for name, (label, unit, _low, _high) in READINGS.items()},
        "kinds": {flow.value: str(said) for flow, said in FLOWS.items()} | _kinds(),
        "calls": {"help": _("The person calls: go there now"), "emergency": _("Emergency: go there now")},
        **_acts(),
        **_device(),
    }


def _acts() -> dict[str, str]:
    """The next act and its clock."""
    return {
        "sinceCall": _("since the call"),
        "since": _("since %"),
        "look": _("Look"),
        "alarmTaken": _("Alarm taken"),
        "readAgain": _("Read again"),
        "due": _("due %"),
        "wasDue": _("late, was due %"),
        "notWhilePaused": _("paused"),
        "rescueDone": _("done %"),
        "rescueLate": _("late, by %"),
        "rescueBy": _("by %"),
        "between": _("This cannot be a reading: it lies between % and %."),
    }


def _device() -> dict[str, str]:
    """The condition of the device."""
    return {
        "waits": _("Waiting to send"),
        "others": _("Entries of a colleague wait here: %"),
        "othersMeans": _(
            "They are sent when that person signs in on this device; nobody sends them under another name."
        ),
        "signedOut": _("You are signed out."),
        "signInAgain": _("What was entered is kept on this device and is sent when you have signed in again."),
        "signIn": _("Sign in"),
        "offline": _("Offline since %."),
        "alarmsHere": _("Alarms run on this device. Nothing is lost. Saved means that the server has said so."),
        "waiting": _("Waiting to send: %"),
        "savedMeans": _("What you entered is kept on this device until the server has it."),
        "onlyHere": _(
            "Alarms run on this device. What waits is in this open page alone: leave it open until nothing waits."
        ),
        "keepsNothing": _("This device cannot keep anything: it has no room, or its browser does not allow it."),
        "keepsNothingMeans": _(
            "What you enter is sent at once. Without a network it waits in this open page, and a reload would lose it."
        ),
        "sendNow": _("Send now"),
        "refused": _("Not saved."),
        "takeBack": _("I have read this, take it back"),
        "clock": _("The clock of this device is %."),
        "ahead": _("ahead"),
        "behind": _("behind"),
        "clockMeans": _("Times are recorded as this device says them, and the difference is noted. Set its clock."),
        "sound": _("This device may not make a sound yet."),
        "soundMeans": _("A life-threatening alarm sounds in the room only after one touch."),
        "allowSound": _("Let it sound"),
    }


def _kinds() -> dict[str, str]:
    """What an entry that waits is called, by the kind of its form."""
    return {
        "facts": _("What was found out"),
        "part": _("A part of the dose"),
        "presence": _("Who is in the room"),
        "harm": _("Unwanted effect"),
        "rated": _("A scale"),
        "emergency": _("Emergency called, the dose stopped where one ran"),
        "alarm": _("Alarm answered"),
        "measure": _("A measure"),
        "call": _("Help called"),
        "came": _("Somebody came"),
        "choices": _("Choices locked"),
        "override": _("Gate passed by name"),
        "other": _("An entry"),
    }
