"""A line that echoes: the agent never interrupts itself, and real words over the echo still interrupt it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broken_parts import OtherLeg
from line_builders import Callee, Script, Talked, a_brief, talk
from outdial.audio.frames import FRAME_BYTES, FRAME_MS, duration_ms
from outdial.carriers.simulator.callee import voicemail_greeting
from outdial.carriers.simulator.echo import Echo, EchoPath
from outdial.carriers.simulator.law import LAWS, Law
from outdial.carriers.simulator.sdp import PCMA, PCMU
from outdial.conversation.echo import EchoCanceller
from outdial.conversation.ports import HangUp, Leg, Say
from outdial.domain.agent import TalkLimits, Voice
from outdial.domain.attempt import Speaker
from outdial.speech.scripted import CannedEars, ScriptedLanguage, ScriptedVoice, speech_sound
from outdial.virtual_time import run

DELAYS_MS: Final = (20, 37, 60, 120, 250, 400, 600)
LEVELS_DB: Final = (-6, -12, -20, -30, -40)
CODECS: Final = {"mu-law": LAWS[PCMU], "A-law": LAWS[PCMA]}
TEXT: Final = (
    "Good morning, this is Ada from Acme Dental, and I am calling about the appointment that you made last week."
)
QUIETLY_ENDED: Final = a_brief(limits=TalkLimits(idle_warning_s=2, idle_end_s=2, max_length_s=40))
WORDS: Final = voicemail_greeting()
SOUND: Final = b"".join(speech_sound(TEXT))


class Echoing(OtherLeg):
    """A leg whose far end returns what was sent, over a codec, mixed into what the callee says."""

    def __init__(self, leg: Leg, path: EchoPath) -> None:
        super().__init__(leg)
        self._path = path
        self._out: list[bytes] = []

    def speak(self, pcm: bytes) -> None:
        super().speak(pcm)
        self._out += [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]

    def hush(self) -> None:
        super().hush()
        self._out.clear()

    def hear(self) -> bytes:
        came = super().hear()
        mixed = []
        for at in range(0, len(came), FRAME_BYTES):
            self._path.arrive(self._out.pop(0) if self._out else bytes(FRAME_BYTES))
            mixed.append(self._path.leave(came[at : at + FRAME_BYTES]))
        return b"".join(mixed)


class HumanVoice:
    """Real speech, another piece of it each time."""

    def __init__(self) -> None:
        self._at = 0

    async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
        del voice
        length = 60 * len(text) // FRAME_MS * FRAME_BYTES
        sound = SOUND[self._at : self._at + length]
        self._at = (self._at + length) % (len(SOUND) // 2)
        yield sound[: len(sound) // FRAME_BYTES * FRAME_BYTES]


def over_an_echo(
    delay_ms: float, level_db: float, law: Law, script: Script, *, heard: tuple[str, ...], language: ScriptedLanguage
) -> Talked:
    def line(leg: Leg) -> Leg:
        return Echoing(leg, EchoPath(Echo(delay_ms, level_db), law))

    return run(
        talk(
            script=script,
            language=language,
            ears=CannedEars(heard),
            voice=HumanVoice(),
            brief=QUIETLY_ENDED,
            line_of=line,
        )
    )


async def listens(callee: Callee) -> None:
    await callee.hears_the_end()


class TestTheAgentsOwnVoice:
    @pytest.mark.parametrize("codec", CODECS)
    @pytest.mark.parametrize("level_db", LEVELS_DB)
    @pytest.mark.parametrize("delay_ms", DELAYS_MS)
    def test_never_interrupts_it_and_has_no_words(self, delay_ms: int, level_db: int, codec: str) -> None:
        heard = ("Good morning this is Ada",) * 20

        talked = over_an_echo(
            delay_ms, level_db, CODECS[codec], listens, heard=heard, language=ScriptedLanguage(TEXT, ["I see."] * 20)
        )

        assert talked.lines == [f"agent: {TEXT}"]
        assert not talked.summary.turns[0].interrupted

    @pytest.mark.parametrize("delay_ms", [40, 300, 600])
    def test_does_not_answer_itself_after_an_answer_either(self, delay_ms: int) -> None:
        async def answers(callee: Callee) -> None:
            await asyncio.sleep(7.3)
            callee.make_noise(WORDS[: 60 * FRAME_BYTES])
            await callee.hears_the_end()

        talked = over_an_echo(
            delay_ms,
            -6,
            LAWS[PCMU],
            answers,
            heard=("that suits me",),
            language=ScriptedLanguage(TEXT, [f"Fine. {TEXT}"]),
        )

        assert [turn.text for turn in talked.summary.turns] == [TEXT, "that suits me", f"Fine. {TEXT}"]
        assert not any(turn.interrupted for turn in talked.summary.turns)


class TestRealWordsOverTheEcho:
    @pytest.mark.parametrize("level_db", [-6, -12, -20, -30])
    @pytest.mark.parametrize("delay_ms", [40, 200, 600])
    def test_interrupt_the_agent_as_soon_as_without_it(self, delay_ms: int, level_db: int) -> None:
        async def interrupts(callee: Callee) -> None:
            await asyncio.sleep(3)
            callee.make_noise(WORDS[: 75 * FRAME_BYTES])
            await callee.hears_the_end()

        language = ScriptedLanguage(TEXT, [[Say("All right. Goodbye."), HangUp()]])
        heard = ("stop please I have no time",)

        plain, echoing = (
            over_an_echo(delay_ms, level, LAWS[PCMU], interrupts, heard=heard, language=language)
            for level in (-200, level_db)
        )

        said = [turn.text for turn in echoing.summary.turns if turn.speaker is Speaker.CALLEE]
        assert said == list(heard)
        assert echoing.summary.turns[0].interrupted
        assert echoing.summary.turns[0].ended_ms - plain.summary.turns[0].ended_ms <= 150
        assert echoing.lines[-1] == "agent: All right. Goodbye."


class TestASecondPersonWithTheAgentsVoice:
    @pytest.mark.parametrize("wait_s", [0.1, 0.33, 0.5, 1.21, 2.6])
    def test_is_not_taken_for_its_echo(self, wait_s: float) -> None:
        """Two engines may talk to each other with the same voice; nobody's echo is as loud as they are."""

        async def interrupts(callee: Callee) -> None:
            await asyncio.sleep(wait_s)
            callee.say("hold on please I have to ask you something")
            await callee.hears_the_end()

        talked = run(
            talk(
                script=interrupts, language=ScriptedLanguage(TEXT, ["Yes?"]), brief=QUIETLY_ENDED, voice=ScriptedVoice()
            )
        )

        assert "callee: hold on please I have to ask you something" in talked.lines

    @pytest.mark.parametrize("delay_ms", [40, 300, 600])
    def test_interrupts_over_the_echo_too(self, delay_ms: int) -> None:
        def line(leg: Leg) -> Leg:
            return Echoing(leg, EchoPath(Echo(delay_ms, -10), LAWS[PCMU]))

        async def interrupts(callee: Callee) -> None:
            await asyncio.sleep(5)
            callee.say("hold on please I have to ask you something")
            await callee.hears_the_end()

        talked = run(
            talk(
                script=interrupts,
                language=ScriptedLanguage(TEXT, ["Yes?"]),
                ears=CannedEars(["hold on please"]),
                brief=QUIETLY_ENDED,
                line_of=line,
            )
        )

        assert talked.lines[1:] == ["callee: hold on please", "agent: Yes?"]
        assert talked.summary.turns[0].ended_ms < 5600


