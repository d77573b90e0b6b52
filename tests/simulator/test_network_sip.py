"""The network as a caller meets it on the wire."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from outdial.carriers.simulator import sdp
from outdial.carriers.simulator.auth import Gatekeeper
from outdial.carriers.simulator.callee import Talk, mute
from outdial.carriers.simulator.network_sip import SipNetwork
from outdial.carriers.simulator.scenarios import RESIDENTS, PhoneBook
from outdial.carriers.simulator.seen import CallEnd, SeenCall
from outdial.carriers.simulator.sip_messages import Response, header, header_values, tag
from outdial.carriers.simulator.sip_transactions import Timers
from outdial.conversation.ports import Leg
from outdial.domain.agent import Brief
from outdial.virtual_time import loop_clock
from sip_phone import PATIENCE_S, Invite, a_phone

QUICK = Timers(t1_s=0.05, t2_s=0.1)
SAM, BUSY, NOBODY, DECLINES = "+15550001111", "+15550002001", "+15550002002", "+15550002003"
INVALID, CONGESTION = "+15550002004", "+15550002005"
SILENT, EARLY, KEYPAD = "+15550003002", "+15550003004", "+15550003005"
HASTY = PhoneBook({n: c if math.isinf(c.rings_s) else replace(c, rings_s=0.05) for n, c in RESIDENTS.items()})
"""The same callees, quicker to the phone."""


@asynccontextmanager
async def a_network(
    *, talk: Talk = mute, gatekeeper: Gatekeeper | None = None, timers: Timers = QUICK, book: PhoneBook = HASTY
) -> AsyncIterator[SipNetwork]:
    async with SipNetwork(talk=talk, clock=loop_clock(), book=book, gatekeeper=gatekeeper, timers=timers) as network:
        yield network


async def the_call(network: SipNetwork) -> SeenCall:
    """The last call, when it has ended."""
    async with asyncio.timeout(PATIENCE_S):
        await network.quiet()
    return network.calls[-1]


class TestAnAnsweredCall:
    async def test_rings_is_answered_and_ends_when_the_caller_hangs_up(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            answer = await invite.talk()
            invite.within(answer, "BYE", 2)
            await phone.response(200, "BYE")
            seen = await the_call(network)

        assert phone.statuses() == [100, 180, 200]
        assert (seen.number, seen.from_number, seen.sip_code) == (SILENT, "+15550009999", 200)
        assert seen.end is CallEnd.CALLER_HUNG_UP

    async def test_ends_with_a_bye_of_ours_when_the_callee_hangs_up(self) -> None:
        async def says_nothing_and_goes(leg: Leg, brief: Brief) -> None:
            """At once."""

        async with a_network(talk=says_nothing_and_goes) as network, a_phone(network.port) as phone:
            answer = await phone.invite(SAM).talk()
            bye = await phone.request("BYE")
            seen = await the_call(network)

        assert tag(bye, "From") == tag(answer, "To")
        assert header(bye, "Reason").startswith("Q.850;cause=16")
        assert seen.end is CallEnd.CALLEE_HUNG_UP

    async def test_follows_the_recorded_route_when_the_callee_hangs_up(self) -> None:
        async def goes(leg: Leg, brief: Brief) -> None:
            """At once."""

        async with a_network(talk=goes) as network, a_phone(network.port) as phone:
            us = phone.address
            invite = phone.invite(SAM, ("Record-Route", f"<sip:{us};lr>, <sip:192.0.2.7;lr>"))
            answer = await invite.talk()
            bye = await phone.request("BYE")

        assert header_values(answer, "Record-Route") == [f"<sip:{us};lr>, <sip:192.0.2.7;lr>"]
        assert header_values(bye, "Route") == [f"<sip:{us};lr>", "<sip:192.0.2.7;lr>"]
        assert bye.uri == f"sip:tester@{us}"

    async def test_may_be_offered_nothing_and_then_both_codecs_are_offered_by_us(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT, body=b"")
            answer = await phone.response(200)
            ours = sdp.Media("127.0.0.1", phone.media.getsockname()[1])
            invite.ack(answer, sdp.write(ours, session_id=1))
            invite.within(answer, "BYE", 2)
            await phone.response(200, "BYE")

        assert b"RTP/AVP 0 8 101" in answer.body

    async def test_may_be_put_on_hold_and_resumed(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            answer = await invite.talk()
            media = sdp.Media("127.0.0.1", phone.media.getsockname()[1])
            invite.within(answer, "INVITE", 2, body=sdp.write(replace(media, direction="sendonly"), session_id=1))
            held = await phone.response(200, "2 INVITE")
            invite.within(answer, "UPDATE", 3, body=sdp.write(media, session_id=1))
            resumed = await phone.response(200, "UPDATE")

        assert sdp.read(held.body).direction == "recvonly"
        assert sdp.read(resumed.body).direction == "sendrecv"

    async def test_answers_what_is_asked_within_it(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            answer = await invite.talk()
            invite.within(answer, "OPTIONS", 2)
            await phone.response(200, "OPTIONS")
            invite.within(answer, "INFO", 3, body=b"Signal=7\r\nDuration=160\r\n")
            await phone.response(200, "INFO")
            invite.within(answer, "REFER", 4)
            await phone.response(405, "REFER")
            invite.within(answer, "INFO", 1)
            await phone.response(500, "INFO")
            invite.within(answer, "BYE", 5)
            seen = await the_call(network)

        assert seen.digits == "7"

    async def test_is_told_when_the_network_is_switched_off(self) -> None:
        async with a_phone(0) as phone:
            async with a_network() as network:
                phone.port = network.port
                await phone.invite(SILENT).talk()
            await phone.request("BYE")

    async def test_ends_alone_when_its_callee_breaks(self) -> None:
        async def breaks(leg: Leg, brief: Brief) -> None:
            raise ZeroDivisionError

        async with a_network(talk=breaks) as network, a_phone(network.port) as phone:
            other = phone.invite(SILENT)
            answer = await other.talk()
            broken = phone.invite(SAM)
            broken.ack(await phone.final_of(broken.call_id))
            bye = await phone.request("BYE")
            other.within(answer, "BYE", 2)
            await the_call(network)

        assert header(bye, "Call-ID") == broken.call_id
        assert [call.end for call in network.calls] == [CallEnd.CALLER_HUNG_UP, CallEnd.BROKEN]


class TestACallThatIsNotAnswered:
    @pytest.mark.parametrize(
        ("number", "statuses", "cause"),
        [
            (BUSY, [100, 486], 17),
            (DECLINES, [100, 180, 603], 21),
            (INVALID, [100, 404], 1),
            (CONGESTION, [100, 503], 42),
        ],
    )
    async def test_is_refused_with_its_reason(self, number: str, statuses: list[int], cause: int) -> None:
        async with a_network(timers=Timers()) as network, a_phone(network.port) as phone:
            invite = phone.invite(number)
            refusal = await phone.response(statuses[-1])
            invite.ack(refusal)
            seen = await the_call(network)

        assert phone.statuses() == statuses
        assert header(refusal, "Reason").startswith(f"Q.850;cause={cause};")
        assert (seen.end, seen.sip_code) == (CallEnd.REFUSED, statuses[-1])

    async def test_ends_with_487_when_the_caller_gives_up(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(NOBODY)
            await phone.response(180)
            invite.cancel()
            await phone.response(200, "CANCEL")
            invite.ack(await phone.response(487))
            seen = await the_call(network)

        assert (seen.end, seen.sip_code) == (CallEnd.CANCELLED, 487)

    async def test_is_not_acceptable_without_a_codec_we_know(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            phone.invite(SAM, body=b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 18\r\n")
            await phone.response(488)

    async def test_may_not_demand_what_we_cannot_do(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            phone.invite(SAM, ("Require", "100rel"))
            refusal = await phone.response(420)

        assert header(refusal, "Unsupported") == "100rel"
        assert not network.calls


class TestDatagramsThatAreLostOrDoubled:
    async def test_an_invite_that_comes_twice_is_one_call(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(NOBODY)
            await phone.response(180)
            invite.send()
            await phone.response(180, nth=2)

            assert len(network.calls) == 1

    async def test_a_refusal_is_repeated_until_it_is_acknowledged(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(BUSY)
            refusal = await phone.response(486, nth=3)
            invite.ack(refusal)
            seen = await the_call(network)

        assert len(network.calls) == 1
        assert seen.end is CallEnd.REFUSED

    async def test_an_answer_is_repeated_until_it_is_acknowledged(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            answer = await phone.response(200, nth=3)
            invite.ack(answer)
            invite.within(answer, "BYE", 2)
            seen = await the_call(network)

        assert seen.end is CallEnd.CALLER_HUNG_UP

    async def test_an_answer_that_is_never_acknowledged_ends_with_our_bye(self) -> None:
        async with a_network(timers=Timers(t1_s=0.01, t2_s=0.05)) as network, a_phone(network.port) as phone:
            phone.invite(SILENT)
            await phone.request("BYE")
            seen = await the_call(network)

        assert seen.end is CallEnd.NEVER_ACKNOWLEDGED

    async def test_our_bye_is_repeated_until_it_is_answered(self) -> None:
        async def goes(leg: Leg, brief: Brief) -> None:
            """At once."""

        async with a_network(talk=goes) as network, a_phone(network.port, polite=False) as phone:
            await phone.invite(SAM).talk()
            first, third = await phone.request("BYE"), await phone.request("BYE", nth=3)

        assert first == third

    async def test_a_bye_that_comes_twice_is_answered_twice(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            answer = await invite.talk()
            invite.within(answer, "BYE", 2)
            invite.within(answer, "BYE", 2)
            await phone.response(200, "BYE", nth=2)


class TestACancelThatComesTooLate:
    async def test_is_granted_but_changes_nothing_and_the_callers_bye_ends_the_call(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            answer = await phone.response(200)
            invite.cancel()
            await phone.response(200, "CANCEL")
            invite.ack(answer)
            invite.within(answer, "BYE", 2)
            seen = await the_call(network)

        assert 487 not in phone.statuses()
        assert (seen.end, seen.sip_code) == (CallEnd.CALLER_HUNG_UP, 200)

    async def test_or_belongs_to_no_call_is_told_so(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = Invite(phone, SAM, 900, (), b"")
            invite.cancel()
            await phone.response(481, "CANCEL")

    @pytest.mark.parametrize("rings_s", [0.0, 0.0005, 0.001, 0.002, 0.004, 0.05])
    async def test_or_at_the_very_moment_of_the_answer_leaves_one_truth(self, rings_s: float) -> None:
        book = PhoneBook({}, replace(RESIDENTS[SILENT], rings_s=rings_s))
        async with a_network(book=book) as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            await phone.response(180)
            invite.cancel()
            await phone.response(200, "CANCEL")
            final = await phone.final()
            invite.ack(final)
            if final.status == 200:
                invite.within(final, "BYE", 2)
            seen = await the_call(network)

        assert len({200, 487} & set(phone.statuses())) == 1
        assert seen.end is (CallEnd.CANCELLED if final.status == 487 else CallEnd.CALLER_HUNG_UP)


class TestEarlyMedia:
    async def test_comes_with_a_description_before_the_answer(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(EARLY)
            progress = await phone.response(183)
            answer = await invite.talk()

        assert sdp.read(progress.body).port == sdp.read(answer.body).port
        assert phone.statuses() == [100, 183, 200]


class TestATrunkWithAPassword:
    GATE = Gatekeeper("acct1", "secret", b"tests")

    async def test_lets_a_caller_in_who_knows_it(self) -> None:
        async with a_network(gatekeeper=self.GATE) as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            challenge = await phone.response(407)
            invite.ack(challenge)
            invite.cseq = 2
            invite.more = (("Proxy-Authorization", _credentials(challenge, invite.uri, "secret")),)
            invite.send()
            await phone.response(200)

            assert len(network.calls) == 1

    async def test_asks_again_when_the_password_is_wrong(self) -> None:
        async with a_network(gatekeeper=self.GATE) as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            challenge = await phone.response(407)
            invite.ack(challenge)
            invite.cseq = 2
            invite.more = (("Proxy-Authorization", _credentials(challenge, invite.uri, "wrong")),)
            invite.send()
            await phone.response(407, "2 INVITE")

            assert not network.calls


def _credentials(challenge: Response, uri: str, password: str) -> str:
    given = dict(re.findall(r'(\w+)="([^"]*)"', header(challenge, "Proxy-Authenticate")))
    realm, nonce = given["realm"], given["nonce"]
    who = hashlib.md5(f"acct1:{realm}:{password}".encode()).hexdigest()
    what = hashlib.md5(f"INVITE:{uri}".encode()).hexdigest()
    response = hashlib.md5(f"{who}:{nonce}:00000001:c0ffee:auth:{what}".encode()).hexdigest()
    return (
        f'Digest username="acct1", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
        'cnonce="c0ffee", nc=00000001, qop=auth, algorithm=MD5'
    )


class TestTheAddress:
    async def test_must_be_one_that_callers_can_send_their_sound_to(self) -> None:
        with pytest.raises(ValueError, match="one address"):
            SipNetwork(talk=mute, clock=loop_clock(), host="0.0.0.0")

    async def test_that_is_taken_is_an_error_when_entering(self) -> None:
        async with a_network() as network:
            second = SipNetwork(talk=mute, clock=loop_clock(), port=network.port)
            with pytest.raises(OSError, match="in use"):
                await second.__aenter__()
