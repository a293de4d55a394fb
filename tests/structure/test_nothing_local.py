"""A clone works anywhere: nothing tracked points at one machine, one registry or one mirror."""

from __future__ import annotations

import re

from tests.structure.sources import ROOT, relative, tracked

# Each pattern is put together from parts, so that this file does not find itself.
LOCAL = {
    "a folder of one machine": re.compile("/" + r"(?:home|Users|root|work)/[A-Za-z.]"),
    "a folder beside the repository": re.compile(r"\.\./" + "shared"),
    "a package index": re.compile(
        "pypi" + r"\.org|" + "files.python" + r"hosted\.org|--(extra-)?index" + "-url|--find" + "-links"
    ),
    "a mirror of packages": re.compile(
        "deb" + r"\.debian\.org|registry\.npm" + r"js\.org|cdn\.js" + r"delivr|unp" + "kg"
    ),
}


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    """No path of one machine, no folder outside the repository and no host of a registry stands in a tracked file."""
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{relative(path)}: {what}: {hit.group()}" for what, rule in LOCAL.items() for hit in rule.finditer(text)
        ]
    assert found == []


def test_every_pin_has_hashes() -> None:
    """Every package in the constraints is pinned to one version and at least one hash."""
    pins = re.split(r"^(?=[a-z0-9])", (ROOT / "constraints.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(pins) > 20
    assert [pin.split()[0] for pin in pins if "==" not in pin.split()[0] or "--hash=sha256:" not in pin] == []


def test_no_pin_pulls_cuda() -> None:
    """No extra brings a GPU runtime: a clinic's computer has none."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert re.findall(r"^(?:nvidia|cuda|torch|jax-cuda|jax-rocm|cupy)\S*==\S*", text, re.MULTILINE) == []
