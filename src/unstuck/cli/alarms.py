"""`unstuck alarms`: how often a monitoring profile rings in simulated sessions, for a site to read before it signs."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from unstuck.core.alarm_rates_file import FILE, AlarmRates, Rate, load_alarm_rates, rates_text
from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.trials.alarms import Asked, rates_of
from unstuck.lab.trials.job import code_hash

HELP = "Count the alarms of a monitoring profile on simulated sessions."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "profiles", nargs="+", metavar="PROFILE", help="strict, middle, label or another of the library"
    )
    parser.add_argument("--protocol", default="feder_2021", metavar="KEY", help="whose sessions (feder_2021)")
    parser.add_argument("--arm", metavar="KEY", help="arm of that protocol (default: the first)")
    parser.add_argument("--assume", default="", metavar="STUDY:ARM", help="borrow this effect where none is published")
    parser.add_argument("--people", type=int, default=200, metavar="N", help="simulated people (200)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="names the luck (1)")
    parser.add_argument("--write", action="store_true", help=f"keep the result in the library's {FILE}")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Simulates, counts, prints; with --write the library's file has these rows in place of the same ones before."""
    if args.people < 2:
        raise Complaint(f"--people {args.people} is too small.", mend="Give at least 2.")
    protocol = load_protocol(args.protocol)
    arm = args.arm or (protocol.arms[0].key if protocol.arms else None)
    asked = Asked(protocol, arm, args.people, args.seed, args.assume)
    found = tuple(rates_of(profile, asked) for profile in args.profiles)
    if args.write:
        _keep(found)
    if args.json:
        print(json.dumps([asdict(one) for one in found], indent=1, sort_keys=True))
    else:
        print("\n\n".join(_words(one) for one in found))
    return 0


def _keep(found: tuple[AlarmRates, ...]) -> None:
    new = {(one.profile, one.protocol, one.arm): one for one in (*load_alarm_rates(), *found)}
    (library_root() / FILE).write_text(rates_text(tuple(new.values()), code_hash()), encoding="utf-8")


def _words(one: AlarmRates) -> str:
    lines = [
        f"{one.profile}: simulated, {one.sessions} sessions of {one.people} people ({one.protocol}, {one.dose})",
        f"  alarms a session            {_interval(one.alarms)}",
        f"  of them act now             {_interval(one.urgent)}",
        f"  sessions with any alarm     {_interval(one.sessions_with_one)}",
        *(f"    {key:<24} {value:.3f}" for key, value in one.by_rule if value),
    ]
    if one.not_simulated:
        lines.append(f"  never simulated, so never counted: {', '.join(one.not_simulated)}")
    return "\n".join(lines)


def _interval(rate: Rate) -> str:
    return f"{rate.value:.2f} (95 % interval {rate.low:.2f} to {rate.high:.2f})"
