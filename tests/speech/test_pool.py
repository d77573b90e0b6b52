"""The pool local models run in: bounded, and never in the way of a shutdown."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from outdial.domain.errors import Unreachable
from outdial.speech.pool import SpeechPool

LONG_S = 60.0


class Gate:
    """A job that stays in the pool until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        self.opened.wait(LONG_S)
        return "through"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def run(pool: SpeechPool, job: Gate, within_s: float = LONG_S) -> asyncio.Task[str]:
    return asyncio.get_running_loop().create_task(pool.run(job, within_s=within_s, what="the job"))


async def is_running(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.entered.wait, LONG_S)


class TestAPool:
    async def test_does_the_work_beside_the_loop(self) -> None:
        pool = SpeechPool()

        there = await pool.run(threading.get_ident, within_s=LONG_S, what="the job")

        pool.close()
        assert there != threading.get_ident()

    async def test_hands_on_what_a_job_raises(self) -> None:
        pool = SpeechPool()

        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0, within_s=LONG_S, what="the job")
        pool.close()

    async def test_that_is_full_refuses_at_once(self, gate: Gate) -> None:
        pool = SpeechPool(workers=1, waiting=1)
        running, waiting = run(pool, gate), run(pool, gate)
        await is_running(gate)

        with pytest.raises(Unreachable, match="the job is overloaded"):
            await pool.run(gate, within_s=LONG_S, what="the job")

        gate.opened.set()
        assert [await running, await waiting] == ["through", "through"]
        pool.close()

    async def test_has_room_again_when_a_job_is_done(self, gate: Gate) -> None:
        pool = SpeechPool(workers=1, waiting=0)
        gate.opened.set()

        results = [await run(pool, gate) for _ in range(3)]

        pool.close()
        assert results == ["through"] * 3

    async def test_does_not_wait_longer_than_told(self, gate: Gate) -> None:
        pool = SpeechPool()

        with pytest.raises(Unreachable, match=r"the job took longer than 0\.05 s"):
            await run(pool, gate, within_s=0.05)
        pool.close()

    async def test_takes_back_what_was_cancelled_before_it_began(self, gate: Gate) -> None:
        pool = SpeechPool(workers=1, waiting=1)
        running = run(pool, gate)
        await is_running(gate)
        given_up = Gate()
        waiting = run(pool, given_up)
        await asyncio.wait({waiting}, timeout=0.01)

        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        gate.opened.set()
        await running

        assert await pool.run(lambda: "next", within_s=LONG_S, what="the job") == "next"
        assert not given_up.entered.is_set()
        pool.close()


class TestClosing:
    async def test_does_not_wait_for_a_job_that_hangs(self, gate: Gate) -> None:
        pool = SpeechPool()
        running = run(pool, gate)
        await is_running(gate)

        pool.close()

        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def test_drops_what_waits_and_refuses_what_comes(self, gate: Gate) -> None:
        pool = SpeechPool(workers=1, waiting=4)
        running, waiting = run(pool, gate), run(pool, gate)
        await is_running(gate)

        pool.close()

        with pytest.raises(Unreachable, match="the job is shut down"):
            await waiting
        with pytest.raises(Unreachable, match="the job is shut down"):
            await pool.run(gate, within_s=LONG_S, what="the job")
        gate.opened.set()
        assert await running == "through"
