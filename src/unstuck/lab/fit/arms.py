"""The arms of published trials as plans for mechanistic patients, and what each trial would have reported.

Who enters is chosen as trials choose: by the CAPS-5 as it was rated at baseline, so that regression to the mean comes
in by itself. Differences are treated less control; a fall is negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from unstuck.lab.effects.parameters import Array
from unstuck.lab.patients.batch import Outcome, Plan, simulate
from unstuck.lab.patients.drug import Curve, Given, typical_curve
from unstuck.lab.patients.inner_kernel import runner_for
from unstuck.lab.patients.minds import Crowd, TruthOf, draw
from unstuck.lab.patients.therapies import load_therapy
from unstuck.lab.patients.timetable import Session
from unstuck.lab.random import Stream

AT_H, DOSE_H = 15.0, 10.0  # hours of the day of sessions and doses
LEAST_CAPS5 = 23.0  # who is below at baseline is not enrolled
RESPONSE = 0.70  # of baseline CAPS-5: a fall of 30 %


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of one trial. Days count from baseline."""

    key: str
    group: str
    looks: tuple[float, ...]
    therapy: str | None = None
    sessions: tuple[float, ...] = ()
    doses: tuple[float, ...] = ()
    mg_per_kg: float = 0.0
    expectation: float = 0.0

    def plan(self) -> Plan:
        """What the arm does to people."""
        held = tuple(Session(24 * d + AT_H, load_therapy(self.therapy)) for d in self.sessions) if self.therapy else ()
        given = tuple(Given(24 * d + DOSE_H, curve_for(self.mg_per_kg)) for d in self.doses) if self.mg_per_kg else ()
        began = min([24 * d for d in (*self.sessions, *self.doses)], default=0.0)
        return Plan(held, given, self.expectation, began)


@cache
def curve_for(mg_per_kg: float) -> Curve:
    """The curve of one infusion in the typical adult."""
    return typical_curve(mg_per_kg)


def weekly(count: int, every: float = 7.0, first: float = 0.0) -> tuple[float, ...]:
    """Days of so many sessions."""
    return tuple(first + every * n for n in range(count))


PE_DAYS = weekly(10, first=3.0)  # doses before the first sessions fall after baseline
SIX, EIGHT = (0.0, 2.0, 4.0, 7.0, 9.0, 11.0), (0.0, 3.0, 7.0, 10.0, 14.0, 17.0, 21.0, 24.0)
LATER = tuple(float(d) for d in range(17, 72, 3))
EXPOSED = (1.0, 2.0, 3.0, 4.0)  # the exposure days of Duek 2023
ARMS: Mapping[str, Arm] = {
    a.key: a
    for a in (
        Arm("ket6", "civilian", (0.0, 1.0, 7.0, 14.0, *LATER), None, (), SIX, 0.5, 1.0),
        Arm("mdz6", "civilian", (0.0, 1.0, 7.0, 14.0), None, (), SIX, 0.0, 1.0),
        Arm("pe_soldiers", "veteran", (0.0, 77.0, 160.0), "pe", weekly(10), expectation=0.5),
        Arm("pct_soldiers", "veteran", (0.0, 77.0), "supportive", weekly(10), expectation=0.5),
        Arm("pe_civilians", "civilian", (0.0, 77.0), "pe", weekly(10), expectation=0.5),
        Arm("ket8", "veteran", (0.0, 28.0), None, (), EIGHT, 0.5, 1.0),
        Arm("saline8", "veteran", (0.0, 28.0), None, (), EIGHT, 0.0, 1.0),
        Arm("cpt_soldiers", "veteran", (0.0, 91.0, 160.0), "cpt", weekly(12), expectation=0.5),
        Arm("cpt_civilians", "civilian", (0.0, 91.0), "cpt", weekly(12), expectation=0.5),
        Arm("massed_soldiers", "veteran", (0.0, 77.0), "pe", weekly(10, 1.4), expectation=0.5),
        Arm("duek_ket", "civilian", (0.0, 7.0, 30.0, 90.0), "pe", EXPOSED, (0.0,), 0.5, 1.0),
        Arm("duek_mdz", "civilian", (0.0, 7.0, 30.0, 90.0), "pe", EXPOSED, (0.0,), 0.0, 1.0),
        Arm("untreated", "civilian", (0.0, 91.0, 1217.0)),
        *(
            Arm(f"pe_{name}", "civilian", (0.0, 160.0), "pe", PE_DAYS, days, mg, 1.0)
            for name, days, mg in (
                ("alone", (), 0.0),
                ("24h", (2.2, 9.2, 16.2), 0.5),
                ("72h", (0.2, 7.2, 14.2), 0.5),
                ("30min", (3.18, 10.18, 17.18), 0.5),
            )
        ),
    )
}
TIMED = ("pe_alone", "pe_24h", "pe_72h", "pe_30min")
OWN_N: Mapping[str, int] = {
    "ket6": 15, "mdz6": 15, "ket8": 53, "saline8": 54, "duek_ket": 13, "duek_mdz": 13, "pe_soldiers": 109,
    "pct_soldiers": 107, "massed_soldiers": 110, "cpt_soldiers": 110, "pe_civilians": 60, "cpt_civilians": 60,
    "untreated": 100,
}  # fmt: skip
"""People in each published arm, as far as a crowd goes (PE and CPT in veterans had 455 and 461); pools have no n."""
FITTED = ("ket6", "mdz6", "pe_soldiers", "pct_soldiers", "pe_civilians")
TRIAL_OF = {"ket6": "feder_2021", "mdz6": "feder_2021", "ket8": "abdallah_2022", "saline8": "abdallah_2022"}
TRIAL_OF |= {"duek_ket": "duek_2023", "duek_mdz": "duek_2023"}


