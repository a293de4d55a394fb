"""What a virtual patient answers: totals from true severity and noise, spread over the items of the real instrument."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from unstuck.core.assessment import Answers
from unstuck.core.instrument import Instrument, Item, Kind
from unstuck.lab.patients.calibration import CAPS5_TOP, CLUSTER_TOP
from unstuck.lab.patients.living import Living
from unstuck.lab.patients.mechanistic import MechanisticPatient
from unstuck.lab.patients.population import CLUSTERS
from unstuck.lab.patients.vitals import Visit, dissociation, patient_stream
from unstuck.lab.random import Stream

BY_MECHANISM = ("pcl5", "caps5", "phq9", "madrs")
MOOD = ("madrs", "phq9", "gad7")
SYMPTOMS = ("ies_r", "pc_ptsd5", "cgi_s", "suds")
STEADY = {"audit_c": 0.15, "alliance": 0.75, "expectancy": 0.6, "cgi_i": 0.4, "lec5": 0.5}
RECOVERY = ("aldrete", "padss")
RECOVERED_MIN = 60.0  # assumed: a virtual patient scores full marks an hour after the dose began, less before
OTHER = 0.3  # share of the range for an instrument that the model knows nothing of


def answers_to(instrument: Instrument, patient: Living, day: float, visit: Visit | None, minutes: float) -> Answers:
    """Answers on that day after enrolment; `minutes` count from the start of the dose of `visit`, if there is one."""
    stream = patient_stream(patient, f"answers {instrument.key}", round(day * 1440))
    if isinstance(patient, MechanisticPatient) and instrument.family in BY_MECHANISM:
        return _by_mechanism(instrument, patient, day, stream)
    if instrument.family == "pcl5":
        return _pcl5(instrument, patient, day, stream)
    if instrument.family == "caps5":
        return _caps5(instrument, patient, day, stream)
    if instrument.family == "cssrs":
        return _suicidal_thoughts(instrument, patient, day)
    if instrument.key == "lec5":
        return _events_of_life(instrument, patient)
    if instrument.family in RECOVERY:
        return _recovered(instrument, minutes)
    level = level_of(instrument, patient, day, visit, minutes)
    return _filled(instrument, lambda item: _near(item, level, stream))


def level_of(instrument: Instrument, patient: Living, day: float, visit: Visit | None, minutes: float) -> float:
    """Share of the instrument's range that the person stands at."""
    figures = patient.frame.figures
    if instrument.family in ("cadss", "cadss6"):
        rated = dissociation(patient, visit, minutes) if visit else figures.cadss_control / 2
        return min(0.95, rated / 92)  # 23 items of 0 to 4
    noise = figures.mood_noise * patient_stream(patient, f"level {instrument.key}", round(day * 1440)).normal()
    if instrument.key in MOOD:
        return min(0.98, max(0.0, patient.mood(day) + noise))
    if instrument.key in SYMPTOMS:
        return min(0.98, max(0.0, patient.symptoms(day) + noise))
    return min(0.98, max(0.0, STEADY.get(instrument.key, OTHER) + noise))


def _by_mechanism(instrument: Instrument, patient: MechanisticPatient, day: float, stream: Stream) -> Answers:
    """The items of PCL-5 as they were filled in; the items of other scales spread over the total that was seen."""
    told = patient.seen(day, stream)
    if instrument.family == "pcl5":
        keys = [item.key for cluster in CLUSTERS for item in items_of(instrument, cluster)]
        return dict(zip(keys, (float(x) for x in told["items"][0]), strict=True))
    total = int(told[instrument.family][0])
    answers = spread_over(items_of(instrument, "total"), total, stream, _habits(patient, instrument.family))
    if instrument.family != "caps5":
        return answers
    return _the_rest(instrument, answers, total, stream)


def _pcl5(instrument: Instrument, patient: Living, day: float, stream: Stream) -> Answers:
    """Cluster totals carry noise with the baseline's correlations, so that a retest gives the published r."""
    figures = patient.frame.figures
    noise = patient.frame.correlated(stream.normals(4))
    spread = math.sqrt(1 - figures.pcl5_retest)
    answers: dict[str, float] = {}
    for cluster, true, error, top in zip(CLUSTERS, patient.clusters(day), noise, CLUSTER_TOP, strict=True):
        total = min(top, max(0, round(true + spread * error)))
        answers |= spread_over(items_of(instrument, cluster), total, stream, _habits(patient, cluster))
    return answers


