"""Calls to the simulated network find it wherever it listens today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from outdial.dialer.ports import Operator
from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.clock import Clock
from outdial.domain.outcome import Outcome


class ToSimulatedNetwork:
    """An ``Operator`` in front of another: fills in where a simulator trunk leads. ``port`` 0: it is switched off."""

    def __init__(self, operator: Operator, host: str, port: int, clock: Clock) -> None:
        self._operator = operator
        self._host = host
        self._port = port
        self._clock = clock

    def room(self) -> int:
        return self._operator.room()

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        trunk = order.dial.trunk
        if trunk.kind != "simulator":
            return await self._operator.carry_out(order, report)
        if not self._port:
            reason = "the simulated phone network is switched off (OUTDIAL_SIMULATOR, or OUTDIAL_SIP_HOST not loopback)"
            return Result(self._clock(), Outcome.TRUNK_FAILED, reason=reason)
        # Whatever a trunk of this kind was changed to, it leads here and nowhere else.
        reachable = replace(trunk, host=self._host, port=self._port, outbound_proxy="")
        return await self._operator.carry_out(replace(order, dial=replace(order.dial, trunk=reachable)), report)
