"""The local models, loaded once for all tests that only use them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from outdial.speech.local.speech import LocalSpeech


@pytest.fixture(scope="session")
async def speech() -> AsyncIterator[LocalSpeech]:
    async with LocalSpeech() as speech:
        await speech.ready()
        yield speech
