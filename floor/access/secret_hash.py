"""Secrets that a browser or program holds; the database has only their hashes."""

from __future__ import annotations

import hashlib
import secrets

SECRET_BYTES = 32


def new_secret() -> str:
    """43 letters, digits, - and _; 256 random bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_hash(secret: str) -> bytes:
    """The SHA-256 of a secret. It needs no salt: a secret has 256 random bits."""
    return hashlib.sha256(secret.encode(errors='replace')).digest()
