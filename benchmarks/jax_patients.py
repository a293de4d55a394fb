"""The prototype of the patients, batched by JAX: the yardstick of `patients_per_second.py`.

In single precision, as it was. Learner and daily life are the equations of `lab.fear.latent_causes` and an early form
of `lab.patients`; `jit` of `vmap` of `scan`, as one would write it without a kernel. Nothing of the package depends
on it.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from unstuck.lab.fear.latent_causes import NAMES
from unstuck.lab.fear.parameters import load_model

CAUSES, CUES = 6, 5
CALM, INTRUSION, REMINDER, EXPOSURE = range(4)
FEATURES = jnp.array([[0, 0, 0, 1, 0], [1, 0, 0.5, 0.5, 0], [0, 1, 0.3, 0.7, 0], [1, 0, 0.3, 0, 0.7]], jnp.float32)
Tree = dict[str, jax.Array]


def course(days: int, sessions: range) -> Tree:
    """Four events a day, six exposures a session and a tape every second day between sessions."""
    rows = []
    for day in range(days):
        h, inside = 24.0 * day, sessions.start <= day <= sessions[-1]
        rows += [(h + 9, CALM, 0, 0, inside), (h + 13, REMINDER, 0, 0, inside), (h + 18, INTRUSION, 0, 0, inside)]
        rows += [(h + 20, REMINDER, 0, 0, inside)]
        if day in sessions:
            rows += [(h + 15 + 0.12 * n, EXPOSURE, 1, n == 0, inside) for n in range(6)]
        elif inside and day % 2 == 0:
            rows += [(h + 16, EXPOSURE, 2, 0, inside)]
    at_h, what, session, first, homework = np.array(sorted(rows), dtype=float).T
    gaps, night = np.diff(at_h), np.floor((at_h + 2) / 24)
    columns = dict(
        what=what, session=session, first=first, homework=homework, since=np.concatenate([[0], gaps]),
        until=np.concatenate([gaps, [12.0]]), nights=np.diff(night, prepend=night[0]),
        on_trial=np.maximum(at_h - 24.0 * sessions.start, 0),
    )  # fmt: skip
    drug = {name: np.zeros(at_h.size) for name in ("block", "plasticity", "since_plasticity", "after")}
    return {name: jnp.asarray(values, jnp.float32) for name, values in (columns | drug).items()}


def fresh() -> Tree:
    """Nothing has happened yet."""
    by_cause = jnp.zeros((CAUSES, CUES))
    return dict(
        w=by_cause, x=by_cause, n=jnp.zeros(CAUSES), s=jnp.zeros((CAUSES, 3)), z=jnp.ones(CAUSES), na=jnp.array(0.0),
        a=jnp.ones(CUES), arousal=jnp.array(0.0), mo=jnp.array(0.0), u=jnp.array(0.0),
    )  # fmt: skip


def _passed(p: Tree, st: Tree, e: Tree) -> tuple[jax.Array, Tree]:
    """Strengths after consolidation, nights and decay; what fades, faded."""
    dt, stored = e["since"], 1 + p["drug_storage"] * e["since_plasticity"]
    tau = jnp.array([p["fast_h"], p["mid_h"], p["slow_h"]])
    faded = {
        name: st[name] * jnp.exp(-dt / p[life])
        for name, life in (("arousal", "arousal_h"), ("mo", "momentum_h"), ("u", "surprise_h"))
    }
    gain = p["prefrontal_gain"] / (1.0 + p["arousal_on_prefrontal"] * faded["arousal"])
    threat = jnp.clip(jnp.max(st["w"], axis=1), 0.0, 1.0)
    gk = 1.0 - (1.0 - gain) * (1.0 - threat)
    nightly = jnp.clip(p["night_transfer"] * gk * stored * e["sleep"], 0, 0.9)
    rate = 1.0 - jnp.power(1.0 - nightly, e["nights"])
    moved = p["consolidation"] * st["z"] * st["s"][:, 0] * (1.0 - jnp.exp(-dt / p["fast_h"])) * stored
    moved = moved / jnp.maximum(1.0, jnp.sum(moved) / 0.95)
    mid = st["s"][:, 1] + moved - st["s"][:, 1] * jnp.sum(moved)
    slow = st["s"][:, 2] + rate * (mid - st["s"][:, 2] * jnp.sum(mid))
    s = jnp.stack([st["s"][:, 0], mid, jnp.clip(slow, 0, 1)], 1) * jnp.exp(-dt / tau)[None]
    return s, st | faded | {"gain": gain}


def learn(p: Tree, st: Tree, e: Tree) -> tuple[Tree, Tree]:
    """One event of the learner."""
    s, st = _passed(p, st, e)
    ks, x = jnp.arange(CAUSES), e["features"]
    active, spare = ks < st["na"], ks == st["na"]
    c = jnp.array([p["weight_fast"], p["weight_mid"], p["weight_slow"]])
    novelty = p["new_cause"] * jnp.exp(p["surprise_gain"] * jnp.abs(st["u"]))
    pull = jnp.where(active, s @ c + 1e-4, 0.0) + jnp.where(spare, novelty, 0.0)
    typical = st["x"] / (st["n"] + 1.0)[:, None] * jnp.where(active, 1.0, 0.0)[:, None]
    var = p["context_variance"] * (1.0 + 1.0 / (st["n"] + 1.0)) + jnp.where(active, 0.0, p["new_cause_variance"])
    fit = -0.5 * jnp.sum((x[None] - typical) ** 2, 1) / var - 0.5 * CUES * jnp.log(var)
    lp = jnp.where(pull > 0, jnp.log(pull + 1e-12) + fit, -1e9)
    prior = jax.nn.softmax(lp)
    level = jnp.clip(p["new_cause_threat"] + p["momentum_gain"] * st["mo"] + e["expectation"], 0.0, 0.9)
    w = jnp.where(active[:, None], st["w"], level * jnp.ones((CAUSES, CUES)) / jnp.maximum(jnp.sum(x), 1.0))
    v = jnp.sum(prior * (w @ x))
    shown = jax.nn.sigmoid((v - p["fear_threshold"]) / p["fear_slope"])
    r = jnp.clip(e["reaction"] * jnp.clip(v, 0.0, 1.0), 0.0, 1.0)
    q, wn = _moved(p, st, e, lp, prior, w, r)
    return _kept(p, st | {"s": s}, e, q, wn, w, prior, r, shown), dict(shown=shown, v=v)


def _moved(p, st, e, lp, prior, w, r):  # type: ignore[no-untyped-def]
    """Responsibilities and weights in three passes."""
    x = e["features"]
    enc = (1.0 - p["drug_block"] * e["block"]) * (1.0 + p["drug_learning"] * e["plasticity"])
    later = e["until"] ** 2 / (e["until"] ** 2 + p["labile_half_h"] ** 2) * p["labile_passes"] / 2.0
    q, wn = prior, w
    for n, scale in enumerate((1.0, later, later)):
        held = jax.nn.softmax(lp - 0.5 * (r - wn @ x) ** 2 / p["outcome_variance"])
        held = jnp.where(e["observed"] > 0, held, prior)
        q = held if n == 0 else (1 - scale) * q + scale * held
        d = r - wn @ x
        eta = jnp.where(d > 0, p["rate_worse"], p["rate_better"])
        a = (1 - p["associability_share"]) + p["associability_share"] * st["a"]
        step = e["observed"] * scale * enc * eta[:, None] * (q * d)[:, None]
        wn = wn + step * (a * x)[None] / jnp.maximum(jnp.sum(x * x), 1.0)
    return q, wn


def _kept(p, st, e, q, wn, w, prior, r, shown):  # type: ignore[no-untyped-def]
    """What is remembered after the event."""
    x, obs, ks = e["features"], e["observed"], jnp.arange(CAUSES)
    active, spare = ks < st["na"], ks == st["na"]
    error = jnp.sum(q * (r - w @ x)) * obs
    a = st["a"] + obs * p["associability_rate"] * jnp.clip(x, 0, 1) * (jnp.abs(error) - st["a"])
    old = jnp.where(active, prior, 0.0)
    old = old / jnp.maximum(jnp.sum(old), 1e-6)
    before = jnp.sum(old * (r - w @ x)) * obs * jnp.where(st["na"] > 0, 1.0, 0.0)
    u = st["u"] + obs * p["surprise_rate"] * (before - st["u"])
    won = jnp.argmax(q) == st["na"].astype(int)
    q = jnp.where(spare & (~won), 0.0, q)
    q = q / jnp.sum(q)
    na = jnp.minimum(st["na"] + jnp.where(won, 1.0, 0.0), CAUSES - 1.0)
    act = ks < na
    wn = jnp.where(act[:, None], wn, 0.0) * (1.0 - jnp.clip(p["drug_weakening"] * e["after"], 0, 1) * q * obs)[:, None]
    safe = jax.nn.sigmoid(-p["safety_steepness"] * error) * (r < 0.5)
    stored = (1.0 - safe * (1.0 - st["gain"])) * (1.0 - p["drug_block"] * e["block"])
    slow = p["strengthen_slow"] * jnp.abs(r) * (1.0 + p["drug_storage"] * e["plasticity"])
    rho = jnp.stack([p["strengthen_fast"], 0.0, jnp.clip(slow, 0, 0.9)])
    felt = jnp.maximum(r, p["arousal_from_fear"] * shown)
    return dict(
        w=wn, x=st["x"] + q[:, None] * x[None] * act[:, None], n=st["n"] + q * act,
        s=st["s"] + rho[None] * (q[:, None] - st["s"]) * jnp.where(act, 1.0, 0.0)[:, None],
        z=st["z"] + q * (stored - st["z"]), na=na, a=a, arousal=st["arousal"] + p["arousal_gain"] * felt,
        mo=st["mo"] + p["momentum_step"] * obs * jnp.maximum(error, 0.0), u=jnp.where(won, 0.0, u),
    )  # fmt: skip


def live(p: Tree, carry, e: Tree):  # type: ignore[no-untyped-def]
    """One event of a patient's life: what is met, what is learned, how belief, avoidance and scores follow."""
    st, own, key = carry
    key, k1, k2, k3 = jax.random.split(key, 4)
    day, what = e["since"] / 24.0, e["what"].astype(int)
    pull = jax.nn.sigmoid(8.0 * (own["threat"] - 0.35)) * (1 - 0.7 * e["homework"] * (1 - own["left"]))
    avoid = (what == REMINDER) & (jax.random.uniform(k1) < pull)
    luck, inside = jax.random.uniform(k2), e["session"] > 0
    skip = (inside & (own["left"] > 0.5)) | ((what == INTRUSION) & (luck > 0.9)) | ((e["session"] == 2) & (luck > 0.7))
    out = avoid | skip
    ease = jnp.where(e["session"] == 1, 0.25, jnp.where(e["session"] == 2, 0.625, 1.0))
    event = e | dict(
        features=jnp.where(out, FEATURES[CALM], FEATURES[what]), observed=jnp.where(out, 0.0, 1.0),
        reaction=jnp.where((what == CALM) | out, 0.0, 1.4 * own["belief"] * ease),
        expectation=0.3 * own["belief"], sleep=1.0 / (1.0 + 0.6 * own["arousal"]),
    )  # fmt: skip
    st, told = learn(p, st, event)
    shown, intruded = told["shown"], (what == INTRUSION) & ~skip
    i = jnp.where(what == INTRUSION, own["intrusion"] + 0.12 * (jnp.where(skip, 0.0, shown) - own["intrusion"]),
                  own["intrusion"])  # fmt: skip
    threat = jnp.where((what == REMINDER) & ~avoid, 0.6 * own["threat"] + 0.4 * told["v"], own["threat"])
    threat = jnp.where(intruded, 0.9 * threat + 0.1 * told["v"], threat)
    av = jnp.where(what == REMINDER, own["avoidance"] + 0.08 * (avoid - own["avoidance"]), own["avoidance"])
    h = jnp.where(inside, own["arousal"], own["arousal"] + 0.04 * (shown - own["arousal"]))
    goal = jnp.clip(0.15 + 0.85 * (0.7 * i + 0.3 * h), 0, 1)
    b = own["belief"] + day / 45.0 * (goal - own["belief"])
    taught = jnp.where(skip | (e["session"] != 1), 0.0, 0.01)
    b = jnp.clip(b - (1 + p["drug_storage"] * e["plasticity"]) * taught * b, 0.02, 1.0)
    hazard = jax.nn.sigmoid(-4.0 + 3.2 * (shown - 0.5))
    left = jnp.maximum(own["left"], jnp.where((e["first"] > 0) & (jax.random.uniform(k3) < hazard), 1.0, 0.0))
    t = e["on_trial"] / 24.0
    hope = 4.5 * (1 - jnp.exp(-t / 10)) * jnp.exp(-t / 60) * jnp.array([0.25, 0.1, 0.35, 0.3])
    scores = jnp.array([15 * i, 7 * av, 22 * (0.7 * b + 0.3 * i), 20 * (0.35 * h + 0.65 * i)]) - hope
    own = dict(belief=b, intrusion=i, avoidance=av, arousal=h, threat=threat, left=left)
    return (st, own, key), dict(scores=scores, left=left)


@partial(jax.jit)
def simulate(p: Tree, e: Tree, keys: jax.Array) -> Tree:
    """Everybody through the course; scores (people, events, clusters) and who has left."""

    def one(figures: Tree, key: jax.Array) -> Tree:
        own = dict(belief=0.85, intrusion=0.8, avoidance=0.6, arousal=0.5, threat=0.7, left=0.0)
        start = (fresh(), {name: jnp.array(value) for name, value in own.items()}, key)
        return jax.lax.scan(partial(live, figures), start, e)[1]

    return jax.vmap(one)(p, keys)


def figures(people: int, seed: int = 0) -> Tree:
    """The recommended vector with spread between people."""
    luck = np.random.default_rng(seed)
    p = {name: np.full(people, load_model().people()[name][0]) for name in NAMES}
    for name, spread in (("rate_better", 0.5), ("new_cause", 0.5), ("context_variance", 0.3), ("prefrontal_gain", 0.4)):
        p[name] = p[name] * np.exp(luck.normal(0, spread, people))
    return {name: jnp.asarray(values, jnp.float32) for name, values in p.items()}
