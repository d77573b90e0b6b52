"""The pool local models run in: bounded, fair, and freed of what does not end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.errors import Unreachable
from outdial.speech.pool import EngineLost, SpeechPool
from outdial.virtual_time import run

Job = Callable[["FakeEngine"], Awaitable[str]]


@dataclass
class FakeEngine:
    """Takes a second for each job, and notes which."""

    done: list[str]
    ended: bool = False

    async def end(self) -> None:
        self.ended = True


@dataclass
class Works:
    """Opens engines and remembers them all."""

    engines: list[FakeEngine] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    refuses: int = 0

    async def open(self) -> FakeEngine:
        if self.refuses:
            self.refuses -= 1
            raise Unreachable("there is no model")
        self.engines.append(FakeEngine(self.done))
        return self.engines[-1]


def job(name: str, seconds: float = 1.0) -> Job:
    async def work(engine: FakeEngine) -> str:
        await asyncio.sleep(seconds)
        engine.done.append(name)
        return name

    return work


async def hangs(engine: FakeEngine) -> str:
    del engine
    await asyncio.Event().wait()
    return ""


async def is_lost(engine: FakeEngine) -> str:
    raise EngineLost("the process has ended")


def asked(pool: SpeechPool[FakeEngine], what: Job, lane: Hashable = "", within_s: float = 60.0) -> asyncio.Task[str]:
    return asyncio.get_running_loop().create_task(pool.run(what, lane=lane, within_s=within_s, what="the job"))


def in_a_pool(
    act: Callable[[SpeechPool[FakeEngine], Works], Coroutine[Any, Any, None]], places: int = 1, waiting: int = 64
) -> Works:
    works = Works()

    async def go() -> None:
        pool = SpeechPool(works.open, places=places, waiting=waiting)
        try:
            # Nothing in a virtual hour is left to wait for: whoever hangs is found out.
            async with asyncio.timeout(3600):
                await act(pool, works)
        finally:
            await pool.close()

    run(go())
    return works


class TestAPool:
    def test_hands_on_what_a_job_makes(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            assert await asked(pool, job("one")) == "one"

        in_a_pool(act)

    def test_that_is_full_refuses_at_once(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            running, waiting = asked(pool, job("one")), asked(pool, job("two"))
            await asyncio.sleep(0.5)

            with pytest.raises(Unreachable, match="the job is overloaded"):
                await pool.run(job("three"), lane="", within_s=60.0, what="the job")
            assert [await running, await waiting] == ["one", "two"]
            assert await asked(pool, job("four")) == "four"

        in_a_pool(act, waiting=1)

    def test_does_not_wait_longer_than_told(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            asked(pool, job("long", 20))

            with pytest.raises(Unreachable, match="the job took longer than 10 s"):
                await asked(pool, job("short"), within_s=10)
            assert works.done == []

        in_a_pool(act)

    def test_takes_back_what_was_cancelled_before_it_began(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            running, given_up = asked(pool, job("one")), asked(pool, job("given up"))
            await asyncio.sleep(0.5)

            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
            assert [await running, await asked(pool, job("two"))] == ["one", "two"]
            assert works.done == ["one", "two"]

        in_a_pool(act, waiting=1)


class TestAJobThatDoesNotEnd:
    def test_frees_its_place(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            hanging, behind = asked(pool, hangs, "a", 10), asked(pool, job("behind"), "b", 10)

            with pytest.raises(Unreachable, match="took longer than 10 s"):
                await hanging
            assert await behind == "behind"
            assert [engine.ended for engine in works.engines] == [True, False]

        in_a_pool(act)

    def test_frees_its_place_also_when_nobody_waits_for_it_any_more(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            hanging = asked(pool, hangs, "a", 10)
            await asyncio.sleep(1)
            hanging.cancel()

            assert await asked(pool, job("behind"), "b", 10) == "behind"
            assert works.engines[0].ended

        in_a_pool(act)


class TestAnEngineThatIsLost:
    def test_is_replaced(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            with pytest.raises(Unreachable, match="the process has ended"):
                await asked(pool, is_lost)
            assert await asked(pool, job("next")) == "next"

        assert len(in_a_pool(act).engines) == 2

    def test_and_cannot_be_replaced_is_asked_for_again_by_the_next_job(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            works.refuses = 2
            with pytest.raises(Unreachable, match="there is no model"):
                await asked(pool, job("one"))
            assert await asked(pool, job("two")) == "two"

        in_a_pool(act)


class TestCalls:
    def test_take_turns_however_much_one_of_them_wants(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            many = [asked(pool, job(f"a{n}"), "a") for n in range(20)]
            others = [asked(pool, job(name), name) for name in "bcd"]
            await asyncio.gather(*many, *others)

        assert in_a_pool(act).done[:5] == ["a0", "b", "c", "d", "a1"]

    @given(st.lists(st.integers(1, 8), min_size=1, max_size=6))
    def test_are_all_served_before_one_is_served_again(self, wanted: list[int]) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            await asyncio.gather(
                *(asked(pool, job(f"{lane} {n}"), lane) for lane, jobs in enumerate(wanted) for n in range(jobs))
            )

        rounds = [[f"{lane} {n}" for lane, jobs in enumerate(wanted) if n < jobs] for n in range(max(wanted))]
        assert in_a_pool(act).done == [name for each in rounds for name in each]


class TestClosing:
    def test_ends_what_runs_and_drops_what_waits(self) -> None:
        async def act(pool: SpeechPool[FakeEngine], works: Works) -> None:
            running, waiting = asked(pool, hangs), asked(pool, job("waiting"))
            await asyncio.sleep(1)

            await pool.close()

            for refused in (running, waiting, asked(pool, job("late"))):
                with pytest.raises(Unreachable, match="the job is shut down"):
                    await refused
            assert [engine.ended for engine in works.engines] == [True]

        in_a_pool(act)