def removed(left: bytes, came: bytes) -> bytes:
    canceller = EchoCanceller()
    return b"".join(
        canceller.remove(left[at : at + FRAME_BYTES], came[at : at + FRAME_BYTES], speech=True)
        for at in range(0, len(left), FRAME_BYTES)
    )


def power(pcm: bytes) -> float:
    return float(np.mean(np.frombuffer(pcm, np.int16).astype(np.float64) ** 2))


class TestTakingOutAnEcho:
    @settings(max_examples=25, deadline=None)
    @given(st.floats(20, 600), st.floats(-30, -6), st.sampled_from(sorted(CODECS)), st.booleans())
    def test_leaves_nothing_of_it_at_any_delay_and_level(
        self, delay_ms: float, level_db: float, codec: str, upside_down: bool
    ) -> None:
        left = SOUND[: 300 * FRAME_BYTES]
        path = EchoPath(Echo(delay_ms, level_db), CODECS[codec])
        came = b""
        for at in range(0, len(left), FRAME_BYTES):
            path.arrive(left[at : at + FRAME_BYTES])
            came += path.leave(bytes(FRAME_BYTES))
        if upside_down:
            came = (-np.frombuffer(came, np.int16)).tobytes()

        rest = removed(left, came)

        settled = 2 * 8000 * 2
        assert duration_ms(came) == 6000
        assert power(rest[settled:]) <= 0.01 * power(came[settled:]) + 4

    def test_leaves_a_line_without_one_as_it_is(self) -> None:
        left, came = SOUND[: 300 * FRAME_BYTES], WORDS[: 300 * FRAME_BYTES]

        assert removed(left, came) == came

    def test_leaves_everything_as_it_is_while_the_agent_is_silent(self) -> None:
        came = WORDS[: 300 * FRAME_BYTES]

        assert removed(bytes(len(came)), came) == came

    def test_keeps_the_words_of_the_callee(self) -> None:
        left = SOUND[: 300 * FRAME_BYTES]
        words = bytes(150 * FRAME_BYTES) + WORDS[: 150 * FRAME_BYTES]
        path = EchoPath(Echo(140, -6), LAWS[PCMA])
        came = b""
        for at in range(0, len(left), FRAME_BYTES):
            path.arrive(left[at : at + FRAME_BYTES])
            came += path.leave(words[at : at + FRAME_BYTES])

        rest = np.frombuffer(removed(left, came), np.int16).astype(np.float64)[150 * 160 :]

        spoken = np.frombuffer(words, np.int16).astype(np.float64)[150 * 160 :]
        assert float(np.corrcoef(rest, spoken)[0, 1]) > 0.98

    def test_finds_a_path_that_changes(self) -> None:
        left = SOUND[: 400 * FRAME_BYTES]
        came = b""
        paths = EchoPath(Echo(100, -10), LAWS[PCMU]), EchoPath(Echo(260, -10), LAWS[PCMU])
        for at in range(0, len(left), FRAME_BYTES):
            for path in paths:
                path.arrive(left[at : at + FRAME_BYTES])
            first, second = (path.leave(bytes(FRAME_BYTES)) for path in paths)
            came += first if at < 200 * FRAME_BYTES else second

        rest = removed(left, came)

        assert power(rest[300 * FRAME_BYTES :]) <= 0.01 * power(came[300 * FRAME_BYTES :])

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(st.integers(20, 60), st.integers(-2, 2), st.booleans()), min_size=2, max_size=6))
    def test_follows_packets_that_are_lost_or_held_up(self, moves: list[tuple[int, int, bool]]) -> None:
        left = SOUND[: 400 * FRAME_BYTES]
        coded = LAWS[PCMU].decode(LAWS[PCMU].encode(left))
        echo = (np.frombuffer(coded, np.int16) * 0.3).astype(np.int16).tobytes()
        came, at, late = bytes(10 * FRAME_BYTES), 0, 0
        while len(came) < len(left):
            for frames, packets, silent in moves:
                late = max(late + packets, -5)
                at = len(came) - (10 + late) * FRAME_BYTES
                came += bytes(FRAME_BYTES) if silent else b""
                came += echo[max(at, 0) : max(at, 0) + frames * FRAME_BYTES]
        came = came[: len(left)]

        rest = removed(left, came)

        loud = [power(rest[at : at + FRAME_BYTES]) > 400**2 for at in range(100 * FRAME_BYTES, len(rest), FRAME_BYTES)]
        runs = max((len(run) for run in "".join("x" if it else " " for it in loud).split()), default=0)
        assert runs <= 2

    def test_takes_a_stall_that_is_longer_than_what_it_remembers(self) -> None:
        left = SOUND[: 400 * FRAME_BYTES]
        path = EchoPath(Echo(700, -10), LAWS[PCMU])
        canceller, late = EchoCanceller(), bytearray()
        for at in range(0, len(left), FRAME_BYTES):
            path.arrive(left[at : at + FRAME_BYTES])
            came = path.leave(bytes(FRAME_BYTES))
            stalled = at >= 300 * FRAME_BYTES
            late += came if stalled else b""
            canceller.remove(left[at : at + FRAME_BYTES], b"" if stalled else came, speech=True)

        assert len(canceller.remove(left[:FRAME_BYTES], bytes(late), speech=True)) == len(late)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40), st.booleans()), max_size=12))
    def test_takes_stalls_and_gaps_of_any_length(self, beats: list[tuple[int, int, bool]]) -> None:
        canceller = EchoCanceller()
        for left_frames, came_frames, speech in beats:
            came = SOUND[: came_frames * FRAME_BYTES]
            assert len(canceller.remove(SOUND[: left_frames * FRAME_BYTES], came, speech=speech)) == len(came)
