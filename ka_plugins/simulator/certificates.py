"""A certificate authority and a server certificate for loopback, made for one simulator and good for nothing else."""

from __future__ import annotations

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

LIFE: Final = timedelta(days=825)
SPARE: Final = timedelta(days=30)  # a certificate that ends sooner is made anew


def tls_context(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """The server's side of TLS and the CA file for its clients; both are made where the folder has none yet."""
    ca_file, chain = folder / "ca.pem", folder / "server.pem"
    if not _usable(ca_file, chain, host):
        folder.mkdir(parents=True, exist_ok=True)
        _make(ca_file, chain, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, ca_file


def _usable(ca_file: Path, chain: Path, host: str) -> bool:
    try:
        x509.load_pem_x509_certificate(ca_file.read_bytes())
        server = x509.load_pem_x509_certificates(chain.read_bytes())[0]
    except (OSError, ValueError):
        return False
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return server.not_valid_after_utc > datetime.now(UTC) + SPARE and _alternative(host) in names


def _make(ca_file: Path, chain: Path, host: str) -> None:
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("Simulated key server CA (not a real one)")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        _builder(_name("Simulated key server"), ca_name, server_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(host)), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    secret = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(chain, server.public_bytes(Encoding.PEM) + secret, 0o600)
    _write(ca_file, ca.public_bytes(Encoding.PEM), 0o644)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _alternatives(host: str) -> list[x509.GeneralName]:
    return [_alternative(name) for name in dict.fromkeys(("localhost", "127.0.0.1", "::1", host))]


def _write(path: Path, content: bytes, mode: int) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    fresh.replace(path)
