"""Token buckets: so many at once, so many a second, and how long to wait for one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.token_bucket import TokenBucket


class TestABucket:
    def test_has_all_its_tokens_at_first_and_says_how_long_to_wait_for_the_next(self) -> None:
        bucket = TokenBucket(per_s=2, most=3, now_s=10.0)

        assert [bucket.take(10.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]

    def test_gains_tokens_with_time_and_no_more_than_it_holds(self) -> None:
        bucket = TokenBucket(per_s=2, most=3, now_s=0.0)
        for _ in range(3):
            bucket.take(0.0)

        assert bucket.tokens(0.75) == 1.5
        assert bucket.tokens(1000.0) == 3

    @given(st.lists(st.floats(0, 2), max_size=60), st.integers(1, 5))
    def test_gives_no_more_than_its_share_of_any_span(self, gaps: list[float], per_s: int) -> None:
        bucket, now = TokenBucket(per_s, per_s, 0.0), 0.0
        given_at = []
        for gap in gaps:
            now += gap
            if not bucket.take(now):
                given_at.append(now)

        for place, began in enumerate(given_at):
            for count, ended in enumerate(given_at[place:], 1):
                assert count <= per_s * (ended - began) + per_s + 1e-6
