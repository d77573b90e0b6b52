"""Against Debian's baresip as an auto-answering phone: a tone crosses in both directions, in both recordings."""

from __future__ import annotations

import asyncio
import socket
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sip_builders import LOOPBACK, Caller, free_port, is_free, loudest_second, program, running, tone, until

_MODULES = Path("/usr/lib/baresip/modules")


@dataclass(frozen=True)
class Softphone:
    port: int
    dumps: Path

    def heard(self) -> bytes:
        """The last recording of what it received."""
        dump = sorted(self.dumps.glob("*-dec.wav"))[-1]
        with wave.open(str(dump)) as sound:
            frames: bytes = sound.readframes(sound.getnframes())
        return frames


@asynccontextmanager
async def a_softphone(folder: Path, *, plays_hz: float, srtp: bool = False) -> AsyncIterator[Softphone]:
    """Answers every call at once, plays a tone and records what it hears."""
    port, dumps = free_port(), folder / "dumps"
    dumps.mkdir()
    with wave.open(str(folder / "tone.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        sound.writeframes(tone(plays_hz, 10_000))
    (folder / "config").write_text(
        f"sip_listen {LOOPBACK}:{port}\nnet_interface {LOOPBACK}\n"
        f"audio_source aufile,{folder / 'tone.wav'}\naudio_player aubridge,nil\n"
        "ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"
        f"module_path {_MODULES}\nmodule g711.so\nmodule srtp.so\n"
        "module aufile.so\nmodule aubridge.so\nmodule sndfile.so\n"
        f"snd_path {dumps}\nmodule_app account.so\nmodule_app menu.so\nmodule_tmp uuid.so\n"
    )
    account = f"<sip:bob@{LOOPBACK}:{port};transport=udp>;regint=0;answermode=auto;audio_codecs=pcmu"
    (folder / "accounts").write_text(account + (";mediaenc=srtp-mand\n" if srtp else "\n"))
    (folder / "contacts").touch()
    async with running(program("baresip"), "-f", str(folder), cwd=folder, stdin=asyncio.subprocess.PIPE) as process:
        await until(lambda: process.returncode is not None or not is_free(port, socket.SOCK_DGRAM))
        assert process.returncode is None
        yield Softphone(port, dumps)


class TestACallToASoftphone:
    @pytest.mark.parametrize("srtp", ["off", "mandatory"])
    async def test_carries_a_tone_both_ways(self, caller: Caller, tmp_path: Path, srtp: str) -> None:
        async with a_softphone(tmp_path, plays_hz=440, srtp=srtp == "mandatory") as phone:
            trunk = {"id": "t", "name": "Softphone", "host": LOOPBACK, "port": phone.port, "srtp": srtp}
            call = await caller.place(trunk, to_number="bob")
            await call.speak(tone(1000, 3000))
            heard = await call.hear(3500)
            await call.hang_up()
            await until(lambda: any(phone.dumps.glob("*-dec.wav")))
        recorded = phone.heard()

        assert call.answered
        assert loudest_second(heard, 440) > 0.95
        assert loudest_second(recorded, 1000) > 0.95
