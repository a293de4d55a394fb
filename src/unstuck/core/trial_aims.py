"""What is wrong with a design's estimands, events and analyses, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from unstuck.core.estimands import EVERYWHERE, HANDLED, Estimand, Happening, Strategy, why_not
from unstuck.core.trial import ON_RESPONSE, ON_SCORES, REFERENCE_BASED, Analysis, Method, TrialDesign

ADJUSTED = ("site", "therapist", "veteran")
ONE_SCORE = (Method.ANCOVA,)
CROSSED = (Method.MMRM, Method.ANCOVA)
Fault = tuple[str, str]


def aims(design: TrialDesign) -> Iterator[Fault]:
    """Faults of events, estimands and analyses."""
    yield from _events(design)
    for estimand in (design.estimand, *design.estimands):
        yield from _estimand(design, estimand)
    yield from _names(design)
    for analysis in design.analyses:
        yield from _analysis(design, analysis)
        yield from _follows(design, analysis, design.estimand_of(analysis))


def _events(design: TrialDesign) -> Iterator[Fault]:
    for event in design.events:
        name = event.happening.value
        if event.happening in EVERYWHERE:
            yield f"{name} happens in every trial and is no [[event]].", "Describe it by [leaving] or [unblinding]."
        if not 0 < event.share.value < 1:
            yield f"Event {name}: share = {event.share.value} is no share.", "Write a number between 0 and 1."
    for name, count in Counter(event.happening for event in design.events).items():
        if count > 1:
            yield f"Two events are called {name.value!r}.", "Describe each once."


def _estimand(design: TrialDesign, estimand: Estimand) -> Iterator[Fault]:
    which = f"estimand {estimand.key!r}" if estimand.key else "The estimand"
    for happening, strategy in estimand.strategies:
        if reason := why_not(happening, strategy):
            known = ", ".join(other.value for other in HANDLED[happening])
            yield f"No analysis carries out {strategy.value} for {happening.value}: {reason}.", f"Carried out: {known}."
    wanted = (*EVERYWHERE, *(event.happening for event in design.events))
    for happening in wanted:
        if estimand.strategy(happening) is None:
            yield f"{which} says nothing of {happening.value}.", "Add it to its strategies."
    for happening, _ in estimand.strategies:
        if happening not in wanted:
            yield f"{which} treats {happening.value}, which does not happen here.", "Add an [[event]], or leave it out."


def _names(design: TrialDesign) -> Iterator[Fault]:
    if sum(a.primary for a in design.analyses) != 1:
        yield "One analysis, and only one, is the primary one.", "Write primary = true in that [[analysis]]."
    for what, names in (
        ("analyses", [a.key for a in design.analyses]),
        ("estimands", [e.key for e in design.estimands]),
    ):
        for name in (name for name, count in Counter(names).items() if count > 1):
            yield f"Two {what} are called {name!r}.", "Give each its own key."


def _analysis(design: TrialDesign, analysis: Analysis) -> Iterator[Fault]:
    key, method = f"Analysis {analysis.key}", analysis.method
    of_response = (analysis.fall_percent is not None) + bool(analysis.response)
    if (method in ON_RESPONSE) != (of_response == 1):
        yield (
            f"{key}: fall_percent belongs to responders (or response, a rule of the outcome), one of them.",
            f"Add it to {', '.join(m.value for m in ON_RESPONSE)}, or leave it out.",
        )
    if analysis.fall_percent is not None and not 0 < analysis.fall_percent <= 100:
        yield f"{key}: fall_percent = {analysis.fall_percent:g} is no fall.", "Write for example 30, up to 100."
    if analysis.tip_points is not None and method is not Method.TIPPING_POINT:
        yield f"{key}: tip_points belongs to tipping_point.", "Leave it out."
    for name in analysis.adjust:
        if name not in ADJUSTED:
            yield f"{key} cannot adjust for {name!r}.", f"Known: {', '.join(ADJUSTED)}."
    if analysis.adjust and method not in CROSSED:
        yield f"{key}: {method.value} is not adjusted.", "Adjust mmrm or ancova, or leave it out."
    if analysis.therapist_effect and method not in ONE_SCORE:
        yield f"{key}: a random effect of the therapist is built for ancova.", "Take ancova, or adjust for therapist."
    if analysis.therapist_effect and ("therapist" in analysis.adjust or sum(s.therapists for s in design.sites) < 2):
        yield f"{key}: a random effect of the therapist needs therapists, and no fixed one.", "Mend one of them."
    if design.clustering.nested and "therapist" in analysis.adjust:
        yield (
            f"{key}: therapists who treat in one arm only cannot be told from the arm as fixed effects.",
            "Write therapist_effect = true, with ancova.",
        )


def _follows(design: TrialDesign, analysis: Analysis, estimand: Estimand) -> Iterator[Fault]:
    """An analysis must be one that carries out its estimand."""
    key, method, left = f"Analysis {analysis.key}", analysis.method, estimand.strategy(Happening.LEFT_STUDY)
    if analysis.estimand and analysis.estimand not in {e.key for e in design.estimands}:
        yield f"{key}: there is no estimand {analysis.estimand!r}.", "Add it as [[further_estimand]]."
    if method in ON_SCORES and estimand.uses(Strategy.COMPOSITE) and estimand.failure_change is None:
        yield (
            f"{key}: a composite of a score needs failure_change, the change that stands for failure.",
            "Write for example failure_change = 0.0 (no better than at baseline), or analyse responders.",
        )
    if method in REFERENCE_BASED and left is not Strategy.TREATMENT_POLICY:
        yield f"{key}: {method.value} estimates treatment_policy for left_study.", "Name such an estimand."
    if method in ON_SCORES and method not in REFERENCE_BASED and left is Strategy.TREATMENT_POLICY:
        yield (
            f"{key}: after leaving nothing is measured, so that {method.value} cannot carry out treatment_policy for "
            "left_study.",
            f"Take {', '.join(m.value for m in REFERENCE_BASED)}, which say what they assume came after.",
        )
    if method is Method.TIPPING_POINT and left is not Strategy.HYPOTHETICAL:
        yield f"{key}: a tipping point starts from hypothetical for left_study.", "Name such an estimand."
    if method in ON_RESPONSE and left is Strategy.TREATMENT_POLICY:
        yield (
            f"{key}: after leaving nobody is judged, so that treatment_policy for left_study has no analysis here.",
            "Take composite: who left has not responded.",
        )
    if method is Method.RESPONDER and any(
        estimand.strategy(event.happening) is Strategy.HYPOTHETICAL for event in design.events
    ):
        yield (
            f"{key}: who has no score counts as no responder, so that an event cannot be hypothetical there.",
            "Name an estimand that treats it otherwise.",
        )
    if method is Method.RESPONDER and analysis.estimand and left is Strategy.HYPOTHETICAL:
        yield f"{key}: who left counts as no responder, which is composite.", "Name an estimand that says so."
