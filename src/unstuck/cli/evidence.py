"""`unstuck evidence list | show | pool | forest | claims | check | release`: what is known, recomputed, and claimed."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from unstuck.cli.evidence_text import effect_line, study_lines
from unstuck.core.claims_file import load_claims, load_figures
from unstuck.core.complaints import raise_any
from unstuck.core.errors import Complaint
from unstuck.core.evidence import Claim, Count, Group, Mean, Purpose, Role, Study, Verdict
from unstuck.core.evidence_faults import faults_of
from unstuck.core.evidence_figures import recompute
from unstuck.core.evidence_file import link_faults, load_measures, load_studies, moment, read_study
from unstuck.core.evidence_rows import NEAR, Query, Unit
from unstuck.core.references_file import load_references

HELP = "What studies found: list, show, pool, plot, check; claims and what their sources say; the dated release."
COMPUTED = {"pool": "evidence_pool", "forest": "evidence_pool", "release": "evidence_release"}
"""Modules of the actions that need the lab; they are loaded by name, so that the others run with the core alone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions and what they ask for."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="every study, a line each")
    showing = actions.add_parser("show", help="one study with every figure and how it is known")
    showing.add_argument("study", metavar="STUDY", help="such as feder_2021")
    for name, words in (("pool", "pool the trials that answer a question"), ("forest", "the same, study by study")):
        pooling = actions.add_parser(name, help=words)
        _question(pooling)
        _pooling(pooling)
    _question(listing)
    claims = actions.add_parser("claims", help="what is claimed, and what the source says")
    claims.add_argument("--verdict", choices=[v.value for v in Verdict])
    claims.add_argument("--protocol", metavar="KEY", help="only claims that touch this protocol")
    checking = actions.add_parser("check", help="recompute published figures and check every study")
    checking.add_argument("files", metavar="FILE.toml", type=Path, nargs="*", help="check these studies only")
    release = actions.add_parser("release", help="write the dated, hashed summary that the clinic reads")
    release.add_argument("--out", type=Path, metavar="DIR", help="folder for the file (default: the library's)")
    release.add_argument("--date", metavar="YYYY-MM-DD", help="date of the release (default: today)")
    for one in (*actions.choices.values(),):
        one.add_argument("--json", action="store_true", help="print JSON")


def _question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--population", choices=[g.value for g in Group])
    parser.add_argument("--measure", metavar="KEY", help="such as pcl5 or caps5 (default: any PTSD scale)")
    near = f"time after the first dose, such as 24h or 7d; from 1/{NEAR:g} to {NEAR:g} times of it counts"
    parser.add_argument("--at", metavar="TIME", help=near)
    parser.add_argument("--purpose", choices=[p.value for p in Purpose], default=Purpose.TREATMENT.value)


def _pooling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unit", choices=[u.value for u in Unit], default="smd", help="g, points or responders")
    parser.add_argument("--against", choices=[Role.ACTIVE.value, Role.PASSIVE.value], help="kind of control")
    parser.add_argument("--memory", action="store_true", help="use figures that are from memory too")
    parser.add_argument("--table", choices=["psychotherapy", "mdma"], help="pool a published table instead")
    parser.add_argument("--treatment", metavar="NAME", help="with --table: only this treatment, such as PE")
    parser.add_argument("--control", metavar="NAME", action="append", help="with --table: only this control; repeat")
    parser.add_argument("--method", choices=["REML", "DL", "PM", "FE"], default="REML")
    parser.add_argument("--normal", action="store_true", help="normal interval instead of Knapp and Hartung's")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw a forest plot (.svg, .png or .pdf)")


def run(args: argparse.Namespace) -> int:
    """Print the answer. Returns 1 where a check found something that is not known."""
    match args.action:
        case "list":
            return _list(args)
        case "show":
            return _show(args)
        case "claims":
            return _claims(args)
        case "check":
            return _check(args)
        case _:
            return int(importlib.import_module(f"unstuck.cli.{COMPUTED[args.action]}").run(args))


def query_of(args: argparse.Namespace) -> Query:
    """The question that the options ask. Raises Complaint for a measure or time that is not known."""
    if args.measure is not None and args.measure not in load_measures():
        raise Complaint(f"There is no measure {args.measure!r}.", mend=f"Known: {', '.join(sorted(load_measures()))}.")
    hours = moment(args.at).hours if args.at else None
    if args.at and not hours:
        raise Complaint(f"--at {args.at} is no time.", mend="Write a number and min, h, d or w: 24h, 7d, 12w.")
    return Query(
        unit=Unit(getattr(args, "unit", "smd")),
        population=Group(args.population) if args.population else None,
        measure=args.measure,
        at_hours=hours,
        against=Role(args.against) if getattr(args, "against", None) else None,
        purpose=Purpose(args.purpose),
        memory=getattr(args, "memory", False),
    )


