"""Any LiveKit ``stt.STT`` and ``tts.TTS`` as our ears and voice: no room, no job, one shared HTTP session.

Turn-taking stays ours; LiveKit's own voice detection and turn models are licensed for its framework only and are
never touched.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, Final

import aiohttp
import numpy as np
import soxr
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError, APIStatusError
from livekit.agents import stt as lk_stt
from livekit.agents import tts as lk_tts

from outdial.audio.frames import LINE_RATE_HZ
from outdial.conversation.ports import Hearing, SpeechToText, TextToSpeech
from outdial.domain.agent import Voice
from outdial.domain.errors import Unreachable
from outdial.speech.spoken import spoken
from outdial.speech.utterance import UtteranceBuffer

CONNECT: Final = APIConnectOptions(max_retry=1, retry_interval=0.2, timeout=5.0)
SOUND_WITHIN_S: Final = 8.0
WORDS_WITHIN_S: Final = 8.0
SETTLE_S: Final = 2.0
"""After the end of speech, how long a streaming recogniser may take to make its last words final."""

Plugin = tuple[ModuleType, str, Mapping[str, Any]]


@asynccontextmanager
async def open_parts(ears: Plugin, voice: Plugin) -> AsyncIterator[tuple[SpeechToText, TextToSpeech]]:
    async with aiohttp.ClientSession() as http, _made(ears, "STT", http) as stt, _made(voice, "TTS", http) as tts:
        yield LiveKitEars(stt, ears[1]), LiveKitVoice(tts, voice[1])


@asynccontextmanager
async def _made(plugin: Plugin, kind: str, http: aiohttp.ClientSession) -> AsyncIterator[Any]:
    """The plug-in's object, with our HTTP session where it takes one.

    Raises:
        Unreachable: the plug-in has no such class, or does not take the options.
    """
    module, name, options = plugin
    make = getattr(module, kind, None)
    if make is None:
        raise Unreachable(f"the LiveKit plug-in {name} has no {kind}: choose another one")
    shared = {"http_session": http} if "http_session" in inspect.signature(make).parameters else {}
    try:
        made = make(**shared, **options)
    except (TypeError, ValueError) as wrong:
        raise Unreachable(f"the LiveKit plug-in {name} does not take its {kind} options: {wrong}") from wrong
    try:
        yield made
    finally:
        await made.aclose()


class LiveKitVoice:
    """``TextToSpeech``. The voice is the one in the plug-in's options."""

    def __init__(self, tts: lk_tts.TTS, name: str, language: str = "") -> None:
        """``language``: the locale numbers, dates and amounts are read in; without one the provider reads them."""
        self._tts = tts
        self._name = name
        self._language = language

    def reading(self, language: str) -> LiveKitVoice:
        """The same voice for an agent of this language."""
        return LiveKitVoice(self._tts, self._name, language)

    async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
        """Speak ``text``; chunks as the provider sends them, at the line's rate. Without words, none are asked for.

        Raises:
            Unreachable: the provider failed, refused or sent nothing for 8 s.
        """
        words = spoken(text, self._language) if self._language else text
        if not any(letter.isalnum() for letter in words):
            return
        narrow: soxr.ResampleStream | None = None
        async with self._stream(words) as stream:
            while (frame := await self._next_frame(stream)) is not None:
                if narrow is None:
                    narrow = soxr.ResampleStream(frame.sample_rate, LINE_RATE_HZ, 1, dtype="int16")
                yield _pcm(narrow.resample_chunk(_mono(frame)))
        if narrow is not None:
            yield _pcm(narrow.resample_chunk(np.zeros(0, np.int16), last=True))

    def _stream(self, text: str) -> Any:
        if not self._tts.capabilities.streaming:
            return self._tts.synthesize(text, conn_options=CONNECT)
        stream = self._tts.stream(conn_options=CONNECT)
        stream.push_text(text)
        stream.end_input()
        return stream

    async def _next_frame(self, stream: Any) -> rtc.AudioFrame | None:
        try:
            async with asyncio.timeout(SOUND_WITHIN_S):
                event = await anext(stream, None)
        except TimeoutError as late:
            raise Unreachable(f"text-to-speech by {self._name} sent nothing for {SOUND_WITHIN_S:g} s") from late
        except APIError as error:
            raise _unreachable(f"text-to-speech by {self._name}", error) from error
        return None if event is None else event.frame


