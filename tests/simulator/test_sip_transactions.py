"""Repeats by the timetable of RFC 3261 §17, on a clock that costs nothing."""

from __future__ import annotations

import asyncio

from outdial.carriers.simulator.sip_messages import Message, Request, Response, answer_to
from outdial.carriers.simulator.sip_transactions import ServerTransaction, Timers, Transactions
from outdial.virtual_time import run


class Wire:
    """A peer that only notes when something was sent to it."""

    address = ("127.0.0.1", 5060)

    def __init__(self, transport: str = "UDP") -> None:
        self.transport = transport
        self.sent_at: list[float] = []

    def send(self, message: Message) -> None:
        self.sent_at.append(round(asyncio.get_running_loop().time(), 3))


def a_request(method: str = "INVITE", branch: str = "z9hG4bK1") -> Request:
    headers = (
        ("Via", f"SIP/2.0/UDP 127.0.0.1;branch={branch}"),
        ("From", "<sip:a@x>;tag=1"),
        ("To", "<sip:b@x>"),
        ("Call-ID", "c"),
        ("CSeq", f"1 {method}"),
    )
    return Request(method, "sip:b@x", headers)


def refused(request: Request) -> Response:
    return answer_to(request, 486, "Busy Here", to_tag="t")


def answered(request: Request) -> Response:
    return answer_to(request, 200, "OK", to_tag="t")


class TestARefusal:
    def test_is_repeated_with_growing_gaps_for_32_seconds(self) -> None:
        wire = Wire()

        async def main() -> None:
            transaction = ServerTransaction(a_request(), wire, Timers())
            transaction.respond(refused(transaction.request))
            await asyncio.sleep(100)

        run(main())

        assert wire.sent_at == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]

    def test_is_not_repeated_any_more_after_the_ack(self) -> None:
        wire = Wire()

        async def main() -> None:
            transaction = ServerTransaction(a_request(), wire, Timers())
            transaction.respond(refused(transaction.request))
            await asyncio.sleep(2)
            transaction.acked()
            await asyncio.sleep(100)

        run(main())

        assert wire.sent_at == [0, 0.5, 1.5]

    def test_is_sent_once_over_a_stream(self) -> None:
        wire = Wire("TCP")

        async def main() -> None:
            transaction = ServerTransaction(a_request(), wire, Timers())
            transaction.respond(refused(transaction.request))
            await asyncio.sleep(100)

        run(main())

        assert wire.sent_at == [0]


class TestAnAnswer:
    def test_is_repeated_also_over_a_stream_and_given_up_after_32_seconds(self) -> None:
        wire = Wire("TCP")
        given_up: list[float] = []

        async def main() -> None:
            loop = asyncio.get_running_loop()
            transaction = ServerTransaction(a_request(), wire, Timers())
            transaction.respond(answered(transaction.request), on_unacked=lambda: given_up.append(loop.time()))
            await asyncio.sleep(100)

        run(main())

        assert wire.sent_at[:4] == [0, 0.5, 1.5, 3.5]
        assert given_up == [32.0]


class TestARequestThatComesTwice:
    def test_is_served_once_and_answered_twice(self) -> None:
        wire = Wire()

        async def main() -> None:
            table = Transactions(Timers())
            first = table.serve(a_request("OPTIONS"), wire)
            assert first is not None
            first.respond(answered(first.request))

            assert table.serve(a_request("OPTIONS"), wire) is None
            assert table.serve(a_request("OPTIONS", branch="z9hG4bK2"), wire) is not None

        run(main())

        assert wire.sent_at == [0, 0]

    def test_is_forgotten_when_no_repeat_can_come_any_more(self) -> None:
        async def main() -> int:
            table = Transactions(Timers())
            table.serve(a_request("OPTIONS"), Wire())
            await asyncio.sleep(33)
            return len(table)

        assert run(main()) == 0


class TestARequestOfOurs:
    def test_is_repeated_until_nobody_can_be_there(self) -> None:
        wire = Wire()

        async def main() -> Response | None:
            return await Transactions(Timers()).ask(a_request("BYE"), wire)

        assert run(main()) is None
        assert wire.sent_at == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]

    def test_ends_with_its_final_response(self) -> None:
        async def main() -> Response | None:
            table = Transactions(Timers())
            asked = asyncio.ensure_future(table.ask(a_request("BYE"), Wire()))
            await asyncio.sleep(1)
            table.on_response(answer_to(a_request("BYE"), 100, "Trying"))
            table.on_response(answered(a_request("BYE", branch="z9hG4bKother")))
            table.on_response(answered(a_request("BYE")))
            return await asked

        response = run(main())

        assert response is not None
        assert response.status == 200