def _list(args: argparse.Namespace) -> int:
    query = query_of(args)
    found = [study for study in load_studies().values() if _answers(study, query)]
    if args.json:
        _print([_summary(study) for study in found])
        return 0
    for study in sorted(found, key=lambda s: (s.purpose.value, s.year or 0, s.key)):
        year, n = study.year or "    ", study.n if study.n is not None else "?"
        print(f"{study.key:<22} {year}  {study.form.value:<13} n {n:>5}  {study.title}")
    print(f"\n{len(found)} studies. 'unstuck evidence show STUDY' tells what is known of one.")
    return 0


def _answers(study: Study, query: Query) -> bool:
    if study.purpose is not query.purpose or (query.population and query.population not in study.groups):
        return False
    if query.measure is None and query.at_hours is None:
        return True
    return any(
        query.measure in (None, getattr(effect, "measure", None)) and _near(effect, query.at_hours)
        for effect in study.effects
    )


def _near(effect: object, hours: float | None) -> bool:
    at = getattr(effect, "at", None)
    return hours is None or (at is not None and at.hours is not None and hours / NEAR <= at.hours <= hours * NEAR)


def _summary(study: Study) -> dict[str, Any]:
    return {
        "key": study.key, "year": study.year, "form": study.form, "purpose": study.purpose, "groups": study.groups,
        "n": study.n, "title": study.title, "read": study.read, "registration": study.registration,
        "part_of": study.part_of, "overlaps": study.overlaps, "effects": len(study.effects),
        "numbers": sum(isinstance(e, Mean | Count) for e in study.effects),
    }  # fmt: skip


def _show(args: argparse.Namespace) -> int:
    studies = load_studies()
    if args.study not in studies:
        raise Complaint(f"There is no study {args.study!r}.", mend="'unstuck evidence list' shows them.")
    study = studies[args.study]
    if args.json:
        _print(asdict(study))
        return 0
    measures, references = load_measures(), load_references()
    print("\n".join(study_lines(study, references)))
    for effect in study.effects:
        print(f"  {effect_line(effect, measures)}")
    for fault in faults_of(study, measures):
        print(f"Does not fit: {fault}")
    return 0


def _claims(args: argparse.Namespace) -> int:
    found = [claim for claim in load_claims() if _wanted(claim, args.verdict, args.protocol)]
    if args.json:
        _print([asdict(claim) for claim in found])
        return 0
    references = load_references()
    for claim in found:
        source = references[claim.source].title if claim.source else "no source found"
        print(f"Claimed: {claim.claim}\n  {claim.verdict.value.upper()}. {claim.says}\n  [{source}]\n")
    print(f"{len(found)} claims.")
    return 0


def _wanted(claim: Claim, verdict: str | None, protocol: str | None) -> bool:
    return verdict in (None, claim.verdict.value) and (protocol is None or protocol in claim.protocols)


def _check(args: argparse.Namespace) -> int:
    """Every published figure done anew, and every study's own figures. 1 where something new does not fit."""
    measures = load_measures()
    studies = _beside_the_library(args.files) if args.files else list(load_studies().values())
    faults = [fault for study in studies for fault in faults_of(study, measures)]
    sums = [] if args.files else [recompute(figure) for figure in load_figures()]
    news = [done for done in sums if not done.expected]
    if args.json:
        _print({"figures": [asdict(s) for s in sums], "faults": [asdict(f) for f in faults], "news": len(news)})
        return int(bool(faults or news))
    _tell_sums((s for s in sums if s.fits), "Fits")
    _tell_sums((s for s in sums if not s.fits), "Does not fit")
    for fault in faults:
        print(f"FAULT  {fault}")
    known = sum(not s.fits and s.expected for s in sums)
    print(f"{len(studies)} studies: {len(faults)} faults. {len(sums)} figures recomputed: {known} known misfits.")
    return int(bool(faults or news))


def _beside_the_library(files: list[Path]) -> list[Study]:
    """The studies of these files. Complaint where one is a study of the library under another name."""
    studies = [_one(path) for path in files]
    raise_any(link_faults({**load_studies(), **{study.key: study for study in studies}}))
    return studies


def _one(path: Path) -> Study:
    study, faults = read_study(path, load_measures())
    if faults or study is None:
        raise Complaint("\n".join(str(fault) for fault in faults) or "This is no study.")
    return study


def _tell_sums(sums: Iterable[Any], heading: str) -> None:
    print(heading)
    for done in sums:
        figure, mark = done.figure, "" if done.expected else "  <-- NEW"
        print(f"  {figure.what} [{figure.source}]{mark}")
        print(f"      printed {figure.printed:g}; {done.arithmetic}")
        if figure.note:
            print(f"      {figure.note}")
    print()


def _print(what: object) -> None:
    print(json.dumps(what, indent=2, ensure_ascii=False, default=str))
