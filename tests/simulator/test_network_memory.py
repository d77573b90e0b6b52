"""The network in memory: whole conversations on a clock that costs nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from importlib import resources

import pytest
import yaml

from outdial.audio.frames import FRAME_BYTES, SILENCE
from outdial.audio.levels import tone, tone_share
from outdial.carriers.simulator.callee import mute, talker, voicemail_greeting
from outdial.carriers.simulator.memory_line import MemoryLeg, MemoryLine
from outdial.carriers.simulator.network_memory import MemoryCarrier
from outdial.carriers.simulator.scenarios import RESIDENTS, PhoneBook
from outdial.carriers.simulator.seen import CallEnd
from outdial.carriers.simulator.tones import BEEP_HZ
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Leg, Parts
from outdial.conversation.talk import converse
from outdial.conversation.vad import VoiceActivity
from outdial.domain.agent import Brief, TalkLimits
from outdial.domain.attempt import Speaker, TalkSummary
from outdial.domain.errors import Refused
from outdial.domain.outcome import EndedBy, NotReached, Outcome
from outdial.domain.templates import render
from outdial.language.flow import FlowLanguage
from outdial.speech.scripted import ScriptedEars, ScriptedVoice
from outdial.virtual_time import loop_clock, run
from simulated_calls import a_brief, a_dial, callee_parts, observe

SAM, RILEY, BUSY, NOBODY = "+15550001111", "+15550001112", "+15550002001", "+15550002002"
IMPATIENT, SILENT, VOICEMAIL = "+15550003001", "+15550003002", "+15550003003"
WORDS = {"callee_name": "Sam Sample", "company_name": "City Dental", "appointment_date": "March 20"}
PERFECT = Parts(ScriptedEars(), ScriptedVoice(), FlowLanguage())
"""A flow's mind, and a voice and ears that never misunderstand each other."""


def the_demo_agent() -> Brief:
    agent = yaml.safe_load(resources.files("outdial.bootstrap").joinpath("demo_agent.yaml").read_text("utf-8"))
    return replace(
        a_brief(TalkLimits()), greeting=render(agent["greeting"], WORDS).text, flow=agent["flow"], variables=WORDS
    )


async def a_talk_with(number: str) -> TalkSummary:
    clock, metronome = loop_clock(), Metronome(VoiceActivity())
    talk = talker(lambda brief: PERFECT, metronome=metronome, clock=clock)
    async with MemoryCarrier(talk=talk, clock=clock) as carrier:
        leg = await carrier.place(a_dial(number), lambda early: None)
        assert isinstance(leg, MemoryLeg)
        return await converse(
            leg, the_demo_agent(), PERFECT, metronome=metronome, clock=clock, report=lambda said: None,
            recording_path=None,
        )  # fmt: skip


class TestTheFirstCallOfANewcomer:
    def test_is_a_conversation_that_captures_every_answer(self) -> None:
        summary = run(a_talk_with(SAM))

        assert summary.captured == {
            "right_person": "yes",
            "appointment_kept": "yes",
            "preferred_time": "10:00",
            "reminder": "yes",
        }
        assert (summary.ended_by, summary.trouble) == (EndedBy.AGENT, "")
        said = [turn.text for turn in summary.turns if turn.speaker is Speaker.CALLEE]
        assert said[:4] == [
            "Yes, this is Sam speaking.",
            "Yes, that date is fine.",
            "Ten o'clock in the morning, please.",
            "Yes, please.",
        ]
        assert not any(turn.interrupted for turn in summary.turns)
        assert summary.talk_ms < 45_000

    def test_with_somebody_who_says_no_goes_the_other_way(self) -> None:
        summary = run(a_talk_with(RILEY))

        assert summary.captured["appointment_kept"] == "no"
        assert "preferred_time" not in summary.captured

    def test_is_the_same_every_time(self) -> None:
        assert run(a_talk_with(SAM)) == run(a_talk_with(SAM))


class TestADial:
    def test_that_nobody_answers_takes_as_long_as_it_may_and_no_longer(self) -> None:
        async def main() -> tuple[Leg | NotReached, float, CallEnd]:
            async with MemoryCarrier(talk=mute, clock=loop_clock()) as carrier:
                result = await carrier.place(a_dial(NOBODY, ring_timeout_s=45), lambda early: None)
                return result, asyncio.get_running_loop().time(), carrier.calls[0].end

        result, took_s, end = run(main())

        assert isinstance(result, NotReached)
        assert (result.outcome, took_s, end) == (Outcome.NO_ANSWER, 45, CallEnd.CANCELLED)

    def test_that_is_cancelled_leaves_nothing_behind(self) -> None:
        async def main() -> tuple[CallEnd, int]:
            async with MemoryCarrier(talk=mute, clock=loop_clock()) as carrier:
                dial = asyncio.ensure_future(carrier.place(a_dial(SAM), lambda early: None))
                await asyncio.sleep(1)
                dial.cancel()
                await asyncio.wait([dial])
                return carrier.calls[0].end, carrier.calls_under_way

        assert run(main()) == (CallEnd.CANCELLED, 0)

    @pytest.mark.parametrize(("left_s", "rung"), [(0.0, 0), (0.001, 1)])
    def test_is_made_only_before_its_last_moment(self, left_s: float, rung: int) -> None:
        async def main() -> tuple[Leg | NotReached, int]:
            clock = loop_clock()
            async with MemoryCarrier(talk=mute, clock=clock) as carrier:
                dial = replace(a_dial(BUSY), before=clock() + timedelta(seconds=left_s))
                return await carrier.place(dial, lambda early: None), len(carrier.calls)

        result, rings = run(main())

        assert isinstance(result, NotReached)
        assert (rings, result.nobody_rung) == (rung, not rung)

    @pytest.mark.parametrize(("number", "rings_s"), [("+15550004000", 0), ("+15550004007", 7), ("+15550009876", 2)])
    def test_rings_as_long_as_its_number_says(self, number: str, rings_s: float) -> None:
        async def main() -> float:
            async with MemoryCarrier(talk=mute, clock=loop_clock()) as carrier:
                await carrier.place(a_dial(number), lambda early: None)
                return asyncio.get_running_loop().time()

        assert run(main()) == rings_s


