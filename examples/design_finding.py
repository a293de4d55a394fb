"""The headline design finding with its figure: `python examples/design_finding.py [FOLDER]`; some minutes.

Trials of the drug alone, two weeks long, cannot tell a plasticity window from a symptomatic state; trials that cross
the drug with exposure and look three months later can, if the window is not small. Where it fails, it says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from unstuck.lab.fit.design import text_of, under_each_learner
from unstuck.lab.fit.plots import design_picture


def main(folder: Path = Path(".")) -> None:
    """Prints the finding and writes patients_design.svg into the folder."""
    answers = under_each_learner()
    figure = Figure(figsize=(7.4, 1.9 * len(answers)), layout="constrained")
    FigureCanvasSVG(figure)
    design_picture(figure, answers)
    figure.savefig(folder / "patients_design.svg", metadata={"Date": None})
    print(text_of(answers), end="")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
