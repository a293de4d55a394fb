"""The clinic's own authority: verified by OpenSSL, bound to the clinic's names, renewed without touching a tablet."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from unstuck.clinic.site import certificates
from unstuck.core.errors import Complaint

NOW = datetime.now(UTC)


def handshake(server: ssl.SSLContext, authority: Path, name: str) -> str:
    """What OpenSSL says as a client that trusts `authority` and wants `name`: the TLS version, or why it refuses."""
    client = ssl.create_default_context(cafile=str(authority))
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    for side in (ours, theirs, ours, theirs):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as refusal:
            return refusal.verify_message
    return ours.version() or ""


@pytest.mark.parametrize("name", ["clinic.lan", "192.168.1.20", "fd00::20", "localhost", "127.0.0.1"])
def test_a_client_that_trusts_the_authority_accepts_each_name(tmp_path: Path, name: str) -> None:
    """Names and addresses of the certificate are accepted over TLS 1.3, the machine's own among them."""
    certificates.issue(tmp_path, ["Clinic.LAN.", "192.168.1.20", "fd00::20"], NOW)
    assert handshake(certificates.context(tmp_path), tmp_path / "ca.crt", name) == "TLSv1.3"


def test_another_name_and_another_authority_are_refused(tmp_path: Path) -> None:
    """The certificate is good for its own names only, and only for whoever trusts this authority."""
    certificates.issue(tmp_path / "a", ["clinic.lan"], NOW)
    certificates.issue(tmp_path / "b", ["clinic.lan"], NOW)
    server = certificates.context(tmp_path / "a")
    assert "mismatch" in handshake(server, tmp_path / "a" / "ca.crt", "other.lan")
    assert "unable" in handshake(server, tmp_path / "b" / "ca.crt", "clinic.lan") or "self" in handshake(
        server, tmp_path / "b" / "ca.crt", "clinic.lan"
    )


@pytest.mark.parametrize("name", ["bank.example", "lan", "10.0.0.1"])
def test_a_stolen_authority_can_stand_in_for_no_other_site(tmp_path: Path, name: str) -> None:
    """With the authority's key a thief signs for another site, and a tablet that trusts the authority refuses it."""
    certificates.issue(tmp_path, ["clinic.lan", "192.168.1.20"], NOW)
    assert "permitted subtree" in handshake(forged(tmp_path, name), tmp_path / "ca.crt", name)
    assert handshake(forged(tmp_path, "clinic.lan"), tmp_path / "ca.crt", "clinic.lan") == "TLSv1.3"


def forged(folder: Path, name: str) -> ssl.SSLContext:
    """A server whose certificate for `name` was signed with the stolen key."""
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    stolen = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    signed = (
        certificates._begun(name, authority.subject, key, NOW, NOW + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([certificates._general(name)]), critical=False)
        .add_extension(certificates._known_by(authority), critical=False)
        .sign(stolen, hashes.SHA256())  # type: ignore[arg-type]
    )
    path = folder / "forged.pem"
    path.write_bytes(certificates._pem(key) + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_renewing_keeps_the_authority_and_the_names(tmp_path: Path) -> None:
    """Renewed without a name, the certificate has the same names and holds longer; the tablets' file is unchanged."""
    first = certificates.issue(tmp_path, ["clinic.lan"], NOW - timedelta(days=380))
    assert (first.due(NOW), first.due(NOW - timedelta(days=20))) == (True, False)
    trusted = (tmp_path / "ca.crt").read_bytes()
    second = certificates.issue(tmp_path, [], NOW)
    assert (second.hosts, second.authority_sha256) == (first.hosts, first.authority_sha256)
    assert second.until > first.until and not second.due(NOW)
    assert (tmp_path / "ca.crt").read_bytes() == trusted


def test_a_name_that_the_tablets_would_refuse_is_refused_here(tmp_path: Path) -> None:
    """A new name needs a new authority, which is said; nothing is changed until it is asked for."""
    certificates.issue(tmp_path, ["clinic.lan"], NOW)
    before = (tmp_path / "server.pem").read_bytes()
    with pytest.raises(Complaint, match=r"new\.lan"):
        certificates.issue(tmp_path, ["new.lan"], NOW)
    assert (tmp_path / "server.pem").read_bytes() == before
    made = certificates.issue(tmp_path, ["new.lan"], NOW, new_authority=True)
    assert made.hosts[0] == "new.lan"


@pytest.mark.parametrize(
    "host", ["https://clinic.lan", "clinic.lan:8443", "*.clinic.lan", "", "a b", "1.2.3", "-x.lan"]
)
def test_what_is_no_name_is_refused(tmp_path: Path, host: str) -> None:
    """A URL, a port, a wildcard or a half address is no host."""
    with pytest.raises(Complaint, match="neither a name nor an address"):
        certificates.issue(tmp_path, [host], NOW)


def test_keys_are_closed_to_others(tmp_path: Path) -> None:
    """Only the owner may read the keys; the file for the tablets is for all."""
    certificates.issue(tmp_path, ["clinic.lan"], NOW)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"ca.key": 0o600, "server.pem": 0o600, "ca.crt": 0o644}
