"""What supervisor and workers say survives the journey; what nobody says is survived."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.domain.attempt import (
    Answered,
    Dial,
    DigitsPressed,
    Order,
    Result,
    Ringing,
    Said,
    Speaker,
    TalkSummary,
    Trunk,
    Turn,
)
from outdial.domain.errors import Broken
from outdial.domain.outcome import EndedBy, Outcome
from outdial.workers import wire
from outdial.workers.channel import supervisor_end

# What JSON text can hold: lone surrogates are not characters.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
numbers_ms = st.integers(0, 10_000_000)
seconds = st.floats(0, 1e6)
named = st.dictionaries(texts, texts, max_size=3)
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
turns = st.builds(
    Turn,
    speaker=st.sampled_from(list(Speaker)),
    text=texts,
    began_ms=numbers_ms,
    ended_ms=numbers_ms,
    interrupted=st.booleans(),
    latency_ms=st.none() | numbers_ms,
)
talks = st.builds(
    TalkSummary,
    talk_ms=numbers_ms,
    turns=st.lists(turns, max_size=4).map(tuple),
    ended_by=st.sampled_from(list(EndedBy)),
    first_word_ms=st.none() | numbers_ms,
    captured=named,
    recording_ms=numbers_ms,
    trouble=texts,
)
results = st.builds(
    Result,
    at=moments,
    outcome=st.sampled_from(list(Outcome)),
    sip_code=st.integers(0, 699),
    q850=st.integers(0, 127),
    reason=texts,
    talk=st.none() | talks,
)
progress = st.one_of(
    st.builds(Ringing, at=moments, early_media=st.booleans()),
    st.builds(Answered, at=moments),
    st.builds(Said, at=moments, turn=turns),
    st.builds(DigitsPressed, at=moments, digits=texts),
)
trunks = st.builds(
    Trunk,
    id=texts,
    name=texts,
    host=texts,
    port=st.integers(1, 65535),
    password=texts,
    codecs=st.lists(texts, max_size=3).map(tuple),
    headers=named,
)
briefs = st.builds(
    Brief,
    agent_name=texts,
    language=texts,
    voice=st.builds(Voice, texts, texts, texts, st.lists(texts, max_size=2).map(tuple)),
    greeting=texts,
    instructions=texts,
    flow=st.none() | st.dictionaries(texts, json_values, max_size=3),
    model=texts,
    idle_question=texts,
    farewell=texts,
    limits=st.builds(TalkLimits, seconds, seconds, seconds),
    variables=named,
)
dials = st.builds(
    Dial,
    call_id=texts,
    attempt=st.integers(1, 30),
    to_number=texts,
    from_number=texts,
    trunk=trunks,
    ring_timeout_s=seconds,
)
to_worker = st.one_of(
    st.builds(wire.CarryOut, st.builds(Order, dial=dials, brief=briefs, recording_path=texts)),
    st.builds(wire.Cancel, texts, st.integers(1, 30)),
    st.just(wire.Drain()),
    st.just(wire.Shutdown()),
)
to_supervisor = st.one_of(
    st.builds(wire.Ready, st.integers(0, 256), st.integers(1, 99999)),
    st.builds(wire.Trouble, texts),
    st.builds(wire.Beat, seconds, st.integers(0, 256)),
    st.builds(wire.Progressed, texts, st.integers(1, 30), progress),
    st.builds(wire.Ended, texts, st.integers(1, 30), results),
)


class TestAMessage:
    @given(to_worker)
    def test_to_a_worker_arrives_as_it_was_sent_on_one_line(self, message: wire.ToWorker) -> None:
        line = wire.encode(wire.TO_WORKER, message)

        assert wire.decode(wire.TO_WORKER, line) == message
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1

    @given(to_supervisor)
    def test_to_the_supervisor_arrives_as_it_was_sent_on_one_line(self, message: wire.ToSupervisor) -> None:
        line = wire.encode(wire.TO_SUPERVISOR, message)

        assert wire.decode(wire.TO_SUPERVISOR, line) == message
        assert line.count(b"\n") == 1

    def test_too_long_for_the_other_side_is_not_sent(self) -> None:
        with pytest.raises(Broken, match="bytes long"):
            wire.encode(wire.TO_SUPERVISOR, wire.Trouble("x" * wire.MAX_LINE_BYTES))


class TestNonsense:
    @given(st.binary(max_size=200))
    def test_is_no_message_and_no_error(self, line: bytes) -> None:
        assert wire.decode(wire.TO_SUPERVISOR, line) is None

    @pytest.mark.parametrize("noise", [b"\xff\x00{", b'{"kind": "beat"}', b"x" * (wire.MAX_LINE_BYTES + 100_000), b""])
    async def test_between_two_messages_harms_neither(self, noise: bytes) -> None:
        ours, theirs = socket.socketpair()
        channel = await supervisor_end(ours)
        _, writer = await asyncio.open_unix_connection(sock=theirs)
        first, second = wire.Beat(1.5, 2), wire.Trouble("the port is in use")

        writer.write(wire.encode(wire.TO_SUPERVISOR, first) + noise + b"\n")
        writer.write(wire.encode(wire.TO_SUPERVISOR, second) + b'{"kind": "be')
        writer.close()
        heard = [message async for message in channel.messages()]
        channel.close()

        assert heard == [first, second]
