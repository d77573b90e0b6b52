"""Secrets webhooks are signed with (Standard Webhooks): ``whsec_`` and the base64 of 24 to 64 bytes."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Final

from outdial.domain.errors import Fault, Invalid

PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)
_NEW_KEY_BYTES: Final = 32
_LONGEST: Final = 200


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_NEW_KEY_BYTES)).decode()


def key_of(secret: str, field: str = "webhook_secret") -> bytes:
    """The key in a secret, with or without ``whsec_`` before it. ``field``: what holds it, for the message.

    Raises:
        Invalid: it is not base64 of 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(secret[:_LONGEST].strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in _KEY_BYTES:
        wanted = f"{PREFIX} and base64 of {_KEY_BYTES[0]} to {_KEY_BYTES[-1]} bytes (openssl rand -base64 32)"
        raise Invalid(Fault((field,), f"the signing secret must be {wanted}"))
    return key
