"""`unstuck tls HOST...`: a certificate for the clinic's own network, and how a tablet is told to trust it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from unstuck.clinic.site import certificates
from unstuck.clinic.site.home import home

HELP = "Make or renew the certificate by which tablets on the clinic's network reach the clinic over HTTPS."

TRUST = """Tell each tablet once to trust {authority}. Carry the file there by cable, by a USB stick or
by the tool that manages your tablets; a link in an e-mail could be another's. Compare the SHA-256 that it shows:
  {sha256}
  iPad      open the file; Settings, General, VPN & Device Management, install the profile;
            then Settings, General, About, Certificate Trust Settings, switch it on
  Android   Settings, Security, Encryption & credentials, Install a certificate, CA certificate
  Windows   open the file, Install Certificate, Local Machine, Trusted Root Certification Authorities
  Firefox   Settings, Privacy & Security, View Certificates, Authorities, Import
Keep {key} apart and closed: whoever has it can stand in for this clinic, but for no other site."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """By which names tablets reach the clinic."""
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="name or address; none: renew for the same as before")
    parser.add_argument("--new-authority", action="store_true", help="for other names; every tablet must trust it anew")
    parser.add_argument("--check", action="store_true", help="only tell how long the certificate holds")


def run(args: argparse.Namespace) -> int:
    """0 when the certificate holds, 1 when --check finds that it is time to renew it. Raises Complaint."""
    folder, at = home().path / "tls", datetime.now(UTC)
    if args.check:
        return _check(certificates.standing(folder), at)
    made = certificates.issue(folder, args.hosts, at, args.new_authority)
    print(f"A certificate for {', '.join(made.hosts)}, until {made.until:%Y-%m-%d}, lies in {folder}.")
    print("Serve with it: unstuck serve --tls. A server that runs already takes it up within a minute.")
    print(_how(folder, made))
    return 0


def _check(standing: certificates.Standing, at: datetime) -> int:
    due = standing.due(at)
    mend = " Renew it now: unstuck tls" if due else ""
    print(f"The certificate for {', '.join(standing.hosts)} ends on {standing.until:%Y-%m-%d}.{mend}")
    return int(due)


def _how(folder: Path, made: certificates.Standing) -> str:
    return TRUST.format(
        authority=folder / certificates.AUTHORITY, key=folder / certificates.AUTHORITY_KEY, sha256=made.authority_sha256
    )
