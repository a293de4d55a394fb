"""Passkeys against a device made of software: what proves its holder, and what does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.cache import cache
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from tests.site_fixtures import over_tls
from unstuck.clinic import clock
from unstuck.clinic.people.models import Account
from unstuck.clinic.portal.models import Passkey

pytestmark = pytest.mark.django_db
HOST = "testserver"
FLAG = AuthenticatorData.FLAG


@dataclass
class Device:
    """A device that keeps one passkey and answers as WebAuthn says. `origin`, `flags` and `counter` can be spoilt."""

    origin: str = f"https://{HOST}"
    flags: int = FLAG.UP | FLAG.UV
    counter: int = 1
    id: bytes = b"device-1"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to being asked for a new passkey."""
        data = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key()))
        proof = AuthenticatorData.create(sha256(HOST.encode()), self.flags | FLAG.AT, self.counter, data)
        return self._answer({
            "clientDataJSON": self._client("webauthn.create", asked),
            "attestationObject": websafe_encode(AttestationObject.create("none", proof, {})),
        })  # fmt: skip

    def sign(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to being asked who it is."""
        proof = AuthenticatorData.create(sha256(HOST.encode()), self.flags, self.counter)
        told = self._client("webauthn.get", asked)
        signature = self.key.sign(proof + sha256(websafe_decode(told)), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": told, "authenticatorData": websafe_encode(proof), "signature": websafe_encode(signature)}
        )

    def _client(self, kind: str, asked: dict[str, Any]) -> str:
        told = {"type": kind, "challenge": asked["publicKey"]["challenge"], "origin": self.origin}
        return websafe_encode(json.dumps(told).encode())

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """No knock of another test counts."""
    cache.clear()


@pytest.fixture
def device(signed_in: Callable[[str], Client], cast: dict[str, Account], at: datetime) -> Device:
    """Ada's device, whose passkey the site knows."""
    made, browser = Device(), signed_in("ada")
    with clock.stopped(at):
        assert send(browser, "keys", made.make) == 200
    made.counter += 1
    return made


def send(browser: Client, door: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Asks at that door and answers what `answer` makes of the question."""
    asked = browser.post(f"/me/{door}/ask/").json()
    return browser.post(f"/me/{door}/answer/", json.dumps(answer(asked)), content_type="application/json").status_code


def test_a_passkey_opens_the_own_page(device: Device, at: datetime) -> None:
    """The device's signature signs Ada in, in a browser that knew nothing of her."""
    browser = over_tls()
    with clock.stopped(at):
        assert send(browser, "in/key", device.sign) == 200
        assert browser.get("/me/").status_code == 200
    assert Passkey.objects.get().counter == 2


def test_no_name_leaves_the_site(signed_in: Callable[[str], Client], cast: dict[str, Account], at: datetime) -> None:
    """What the device is told holds the account's random key and the site's name; not Ada's."""
    with clock.stopped(at):
        asked = signed_in("ada").post("/me/keys/ask/").content.decode()
    assert "Ada" not in asked and websafe_encode(cast["ada"].key.encode()) in asked


@pytest.mark.parametrize(
    "spoil",
    [
        {"origin": "https://testserver.example.org"},
        {"origin": "http://testserver"},
        {"flags": FLAG.UP},
        {"flags": FLAG.UV},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"id": b"device-2"},
        {"counter": 1},
        {"counter": 0},
    ],
    ids=lambda spoil: "-".join(spoil),
)
def test_a_wrong_proof_opens_nothing(device: Device, at: datetime, spoil: dict[str, Any]) -> None:
    """Another site, no TLS, nobody at the device, an unproved holder, another key, an unknown one, a copied one."""
    browser = over_tls()
    for name, value in spoil.items():
        setattr(device, name, value)
    with clock.stopped(at):
        assert send(browser, "in/key", device.sign) == 409
        assert browser.get("/me/").status_code == 302


def test_an_answer_works_once_and_for_its_own_question(device: Device, at: datetime) -> None:
    """An answer that was overheard opens nothing when it is sent again, in this browser or another."""
    browser, kept = over_tls(), {}

    def keep(asked: dict[str, Any]) -> dict[str, Any]:
        kept["answer"] = device.sign(asked)
        return kept["answer"]

    with clock.stopped(at):
        assert send(browser, "in/key", keep) == 200
        assert send(over_tls(), "in/key", lambda _asked: kept["answer"]) == 409


def test_a_passkey_that_was_removed_opens_nothing(
    device: Device, signed_in: Callable[[str], Client], at: datetime
) -> None:
    """Ada takes it out on her page; nobody else can."""
    row = Passkey.objects.get()
    with clock.stopped(at):
        assert signed_in("nia").post("/me/keys/", {"passkey": row.pk}).status_code == 403
        assert signed_in("ada").post("/me/keys/", {"passkey": row.pk}).status_code == 302
        assert send(over_tls(), "in/key", device.sign) == 409


def test_a_device_needs_a_signed_in_patient(cast: dict[str, Account], signed_in: Callable[[str], Client]) -> None:
    """Neither a stranger nor staff can add a passkey."""
    assert over_tls().post("/me/keys/ask/").status_code == 302
    assert signed_in("ben").post("/me/keys/ask/").status_code == 403
    assert not Passkey.objects.exists()
