"""Counts a run: each outcome by arm over all who started, with its exact interval, beside what was published."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from unstuck.core.outcomes import Loss
from unstuck.core.protocol import Endpoint, Protocol
from unstuck.core.shares import Share, kaplan_meier, median_days
from unstuck.lab.patients.batch import NOT_FOR_PERSONS
from unstuck.lab.patients.studies import MeanFall, Responders
from unstuck.lab.trials.job import ArmPlan, Job, silent_steps

SUMMARY, SUMMARY_TEXT = "summary.json", "summary.txt"
INTERVAL = "95 % exact interval (Clopper-Pearson)"
SIMULATED = "SIMULATED. No real person is in this. The people repeat published outcomes and predict none."
MECHANICAL = "SIMULATED. No real person is in this. The people follow from assumed mechanisms, not from published arms."
INPUT = "input, not prediction"
MECHANISM = "made by mechanisms; no published outcome was put in"
Row = dict[str, Any]


def summarise(job: Job, people: Path) -> dict[str, Any]:
    """The summary of a run from its table of people."""
    rows = [json.loads(line) for line in people.read_bytes().splitlines()]
    return {
        "note": SIMULATED if job.minds is None else f"{MECHANICAL} {NOT_FOR_PERSONS}",
        "borrowed": [_borrowed(arm) for arm in job.arms if arm.borrowed],
        "left_out": [f"“{s.title}” is left out: its source states no amount." for s in silent_steps(job.protocol)],
        "run": job.identity,
        "interval": INTERVAL,
        "denominator": "all who started treatment; who has no score is shown as missing and never counted as better",
        "arms": {arm.name: _arm(job, arm, [r for r in rows if r["arm"] == arm.key]) for arm in job.arms},
        "assumed": [
            {"name": name, "value": f.value, "unit": f.unit, "low": f.low, "high": f.high, "note": f.note}
            for name, f in job.assumed()
        ],
    }


def _borrowed(arm: ArmPlan) -> str:
    assert arm.study is not None
    return f"ASSUMED: the effect of {arm.study.name} is borrowed for the arm {arm.name!r}; it was not studied there."


def _arm(job: Job, arm: ArmPlan, rows: list[Row]) -> dict[str, Any]:
    started = [r for r in rows if r["started"]]
    return {
        "enrolled": len(rows),
        "started": len(started),
        "endings": dict(sorted(Counter(r["ending"] for r in started).items())),
        "doses_mean": _mean([r["doses"] for r in started]),
        "therapy_sessions_mean": _mean([r["therapy_sessions"] for r in started]),
        "outcomes": {e.key: _outcome(e, started) for e in job.protocol.endpoints},
        "published": _published(job.protocol, arm, started),
        "curve": {"instrument": job.protocol.curve, "by_week": _by_week(started)},
        "people_with": _people_with(started),
    }


def _outcome(endpoint: Endpoint, started: list[Row]) -> dict[str, Any]:
    results = [r["endpoints"][endpoint.key] for r in started]
    changes = [r["value"] - r["baseline"] for r in results if r["value"] is not None and r["baseline"] is not None]
    told: dict[str, Any] = {"title": endpoint.title, "kind": endpoint.kind, "change": _spread(changes)}
    if endpoint.kind == "relapse":
        return told | _relapse([Loss(*r["loss"]) for r in results if "loss" in r])
    if endpoint.kind == "change":
        return told | {"missing": len(started) - len(changes)}
    share = Share(*_counts(results), len(started))
    return told | _share(share)


def _counts(results: list[Row]) -> tuple[int, int]:
    met = [r["met"] for r in results]
    return met.count(True), met.count(None)


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval()
    return {
        "met": share.met,
        "of": share.started,
        "missing": share.missing,
        "share": _round(share.of_started),
        "low": _round(low),
        "high": _round(high),
    }


def _relapse(losses: list[Loss]) -> dict[str, Any]:
    """Loss of response among those who responded, with the time at which half had lost it (Kaplan-Meier)."""
    curve = kaplan_meier(losses)
    return {
        "responded": len(losses),
        "lost": sum(1 for loss in losses if loss.lost),
        "median_days": _round(median_days(losses)),
        "still_responding": _round(curve[-1][1] if curve else None),
        "last_day": _round(max((loss.days for loss in losses), default=None)),
    }


def _published(protocol: Protocol, arm: ArmPlan, started: list[Row]) -> dict[str, Any]:
    """What the arm was calibrated to, beside what came out."""
    if arm.study is None:
        return {"study_arm": None, "use": MECHANISM, "borrowed": False}
    effect = arm.study.effect
    told: dict[str, Any] = {"study_arm": arm.study.name, "use": INPUT, "borrowed": arm.borrowed}
    if isinstance(effect, Responders):
        endpoint = _same(protocol, effect.instrument, effect.fall_percent)
        interval = effect.interval
        told |= {
            "what": f"{effect.instrument} at least {effect.fall_percent:g} % lower by day {arm.study.day}",
            "share": _round(effect.share.value),
            "met": effect.met,
            "of": effect.of,
            "low": _round(interval[0]) if interval else None,
            "high": _round(interval[1]) if interval else None,
            "grade": effect.share.grade.value,
            "drawn_share": _round(arm.share),
        }
        return told | {"simulated": _outcome(endpoint, started) if endpoint else None}
    assert isinstance(effect, MeanFall)
    return told | {
        "what": f"mean fall of {effect.instrument} in percent of baseline by day {arm.study.day}",
        "mean_fall_percent": effect.percent.value,
        "grade": effect.percent.grade.value,
        "simulated": _simulated_fall(protocol, effect.instrument, started),
    }


def _same(protocol: Protocol, instrument: str, percent: float) -> Endpoint | None:
    """The protocol's endpoint that counts what the study counted; weekly and monthly forms count as one here."""
    fits = [
        e
        for e in protocol.endpoints
        if e.kind == "response" and e.fall_percent == percent and _family(e.instrument) == _family(instrument)
    ]
    return next((e for e in fits if e.primary), fits[0] if fits else None)


