"""Signatures after the Standard Webhooks specification, so that a receiver knows who wrote to it and when.

``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``{webhook-id}.{webhook-timestamp}.{body}``; while
two secrets are valid, both signatures with a blank between them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from outdial.domain.webhook_secret import key_of


class Signer:
    """Signs with the endpoint's own secrets, else with the installation's. Without any, nothing is signed and no
    header added."""

    def __init__(self, secret: str = "") -> None:
        """``secret``: empty, or base64 of 24 to 64 bytes, with or without ``whsec_`` before it.

        Raises:
            Invalid: it is something else.
        """
        self._key = key_of(secret) if secret else b""

    def headers(
        self, given: Mapping[str, str], message_id: str, at: datetime, body: bytes, own: Sequence[str] = ()
    ) -> Mapping[str, str]:
        """``given`` with the signatures of one try, one for each secret that is valid. The id is the same on every try,
        the time and the signatures are not.

        Raises:
            Invalid: one of ``own`` is no secret.
        """
        keys = [key_of(secret) for secret in own] or [self._key]
        if not keys[0]:
            return given
        seconds = int(at.timestamp())
        signed = f"{message_id}.{seconds}.".encode() + body
        digests = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
        ours = {
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
        }
        # A receiver that verifies must find exactly one of each.
        return {name: value for name, value in given.items() if name.lower() not in ours} | ours
