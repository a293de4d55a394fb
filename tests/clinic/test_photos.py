"""A person's photo: only pixels are kept, only who may see the name sees it, and it goes with the person."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.session_makers import PLACE, Cast, ready
from unstuck.clinic import clock
from unstuck.clinic.ledger.models import Entry
from unstuck.clinic.people import photos
from unstuck.clinic.people.actions import erase_person
from unstuck.clinic.people.models import Person, Photo
from unstuck.clinic.session.queries import Sitting

pytestmark = pytest.mark.django_db


BORN = date(1984, 3, 14)


@pytest.fixture
def ada(cast: Cast) -> Person:
    person = cast["ada"].person
    assert person is not None
    return person


@pytest.fixture
def demonstration(settings: Any, at: datetime) -> Iterator[None]:
    """Questions of our own wording open gates only in a demonstration; its clock is moved by the test."""
    settings.UNSTUCK_DEMO = True
    yield
    clock.set_to(None)


def jpeg(size: tuple[int, int] = (600, 400), told: str = "taken at the harbour") -> bytes:
    """A photo as a camera sends it, turned on its side, with a place and a text in it."""
    picture, out = Image.new("RGB", size, "teal"), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, told  # orientation: lies on its side; description
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(out, "JPEG", exif=exif, comment=told.encode())
    return out.getvalue()


def png(told: str) -> bytes:
    out, info = io.BytesIO(), PngInfo()
    info.add_text("Comment", told)
    Image.new("RGBA", (300, 300), (200, 30, 30, 128)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


@pytest.mark.parametrize("sent", [jpeg(), png("taken at the harbour"), jpeg() + b"taken at the harbour <script>"])
def test_only_the_pixels_are_kept(sent: bytes) -> None:
    """Place, device, comments, and what was hung behind the picture are gone; a square JPEG of known size stays."""
    kept = photos.cleaned(sent)
    assert b"harbour" in sent and b"harbour" not in kept and b"script" not in kept
    with Image.open(io.BytesIO(kept)) as again:
        assert (again.format, again.width, dict(again.getexif())) == ("JPEG", again.height, {})
        assert again.width <= photos.SIDE_PX and "comment" not in again.info


def test_a_photo_lying_on_its_side_is_turned_up() -> None:
    """What the camera noted about which side is up is applied before it is dropped."""
    picture, out = Image.new("RGB", (300, 300), "white"), io.BytesIO()
    picture.paste("black", (0, 0, 300, 150))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    picture.save(out, "JPEG", exif=exif)
    with Image.open(io.BytesIO(photos.cleaned(out.getvalue()))) as upright:
        assert upright.convert("L").getpixel((150, 20)) > 200  # type: ignore[operator]
        assert upright.convert("L").getpixel((150, 280)) < 50  # type: ignore[operator]


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (7_000, 7_000)).save(out, "PNG")
    return out.getvalue()


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 300)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    "sent",
    [b"", b"<svg onload=alert(1)>", gif(), jpeg((60, 60)), jpeg()[:200], bomb(), b"\xff\xd8" + bytes(9 * 1024 * 1024)],
    ids=["nothing", "svg", "gif", "too small", "cut off", "too many pixels", "too large"],
)
def test_what_is_no_photo_is_refused(ada: Person, at: datetime, sent: bytes) -> None:
    """Another kind of file, a broken, tiny or enormous one is named as such, and nothing is kept."""
    with pytest.raises(photos.NoPhoto):
        photos.keep_photo(ada, sent, "a_nia", at)
    assert not Photo.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("nia", 200), ("ben", 200), ("finn", 200), ("dev", 403), ("quinn", 403),
                                             ("alma", 403), ("ada", 403), ("eve", 403), ("otis", 403)])  # fmt: skip
def test_only_who_may_see_the_name_sees_the_face(
    client: Client, cast: Cast, ada: Person, at: datetime, who: str, status: int
) -> None:
    """Care and the front desk; research, quality, the administrator and patients do not, and no cache keeps it."""
    photos.keep_photo(ada, jpeg(), "a_nia", at)
    client.force_login(cast[who])
    answer = client.get(reverse("people:photo", args=[ada.key]), secure=True)
    assert answer.status_code == status
    if status == 200:
        assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/jpeg", "private, no-store")
        assert (
            answer["X-Content-Type-Options"] == "nosniff" and "default-src 'none'" in answer["Content-Security-Policy"]
        )


def test_nobody_signed_out_sees_it(client: Client, ada: Person, at: datetime) -> None:
    """The address alone gives nothing."""
    photos.keep_photo(ada, jpeg(), "a_nia", at)
    assert client.get(reverse("people:photo", args=[ada.key]), secure=True).status_code == 302


def test_taking_changing_and_dropping_it_are_entries(client: Client, cast: Cast, ada: Person, at: datetime) -> None:
    """The page keeps what is sent and says what is wrong; each act stands in the ledger, which holds no picture."""
    client.force_login(cast["nia"])
    address = reverse("people:photo_change", args=[ada.key])
    back = f"/session/{ada.key}/"
    told = {"photo": SimpleUploadedFile("x.jpg", jpeg()), "back": back}
    assert client.post(address, told, secure=True)["Location"] == back
    bad = client.post(address, {"photo": SimpleUploadedFile("x.exe", b"MZ")}, secure=True)
    assert bad.status_code == 400 and "no JPEG or PNG" in bad.content.decode()
    assert client.post(address, {"back": "//evil.example/", "drop": "yes"}, secure=True)["Location"] == address
    kinds = [e.kind for e in Entry.objects.filter(kind__startswith="person.photo").order_by("seq")]
    assert kinds == ["person.photo_kept", "person.photo_dropped"] and not Photo.objects.exists()


def test_erasing_the_person_erases_the_photo(ada: Person, at: datetime) -> None:
    """The row is gone, not marked."""
    photos.keep_photo(ada, jpeg(), "a_nia", at)
    erase_person(ada, "a_alma", at)
    assert not Photo.objects.exists()


def test_check_in_asks_for_the_face(client: Client, cast: Cast, at: datetime, demonstration: None) -> None:
    """With a photo nobody is checked in before it was compared; another face stops; a face is none of the two."""
    course, now = ready(cast, at)
    person = course.person
    photos.keep_photo(person, photos.drawn(person.name), "a_nia", now)
    client.force_login(cast["nia"])
    clock.set_to(now)
    address = reverse("session:check_in", args=[course.key, PLACE.step, PLACE.occurrence])
    page = client.get(reverse("session:session", args=[course.key, PLACE.step, PLACE.occurrence]), secure=True)
    assert f"/people/{person.key}/photo/?" in page.content.decode()
    Person.objects.filter(pk=person.pk).update(born_on=BORN)
    said = {"name_said": "yes", "chair": "chair_1", "born_on": BORN.isoformat()}
    for told, words in (({}, "Nobody compared"), ({"photo_same": "no"}, "somebody else")):
        answer = client.post(address, said | told, secure=True)
        assert answer.status_code == 409 and words in answer.content.decode()
    no_birth_date = {k: v for k, v in said.items() if k != "born_on"} | {"photo_same": "yes"}
    assert client.post(address, no_birth_date, secure=True).status_code == 409
    assert not Sitting.objects.exists()
    assert client.post(address, said | {"photo_same": "yes"}, secure=True).status_code == 302


def test_where_there_is_no_photo_the_page_says_so(
    client: Client, cast: Cast, at: datetime, demonstration: None
) -> None:
    """Not an empty frame: words, and the way to take one."""
    course, now = ready(cast, at)
    client.force_login(cast["nia"])
    clock.set_to(now)
    page = client.get(reverse("session:session", args=[course.key, PLACE.step, PLACE.occurrence]), secure=True)
    assert "There is no photo of this person" in page.content.decode() and "No photo" in page.content.decode()


def test_a_drawn_picture_says_that_it_is_simulated() -> None:
    """The same name gives the same picture, other names others; it is kept by the same way as a photo."""
    one = photos.cleaned(photos.drawn("Ada Ames"))
    assert one == photos.cleaned(photos.drawn("Ada Ames")) != photos.cleaned(photos.drawn("Ben Bright"))
