"""From rated arms to the figures that trials reported, by the key of the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from unstuck.lab.effects.parameters import Array
from unstuck.lab.fit.arms import Read

Reads = Mapping[str, Read]
NO_LONGER = 71.0  # days to loss where nobody lost it while looked at
NOISE = 10.0  # PCL-5 points by which a true course must change to count


def mean_change(read: Read, scale: str, *looks: int) -> float:
    """Mean change over people and looks."""
    return float(np.mean([read.change(scale, n).mean() for n in looks]))


def standardised(treated: Read, control: Read, scale: str, look: int) -> float:
    """Difference of mean changes in SD of both arms' baselines."""
    base = np.concatenate([getattr(treated, scale)[:, 0], getattr(control, scale)[:, 0]])
    gap = treated.change(scale, look).mean() - control.change(scale, look).mean()
    return float(gap / max(base.std(), 1e-9))


def loss_days(read: Read) -> float:
    """Median days from the end of the course to the loss of response, among those who responded at the third look."""
    start = 3
    responded = read.responds[:, start]
    if not responded.any():
        return 0.0
    lost = ~read.responds[responded][:, start + 1 :]
    days = np.array(read.arm.looks[start + 1 :]) - read.arm.looks[start]
    first = np.where(lost.any(axis=1), days[lost.argmax(axis=1)], NO_LONGER)
    return float(np.median(first))


def worse(read: Read) -> float:
    """Share whose true PCL-5 rose by more than its noise."""
    return float((read.true_pcl5[:, 1] - read.true_pcl5[:, 0] > NOISE / 2).mean())


def unchanged(read: Read) -> float:
    """Share whose true PCL-5 neither rose nor fell by more than its noise."""
    change = read.true_pcl5[:, 1] - read.true_pcl5[:, 0]
    return float(((change <= NOISE / 2) & (change > -NOISE / 2)).mean())


def remitted(values: Array, below: float = 23.0) -> float:
    """Share whose CAPS-5 lies below the score at which people are enrolled."""
    return float((values < below).mean())


FINDINGS: Mapping[str, Callable[[Reads], float]] = {
    "baseline_pcl5": lambda r: float(r["ket6"].pcl5[:, 0].mean()),
    "pe_caps5_change": lambda r: mean_change(r["pe_soldiers"], "caps5", 1, 2),
    "pe_leaves": lambda r: float(r["pe_civilians"].left.mean()),
    "present_centred_less_pe": lambda r: standardised(r["pct_soldiers"], r["pe_soldiers"], "caps5", 1),
    "feder_2021_difference": lambda r: mean_change(r["ket6"], "caps5", 3) - mean_change(r["mdz6"], "caps5", 3),
    "feder_2021_midazolam": lambda r: float(r["mdz6"].responds[:, 3].mean()),
    "loss_days": lambda r: loss_days(r["ket6"]),
    "pe_worse": lambda r: worse(r["pe_soldiers"]),
    "one_infusion_24h": lambda r: standardised(r["ket6"], r["mdz6"], "pcl5", 1),
    "untreated_remission": lambda r: remitted(r["untreated"].caps5[:, 2]),
    "cpt_caps5_change": lambda r: mean_change(r["cpt_soldiers"], "caps5", 1, 2),
    "cpt_leaves": lambda r: float(r["cpt_civilians"].left.mean()),
    "massed_less_spaced": lambda r: standardised(r["massed_soldiers"], r["pe_soldiers"], "caps5", 1),
    "abdallah_2022_pcl5": lambda r: standardised(r["ket8"], r["saline8"], "pcl5", 1),
    "abdallah_2022_madrs": lambda r: standardised(r["ket8"], r["saline8"], "madrs", 1),
    "duek_2023_day7": lambda r: mean_change(r["duek_ket"], "pcl5", 1) - mean_change(r["duek_mdz"], "pcl5", 1),
    "duek_2023_day30": lambda r: mean_change(r["duek_ket"], "pcl5", 2) - mean_change(r["duek_mdz"], "pcl5", 2),
    "pooled_week": lambda r: standardised(r["ket6"], r["mdz6"], "pcl5", 2),
    "pe_unchanged": lambda r: unchanged(r["pe_soldiers"]),
    "feder_2021_ketamine": lambda r: float(r["ket6"].responds[:, 3].mean()),
    "duek_2023_amygdala": lambda r: threat_gap(r["duek_ket"], r["duek_mdz"], 2),
    "pe_kept": lambda r: kept(r["pe_soldiers"]),
}
TIMING: Mapping[str, tuple[str, Callable[[Reads], float]]] = {
    "day_before": ("PE with ketamine a day before less PE alone, SD", lambda r: gap(r, "pe_24h", "pe_alone")),
    "half_hour": ("a day before less half an hour before, SD", lambda r: gap(r, "pe_24h", "pe_30min")),
    "three_days": ("a day before less three days before, SD", lambda r: gap(r, "pe_24h", "pe_72h")),
}
"""What the time of a dose before a session would do three months on; no trial has told, so it is not fitted."""


def gap(reads: Reads, treated: str, control: str) -> float:
    """Difference of mean PCL-5 changes at the last look, in SD of baseline."""
    return standardised(reads[treated], reads[control], "pcl5", 1)


def threat_gap(treated: Read, control: Read, look: int) -> float:
    """Difference of the threat that reminders call up, in SD of people."""
    both = np.concatenate([treated.threat[:, look], control.threat[:, look]])
    return float((treated.threat[:, look].mean() - control.threat[:, look].mean()) / max(both.std(), 1e-9))


def kept(read: Read) -> float:
    """Share of the mean fall of CAPS-5 at the second look that is there at the third; 0 where nothing fell."""
    fall = read.change("caps5", 1).mean()
    return float(read.change("caps5", 2).mean() / fall) if fall < -1e-9 else 0.0
