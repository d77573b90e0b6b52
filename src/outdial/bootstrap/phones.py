"""The simulated phone network's process: ``python -m outdial.bootstrap.phones --channel-fd N --port P``."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import NoReturn

from outdial.bootstrap.children import arguments
from outdial.bootstrap.logs import configure_logs, log_apart
from outdial.bootstrap.parts import open_speech, parts_for
from outdial.carriers.simulator.callee import talker
from outdial.carriers.simulator.network_sip import SipNetwork
from outdial.conversation.metronome import Metronome
from outdial.conversation.vad import VoiceActivity
from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.clock import utc_now
from outdial.domain.errors import Broken, Unreachable
from outdial.settings import Settings, load
from outdial.workers.process import run


class PhoneNetwork:
    """Lives beside the media workers under the same supervision; it is rung, and never rings anybody."""

    def __init__(self, resources: AsyncExitStack) -> None:
        self._resources = resources

    def room(self) -> int:
        return 0

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        raise Broken("the simulated phone network places no calls")


async def open_network(settings: Settings, port: int) -> PhoneNetwork:
    """Bring up the phones on ``port`` of the SIP address.

    Raises:
        Unreachable: the port is taken, or the callees' voices are missing.
    """
    resources = AsyncExitStack()
    speech = await resources.enter_async_context(open_speech(settings))
    # The callees' half of a newcomer's processor: the cheaper ears will do.
    metronome = Metronome(VoiceActivity())
    talk = talker(parts_for(speech, settings), metronome=metronome, clock=utc_now)
    network = SipNetwork(talk=talk, clock=utc_now, host=settings.sip_host, port=port)
    try:
        await resources.enter_async_context(network)
    except OSError as error:
        where = f"{settings.sip_host}:{port}"
        raise Unreachable(f"the simulated network cannot listen on {where}: {error.strerror}") from error
    return PhoneNetwork(resources)


def main() -> NoReturn:
    log = log_apart()
    asked = arguments()
    settings = load(os.environ)
    configure_logs(settings, log)
    run(asked.channel_fd, partial(open_network, settings, asked.port), utc_now)


if __name__ == "__main__":
    main()
