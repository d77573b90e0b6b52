"""The network under many calls, over TCP, and under fire."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outdial.audio.levels import rms_dbfs
from outdial.carriers.simulator.callee import mute
from outdial.carriers.simulator.law import LAWS
from outdial.carriers.simulator.network_sip import SipNetwork
from outdial.carriers.simulator.scenarios import RESIDENTS, PhoneBook
from outdial.carriers.simulator.sdp import PCMU
from outdial.carriers.simulator.seen import CallEnd
from outdial.carriers.simulator.sip_framing import Framer
from outdial.carriers.simulator.sip_messages import Response, header, parse, tag, write
from outdial.carriers.simulator.sip_transactions import Timers
from outdial.virtual_time import loop_clock
from simulated_calls import HASTY
from sip_phone import PATIENCE_S, Invite, a_phone, packets

SILENT, BUSY, NOBODY, EARLY, KEYPAD = "+15550003002", "+15550002001", "+15550002002", "+15550003004", "+15550003005"
QUICK = Timers(t1_s=0.05, t2_s=0.1)


@asynccontextmanager
async def a_network(book: PhoneBook = HASTY, timers: Timers = QUICK) -> AsyncIterator[SipNetwork]:
    async with SipNetwork(talk=mute, clock=loop_clock(), book=book, timers=timers) as network:
        yield network


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


class TestTwoHundredCalls:
    async def test_leave_no_socket_and_no_task_behind(self) -> None:
        at_once = PhoneBook({n: replace(c, rings_s=0) for n, c in RESIDENTS.items() if n != NOBODY})
        tasks_before, files_before = len(asyncio.all_tasks()), open_files()

        async with a_network(at_once) as network, a_phone(network.port) as phone:
            files_idle = open_files()
            for n in range(200):
                phone.heard.clear()
                invite = phone.invite(BUSY if n % 2 else SILENT)
                final = await phone.final()
                invite.ack(final)
                if final.status == 200:
                    invite.within(final, "BYE", 2)
                    await phone.response(200, "BYE")
            async with asyncio.timeout(PATIENCE_S):
                await network.quiet()

            assert open_files() == files_idle
            assert [call.sip_code for call in network.calls] == [200, 486] * 100

        await asyncio.sleep(0)
        assert (len(asyncio.all_tasks()), open_files()) == (tasks_before, files_before)

    async def test_at_once_are_all_heard(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invites = [phone.invite(SILENT) for _ in range(100)]
            for invite in invites:
                answer = await phone.final_of(invite.call_id)
                invite.ack(answer)
                invite.within(answer, "BYE", 2)
            async with asyncio.timeout(PATIENCE_S):
                await network.quiet()

            assert {call.end for call in network.calls} == {CallEnd.CALLER_HUNG_UP}


class TestTheSound:
    async def test_of_early_media_is_a_ringing_tone(self) -> None:
        book = PhoneBook({EARLY: replace(RESIDENTS[EARLY], rings_s=30)})
        async with a_network(book) as network, a_phone(network.port) as phone:
            phone.invite(EARLY)
            await phone.response(183)
            heard = b"".join(LAWS[PCMU].decode(packet.payload) for packet in await packets(phone.media, 20))

        assert rms_dbfs(heard) > -30

    async def test_of_a_silent_callee_is_an_even_stream_of_silence(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            await phone.invite(SILENT).talk()
            heard = await packets(phone.media, 25)

        assert {packet.payload_type for packet in heard} == {PCMU}
        assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(heard)} == {160}


class TestOverTcp:
    async def test_a_call_is_set_up_and_torn_down_on_one_connection(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
            with closing(writer):
                framer, found = Framer(), list[Response]()

                async def response(status: int) -> Response:
                    async with asyncio.timeout(PATIENCE_S):
                        while not found or found[-1].status != status:
                            for data in framer.feed(await reader.read(65_536)):
                                message = parse(data)
                                assert isinstance(message, Response)
                                found.append(message)
                    return found[-1]

                invite = Invite(phone, SILENT, 77_001, (), b"")
                phone_sdp = invite.message(body=_an_offer(phone.media))
                whole = _over_tcp(write(phone_sdp))
                writer.write(whole[:100])
                await writer.drain()
                writer.write(whole[100:])
                answer = await response(200)
                writer.write(_over_tcp(write(invite.message("ACK", to_tag=tag(answer, "To"), branch="ack"))))
                bye = invite.message("BYE", to_tag=tag(answer, "To"), branch="bye", cseq=2)
                writer.write(_over_tcp(write(bye)))
                await response(200)
                async with asyncio.timeout(PATIENCE_S):
                    await network.quiet()

        assert "transport=tcp" in header(answer, "Contact")
        assert network.calls[0].end is CallEnd.CALLER_HUNG_UP

    async def test_nonsense_closes_the_connection_and_nothing_else(self) -> None:
        async with a_network() as network:
            reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
            with closing(writer):
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                async with asyncio.timeout(PATIENCE_S):
                    with suppress(ConnectionResetError):
                        await reader.read()

            assert network.malformed == 1


class TestSipp:
    @pytest.mark.parametrize("transport", ["u1", "t1"])
    async def test_an_independent_caller_finds_fifty_calls_as_they_should_be(
        self, transport: str, tmp_path: Path
    ) -> None:
        sipp = shutil.which("sipp")
        assert sipp, "apt-get install sip-tester"
        wanted = f"-sn uac -s {SILENT} -i 127.0.0.1 -p 0 -t {transport} -m 50 -r 25 -d 200 -nostdin -timeout 60"
        async with a_network() as network:
            caller = await asyncio.create_subprocess_exec(
                sipp, *wanted.split(), f"127.0.0.1:{network.port}", cwd=tmp_path, stdout=DEVNULL, stderr=DEVNULL
            )
            status = await caller.wait()
            async with asyncio.timeout(PATIENCE_S):
                await network.quiet()

        assert status == 0
        assert [call.end for call in network.calls] == [CallEnd.CALLER_HUNG_UP] * 50
        assert network.malformed == 0


class TestUnderFire:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def test_the_network_goes_on_answering(self, data: st.DataObject) -> None:
        shots = data.draw(st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=30)), min_size=1, max_size=12))

        broken: list[object] = []

        async def main() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: broken.append(context))
            async with a_network() as network, a_phone(network.port) as phone:
                good = write(Invite(phone, NOBODY, 77_002, (), b"").message(body=_an_offer(phone.media)))
                with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as gun:
                    for at, junk in shots:
                        gun.sendto(good[:at] + junk + good[at + len(junk) :], ("127.0.0.1", network.port))
                invite = phone.invite(BUSY)
                invite.ack(await phone.response(486))

        asyncio.run(main())

        assert broken == []


def _an_offer(media: socket.socket) -> bytes:
    port = media.getsockname()[1]
    return (
        f"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n".encode()
    )


def _over_tcp(data: bytes) -> bytes:
    return data.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP", 1)
