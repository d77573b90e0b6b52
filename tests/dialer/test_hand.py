"""An attempt in hand, ended early by the customer, by the platform, or by both."""

from __future__ import annotations

import asyncio

import pytest

from attempt_builders import NOON, a_result, a_talk
from outdial.dialer.hand import Hand
from outdial.domain.attempt import Result
from outdial.domain.outcome import EndedBy, Outcome
from outdial.store.calls.calendar import Claim


def a_hand() -> Hand:
    return Hand(Claim("call", 1, "node#1", "w", "+15551112222", "+15550000000", "n", "t", "v", NOON))


async def carried_out(hand: Hand, result: Result, *endings: str) -> Result:
    """What is known of an attempt that answers its hang-up with ``result``; ``endings`` come once it is under way."""
    under_way, again = asyncio.Event(), False

    async def work() -> Result:
        nonlocal again
        under_way.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                again = True
            return result
        raise AssertionError

    carrying = asyncio.create_task(hand.carry_out(work, lambda: NOON))
    await under_way.wait()
    for ending in endings:
        getattr(hand, ending)()
        await asyncio.sleep(0)
    known = await carrying
    assert not again, "the hanging up itself was interrupted"
    return known


@pytest.mark.parametrize("ending", ["stop", "cut"])
async def test_ended_before_the_dial_rings_nobody(ending: str) -> None:
    hand = a_hand()
    getattr(hand, ending)()

    async def never() -> Result:
        raise AssertionError

    result = await hand.carry_out(never, lambda: NOON)

    assert (result.outcome, result.nobody_rung) == (Outcome.WORKER_LOST, True)


@pytest.mark.parametrize(
    ("endings", "outcome"),
    [
        (("stop",), Outcome.CANCELLED),
        (("cut",), Outcome.WORKER_LOST),
        (("stop", "stop"), Outcome.CANCELLED),
        (("stop", "cut"), Outcome.CANCELLED),
        (("cut", "stop"), Outcome.CANCELLED),
    ],
)
async def test_whoever_comes_first_hangs_up_once_and_a_wish_counts(endings: tuple[str, ...], outcome: Outcome) -> None:
    assert (await carried_out(a_hand(), a_result(Outcome.CANCELLED), *endings)).outcome is outcome


async def test_a_talk_that_was_cut_is_lost_but_not_its_words() -> None:
    talk = a_talk(ended_by=EndedBy.OPERATOR)

    result = await carried_out(a_hand(), a_result(talk=talk), "cut")

    assert (result.outcome, result.talk) == (Outcome.WORKER_LOST, talk)


@pytest.mark.parametrize("ending", ["stop", "cut"])
async def test_what_had_happened_by_itself_stays_as_it_was(ending: str) -> None:
    talked = a_result(talk=a_talk(ended_by=EndedBy.CALLEE))

    assert await carried_out(a_hand(), talked, ending) == talked
    assert (await carried_out(a_hand(), a_result(Outcome.BUSY), ending)).outcome is Outcome.BUSY
