"""The agent's ears: finds speech in what comes in, and has it put into words."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from outdial.audio.frames import FRAME_BYTES, FRAME_MS, SILENCE
from outdial.conversation.detector import Heard, SpeechDetector
from outdial.conversation.echo import EchoCanceller
from outdial.conversation.manners import Manners
from outdial.conversation.ports import Hearing, SpeechToText
from outdial.conversation.turns import Event
from outdial.conversation.vad import WINDOW_MS, VoiceActivity
from outdial.domain.errors import Unreachable

_GAP: Final = 10
"""Periods without a frame after which a gap counts as silence: lines on hold or with silence suppression send
nothing, and a speaker who went silent that way has ended too."""
_ECHO_FOUND_WITHIN_MS: Final = 500
"""Speech that began earlier than that, before an echo was found, was somebody's."""
_CLOSE_TIMEOUT_S: Final = 2.0
_PATIENCE: Final = 2
"""Recognitions failed in a row after which the recogniser is given up."""


class Listener:
    """``on_words(text, began_ms, ended_ms)`` brings what was recognised; empty text was no speech."""

    def __init__(
        self,
        *,
        voice_activity: VoiceActivity,
        recogniser: SpeechToText,
        language: str,
        manners: Manners,
        tasks: asyncio.TaskGroup,
        post: Callable[[Event], None],
        on_words: Callable[[str, int, int], None],
        failed: Callable[[str, bool], None],
    ) -> None:
        self._recogniser = recogniser
        self._language = language
        self._hearing: Hearing = recogniser.listen(language)
        # After the recogniser, which may refuse: a place in the pool must not be left behind.
        self._ear = voice_activity.open()
        self._manners = manners
        self._tasks = tasks
        self._post = post
        self._on_words = on_words
        self._failed_at = failed
        self._detector = SpeechDetector(manners.hysteresis)
        self._echo = EchoCanceller()
        self._hears_speech = False
        self._owed = 0
        self._probabilities: deque[float] = deque()
        """Of windows no conclusion has been drawn from yet, oldest first."""
        self._lasted = False
        self._told = False
        """The recogniser knows of the present speech."""
        self._failures = 0
        self._transcribing: set[asyncio.Task[None]] = set()

    def hear(self, pcm: bytes, left: bytes) -> None:
        """What came in while ``left`` left: whole periods of the agent's sound and silence."""
        periods = len(left) // FRAME_BYTES
        self._owed = max(self._owed + periods - len(pcm) // FRAME_BYTES, 0)
        if self._owed > _GAP:
            pcm += SILENCE * self._owed
            self._owed = 0
        pcm = self._echo.remove(left, pcm, speech=self._hears_speech)
        if self._echo.found_alone and self._detector.began_ago_ms <= _ECHO_FOUND_WITHIN_MS:
            self._withdraw()
        if pcm:
            self._ear.push(pcm)
            self._hearing.hear(pcm)

    def judge(self, now_ms: int) -> None:
        """Draw the conclusions from the windows judged in this beat, up to the end of a piece of speech.

        After a stall many windows come at once. What follows an end waits for the next beat: the recogniser must be
        asked for the one piece before it is told of the next.
        """
        self._probabilities += self._ear.take()
        heard = None
        while self._probabilities and heard is not Heard.ENDED:
            probability = self._probabilities.popleft()
            self._hears_speech = probability >= self._manners.hysteresis.stay_probability
            heard = self._detector.hear(probability)
            if heard is Heard.BEGAN:
                self._lasted = self._told = False
                self._post(Event.SPEECH_BEGAN)
            elif heard is Heard.ENDED:
                self._end(now_ms - WINDOW_MS * len(self._probabilities))
            if self._detector.speaking and not self._told:
                # What may be an echo is found out within this time; the recogniser shall not hear of it.
                surely = self._detector.began_ago_ms >= self._manners.interrupt_speech_ms
                if surely or not self._echo.may_come:
                    self._tell()
            if self._detector.speaking and not self._lasted:
                self._lasted = self._detector.speech_ms >= self._manners.interrupt_speech_ms
                if self._lasted:
                    self._post(Event.SPEECH_LASTED)
        if self._detector.quiet_ms >= 1000 * self._manners.vad_memory_s:
            self._detector.quiet_ms = 0
            self._ear.forget()

    async def finish(self, now_ms: int, timeout_s: float) -> None:
        """The line has closed: what was being said is put into words too, if that does not take long."""
        if self._detector.speaking:
            self._transcribe(now_ms)
        if self._transcribing:
            _, late = await asyncio.wait(self._transcribing, timeout=timeout_s)
            for task in late:
                task.cancel()

    async def close(self) -> None:
        self._ear.close()
        await _close(self._hearing)

    def _end(self, now_ms: int) -> None:
        self._transcribe(now_ms)
        self._post(Event.SPEECH_ENDED)

    def _withdraw(self) -> None:
        """What sounded like speech just now was the agent's own voice: it has no words."""
        spoke = self._detector.speaking
        self._detector.stop()
        self._probabilities.clear()
        self._ear.forget()
        if not spoke:
            return
        self._post(Event.SPEECH_ENDED)
        if not self._told:
            self._on_words("", 0, 0)
            return
        task = self._tasks.create_task(self._disregard(before=tuple(self._transcribing)))
        self._transcribing.add(task)
        task.add_done_callback(self._transcribing.discard)

    async def _disregard(self, before: Collection[asyncio.Task[None]]) -> None:
        with contextlib.suppress(Unreachable, TimeoutError):
            async with asyncio.timeout(self._manners.recogniser_timeout_s):
                await self._hearing.speech_ended()
        if before:
            await asyncio.wait(before)
        self._on_words("", 0, 0)

    def _tell(self) -> None:
        self._told = True
        self._hearing.speech_began()

    def _transcribe(self, now_ms: int) -> None:
        if not self._told:
            self._tell()
        began_ms = max(now_ms - self._detector.began_ago_ms, 0)
        ended_ms = max(now_ms - self._detector.silent_ms, began_ms + FRAME_MS)
        task = self._tasks.create_task(self._recognise(began_ms, ended_ms, before=tuple(self._transcribing)))
        self._transcribing.add(task)
        task.add_done_callback(self._transcribing.discard)

    async def _recognise(self, began_ms: int, ended_ms: int, before: Collection[asyncio.Task[None]]) -> None:
        """``before``: pieces that were said earlier and are still being put into words; theirs come first."""
        try:
            async with asyncio.timeout(self._manners.recogniser_timeout_s):
                text = await self._hearing.speech_ended()
        except (Unreachable, TimeoutError) as error:
            await self._failed(error)
            text = ""
        else:
            self._failures = 0
        if before:
            await asyncio.wait(before)
        self._on_words(text.strip(), began_ms, ended_ms)

    async def _failed(self, error: Exception) -> None:
        """The sound is lost, so the callee has to say it again; with a new hearing, the old one may be dead."""
        self._failures += 1
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        final = self._failures >= _PATIENCE
        self._failed_at(why, final)
        if not final:
            dead, self._hearing = self._hearing, self._recogniser.listen(self._language)
            await _close(dead)


async def _close(hearing: Hearing) -> None:
    """A recogniser that does not let go must not hold the call."""
    with contextlib.suppress(Unreachable, TimeoutError):
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await hearing.close()
