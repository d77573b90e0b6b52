"""The one clock of a process: every 20 ms it moves every conversation on by one beat.

Conversations are spread over a few phases within the beat, so that their work does not come in one lump. A beat is
planned from the first one and never from the last, so nothing drifts. After a stall a conversation gets one beat that
says how many periods have passed, instead of many beats in a row: what is lost to a stall is lost once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

from outdial.audio.frames import FRAME_MS
from outdial.conversation.vad import VoiceActivity

PHASES: Final = 2
BEAT_S: Final = FRAME_MS / 1000
_PHASE_S: Final = BEAT_S / PHASES
_LAGS_KEPT: Final = 1000
"""Ten seconds of phases."""


class Player(Protocol):
    """Somebody who plays by the clock. Neither ``listen`` nor ``act`` may wait for anything."""

    def listen(self, periods: int) -> None:
        """Take in what has come; ``periods`` of 20 ms have passed since the last beat, at least one."""

    def act(self) -> None:
        """Go on, now that everybody's sound of this beat has been judged."""

    def broke(self, error: Exception) -> None:
        """``listen``, ``act`` or the voice detector raised: the player has been taken off the clock."""


class Metronome:
    """Belongs to one event loop, real or virtual; rests while nobody plays."""

    def __init__(self, voice_activity: VoiceActivity) -> None:
        self.voice_activity = voice_activity
        self._phases: list[dict[Player, int]] = [{} for _ in range(PHASES)]
        self._lags_s: deque[float] = deque(maxlen=_LAGS_KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._began_s = 0.0
        self._step = 0

    @property
    def size(self) -> int:
        """Conversations under way."""
        return sum(map(len, self._phases))

    @property
    def lag_p50_ms(self) -> float:
        return self._lag_ms(0.50)

    @property
    def lag_p99_ms(self) -> float:
        """How late the slowest hundredth of the last ten seconds' beats began; 0 while resting."""
        return self._lag_ms(0.99)

    def join(self, player: Player) -> None:
        """Play from the next beat of the emptiest phase on."""
        if self._timer is None:
            self._began_s, self._step = asyncio.get_running_loop().time(), PHASES
        phase = min(range(PHASES), key=lambda number: len(self._phases[number]))
        # The step at which this phase last played, so that the first beat counts one period.
        last = self._step - 1 - (self._step - 1 - phase) % PHASES
        self._phases[phase][player] = last
        if self._timer is None:
            self._plan()

    def leave(self, player: Player) -> None:
        """Stop playing; a second time does nothing."""
        for phase in self._phases:
            phase.pop(player, None)
        if self.size == 0:
            self._rest()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._lags_s.clear()

    def _plan(self) -> None:
        while not self._phases[self._step % PHASES]:
            self._step += 1
        self._timer = asyncio.get_running_loop().call_at(self._began_s + self._step * _PHASE_S, self._beat)

    def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        late_s = max(loop.time() - (self._began_s + self._step * _PHASE_S), 0.0)
        self._lags_s.append(late_s)
        if late_s > BEAT_S:
            # Whole beats were missed: this one stands for all of them.
            self._step += int(late_s / BEAT_S) * PHASES
        try:
            self._play(self._phases[self._step % PHASES])
        finally:
            # Whatever happens, the clock goes on: other conversations depend on it.
            if self.size:
                self._step += 1
                self._plan()
            else:
                self._rest()

    def _play(self, phase: dict[Player, int]) -> None:
        for player, last in list(phase.items()):
            phase[player] = self._step
            self._guarded(player, (self._step - last) // PHASES)
        try:
            self.voice_activity.run()
        except Exception as error:
            for player in list(phase):
                self._take_off(player, error)
        for player in list(phase):
            self._guarded(player, None)

    def _guarded(self, player: Player, periods: int | None) -> None:
        """One player's move. What breaks one conversation must not stop the others' clock."""
        try:
            if periods is None:
                player.act()
            else:
                player.listen(periods)
        except Exception as error:
            self._take_off(player, error)

    def _take_off(self, player: Player, error: Exception) -> None:
        for phase in self._phases:
            phase.pop(player, None)
        player.broke(error)

    def _lag_ms(self, share: float) -> float:
        if not self._lags_s:
            return 0.0
        ordered = sorted(self._lags_s)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]
