"""What an e-mail may not say. Anyone may see a telephone light up: a message names no illness and no drug."""

from __future__ import annotations

import re

from unstuck.core.errors import Complaint

CLINICAL = (
    "abuse", "addict", "anxiety", "caps-5", "clinic", "consent", "depress", "diagnos", "dissociat", "dose", "dosing",
    "drug", "emdr", "esketamine", "exposure", "hospital", "illness", "infusion", "injection", "ketamine", "medic",
    "mental", "midazolam", "pcl-5", "phq-9", "prescri", "psych", "ptsd", "questionnaire", "score", "self-harm",
    "suicid", "symptom", "therap", "trauma", "treatment", "trial",
)  # fmt: skip
"""Beginnings of words, in lower case, in English."""

CLINICO = (
    "abuso", "adicci", "ansiedad", "clínic", "consentimiento", "cuestionario", "depresi", "diagnós", "disociaci",
    "dosis", "droga", "enfermedad", "ensayo", "esketamina", "estrés", "exposición", "fármaco", "infusión", "inyecci",
    "ketamina", "paciente", "psico", "psiqu", "puntaje", "puntuaci", "receta", "síntoma", "terap", "tratamiento",
)  # fmt: skip
"""The same in Spanish."""

_HOST = re.compile(r"https?://[^/\s]+")
_pattern = re.compile(r"\b(" + "|".join(map(re.escape, (*CLINICAL, *CLINICO))) + r")", re.IGNORECASE)


class ClinicalWord(Complaint):
    """An e-mail would tell a bystander something about the person's health."""


def refuse_clinical_words(subject: str, body: str) -> None:
    """Raises ClinicalWord if either text has one. The path of a link counts too; the site's host is what it is."""
    found = _pattern.search(_HOST.sub("", f"{subject}\n{body}"))
    if found:
        raise ClinicalWord(f"An e-mail may not say {found.group()!r}.", mend="Say it behind the link.")