def _caps5(instrument: Instrument, patient: Living, day: float, stream: Stream) -> Answers:
    figures = patient.frame.figures
    noise = figures.caps5_sd * math.sqrt(1 - figures.caps5_retest) * stream.normal()
    total = min(CAPS5_TOP, max(0, round(patient.caps5(day) + noise)))
    answers = spread_over(items_of(instrument, "total"), total, stream, _habits(patient, "caps5"))
    return _the_rest(instrument, answers, total, stream)


def _the_rest(instrument: Instrument, scored: Answers, total: int, stream: Stream) -> Answers:
    """The items of the interview that count in no total."""
    answers = dict(scored)
    rest = [i for i in instrument.items if i.key not in answers and not i.optional]
    for item in rest:
        answers[item.key] = _near(item, total / CAPS5_TOP * (0.3 if item.screen >= 7 else 1.0), stream)
    return answers


def _habits(patient: Living, part: str) -> list[float]:
    """Which items this person always scores higher: standard normal, fixed for the person."""
    if part not in patient.habits:
        patient.habits[part] = patient_stream(patient, f"habits {part}").normals(20)
    return patient.habits[part]


def items_of(instrument: Instrument, scale: str) -> tuple[Item, ...]:
    """The items of a scale."""
    wanted = set(instrument.scale(scale).items)
    return tuple(item for item in instrument.items if item.key in wanted)


def spread_over(items: Sequence[Item], total: int, stream: Stream, habits: Sequence[float]) -> dict[str, float]:
    """Whole answers that add up to `total` exactly: as even as habit and the day's mood leave them."""
    count = len(items)
    wish = [total / count + 0.5 * habit + 0.4 * stream.normal() for habit in habits[:count]]
    given = [min(item.high, max(item.low, round(w))) for item, w in zip(items, wish, strict=True)]
    while (gap := total - sum(given)) != 0:
        step = 1 if gap > 0 else -1
        room = [i for i, item in enumerate(items) if item.low <= given[i] + step <= item.high]
        best = max(room, key=lambda i: (step * (wish[i] - given[i]), -i))
        given[best] += step
    return {item.key: value for item, value in zip(items, given, strict=True)}


def _suicidal_thoughts(instrument: Instrument, patient: Living, day: float) -> Answers:
    """The screener: thoughts ease as mood does; an act, where there was one, lies further back than three months."""
    person = patient.person
    eased = person.ideation - (1 if patient.mood(day) < 0.6 * person.mood else 0)
    return thoughts(instrument, max(0, eased), person.attempt_ever)


def thoughts(instrument: Instrument, level: int, attempt_ever: bool) -> Answers:
    """The screener's answers at a level of suicidal thoughts, from 0 none to 4 intent."""
    said = {f"item{n}": 1.0 if level >= n else 0.0 for n in range(1, 6)}
    said |= {"item6": float(attempt_ever), "item7": 0.0}
    return _filled(instrument, lambda item: said.get(item.key, 0.0))


def _events_of_life(instrument: Instrument, patient: Living) -> Answers:
    """One event happened to the person, a few more were seen or not met."""
    stream = patient_stream(patient, "events of life")
    own = int(stream.uniform() * len(instrument.items))
    answers: dict[str, tuple[int, ...]] = {}
    for place, item in enumerate(instrument.items):
        values = [choice.value for choice in item.choices]
        answers[item.key] = (values[0],) if place == own else (values[1 if stream.chance(0.15) else -1],)
    return answers


def _recovered(instrument: Instrument, minutes: float) -> Answers:
    """The recovery scores: full once the drug has worn off, one less an item before."""
    return {item.key: float(item.high if minutes >= RECOVERED_MIN else item.high - 1) for item in instrument.items}


def _near(item: Item, level: float, stream: Stream) -> float:
    """An answer near `level` of the item's range, rounded by chance so that the mean is kept."""
    span = item.high - item.low
    raw = item.low + span * min(1.0, max(0.0, level + 0.12 * stream.normal()))
    if item.kind is Kind.NUMBER:
        return float(round(raw))
    return float(min(item.high, max(item.low, math.floor(raw + stream.uniform()))))


def _filled(instrument: Instrument, answer: Callable[[Item], float]) -> Answers:
    """Answers to every item that is asked, given the answers before it."""
    answers: dict[str, float] = {}
    for item in instrument.items:
        rule = item.show_if
        if not item.optional and (rule is None or answers.get(rule.item, rule.at_least - 1) >= rule.at_least):
            answers[item.key] = answer(item)
    return answers
