"""A reply: from the language's moves to sentences, and from sentences to sound, each ahead of the next.

Two tasks with a queue between them. *Thinking* pulls moves and cuts them into sentences; *voicing* turns one sentence
after the other into sound, at most one ahead of what is being heard. Hushing ends the voicing and keeps the rest as
words; resuming voices that rest anew. A late sound can never get into the next reply: it belongs to an utterance that
no queue knows any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from outdial.conversation.manners import Manners
from outdial.conversation.phrases import asks
from outdial.conversation.ports import Capture, HangUp, Leg, Move, Press, Say, TextToSpeech
from outdial.conversation.sentences import SentenceCutter, Worth, beginning
from outdial.conversation.speaker import Speaker, Utterance
from outdial.conversation.turns import Event
from outdial.domain.agent import Voice
from outdial.domain.errors import Unreachable
from outdial.domain.limits import MAX_REPLY_LETTERS

LANGUAGE: Final = "language model"
VOICE: Final = "text-to-speech"
_LOOK_S: Final = 0.1
"""A sound may end without a change in the words: how often to look."""
_WORTH: Final = ((3.0, Worth.WORD), (2.0, Worth.WORDS), (1.0, Worth.CLAUSE))
_Piece = TypeVar("_Piece")


@dataclass(frozen=True)
class Stage:
    """What every reply of a conversation works with."""

    leg: Leg
    speaker: Speaker
    synthesiser: TextToSpeech
    voice: Voice
    manners: Manners
    tasks: asyncio.TaskGroup
    post: Callable[[Event], None]
    capture: Callable[[Capture], None]
    is_last: Callable[[str], bool]
    """Whether the conversation is over when these words, a whole reply, have been heard."""
    troubled: Callable[[str, str], None]
    """Called with the part that failed and why, in one line; what was received of the reply is still being said."""
    failed: Callable[[str, str], None]
    """Called with the part that failed for good and why, in one line; the reply is over."""
    noted: Callable[[str], None]
    """Called with what went wrong and does not end the reply, in one line."""


class Reply:
    """``make`` opens the stream of moves; it is called a second time only if the first failed before any move."""

    def __init__(self, stage: Stage, make: Callable[[], AsyncIterator[Move]]) -> None:
        self._stage = stage
        self._make = make
        self._cutter = SentenceCutter()
        self._letters_left = MAX_REPLY_LETTERS
        self._ahead: deque[str | HangUp | Press] = deque()
        self._sentences: list[str] = []
        self._asks = False
        self._cut = ""
        """The sentence that the latest ``hush`` cut in the middle; its rest is ahead."""
        self._thought_all = False
        self._pulled_any = False
        self._failure = ""
        """Why the language broke off; told for good once what it said before has been heard."""
        self._change = asyncio.Event()
        self._begun = False
        self._hushed = False
        self.utterances: list[Utterance] = []
        """What has been voiced since the start or the last ``resume``, in order."""
        self._thinking = stage.tasks.create_task(self._think())
        self._voicing = stage.tasks.create_task(self._voice())

    @property
    def heard(self) -> str:
        """The words really played since the start or the last ``resume``."""
        return " ".join(
            " ".join(utterance.text.split()[: utterance.heard_words()])
            for utterance in self.utterances
            if utterance.heard_words()
        )

    @property
    def heard_all(self) -> bool:
        words_left = any(isinstance(item, str) for item in self._ahead)
        return self._thought_all and not words_left and all(utterance.done.is_set() for utterance in self.utterances)

    @property
    def sentences(self) -> Sequence[str]:
        """All that was thought of so far, heard or not."""
        return self._sentences

    @property
    def begun(self) -> bool:
        """Some of it has sounded."""
        return self._begun

    @property
    def asks(self) -> bool:
        """It ends with a question, as far as it was thought of."""
        return self._asks or (bool(self._sentences) and asks(self._sentences[-1]))

    @property
    def words_left(self) -> int:
        """Words that were not heard yet."""
        unheard = sum(len(u.text.split()) - u.heard_words() for u in self._unheard())
        return unheard + sum(len(item.split()) for item in self._ahead if isinstance(item, str))

    def put_question(self) -> bool:
        """Whether the sentence that sounds, or was hushed, is a question of which half was heard."""
        sentence = next((utterance for utterance in self.utterances if not utterance.done.is_set()), None)
        if sentence is None or not sentence.begun:
            return False
        is_last = not any(isinstance(item, str) for item in self._ahead) and sentence is self.utterances[-1]
        is_question = asks(sentence.text) or (is_last and self._asks)
        return is_question and 2 * sentence.heard_words() >= len(sentence.text.split())

    def _unheard(self) -> list[Utterance]:
        """Utterances whose rest is not ahead again."""
        return [] if self._hushed else [utterance for utterance in self.utterances if not utterance.done.is_set()]

    def hush(self) -> None:
        """Stop the voice at once; the thinking goes on, and what was not heard is kept as words."""
        self._voicing.cancel()
        self._stage.speaker.hush()
        for utterance in reversed(self._unheard()):
            if rest := utterance.text.split()[utterance.heard_words() :]:
                self._ahead.appendleft(" ".join(rest))
                self._cut = utterance.text
        self._hushed = True

    def repeat_sentence(self) -> None:
        """After ``hush``: the sentence that was cut will be said from its beginning."""
        if self._cut and self._ahead:
            self._ahead[0], self._cut = self._cut, ""

    def resume(self) -> None:
        """Say the rest; only after ``hush``."""
        self.utterances = []
        self._hushed, self._cut = False, ""
        self._voicing = self._stage.tasks.create_task(self._voice())

    def drop(self) -> None:
        """Be silent and forget the rest."""
        self._thinking.cancel()
        self._voicing.cancel()
        self._stage.speaker.hush()

    def note_begin(self, utterance: Utterance) -> None:
        """The first sound of one of the utterances has left."""
        self._begun = True
        if utterance is self.utterances[-1]:
            self._note_last_words()

    def _note_last_words(self) -> None:
        if len(self._ahead) == 1 and isinstance(self._ahead[0], HangUp):
            self._stage.post(Event.LAST_WORDS)

    async def _think(self) -> None:
        try:
            await self._pull_all()
        except (Unreachable, TimeoutError) as first:
            if self._pulled_any:
                self._break_off(first)
            else:
                try:
                    await self._pull_all()
                except (Unreachable, TimeoutError) as second:
                    self._break_off(second)
        self._thought_all = True
        self._change.set()

    def _break_off(self, error: Exception) -> None:
        """Words that have been received are said, whatever became of the rest."""
        self._flush()
        self._failure = _why(error)
        self._stage.troubled(LANGUAGE, self._failure)

    async def _pull_all(self) -> None:
        moves = self._make()
        try:
            while (move := await _next(moves, self._stage.manners.model_timeout_s)) is not None:
                self._pulled_any = True
                self._take(move)
                self._change.set()
                if isinstance(move, HangUp):
                    return
            self._flush()
        finally:
            await _close(moves)

    def _take(self, move: Move) -> None:
        match move:
            case Say(text, asks=marked):
                self._asks = marked
                self._add(self._cutter.add(self._within_bounds(text)))
            case Capture():
                self._stage.capture(move)
            case Press():
                self._flush()
                self._ahead.append(move)
            case HangUp():
                self._flush()
                self._ahead.append(move)
                if self._voicing_the_last():
                    self._note_last_words()

    def _within_bounds(self, text: str) -> str:
        """``text``, or as much of it as one reply may still say. What is cut off is told once."""
        if self._letters_left < 0:
            return ""
        self._letters_left -= len(text)
        if self._letters_left >= 0:
            return text
        self._stage.noted(f"only the first {MAX_REPLY_LETTERS} letters of a reply were spoken, the rest was left out")
        return beginning(text, len(text) + self._letters_left)

    def _voicing_the_last(self) -> bool:
        """Everything thought before has begun to sound, and some of it still does."""
        return bool(self.utterances) and self._stage.speaker.is_on(self.utterances[-1])

    def _flush(self) -> None:
        if rest := self._cutter.rest():
            self._add([rest])

    def _add(self, sentences: Sequence[str]) -> None:
        self._ahead.extend(sentences)
        self._sentences.extend(sentences)

    async def _voice(self) -> None:
        while (item := await self._upcoming()) is not None:
            if isinstance(item, str):
                self._ahead.popleft()
                if not await self._voice_sentence(item):
                    return
                continue
            await self._played(0)
            if isinstance(item, HangUp):
                await self._hang_up()
                return
            self._ahead.popleft()
            await self._stage.leg.press(item.digits)
        await self._played(0)
        if self._failure:
            self._stage.failed(LANGUAGE, self._failure)
        elif self._stage.is_last("\n".join(self._sentences)):
            await self._hang_up()
        else:
            self._stage.post(Event.SPOKE_ALL)

    async def _hang_up(self) -> None:
        await asyncio.sleep(self._stage.manners.goodbye_tail_ms / 1000)
        self._stage.post(Event.GOODBYE)

    async def _upcoming(self) -> str | HangUp | Press | None:
        """The next thing to do, still at the head of the queue; None when there will be nothing more."""
        patience = _Patience(self._stage.manners.clause_after_s)
        while not self._ahead:
            if self._thought_all:
                return None
            self._change.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience.next_look_s(waiting=self._cutter.waiting)):
                    await self._change.wait()
            if not self._ahead and self._is_silent and (clause := self._cutter.clause(patience.worth_saying())):
                self._add([clause])
        return self._ahead[0]

    @property
    def _is_silent(self) -> bool:
        return all(utterance.done.is_set() for utterance in self.utterances)

    async def _played(self, ahead: int) -> None:
        """Wait until all utterances but the last ``ahead`` were heard."""
        for utterance in self.utterances[: len(self.utterances) - ahead]:
            await utterance.done.wait()

    async def _voice_sentence(self, text: str) -> bool:
        """Put one sentence's sound into the speaker. False: the synthesiser has failed for good."""
        utterance = Utterance(text)
        self.utterances.append(utterance)
        await self._played(2)
        try:
            await self._synthesise(utterance)
        except (Unreachable, TimeoutError) as first:
            if utterance.sound:
                return self._voice_failed(first)
            try:
                await self._synthesise(utterance)
            except (Unreachable, TimeoutError) as second:
                return self._voice_failed(second)
        return True

    def _voice_failed(self, error: Exception) -> bool:
        self._stage.failed(VOICE, _why(error))
        return False

    async def _synthesise(self, utterance: Utterance) -> None:
        sounds = self._stage.synthesiser.say(utterance.text, self._stage.voice)
        try:
            while (sound := await _next(sounds, self._stage.manners.voice_timeout_s)) is not None:
                if not utterance.sound:
                    self._stage.speaker.enqueue(utterance)
                utterance.add(sound)
        finally:
            await _close(sounds)
        utterance.finish()
        utterance.settle()


class _Patience:
    """With words that come slowly: what counts is when the callee hears something, not when a sentence is whole."""

    def __init__(self, clause_after_s: float) -> None:
        self._step_s = clause_after_s
        self._began_s: float | None = None

    def next_look_s(self, *, waiting: bool) -> float | None:
        """How long to wait for more words at most; None: for ever, there is nothing to be said."""
        if not waiting:
            return None
        if self._began_s is None:
            self._began_s = _now_s()
        return max(self._began_s + self._step_s - _now_s(), _LOOK_S)

    def worth_saying(self) -> Worth | None:
        """The longer it has been silent, the less is worth a sound of its own."""
        waited = 0.0 if self._began_s is None else (_now_s() - self._began_s) / self._step_s
        return next((worth for steps, worth in _WORTH if waited >= steps), None)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


async def _next(pieces: AsyncIterator[_Piece], timeout_s: float) -> _Piece | None:
    async with asyncio.timeout(timeout_s):
        return await anext(pieces, None)


async def _close(pieces: AsyncIterator[_Piece]) -> None:
    """A generator left half way must end here and now, not whenever it is collected."""
    if isinstance(pieces, AsyncGenerator):
        await pieces.aclose()


def _why(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
