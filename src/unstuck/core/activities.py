"""What a step does, and what its window is counted from: the two closed unions of the protocol language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Setting(StrEnum):
    """Where a dose is taken."""

    SUPERVISED = "supervised"
    HOME = "home"


class TherapyKind(StrEnum):
    """Trauma-focused therapies known by name; a site's own kind is written `site:its-name`."""

    PE = "pe"
    CPT = "cpt"
    EMDR = "emdr"
    WRITTEN_EXPOSURE = "written_exposure"
    TF_CBT = "tf_cbt"


class IntegrationKind(StrEnum):
    """Kinds of integration session."""

    SOMATIC = "somatic"
    MINDFULNESS = "mindfulness"
    CONVERSATION = "conversation"
    JOURNAL = "journal"


# --- anchors: what a step's window is counted from ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AfterEnrolment:
    """Counted from the enrolment."""


@dataclass(frozen=True, slots=True)
class AfterStep:
    """Counted from when occurrence `occurrence` of another step was done."""

    step: str
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class AfterDose:
    """Counted from the start of the nth dose of the course; 0 means the last dose given."""

    number: int


@dataclass(frozen=True, slots=True)
class AfterEachDose:
    """Once for every dose, counted from its start."""


@dataclass(frozen=True, slots=True)
class AfterTherapy:
    """Counted from the nth trauma-focused session."""

    number: int


@dataclass(frozen=True, slots=True)
class OnDate:
    """Counted from local midnight of a calendar date, ISO 8601."""

    date: str


Anchor = AfterEnrolment | AfterStep | AfterDose | AfterEachDose | AfterTherapy | OnDate


# --- activities -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assess:
    """Ask or rate these instruments, or take these readings (names of facts such as `systolic_mmhg`)."""

    instruments: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    by: str = "patient"


@dataclass(frozen=True, slots=True)
class Consent:
    form: str


@dataclass(frozen=True, slots=True)
class Prepare:
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Dose:
    """Give the regimen of that name; which one it is may depend on the arm."""

    regimen: str
    setting: Setting = Setting.SUPERVISED


@dataclass(frozen=True, slots=True)
class Expose:
    """One trauma-focused session. `therapy` is a TherapyKind value or `site:name`."""

    therapy: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Integrate:
    manner: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A named person decides; `question` says what, in plain words."""

    question: str
    by: str = "prescriber"


@dataclass(frozen=True, slots=True)
class Contact:
    about: str
    by: str = "nurse"


Activity = Assess | Consent | Prepare | Dose | Expose | Integrate | Review | Contact


KINDS: dict[type[Activity], str] = {
    Assess: "assess",
    Consent: "consent",
    Prepare: "prepare",
    Dose: "dose",
    Expose: "expose",
    Integrate: "integrate",
    Review: "review",
    Contact: "contact",
}


def kind_of(activity: Activity) -> str:
    """The activity's kind as protocols write it."""
    return KINDS[type(activity)]
