"""The structures that parameter sets can stand on. Each turns parameters into a linear system of compartments.

`micro`         one to three compartments by micro-constants per minute, as anaesthesia publishes them
`compartments`  one to three compartments by clearances, with optional parts: a venous delay, a liver that extracts,
                depots (muscle, skin, nose, mouth, gut), a metabolite and the metabolite's metabolite
`portal`        esketamine with a liver compartment and noresketamine (Perez-Ruixo 2021, doi 10.1007/s40262-020-00953-4)

A part is there where its parameters are. Names of parameters are listed in docs/science/pharmacokinetics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from unstuck.lab.pk.parameter_sets import Domain, ParameterSet
from unstuck.lab.pk.people import Floats, People
from unstuck.lab.pk.system import System, Wiring

Values = Mapping[str, Floats]
SPRAY_MG = 28.0
MOST_SPRAYS = 3


@dataclass(frozen=True, slots=True)
class Structure:
    """How to build a system, the parameters it needs, and the groups of which all or none must be there."""

    build: Callable[[Wiring, Values, People, tuple[str, ...]], None]
    needs: frozenset[str]
    groups: tuple[frozenset[str], ...]


def build(found: ParameterSet, values: Values, who: People) -> System:
    """The system of these people under that set; `values` as `ParameterSet.values` gives them."""
    wiring = Wiring(len(who))
    STRUCTURES[found.structure].build(wiring, values, who, found.domain.outputs)
    return wiring.system()


def faults_of(structure: str, names: set[str], domain: Domain) -> Iterator[str]:
    """What is missing, unknown or incomplete in a set that claims this structure."""
    if structure not in STRUCTURES:
        return
    wanted = STRUCTURES[structure]
    known = wanted.needs.union(*wanted.groups)
    for name in sorted(wanted.needs - names):
        yield f"The structure {structure!r} needs the parameter {name!r}."
    for name in sorted(names - known):
        yield f"The structure {structure!r} knows no parameter {name!r}."
    for group in wanted.groups:
        if names & group and not group <= names:
            yield f"{', '.join(sorted(group))} go together; {', '.join(sorted(group - names))} is missing."
    expected = 2 if structure == "portal" else 1 + sum(n in names for n in ("TAUV", "CLN", "CLH"))
    if len(domain.outputs) != expected:
        yield f"{expected} outputs are to be named in the domain (site and analyte), not {len(domain.outputs)}."


def _core(w: Wiring, p: Values, cl: Floats) -> None:
    """Central compartment with none to two peripheral ones; nothing leaves but by clearance `cl`."""
    w.loss("c", cl / p["V1"])
    for peripheral, q, v in (("p1", "Q2", "V2"), ("p2", "Q3", "V3")):
        if q in p:
            w.flow("c", peripheral, p[q] / p["V1"])
            w.flow(peripheral, "c", p[q] / p[v])


def _iv(w: Wiring) -> None:
    w.port("iv_infusion", ("c", 1.0, 0.0))
    w.port("iv_bolus", ("c", 1.0, 0.0))


def _micro(w: Wiring, p: Values, who: People, outputs: tuple[str, ...]) -> None:
    v1 = p["V1"]
    clear = {"V1": v1}
    for n in ("2", "3"):
        if f"K1{n}" in p:
            clear[f"Q{n}"] = p[f"K1{n}"] * 60 * v1
            clear[f"V{n}"] = v1 * p[f"K1{n}"] / p[f"K{n}1"]
    _core(w, clear, p["K10"] * 60 * v1)
    _iv(w)
    w.read(outputs[0], "c", v1)


def _compartments(w: Wiring, p: Values, who: People, outputs: tuple[str, ...]) -> None:
    names = iter(outputs)
    extraction, cl = _liver(p, who)
    _core(w, p, cl)
    _iv(w)
    w.read(next(names), "c", p["V1"])
    if "TAUV" in p:
        w.make("c", "cv", 1 / (p["TAUV"] * p["V1"]))
        w.loss("cv", 1 / p["TAUV"])
        w.read(next(names), "cv", 1.0)
    if "CLN" in p:
        _metabolite(w, p, cl)
        w.read(next(names), "n", p["VN"])
    if "CLH" in p:
        w.make("n", "h", p["FHNK"] * p["MWR_HNK"] * p["CLN"] / p["VN"])
        w.loss("h", p["CLH"] / p["VH"])
        w.read(next(names), "h", p["VH"])
    _depots(w, p, extraction)


def _liver(p: Values, who: People) -> tuple[Floats, Floats]:
    """Extraction and clearance. Well-stirred liver: E = CLint / (Qh + CLint), CL = Qh E; flow falls with age over
    60."""
    if "CL" in p:
        return np.zeros(len(who)), p["CL"]
    flow = p["QH"] * np.maximum(0.05, 1 + p["QH_AGE"] * np.maximum(0.0, who.age_years - 60))
    by_sex = np.where(who.woman == 0.5, 1.0, np.where(who.woman == 1, p["WOMAN_CLINT"], p["MAN_CLINT"]))
    intrinsic = p["CLINT"] * who.clint_factor * by_sex
    extraction = intrinsic / (flow + intrinsic)
    return extraction, flow * extraction


def _metabolite(w: Wiring, p: Values, cl: Floats) -> None:
    """The metabolite, formed at FM times clearance, through the liver's residence where KTR is there."""
    if "KTR" in p:
        w.make("c", "tr", p["FM"] * cl / p["V1"])
        w.flow("tr", "n", p["KTR"])
    else:
        w.make("c", "n", p["FM"] * cl / p["V1"])
    w.loss("n", p["CLN"] / p["VN"])
    if "QN" in p:
        w.flow("n", "np", p["QN"] / p["VN"])
        w.flow("np", "n", p["QN"] / p["VPN"])


