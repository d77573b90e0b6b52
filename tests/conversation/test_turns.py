"""The table of turns: every pair of state and event is decided, and the diagram in the docs is this one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.conversation.turns import START, TURNS, Action, Event, Move, State, diagram, step
from outdial.domain.errors import Broken

DOCS = Path(__file__).parents[2] / "docs" / "conversation.md"
OPEN = [state for state in State if state not in (State.CLOSING, State.CLOSED)]
CALLEE_SPEAKS = (State.INTERRUPTED, State.WEIGHING, State.CALLEE_SPEAKING, State.TRANSCRIBING)
"""The callee has the word, or has just ended."""

IMPOSSIBLE = {
    State.THINKING: {Event.LAST_WORDS, Event.IDLE_WARNING, Event.IDLE_END},
    State.SPEAKING: {Event.VOICE_BEGAN, Event.IDLE_WARNING, Event.IDLE_END},
    State.OVERLAP: {Event.SPEECH_BEGAN, Event.VOICE_BEGAN, Event.IDLE_WARNING, Event.IDLE_END},
    State.INTERRUPTED: {
        *(Event.SPEECH_BEGAN, Event.VOICE_BEGAN, Event.LAST_WORDS, Event.SPOKE_ALL, Event.GOODBYE),
        *(Event.IDLE_WARNING, Event.IDLE_END),
    },
    State.WEIGHING: {
        *(Event.SPEECH_LASTED, Event.SPEECH_ENDED, Event.VOICE_BEGAN, Event.LAST_WORDS, Event.SPOKE_ALL),
        *(Event.GOODBYE, Event.IDLE_WARNING, Event.IDLE_END),
    },
    State.LISTENING: {Event.VOICE_BEGAN, Event.LAST_WORDS, Event.SPOKE_ALL, Event.GOODBYE},
    State.CALLEE_SPEAKING: {
        *(Event.SPEECH_BEGAN, Event.VOICE_BEGAN, Event.LAST_WORDS, Event.SPOKE_ALL, Event.GOODBYE),
        *(Event.IDLE_WARNING, Event.IDLE_END),
    },
    State.TRANSCRIBING: {
        *(Event.SPEECH_LASTED, Event.SPEECH_ENDED, Event.VOICE_BEGAN, Event.LAST_WORDS, Event.SPOKE_ALL),
        *(Event.GOODBYE, Event.IDLE_WARNING, Event.IDLE_END),
    },
    State.WARNING: {Event.LAST_WORDS, Event.GOODBYE, Event.IDLE_WARNING},
    State.CLOSING: {Event.SPOKE_ALL, Event.IDLE_WARNING, Event.IDLE_END},
    State.CLOSED: set(),
}
"""What no actor can bring in a state; written down apart from the table, so that neither changes unnoticed."""


class TestEveryPairOfStateAndEvent:
    @pytest.mark.parametrize("state", State)
    @pytest.mark.parametrize("event", Event)
    def test_is_decided_or_impossible(self, state: State, event: Event) -> None:
        if event in IMPOSSIBLE[state]:
            with pytest.raises(Broken, match=f"{event} cannot happen while {state}"):
                step(state, event)
        else:
            assert step(state, event).state in State


class TestAnOpenConversation:
    @pytest.mark.parametrize("state", OPEN)
    def test_ends_when_the_line_goes_down(self, state: State) -> None:
        assert step(state, Event.LINE_GONE) == Move(State.CLOSED)

    @pytest.mark.parametrize("state", OPEN)
    def test_ends_at_its_maximum_length(self, state: State) -> None:
        assert step(state, Event.MAX_LENGTH) == Move(State.CLOSED, (Action.HANG_UP,))

    @pytest.mark.parametrize("state", OPEN)
    def test_says_farewell_when_a_part_fails(self, state: State) -> None:
        assert step(state, Event.TROUBLE) == Move(State.CLOSING, (Action.HUSH, Action.SAY_FAREWELL))

    @pytest.mark.parametrize("state", OPEN)
    def test_answers_digits_at_once_or_when_the_callee_has_ended(self, state: State) -> None:
        later = {
            State.OVERLAP: Move(State.INTERRUPTED, (Action.HUSH,)),
            **{speaking: Move(speaking) for speaking in CALLEE_SPEAKS},
        }

        assert step(state, Event.DIGITS) == later.get(state, Move(State.THINKING, (Action.REPLY,)))

    @pytest.mark.parametrize("state", OPEN)
    def test_ends_after_goodbyes_unless_the_callee_is_speaking(self, state: State) -> None:
        if state in (State.OVERLAP, State.INTERRUPTED, State.CALLEE_SPEAKING):
            assert step(state, Event.PARTED) == Move(state)
        else:
            assert step(state, Event.PARTED) == Move(State.CLOSED, (Action.HANG_UP,))


class TestAnyCourseOfEvents:
    @given(st.lists(st.sampled_from(Event), max_size=60))
    def test_never_leaves_the_closed_state_and_never_speaks_after_it(self, events: list[Event]) -> None:
        state = START.state
        for event in events:
            if event in IMPOSSIBLE[state]:
                continue
            move = step(state, event)
            if state is State.CLOSED:
                assert move == Move(State.CLOSED)
            state = move.state

    @given(st.lists(st.sampled_from(Event), max_size=60))
    def test_hushes_before_the_callee_gets_the_word(self, events: list[Event]) -> None:
        state = START.state
        for event in events:
            if event in IMPOSSIBLE[state]:
                continue
            move = step(state, event)
            agent_may_sound = state in (State.THINKING, State.SPEAKING, State.OVERLAP, State.WARNING)
            if agent_may_sound and move.state in (State.INTERRUPTED, State.CALLEE_SPEAKING):
                assert Action.HUSH in move.actions or event is Event.SPOKE_ALL
            state = move.state


class TestTheTable:
    def test_every_state_can_be_reached(self) -> None:
        reached = {START.state} | {move.state for row in TURNS.values() for move in row.values()}

        assert reached == set(State)

    def test_every_action_is_used(self) -> None:
        used = {*START.actions} | {action for row in TURNS.values() for move in row.values() for action in move.actions}

        assert used == set(Action)

    def test_is_drawn_in_the_docs(self) -> None:
        assert f"```mermaid\n{diagram()}```" in DOCS.read_text(encoding="utf-8")
