"""The one clock: in step, without drift, and what happens after a stall."""

from __future__ import annotations

import asyncio

import pytest

from outdial.conversation.metronome import PHASES, Metronome
from outdial.conversation.vad import VoiceActivity
from outdial.virtual_time import VirtualLoop, run


class Drummer:
    """Writes down when it was moved on, and by how much."""

    def __init__(self, breaks_at: int = 0) -> None:
        self.heard_at: list[float] = []
        self.periods: list[int] = []
        self.acted = 0
        self.error: Exception | None = None
        self._breaks_at = breaks_at

    def listen(self, periods: int) -> None:
        self.heard_at.append(asyncio.get_running_loop().time())
        self.periods.append(periods)
        if len(self.periods) == self._breaks_at:
            raise ZeroDivisionError

    def act(self) -> None:
        self.acted += 1

    def broke(self, error: Exception) -> None:
        self.error = error


def a_metronome() -> Metronome:
    return Metronome(VoiceActivity(slots=1))


class StallingLoop:
    """Makes the virtual clock jump, as a blocked loop does."""

    @staticmethod
    def stall(seconds: float) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop._jumping.now += seconds


class TestABeat:
    def test_comes_every_20_ms_and_does_not_drift(self) -> None:
        async def ten_minutes() -> Drummer:
            metronome, drummer = a_metronome(), Drummer()
            metronome.join(drummer)
            await asyncio.sleep(600.01)
            metronome.leave(drummer)
            return drummer

        drummer = run(ten_minutes())

        assert len(drummer.periods) == drummer.acted == 30_000
        assert set(drummer.periods) == {1}
        assert drummer.heard_at[-1] == pytest.approx(600.0, abs=1e-6)

    def test_is_shared_out_over_the_phases(self) -> None:
        async def four() -> list[Drummer]:
            metronome, drummers = a_metronome(), [Drummer() for _ in range(2 * PHASES)]
            for drummer in drummers:
                metronome.join(drummer)
            assert metronome.size == 2 * PHASES
            await asyncio.sleep(1)
            for drummer in drummers:
                metronome.leave(drummer)
            return drummers

        drummers = run(four())

        first_ms = sorted(round(drummer.heard_at[0] * 1000) % 20 for drummer in drummers)
        assert first_ms == [0, 0, 10, 10]


class TestAStall:
    def test_is_made_up_for_in_one_beat(self) -> None:
        async def stalls() -> Drummer:
            metronome, drummer = a_metronome(), Drummer()
            metronome.join(drummer)
            await asyncio.sleep(0.101)
            StallingLoop.stall(0.5)
            await asyncio.sleep(0.1)
            metronome.leave(drummer)
            return drummer

        drummer = run(stalls())

        assert sum(drummer.periods) == pytest.approx(0.701 / 0.02, abs=1)
        assert sorted(drummer.periods)[-2:] == [1, 25]

    def test_shows_in_the_lag(self) -> None:
        async def stalls() -> tuple[float, float, float]:
            metronome, drummer = a_metronome(), Drummer()
            metronome.join(drummer)
            await asyncio.sleep(0.5)
            before = metronome.lag_p99_ms
            StallingLoop.stall(0.3)
            await asyncio.sleep(0.1)
            after, median = metronome.lag_p99_ms, metronome.lag_p50_ms
            metronome.leave(drummer)
            return before, after, median

        before, after, median = run(stalls())

        assert before == pytest.approx(0, abs=0.001)
        assert after == pytest.approx(300, abs=21)
        assert median == pytest.approx(0, abs=0.001)


class TestAPlayerWhoBreaks:
    def test_is_taken_off_and_the_others_play_on(self) -> None:
        async def one_breaks() -> tuple[Drummer, Drummer, int]:
            metronome, broken, sound = a_metronome(), Drummer(breaks_at=3), Drummer()
            metronome.join(broken)
            metronome.join(sound)
            await asyncio.sleep(1)
            size = metronome.size
            metronome.leave(sound)
            return broken, sound, size

        broken, sound, size = run(one_breaks())

        assert isinstance(broken.error, ZeroDivisionError)
        assert len(broken.periods) == 3
        assert size == 1
        assert len(sound.periods) >= 48

    def test_as_the_last_one_does_not_stop_the_clock_for_the_next(self) -> None:
        async def one_after_the_other() -> Drummer:
            metronome, broken, next_one = a_metronome(), Drummer(breaks_at=1), Drummer()
            metronome.join(broken)
            await asyncio.sleep(0.1)
            metronome.join(next_one)
            metronome.leave(broken)
            await asyncio.sleep(0.2)
            metronome.leave(next_one)
            return next_one

        assert len(run(one_after_the_other()).periods) in (9, 10)


class TestAVoiceDetectorThatBreaks:
    def test_takes_off_who_waited_for_it_and_the_clock_goes_on(self) -> None:
        class Broken(VoiceActivity):
            def run(self) -> None:
                raise ZeroDivisionError

        async def breaks() -> tuple[Drummer, int]:
            metronome, drummer = Metronome(Broken(slots=1)), Drummer()
            metronome.join(drummer)
            await asyncio.sleep(0.1)
            return drummer, metronome.size

        drummer, size = run(breaks())

        assert isinstance(drummer.error, ZeroDivisionError)
        assert (drummer.acted, size) == (0, 0)


class TestAMetronomeWithoutPlayers:
    def test_rests_and_starts_again(self) -> None:
        async def twice() -> list[Drummer]:
            metronome = a_metronome()
            drummers = [Drummer(), Drummer()]
            for drummer in drummers:
                metronome.join(drummer)
                await asyncio.sleep(0.2)
                metronome.leave(drummer)
                metronome.leave(drummer)
                assert (metronome.size, metronome.lag_p99_ms) == (0, 0.0)
                await asyncio.sleep(7.7)
            return drummers

        for drummer in run(twice()):
            assert set(drummer.periods) == {1}
            assert len(drummer.periods) in (9, 10)
