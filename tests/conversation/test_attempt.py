"""One attempt from the dial to its result, over the simulated network in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from line_builders import a_brief
from outdial.carriers.simulator.memory_line import MemoryLine
from outdial.conversation.attempt import carry_out
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import HangUp, Leg, Parts, Say
from outdial.conversation.vad import VoiceActivity
from outdial.domain.agent import Brief
from outdial.domain.attempt import Answered, Dial, Order, Progress, Result, Ringing, Said, Trunk
from outdial.domain.errors import Unreachable
from outdial.domain.outcome import EndedBy, NotReached, Outcome
from outdial.speech.scripted import ScriptedEars, ScriptedLanguage, ScriptedVoice
from outdial.virtual_time import EPOCH, loop_clock, run


class OneAnswer:
    """A carrier that rings for two seconds and then gives one answer; None: never."""

    def __init__(self, answer: NotReached | Exception | str | None) -> None:
        self._answer = answer
        self.placed: list[Dial] = []
        self.taken_back = False

    async def place(self, dial: Dial, on_ringing: Callable[[bool], None]) -> Leg | NotReached:
        self.placed.append(dial)
        try:
            await asyncio.sleep(1)
            on_ringing(False)
            await asyncio.sleep(2 if self._answer is not None else 3600)
        except asyncio.CancelledError:
            self.taken_back = True
            raise
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer if isinstance(self._answer, NotReached) else MemoryLine().caller


def an_order(recording: Path | None = None) -> Order:
    trunk = Trunk(id="t", name="office", host="127.0.0.1")
    dial = Dial("call", 1, "+15550001111", "+15550002222", trunk, ring_timeout_s=30)
    return Order(dial, a_brief(), str(recording) if recording else "")


def scripted(brief: Brief) -> Parts:
    del brief
    return Parts(ScriptedEars(), ScriptedVoice(), ScriptedLanguage([Say("Good morning. Goodbye."), HangUp()]))


def attempt(
    carrier: OneAnswer, *, parts_for: Callable[[Brief], Parts] = scripted, recording: Path | None = None
) -> tuple[Result, list[Progress]]:
    progress: list[Progress] = []

    async def carried_out() -> Result:
        return await carry_out(
            an_order(recording),
            carrier=carrier,
            parts_for=parts_for,
            metronome=Metronome(VoiceActivity(slots=1)),
            clock=loop_clock(),
            report=progress.append,
        )

    return run(carried_out()), progress


class TestAnAttemptThatIsAnswered:
    def test_rings_talks_and_completes(self, tmp_path: Path) -> None:
        result, progress = attempt(OneAnswer("answers"), recording=tmp_path / "talk.wav")

        assert [type(step) for step in progress] == [Ringing, Answered, Said]
        assert [step.at - EPOCH for step in progress[:2]] == [timedelta(seconds=1), timedelta(seconds=3)]
        assert result.outcome is Outcome.COMPLETED
        assert result.talk is not None
        assert result.talk.ended_by is EndedBy.AGENT
        assert result.talk.recording_ms == result.talk.talk_ms > 1000
        assert (tmp_path / "talk.wav").exists()

    def test_keeps_no_recording_that_was_not_asked_for(self) -> None:
        result, _ = attempt(OneAnswer("answers"))

        assert result.talk is not None
        assert result.talk.recording_ms == 0


class TestAnAttemptThatIsNotAnswered:
    def test_passes_the_carriers_word_on(self) -> None:
        result, progress = attempt(OneAnswer(NotReached(Outcome.BUSY, 486, 17, "Busy Here")))

        assert (result.outcome, result.sip_code, result.q850, result.reason) == (Outcome.BUSY, 486, 17, "Busy Here")
        assert result.talk is None
        assert [type(step) for step in progress] == [Ringing]

    def test_because_the_trunk_is_down_says_so(self) -> None:
        result, _ = attempt(OneAnswer(Unreachable("trunk office does not answer")))

        assert (result.outcome, result.reason) == (Outcome.TRUNK_FAILED, "trunk office does not answer")

    def test_because_its_moment_was_over_never_happened(self) -> None:
        result, _ = attempt(OneAnswer(NotReached(Outcome.WORKER_LOST, reason="too late", nobody_rung=True)))

        assert (result.outcome, result.reason, result.nobody_rung) == (Outcome.WORKER_LOST, "too late", True)

    def test_by_a_carrier_that_never_comes_back_ends_in_time(self) -> None:
        carrier = OneAnswer(None)

        result, _ = attempt(carrier)

        assert (result.outcome, result.at) == (Outcome.TRUNK_FAILED, EPOCH + timedelta(seconds=45))
        assert carrier.taken_back


class TestAnAgentThatCannotTalk:
    def test_rings_nobody(self) -> None:
        def none(brief: Brief) -> Parts:
            raise Unreachable(f"no voice {brief.voice.id}")

        carrier = OneAnswer("answers")

        result, progress = attempt(carrier, parts_for=none)

        assert result.reason == "the agent cannot talk: no voice scripted"
        assert (carrier.placed, progress) == ([], [])


class TestACancelledAttempt:
    def test_takes_the_dial_back(self) -> None:
        carrier = OneAnswer(None)

        async def cancelled() -> None:
            work = asyncio.create_task(
                carry_out(
                    an_order(),
                    carrier=carrier,
                    parts_for=scripted,
                    metronome=Metronome(VoiceActivity(slots=1)),
                    clock=loop_clock(),
                    report=lambda progress: None,
                )
            )
            await asyncio.sleep(1.5)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

        run(cancelled())

        assert carrier.taken_back
