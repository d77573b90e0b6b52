"""Attempts in this very process, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from attempt_builders import a_result, an_order
from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.outcome import Outcome
from outdial.virtual_time import loop_clock, run
from outdial.workers.local import LocalOperator
from outdial.workers.supervisor import BackOff


def silent(_: Progress) -> None: ...


class TestALocalOperator:
    def test_counts_what_it_carries_out(self) -> None:
        async def main() -> tuple[int, int, int]:
            async def talk(_: Order, __: Callable[[Progress], None]) -> Result:
                await asyncio.sleep(3600)
                return a_result()

            operator = LocalOperator(talk, 2, loop_clock())
            before = operator.room()
            async with asyncio.TaskGroup() as group:
                for index in range(2):
                    group.create_task(operator.carry_out(an_order(f"call-{index}"), silent))
                await asyncio.sleep(1)
                busy = operator.room()
            return before, busy, operator.room()

        assert run(main()) == (2, 0, 2)

    def test_makes_a_result_of_an_unexpected_error(self) -> None:
        async def main() -> tuple[Result, int]:
            async def broken(_: Order, __: Callable[[Progress], None]) -> Result:
                raise ValueError("a part failed")

            operator = LocalOperator(broken, 1, loop_clock())
            return await operator.carry_out(an_order(), silent), operator.room()

        result, room = run(main())

        assert (result.outcome, room) == (Outcome.WORKER_LOST, 1)
        assert "ValueError" in result.reason


class TestThePausesBeforeAWorkerIsStartedAgain:
    def test_double_up_to_the_most_and_begin_anew_after_a_stable_life(self) -> None:
        back_off = BackOff(first_s=0.5, most_s=3, stable_s=60)
        lives_s = [1, 1, 1, 1, 61, 1]

        pauses_s = [0.0]
        for lived_s in lives_s:
            pauses_s.append(back_off.pause_s(pauses_s[-1], lived_s))

        assert pauses_s[1:] == [0.5, 1, 2, 3, 0.5, 1]
