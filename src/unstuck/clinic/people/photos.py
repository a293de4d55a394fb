"""The picture by which staff know a person: one row beside the person, made anew from what was sent, erased with them.

What is kept is a small JPEG made from the pixels alone: no place, no device, no time, no text of what was sent.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from unstuck.clinic.ledger.actions import note
from unstuck.clinic.people.models import Person, Photo
from unstuck.core.errors import Complaint

MOST_BYTES, MOST_PIXELS = 8 * 1024 * 1024, 40_000_000
KINDS = ("JPEG", "PNG")
SIDE_PX, LEAST_PX, QUALITY = 480, 120, 85
BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)


class NoPhoto(Complaint):
    """What was sent cannot be a photo here; nothing was kept."""


def keep_photo(person: Person, sent: bytes, by: str, at: datetime) -> Photo:
    """The person's photo is the one that was sent, in place of an earlier one. Raises NoPhoto."""
    body = cleaned(sent)
    with transaction.atomic():
        told = {"body": body, "mark": hashlib.sha256(body).hexdigest()[:16], "kept_at": at, "kept_by": by}
        photo, _new = Photo.objects.update_or_create(person=person, defaults=told)
        note("person.photo_kept", by, at, {"person": person.key})
    return photo


def drop_photo(person: Person, by: str, at: datetime) -> None:
    """The person has no photo any more."""
    with transaction.atomic():
        if Photo.objects.filter(person=person).delete()[0]:
            note("person.photo_dropped", by, at, {"person": person.key})


def mark_of(person: Person) -> str:
    """Which picture it is, for an address that changes with it; empty where there is none."""
    found = Photo.objects.filter(person=person).values_list("mark", flat=True).first()
    return found or ""


def cleaned(sent: bytes) -> bytes:
    """A square JPEG of at most SIDE_PX from the pixels of a JPEG or PNG, upright, and nothing else. Raises NoPhoto."""
    if len(sent) > MOST_BYTES:
        raise NoPhoto(_("The file is larger than 8 MB."), mend=_("Take it with a lower resolution."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _opened(sent)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, *BOMBS) as wrong:
        raise NoPhoto(_("This is no JPEG or PNG picture."), mend=_("Take the photo again.")) from wrong
    return _jpeg(ImageOps.fit(picture, (min(SIDE_PX, *picture.size),) * 2))


def _opened(sent: bytes) -> Image.Image:
    with Image.open(io.BytesIO(sent), formats=KINDS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise NoPhoto(_("The picture has too many pixels."), mend=_("Take it with a lower resolution."))
        if min(opened.size) < LEAST_PX:
            raise NoPhoto(_("The picture is too small to know a face by."), mend=_("Take it from nearer."))
        upright = ImageOps.exif_transpose(opened)
        plain = Image.new("RGB", upright.size, "white")
        plain.paste(upright.convert("RGBA"), mask=upright.convert("RGBA").getchannel("A"))
    return plain


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def drawn(name: str) -> bytes:
    """A picture that nobody takes for a face: initials on a colour that the name decides, and the word simulated."""
    seed = hashlib.sha256(name.encode()).digest()
    ground = (60 + seed[0] % 80, 60 + seed[1] % 80, 60 + seed[2] % 80)
    picture = Image.new("RGB", (SIDE_PX, SIDE_PX), ground)
    pen, middle = ImageDraw.Draw(picture), SIDE_PX // 2
    initials = "".join(word[0] for word in name.split()[:2]).upper() or "?"
    pen.text((middle, middle - 20), initials, fill="white", font=ImageFont.load_default(200), anchor="mm")
    pen.rectangle((0, SIDE_PX - 90, SIDE_PX, SIDE_PX), fill="white")
    pen.text((middle, SIDE_PX - 45), _("simulated"), fill="black", font=ImageFont.load_default(56), anchor="mm")
    return _jpeg(picture)
