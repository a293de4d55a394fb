"""`unstuck simulate`: virtual courses of a protocol, whose people repeat a published arm."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from unstuck.core.errors import Complaint
from unstuck.core.protocol import Protocol
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.patients.ensemble import Minds, minds
from unstuck.lab.patients.felt import Acute
from unstuck.lab.patients.living import PatientsModel
from unstuck.lab.trials.job import Wish, prepare
from unstuck.lab.trials.run import run as run_job
from unstuck.lab.trials.summary import text_of

HELP = "Simulate courses of a protocol; the compared arms are an input."
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("protocol", help="key of the library, or a TOML file")
    parser.add_argument("--arms", action="store_true", help="simulate every arm of the protocol")
    parser.add_argument("--arm", metavar="KEY", help="simulate this arm only (default: the first)")
    parser.add_argument("--patients", type=int, required=True, metavar="N", help="people in each arm")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="names the luck; same seed, same bytes")
    parser.add_argument("--workers", type=int, default=1, metavar="K", help="processes; no effect on the result")
    parser.add_argument("--assume", action="append", default=[], metavar="[ARM=]STUDY:ARM", help="borrow this effect")
    parser.add_argument("--effect", choices=("published", "drawn"), default="published", help=EFFECT)
    parser.add_argument("--readings", choices=("sparse", "planned"), default="sparse", help=READINGS)
    parser.add_argument("--acute", choices=[a.value for a in Acute], default=Acute.MODEL.value, help=ACUTE)
    parser.add_argument("--patients-model", choices=[m.value for m in PatientsModel], default="descriptive", help=MODEL)
    parser.add_argument("--group", default="civilian", help="who the mechanistic patients are")
    parser.add_argument("--truth", type=int, metavar="N", help="member of the ensemble (default: drawn by the seed)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


EFFECT = "use the published share, or draw one for the run within its uncertainty"
ACUTE = "vital signs and dissociation from the model, from it with the worst published pressure, or from spreads alone"
MODEL = "people who repeat published arms, or people made by mechanisms under one truth of the ensemble"
READINGS = "monitoring at the peak and the end only, or at every interval of the plan"


def run(args: argparse.Namespace) -> int:
    """Simulates, writes the folder, prints the summary. Interrupted, it says how to go on."""
    protocol = load_protocol(args.protocol)
    job = prepare(protocol, _wish(protocol, args))
    try:
        summary = run_job(job, args.out, args.workers, _tell)
    except KeyboardInterrupt:
        print(
            f"\nStopped. The same command goes on where it stopped; what is done lies in {args.out}.", file=sys.stderr
        )
        return INTERRUPTED
    print(json.dumps(summary, indent=1, sort_keys=True) if args.json else text_of(summary), end="")
    return 0


def _wish(protocol: Protocol, args: argparse.Namespace) -> Wish:
    for name, value, least in (("patients", args.patients, 1), ("workers", args.workers, 1), ("seed", args.seed, 0)):
        if value < least:
            raise Complaint(f"--{name} {value} is too small.", mend=f"Give at least {least}.")
    return Wish(
        arms=_arms(protocol, args.arms, args.arm),
        patients=args.patients,
        seed=args.seed,
        assume=_assume(args.assume),
        sparse=args.readings == "sparse",
        drawn=args.effect == "drawn",
        acute=Acute(args.acute),
        minds=_minds(args),
    )


def _minds(args: argparse.Namespace) -> Minds | None:
    """The truth behind the run's people; None for descriptive ones."""
    if PatientsModel(args.patients_model) is PatientsModel.DESCRIPTIVE:
        return None
    if args.assume or args.effect == "drawn":
        raise Complaint("Mechanistic patients take no published effect.", mend="Leave --assume and --effect out.")
    return minds(args.seed, args.truth, args.group)


def _arms(protocol: Protocol, every: bool, one: str | None) -> tuple[str | None, ...]:
    keys = [arm.key for arm in protocol.arms]
    if one is not None and one not in keys:
        raise Complaint(f"{protocol.key} has no arm {one!r}.", mend=f"Arms: {', '.join(keys) or 'none'}.")
    if every and one is not None:
        raise Complaint("--arms and --arm exclude each other.", mend="Give one of the two.")
    if not keys:
        return (None,)
    return tuple(keys) if every else (one or keys[0],)


def _assume(texts: list[str]) -> dict[str, str]:
    """Arm of the protocol ("" for every arm) -> STUDY:ARM."""
    found = {}
    for text in texts:
        arm, _, study = text.rpartition("=")
        found[arm] = study
    return found


def _tell(done: int, of: int) -> None:
    end = "\n" if done == of else ""
    print(f"\rsimulated {done} of {of} pieces", end=end, file=sys.stderr, flush=True)