def _family(instrument: str) -> str:
    return instrument.split("_")[0]


def _simulated_fall(protocol: Protocol, instrument: str, started: list[Row]) -> float | None:
    fits = [e.key for e in protocol.endpoints if _family(e.instrument) == _family(instrument) and e.kind != "relapse"]
    results = [r["endpoints"][fits[0]] for r in started] if fits else []
    falls = [
        100 * (r["baseline"] - r["value"]) / r["baseline"] for r in results if r["value"] is not None and r["baseline"]
    ]
    return _mean(falls)


def _by_week(started: list[Row]) -> list[dict[str, Any]]:
    """Mean and SD of the curve's instrument by week since the first treatment; week 0 is the last score before it."""
    weeks: dict[int, list[float]] = {}
    for row in started:
        before = [value for day, value in row["curve"] if day <= 0]
        found = {0: before[-1]} if before else {}
        found |= {max(1, round(day / 7)): value for day, value in row["curve"] if day > 0}
        for week, value in found.items():
            weeks.setdefault(week, []).append(value)
    return [{"week": week} | _spread(values) for week, values in sorted(weeks.items())]


def _people_with(started: list[Row]) -> dict[str, int]:
    """How many of those who started had each adverse event at least once."""
    return dict(sorted(Counter(name for row in started for name in row["noted"]).items()))


def _spread(values: list[float]) -> dict[str, Any]:
    mean = _mean(values)
    if mean is None or len(values) < 2:
        return {"n": len(values), "mean": mean, "sd": None}
    exact = math.fsum(values) / len(values)
    return {
        "n": len(values),
        "mean": mean,
        "sd": _round(math.sqrt(math.fsum((v - exact) ** 2 for v in values) / (len(values) - 1))),
    }


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return _round(math.fsum(found) / len(found)) if found else None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


# --- words ---------------------------------------------------------------------------------------------------------


def write_summary(summary: dict[str, Any], out: Path) -> None:
    """Writes summary.json and summary.txt."""
    (out / SUMMARY).write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (out / SUMMARY_TEXT).write_text(text_of(summary), encoding="utf-8")


