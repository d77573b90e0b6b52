"""Signatures after the Standard Webhooks specification, so that a receiver knows who wrote to it and when.

``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``{webhook-id}.{webhook-timestamp}.{body}``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from outdial.domain.errors import Fault, Invalid

PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


class Signer:
    """Signs with one secret. Without any, nothing is signed and no header added."""

    def __init__(self, secret: str = "") -> None:
        """``secret``: empty, or base64 of 24 to 64 bytes, with or without ``whsec_`` before it.

        Raises:
            Invalid: it is something else.
        """
        self._key = key_of(secret) if secret else b""

    def headers(self, given: Mapping[str, str], message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
        """``given`` with the signature of one try. The id is the same on every try, the time and signature are not."""
        if not self._key:
            return given
        seconds = int(at.timestamp())
        digest = hmac.digest(self._key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256)
        ours = {
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        # A receiver that verifies must find exactly one of each.
        return {name: value for name, value in given.items() if name.lower() not in ours} | ours


def key_of(secret: str) -> bytes:
    """
    Raises:
        Invalid: it is not base64 of 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in _KEY_BYTES:
        wanted = f"{PREFIX} and base64 of {_KEY_BYTES[0]} to {_KEY_BYTES[-1]} bytes (openssl rand -base64 32)"
        raise Invalid(Fault(("webhook_secret",), f"the signing secret must be {wanted}"))
    return key
