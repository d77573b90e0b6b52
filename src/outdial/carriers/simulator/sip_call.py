"""One call as the called side sees it: an INVITE, its answers, and the dialog that follows (RFC 3261 §12, §13.3)."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from outdial.carriers.simulator import sdp
from outdial.carriers.simulator.rtp_leg import RtpLeg
from outdial.carriers.simulator.scenarios import Refusal
from outdial.carriers.simulator.seen import CallEnd
from outdial.carriers.simulator.sip_messages import (
    Headers,
    Request,
    Response,
    address,
    answer_to,
    cseq,
    header,
    header_values,
    split_list,
    tag,
    uri_host,
    uri_user,
)
from outdial.carriers.simulator.sip_server import Peer, UdpPeer
from outdial.carriers.simulator.sip_transactions import ServerTransaction, Transactions

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"
DialogKey = tuple[str, str, str]
"""Call-ID, our tag, the caller's tag."""
_KEYS: Final = frozenset("0123456789*#ABCD")


class SipCall:
    """Lives from the INVITE to the last BYE. ``leg`` is set while there is sound; ``over`` when the call has ended."""

    def __init__(self, invite: ServerTransaction, to_tag: str, local: tuple[str, int], table: Transactions) -> None:
        request = invite.request
        self.number = uri_user(request.uri)
        self.from_number = uri_user(address(header(request, "From")))
        self.call_id = header(request, "Call-ID")
        self.offer = request.body
        self.leg: RtpLeg | None = None
        self.media: sdp.Media | None = None
        self.over = asyncio.Event()
        self.end_of_call = CallEnd.UNDER_WAY
        self.final_code = 0
        self._invite = invite
        self._invites = [invite]
        self._settled = asyncio.Event()
        self._acknowledged = False
        self._to_tag = to_tag
        self._table = table
        host = f"[{local[0]}]" if ":" in local[0] else local[0]
        self._local = f"{host}:{local[1]}"
        tcp = ";transport=tcp" if invite.peer.transport == "TCP" else ""
        self._contact = f"<sip:{quote(self.number, safe='+*#')}@{self._local}{tcp}>"
        self._remote_cseq = cseq(request)[0]
        self._local_cseq = 0
        self._descriptions = 0

    @property
    def key(self) -> DialogKey:
        return (self.call_id, self._to_tag, tag(self._invite.request, "From"))

    @property
    def invite(self) -> ServerTransaction:
        return self._invite

    # Before the answer.

    def progress(self, status: int, phrase: str, *, with_media: bool = False) -> None:
        """100, 180 or 183; nothing once a final answer has left."""
        if not self._invite.answered:
            body = self._describe() if with_media else b""
            self._invite.respond(self._response(self._invite.request, status, phrase, body=body))

    def refuse(self, refusal: Refusal) -> None:
        reason = ("Reason", f'Q.850;cause={refusal.q850};text="{refusal.phrase}"')
        self.reject(refusal.sip_code, refusal.phrase, reason)

    def reject(self, status: int, phrase: str, *more: tuple[str, str], how: CallEnd = CallEnd.REFUSED) -> None:
        """A final answer that is none."""
        if not self._invite.answered:
            self.final_code = status
            self._invite.respond(self._response(self._invite.request, status, phrase, more=more))
            self.end("the call was not answered", how)

    def cancel(self) -> None:
        """The caller gave up. Too late when we have answered: its ACK and BYE will follow (RFC 3261 §9.2)."""
        self.reject(487, "Request Terminated", how=CallEnd.CANCELLED)

    async def answer(self) -> bool:
        """200, repeated until the ACK. False when the call ended before, or no ACK ever came (then BYE: §13.3.1.4)."""
        if self.over.is_set():
            return False
        self.final_code = 200
        response = self._response(self._invite.request, 200, "OK", body=self._describe())
        self._invite.respond(response, on_unacked=self._settled.set)
        await self._settled.wait()
        if not self._acknowledged and not self.over.is_set():
            await self.bye(CallEnd.NEVER_ACKNOWLEDGED)
        return self._acknowledged and not self.over.is_set()

    # In the dialog.

    def on_ack(self, request: Request) -> None:
        for invite in self._invites:
            if cseq(invite.request)[0] == cseq(request)[0]:
                invite.acked()
        if request.body and not self.offer and not self._acknowledged:
            try:
                self._move(request.body)
            except (sdp.NotAcceptable, OSError):
                self.end("the caller's session description cannot be used", CallEnd.BROKEN)
        self._acknowledged = True
        self._settled.set()

    def on_request(self, transaction: ServerTransaction) -> None:
        """BYE, re-INVITE, UPDATE, INFO and OPTIONS of the caller."""
        request = transaction.request
        if cseq(request)[0] < self._remote_cseq:
            self._reply(transaction, 500, "Server Internal Error")
            return
        self._remote_cseq = cseq(request)[0]
        match request.method:
            case "BYE":
                self._reply(transaction, 200, "OK")
                self.end("the caller hung up", CallEnd.CALLER_HUNG_UP)
            case "INVITE" | "UPDATE":
                self._renegotiate(transaction)
            case "INFO":
                self._info(request)
                self._reply(transaction, 200, "OK")
            case "OPTIONS":
                self._reply(transaction, 200, "OK", ("Allow", ALLOW))
            case _:
                self._reply(transaction, 405, "Method Not Allowed", ("Allow", ALLOW))

    async def bye(self, how: CallEnd = CallEnd.CALLEE_HUNG_UP) -> None:
        """Hang up: returns when the far side was told, or does not answer."""
        if not self.over.is_set():
            self.end(None, how)
            request, peer = self._bye_request()
            await self._table.ask(request, peer)

    def switch_off(self) -> None:
        """The network goes away: one BYE to whoever is still talking, nothing is waited for."""
        if self.final_code == 200 and not self.over.is_set():
            request, peer = self._bye_request()
            peer.send(request)
        self.end("the network was switched off", CallEnd.BROKEN)

    def end(self, why: str | None, how: CallEnd) -> None:
        """Sound stops; only the first reason counts (None: the callee hung up). A refusal is repeated until its ACK."""
        if self.over.is_set():
            return
        self.end_of_call = how
        if self.leg is not None:
            self.leg.end(why)
        if self.final_code == 200:
            for invite in self._invites:
                invite.acked()
        self.over.set()
        self._settled.set()

    def _reply(self, transaction: ServerTransaction, status: int, phrase: str, *more: tuple[str, str]) -> None:
        transaction.respond(self._response(transaction.request, status, phrase, more=more))

    def _response(
        self, request: Request, status: int, phrase: str, *, more: Headers = (), body: bytes = b""
    ) -> Response:
        own: Headers = () if status >= 300 or status == 100 else (("Contact", self._contact),)
        kind: Headers = (("Content-Type", "application/sdp"),) if body else ()
        allow: Headers = (("Allow", ALLOW),) if status == 200 and request.method == "INVITE" else ()
        return answer_to(request, status, phrase, to_tag=self._to_tag, more=(*own, *allow, *more, *kind), body=body)

    def _describe(self) -> bytes:
        """Our side of the sound; both codecs when the caller left the offer to us (RFC 3264 §5)."""
        if self.media is None:
            return b""
        if not self.offer and not self._acknowledged:
            return sdp.offer(self.media.host, self.media.port, session_id=self.media.port)
        return sdp.write(self.media, session_id=self.media.port, version=self._descriptions + 1)

    def _renegotiate(self, transaction: ServerTransaction) -> None:
        """Hold, resume or a new address: the same codec, the direction that answers theirs (RFC 3264 §8)."""
        request = transaction.request
        if request.method == "INVITE":
            self._invites.append(transaction)
            self._table.forget_later(request)
        try:
            if request.body:
                self._move(request.body)
        except (sdp.NotAcceptable, OSError):
            self._reply(transaction, 488, "Not Acceptable Here")
            return
        body = self._describe() if request.body or request.method == "INVITE" else b""
        transaction.respond(self._response(request, 200, "OK", body=body))

    def _move(self, body: bytes) -> None:
        theirs = sdp.read(body)
        if self.leg is None or self.media is None or self.over.is_set():
            return
        self.leg.connect(theirs.host, theirs.port)
        self._descriptions += 1
        self.media = replace(self.media, direction=sdp.answer_direction(theirs.direction))

    def _info(self, request: Request) -> None:
        """A key sent as SIP INFO (``application/dtmf-relay`` or ``application/dtmf``)."""
        text = request.body.decode("ascii", "replace").strip()
        for line in text.splitlines():
            name, sign, value = line.partition("=")
            if sign and name.strip().lower() == "signal":
                text = value.strip()
        if self.leg is not None and text in _KEYS:
            self.leg.key_heard(text)

    def _bye_request(self) -> tuple[Request, Peer]:
        """The request, along the recorded route (RFC 3261 §12.2.1.1), and where its first hop is."""
        invite = self._invite.request
        self._local_cseq += 1
        target = address(header(invite, "Contact")) or address(header(invite, "From"))
        route = [hop for line in header_values(invite, "Record-Route") for hop in split_list(line)]
        peer = self._invite.peer
        via = f"SIP/2.0/{peer.transport} {self._local};branch=z9hG4bK{self._to_tag}.{self._local_cseq};rport"
        headers: Headers = (
            ("Via", via),
            ("Max-Forwards", "70"),
            *(("Route", hop) for hop in route),
            ("From", f"{header(invite, 'To')};tag={self._to_tag}"),
            ("To", header(invite, "From")),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self._local_cseq} BYE"),
            ("Reason", 'Q.850;cause=16;text="Normal call clearing"'),
        )
        hop = uri_host(address(route[0]) if route else target)
        if isinstance(peer, UdpPeer) and hop is not None and _is_address(hop[0]):
            peer = peer.elsewhere(hop)  # a name needs a resolver; the INVITE's own source is the next best address
        return Request("BYE", target, headers), peer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
