"""What a model writes, as it comes: the words it says are let through at once; thoughts and tool calls never are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import regex

from outdial.language.chat_calls import call_of, calls_in, written_arguments
from outdial.language.chat_marks import (
    END_OF_CALL,
    END_OF_CHANNEL,
    END_OF_FENCE,
    END_OF_RESULT,
    END_OF_SENTENCE,
    END_OF_THOUGHT,
    END_OF_TOKEN,
    MARK,
    OPENING,
    SUSPECT,
    THINKING,
    THOUGHT_FENCE,
    Mark,
    kind_of,
)
from outdial.language.chat_moves import ToolCall, plain_name
from outdial.language.lenient_json import balanced_end, objects_in

_MAX_KEPT: Final = 16 * 1024
"""Letters of a tool call, or of a thought that may turn out to be none."""
_SLICE: Final = 512
_MAX_TAIL: Final = 64
"""Longer than any closing mark."""
_AFTER_CALL: Final = " \t\r\n)]}*_`,|;.:?!>/\"'"
_NAMES: Final = ("elsewhere", "ours", "note", "react", "to")
_MAX_OPENING: Final = 80
"""Letters within which a thought that no mark begins is known as one."""
_MAX_STUMP: Final = 2
"""Letters that may begin a mark at the end of a reply and are said all the same."""


@dataclass
class _Hidden:
    """What is being passed over: until ``end`` matches, or a bracket is closed (``end`` None)."""

    mark: Mark
    end: regex.Pattern[str] | None
    name: str = ""
    text: str = ""
    looked: int = 0


class SpokenText:
    """Text in, in pieces of any size; words to say out.

    ``calls`` are the tool calls found. ``in_json``: the reply is to be one JSON object, which is let through.
    ``begins_in_thought``: this model is known to leave out the mark where its thoughts begin.
    """

    def __init__(self, *, in_json: bool = False, begins_in_thought: bool = False) -> None:
        self.calls: list[ToolCall] = []
        self.thought = False
        self.ended_unbegun_thought = False
        """A thought was ended that had not been begun: all words before it were part of it."""
        self._in_json = in_json
        self._unbegun = begins_in_thought
        self._text = ""
        self._before = ""
        self._out: list[str] = []
        self._hidden = _Hidden(Mark.THOUGHT, END_OF_THOUGHT) if begins_in_thought else None
        self._over = False
        self._is_settled = begins_in_thought
        self._after_call = False

    def add(self, piece: str) -> str:
        # In slices: each mark moves what follows it, and a long text full of marks would cost its square.
        for at in range(0, len(piece), _SLICE):
            self._text += piece[at : at + _SLICE]
            self._run(final=False)
        return self._taken()

    def finish(self) -> str:
        """What the end of the reply reveals; only once."""
        self._run(final=True)
        words = self._taken()
        hidden, self._hidden = self._hidden, None
        return words + (self._left_open(hidden) if hidden else "")

    @property
    def thinks_unbegun(self) -> bool:
        """It is in a thought that no mark began; if none ends it, it was none."""
        return self._hidden is not None and self._hidden.mark is Mark.THOUGHT and self._unbegun

    def _settles(self, *, final: bool) -> bool:
        """Whether its first sentence has told if it is a thought. Only few begin in a way that makes anybody wait."""
        first = self._text[:_MAX_OPENING]
        opening = OPENING.match(first, partial=not final)
        if opening is not None:
            end = END_OF_SENTENCE.search(first)
            if THINKING.search(first, endpos=end.end() if end else len(first)):
                self._unbegun, self._hidden = True, _Hidden(Mark.THOUGHT, END_OF_THOUGHT)
            elif not final and end is None and len(first) < _MAX_OPENING:
                return False
        self._is_settled = True
        return True

    def _run(self, *, final: bool) -> None:
        if not self._is_settled and not self._settles(final=final):
            return
        while self._text and not self._over:
            if not (self._pass_over() if self._hidden else self._let_through(final=final)):
                break
        if self._over:
            self._text = ""

    def _taken(self) -> str:
        words = "".join(self._out)
        self._out.clear()
        return words

    # Words.

    def _let_through(self, *, final: bool) -> bool:
        """Up to the next mark. False: more has to come first."""
        # The letter before tells whether a name begins here. The end of a reply is as good as a blank.
        before = len(self._before)
        text = f"{self._before}{self._text}\n" if final else self._before + self._text
        suspect = SUSPECT.search(text, before, partial=not final)
        if suspect is None or suspect.start() - before >= len(self._text):
            self._say(self._taken_off(len(self._text)))
            return False
        at = suspect.start() - before
        found = MARK.match(text, suspect.start(), partial=not final)
        if suspect.partial or (found is not None and found.partial):
            self._say(self._taken_off(at))
            return False
        if final and found is None and self._is_stump(at):
            self._say(self._taken_off(at))
            self._over = True
            return True
        if found is None or (self._in_json and kind_of(found) in (Mark.FENCE, Mark.OBJECT, Mark.NAME)):
            self._say(self._taken_off(at + 1))
            return True
        self._say(self._taken_off(at))
        self._taken_off(len(found.group()))
        self._enter(found)
        return True

    def _is_stump(self, at: int) -> bool:
        """A tag that has begun there has not all come."""
        stump = MARK.match(self._text, at, partial=True) if self._text.startswith("<", at) else None
        return stump is not None and stump.partial and len(stump.group()) > _MAX_STUMP and " " not in stump.group()

    def _taken_off(self, length: int) -> str:
        """The first letters of what has come, which are dealt with."""
        taken, self._text = self._text[:length], self._text[length:]
        self._before = taken[-1:] or self._before
        return taken

    def _say(self, words: str) -> None:
        if self._after_call and words:
            words = words.lstrip(_AFTER_CALL)
            self._after_call = not words
            words = f" {words}" if words else ""
        self._out.append(words)

    def _enter(self, found: regex.Match[str]) -> None:
        mark = kind_of(found)
        match mark:
            case Mark.END_OF_THOUGHT:
                self._out.clear()
                self.ended_unbegun_thought = True
            case Mark.END:
                self._over = True
            case Mark.CHANNEL:
                self._enter_channel(found.group())
            case Mark.NAME:
                name = next(filter(None, found.group(*_NAMES)))
                self._hidden = _Hidden(mark, None, plain_name(name))
            case Mark.FENCE if THOUGHT_FENCE.match(found.group()):
                self.thought = True
                self._hidden = _Hidden(Mark.THOUGHT, END_OF_FENCE)
            case Mark.OBJECT:
                self._hidden = _Hidden(mark, None, text=found.group())
            case Mark.NOTHING:
                pass
            case _:
                opening = found.group() if mark in (Mark.CALL, Mark.CALL_TOKEN) else ""
                self._hidden = _Hidden(mark, _ENDS[mark], text=opening, looked=len(opening))
        if mark is Mark.THOUGHT:
            self.thought = True

    def _enter_channel(self, header: str) -> None:
        if "to=" in header:
            self._hidden = _Hidden(Mark.CALL_TOKEN, END_OF_CHANNEL, text=header, looked=len(header))
        elif "channel" in header and "final" not in header:
            self.thought = True
            self._hidden = _Hidden(Mark.THOUGHT, END_OF_CHANNEL)

    # What is not said.

    def _pass_over(self) -> bool:
        hidden = self._hidden
        assert hidden is not None
        if hidden.end is None:
            return self._pass_brackets(hidden)
        from_where = max(hidden.looked, len(hidden.text) - _MAX_TAIL)
        hidden.text += self._text
        self._text = ""
        end = hidden.end.search(hidden.text, max(from_where, 0))
        if end is None:
            self._trim(hidden)
            return False
        inside, self._text = hidden.text[: end.start()], hidden.text[end.end() :]
        self._hidden = None
        self._close(hidden, inside)
        return True

    def _trim(self, hidden: _Hidden) -> None:
        keeps = hidden.mark is not Mark.RESULT and (hidden.mark is not Mark.THOUGHT or self._unbegun)
        limit = _MAX_KEPT if keeps else _MAX_TAIL
        if len(hidden.text) > limit:
            hidden.text = hidden.text[: limit - _MAX_TAIL] + hidden.text[-_MAX_TAIL:]
            hidden.looked = min(hidden.looked, len(hidden.text))

    def _pass_brackets(self, hidden: _Hidden) -> bool:
        """A name and what stands in its parentheses, or an object: over where the first bracket is closed."""
        if hidden.mark is Mark.NAME and not hidden.text:
            following = self._text.lstrip(" :")
            if not following and len(self._text) < 4:
                return False
            if following[:1] not in ("(", "{"):
                self._hidden = None
                self._close(hidden, "")
                return True
        hidden.text += self._text
        self._text = ""
        # Only a closing bracket can make it whole; looking each time would be quadratic.
        if not any(bracket in hidden.text[hidden.looked :] for bracket in ")}]"):
            hidden.looked = len(hidden.text)
            return False
        hidden.looked = len(hidden.text)
        begins = min(at for at in (hidden.text.find(bracket) for bracket in "([{") if at >= 0)
        end = balanced_end(hidden.text, begins)
        if end < 0:
            if len(hidden.text) > _MAX_KEPT:
                self._hidden = None
            return False
        inside, self._text = hidden.text[:end], hidden.text[end:]
        self._hidden = None
        self._close(hidden, inside)
        return True

    def _close(self, hidden: _Hidden, inside: str) -> None:
        self._before = ""
        match hidden.mark:
            case Mark.THOUGHT:
                self.ended_unbegun_thought = self.ended_unbegun_thought or self._unbegun
                self.thought, self._unbegun = True, False
            case Mark.NAME:
                given = inside.strip(" :\n")
                given = given[1:-1] if given.startswith("(") else given
                self._called([ToolCall(name=hidden.name, arguments=written_arguments(hidden.name, given))])
            case Mark.OBJECT:
                self._called([call for found in objects_in(inside) for call in call_of(found)])
            case Mark.FENCE:
                calls = calls_in(inside)
                self._called(calls)
                if not calls and _is_prose(inside):
                    self._out.append(inside)
            case Mark.RESULT:
                pass
            case _:
                self._called(calls_in(inside))

    def _called(self, calls: list[ToolCall]) -> None:
        self.calls += calls
        self._after_call = True

    def _left_open(self, hidden: _Hidden) -> str:
        """Nothing has ended it before the reply was over. A call counts all the same; prose after it is said."""
        if hidden.mark is Mark.THOUGHT:
            return hidden.text if self._unbegun else ""
        self._close(hidden, hidden.text)
        self._text, words = "", self._taken()
        if hidden.mark not in (Mark.CALL, Mark.CALL_TOKEN):
            return words
        rest = hidden.text[hidden.text.rfind("}") + 1 :] if "}" in hidden.text else ""
        after = SpokenText(in_json=self._in_json)
        rest = (after.add(rest.lstrip(_AFTER_CALL)) + after.finish()).strip() if rest else ""
        return words + (f" {rest}" if rest else "")


_ENDS: Final[dict[Mark, regex.Pattern[str]]] = {
    Mark.THOUGHT: END_OF_THOUGHT,
    Mark.CALL: END_OF_CALL,
    Mark.CALL_TOKEN: END_OF_TOKEN,
    Mark.RESULT: END_OF_RESULT,
    Mark.FENCE: END_OF_FENCE,
}


def without_thoughts(text: str) -> str:
    """A whole text of a model, without its thoughts and tool calls; JSON is left as it is."""
    spoken = SpokenText(in_json=True)
    return spoken.add(text) + spoken.finish()


def _is_prose(text: str) -> bool:
    return not any(letter in text for letter in "{}[]<>=;()")
