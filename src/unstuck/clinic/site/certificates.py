"""A certificate for the clinic's own network: a small authority that may sign for this clinic's names only.

Tablets are told once to trust the authority. Its name constraints keep whoever steals its key from signing for any
other site, so that trusting it costs a tablet little. The server's certificate is renewed under it each year, and the
tablets need not be touched again.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from unstuck.core.errors import Complaint

AUTHORITY_KEY, AUTHORITY, SERVER = "ca.key", "ca.crt", "server.pem"
AUTHORITY_DAYS, SERVER_DAYS = 3650, 397
RENEW_WITHIN = timedelta(days=30)
HERE = ("localhost", "127.0.0.1", "::1")
"""Always among the names: checks on the machine itself, and so that the constraints bind names and addresses both."""
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Standing:
    """The server's certificate as it lies in the folder."""

    hosts: tuple[str, ...]
    until: datetime
    authority_sha256: str

    def left(self, at: datetime) -> timedelta:
        """How long it holds."""
        return self.until - at

    def due(self, at: datetime) -> bool:
        """Whether it is time to renew it."""
        return self.left(at) <= RENEW_WITHIN


def issue(folder: Path, hosts: list[str], at: datetime, new_authority: bool = False) -> Standing:
    """A certificate for `hosts`, or for those of the last one where none are named; the authority is made where needed.

    Raises Complaint when a host is no name or address, or when the authority on the tablets may not sign for it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = _wanted(folder, hosts)
    if new_authority or not (folder / AUTHORITY).exists():
        _make_authority(folder, wanted, at)
    authority, key = _authority(folder)
    _refuse_strangers(authority, wanted)
    own = ec.generate_private_key(ec.SECP256R1())
    until = min(at + timedelta(days=SERVER_DAYS), authority.not_valid_after_utc)
    builder = _begun(wanted[0], authority.subject, own, at, until)
    builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_general, wanted))), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs=False), critical=True)
    builder = builder.add_extension(_known_by(authority), critical=False)
    signed = builder.sign(key, hashes.SHA256())
    _write(folder / SERVER, _pem(own) + signed.public_bytes(serialization.Encoding.PEM))
    return standing(folder)


def standing(folder: Path) -> Standing:
    """What the folder has. Raises Complaint where no certificate was made yet, or one cannot be read."""
    try:
        server = x509.load_pem_x509_certificate(_certificate(folder / SERVER))
        authority = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
    except FileNotFoundError:
        raise Complaint("This clinic has no certificate yet.", mend="Make one with 'unstuck tls HOST'.") from None
    except ValueError as wrong:
        raise Complaint(f"The certificate cannot be read: {wrong}.", str(folder), "Make a new one.") from wrong
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = tuple(str(name.value) for name in names)
    return Standing(hosts, server.not_valid_after_utc, authority.fingerprint(hashes.SHA256()).hex(":").upper())


def context(folder: Path) -> ssl.SSLContext:
    """The server's side of TLS 1.2 or newer, with the certificate of the folder."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(folder / SERVER)
    return made


def _certificate(path: Path) -> bytes:
    """The certificate behind the key in one file."""
    _, mark, certificate = path.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
    return mark + certificate


def _wanted(folder: Path, hosts: list[str]) -> list[str]:
    named = [_host(host) for host in hosts] or list(standing(folder).hosts)
    return list(dict.fromkeys([*named, *HERE]))


def _host(text: str) -> str:
    """A name or an address in its usual form. Raises Complaint on a URL, a port, a wildcard."""
    told = text.strip().lower().strip("[]").rstrip(".")
    try:
        return str(ip_address(told))
    except ValueError:
        if _NAME.fullmatch(told) and not re.fullmatch(r"[\d.]+", told):
            return told
    raise Complaint(f"{text!r} is neither a name nor an address.", mend="Write it as in clinic.lan or 192.168.1.20.")


def _general(host: str) -> x509.GeneralName:
    address = _address(host)
    return x509.IPAddress(address) if address else x509.DNSName(host)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _make_authority(folder: Path, hosts: list[str], at: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"Unstuck clinic authority {at:%Y-%m-%d}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _begun(name, subject, key, at, at + timedelta(days=AUTHORITY_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    builder = builder.add_extension(
        x509.NameConstraints(permitted_subtrees=list(map(_subtree, hosts)), excluded_subtrees=None), critical=True
    )
    signed = builder.sign(key, hashes.SHA256())
    _write(folder / AUTHORITY_KEY, _pem(key))
    _write(folder / AUTHORITY, signed.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _subtree(host: str) -> x509.GeneralName:
    address = _address(host)
    return x509.IPAddress(ip_network(address)) if address else x509.DNSName(host)


def _authority(folder: Path) -> tuple[x509.Certificate, Key]:
    authority = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
    key = serialization.load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), password=None)
    if not isinstance(key, Key) or key.public_key() != authority.public_key():
        raise Complaint("The authority's key is not that of its certificate.", mend="Use --new-authority.")
    return authority, key


def _refuse_strangers(authority: x509.Certificate, hosts: list[str]) -> None:
    """Raises Complaint where the authority may not sign for a host: the tablets would refuse the certificate."""
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = {str(subtree.value) for subtree in constraints.permitted_subtrees or ()}
    strange = [host for host in hosts if str(_subtree(host).value) not in permitted]
    if strange:
        raise Complaint(
            f"The authority that the tablets trust may not sign for {', '.join(strange)}.",
            mend="--new-authority makes another for these names; every tablet must then be told to trust that one.",
        )


def _begun(name: str, issuer: x509.Name, key: Key, at: datetime, until: datetime) -> x509.CertificateBuilder:
    """What an authority and a server's certificate have in common. It holds from an hour before, for slow clocks."""
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _known_by(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """The file as a whole, or the old one."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