class TestAVoicemail:
    def test_greets_beeps_for_half_a_second_and_then_listens_for_half_a_minute(self) -> None:
        async def main() -> tuple[bytes, str | None, float]:
            async with MemoryCarrier(talk=mute, clock=loop_clock()) as carrier:
                leg = await carrier.place(a_dial(VOICEMAIL), lambda early: None)
                assert isinstance(leg, MemoryLeg)
                loop, heard = asyncio.get_running_loop(), bytearray()
                answered = loop.time()
                while leg.gone is None:
                    heard += leg.hear()
                    await asyncio.sleep(0.02)
                return bytes(heard), leg.gone, loop.time() - answered

        heard, gone, took_s = run(main())

        greeting = voicemail_greeting()
        beep = heard[len(greeting) :][: 25 * FRAME_BYTES]
        assert heard.startswith(greeting)
        assert tone_share(beep, BEEP_HZ) > 0.99
        assert not any(heard[len(greeting) + len(beep) :])
        assert gone == "the callee hung up"
        assert took_s == pytest.approx(len(greeting) / 16_000 + 0.5 + 30, abs=0.05)


class TestALine:
    def test_carries_frames_at_the_pace_of_speech(self) -> None:
        async def main() -> list[bytes]:
            line = MemoryLine()
            line.caller.speak(tone(1000, 40))
            heard = []
            for _ in range(4):
                await asyncio.sleep(0.02)
                heard.append(line.callee.hear())
            return heard

        assert b"".join(run(main())) == tone(1000, 40) + SILENCE * 2

    def test_forgets_what_was_hushed_before_it_left(self) -> None:
        async def main() -> bytes:
            line = MemoryLine()
            line.caller.speak(tone(1000, 100))
            await asyncio.sleep(0.04)
            line.caller.hush()
            await asyncio.sleep(0.06)
            return line.callee.hear()

        assert run(main()) == tone(1000, 40) + SILENCE * 3

    def test_tells_only_the_other_end_that_somebody_hung_up(self) -> None:
        async def main() -> tuple[str | None, str | None]:
            line = MemoryLine()
            await line.caller.hang_up()
            await line.callee.hang_up()
            return line.caller.gone, line.callee.gone

        assert run(main()) == (None, "the caller hung up")

    def test_carries_keys(self) -> None:
        async def main() -> tuple[str, str]:
            line = MemoryLine()
            await line.callee.press("42#")
            return line.caller.digits(), line.caller.digits()

        assert run(main()) == ("42#", "")

    def test_has_no_keys_but_those_of_a_phone(self) -> None:
        async def main() -> None:
            await MemoryLine().caller.press("12x")

        with pytest.raises(Refused, match="keys 0-9"):
            run(main())


class TestACalleeThatBreaks:
    def test_ends_its_own_call_and_no_other(self) -> None:
        async def breaks(leg: Leg, brief: Brief) -> None:
            raise ZeroDivisionError

        async def main() -> tuple[str | None, CallEnd, Leg | NotReached]:
            async with MemoryCarrier(talk=breaks, clock=loop_clock()) as carrier:
                leg = await carrier.place(a_dial(SAM), lambda early: None)
                assert isinstance(leg, MemoryLeg)
                await asyncio.sleep(1)
                return leg.gone, carrier.calls[0].end, await carrier.place(a_dial(SILENT), lambda early: None)

        gone, end, next_call = run(main())

        assert (gone, end) == ("the callee hung up", CallEnd.BROKEN)
        assert isinstance(next_call, MemoryLeg)


class TestARehearsal:
    def test_of_hundreds_of_calls_ends_as_the_numbers_say_and_leaves_nothing_behind(self) -> None:
        numbers = [BUSY, NOBODY, IMPATIENT, SILENT, "+15550002003", "+15550002004", "+15550002005", "+15550003005"] * 50

        async def main() -> tuple[list[Outcome], int, int]:
            clock, metronome = loop_clock(), Metronome(VoiceActivity())
            talk = talker(callee_parts(), metronome=metronome, clock=clock)
            async with MemoryCarrier(talk=talk, clock=clock, book=PhoneBook(RESIDENTS)) as carrier:
                dials = (observe(carrier, a_dial(n), metronome=metronome, clock=clock) for n in numbers)
                observed = await asyncio.gather(*dials)
                await asyncio.sleep(1)
                return [one.outcome for one in observed], carrier.calls_under_way, metronome.size

        outcomes, under_way, playing = run(main())

        answered = {IMPATIENT, SILENT, "+15550003005"}
        assert [outcome is Outcome.COMPLETED for outcome in outcomes] == [number in answered for number in numbers]
        assert (under_way, playing) == (0, 0)
