"""Real processes: each test's workers are children of the test run and are gone when it ends."""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from attempt_builders import an_order
from outdial.domain.attempt import Answered, Progress, Result, Ringing, Said
from outdial.domain.clock import utc_now
from outdial.domain.errors import Unreachable
from outdial.domain.outcome import Outcome
from outdial.workers.child import Child, ChildState, Health
from outdial.workers.supervisor import BackOff, MediaWorkers, Terms, media_workers

PROGRAM = Path(__file__).with_name("worker_program.py")
PATIENCE_S = 60


def workers(count: int = 1, *options: str, terms: Terms | None = None) -> AbstractAsyncContextManager[MediaWorkers]:
    return media_workers([sys.executable, str(PROGRAM), *options], count, utc_now, terms or Terms())


@dataclass
class Heard:
    """Collects progress; ``until`` waits for one that fits."""

    progress: list[Progress] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, progress: Progress) -> None:
        self.progress.append(progress)
        self._news.set()

    async def until(self, fits: Callable[[Progress], bool]) -> Progress:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := [one for one in self.progress if fits(one)]):
                self._news.clear()
                await self._news.wait()
        return found[0]

    async def pid_of_talk(self) -> int:
        said = await self.until(lambda one: isinstance(one, Said))
        assert isinstance(said, Said)
        return int(said.turn.text.removeprefix("I am ").removesuffix("."))


def silent(_: Progress) -> None: ...


def stand_still(for_s: float) -> None:
    """As after SIGSTOP, or on a machine that was suspended: this process's loop does not run meanwhile."""
    threading.Event().wait(for_s)


async def result_of(task: asyncio.Task[Result]) -> Result:
    return await asyncio.wait_for(task, PATIENCE_S)


class TestAnAttemptInAWorker:
    async def test_reports_its_progress_in_order_and_ends_with_its_result(self) -> None:
        heard = Heard()

        async with workers() as media:
            result = await media.carry_out(an_order(does="answer"), heard)

        assert result.outcome is Outcome.COMPLETED
        assert [type(one) for one in heard.progress] == [Ringing, Answered]

    async def test_that_raises_ends_alone_and_leaves_the_worker_alive(self) -> None:
        async with workers() as media:
            broken = await media.carry_out(an_order("broken", does="break"), silent)
            after = await media.carry_out(an_order("after", does="answer"), silent)

            assert [place.starts for place in media.status()] == [1]
        assert broken.outcome is Outcome.WORKER_LOST
        assert "ValueError" in broken.reason
        assert after.outcome is Outcome.COMPLETED

    async def test_that_says_more_than_fits_on_a_line_ends_without_its_transcript(self) -> None:
        async with workers() as media:
            result = await media.carry_out(an_order(does="chatter"), silent)

        assert (result.outcome, result.talk and result.talk.turns) == (Outcome.COMPLETED, ())
        assert "bytes long" in result.reason

    async def test_with_an_order_that_does_not_fit_on_a_line_ends_before_anybody_is_rung(self) -> None:
        async with workers() as media:
            result = await media.carry_out(an_order(does="answer", novel="x" * 5_000_000), silent)

        assert result.outcome is Outcome.WORKER_LOST
        assert "bytes long" in result.reason

    async def test_that_is_cancelled_is_hung_up_and_says_so(self) -> None:
        heard = Heard()

        async with workers() as media, asyncio.TaskGroup() as group:
            talk = group.create_task(media.carry_out(an_order(does="talk"), heard))
            await heard.pid_of_talk()
            talk.cancel()
            result = await result_of(talk)

        assert result.outcome is Outcome.CANCELLED


class TestAWorkerKilledInTheMiddleOfATalk:
    async def test_ends_its_own_calls_at_once_while_others_go_on_and_the_next_succeeds(self) -> None:
        struck, spared = Heard(), Heard()

        async with workers(2) as media, asyncio.TaskGroup() as group:
            await media.wait_ready(PATIENCE_S)
            first = group.create_task(media.carry_out(an_order("struck", does="talk"), struck))
            second = group.create_task(media.carry_out(an_order("spared", does="talk"), spared))
            victim, other = await struck.pid_of_talk(), await spared.pid_of_talk()
            os.kill(victim, signal.SIGKILL)
            lost = await result_of(first)
            still_talking = not second.done()
            third = await media.carry_out(an_order("next", does="answer"), silent)
            second.cancel()

        assert victim != other
        assert lost.outcome is Outcome.WORKER_LOST
        assert "signal 9" in lost.reason
        assert still_talking
        assert third.outcome is Outcome.COMPLETED

    async def test_is_replaced_so_that_a_single_worker_takes_the_next_call(self) -> None:
        async with workers(1) as media:
            lost = await media.carry_out(an_order("first", does="die"), silent)
            after = await media.carry_out(an_order("second", does="answer"), silent)

            assert media.status()[0].starts == 2
        assert lost.outcome is Outcome.WORKER_LOST
        assert "exit code 3" in lost.reason
        assert after.outcome is Outcome.COMPLETED


