"""Addresses on the web."""

from __future__ import annotations

import pytest

from outdial.domain.web_addresses import is_web_address, origin


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example:443/path?q ", "https://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("*.shop.example", "https://*.shop.example"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("shop.example:8080", "https://shop.example:8080"),
    ],
)
def test_an_origin_is_scheme_host_and_port(text: str, wanted: str) -> None:
    assert origin(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "a b", "ftp://a.test", "https://", "https://u:p@a.test", "a.test:x", "javascript:x"]
)
def test_anything_else_is_none(text: str) -> None:
    assert origin(text) is None


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://a.test/x?y#z", True),
        ("http://10.0.0.1:8080", True),
        ("a.test", False),
        ("https:///x", False),
        ("https://a.test/a b", False),
        ("https://a.test:0", False),
        ("https://[::1", False),
    ],
)
def test_a_web_address_is_absolute_and_whole(text: str, good: bool) -> None:
    assert is_web_address(text) is good
