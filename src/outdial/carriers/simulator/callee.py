"""What a callee does with an open line, whatever the line is made of."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Final, Protocol

from outdial.audio.frames import FRAME_MS, SILENCE, duration_ms
from outdial.audio.levels import rms_dbfs
from outdial.carriers.simulator import tones
from outdial.carriers.simulator.personas import brief_of
from outdial.carriers.simulator.scenarios import Callee, Manner
from outdial.conversation.manners import GOOD_MANNERS
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Leg, PartsFor
from outdial.conversation.talk import converse
from outdial.domain.agent import Brief
from outdial.domain.attempt import DigitsPressed, Said
from outdial.domain.clock import Clock

PATIENCE_S: Final = 120.0
"""A callee who only listens hangs up at last, should the caller forget the line."""
VOICEMAIL_RECORDS_S: Final = 30.0
MID_SENTENCE_S: Final = 1.0
"""How long a caller must have spoken to be in the middle of the first sentence."""
_SOUND_DBFS: Final = -45.0
_TICK_S: Final = FRAME_MS / 1000
_OF_CALLEES: Final = replace(GOOD_MANNERS, ends_after_goodbyes=False)
"""Whoever was called leaves it to the caller to hang up."""


class CalleeLeg(Leg, Protocol):
    async def ended(self) -> None:
        """Returns when the line is down."""


Talk = Callable[[Leg, Brief], Awaitable[None]]
"""Holds a persona's side of a conversation until the line is down: the conversation engine, wired in ``bootstrap``."""


def talker(parts_for: PartsFor, *, metronome: Metronome, clock: Clock) -> Talk:
    """The conversation engine as a callee's mind: its parts are chosen by the persona's brief."""

    async def talk(leg: Leg, brief: Brief) -> None:
        parts = parts_for(brief)
        await converse(
            leg,
            brief,
            parts,
            metronome=metronome,
            clock=clock,
            report=_to_nobody,
            recording_path=None,
            manners=_OF_CALLEES,
        )

    return talk


async def mute(leg: Leg, brief: Brief) -> None:
    """A ``Talk`` without a voice, for networks whose callees are only rung: listens until the line is down."""
    del brief
    while leg.gone is None:
        leg.hear()
        await asyncio.sleep(_TICK_S)


async def behave(callee: Callee, leg: CalleeLeg, talk: Talk) -> None:
    """Live through an answered call. Returns when the callee is done: the line may be up still."""
    match callee.manner:
        case Manner.TALKS:
            await talk(leg, brief_of(callee.persona))
        case Manner.SILENT:
            await _wait(leg, PATIENCE_S)
        case Manner.HANGS_UP:
            if await _spoken_to(leg):
                await _wait(leg, MID_SENTENCE_S)
        case Manner.VOICEMAIL:
            await _play(leg, voicemail_greeting())
            await _play(leg, tones.beep())
            await _wait(leg, VOICEMAIL_RECORDS_S)
        case Manner.PRESSES_DIGITS:
            if await _spoken_to(leg):
                await _wait(leg, MID_SENTENCE_S)
                await leg.press(callee.digits)
            await _wait(leg, PATIENCE_S)


@cache
def voicemail_greeting() -> bytes:
    """A recording, as voicemail has it: whole frames of line-rate PCM."""
    data = resources.files(__package__).joinpath("recordings", "voicemail.wav").read_bytes()
    with wave.open(io.BytesIO(data)) as file:
        return tones.whole_frames(file.readframes(file.getnframes()))


def _to_nobody(progress: Said | DigitsPressed) -> None:
    """A callee keeps no record."""


async def _wait(leg: CalleeLeg, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await leg.ended()
    except TimeoutError:
        return


async def _play(leg: CalleeLeg, pcm: bytes) -> None:
    leg.speak(pcm)
    await _wait(leg, duration_ms(pcm) / 1000)


async def _spoken_to(leg: CalleeLeg) -> bool:
    """Wait for the caller's first sound; False when the line went down, or nothing was said for too long."""
    for _ in range(int(PATIENCE_S / _TICK_S)):
        if leg.gone is not None:
            return False
        if rms_dbfs(leg.hear() or SILENCE) > _SOUND_DBFS:
            return True
        await asyncio.sleep(_TICK_S)
    return False