class TestASignalToTheWholeGroup:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    async def test_is_left_to_the_parent_which_lets_talks_end(self, number: signal.Signals) -> None:
        heard = Heard()

        async with workers() as media, asyncio.TaskGroup() as group:
            talk = group.create_task(media.carry_out(an_order(does="talk"), heard))
            os.kill(await heard.pid_of_talk(), number)
            beside = await media.carry_out(an_order("beside", does="answer"), silent)
            still_talking = not talk.done()
            talk.cancel()

        assert still_talking
        assert beside.outcome is Outcome.COMPLETED


class TestAWorkerThatStandsStill:
    async def test_is_killed_and_its_calls_end(self) -> None:
        terms = Terms(health=Health(beat_limit_s=2.5, shutdown_limit_s=0.5))

        async with workers(1, terms=terms) as media:
            lost = await asyncio.wait_for(media.carry_out(an_order(does="freeze"), silent), PATIENCE_S)

        assert lost.outcome is Outcome.WORKER_LOST
        assert "no sign of life" in lost.reason


class TestASupervisorThatStoodStillItself:
    """Its loop did not run for longer than a worker may be silent."""

    TERMS = Terms(health=Health(beat_limit_s=2.0, shutdown_limit_s=0.5))

    async def test_hears_what_its_workers_said_meanwhile_before_it_judges_them(self) -> None:
        heard = [Heard() for _ in range(3)]

        async with workers(2, "--capacity=3", terms=self.TERMS) as media, asyncio.TaskGroup() as group:
            await media.wait_ready(PATIENCE_S)
            talks = [
                group.create_task(media.carry_out(an_order(f"talk {place}", does="talk"), one))
                for place, one in enumerate(heard)
            ]
            pids = {await one.pid_of_talk() for one in heard}
            stand_still(4.0)
            for _ in range(10):
                # Beats of both workers: long enough for a watch that counted the stall to strike.
                await media.changed()
            talking = [not talk.done() for talk in talks]
            states = [(place.state, place.starts) for place in media.status()]
            for talk in talks:
                talk.cancel()

        assert len(pids) == 2
        assert talking == [True] * 3
        assert states == [(ChildState.READY, 1)] * 2

    async def test_still_finds_a_worker_that_stopped_for_good(self) -> None:
        heard = Heard()

        async with workers(1, terms=self.TERMS) as media, asyncio.TaskGroup() as group:
            talk = group.create_task(media.carry_out(an_order(does="talk"), heard))
            os.kill(await heard.pid_of_talk(), signal.SIGSTOP)
            stand_still(4.0)
            lost = await result_of(talk)

        assert lost.outcome is Outcome.WORKER_LOST
        assert "no sign of life" in lost.reason


class TestRoom:
    async def test_is_the_capacity_of_all_workers_less_what_they_carry(self) -> None:
        heard = Heard()

        async with workers(2, "--capacity=3") as media, asyncio.TaskGroup() as group:
            before = media.room()
            await media.wait_ready(PATIENCE_S)
            ready = media.room()
            talk = group.create_task(media.carry_out(an_order(does="talk"), heard))
            await heard.pid_of_talk()
            talking = media.room()
            talk.cancel()

        assert (before, ready, talking) == (0, 6, 5)

    async def test_is_one_call_while_timers_fire_late_and_none_beside_it(self) -> None:
        terms = Terms(health=Health(lag_limit_ms=-1.0, lag_beats=1), wait_for_room_s=0.1)
        heard = Heard()

        async with workers(terms=terms) as media, asyncio.TaskGroup() as group:
            await media.wait_ready(PATIENCE_S)
            idle = media.room()
            talk = group.create_task(media.carry_out(an_order(does="talk"), heard))
            await heard.pid_of_talk()
            beside = media.room()
            refused = await media.carry_out(an_order("beside", does="answer"), silent)
            talk.cancel()

        assert (idle, beside) == (1, 0)
        assert refused.outcome is Outcome.WORKER_LOST
        assert "nobody was rung" in refused.reason

    async def test_is_measured_by_how_late_timers_really_fire(self) -> None:
        async with workers() as media, asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE_S):
            await media.wait_ready(PATIENCE_S)
            hog = group.create_task(media.carry_out(an_order(does="hog"), silent))
            while media.room() > 0:
                await media.changed()
            lag_ms = media.status()[0].lag_p99_ms
            hog.cancel()

        assert lag_ms > 20

    async def test_is_none_while_draining_and_the_drain_ends_with_the_last_call(self) -> None:
        heard = Heard()

        async with workers() as media, asyncio.TaskGroup() as group:
            talk = group.create_task(media.carry_out(an_order(does="talk"), heard))
            await heard.pid_of_talk()
            unfinished = await media.drain(limit_s=0.05)
            talk.cancel()
            await result_of(talk)
            finished = await media.drain(limit_s=PATIENCE_S)

            assert media.room() == 0
        assert (unfinished, finished) == (False, True)


