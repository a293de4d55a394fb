"""Statistics of courses and trials: clinic courses, simulated trials and anybody's table go through the same calls."""

from unstuck.lab.analysis.repeated import Df, Mmrm, mmrm

__all__ = ["Df", "Mmrm", "mmrm"]
