"""Whatever outcomes its attempts have, an accepted call reaches exactly one terminal status, and says so once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attempt_builders import a_result, a_talk
from dialer_builders import ScriptedOperator, World, a_dialer, running
from outdial.domain.attempt import Answered, Order, Progress, Result, Ringing
from outdial.domain.call import TERMINAL
from outdial.domain.events import EventType
from outdial.domain.outcome import ANSWERED, RETRY_CLASS, Outcome
from outdial.domain.request import RetryPolicy
from store_builders import ENGINES, a_database

UNASKED = [outcome for outcome in Outcome if outcome is not Outcome.CANCELLED]
"""What can become of an attempt nobody wants stopped."""


@dataclass(frozen=True)
class Story:
    """What happens to one call: an outcome for each attempt it may have, and whether somebody answered it first."""

    outcomes: Sequence[Outcome]
    answers: Sequence[bool]

    @property
    def retry(self) -> RetryPolicy:
        return RetryPolicy(count=len(self.outcomes) - 1, busy_min=0, not_picked_min=0, failed_min=0)

    @property
    def talked(self) -> bool:
        return self.answers[self.dials - 1]

    @property
    def dials(self) -> int:
        """How often this person is rung: until something happens after which nobody is rung again."""
        for index, (outcome, answered) in enumerate(zip(self.outcomes, self.answers, strict=True), 1):
            if answered or outcome not in RETRY_CLASS:
                return index
        return len(self.outcomes)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    outcomes = draw(st.lists(st.sampled_from(UNASKED), min_size=1, max_size=4))
    answers = [outcome in ANSWERED or draw(st.booleans()) for outcome in outcomes]
    return Story(outcomes, answers)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=5, deadline=None)
@given(told=st.lists(stories(), min_size=5, max_size=15))
def test_every_call_ends_once(engine: str, told: list[Story]) -> None:
    asyncio.run(live_through(engine, told))


async def live_through(engine: str, told: Sequence[Story]) -> None:
    with TemporaryDirectory() as folder:
        async with a_database(engine, Path(folder)) as database:
            world = await World(database).set_up(numbers=2)
            calls = {await world.call(retry=story.retry): story for story in told}
            operator = ScriptedOperator(storyteller(world, calls))

            async with running(a_dialer(world, operator)):
                await operator.has_orders(sum(story.dials for story in told))
            await world.analysed()

            for call_id, story in calls.items():
                await ended_as_told(world, call_id, story)


def storyteller(
    world: World, calls: dict[str, Story]
) -> Callable[[Order, Callable[[Progress], None]], asyncio.Future[Result]]:
    def tell(order: Order, report: Callable[[Progress], None]) -> asyncio.Future[Result]:
        story, index = calls[order.dial.call_id], order.dial.attempt - 1
        report(Ringing(world.clock()))
        if story.answers[index]:
            report(Answered(world.clock()))
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        outcome = story.outcomes[index]
        done.set_result(a_result(outcome, at=world.clock(), talk=a_talk() if outcome in ANSWERED else None))
        return done

    return tell


async def ended_as_told(world: World, call_id: str, story: Story) -> None:
    attempts, events = await world.attempts(call_id), await world.told(call_id)
    assert (await world.row(call_id))["state"] in TERMINAL
    assert [attempt["outcome"] for attempt in attempts] == [outcome.value for outcome in story.outcomes[: story.dials]]
    assert events.count(EventType.DIALING) == events.count(EventType.ATTEMPT_ENDED) == story.dials
    analysed = [EventType.PLATFORM_ANALYSED] if story.talked else []
    assert events[events.index(EventType.CALL_ENDED) :] == [EventType.CALL_ENDED, *analysed, EventType.PROCESSED]
