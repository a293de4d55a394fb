"""Studies and effects in lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from unstuck.core.evidence import Contrast, Count, Duration, Effect, Mean, Measure, Said, Study
from unstuck.core.sourced import Source


def study_lines(study: Study, references: Mapping[str, Source]) -> list[str]:
    """What a study was, who took part, and what could not be read."""
    lines = [f"{study.title} ({study.year or 'year unknown'})", f"{study.design}. {study.population}."]
    lines += [f"Source: {references[key].title}. {references[key].address}".strip() for key in study.sources]
    if study.registration:
        lines.append(f"Registered as {study.registration}.")
    if study.part_of:
        lines.append(f"The same people as {study.part_of}: never pooled beside it.")
    if study.overlaps:
        lines.append(f"May share people with {', '.join(study.overlaps)}: only the larger one is pooled.")
    lines += [f"Arm {arm.key}: {arm.title}; {_flow(arm.started, arm.completed)}." for arm in study.arms]
    lines += [f"Risk of bias, {b.domain}: {b.judgement.value} ({b.by}). {b.why}" for b in study.bias]
    if not study.bias:
        lines.append("Risk of bias: nobody's judgement was read.")
    return lines + [f"Not known: {gap}" for gap in study.gaps] + ["What was read:"]


def _flow(started: int | None, completed: int | None) -> str:
    return f"{_or_unknown(started)} started, {_or_unknown(completed)} completed"


def _or_unknown(number: int | None) -> str:
    return "unknown" if number is None else str(number)


def effect_line(effect: Effect, measures: Mapping[str, Measure]) -> str:
    """One figure with how it is known."""
    words = effect.origin.words
    match effect:
        case Mean():
            return f"{measures[effect.measure].title}, {effect.arm}, {effect.at.words}: {_mean(effect)} ({words})"
        case Count():
            share = f"{effect.percent:g} %" if effect.met is None else f"{effect.met} of {_or_unknown(effect.of)}"
            return (
                f"{measures[effect.measure].title}, {effect.arm}, {effect.at.words}: {effect.what}: {share} ({words})"
            )
        case Contrast():
            name = measures[effect.measure].title
            arms = f"{effect.treated} against {effect.against}"
            return f"{name}, {arms}, {effect.at.words}: {_contrast(effect)} ({words})"
        case Duration():
            spread = f", SD {effect.sd:g}" if effect.sd is not None else ""
            return f"{effect.arm}: {effect.what}: {effect.middle} {effect.days:g} days{spread} ({words})"
        case Said():
            return f"{measures[effect.measure].title}: {effect.sentence} ({words})"
        case _:
            assert_never(effect)


def _mean(mean: Mean) -> str:
    parts = []
    if mean.mean is not None:
        parts.append(f"{mean.mean:g}" + (f" (SD {mean.sd:g})" if mean.sd is not None else ""))
    if mean.change is not None:
        spread = f" (SD {mean.change_sd:g})" if mean.change_sd is not None else ""
        parts.append(f"change {mean.change:+g}{spread}")
    if mean.n is not None:
        parts.append(f"n {mean.n}")
    return ", ".join(parts)


def _contrast(contrast: Contrast) -> str:
    name = contrast.scale.value.replace("_", " ")
    interval = (
        f" ({contrast.low:g} to {contrast.high:g})" if contrast.low is not None and contrast.high is not None else ""
    )
    how = f"; {contrast.how}" if contrast.how else ""
    return f"{name} {contrast.value:g}{interval}{how}"
