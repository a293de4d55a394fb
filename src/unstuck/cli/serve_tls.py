"""What `unstuck serve --tls` settles before Django reads its settings."""

from __future__ import annotations

import os

from unstuck.clinic.site import certificates
from unstuck.clinic.site.home import home


def answer_to_its_names() -> None:
    """The site answers to every name of its certificate, besides those that its settings allow. Raises Complaint."""
    site = home()
    told = site.list("UNSTUCK_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
    names = [f"[{name}]" if ":" in name else name for name in certificates.standing(site.path / "tls").hosts]
    os.environ["UNSTUCK_ALLOWED_HOSTS"] = ",".join(dict.fromkeys([*told, *names]))
