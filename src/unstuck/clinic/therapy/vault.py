"""The key of the psychotherapy notes: outside the database, each author's derived from it, and two halves for recovery.

The site's key lies in `notes.key` of the data folder and is in no backup. Two named people each hold a passphrase that
opens one half of it; both halves together make the key again, one alone tells nothing of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from unstuck.core.errors import Complaint

FILE = "notes.key"
LENGTH, NONCE = 32, 12
COST = {"n": 2**14, "r": 8, "p": 1}  # of scrypt: what RFC 7914 gives for a passphrase that is typed


class KeyGone(Complaint):
    """The key of the notes is not on this machine, or is another one."""


class NotOpened(Complaint):
    """A note, or a half of the key, does not open with this key or passphrase."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A half of the key behind a passphrase: salt, and ciphertext with its nonce, in base64."""

    salt: str
    body: str


def path() -> Path:
    """Where the key lies."""
    return Path(settings.UNSTUCK_HOME) / FILE


def key(make: bool = False) -> bytes:
    """The site's key; made at random, readable by its owner only, where `make` and there is none. Raises KeyGone."""
    try:
        kept = base64.b64decode(path().read_text(encoding="ascii"), validate=True)
    except FileNotFoundError:
        if make:
            return put_back(secrets.token_bytes(LENGTH))
        raise KeyGone(
            _("The key of the private notes is not on this machine."),
            mend=_("Two key holders can put it back with their passphrases."),
        ) from None
    except ValueError:
        raise KeyGone(_("The file of the notes' key is damaged."), str(path())) from None
    return kept


def put_back(key: bytes) -> bytes:
    """The key lies in its file, which did not exist before."""
    descriptor = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(base64.b64encode(key).decode())
    return key


def fingerprint(key: bytes) -> str:
    """A word that is the same for the same key and tells nothing of it."""
    return hashlib.sha256(b"unstuck notes key" + key).hexdigest()[:16]


def seal(words: str, author: str, bound_to: str, key: bytes) -> str:
    """The words as AES-256-GCM under the author's own key, in base64; they open for `bound_to` only."""
    nonce = os.urandom(NONCE)
    return base64.b64encode(nonce + AESGCM(_of(author, key)).encrypt(nonce, words.encode(), bound_to.encode())).decode()


def unseal(sealed: str, author: str, bound_to: str, key: bytes) -> str:
    """The words again. Raises NotOpened for another key, another author, another note, or a changed byte."""
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(_of(author, key)).decrypt(raw[:NONCE], raw[NONCE:], bound_to.encode()).decode()
    except InvalidTag:
        raise NotOpened(_("This note does not open: it was changed, or sealed with another key.")) from None


def _of(author: str, key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=b"unstuck note of " + author.encode()).derive(key)


def halves(key: bytes) -> tuple[bytes, bytes]:
    """Two halves, each of them random on its own, that give the key together."""
    one = secrets.token_bytes(len(key))
    return one, joined(one, key)


def joined(one: bytes, other: bytes) -> bytes:
    """The key from its two halves."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def lock_half(half: bytes, passphrase: str) -> Sealed:
    """The half behind a passphrase."""
    salt, nonce = os.urandom(16), os.urandom(NONCE)
    body = nonce + AESGCM(_stretched(passphrase, salt)).encrypt(nonce, half, b"half")
    return Sealed(base64.b64encode(salt).decode(), base64.b64encode(body).decode())


def open_half(sealed: Sealed, passphrase: str) -> bytes:
    """The half again. Raises NotOpened for another passphrase."""
    raw = base64.b64decode(sealed.body)
    try:
        return AESGCM(_stretched(passphrase, base64.b64decode(sealed.salt))).decrypt(raw[:NONCE], raw[NONCE:], b"half")
    except InvalidTag:
        raise NotOpened(_("A passphrase is not right."), mend=_("Each key holder types the own one.")) from None


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, dklen=LENGTH, maxmem=2**26, **COST)


def is_same(key: bytes, known: str) -> bool:
    """Whether the fingerprint is this key's."""
    return hmac.compare_digest(fingerprint(key), known)
