"""Connections whose request does not come, on the virtual clock."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from http_builders import Wire
from outdial.bootstrap.http_protocol import BODY_BYTES_PER_S, HEAD_BYTES, IDLE_S, WHOLE_REQUEST_S
from outdial.virtual_time import run

GET = b"GET / HTTP/1.1\r\nHost: outdial.test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: outdial.test\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: outdial.test\r\nTransfer-Encoding: chunked\r\n\r\n"
UNFINISHED = {
    "nothing": b"",
    "half a request line": b"GET / HT",
    "half a head": GET[:-2],
    "a head without its body": POST,
    "half a body": POST + 500 * b"x",
    "half a chunk": CHUNKED + b"ff\r\nhalf",
    "chunks without an end": CHUNKED + b"4\r\nfour\r\n",
}


class TestARequestThatIsNotWholeInTime:
    @pytest.mark.parametrize("sent", UNFINISHED.values(), ids=list(UNFINISHED))
    def test_costs_its_connection(self, sent: bytes) -> None:
        async def main() -> float:
            wire = Wire()
            await wire.send(sent)
            return await wire.closed()

        assert WHOLE_REQUEST_S <= run(main()) <= WHOLE_REQUEST_S + 1

    @settings(max_examples=20)
    @given(st.integers(0, len(POST) + 99), st.floats(0.2, 14))
    def test_costs_it_however_the_bytes_are_dripped(self, length: int, pause_s: float) -> None:
        async def main() -> float:
            wire = Wire()
            for byte in (POST + 100 * b"x")[:length]:
                await wire.send(bytes([byte]))
                await asyncio.sleep(pause_s)
                if wire.is_closing():
                    break
            return await wire.closed()

        assert WHOLE_REQUEST_S <= run(main()) <= WHOLE_REQUEST_S + 1

    @pytest.mark.parametrize("sent", [GET[:-2], POST + b"half"])
    def test_is_told_so(self, sent: bytes) -> None:
        async def main() -> bytes:
            wire = Wire()
            await wire.send(sent)
            await wire.closed()
            return bytes(wire.heard)

        assert run(main()).startswith(b"HTTP/1.1 408 ")

    def test_costs_a_kept_connection_as_well_from_its_first_byte_on(self) -> None:
        async def main() -> tuple[bytes, float]:
            wire = Wire()
            await wire.send(GET)
            answer = bytes(wire.heard)
            await asyncio.sleep(20)
            await wire.send(GET[:-1])
            return answer, await wire.closed()

        answer, closed_s = run(main())

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert 20 + WHOLE_REQUEST_S <= closed_s <= 21 + WHOLE_REQUEST_S

    def test_costs_it_after_an_early_answer_too(self) -> None:
        async def refuse(scope: object, receive: object, send: object) -> None:
            await send({"type": "http.response.start", "status": 401, "headers": []})  # type: ignore[operator]
            await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

        async def main() -> float:
            wire = Wire(refuse)
            await wire.send(POST + b"half")
            return await wire.closed()

        assert WHOLE_REQUEST_S <= run(main()) <= WHOLE_REQUEST_S + 1


class TestARequestThatComesInTime:
    def test_may_be_answered_as_late_as_it_takes(self) -> None:
        async def slowly(scope: object, receive: object, send: object) -> None:
            await asyncio.sleep(100)
            await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
            await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

        async def main() -> bytes:
            wire = Wire(slowly)
            await wire.send(GET)
            await asyncio.sleep(101)
            return bytes(wire.heard)

        assert run(main()).startswith(b"HTTP/1.1 200 ")

    def test_keeps_its_connection_until_that_has_rested_long_enough(self) -> None:
        async def main() -> float:
            wire = Wire()
            await wire.send(GET)
            return await wire.closed()

        assert IDLE_S <= run(main()) <= IDLE_S + 1

    def test_may_take_longer_for_a_body_that_keeps_coming(self) -> None:
        async def main() -> bytes:
            wire = Wire()
            size = 40 * BODY_BYTES_PER_S
            await wire.send(POST.replace(b"1000", str(size).encode()))
            for _ in range(40):
                await asyncio.sleep(0.9)
                await wire.send(BODY_BYTES_PER_S * b"x")
            return bytes(wire.heard)

        assert b"200 OK" in run(main())


class TestABadHead:
    @pytest.mark.parametrize("pieces", [1, 7])
    def test_that_is_too_large_is_refused_in_json(self, pieces: int) -> None:
        head = GET[:-2] + b"X-Long: " + 200_000 * b"x" + b"\r\n\r\n"

        async def main() -> tuple[bytes, bool]:
            wire = Wire()
            size = len(head) // pieces + 1
            for start in range(0, len(head), size):
                await wire.send(head[start : start + size])
            return bytes(wire.heard), wire.is_closing()

        heard, closed = run(main())

        assert heard.startswith(b"HTTP/1.1 400 ")
        assert b"X-Content-Type-Options: nosniff" in heard
        assert closed

    @given(st.binary(max_size=200))
    def test_of_any_bytes_gets_one_answer_at_most(self, junk: bytes) -> None:
        async def main() -> bytes:
            wire = Wire()
            await wire.send(junk + b"\r\n\r\n")
            await wire.closed()
            return bytes(wire.heard)

        assert run(main()).count(b"HTTP/1.1 ") <= 1

    def test_may_be_as_large_as_documented(self) -> None:
        async def main() -> bytes:
            wire = Wire()
            await wire.send(GET[:-2] + b"X-Long: " + (HEAD_BYTES - 200) * b"x" + b"\r\n\r\n")
            return bytes(wire.heard)

        assert run(main()).startswith(b"HTTP/1.1 200 ")
