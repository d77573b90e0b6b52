"""The media worker process: ``python -m outdial.bootstrap.media --channel-fd N --place N``, started by the node."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final, NoReturn

import structlog

from outdial.bootstrap.children import arguments
from outdial.bootstrap.logs import configure_logs, log_apart
from outdial.bootstrap.parts import open_speech, parts_for
from outdial.carriers.sip.carrier import SipCarrier
from outdial.carriers.sip.certificates import read_ca_file
from outdial.carriers.sip.settings import SipSettings
from outdial.carriers.sip.stack import SipStack
from outdial.conversation.attempt import carry_out
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import PartsFor
from outdial.conversation.vad import VoiceActivity
from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.clock import utc_now
from outdial.domain.errors import Invalid
from outdial.outgoing.trunk_targets import TrunkTargets
from outdial.settings import Settings, load
from outdial.workers.local import LocalOperator
from outdial.workers.process import run

_LAST_RESULTS_S: Final = 1.0
_log = structlog.get_logger(__name__)


class MediaOperator:
    """Carries attempts out over the process's one SIP stack, and ends the process when that stack has died."""

    def __init__(self, attempts: LocalOperator, stack: SipStack, resources: AsyncExitStack) -> None:
        self._attempts = attempts
        self._stack = stack
        self._resources = resources
        self._watch = asyncio.create_task(self._end_with_stack(), name="end with the SIP stack")

    def room(self) -> int:
        return 0 if self._stack.dead else self._attempts.room()

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        return await self._attempts.carry_out(order, report)

    async def _end_with_stack(self) -> NoReturn:
        reason = await self._stack.wait_dead()
        _log.error("the SIP stack died; this media worker ends and a new one takes its place", reason=reason)
        # Its calls have just lost their lines: let their results reach the node.
        await asyncio.sleep(_LAST_RESULTS_S)
        os._exit(1)


async def open_operator(settings: Settings, place: int, ca_files: Sequence[str]) -> MediaOperator:
    """Bring up speech and SIP. Nothing here is ever closed: the process ends by ``os._exit``.

    Raises:
        Unreachable: a voice is missing, or the SIP port is taken; the message says what to do.
    """
    resources = AsyncExitStack()
    speech = await resources.enter_async_context(open_speech(settings))
    stack = await resources.enter_async_context(SipStack(_sip_settings(settings, place, ca_files)))
    work = partial(
        _carry_out,
        carrier=SipCarrier(stack, utc_now, TrunkTargets(settings.trunks_allowed)),
        parts_for=parts_for(speech, settings),
        metronome=Metronome(VoiceActivity()),
    )
    return MediaOperator(LocalOperator(work, settings.calls_per_worker, utc_now), stack, resources)


async def _carry_out(
    order: Order, report: Callable[[Progress], None], *, carrier: SipCarrier, parts_for: PartsFor, metronome: Metronome
) -> Result:
    return await carry_out(
        order, carrier=carrier, parts_for=parts_for, metronome=metronome, clock=utc_now, report=report
    )


def _sip_settings(settings: Settings, place: int, ca_files: Sequence[str]) -> SipSettings:
    own = [str(settings.sip_ca_file)] if settings.sip_ca_file else []
    return SipSettings(
        listen_host=settings.sip_host,
        # TLS listens one higher than UDP and TCP, so workers stand two apart.
        listen_port=settings.sip_port + 2 * place if settings.sip_port else 0,
        net_interface=settings.sip_host,
        rtp_port_min=settings.rtp_port_first,
        rtp_port_max=settings.rtp_port_last,
        max_calls=settings.calls_per_worker,
        ca_files=(*own, *_usable(ca_files)),
    )


def _usable(ca_files: Sequence[str]) -> Iterator[str]:
    """A trunk's file that was deleted costs that trunk its calls, and nobody else theirs."""
    for file in ca_files:
        try:
            read_ca_file(file)
        except Invalid as error:
            _log.error("calls over trunks with this CA file will fail", ca_file=file, reason=str(error))
        else:
            yield file


def main() -> NoReturn:
    log = log_apart()
    asked = arguments()
    settings = load(os.environ)
    configure_logs(settings, log)
    run(asked.channel_fd, partial(open_operator, settings, asked.place, asked.ca_file), utc_now)


if __name__ == "__main__":
    main()