class TestAnOrderThatWaitsForRoom:
    """No process runs yet, so that there is none."""

    async def test_is_given_back_at_once_when_the_doors_close(self) -> None:
        async with media_workers(["/nowhere/worker"], 1, utc_now) as media, asyncio.TaskGroup() as group:
            waiting = group.create_task(media.carry_out(an_order(), silent))
            await asyncio.sleep(0)
            media.close_doors()
            given_back = await result_of(waiting)
            refused = await media.carry_out(an_order("later"), silent)

        assert (given_back.outcome, given_back.nobody_rung) == (Outcome.WORKER_LOST, True)
        assert (refused.outcome, refused.nobody_rung) == (Outcome.WORKER_LOST, True)
        assert "takes no more calls" in refused.reason

    async def test_has_rung_nobody_when_it_is_cancelled(self) -> None:
        async with media_workers(["/nowhere/worker"], 1, utc_now) as media, asyncio.TaskGroup() as group:
            waiting = group.create_task(media.carry_out(an_order(), silent))
            await asyncio.sleep(0)
            waiting.cancel()
            result = await result_of(waiting)

        assert (result.outcome, result.nobody_rung) == (Outcome.CANCELLED, True)


class TestAWorkerThatIsStillStarting:
    async def test_is_ended_without_waiting_for_it(self) -> None:
        terms = Terms(health=Health(shutdown_limit_s=PATIENCE_S))

        async with asyncio.timeout(PATIENCE_S / 2), workers(1, "--starts-for-ever", terms=terms) as media:
            assert media.room() == 0


class TestAWorkerThatCannotStart:
    async def test_says_why(self) -> None:
        terms = Terms(back_off=BackOff(first_s=0.05, most_s=0.05))

        async with workers(1, "--fails=port 5062 is in use", terms=terms) as media:
            with pytest.raises(Unreachable, match="port 5062 is in use"):
                await media.wait_ready(10)

    async def test_says_so_when_there_is_no_such_program(self) -> None:
        async with media_workers(["/nowhere/worker"], 1, utc_now) as media:
            with pytest.raises(Unreachable, match="could not be started"):
                await media.wait_ready(1)

    async def test_leaves_nothing_open_when_it_is_given_up_while_it_is_started(self) -> None:
        child = Child([sys.executable, str(PROGRAM)], Health(), utc_now, lambda: None)
        running = asyncio.create_task(child.run())
        await asyncio.wait([running], timeout=0)

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        # What nobody closed would be complained of now.
        del child, running
        gc.collect()


class TestLeavingTheWorkers:
    async def test_by_an_error_lets_it_out_as_it_is(self) -> None:
        with pytest.raises(Unreachable, match="the rest of the node"):
            async with workers():
                raise Unreachable("the rest of the node cannot go on")

    async def test_hangs_up_what_still_talks_and_ends_every_process(self, tmp_path: Path) -> None:
        heard, mark = Heard(), tmp_path / "hung-up"

        async with asyncio.TaskGroup() as group:
            async with workers() as media:
                talk = group.create_task(media.carry_out(an_order(does="talk", mark=str(mark)), heard))
                watched = os.pidfd_open(await heard.pid_of_talk())
            result = await result_of(talk)

        assert ended(watched)
        assert mark.exists()
        assert result.outcome is Outcome.CANCELLED

    async def test_ends_a_process_whose_call_cannot_be_hung_up(self) -> None:
        heard = Heard()

        async with asyncio.TaskGroup() as group:
            async with workers() as media:
                talk = group.create_task(media.carry_out(an_order(does="cling"), heard))
                watched = os.pidfd_open(await heard.pid_of_talk())
            result = await result_of(talk)

        assert ended(watched)
        assert result.outcome is Outcome.WORKER_LOST


class TestWhenTheParentDies:
    def test_its_workers_hang_up_and_die_too(self, tmp_path: Path) -> None:
        script = Path(__file__).with_name("parent_program.py")
        command = [sys.executable, str(script), str(PROGRAM), str(tmp_path)]
        builders = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=builders) as parent:
            assert parent.stdout is not None
            pids = [int(pid) for pid in parent.stdout.readline().split()]
            watched = [os.pidfd_open(pid) for pid in pids]
            parent.kill()

        assert len(pids) == 2
        assert [ended(pidfd) for pidfd in watched] == [True, True]
        assert {mark.name for mark in tmp_path.iterdir()} == {"a", "b"}


def ended(pidfd: int) -> bool:
    """True when the process ends in time; a pidfd becomes readable then, and never means another process."""
    with selectors.DefaultSelector() as selector:
        selector.register(pidfd, selectors.EVENT_READ)
        fired = selector.select(PATIENCE_S)
    os.close(pidfd)
    return bool(fired)
