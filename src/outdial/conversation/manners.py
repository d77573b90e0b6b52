"""How an agent behaves on the line: its patience, and what it takes for an interruption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from outdial.conversation.detector import Hysteresis
from outdial.conversation.phrases import Phrases, phrases_of


@dataclass(frozen=True)
class Manners:
    """Settings of the conversation engine, the same for all agents of a process."""

    hysteresis: Hysteresis = field(default_factory=Hysteresis)
    interrupt_speech_ms: int = 256
    """Speech that lasts this long while the agent speaks interrupts it; shorter noises do not. At most 280: a
    recogniser is promised no more than 300 ms of speech before it is told that somebody speaks."""
    phrases_of: Callable[[str], Phrases] = phrases_of
    """From a language to its phrases: those that only say "I am listening", after which the agent goes on; goodbyes."""
    early_answer_ms: int = 1000
    """A "yes" this long before the end of the agent's words is taken for an answer, and one that begins this long after
    a question, while the agent already goes on; any other only says "I am listening"."""
    ends_after_goodbyes: bool = True
    """Hang up after goodbyes, if the dialogue does not."""
    goodbye_silence_ms: int = 2000
    """Silence after a goodbye that ends the call."""
    most_in_vain: int = 3
    """Interruptions of one reply that turned out to be no words; after so many the agent speaks on over the noise."""
    lead_frames: int = 2
    """Frames handed to the line ahead of time, so that a late beat does not make the voice stutter. At most 3."""
    goodbye_tail_ms: int = 200
    """Silence between the agent's last sound and the hang-up."""
    digits_pause_ms: int = 1200
    """A pause that ends an entry on the keypad; ``#`` ends it at once."""
    recogniser_timeout_s: float = 10.0
    model_timeout_s: float = 10.0
    """For the first word of an answer, and for every pause within it."""
    clause_after_s: float = 0.7
    """Silence after which words that came are spoken, although their sentence is not whole: the model is slow."""
    voice_timeout_s: float = 10.0
    """For the first sound of a sentence, and for every pause within it."""
    late_words_timeout_s: float = 3.0
    """For words that are still being recognised when the line has closed."""
    vad_memory_s: float = 2.0
    """After this much silence the voice detector forgets what it heard: long silence and noise make it deaf."""


GOOD_MANNERS: Final = Manners()
