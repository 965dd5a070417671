"""The gateway's certificate, made when it is first needed, and the server's, trusted by a file."""

from __future__ import annotations

import logging
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..errors import SourceError

log = logging.getLogger(__name__)

VALID_DAYS = 5 * 365
PRESENTED = '.presented'
"""Appended to the name of the file to which an unknown certificate of the server is written."""


def own_certificate(certificate: Path, key: Path) -> str:
    """Make the gateway's certificate and key if there are none. Returns its application URI.

    :raises SourceError: it cannot be made or read, or has expired
    """
    try:
        if not certificate.exists() and not key.exists():
            _make(certificate, key)
        for missing, other in ((certificate, key), (key, certificate)):
            if not missing.exists():
                raise SourceError(
                    f'{missing} is missing, which belongs to {other}: put it back, or delete {other.name} to have both '
                    'made again, which the server must then trust')
        own = _read(certificate)
    except OSError as error:
        raise SourceError(f'the certificate of the gateway: {error}') from error
    check_validity(own, f'the certificate of the gateway, {certificate},',
                   'Delete it and its key: new ones are made, which the server must trust again')
    uris = _names(own).get_values_for_type(x509.UniformResourceIdentifier)
    if not uris:
        raise SourceError(f'the certificate of the gateway, {certificate}, has no application URI')
    return str(uris[0])


def file_of(path: Path) -> CertProperties:
    """A certificate or a key for asyncua, which otherwise goes by the name of the file."""
    return CertProperties(path, 'pem' if _is_pem(path.read_bytes()) else 'der')


def check_server(presented: bytes, trusted: Path) -> None:
    """Check that the server's certificate is the one in the file, and is valid. presented: as DER.

    :raises SourceError: it is not; an unknown one is written beside the file, for people to compare
    """
    shown = x509.load_der_x509_certificate(presented)
    if not trusted.exists():
        _refuse(shown, trusted, f'the certificate of the server, {trusted.name}, does not exist')
    if _read(trusted) != shown:
        _refuse(shown, trusted, f'the server shows another certificate than {trusted.name}')
    check_validity(shown, 'the certificate of the server', 'Renew it at the server')


def check_validity(certificate: x509.Certificate, name: str, advice: str) -> None:
    """:raises SourceError: now is not in the time for which it is valid"""
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        raise SourceError(f'{name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}. {advice}')
    if now < certificate.not_valid_before_utc:
        raise SourceError(f'{name} is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on: is the '
                          'clock of this computer right?')


def _refuse(shown: x509.Certificate, trusted: Path, problem: str) -> None:
    copy = trusted.with_name(trusted.name + PRESENTED)
    raw = shown.public_bytes(Encoding.PEM if trusted.suffix == '.pem' else Encoding.DER)
    try:
        if not copy.exists() or copy.read_bytes() != raw:
            copy.write_bytes(raw)
            log.warning('the certificate that the server shows is now in %s. Its SHA-256 fingerprint is %s: if the '
                        'server says the same, rename the file to %s', copy,
                        shown.fingerprint(SHA256()).hex(':').upper(), trusted.name)
    except OSError as error:
        raise SourceError(f'{problem}, and what the server shows cannot be written to {copy}: {error}') from error
    raise SourceError(f'{problem}; the one that it shows is in {copy.name}: compare its fingerprint and rename it')


def _read(file: Path) -> x509.Certificate:
    raw = file.read_bytes()
    try:
        return x509.load_pem_x509_certificate(raw) if _is_pem(raw) else x509.load_der_x509_certificate(raw)
    except ValueError as error:
        raise SourceError(f'{file} is no certificate (DER or PEM)') from error


def _is_pem(raw: bytes) -> bool:
    return raw.lstrip().startswith(b'-----')


def _names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def _make(certificate: Path, key: Path) -> None:
    host = socket.gethostname()
    private = generate_private_key()
    uri = f'urn:{host}:line-monitor:gateway'
    made = generate_self_signed_app_certificate(
        private, f'Line Monitor gateway on {host}', {}, [x509.UniformResourceIdentifier(uri), x509.DNSName(host)],
        [ExtendedKeyUsageOID.CLIENT_AUTH], VALID_DAYS)
    for file in certificate, key:
        file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'wb') as output:
        output.write(dump_private_key_as_pem(private))
    certificate.write_bytes(made.public_bytes(Encoding.PEM if certificate.suffix == '.pem' else Encoding.DER))
