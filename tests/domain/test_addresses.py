"""What counts as one client."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.addresses import UNKNOWN, address_group


@given(st.ip_addresses(v=4).map(str))
def test_an_ipv4_address_is_one_client_in_any_clothes(address: str) -> None:
    assert address_group(address) == address_group(f"::ffff:{address}") == f"{address}/32"


@given(st.integers(1, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_whatever_differs_in_the_last_64_bits_of_ipv6_is_one_client(net: int, one: int, other: int) -> None:
    first, second = (str(ipaddress.IPv6Address((net << 64) + host)) for host in (one, other))

    assert address_group(first) == address_group(second)
    assert address_group(str(ipaddress.IPv6Address(((net ^ 1) << 64) + one))) != address_group(first)


@pytest.mark.parametrize("nonsense", ["", "unknown", "1.2.3", "localhost", "x" * 10_000, "1.2.3.4, 5.6.7.8"])
def test_everything_else_is_one_client_together(nonsense: str) -> None:
    assert address_group(nonsense) == UNKNOWN
