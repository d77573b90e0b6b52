"""G.711 against the standard library's coder."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from outdial.audio.g711 import a_law_decode, a_law_encode, mu_law_decode, mu_law_encode

with warnings.catch_warnings():
    # Gone from Python 3.13 on; until then it is the best reference there is.
    warnings.simplefilter("ignore", DeprecationWarning)
    audioop = importlib.import_module("audioop")

EVERY_LEVEL = np.arange(-32768, 32768, dtype=np.int16).tobytes()
EVERY_CODE = bytes(range(256))


class TestMuLaw:
    def test_is_coded_as_the_standard_library_does(self) -> None:
        assert mu_law_encode(EVERY_LEVEL) == audioop.lin2ulaw(EVERY_LEVEL, 2)
        assert mu_law_decode(EVERY_CODE) == audioop.ulaw2lin(EVERY_CODE, 2)


class TestALaw:
    def test_is_coded_as_the_standard_library_does(self) -> None:
        assert a_law_encode(EVERY_LEVEL) == audioop.lin2alaw(EVERY_LEVEL, 2)
        assert a_law_decode(EVERY_CODE) == audioop.alaw2lin(EVERY_CODE, 2)


class TestAnySound:
    @given(st.lists(st.integers(-32000, 32000), max_size=200))
    def test_comes_back_within_a_step(self, levels: list[int]) -> None:
        pcm = np.array(levels, np.int16)
        for encode, decode in ((mu_law_encode, mu_law_decode), (a_law_encode, a_law_decode)):
            back = np.frombuffer(decode(encode(pcm.tobytes())), np.int16)

            assert np.all(np.abs(back.astype(int) - pcm) <= np.abs(pcm.astype(int)) / 16 + 16)

    @given(st.binary(max_size=200))
    def test_survives_being_coded_again(self, code: bytes) -> None:
        assert a_law_encode(a_law_decode(code)) == code
        once = mu_law_encode(mu_law_decode(code))
        assert mu_law_decode(once) == mu_law_decode(code)
