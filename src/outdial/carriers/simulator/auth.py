"""Digest authentication as a trunk asks for it: 407 and a check of the answer (RFC 3261 §22, RFC 2617, MD5)."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from outdial.carriers.simulator.sip_messages import Request, header

REALM: Final = "simulated-network"
_FIELD: Final = re.compile(r'([A-Za-z]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


@dataclass(frozen=True)
class Gatekeeper:
    """Lets only one account dial. Nonces are made from ``secret`` and the Call-ID, so none has to be kept."""

    user: str
    password: str = field(repr=False)
    secret: bytes = field(repr=False)

    def challenge(self, request: Request) -> tuple[str, str]:
        """The header of the 407."""
        nonce = self._nonce(request)
        return ("Proxy-Authenticate", f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"')

    def admits(self, request: Request) -> bool:
        scheme, _, rest = header(request, "Proxy-Authorization").partition(" ")
        given = {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
        if scheme.lower() != "digest" or given.get("username") != self.user:
            return False
        if not hmac.compare_digest(given.get("nonce", "").encode(), self._nonce(request).encode()):
            return False
        expected = self._response(given, request.method)
        return hmac.compare_digest(given.get("response", "").lower().encode("utf-8", "replace"), expected.encode())

    def _nonce(self, request: Request) -> str:
        call_id = header(request, "Call-ID").encode("utf-8", "surrogateescape")
        return hmac.new(self.secret, call_id, hashlib.sha256).hexdigest()[:32]

    def _response(self, given: dict[str, str], method: str) -> str:
        who = _md5(f"{self.user}:{REALM}:{self.password}")
        what = _md5(f"{method}:{given.get('uri', '')}")
        if given.get("qop") == "auth":
            return _md5(f"{who}:{given['nonce']}:{given.get('nc', '')}:{given.get('cnonce', '')}:auth:{what}")
        return _md5(f"{who}:{given['nonce']}:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
