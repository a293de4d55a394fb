"""`unstuck serve`: chooses the data folder, for real use or for a demonstration, and runs the clinic on it."""

from __future__ import annotations

import argparse
import os
import shutil
from importlib import import_module
from pathlib import Path

import django
from django.core.management import call_command

from unstuck.core.errors import Complaint

HELP = "Run the clinic: --demo for a demonstration with simulated people, without it for real use."

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and whether this is a demonstration."""
    parser.add_argument("--host", help="address to listen on (127.0.0.1; with --tls every address)")
    parser.add_argument("--port", type=int, help="port to listen on (8000; with --tls 8443)")
    parser.add_argument("--tls", action="store_true", help="HTTPS for tablets, with the certificate of 'unstuck tls'")
    parser.add_argument("--demo", action="store_true", help="a demonstration: simulated people, printed sign-ins")
    parser.add_argument("--training", action="store_true", help="a clinic to practise in: simulated people, own folder")
    parser.add_argument("--reset", action="store_true", help="with --demo: start afresh")
    parser.add_argument("--prepare", action="store_true", help="get everything ready, print, and end without serving")


def run(args: argparse.Namespace) -> int:
    """0 after the server has been stopped. Raises Complaint when the site may not start."""
    args.demo = args.demo or args.training
    if args.reset and not args.demo:
        raise Complaint("--reset deletes a demonstration only.", mend="Give --demo with it.")
    args.host = args.host or ("0.0.0.0" if args.tls and not args.demo else "127.0.0.1")
    if args.demo:
        _choose_demo(args)
    if args.tls:
        import_module("unstuck.cli.serve_tls").answer_to_its_names()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unstuck.clinic.site.settings")
    django.setup()
    if args.demo:
        import_module("unstuck.cli.demo_fill").register()
    call_command("serve", host=args.host, port=_port(args), prepare=args.prepare, tls=args.tls)
    return 0


def _port(args: argparse.Namespace) -> int:
    """The port that was asked for; else the usual one."""
    return int(args.port or (8443 if args.tls else 8000))


def _choose_demo(args: argparse.Namespace) -> None:
    """The demonstration has a data folder and a database of its own, and never leaves this machine."""
    if args.host not in LOOPBACK:
        raise Complaint("A demonstration listens on this machine only.", mend="Leave out --host.")
    os.environ.setdefault("UNSTUCK_ADDRESS", f"http://localhost:{_port(args)}")
    home = Path(os.environ.get("UNSTUCK_HOME") or ("var/training" if args.training else "var/demo")).absolute()
    if args.reset and home.exists():
        _delete_demo(home)
    os.environ.update(UNSTUCK_HOME=str(home), UNSTUCK_DEMO="yes", UNSTUCK_TRAINING="yes" if args.training else "no")


def _delete_demo(home: Path) -> None:
    """Only a folder that a demonstration has made is ever deleted."""
    if any(home.iterdir()) and not (home / "sign-ins.json").exists():
        raise Complaint(f"{home} is not the data folder of a demonstration.", mend="It is left as it is.")
    shutil.rmtree(home)