def read_summary(out: Path) -> dict[str, Any]:
    """The summary of a finished run."""
    found: dict[str, Any] = json.loads((out / SUMMARY).read_text(encoding="utf-8"))
    return found


def text_of(summary: dict[str, Any]) -> str:
    """The summary in words. The first line says that it is simulated."""
    run = summary["run"]
    lines = [summary["note"], *summary["borrowed"], ""]
    lines.append(
        f"Protocol {run['protocol']} {run['protocol_version']} ({run['protocol_hash'][:12]}), seed {run['seed']},"
    )
    lines.append(f"population {run['population']}, {run['patients_per_arm']} people in each arm.")
    lines.append(f"Patient model: {', '.join(f'{k} {v}' for k, v in run['patients_model'].items())}.")
    lines.append(f"Shares are of all who started treatment, with the {summary['interval']}.")
    lines += summary["left_out"]
    for name, arm in summary["arms"].items():
        lines += ["", *_arm_words(name, arm)]
    lines += ["", "These figures nobody measured; the result rests on them:"]
    lines += [f"  {_assumed_words(figure)}" for figure in summary["assumed"]]
    return "\n".join(lines) + "\n"


def _arm_words(name: str, arm: dict[str, Any]) -> list[str]:
    endings = ", ".join(f"{count} {ending}" for ending, count in arm["endings"].items())
    lines = [f"Arm {name}: {arm['enrolled']} enrolled, {arm['started']} started ({endings})."]
    lines += [f"  {_outcome_words(outcome)}" for outcome in arm["outcomes"].values()]
    return [*lines, *(f"  {words}" for words in _published_words(arm["published"]))]


def _outcome_words(outcome: dict[str, Any]) -> str:
    title = outcome["title"]
    if outcome["kind"] == "relapse":
        median = outcome["median_days"]
        half = "more than half kept it" if median is None else f"half had lost it by day {median:g}"
        return f"{title}: {outcome['responded']} responded, {outcome['lost']} lost it; {half}."
    if outcome["kind"] == "change":
        change = outcome["change"]
        mean = "unknown" if change["mean"] is None else f"{change['mean']:.1f} (SD {change['sd'] or 0:.1f})"
        return f"{title}: {mean}, n {change['n']}, missing {outcome['missing']}."
    return f"{title}: {_share_words(outcome)}, missing {outcome['missing']}."


def _share_words(share: dict[str, Any]) -> str:
    if not share["of"]:
        return "nobody started"
    interval = f"{_percent(share['low'])} to {_percent(share['high'])}"
    return f"{share['met']} of {share['of']} ({_percent(share['share'])}, {interval})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _published_words(published: dict[str, Any]) -> list[str]:
    if published["study_arm"] is None:
        return [f"{MECHANISM[0].upper()}{MECHANISM[1:]}."]
    whose = f"Published for {published['study_arm']}" + (" (borrowed)" if published["borrowed"] else "")
    if "share" not in published:
        simulated = published["simulated"]
        here = "not counted in this protocol" if simulated is None else f"{simulated:.1f} %"
        return [f"{whose}: {published['what']} {published['mean_fall_percent']:.1f} % ({INPUT}); simulated: {here}."]
    if published["met"] is None:
        said = f"{_percent(published['share'])}, {published['grade']}"
    else:
        said = _share_words(published)
    simulated = published["simulated"]
    here = "not counted in this protocol" if simulated is None else _share_words(simulated)
    lines = [f"{whose}: {published['what']}: {said} ({INPUT}); simulated: {here}."]
    drawn = published["drawn_share"]
    return (
        lines
        if drawn is None
        else [*lines, f"For this run a share of {_percent(drawn)} was drawn within the published uncertainty."]
    )


def _assumed_words(figure: dict[str, Any]) -> str:
    bounds = "" if figure["low"] is None or figure["high"] is None else f" ({figure['low']:g} to {figure['high']:g})"
    note = f" {figure['note']}" if figure["note"] else ""
    return f"{figure['name']} = {figure['value']:g} {figure['unit']}{bounds}.{note}"
