"""A process that dials for the SIP tests: the native stack lives once in a process and may fall with it.

Reads commands from stdin and answers on stdout, one JSON object a line; ends when stdin closes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import structlog

from outdial.audio.frames import duration_ms
from outdial.carriers.sip import SipCarrier, SipLeg, SipSettings, SipStack
from outdial.domain.attempt import Dial, Trunk
from outdial.domain.clock import utc_now
from outdial.domain.errors import OutdialError
from outdial.domain.outcome import NotReached

_TICK_S: Final = 0.02
Command = Mapping[str, Any]


class Agent:
    def __init__(self, stack: SipStack) -> None:
        self._stack = stack
        self._carrier = SipCarrier(stack, utc_now)
        self._dials: dict[str, asyncio.Task[SipLeg | NotReached]] = {}
        self._legs: dict[str, SipLeg] = {}
        self._heard: dict[str, bytearray] = {}
        self._digits: dict[str, str] = {}
        self._ticked = asyncio.Condition()

    async def tick(self) -> None:
        """Polls every leg as a conversation does, on the beat."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for name, leg in self._legs.items():
                self._heard[name] += leg.hear()
                self._digits[name] += leg.digits()
            async with self._ticked:
                self._ticked.notify_all()
            due += _TICK_S
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def until(self, true: Callable[[], bool], timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s), self._ticked:
                await self._ticked.wait_for(true)
        except TimeoutError:
            return False
        return True

    async def place(self, command: Command) -> dict[str, Any]:
        fields = dict(command["trunk"])
        fields["codecs"] = tuple(fields.get("codecs", ("pcmu",)))
        dial = Dial(
            call_id=command["call"],
            attempt=1,
            to_number=command["to_number"],
            from_number=command["from_number"],
            trunk=Trunk(**fields),
            ring_timeout_s=command["ring_timeout_s"],
            before=utc_now() + timedelta(seconds=command["leave_s"]) if "leave_s" in command else None,
        )
        rings: list[bool] = []
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._carrier.place(dial, rings.append))
            self._dials[command["call"]] = task
        outcome = task.result()
        if isinstance(outcome, NotReached):
            return {"rings": rings, "not_reached": vars(outcome)}
        self._heard[command["call"]] = bytearray()
        self._digits[command["call"]] = ""
        self._legs[command["call"]] = outcome
        return {"rings": rings, "answered": True}

    async def cancel(self, command: Command) -> dict[str, Any]:
        task = self._dials[command["call"]]
        task.cancel()
        await asyncio.wait([task])
        return {"cancelled": task.cancelled()}

    async def speak(self, command: Command) -> dict[str, Any]:
        self._legs[command["call"]].speak(base64.b64decode(command["pcm"]))
        return {}

    async def hush(self, command: Command) -> dict[str, Any]:
        self._legs[command["call"]].hush()
        return {}

    async def hear(self, command: Command) -> dict[str, Any]:
        heard = self._heard[command["call"]]
        start = len(heard)
        await self.until(lambda: duration_ms(bytes(heard[start:])) >= command["ms"], 20)
        return {"pcm": base64.b64encode(heard[start:]).decode()}

    async def press(self, command: Command) -> dict[str, Any]:
        await self._legs[command["call"]].press(command["digits"])
        return {}

    async def digits(self, command: Command) -> dict[str, Any]:
        await self.until(lambda: len(self._digits[command["call"]]) >= command["count"], 20)
        return {"digits": self._digits[command["call"]]}

    async def gone(self, command: Command) -> dict[str, Any]:
        leg = self._legs[command["call"]]
        await self.until(lambda: leg.gone is not None, command["timeout_s"])
        return {"gone": leg.gone}

    async def hang_up(self, command: Command) -> dict[str, Any]:
        leg = self._legs[command["call"]]
        await leg.hang_up()
        return {"gone": leg.gone}

    async def break_stack(self, _: Command) -> dict[str, Any]:
        """Ends the native thread under the stack, as a fault would."""
        broken = self._stack._runtime
        getattr(broken, "_send_stop")()  # noqa: B009
        return {"dead": await self._stack.wait_dead()}

    async def calls(self, _: Command) -> dict[str, Any]:
        return {"calls": self._stack.calls, "dead": self._stack.dead}


class Door:
    """Commands in, answers out; each command in a task of its own."""

    def __init__(self, agent: Agent) -> None:
        self._verbs: dict[str, Callable[[Command], Awaitable[dict[str, Any]]]] = {
            verb.__name__: verb
            for verb in (
                agent.place,
                agent.cancel,
                agent.speak,
                agent.hush,
                agent.hear,
                agent.press,
                agent.digits,
                agent.gone,
                agent.hang_up,
                agent.break_stack,
                agent.calls,
            )
        }

    async def serve(self, commands: asyncio.StreamReader) -> None:
        async with asyncio.TaskGroup() as group:
            while line := await commands.readline():
                group.create_task(self._answer(json.loads(line)))

    async def _answer(self, command: Command) -> None:
        try:
            answer = await self._verbs[command["do"]](command)
        except OutdialError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        except asyncio.CancelledError:
            answer = {"error": "CancelledError", "message": "the dial was cancelled"}
        except BaseExceptionGroup as group:
            only = group.exceptions[0]
            answer = {"error": type(only).__name__, "message": str(only)}
        say({"id": command["id"], **answer})


def say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main(settings: SipSettings) -> None:
    reader = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with SipStack(settings) as stack:
        agent = Agent(stack)
        ticking = asyncio.create_task(agent.tick())
        say({"id": 0, "ready": True})
        await Door(agent).serve(reader)
        ticking.cancel()
        await stack.hang_up_all()
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    given = json.loads(sys.argv[1])
    given["ca_files"] = tuple(given.get("ca_files", ()))
    asyncio.run(main(SipSettings(**given)))
