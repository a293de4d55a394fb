"""Patients enter a model of repeated measures only through sums for each pattern of seen visits.

So a fit costs the same for a hundred patients and for a million, and several sites that send their sums lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.closed import Floats, MonotoneSums

Masks = NDArray[np.bool_]
MOST_VISITS = 60
"""A pattern is kept as the bits of one whole number."""


@dataclass(frozen=True, slots=True, eq=False)
class PatternSums:
    """P patterns in the order of their bits: how many patients, which visits, and sums of products of x and y."""

    count: Floats  # (P,)
    seen: Masks  # (P, T)
    xx: Floats  # (P, q, q)
    xy: Floats  # (P, q, T), zero where unseen
    yy: Floats  # (P, T, T), zero where unseen

    @property
    def visits(self) -> int:
        """How many visits there are."""
        return int(self.seen.shape[1])

    @property
    def patients(self) -> int:
        """Patients with at least one visit."""
        return int(self.count.sum())

    @property
    def values(self) -> int:
        """Outcomes seen, over all patients and visits."""
        return int((self.count @ self.seen).sum())

    @property
    def monotone(self) -> bool:
        """Whether nobody comes back after a missed visit."""
        return not bool((self.seen[:, 1:] & ~self.seen[:, :-1]).any())

    def at_visit(self) -> Floats:
        """Patients seen at each visit, shape (T,)."""
        return np.asarray(self.count @ self.seen)

    def together(self) -> Floats:
        """Patients seen at both of two visits, shape (T, T)."""
        return np.asarray(np.einsum("d,ds,dt->st", self.count, self.seen.astype(float), self.seen.astype(float)))


def pattern_sums(x: Floats, y: Floats) -> PatternSums:
    """The sums of patients x (n, q), y (n, T) with NaN for an unseen visit. Who has no visit at all is not there."""
    here = np.isfinite(y)
    if y.shape[1] > MOST_VISITS:
        raise Complaint(f"{y.shape[1]} visits are too many.", mend=f"At most {MOST_VISITS} can be told apart.")
    codes = here @ (1 << np.arange(y.shape[1], dtype=np.int64))
    rows = [_one(x[codes == code], y[codes == code], here[codes == code][0]) for code in np.unique(codes) if code]
    if not rows:
        raise Complaint("No patient has a single visit with an outcome.", mend="Look at the outcome's column.")
    return PatternSums(*(np.stack(each) for each in zip(*rows, strict=True)))


def _one(x: Floats, y: Floats, seen: Masks) -> tuple[Floats, Masks, Floats, Floats, Floats]:
    filled = np.where(seen, y, 0.0)
    return np.array(float(len(x))), seen, x.T @ x, x.T @ filled, filled.T @ filled


def pooled(sites: Iterable[PatternSums]) -> PatternSums:
    """The sums of all sites together: what one table of all their patients would give. Raises Complaint for unlike
    visits or covariates."""
    parts = list(sites)
    if len({(part.visits, part.xx.shape[1]) for part in parts}) != 1:
        raise Complaint("Sites have unlike visits or covariates.", mend="Every site must send sums of one same model.")
    keys = sorted({tuple(bool(b) for b in row) for part in parts for row in part.seen}, key=lambda row: row[::-1])
    place = {key: number for number, key in enumerate(keys)}
    q, visits = parts[0].xx.shape[1], parts[0].visits
    count, xx = np.zeros(len(keys)), np.zeros((len(keys), q, q))
    xy, yy = np.zeros((len(keys), q, visits)), np.zeros((len(keys), visits, visits))
    for part in parts:
        at = [place[tuple(bool(b) for b in row)] for row in part.seen]
        for total, mine in ((count, part.count), (xx, part.xx), (xy, part.xy), (yy, part.yy)):
            total[at] += mine
    return PatternSums(count, np.array(keys), xx, xy, yy)


def cascade(sums: PatternSums) -> MonotoneSums:
    """The sums of a monotone trial as the closed form wants them: over everybody who is seen at a visit."""
    q, visits = sums.xx.shape[1], sums.visits
    whole = np.block([[sums.xx, sums.xy], [np.swapaxes(sums.xy, 1, 2), sums.yy]])
    sscp = np.stack([whole[sums.seen[:, t]].sum(axis=0) for t in range(visits)])
    return MonotoneSums(sscp.reshape(1, visits, q + visits, q + visits), sums.at_visit()[None], q)