def _depots(w: Wiring, p: Values, extraction: Floats) -> None:
    for route, state, ka, share in (("im", "im", "KA_IM", "F_IM"), ("sc", "sc", "KA_SC", "F_SC")):
        if ka in p:
            w.flow(state, "c", p[ka])
            w.port(route, (state, p[share], 0.0))
    if "KA_PO" not in p:
        return
    w.flow("gut", "c", p["KA_PO"] * (1 - extraction))
    w.loss("gut", p["KA_PO"] * extraction)
    w.make("gut", "tr", p["KA_PO"] * extraction * p["FM"])
    oral_hours = float(p["D_PO"][0])
    w.port("oral", ("gut", p["FGUT"], oral_hours))
    for route, state, ka, share, hours in (
        ("sublingual", "sl", "KA_SL", "F_SL", oral_hours),
        ("intranasal", "nas", "KA_N", "F_N", float(p["D_SW"][0]) if "D_SW" in p else 0.0),
    ):
        if ka in p:
            w.flow(state, "c", p[ka])
            w.port(route, (state, p[share], 0.0), ("gut", (1 - p[share]) * p["FGUT"], hours))


def _portal(w: Wiring, p: Values, who: People, outputs: tuple[str, ...]) -> None:
    flow = np.maximum(5.0, p["QH"] + p["QH_PER_YEAR"] * np.maximum(0.0, who.age_years - 60))
    asian_kel, asian_cln = p["ASIAN_KEL"] ** who.asian, p["ASIAN_CLN"] ** who.asian
    _core(w, p, np.zeros(len(who)))
    w.flow("c", "h", flow / p["V1"])
    w.flow("h", "c", flow / p["VH"])
    w.loss("h", p["KEL"] * asian_kel)
    w.flow("h", "n", p["KMET"])
    w.loss("n", p["CLN"] * asian_cln / p["VN"])
    w.flow("n", "np", p["QN"] / p["VN"])
    w.flow("np", "n", p["QN"] / p["VPN"])
    w.flow("nas", "c", p["KA_N"])
    w.flow("sw", "h", p["KA_SW"])
    w.flow("po", "h", p["KA_PO"])
    _iv(w)
    w.port("oral", ("po", p["FGUT"], float(p["D_PO"][0])))
    first = p["FR_N"] * np.where(who.japanese == 1, p["JAPANESE_FR_N"], 1.0)
    for sprays in range(1, MOST_SPRAYS + 1):
        nasal = first * (1 + (sprays - 1) * p["FURTHER_SPRAY"]) / sprays
        entries = (("nas", nasal, 0.0), ("sw", (1 - nasal) * p["FGUT"], float(p["D_SW"][0])))
        w.port(f"intranasal/{sprays}", *entries)
    w.read(outputs[0], "c", p["V1"])
    w.read(outputs[1], "n", p["VN"])


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


STRUCTURES: dict[str, Structure] = {
    "micro": Structure(_micro, _names("K10 V1"), (_names("K12 K21"), _names("K13 K31"))),
    "compartments": Structure(
        _compartments,
        _names("V1"),
        tuple(
            map(
                _names,
                (
                    "CL",
                    "CLINT QH QH_AGE WOMAN_CLINT MAN_CLINT",
                    "Q2 V2",
                    "Q3 V3",
                    "TAUV",
                    "FM CLN VN",
                    "KTR",
                    "QN VPN",
                    "FHNK MWR_HNK CLH VH",
                    "KA_IM F_IM",
                    "KA_SC F_SC",
                    "KA_PO D_PO FGUT",
                    "KA_SL F_SL",
                    "KA_N F_N D_SW",
                ),
            )
        ),
    ),
    "portal": Structure(
        _portal,
        _names(
            "V1 Q2 V2 Q3 V3 QH QH_PER_YEAR VH KEL KMET ASIAN_KEL ASIAN_CLN VN CLN QN VPN KA_N KA_SW KA_PO D_SW D_PO"
            " FGUT FR_N FURTHER_SPRAY JAPANESE_FR_N"
        ),
        (),
    ),
}
