"""What is wrong with a trial's design, in words; checked whenever one is read or swept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from unstuck.core.trial import COSTED, DESCRIPTIVE, MECHANISTIC, Interim, Method, Missing, Patients, TrialDesign, Truth
from unstuck.core.trial_aims import aims

STRATA = ("site", "veteran")
OUTCOMES = ("caps5", "caps5_week", "pcl5_week", "pcl5_month")
MODELS = (DESCRIPTIVE, MECHANISTIC)
FEWEST = 4  # patients; below it no analysis has anything to say
Fault = tuple[str, str]

LOOKED_AT = (Method.MMRM, Method.ANCOVA)


def faults(design: TrialDesign) -> list[Fault]:
    """Everything wrong with it: what, and how to mend it. Empty for a sound design."""
    found: list[Fault] = []
    for look in (_arms, _size, _visits, _sites, _patients, _leaving, aims, _looks, _truths, _costs):
        found += look(design)
    return found


def _twice(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _arms(design: TrialDesign) -> Iterator[Fault]:
    if len(design.arms) < 2:
        yield "A trial compares at least two arms.", "Add [[arm]] tables."
    if sum(arm.control for arm in design.arms) != 1:
        yield "One arm, and only one, is the control.", "Write control = true in that [[arm]]."
    for name in _twice([arm.key for arm in design.arms]):
        yield f"Two arms are called {name!r}.", "Give each its own key."
    for arm in design.arms:
        if not arm.effect and not design.mechanistic:
            yield f"Arm {arm.key} names no published effect.", "Write effect = 'STUDY:ARM'."
        if arm.ratio < 1:
            yield f"Arm {arm.key}: the ratio {arm.ratio} is too small.", "Write a whole number from 1 on."
        if arm.believes is not None and not 0 <= arm.believes.value <= 1:
            yield f"Arm {arm.key}: believes = {arm.believes.value} is no share.", "Write a number from 0 to 1."


def _size(design: TrialDesign) -> Iterator[Fault]:
    whole = sum(arm.ratio for arm in design.arms)
    if design.size < max(FEWEST, len(design.arms)):
        yield f"size = {design.size} is too small.", f"Randomise at least {max(FEWEST, len(design.arms))}."
    if whole and (design.allocation.block < 1 or design.allocation.block % whole):
        yield (
            f"A block of {design.allocation.block} cannot hold the ratio, whose sum is {whole}.",
            f"Write a multiple of {whole}.",
        )
    for name in design.allocation.strata:
        if name not in STRATA:
            yield f"Unknown stratum {name!r}.", f"Known: {', '.join(STRATA)}."
    if not 0 < design.alpha < 0.5:
        yield f"alpha = {design.alpha} is no error rate.", "Write for example 0.05."


def _visits(design: TrialDesign) -> Iterator[Fault]:
    if not design.visits:
        yield "No visit is analysed.", "Add [[visit]] tables, the last one is where arms are compared."
    if design.outcome not in OUTCOMES:
        yield f"The outcome {design.outcome!r} is not simulated.", f"Known: {', '.join(OUTCOMES)}."
    for name in _twice([visit.key for visit in design.visits]):
        yield f"Two visits are called {name!r}.", "Give each its own key."
    for one, other in zip(design.visits, design.visits[1:], strict=False):
        if other.day - other.before <= one.day + one.after:
            yield f"The windows of {one.key} and {other.key} overlap.", "Order the visits and narrow the windows."
    for visit in design.visits:
        if visit.day - visit.before <= 0 or min(visit.before, visit.after) < 0:
            yield f"Visit {visit.key} does not lie after the first treatment.", "Mend its day or window."


def _sites(design: TrialDesign) -> Iterator[Fault]:
    for name in _twice([site.key for site in design.sites]):
        yield f"Two sites are called {name!r}.", "Give each its own key."
    for site in design.sites:
        if site.share <= 0 or site.therapists < 1:
            yield f"Site {site.key} has no patients or no therapist.", "Write share > 0 and therapists from 1 on."
    if design.clustering.site_sd and len(design.sites) < 2:
        yield "A spread between sites needs two sites.", "Add [[site]] tables or leave site_sd out."
    for name in ("site_sd", "therapist_sd"):
        spread = getattr(design.clustering, name)
        if spread is not None and spread.value < 0:
            yield f"clustering.{name} = {spread.value:g} is no spread.", "Write 0 or more points."
    if design.per_month is not None and design.per_month <= 0:
        yield f"per_month = {design.per_month} enrols nobody.", "Write a number above 0."


def _patients(design: TrialDesign) -> Iterator[Fault]:
    who = design.patients
    if who.model not in MODELS:
        yield f"There are no patients {who.model!r}.", f"Known: {', '.join(MODELS)}."
    if who.veteran is not None and not 0 <= who.veteran <= 1:
        yield f"veteran = {who.veteran} is no share.", "Write a number from 0 to 1."
    if design.mechanistic:
        yield from _mechanistic(design)
    elif who.group != Patients().group:
        yield f"Descriptive patients have no group {who.group!r}.", "Leave it out, or write veteran = SHARE."


def _mechanistic(design: TrialDesign) -> Iterator[Fault]:
    """What belongs to published outcomes has no place where mechanisms make the people."""
    for arm in design.arms:
        if arm.effect:
            yield f"Arm {arm.key}: mechanistic patients repeat no published effect.", "Leave out effect."
    if design.patients.veteran_points is not None:
        yield "Mechanistic veterans differ by the figures of their group.", "Leave out veteran_points."
    if Truth.PUBLISHED in design.truths:
        yield "No published effect can be true of mechanistic patients.", "Ask for drawn, null or null_unblinded."


def _leaving(design: TrialDesign) -> Iterator[Fault]:
    leaving = design.leaving
    given = leaving.share is not None and leaving.per_10 is not None
    if leaving.mechanism is Missing.MCAR and (leaving.share or leaving.per_10):
        yield "MCAR takes the published rate of each arm.", "Leave out share and per_10."
    if leaving.mechanism is not Missing.MCAR and not given:
        yield f"{leaving.mechanism.value.upper()} needs share and per_10.", "Add both to [leaving]."
    if leaving.share is not None and not 0 < leaving.share.value < 1:
        yield f"leaving.share = {leaving.share.value} is no share.", "Write a number between 0 and 1."


def _looks(design: TrialDesign) -> Iterator[Fault]:
    interim = design.interim
    if interim is None:
        return
    looks = interim.looks
    if not looks or sorted(set(looks)) != list(looks) or looks[0] <= 0 or looks[-1] != 1:
        yield f"looks = {list(looks)} do not rise to 1.", "Write for example looks = [0.5, 1.0]."
    if any(a.primary and a.method not in LOOKED_AT for a in design.analyses):
        yield "Looks are built for scores (mmrm, ancova).", "Make a change of the score the primary analysis."
    if interim.keep is not None and not 0 < interim.keep < len(design.active):
        yield f"keep = {interim.keep} drops no arm, or all.", f"Write 1 to {len(design.active) - 1}, or leave it out."
    if interim.keep is not None and len(looks) < 2:
        yield "Arms are dropped at the first of several looks.", "Add a look before the last."
    if interim.futility is not None and not 0 < interim.futility < 1:
        yield f"futility = {interim.futility} is no conditional power.", "Write for example 0.1."
    yield from _larger(interim, design.size)


def _larger(interim: Interim, size: int) -> Iterator[Fault]:
    if interim.reestimate_to is None:
        if interim.planned_sd is not None:
            yield "planned_sd says nothing without reestimate_to.", "Add reestimate_to, or leave planned_sd out."
        return
    if interim.reestimate_to < size:
        yield f"reestimate_to = {interim.reestimate_to} lies below the size.", f"Write at least {size}."
    if interim.planned_sd is None or interim.planned_sd <= 0 or len(interim.looks) < 2:
        yield "A new size needs planned_sd and a look before the last.", "Add both to [interim]."


def _costs(design: TrialDesign) -> Iterator[Fault]:
    for name in COSTED if design.costs else ():
        figure = getattr(design.costs, name)
        if figure is not None and figure.value < 0:
            yield f"costs.{name} = {figure.value:g} lies below nothing.", "Write 0 or more, or leave it out."


def _truths(design: TrialDesign) -> Iterator[Fault]:
    if not design.truths:
        yield "No truth is simulated.", "Name one in truths, for example drawn, or leave truths out."
    for name in _twice([truth.value for truth in design.truths]):
        yield f"The truth {name} is named twice.", "Name each once: its trials would count twice."
    if Truth.FOOLED in design.truths and design.unblinding is None:
        yield "null_unblinded needs [unblinding].", "Add it, with believes in each arm."
    if design.unblinding is not None:
        if design.unblinding.points.value > 0:
            yield (
                f"unblinding.points = {design.unblinding.points.value:g} would let belief make people worse.",
                "Write what belief improves as a negative number: scores that fall are better.",
            )
        for arm in design.arms:
            if arm.believes is None:
                yield f"Arm {arm.key} does not say who believes to be treated.", "Add believes, with its source."
