"""The one thing that acts: claims what is due, has it carried out, keeps its own lease and buries the dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final, NamedTuple

import structlog

from outdial.dialer.attempt import Desk, attempt_writer, carry_through
from outdial.dialer.hand import Hand
from outdial.dialer.ports import Operator
from outdial.dialer.steps import Step, Watch, unwatched
from outdial.domain.clock import Clock
from outdial.domain.errors import Unreachable
from outdial.store.answers import forget
from outdial.store.bell import listen
from outdial.store.calls import leases
from outdial.store.calls.attempts import Key
from outdial.store.calls.calendar import Claim, Glance, claim, glance
from outdial.store.calls.orders import Ground
from outdial.store.calls.reaper import reap
from outdial.store.calls.stops import to_be_stopped
from outdial.store.database import Connection, Database
from outdial.store.events import append

_AFTER_TROUBLE_S: Final = 1.0
_LOOK_EVERY_S: Final = 0.035
"""At most: calls that come due one by one are claimed several at a time, which costs little more than one alone."""
_PAUSE_FOR_A_LOOK: Final = 1
"""A pause of at least so many times what the look took: it takes no more than half of the time, however much there is
to look at."""
_MOST_PAUSE_S: Final = 0.5

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class DialerSettings:
    """``name`` is this node's own: on one SQLite file no two dialers may share it.

    A lease is much longer than its renewal, so that a short outage of the database costs nothing, and much shorter
    than a usual delay before dialling again.
    """

    name: str = "node"
    tick_s: float = 0.1
    lease_s: float = 30.0
    heartbeat_s: float = 5.0
    reap_s: float = 1.0
    tidy_s: float = 60.0
    stop_limit_s: float = 30.0
    hang_up_limit_s: float = 15.0


class _UnderWay(NamedTuple):
    hand: Hand
    task: asyncio.Task[None]


class Dialer:
    """``run`` it in one task; ``stop`` it from anywhere on the same loop."""

    def __init__(
        self,
        db: Database,
        operator: Operator,
        ground: Ground,
        clock: Clock,
        *,
        settings: DialerSettings | None = None,
        rng: Random | None = None,
        watch: Watch = unwatched,
    ) -> None:
        self._db = db
        self._operator = operator
        self._clock = clock
        self._settings = settings or DialerSettings()
        self._rng = rng or Random()
        self._watch = watch
        self._asks, self._recorder = attempt_writer(db), attempt_writer(db)
        self._desk = Desk(operator, self._asks, self._recorder, ground, clock, watch)
        self._holder = ""
        self._attempts: dict[Key, _UnderWay] = {}
        self._not_handed_over = 0
        self._woken = asyncio.Event()
        self._stopping = False
        self._claimed_in_vain = False
        self._hears_wishes_at = 0.0

    @property
    def active(self) -> int:
        """Attempts under way."""
        return len(self._attempts)

    def nudge(self) -> None:
        """Look at the calendar now: something new is due, or to be stopped."""
        self._hears_wishes_at = 0.0
        self._woken.set()

    def stop(self) -> None:
        """Claim nothing more; ``run`` returns when the attempts under way have ended, or were cut at the limit."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Works until stopped. Cancelled, it hangs up at once, writes down what it knows, and only then ends.

        Raises:
            Unreachable: the database did not answer at the start.
        """
        await self._begin()
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(self._asks.run()),
                group.create_task(self._recorder.run()),
                group.create_task(self._repeat(self._settings.heartbeat_s, self._heartbeat)),
                group.create_task(self._repeat(self._settings.reap_s, self._reap)),
                group.create_task(self._repeat(self._settings.tidy_s, self._tidy)),
                group.create_task(listen(self._db.url, self.nudge)),
            ]
            limit_s = 0.0
            try:
                await self._claim_until_stopped()
                limit_s = self._settings.stop_limit_s
            finally:
                await self._wind_down(limit_s)
                for helper in helpers:
                    helper.cancel()

    async def _begin(self) -> None:
        settings = self._settings
        self._holder = await self._db.write(leases.begin, settings.name, self._clock(), settings.lease_s)
        # What a process before us left half done is ended before anything new is dialled.
        await self._reap()

    async def _claim_until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            self._woken.clear()
            began = loop.time()
            until = began + _AFTER_TROUBLE_S
            try:
                pause_s = await self._look()
                looked = loop.time()
                until = looked + pause_s
                await asyncio.sleep(_rest_s(looked - began))
            except Unreachable as fault:
                _log.warning("calendar cannot be read", reason=str(fault))
            except Exception:
                _log.exception("claiming broke")
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._woken.wait()

    async def _look(self) -> float:
        """Stop what is to be stopped, claim what is due; seconds until the next look."""
        loop = asyncio.get_running_loop()
        if hears_wishes := loop.time() >= self._hears_wishes_at:
            self._hears_wishes_at = loop.time() + self._settings.tick_s
        room = self._operator.room() - self._not_handed_over
        now = self._clock()
        horizon = now + timedelta(seconds=self._settings.tick_s)

        def work(conn: Connection) -> tuple[Sequence[Key], Glance]:
            wishes = self._wishes(conn) if hears_wishes else ()
            if room < 1:
                return wishes, Glance([], next_due=None)
            # Where something held all due calls back, it is worth a closer look whether it still does.
            return wishes, glance(conn, now, horizon, closely=self._claimed_in_vain)

        wishes, seen = await self._db.read(work)
        self._heed(wishes)
        # Most ticks end here, without troubling whoever writes.
        if seen.lanes:
            self._claimed_in_vain = not await self._claim(seen.lanes, room)
        if seen.next_due is None:
            return self._settings.tick_s
        return min(self._settings.tick_s, max(0.0, (seen.next_due - self._clock()).total_seconds()))

    def _wishes(self, conn: Connection) -> Sequence[Key]:
        """Attempts somebody wants stopped, also those claimed under a lease that has run out since."""
        holders = {under_way.hand.claim.holder for under_way in list(self._attempts.values())}
        return to_be_stopped(conn, holders) if holders else ()

    def _heed(self, wishes: Sequence[Key]) -> None:
        for key in wishes:
            if under_way := self._attempts.get(key):
                under_way.hand.stop()

    async def _claim(self, lanes: Collection[str], room: int) -> bool:
        """Whether there was anything to claim."""

        def work(conn: Connection) -> list[Claim]:
            claims = claim(conn, self._holder, lanes, room, self._clock(), rng=self._rng)
            for one in claims:
                self._watch(Step.CLAIMING, one.key)
            return claims

        claims = await self._db.write(work)
        for one in claims:
            self._watch(Step.CLAIMED, one.key)
            self._not_handed_over += 1
            hand = Hand(one)
            self._attempts[one.key] = _UnderWay(hand, asyncio.create_task(self._carry(hand)))
        return bool(claims)

    async def _carry(self, hand: Hand) -> None:
        """An attempt and nothing but it: whatever goes wrong here stays here."""
        one, waiting = hand.claim, True

        def handed_over() -> None:
            nonlocal waiting
            self._not_handed_over -= waiting
            waiting = False

        try:
            finished = await carry_through(hand, self._desk, handed_over)
            if finished:
                _log.info("attempt ended", call_id=one.call_id, attempt=one.attempt, state=finished.ending.state.value)
        except Exception:
            # Left to the reapers once the lease is gone, or to an operator who reads this.
            _log.exception("attempt could not be written down", call_id=one.call_id, attempt=one.attempt)
        finally:
            handed_over()
            del self._attempts[one.key]
            # Its place is free.
            self._woken.set()

    async def _wind_down(self, limit_s: float) -> None:
        """Let talks end up to the limit, cut the rest, write everything down, give the lease back."""
        await self._attempts_end(limit_s)
        for under_way in self._attempts.values():
            under_way.hand.cut()
        if not await self._attempts_end(self._settings.hang_up_limit_s):
            _log.error("attempts left to whoever comes next", attempts=len(self._attempts))
        for under_way in list(self._attempts.values()):
            under_way.task.cancel()
        with suppress(Unreachable):
            await self._db.write(leases.release, self._holder)

    async def _attempts_end(self, limit_s: float) -> bool:
        """Whether all have ended within the limit; wishes to stop one are heard meanwhile."""
        loop = asyncio.get_running_loop()
        until = loop.time() + limit_s
        while self._attempts and (left_s := until - loop.time()) > 0:
            tasks = [under_way.task for under_way in self._attempts.values()]
            await asyncio.wait(tasks, timeout=min(left_s, self._settings.tick_s))
            try:
                async with asyncio.timeout(left_s):
                    self._heed(await self._db.read(self._wishes))
            except (Unreachable, TimeoutError):
                continue
            except Exception:
                # Whatever it is, everything else must still be written down and given back.
                _log.exception("nobody can be stopped")
        return not self._attempts

    async def _repeat(self, pause_s: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Unreachable as fault:
                _log.warning("database does not answer", reason=str(fault))
            except Exception:
                _log.exception("housekeeping broke")
            await asyncio.sleep(pause_s)

    async def _heartbeat(self) -> None:
        """A lease that ran out is not revived: this process goes on under a new one."""

        def work(conn: Connection) -> str:
            now, life_s = self._clock(), self._settings.lease_s
            if leases.renew(conn, self._holder, now, life_s):
                return self._holder
            return leases.acquire(conn, self._settings.name, now, life_s)

        holder = await self._db.write(work)
        if holder != self._holder:
            _log.error("lease had run out", holder=self._holder, new_holder=holder)
            self._holder = holder

    async def _tidy(self) -> None:
        def work(conn: Connection) -> None:
            leases.forget_dead(conn, self._clock())
            forget(conn, self._clock())

        await self._db.write(work)

    async def _reap(self) -> None:
        def work(conn: Connection) -> int:
            # Our own attempts live as long as we do, whatever became of the lease they were claimed under.
            reaped = reap(conn, self._clock(), self._holder, running=set(self._attempts))
            append(conn, [fact for _, finished in reaped for fact in finished.facts])
            return len(reaped)

        if lost := await self._db.write(work):
            _log.warning("attempts of lost processes ended", attempts=lost)
            self._woken.set()


def _rest_s(took_s: float) -> float:
    """The pause after a look that took so long, whatever there is to do."""
    return min(max(_LOOK_EVERY_S - took_s, _PAUSE_FOR_A_LOOK * took_s), _MOST_PAUSE_S)
