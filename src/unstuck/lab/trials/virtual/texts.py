"""The texts that a run rests on, to be kept beside it: the design's file, and each protocol as its hash pins it."""

from __future__ import annotations

from pathlib import Path

from unstuck.core.protocol_writer import canonical_text
from unstuck.lab.trials.virtual.job import TrialJob

Texts = dict[str, str]
FOLDER = "texts"


def texts_of(job: TrialJob, design: str) -> Texts:
    """Each text by the name of its file. `design` is the text that the design was read from."""
    protocols = {arm.protocol.key: arm.protocol for setting in job.settings for arm in setting.arms}
    of_protocols = {f"protocol_{key}.toml": canonical_text(protocols[key]) for key in sorted(protocols)}
    return {f"{job.design.key}.toml": design} | of_protocols


def write_texts(texts: Texts, out: Path) -> None:
    """Writes them below the run's folder."""
    (out / FOLDER).mkdir(exist_ok=True)
    for name, text in texts.items():
        (out / FOLDER / name).write_text(text, encoding="utf-8")
