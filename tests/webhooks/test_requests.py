"""What goes over the wire: headers, names and certificates, and nothing of ours that was not asked for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.requests import Requests
from outdial.outgoing.resolving import Resolve
from outdial.outgoing.targets import Targets
from webhook_builders import LOOPBACK, WAIT_S, Receiver, a_receiver

NAME = "hooks.example.test"


def resolving(*addresses: str) -> Resolve:
    async def resolve(_host: str) -> Sequence[str]:
        return addresses

    return resolve


BY_NAME = replace(LOOPBACK, resolve=resolving("127.0.0.1"))


async def post(
    url: str, headers: Mapping[str, str] | None = None, *, targets: Targets = BY_NAME, requests: Requests | None = None
) -> int:
    target = await targets.check(url)
    return (await (requests or Requests()).send(target, "POST", headers or {}, b"{}")).status


class TestHeaders:
    async def test_are_few_when_the_customer_gives_none(self, receiver: Receiver) -> None:
        await post(receiver.url(host=NAME))

        [request] = receiver.requests
        assert dict(request.headers) == {
            "host": f"{NAME}:{receiver.port}",
            "connection": "close",
            "content-type": "application/json",
            "user-agent": "Outdial-Webhook/1",
            "accept": "*/*",
            "content-length": "2",
        }

    async def test_are_sent_as_given(self, receiver: Receiver) -> None:
        await post(receiver.url(), {"X-Token": "a, b;c", "Authorization": "Bearer abc", "X-City": "Zürich"})

        [request] = receiver.requests
        assert request.values("x-token") == ["a, b;c"]
        assert request.values("authorization") == ["Bearer abc"]
        assert request.values("x-city") == ["Zürich"]

    @pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
    async def test_the_customers_content_type_replaces_ours(self, receiver: Receiver, name: str) -> None:
        await post(receiver.url(), {name: "application/vnd.acme+json"})

        assert receiver.requests[0].values("content-type") == ["application/vnd.acme+json"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Host", "evil.example.test"),
            ("Content-Length", "5"),
            ("CONNECTION", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("Expect", "100-continue"),
            ("Upgrade", "websocket"),
        ],
    )
    async def test_those_that_would_break_the_request_are_left_out(
        self, receiver: Receiver, name: str, value: str
    ) -> None:
        await post(receiver.url(host=NAME), {name: value})

        [request] = receiver.requests
        assert value not in request.values(name.lower())
        assert request.body == b"{}"

    @pytest.mark.parametrize(
        ("name", "value"), [("X-A", "b\r\nX-Evil: 1"), ("X A", "b"), ("", "b"), ("X-Ü", "b"), ("X-A", "\x00")]
    )
    async def test_those_http_cannot_carry_are_refused_without_showing_the_value(
        self, receiver: Receiver, name: str, value: str
    ) -> None:
        with pytest.raises(Refused) as caught:
            await post(receiver.url(), {name: value})

        assert repr(name) in str(caught.value)
        assert "Evil" not in str(caught.value)
        assert receiver.requests == []

    async def test_a_user_in_the_url_becomes_basic_authorization(self, receiver: Receiver) -> None:
        await post(f"http://ada:pa%3Ass@127.0.0.1:{receiver.port}/")

        assert receiver.requests[0].values("authorization") == ["Basic YWRhOnBhOnNz"]

    async def test_a_given_authorization_wins_over_the_url(self, receiver: Receiver) -> None:
        await post(f"http://ada:pass@127.0.0.1:{receiver.port}/", {"authorization": "Bearer abc"})

        assert receiver.requests[0].values("authorization") == ["Bearer abc"]


class TestTheAddress:
    async def test_is_the_one_that_was_checked_and_the_name_is_not_resolved_again(self, receiver: Receiver) -> None:
        answers = [["127.0.0.1"], ["127.0.0.99"]]
        asked: list[str] = []

        async def rebinding(host: str) -> Sequence[str]:
            asked.append(host)
            return answers.pop(0)

        assert await post(receiver.url(host=NAME), targets=replace(LOOPBACK, resolve=rebinding)) == 200

        assert asked == [NAME]
        assert receiver.requests[0].values("host") == [f"{NAME}:{receiver.port}"]

    async def test_the_next_one_is_tried_when_the_first_does_not_listen(self, receiver: Receiver) -> None:
        two = replace(LOOPBACK, resolve=resolving("127.0.0.77", "127.0.0.1"))

        assert await post(receiver.url(host=NAME), targets=two) == 200

    async def test_the_path_and_query_arrive_as_written(self, receiver: Receiver) -> None:
        await post(receiver.url("/a%2Fb/ü?x=1&y=%20z&x=2#fragment"))

        assert receiver.requests[0].target == "/a%2Fb/%C3%BC?x=1&y=%20z&x=2"


class TestProxies:
    async def test_of_the_environment_are_ignored(self, receiver: Receiver) -> None:
        script = Path(__file__).with_name("send_one.py")
        proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:1")
        environ = os.environ | proxies | {"no_proxy": "", "NO_PROXY": "", "PYTHONPATH": str(script.parents[1])}

        process = await asyncio.create_subprocess_exec(sys.executable, script, receiver.url(), env=environ)
        async with asyncio.timeout(WAIT_S * 3):
            assert await process.wait() == 0

        assert len(receiver.requests) == 1


@pytest.fixture(scope="module")
async def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and its self-signed certificate for ``hooks.example.test``."""
    folder = tmp_path_factory.mktemp("tls")
    arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    arguments += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", "key.pem"]
    process = await asyncio.create_subprocess_exec(
        "openssl", *arguments, "-out", "certificate.pem", cwd=folder, stderr=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return both


class TestTls:
    async def test_the_certificate_must_be_the_names_though_the_address_is_called(self, certificate: Path) -> None:
        trusting = Requests(ssl.create_default_context(cafile=certificate))

        async with a_receiver(serving(certificate)) as receiver:
            assert await post(receiver.url(host=NAME, scheme="https"), requests=trusting) == 200

            with pytest.raises(Unreachable, match=r"(?i)certificate"):
                await post(receiver.url(host="other.example.test", scheme="https"), requests=trusting)

    async def test_an_unknown_issuer_is_not_trusted(self, certificate: Path) -> None:
        async with a_receiver(serving(certificate)) as receiver:
            with pytest.raises(Unreachable, match=r"(?i)certificate"):
                await post(receiver.url(host=NAME, scheme="https"))

            assert receiver.requests == []


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


class TestAnAnswerWithoutEnd:
    @pytest.mark.parametrize(
        "crumb",
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"x-a: b\r\n", b"x" * 1000],
        ids=["interim answers", "many headers", "one header"],
    )
    async def test_is_left_once_it_is_too_long(self, crumb: bytes) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nx: " if not crumb.startswith(b"HTTP") else b"")
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(crumb * 100)
                    await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server, asyncio.timeout(20):
            with pytest.raises(Unreachable, match="the endpoint"):
                await post(f"http://{NAME}:{server.sockets[0].getsockname()[1]}/")

    async def test_behind_its_status_is_not_read(self) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(bytes(65536))
                    await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server, asyncio.timeout(20):
            assert await post(f"http://{NAME}:{server.sockets[0].getsockname()[1]}/") == 200
