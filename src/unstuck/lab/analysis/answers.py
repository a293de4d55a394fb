"""An estimate with its interval and p value, as every analysis of this package gives it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from unstuck.core.errors import Complaint


@dataclass(frozen=True, slots=True)
class Answer:
    """What is estimated, and how surely. `df` is None where the normal law is used; `p` is two-sided."""

    what: str
    estimate: float
    se: float
    df: float | None
    low: float
    high: float
    p: float

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def answer(what: str, estimate: float, se: float, df: float | None = None, level: float = 0.95) -> Answer:
    """An estimate with the interval and the p of t with `df`, or of the normal law."""
    upper = (1 + check_level(level)) / 2
    wide = se * float(ndtri(upper) if df is None else stdtrit(df, upper))
    below = -abs(estimate / se) if se > 0 else float("nan")
    p = 2 * float(ndtr(below) if df is None else stdtr(df, below))
    return Answer(what, estimate, se, df, estimate - wide, estimate + wide, p)


def check_level(level: float) -> float:
    """The level itself. Raises Complaint unless it lies between 0 and 1."""
    if not 0 < level < 1:
        raise Complaint(f"The level {level:g} is no share.", "level", "Give a number between 0 and 1, such as 0.95.")
    return level
