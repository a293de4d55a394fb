"""How many hours before therapy? Refused as a finding; shown is what each world of the ensemble implies."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from unstuck.core.protocol import Protocol
from unstuck.core.time import Span, Unit, Window
from unstuck.core.trial import TrialDesign
from unstuck.core.trial_file import checked, read_design
from unstuck.lab.patients.ensemble import load_fit
from unstuck.lab.trials.sizes import size_of_t
from unstuck.lab.trials.virtual.answer import Answer, Kind, Line, finish, lines_svg
from unstuck.lab.trials.virtual.job import Setting, prepare_trial
from unstuck.lab.trials.virtual.mind_targets import PEOPLE, mind_targets, worlds_of
from unstuck.lab.trials.virtual.words import money

DESIGN = Path(__file__).resolve().parent / "trials" / "mechanistic_ketamine_pe.toml"
HOURS = (2, 12, 24, 48, 72, 144)
SESSION = "pe_after_infusion"
SD = 12.0  # of the change of CAPS-5, points
BANDS = ((5, "one world in 20 below"), (50, "middle world"), (95, "one in 20 above"))


def without_belief() -> TrialDesign:
    """The design with nobody's belief acting, so that the drug alone differs."""
    design = read_design(DESIGN)
    assert design.unblinding is not None
    silent = replace(design.unblinding, points=replace(design.unblinding.points, value=0.0, low=None, high=None))
    return checked(replace(design, unblinding=silent))


def with_hours(protocol: Protocol, hours: int) -> Protocol:
    """The protocol with the session so many hours after each infusion."""
    at = Window(Span(hours, Unit.HOURS), Span(hours, Unit.HOURS), Span(hours + 12, Unit.HOURS))
    steps = tuple(replace(step, window=at) if step.key == SESSION else step for step in protocol.steps)
    return replace(protocol, steps=steps)


def gains(setting: Setting, hours: int, seed: int, reps: int) -> np.ndarray:
    """CAPS-5 with ketamine minus midazolam at week 10, in each world that so many trials live in."""
    arms = tuple(replace(arm, protocol=with_hours(arm.protocol, hours)) for arm in setting.arms)
    found = mind_targets(replace(setting, arms=arms), worlds_of(seed, reps))["change"]
    return found[0].mean - found[1].mean


def answer(reps: int, seed: int) -> Answer:
    """The gain by hours over the worlds, and the trial that could tell the best time from the worst."""
    setting = prepare_trial(without_belief(), max(reps, 1), seed).settings[0]
    found = np.array([gains(setting, hours, seed, reps) for hours in HOURS])  # (hours, worlds)
    lines = [Line(name, tuple(zip(HOURS, np.percentile(found, p, axis=1), strict=True))) for p, name in BANDS]
    best, worst = (HOURS[int(place)] for place in (found.mean(axis=1).argmin(), found.mean(axis=1).argmax()))
    between = found[found.mean(axis=1).argmax()] - found[found.mean(axis=1).argmin()]
    apart, error = float(between.mean()), float(between.std()) / math.sqrt(max(len(between) - 1, 1))
    wins = np.bincount(found.argmin(axis=0), minlength=len(HOURS))
    most = ", ".join(f"{hours} h in {count}" for hours, count in zip(HOURS, wins, strict=True) if count)
    needed = size_of_t(max(apart, 0.1), SD, 0.025, 0.8)
    words = (
        f"Over {found.shape[1]} worlds {best} hours come out best on average and {worst} worst, {apart:.1f} points of "
        f"CAPS-5 apart (Monte Carlo error {error:.1f}). Best in so many worlds: {most}.",
        "The worlds differ because how long the window lasts, and whether there is one, was fitted to nothing that "
        "varies the hours: this is the assumed curve of plasticity seen again, and no evidence for it.",
        f"A trial of the best hour against the worst needs about {money(needed)} people. None has randomised hours.",
    )
    limits = (
        f"Most figures behind the worlds are assumed; {len(load_fit().misfits)} published findings are missed by them.",
        "True scores of the same people are compared, without the noise of an instrument and with nobody lost.",
        "Every session after an infusion moves; the seven weekly ones after them stay a week apart.",
    )
    return Answer(
        "how_many_hours_before_therapy",
        "How many hours before therapy should ketamine be given?",
        Kind.REFUSED,
        words,
        limits,
        lines_svg(lines, "hours between infusion and session", "CAPS-5 with ketamine minus midazolam, points"),
        "Week 10 after three infusions, each before a session, and seven more sessions; lower is better.",
        f"mechanistic patients through the protocol ketamine_pe, {PEOPLE} people in each world and arm, seed {seed}",
    )


if __name__ == "__main__":
    finish(answer, 24)
