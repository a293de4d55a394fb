"""Which words an instrument is asked with at this site: the licensed ones, or our labels in a demonstration only."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import get_language

from unstuck.clinic.assessment.models import LoadedWording
from unstuck.clinic.ledger.actions import note
from unstuck.core.errors import Complaint
from unstuck.core.instrument import Instrument, LicenceStatus
from unstuck.core.labels_file import labels
from unstuck.core.wording_file import Wording, demo_wording, load_wording, own_wording


class NoWording(Complaint):
    """A real person may not be asked with our own labels."""


def wording_of(instrument: Instrument, simulated: bool) -> Wording:
    """The words to show, in the reader's language where there are any. Raises NoWording.

    A real person is asked with what the site has loaded, or with our own words where the instrument is ours.
    """
    language = (get_language() or "en").split("-")[0]
    rows = LoadedWording.objects.filter(instrument=instrument.key)
    loaded = [_read(instrument, row.file_name, row.content) for row in rows]
    if loaded:
        return next((words for words in loaded if words.language.split("-")[0] == language), loaded[0])
    if instrument.licence.status is LicenceStatus.OWN:
        return own_wording(instrument, labels(language))
    if simulated:
        return demo_wording(instrument, labels(language))
    raise NoWording(
        f"The official wording of {instrument.title} is not loaded at this site.",
        mend="Load it: unstuck manage load_wording INSTRUMENT FILE. Our own labels are for demonstrations only.",
    )


def keep_wording(instrument: Instrument, file: Path, actor: str, at: datetime) -> LoadedWording:
    """Loads a site's licensed wording after checking that it fits. Raises Complaint."""
    wording = load_wording(instrument, file)
    with transaction.atomic():
        row = LoadedWording.objects.create(
            instrument=instrument.key,
            stamp=wording.stamp,
            file_name=file.name,
            content=file.read_text(encoding="utf-8"),
            loaded_at=at,
            loaded_by=actor,
        )
        note("wording.loaded", actor, at, {"instrument": instrument.key, "stamp": wording.stamp})
    return row


def _read(instrument: Instrument, name: str, content: str) -> Wording:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / Path(name).name
        file.write_text(content, encoding="utf-8")
        return load_wording(instrument, file)
