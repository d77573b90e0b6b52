"""How a conversation comes to its end: who has said goodbye, and when there is nothing more to say."""

from __future__ import annotations

from typing import Final

from outdial.conversation.phrases import Phrases, asks

_MOST_GOODBYES: Final = 2
"""The agent's second goodbye ends the call, whatever came between."""


class Parting:
    """Goodbyes said so far. ``name`` is the agent's: a callee may say goodbye to it by name."""

    def __init__(self, phrases: Phrases, name: str) -> None:
        self._phrases = phrases
        self._name = name
        self._earlier = 0
        """Replies that were goodbyes, without the latest one."""
        self._in_reply = False
        """The agent's present reply has brought one."""
        self._agent = False
        """The agent's latest words were a goodbye."""
        self._callee = False
        """The callee's latest words were one."""

    @property
    def in_the_air(self) -> bool:
        """One side has said goodbye with its latest words: silence means that the other has nothing to add."""
        return self._agent or self._callee

    def callee_said(self, text: str) -> bool:
        """Take down words of the callee. True: both sides have now said goodbye."""
        self._callee = self._phrases.is_goodbye(text, after_goodbye=self._agent, name=self._name)
        return self._agent and self._callee

    def reply_begins(self) -> None:
        self._earlier += self._in_reply
        self._in_reply = False

    def agent_said(self, text: str) -> None:
        """Take down words of the agent that were heard; a question takes an earlier goodbye back."""
        self._agent = self.is_goodbye(text)
        self._in_reply |= self._agent
        if asks(text):
            self._callee = False

    def ends_with(self, text: str) -> bool:
        """Whether the conversation is over once the agent has been heard to say ``text``."""
        return self.is_goodbye(text) and (self._callee or self._earlier + 1 >= _MOST_GOODBYES)

    def is_goodbye(self, text: str) -> bool:
        """Whether words of the agent are a goodbye."""
        return self._phrases.says_goodbye(text)

    def returns(self, text: str) -> bool:
        """Whether words of the callee answer a goodbye that the agent is just saying."""
        return self._phrases.is_goodbye(text, after_goodbye=True, name=self._name)
