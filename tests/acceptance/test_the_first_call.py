"""The first call of a newcomer: local voices, real SIP, nothing replaced."""

from __future__ import annotations

import wave
from pathlib import Path

import httpx
import numpy as np
import pytest

from platform_builders import SAM, a_platform

pytestmark = pytest.mark.timeout(300)


class TestTheFirstCall:
    async def test_is_a_conversation_that_can_be_read_and_heard_afterwards(self, tmp_path: Path) -> None:
        async with a_platform(tmp_path / "home") as platform:
            call_id = await platform.place(
                SAM,
                custom_args_values={
                    "callee_name": "Sam",
                    "company_name": "Example Dental",
                    "appointment_date": "March the third",
                },
            )
            details = await platform.ended(call_id)
            async with httpx.AsyncClient(trust_env=False) as http:
                recording = await http.get(details["recording_url"])

        assert (details["call_status"], details["call_sub_status"]) == ("completed", "ACCEPTED")
        turns = details["transcript"]
        said = " ".join(turn.get("bot", "") for turn in turns)
        heard = " ".join(turn.get("user", "") for turn in turns).lower()
        assert "Sam" in said
        assert "Example Dental" in said
        assert "March the third" in said
        assert "sam" in heard
        assert "yes" in heard
        assert len([turn for turn in turns if "user" in turn]) >= 4

        file = tmp_path / "recording.wav"
        file.write_bytes(recording.content)
        agent, callee = _channels(file)
        assert _speech_share(agent) > 0.2
        assert _speech_share(callee) > 0.1
        assert abs(len(agent) / 8000 - details["call_duration"]) < 0.5


def _channels(file: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], ...]:
    """Left and right."""
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").reshape(-1, 2)
    return samples[:, 0], samples[:, 1]


def _speech_share(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> float:
    """The share of 20 ms frames that are loud enough to be somebody speaking."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(np.float64)
    return float(np.mean(np.sqrt(np.mean(frames**2, axis=1)) > 300))
