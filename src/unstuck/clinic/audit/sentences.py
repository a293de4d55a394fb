"""One entry of the ledger as a sentence: who did what, in which course. Pure functions; an unknown kind has one too.

Who reads the audit need not be of the treating team. A sentence therefore names the act and the step, and never a
score, an amount, a drug, an arm or what was found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from unstuck.clinic.ledger.chain import SITE
from unstuck.clinic.ledger.models import Entry

Payload = Mapping[str, Any]


def sentence(entry: Entry, names: Mapping[str, str]) -> str:
    """The entry in words. `names` has the names of those who may be named; others go by their pseudonym."""
    payload = json.loads(entry.payload)
    words = SAID[entry.kind](_told(payload), names) if entry.kind in SAID else _unknown(entry.kind)
    place = "" if entry.chain == SITE else _place(entry.chain)
    told = f"{actor_words(entry.actor, names)} {words}{place}"
    return told if told.endswith("…") else f"{told}."


def _told(payload: Payload) -> Payload:
    """What an event of a course tells; of a note, whose "what" is a word where there is one, the note itself."""
    what = payload.get("what")
    return what if isinstance(what, dict) else payload


def _place(chain: str) -> str:
    """Where it happened: in a course, or at a location of the stock."""
    kind, _sep, location = chain.partition(":")
    if kind == "custody":
        return _(" at “%(location)s”") % {"location": location}
    return _(" in course %(key)s") % {"key": short(chain)}


def actor_words(key: str, names: Mapping[str, str]) -> str:
    """Who acted: a name, else what the key tells."""
    if key in names:
        return names[key]
    if key in _OTHERS:
        return _OTHERS[key]()
    if key.startswith("p_"):
        return _("Person %(key)s") % {"key": short(key)}
    return _("Account %(key)s") % {"key": short(key)} if key.startswith("a_") else key or _("Somebody")


def short(key: str) -> str:
    """A pseudonym, short enough to read."""
    return key if len(key) <= 10 else f"{key[:8]}…"


_OTHERS: dict[str, Callable[[], str]] = {
    "operator": lambda: _("The operator of the server"),
    "demo": lambda: _("The demonstration"),
    "sim": lambda: _("The simulator"),
    "clock": lambda: _("The clock"),
    "listener": lambda: _("The listener for monitors"),
    "ghost": lambda: _("The loader of simulated courses"),
}


def _unknown(kind: str) -> str:
    return _("made an entry of the kind “%(kind)s”") % {"kind": kind.replace("_", " ").replace(".", ": ")}


def _step(told: Payload) -> str:
    """The step, with its number where it is not the first."""
    step, number = told.get("step"), told.get("occurrence", 1)
    if not step:
        return ""
    words = str(step).replace("_", " ")
    return f" “{words}”" if number == 1 else f" “{words}” ({number})"


def _account(told: Payload, names: Mapping[str, str]) -> str:
    key = str(told.get("account", ""))
    return names.get(key) or _("account %(key)s") % {"key": short(key)}


def _owner(told: Payload, names: Mapping[str, str]) -> str:
    key = str(told.get("to", ""))
    return _("everybody on duty") if key == "everyone" else names.get(key) or _("account %(key)s") % {"key": short(key)}


def _person(told: Payload) -> str:
    return _("person %(key)s") % {"key": short(str(told.get("person", "")))}


def _fields(told: Payload) -> str:
    return ", ".join(str(field).replace("_", " ") for field in told.get("fields", ()))


def _roles(told: Payload) -> str:
    return ", ".join(str(role).replace("_", " ") for role in told.get("roles", ())) or _("no role")


def _stock(told: Payload, names: Mapping[str, str]) -> dict[str, str]:
    """The lot by its pseudonym, the second person, and how many containers: never the drug."""
    lot = _(" of lot %(key)s") % {"key": short(str(told["lot"]))} if "lot" in told else ""
    return {"lot": lot, "second": _second(told, names), "count": str(told.get("count", ""))}


def _second(told: Payload, names: Mapping[str, str]) -> str:
    key = str(told.get("witness", ""))
    who = names.get(key) or short(key)
    return _(" with %(who)s as second person") % {"who": who} if key else ""


Say = Callable[[Payload, Mapping[str, str]], str]

_COURSE: dict[str, Say] = {
    "Enrolled": lambda t, _n: _("enrolled a person under %(protocol)s, version %(version)s,") % t,
    "ConsentGiven": lambda t, _n: _("recorded consent, form %(form)s version %(form_version)s,") % t,
    "ConsentWithdrawn": lambda t, _n: _("recorded that consent was withdrawn, form %(form)s,") % t,
    "FactStated": lambda _t, _n: _("stated a fact"),
    "StepHeld": lambda t, _n: _("recorded the visit%(step)s") % {"step": _step(t)},
    "AssessmentCompleted": lambda t, _n: _("recorded answers to %(instrument)s") % t,
    "DoseGiven": lambda t, _n: _("recorded a dose%(step)s") % {"step": _step(t)},
    "ReadingTaken": lambda t, _n: _("recorded a reading%(step)s") % {"step": _step(t)},
    "Discharged": lambda t, _n: _("recorded that the person left after%(step)s") % {"step": _step(t)},
    "VisitBooked": lambda t, _n: _("booked the visit%(step)s") % {"step": _step(t)},
    "AdverseEventNoted": lambda _t, _n: _("noted an unwanted effect"),
    "StepSkipped": lambda t, _n: _("skipped the step%(step)s with a reason") % {"step": _step(t)},
    "GateOverridden": lambda t, _n: (
        _("passed the gate “%(gate)s” before%(step)s with a reason")
        % {"gate": str(t["gate"]).replace("_", " "), "step": _step(t)}
    ),
    "Amended": lambda t, _n: _("moved the plan to version %(version)s") % t,
    "Corrected": lambda _t, _n: _("corrected an earlier entry"),
    "CourseEnded": lambda _t, _n: _("ended the plan"),
    "TherapyItemListed": lambda _t, _n: _("put something on a list of the therapy"),
    "TherapyRecorded": lambda t, _n: _("recorded what the session%(step)s came to") % {"step": _step(t)},
}
_SESSION: dict[str, Say] = {
    "SessionOpened": lambda t, _n: _("checked a person in for%(step)s") % {"step": _step(t)},
    "DoseOrdered": lambda t, _n: _("signed an order for%(step)s") % {"step": _step(t)},
    "DoseChecked": lambda t, _n: _("checked the dose of%(step)s") % {"step": _step(t)},
    "PartGiven": lambda t, _n: _("gave a part of the dose of%(step)s") % {"step": _step(t)},
    "InfusionChanged": lambda t, _n: _("changed the infusion of%(step)s") % {"step": _step(t)},
    "AlarmAnswered": lambda t, _n: _("answered an alarm in%(step)s") % {"step": _step(t)},
    "MeasureTaken": lambda t, _n: _("recorded a measure in%(step)s") % {"step": _step(t)},
    "PresenceNoted": lambda t, _n: _("noted who was in the room in%(step)s") % {"step": _step(t)},
    "HandedOver": lambda t, n: _("handed the chair in%(step)s to %(who)s") % {"step": _step(t), "who": _owner(t, n)},
    "Called": lambda t, _n: _("called for help in%(step)s") % {"step": _step(t)},
    "CallAnswered": lambda t, _n: _("answered a call in%(step)s") % {"step": _step(t)},
    "ChoicesLocked": lambda t, _n: _("locked the person's choices for%(step)s") % {"step": _step(t)},
    "device.clock": lambda t, _n: _("sent entries from a device whose clock was %(offset_s)s s off") % t,
    "prediction.signed": lambda _t, _n: _("signed whether session pages show what a model expects"),
    "room.checked": lambda _t, _n: _("checked the room for today"),
    "help_link.made": lambda t, _n: _("gave the person a call signal for%(step)s") % {"step": _step(t)},
}
_SITE: dict[str, Say] = {
    "account.opened": lambda t, n: _("opened %(who)s (%(roles)s)") % {"who": _account(t, n), "roles": _roles(t)},
    "account.left": lambda t, n: _("marked that %(who)s has left") % {"who": _account(t, n)},
    "account.roles_set": lambda t, n: (
        _("set the roles of %(who)s: %(roles)s") % {"who": _account(t, n), "roles": _roles(t)}
    ),
    "account.signed_in": lambda _t, _n: _("signed in"),
    "account.signed_out": lambda _t, _n: _("signed out"),
    "account.timed_out": lambda _t, _n: _("was signed out after idle minutes"),
    "account.password_set": lambda _t, _n: _("set a password"),
    "account.second_factor_set": lambda _t, _n: _("set up a second factor"),
    "account.second_factor_refused": lambda _t, _n: _("gave a wrong code of the second factor"),
    "account.second_factor_removed": lambda t, n: _("removed the second factor of %(who)s") % {"who": _account(t, n)},
    "account.recovery_code_used": lambda _t, _n: _("used a recovery code"),
    "person.registered": lambda t, _n: _("registered %(who)s") % {"who": _person(t)},
    "person.changed": lambda t, _n: _("put right the %(what)s of %(who)s") % {"what": _fields(t), "who": _person(t)},
    "person.photo_kept": lambda t, _n: _("kept a photo of %(who)s") % {"who": _person(t)},
    "person.photo_dropped": lambda t, _n: _("deleted the photo of %(who)s") % {"who": _person(t)},
    "person.erased": lambda t, _n: _("erased the identifying data of %(who)s") % {"who": _person(t)},
    "access.refused": lambda t, _n: (
        _("was refused: rule “%(rule)s”") % {"rule": str(t.get("rule", "")).replace("_", " ")}
    ),
    "record.read": lambda t, _n: _("read the page “%(page)s”") % {"page": str(t.get("page", "")).replace("_", " ")},
    "site.backed_up": lambda _t, _n: _("backed the clinic up"),
    "site.restored": lambda t, _n: _("restored the clinic as of %(made_at)s") % t,
    "monitor.named": lambda t, _n: _("named the monitor %(device)s") % t,
    "monitor.retired": lambda t, _n: _("retired the monitor %(device)s") % t,
    "monitor.assigned": lambda t, _n: (
        _("put the monitor %(device)s at %(chair)s") % {**t, "chair": str(t["chair"]).replace("_", " ")}
    ),
    "monitor.refused": lambda t, _n: _("refused a connection from %(address)s, which is no monitor's") % t,
    "monitor.message_erased": lambda _t, _n: _("erased what a monitor had sent"),
    "monitor.confirmed": lambda _t, _n: _("confirmed a value that a monitor proposed"),
    "monitor.rejected": lambda _t, _n: _("rejected a value that a monitor proposed"),
    "chair.named": lambda t, _n: _("named the chair %(chair)s") % t,
    "chair.changed": lambda t, _n: _("changed the chair %(chair)s") % t,
    "chair.retired": lambda t, _n: _("took the chair %(chair)s out of use") % t,
    "link.made": lambda t, _n: _("sent a link to questions%(step)s") % {"step": _step(t)},
    "wording.loaded": lambda t, _n: _("loaded a wording of %(instrument)s") % t,
    "protocol.released": lambda t, _n: _("released %(protocol)s, version %(version)s") % t,
    "protocol.signature_refused": lambda t, _n: (
        _("gave a wrong password for signing %(protocol)s, version %(version)s") % t
    ),
    "evidence.proposed": lambda t, _n: _("proposed what patients are told of the evidence for %(protocol)s") % t,
    "evidence.signed": lambda t, _n: _("signed what patients are told of the evidence for %(protocol)s") % t,
    "evidence.declined": lambda t, _n: _("declined a text on the evidence for %(protocol)s") % t,
    "evidence.signature_refused": lambda _t, _n: _("gave a wrong password for signing a text on the evidence"),
    "competence.signed": lambda t, n: (
        _("signed that %(who)s is able: %(skill)s")
        % {"who": _account(t, n), "skill": str(t.get("skill", "")).replace("_", " ")}
    ),
    "competence.ended": lambda t, n: (
        _("ended a competence of %(who)s: %(skill)s")
        % {"who": _account(t, n), "skill": str(t.get("skill", "")).replace("_", " ")}
    ),
    "glass.broken": lambda t, _n: (
        _("unmasked the arm in an emergency") if t.get("what") == "arm" else _("opened the record in an emergency")
    ),
    "note.kept": lambda _t, _n: _("sealed a private note"),
    "note.discarded": lambda _t, _n: _("took a private note of their own away"),
    "notes.holders_set": lambda t, n: (
        _("gave the halves of the notes' key to %(who)s%(second)s") % {"who": _account(t, n), "second": _second(t, n)}
    ),
    "notes.key_restored": lambda t, n: (
        _("put the notes' key back with %(who)s%(second)s") % {"who": _account(t, n), "second": _second(t, n)}
    ),
    "notes.opened": lambda t, n: (
        _("opened private notes of %(who)s for %(to)s") % {"who": _account(t, n), "to": _owner(t, n)}
    ),
    "notes.recovery_refused": lambda _t, _n: _("gave a wrong passphrase for the notes' key"),
    "ledger.head_renewed": lambda t, _n: (
        _("renewed the head of the ledger with %(findings)s findings open") % {"findings": t.get("findings", 0)}
    ),
}
_PORTAL: dict[str, Say] = {
    "portal.code_sent": lambda _t, _n: _("asked for a code to open the own page"),
    "portal.invited": lambda t, n: _("invited %(who)s to the own page") % {"who": _account(t, n)},
    "portal.doors_closed": lambda t, n: _("closed every way in of %(who)s") % {"who": _account(t, n)},
    "passkey.added": lambda _t, _n: _("added a passkey"),
    "passkey.removed": lambda _t, _n: _("removed a passkey"),
    "link.revoked": lambda _t, _n: _("took back a link to questions"),
    "leaf.written": lambda _t, _n: _("wrote a page"),
    "leaf.shared": lambda _t, _n: _("shared what was written"),
    "leaf.unshared": lambda _t, _n: _("took back what was shared"),
    "leaf.erased": lambda _t, _n: _("took out a page"),
    "feedback.written": lambda _t, _n: _("wrote about a visit"),
    "feedback.given": lambda _t, _n: _("told how a visit was"),
    "feedback.read": lambda _t, _n: _("read how a visit was"),
}
_ALERTS: dict[str, Say] = {
    "alert.raised": lambda t, n: _("raised an alert for %(who)s") % {"who": _owner(t, n)},
    "alert.taken": lambda _t, _n: _("took an alert"),
    "alert.acted": lambda _t, _n: _("acted on an alert"),
    "alert.handed": lambda t, n: _("handed an alert to %(who)s") % {"who": _owner(t, n)},
    "alert.escalated": lambda t, n: _("sent an alert that nobody took on to %(who)s") % {"who": _owner(t, n)},
    "alert.closed": lambda _t, _n: _("closed an alert with an action"),
    "rules.put_forward": lambda _t, _n: _("put other rules of screening forward to be signed"),
    "rules.signed": lambda _t, _n: _("signed the rules of screening of this site"),
    "rules.signature_refused": lambda _t, _n: _("gave a wrong password for signing the rules of screening"),
    "alerts.signed": lambda _t, _n: _("signed the alert times of this site"),
    "alerts.signature_refused": lambda _t, _n: _("gave a wrong password for signing the alert times"),
    "wall.kept": lambda _t, _n: _("left the wall of chairs on a screen"),
    "wall.left": lambda _t, _n: _("was signed out of a screen that shows the wall only"),
    "rota.set": lambda t, n: _("put %(who)s on duty") % {"who": _account(t, n)},
    "rota.ended": lambda t, n: _("ended a duty of %(who)s") % {"who": _account(t, n)},
    "rota.lead_named": lambda t, n: _("named %(who)s as safety lead") % {"who": _account(t, n)},
}
_CUSTODY: dict[str, Say] = {
    "custody.product_listed": lambda t, n: _("listed a product for the stock%(second)s") % {"second": _second(t, n)},
    "custody.received": lambda t, n: _("received %(count)s containers%(lot)s%(second)s") % _stock(t, n),
    "custody.drawn": lambda t, n: _("drew a dose%(lot)s%(second)s") % _stock(t, n),
    "custody.given": lambda _t, _n: _("said what was given of a drawing"),
    "custody.rest_wasted": lambda t, n: _("wasted the rest of a drawing%(second)s") % {"second": _second(t, n)},
    "custody.wasted": lambda t, n: _("wasted from a container%(lot)s%(second)s") % _stock(t, n),
    "custody.counted": lambda t, n: _("counted the stock%(lot)s%(second)s") % _stock(t, n),
    "custody.discrepancy_opened": lambda t, n: _("opened a discrepancy%(lot)s") % _stock(t, n),
    "custody.investigated": lambda _t, _n: _("wrote down an investigation"),
    "custody.reported": lambda _t, _n: _("reported a discrepancy"),
    "custody.closed": lambda t, n: _("closed a discrepancy%(lot)s%(second)s") % _stock(t, n),
    "custody.set_aside": lambda t, n: _("set a lot aside%(lot)s") % _stock(t, n),
    "custody.released": lambda t, n: _("released a lot%(lot)s") % _stock(t, n),
    "custody.proposed": lambda t, n: _("asked a colleague to sign a waste%(lot)s") % _stock(t, n),
    "custody.taken_back": lambda t, n: _("took back a proposed waste%(lot)s") % _stock(t, n),
    "custody.signature_refused": lambda _t, _n: _("had a second signature refused"),
}
_PATHWAY: dict[str, Say] = {
    "screening.decided": lambda _t, _n: _("signed a decision on screening"),
    "trauma.described": lambda _t, _n: _("wrote how a person calls the event that counts"),
    "screening.taken_back": lambda _t, _n: _("changed an answer of screening, so that the decision no longer stands"),
    "consent.text_signed": lambda t, _n: _("signed a text of consent for %(protocol)s") % t,
    "consent.signature_refused": lambda _t, _n: _("gave a wrong password for signing a text of consent"),
    "consent.shown": lambda t, _n: _("showed the consent, version %(version)s, and saw it signed") % t,
    "consent.links_ended": lambda _t, _n: _("ended links and coming visits because consent was withdrawn"),
    "information.allowed": lambda _t, _n: _("recorded that the person allows a clinician outside to be told"),
    "information.revoked": lambda _t, _n: _("recorded that a release of information no longer stands"),
    "summary.made": lambda _t, _n: _("made the one-page outcome"),
    "goal.set": lambda _t, _n: _("wrote down a goal of the person"),
    "goal.dropped": lambda _t, _n: _("marked a goal as no longer the person's"),
    "screening.signature_refused": lambda _t, _n: _("gave a wrong password for signing a decision on screening"),
}
SAID: dict[str, Say] = {**_COURSE, **_SESSION, **_SITE, **_ALERTS, **_CUSTODY, **_PATHWAY, **_PORTAL}
"""What each kind of entry says, after the actor and before the course."""
