"""Pictures of the fit, onto a figure that the caller owns. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unstuck.lab.fit.design import Answer

RUST, GREY = "#b5532a", "#777777"
NAMES = {"latent_causes": "latent causes", "associative": "associative", "published": "published latent causes"}


def design_picture(figure: Any, answers: Sequence[Answer]) -> None:
    """Results of trials under both truths, one row a learner and window, one column a design."""
    grid = figure.subplots(len(answers), 2, sharex="col", squeeze=False)
    for row, answer in zip(grid, answers, strict=True):
        for axis, told in zip(row, answer.designs, strict=True):
            bins = np.linspace(min(told.state + told.window), max(told.state + told.window), 30)
            axis.hist(told.state, bins, color=GREY, alpha=0.7, label="state")
            axis.hist(told.window, bins, color=RUST, alpha=0.55, label="state and window")
            axis.set_title(f"{told.title}: AUC {told.auc:.2f}", fontsize=8)
            axis.set_yticks([])
        size = "strong window" if answer.strength > 1 else "middling window"
        verdict = "holds" if answer.holds else "fails"
        row[0].set_ylabel(f"{NAMES.get(answer.learner, answer.learner)}\n{size}: {verdict}", fontsize=7)
    grid[0][0].legend(frameon=False, fontsize=7)
    for axis in grid[-1]:
        axis.set_xlabel("ketamine less control, change of CAPS-5 in SD")
