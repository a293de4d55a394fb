"""What a report says of its patients: which model makes them, what it was fitted to, and what it is known to miss."""

from __future__ import annotations

from html import escape
from typing import Any

from unstuck.core.trial import DESCRIPTIVE, MECHANISTIC, TrialDesign
from unstuck.lab.patients.doses import CONTROLS
from unstuck.lab.patients.ensemble import Fit, load_ensemble, load_fit
from unstuck.lab.patients.minds import group_of

Told = dict[str, Any]
DESCRIBED = (
    "The patients repeat published outcomes. They explain nothing, and cannot say what another dose or order would do.",
    "A published effect holds the drug, belief, natural course and regression to the mean together.",
)


def patients_told(design: TrialDesign) -> Told:
    """The model of patients with sentences about it, and the published findings that it misses."""
    if not design.mechanistic:
        return {"model": DESCRIPTIVE, "words": list(DESCRIBED), "misfits": []}
    fit = load_fit()
    return {
        "model": MECHANISTIC,
        "ensemble": fit.ensemble,
        "words": [*_made(), *_fitted(fit), *_layers(design)],
        "misfits": list(fit.misfits),
    }


def _made() -> list[str]:
    count = len(load_ensemble().members)
    return [
        "The patients are MECHANISTIC: drug levels, fear learning, beliefs and avoidance make their scores, and no "
        "published outcome of an arm is repeated. Most figures behind them are assumed.",
        f"Each trial lives in one of {count} candidate worlds, drawn for it, and lies off others in how strong "
        "ketamine's passing state is. Assurance is over these worlds; if all of them are wrong, so is the assurance.",
    ]


def _fitted(fit: Fit) -> list[str]:
    return [
        f"The worlds were fitted to {len(fit.fitted)} published findings: {'; '.join(fit.fitted)}.",
        f"{len(fit.held_out)} findings were held out, and {len(fit.misfits)} of all are missed; they are listed here. "
        "Where worlds show more of a drug than trials found, they overstate how often a trial succeeds.",
    ]


def _layers(design: TrialDesign) -> list[str]:
    group = group_of(design.patients.group).title
    belief = (
        "Belief is the design's own layer; the model's unblinding is off."
        if design.unblinding is not None
        else "The model's own unblinding acts, and is counted to the drug."
    )
    return [
        f"People who are no veterans are of this group: {group}; veterans are of theirs.",
        belief,
        "With no difference, everybody is treated as in the control arm, whatever the arm is called.",
        f"{' and '.join(CONTROLS).capitalize()} count as no drug; what they do to learning themselves is left out.",
    ]


def patients_html(told: Told) -> str:
    """The section of a report."""
    words = "".join(f"<li>{escape(sentence)}</li>" for sentence in told["words"])
    misfits = "".join(f"<li>{escape(sentence)}</li>" for sentence in told["misfits"])
    missed = f"<p>Published findings that it misses:</p><ul>{misfits}</ul>" if misfits else ""
    return f"<section><h2>The patients</h2><ul>{words}</ul>{missed}</section>"


def patients_text(told: Told) -> list[str]:
    """The same as lines for a terminal, for mechanistic patients alone."""
    if told["model"] != MECHANISTIC:
        return []
    return [*(f"Patients: {words}" for words in told["words"]), *(f"Misses: {words}" for words in told["misfits"])]
