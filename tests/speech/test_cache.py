"""The cache of rendered sentences never grows beyond its bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outdial.speech.local.cache import SentenceCache


class TestASentence:
    def test_is_found_again_for_the_same_voice_only(self) -> None:
        cache = SentenceCache(100)
        cache.put("Hello.", "ava", (b"ab", b"cd"))

        assert cache.get("Hello.", "ava") == (b"ab", b"cd")
        assert cache.get("Hello.", "sam") is None

    def test_that_was_not_used_for_longest_leaves_first(self) -> None:
        cache = SentenceCache(10)
        cache.put("a", "ava", (bytes(5),))
        cache.put("b", "ava", (bytes(5),))
        cache.get("a", "ava")

        cache.put("c", "ava", (bytes(5),))

        assert cache.get("b", "ava") is None
        assert cache.get("a", "ava") is not None

    def test_larger_than_the_cache_is_not_kept(self) -> None:
        cache = SentenceCache(10)
        cache.put("a", "ava", (bytes(5),))

        cache.put("b", "ava", (bytes(11),))

        assert cache.get("a", "ava") is not None
        assert cache.get("b", "ava") is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.integers(0, 40), max_size=4)), max_size=40))
def test_the_cache_knows_its_size_and_keeps_to_its_limit(puts: list[tuple[str, list[int]]]) -> None:
    cache = SentenceCache(64)

    for text, sizes in puts:
        cache.put(text, "ava", tuple(bytes(size) for size in sizes))

    held = [pieces for text in "abcdef" if (pieces := cache.get(text, "ava")) is not None]
    assert cache.size_bytes == sum(len(piece) for pieces in held for piece in pieces) <= 64
