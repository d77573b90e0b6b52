"""What words are that came over the agent's voice, and which of them still want an answer when it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from outdial.conversation.introduction import introduction_words
from outdial.conversation.parting import Parting
from outdial.conversation.phrases import Phrases
from outdial.conversation.reply import Reply

_MOST_REPEATS: Final = 4
"""How often somebody may talk over the introduction before the agent listens to them after all."""


class Answer(Enum):
    """When words over the agent's voice are answered."""

    NEVER = "never"
    NOW = "now"
    AFTERWARDS = "afterwards"
    """Unless the agent's words end with a question, which waits for an answer of its own."""
    IF_LATE = "if_late"
    """If they came into the agent's last words."""


@dataclass(frozen=True)
class _Kept:
    text: str
    ended_ms: int
    answer: Answer
    answers_question: bool


class Overlap:
    """Judges words by what the agent was saying. One for each conversation."""

    def __init__(self, phrases: Phrases, parting: Parting, agent_name: str, early_answer_ms: int) -> None:
        self._phrases = phrases
        self._parting = parting
        self._agent_name = agent_name
        self._early_ms = early_answer_ms
        self._repeats = 0
        self._kept: list[_Kept] = []
        self._question_ended_ms: int | None = None

    def reply_begins(self) -> None:
        self._kept.clear()
        self._question_ended_ms = None

    def question_ended(self, now_ms: int) -> None:
        """The agent has put a question and goes on to the next sentence."""
        self._question_ended_ms = now_ms

    def introducing(self, greeting: Reply) -> bool:
        """Whether the callee does not know yet who is calling."""
        sentences = greeting.sentences
        heard = sum(len(sentence.split()) for sentence in sentences) - greeting.words_left
        return self._repeats < _MOST_REPEATS and heard < introduction_words(sentences, self._agent_name)

    def weigh(self, text: str, began_ms: int, ended_ms: int, reply: Reply, *, greets: bool, hushed: bool) -> Answer:
        """``greets``: the reply is the greeting; ``hushed``: the words have interrupted it."""
        to_question = self._answers_question(began_ms, reply)
        answer = self._judge(text, reply, greets, hushed, to_question)
        if answer in (Answer.AFTERWARDS, Answer.IF_LATE):
            self._kept.append(_Kept(text, ended_ms, answer, to_question))
        return answer

    def late_answers(self, sounded_ms: int, *, asks: bool) -> Sequence[tuple[str, int]]:
        """The words, and when they ended, that are answered now that all of the agent's were heard; ``sounded_ms`` is
        when the last one left. ``asks``: they ended with a question."""
        early_ms = sounded_ms - self._early_ms
        kept = [
            (word.text, word.ended_ms)
            for word in self._kept
            if word.answers_question or word.ended_ms >= early_ms or (word.answer is Answer.AFTERWARDS and not asks)
        ]
        self._kept.clear()
        return kept

    def _judge(self, text: str, reply: Reply, greets: bool, hushed: bool, to_question: bool) -> Answer:
        listens = self._phrases.only_listening(text)
        if greets and self.introducing(reply):
            return self._while_introducing(text, reply, listens)
        if self._parting.is_goodbye("\n".join(reply.sentences)) and self._parting.returns(text):
            return Answer.NEVER
        if not listens:
            return Answer.NOW if hushed else Answer.AFTERWARDS
        if not self._phrases.assents(text):
            return Answer.NEVER
        return Answer.NOW if hushed and to_question else Answer.IF_LATE

    def _while_introducing(self, text: str, reply: Reply, listens: bool) -> Answer:
        if listens and not self._phrases.greets(text):
            return Answer.NEVER
        self._repeats += 1
        reply.repeat_sentence()
        return Answer.NEVER if listens else Answer.AFTERWARDS

    def _answers_question(self, began_ms: int, reply: Reply) -> bool:
        """Whether a "yes" that began then can only be the answer to a question the agent has put."""
        ended_ms = self._question_ended_ms
        return reply.put_question() or (ended_ms is not None and ended_ms <= began_ms <= ended_ms + self._early_ms)