@dataclass(frozen=True, slots=True)
class Read:
    """What was rated in one arm, scales by name (people, looks), of those who were enrolled."""

    arm: Arm
    caps5: Array
    pcl5: Array
    madrs: Array
    true_pcl5: Array
    threat: Array
    left: NDArray[np.bool_]

    def change(self, scale: str, look: int) -> Array:
        """Change from the first look, each person."""
        values: Array = getattr(self, scale)
        return values[:, look] - values[:, 0]

    def few(self, luck: np.random.Generator) -> Read:
        """So many of these people as the trial had, drawn with return."""
        return self.of(luck.integers(0, self.left.size, OWN_N.get(self.arm.key, self.left.size)))

    def of(self, who: NDArray[np.int64]) -> Read:
        """These people of the arm, in this order, perhaps more than once."""
        caps5, pcl5, madrs = (getattr(self, n)[who] for n in ("caps5", "pcl5", "madrs"))
        return Read(self.arm, caps5, pcl5, madrs, self.true_pcl5[who], self.threat[who], self.left[who])

    @property
    def responds(self) -> NDArray[np.bool_]:
        """A fall of CAPS-5 of 30 % or more, (people, looks)."""
        return np.asarray(self.caps5 <= RESPONSE * self.caps5[:, :1])


def crowd_of(truth: TruthOf, count: int, seed: int, group: str) -> Crowd:
    """So many people of that truth."""
    return draw(truth, np.arange(count, dtype=np.uint64), seed, group)


def in_trial(crowd: Crowd, trial: str | None, seed: int) -> Crowd:
    """The same people in one trial, which differs from others in how strong ketamine's state is."""
    if trial is None:
        return crowd
    z = Stream(seed, 0, f"trial {trial}").normal()
    factor = np.exp(crowd.life["ketamine.state_trial_sd"] * z)
    gain = np.minimum(crowd.life["ketamine.state_gain"] * factor, 0.98)
    return replace(crowd, life={**crowd.life, "ketamine.state_gain": gain})


def read_arm(crowd: Crowd, arm: Arm, seed: int) -> Read:
    """The arm with these people, as rated."""
    there = in_trial(crowd, TRIAL_OF.get(arm.key), seed)
    return rated(arm, simulate(there, arm.plan(), arm.looks, runner_for(there)))


def rated(arm: Arm, out: Outcome) -> Read:
    """What raters would have written down of those whom they would have enrolled."""
    told = [out.seen_on(n) for n in range(out.days.size)]
    scales = {name: np.stack([t[name] for t in told], axis=1) for name in ("caps5", "pcl5", "madrs")}
    enrolled = scales["caps5"][:, 0] >= LEAST_CAPS5
    if enrolled.sum() < 2:
        enrolled = np.ones(enrolled.size, dtype=bool)
    caps5, pcl5, madrs = (scales[n][enrolled] for n in ("caps5", "pcl5", "madrs"))
    left: NDArray[np.bool_] = out.left[enrolled]
    return Read(arm, caps5, pcl5, madrs, out.truth.pcl5[enrolled], out.threat[enrolled], left)


def read_all(truth: TruthOf, keys: Sequence[str], count: int, seed: int) -> dict[str, Read]:
    """These arms under one truth, the same people in each arm of a group."""
    crowds = {group: crowd_of(truth, count, seed, group) for group in {ARMS[k].group for k in keys}}
    return {key: read_arm(crowds[ARMS[key].group], ARMS[key], seed) for key in keys}
