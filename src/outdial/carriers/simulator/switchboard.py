"""Where every SIP message finds its way: to the call it belongs to, to the transaction it repeats, or to a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from outdial.carriers.simulator.auth import Gatekeeper
from outdial.carriers.simulator.sip_call import ALLOW, DialogKey, SipCall
from outdial.carriers.simulator.sip_messages import Message, Request, Response, answer_to, header, tag
from outdial.carriers.simulator.sip_server import Peer, with_source
from outdial.carriers.simulator.sip_transactions import ServerTransaction, Transactions

_NO_SUCH = "Call/Transaction Does Not Exist"


class Switchboard:
    """``on_call`` is handed each new call, already plugged in; it unplugs it when it has ended.

    ``local`` tells the address the calls are reached at; ``token`` makes random tags.
    """

    def __init__(
        self,
        table: Transactions,
        *,
        on_call: Callable[[SipCall], None],
        local: Callable[[], tuple[str, int]],
        token: Callable[[], str],
        gatekeeper: Gatekeeper | None,
    ) -> None:
        self._table = table
        self._on_call = on_call
        self._local = local
        self._token = token
        self._gatekeeper = gatekeeper
        self._dialogs: dict[DialogKey, SipCall] = {}
        self._by_invite: dict[int, SipCall] = {}
        self._quiet = asyncio.Event()
        self._quiet.set()

    def __len__(self) -> int:
        return len(self._dialogs)

    async def quiet(self) -> None:
        """Returns when no call is plugged in."""
        await self._quiet.wait()

    def unplug(self, call: SipCall) -> None:
        """The call has ended; repeats of its messages are still answered for a while."""
        del self._dialogs[call.key]
        del self._by_invite[id(call.invite)]
        self._table.forget_later(call.invite.request)
        if not self._dialogs:
            self._quiet.set()

    def on_message(self, message: Message, peer: Peer) -> None:
        if isinstance(message, Response):
            self._table.on_response(message)
            return
        call = self._dialogs.get((header(message, "Call-ID"), tag(message, "To"), tag(message, "From")))
        if message.method == "ACK":
            self._on_ack(message, call)
            return
        transaction = self._table.serve(*with_source(message, peer))
        if transaction is None:
            return
        if message.method == "CANCEL":
            self._on_cancel(transaction)
        elif call is not None:
            call.on_request(transaction)
        else:
            self._on_stranger(transaction)

    def _on_ack(self, request: Request, call: SipCall | None) -> None:
        if call is not None and call.final_code == 200:
            call.on_ack(request)
        elif (refused := self._table.invite_of(request)) is not None:
            refused.acked()

    def _on_cancel(self, transaction: ServerTransaction) -> None:
        invite = self._table.invite_of(transaction.request)
        if invite is None:
            self._turn_away(transaction, 481, _NO_SUCH)
            return
        call = self._by_invite.get(id(invite))
        # RFC 3261 §9.2: the answer to the CANCEL carries the tag of the answers to the INVITE.
        to_tag = call.key[1] if call is not None else self._token()
        transaction.respond(answer_to(transaction.request, 200, "OK", to_tag=to_tag))
        if call is not None:
            call.cancel()

    def _on_stranger(self, transaction: ServerTransaction) -> None:
        """A request outside any dialog."""
        request = transaction.request
        if tag(request, "To"):
            self._turn_away(transaction, 481, _NO_SUCH)
        elif request.method == "OPTIONS":
            self._turn_away(transaction, 200, "OK", ("Allow", ALLOW), ("Accept", "application/sdp"))
        elif request.method != "INVITE":
            self._turn_away(transaction, 405, "Method Not Allowed", ("Allow", ALLOW))
        elif self._gatekeeper is not None and not self._gatekeeper.admits(request):
            self._turn_away(transaction, 407, "Proxy Authentication Required", self._gatekeeper.challenge(request))
        elif required := header(request, "Require"):
            self._turn_away(transaction, 420, "Bad Extension", ("Unsupported", required))
        else:
            self._plug_in(transaction)

    def _turn_away(self, transaction: ServerTransaction, status: int, phrase: str, *more: tuple[str, str]) -> None:
        transaction.respond(answer_to(transaction.request, status, phrase, to_tag=self._token(), more=more))
        if transaction.request.method == "INVITE":
            self._table.forget_later(transaction.request)

    def _plug_in(self, transaction: ServerTransaction) -> None:
        call = SipCall(transaction, self._token(), self._local(), self._table)
        call.progress(100, "Trying")
        self._dialogs[call.key] = call
        self._by_invite[id(transaction)] = call
        self._quiet.clear()
        self._on_call(call)
