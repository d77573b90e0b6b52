"""Signatures as Standard Webhooks defines them, and as a receiver verifies them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from outdial.commands.webhooks import register_endpoint, rotate_secret
from outdial.domain.errors import Invalid
from outdial.webhooks.runner import Webhooks
from outdial.webhooks.signing import Signer
from webhook_builders import LOOPBACK, Answer, Office, Received, Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


def is_genuine(request: Received) -> bool:
    """What a receiver does, by the words of the specification."""
    return is_signed(request, SECRET)


def is_signed(request: Received, secret: str) -> bool:
    [message_id], [timestamp], [signatures] = (request.values(name) for name in NAMES)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + request.body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode() in signatures.split(" ")


def test_the_example_of_the_specification() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)

    headers = Signer(SECRET).headers({}, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


class TestARequest:
    async def test_is_signed_at_every_try_over_the_same_bytes(self, small_office: Office, receiver: Receiver) -> None:
        small_office.secret = SECRET
        receiver.answers = [Answer(500)]
        call_id = await small_office.call(receiver.url())

        await small_office.work()
        small_office.clock.pass_s(10)
        await small_office.work()

        first, second = receiver.requests
        assert is_genuine(first)
        assert is_genuine(second)
        assert first.values("webhook-id") == second.values("webhook-id") == [(await small_office.delivery(call_id)).id]
        assert int(second.values("webhook-timestamp")[0]) - int(first.values("webhook-timestamp")[0]) == 10
        assert first.body == second.body

    async def test_has_one_signature_whatever_headers_the_customer_gives(
        self, small_office: Office, receiver: Receiver
    ) -> None:
        small_office.secret = SECRET
        theirs = {"Webhook-Id": "mine", "WEBHOOK-SIGNATURE": "v1,forged", "Authorization": "Bearer of the receiver"}
        await small_office.call(receiver.url(), headers=theirs)

        await small_office.work()

        [request] = receiver.requests
        assert is_genuine(request)
        assert request.values("authorization") == ["Bearer of the receiver"]

    async def test_is_not_signed_without_a_secret_and_never_has_a_credential_of_ours(
        self, small_office: Office, receiver: Receiver
    ) -> None:
        await small_office.call(receiver.url())

        await small_office.work()

        [request] = receiver.requests
        names = {name for name, _ in request.headers}
        assert names.isdisjoint({*NAMES, "authorization", "x-webhook-secret"})


class TestAnEndpointsOwnSecret:
    async def test_signs_in_place_of_the_installations(self, office: Office, receiver: Receiver) -> None:
        office.secret = "whsec_" + "A" * 40
        await register_endpoint(office.db, office.workspace_id, receiver.url(), SECRET, now=office.clock)
        await office.call(receiver.url("/hook?call=17"))
        await office.call(receiver.url("/other"))

        await office.work()

        genuine = {request.target: is_genuine(request) for request in receiver.requests}
        assert genuine == {"/hook?call=17": True, "/other": False}

    async def test_is_nobody_elses(self, small_office: Office, receiver: Receiver) -> None:
        await register_endpoint(small_office.db, "another workspace", receiver.url(), SECRET, now=small_office.clock)
        await small_office.call(receiver.url())

        await small_office.work()

        assert receiver.requests[0].values("webhook-signature") == []

    async def test_after_a_rotation_is_one_of_two_until_the_grace_is_over(
        self, office: Office, receiver: Receiver
    ) -> None:
        made = await register_endpoint(office.db, office.workspace_id, receiver.url(), SECRET, now=office.clock)
        office.clock.pass_s(1)
        new = await rotate_secret(office.db, office.workspace_id, made.id, now=office.clock, grace=timedelta(hours=1))
        for wait_s in (0, 3599, 1):
            office.clock.pass_s(wait_s)
            await office.call(receiver.url())
            await office.work()

        valid = [[is_signed(request, secret) for secret in (new.secret, SECRET)] for request in receiver.requests]
        assert valid == [[True, True], [True, True], [True, False]]


class TestASecret:
    def test_may_come_with_or_without_its_prefix(self) -> None:
        at = datetime(2026, 3, 2, tzinfo=UTC)

        signed = [Signer(text).headers({}, "id", at, b"{}") for text in (SECRET, SECRET.removeprefix("whsec_"))]

        assert signed[0] == signed[1]

    @pytest.mark.parametrize("text", ["whsec_", "a password", "c2hvcnQ=", "whsec_" + "QUFB" * 22, "größe"])
    def test_that_is_no_key_is_refused(self, text: str) -> None:
        with pytest.raises(Invalid, match="24 to 64 bytes"):
            Signer(text)

    async def test_is_checked_before_anything_is_sent(self, small_office: Office) -> None:
        with pytest.raises(Invalid):
            Webhooks(small_office.db, [], {}, targets=LOOPBACK, clock=small_office.clock, secret="a password")
