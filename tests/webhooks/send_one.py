"""Sends one webhook to the URL given: run as a process of its own, with an environment of its own."""

from __future__ import annotations

import asyncio
import sys

from outdial.outgoing.requests import Requests
from webhook_builders import LOOPBACK


async def main(url: str) -> None:
    answer = await Requests().send(await LOOPBACK.check(url), "POST", {}, b"{}")
    sys.exit(0 if answer.status == 200 else 1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