class LiveKitEars:
    """``SpeechToText``: a streaming recogniser gets every frame, any other one whole utterances."""

    def __init__(self, stt: lk_stt.STT, name: str) -> None:
        self._stt = stt
        self._name = name

    def listen(self, language: str) -> Hearing:
        if self._stt.capabilities.streaming:
            return StreamHearing(self._stt, self._name, language)
        return WholeHearing(self._stt, self._name, language)


class StreamHearing:
    """``Hearing`` over one stream for the whole conversation."""

    def __init__(self, stt: lk_stt.STT, name: str, language: str) -> None:
        self._what = f"speech-to-text by {name}"
        self._finals: list[str] = []
        self._interim = ""
        self._settling = 0
        self._news = asyncio.Event()
        self._stream = stt.stream(language=language, conn_options=CONNECT)
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> Exception | None:
        """Gather words until the stream ends; what ended it, if it was an error."""
        try:
            async for event in self._stream:
                words = event.alternatives[0].text.strip() if event.alternatives else ""
                if event.type == lk_stt.SpeechEventType.FINAL_TRANSCRIPT:
                    self._finals.append(words)
                    self._interim = ""
                elif event.type == lk_stt.SpeechEventType.INTERIM_TRANSCRIPT:
                    self._interim = words
                self._news.set()
        except APIError as error:
            failure: Exception = error
            return failure
        else:
            return None
        finally:
            self._news.set()

    def hear(self, pcm: bytes) -> None:
        if pcm and not self._reading.done():
            self._stream.push_frame(rtc.AudioFrame(pcm, LINE_RATE_HZ, 1, len(pcm) // 2))

    def speech_began(self) -> None:
        # Words that came too late for their utterance are not part of this one, unless it is still being settled.
        if not self._settling:
            self._take()

    async def speech_ended(self) -> str:
        """The words made final, and those still open when the recogniser takes longer than ``SETTLE_S``.

        Raises:
            Unreachable: the stream broke.
        """
        if not self._reading.done():
            self._stream.flush()
        self._settling += 1
        try:
            async with asyncio.timeout(SETTLE_S):
                while not self._reading.done() and (self._interim or not self._finals):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass  # what is known by now counts
        finally:
            self._settling -= 1
        if self._reading.done():
            error = self._reading.result() or ConnectionError("the stream was closed")
            raise _unreachable(self._what, error) from error
        return self._take()

    def _take(self) -> str:
        words = " ".join(filter(None, [*self._finals, self._interim]))
        self._finals.clear()
        self._interim = ""
        return words

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._stream.aclose()


class WholeHearing:
    """``Hearing`` for recognisers that take one utterance at a time."""

    def __init__(self, stt: lk_stt.STT, name: str, language: str) -> None:
        self._stt = stt
        self._what = f"speech-to-text by {name}"
        self._language = language
        self._utterance = UtteranceBuffer()

    def hear(self, pcm: bytes) -> None:
        self._utterance.hear(pcm)

    def speech_began(self) -> None:
        self._utterance.began()

    async def speech_ended(self) -> str:
        """What was said.

        Raises:
            Unreachable: the provider failed, refused or took longer than 8 s.
        """
        pcm = self._utterance.ended()
        frame = rtc.AudioFrame(pcm, LINE_RATE_HZ, 1, len(pcm) // 2)
        try:
            async with asyncio.timeout(WORDS_WITHIN_S):
                event = await self._stt.recognize([frame], language=self._language, conn_options=CONNECT)
        except TimeoutError as late:
            raise Unreachable(f"{self._what} took longer than {WORDS_WITHIN_S:g} s") from late
        except APIError as error:
            raise _unreachable(self._what, error) from error
        return event.alternatives[0].text.strip() if event.alternatives else ""

    async def close(self) -> None:
        self._utterance.clear()


def _mono(frame: rtc.AudioFrame) -> np.ndarray[Any, np.dtype[np.int16]]:
    samples = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
    return np.ascontiguousarray(samples[:, 0])


def _pcm(samples: np.ndarray[Any, np.dtype[np.int16]]) -> bytes:
    return samples.astype("<i2").tobytes()


def _unreachable(what: str, error: BaseException) -> Unreachable:
    causes = [error, error.__cause__] if error.__cause__ else [error]
    status = next((cause.status_code for cause in causes if isinstance(cause, APIStatusError)), -1)
    if status in (401, 403):
        return Unreachable(f"{what} refused the key (status {status}): check its options")
    if status == 429:
        return Unreachable(f"{what} is over its rate or out of credit (status 429)")
    said = ": ".join(" ".join(str(getattr(cause, "message", cause)).split())[:200] for cause in causes)
    return Unreachable(f"{what} failed: {said}")
