"""Which endpoints may be called: nothing a customer writes leads back inside."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.addresses import is_internal
from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.resolving import Resolve
from outdial.outgoing.targets import Targets

INTERNAL = [
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "0.0.0.0",
    "0.1.2.3",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "64:ff9b:1::1",
]
PUBLIC = ["93.184.215.14", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:2800:21f:cb07::1", "64:ff9b::8.8.8.8"]


def resolving(*addresses: str) -> Resolve:
    async def resolve(_host: str) -> Sequence[str]:
        return addresses

    return resolve


class TestInternalAddresses:
    @pytest.mark.parametrize("address", INTERNAL)
    def test_are_known(self, address: str) -> None:
        assert is_internal(ip_address(address))

    @pytest.mark.parametrize("address", PUBLIC)
    def test_public_ones_are_not_among_them(self, address: str) -> None:
        assert not is_internal(ip_address(address))

    @given(st.ip_addresses(v=4))
    def test_stay_what_they_are_in_the_clothes_of_ipv6(self, plain: IPv4Address) -> None:
        mapped, nat64 = IPv6Address(f"::ffff:{plain}"), IPv6Address(f"64:ff9b::{plain}")

        assert is_internal(mapped) == is_internal(nat64) == is_internal(plain)


class TestANameThatLeadsInside:
    @pytest.mark.parametrize("address", INTERNAL)
    async def test_is_refused_whatever_it_is_called(self, address: str) -> None:
        with pytest.raises(Refused, match="OUTDIAL_WEBHOOK_ALLOWED_NETWORKS") as refusal:
            await Targets(resolve=resolving(address)).check("https://hooks.example.test/")

        assert address not in str(refusal.value).replace("::", "") or address == "::"

    async def test_is_refused_when_only_one_of_its_addresses_does(self) -> None:
        with pytest.raises(Refused, match="an internal address"):
            await Targets(resolve=resolving("8.8.8.8", "10.0.0.1")).check("https://hooks.example.test/")

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/",
            "http://localhost/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://user:pass@127.0.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://8.8.8.8@127.0.0.1/",
        ],
    )
    async def test_is_refused_in_every_way_of_writing_it(self, url: str) -> None:
        with pytest.raises(Refused, match="internal address"):
            await Targets().check(url)

    async def test_may_be_called_when_the_operator_allows_its_network(self) -> None:
        targets = Targets(allowed=(ip_network("10.1.0.0/16"),), resolve=resolving("10.1.2.3"))

        target = await targets.check("https://hooks.example.test/")

        assert target.addresses == (ip_address("10.1.2.3"),)

    async def test_is_still_refused_outside_the_allowed_network(self) -> None:
        targets = Targets(allowed=(ip_network("10.1.0.0/16"),), resolve=resolving("10.1.2.3", "10.2.0.1"))

        with pytest.raises(Refused, match="an internal address"):
            await targets.check("https://hooks.example.test/")

    async def test_an_allowed_network_holds_for_mapped_addresses_too(self) -> None:
        targets = Targets(allowed=(ip_network("127.0.0.0/8"),), resolve=resolving("::ffff:127.0.0.1"))

        assert (await targets.check("http://hooks.example.test/")).addresses


class TestAPublicEndpoint:
    async def test_is_called_at_the_address_that_was_checked(self) -> None:
        target = await Targets(resolve=resolving("8.8.8.8")).check("https://u:p@hooks.example.test:8443/a?b=c#d")

        assert target.at(target.addresses[0]) == httpx.URL("https://8.8.8.8:8443/a?b=c")

    async def test_ipv6_is_written_in_brackets(self) -> None:
        target = await Targets(resolve=resolving("2606:2800:21f:cb07::1")).check("https://hooks.example.test/")

        assert str(target.at(target.addresses[0])) == "https://[2606:2800:21f:cb07::1]/"

    async def test_an_international_name_is_resolved_in_ascii(self) -> None:
        asked: list[str] = []

        async def resolve(host: str) -> Sequence[str]:
            asked.append(host)
            return ["8.8.8.8"]

        await Targets(resolve=resolve).check("https://bücher.example/")

        assert asked == ["xn--bcher-kva.example"]

    async def test_a_name_without_an_address_may_have_one_later(self) -> None:
        async def resolve(_host: str) -> Sequence[str]:
            raise OSError(-2, "Name or service not known")

        with pytest.raises(Unreachable, match=r"hooks\.example\.test cannot be resolved"):
            await Targets(resolve=resolve).check("https://hooks.example.test/")


class TestWhatIsNoEndpoint:
    @pytest.mark.parametrize(
        "url", ["", "hooks", "//h/x", "ftp://h/x", "file:///etc/passwd", "http:///x", "http://h:99x/", "http://[::1/"]
    )
    async def test_is_refused(self, url: str) -> None:
        with pytest.raises(Refused, match="the endpoint"):
            await Targets(resolve=resolving("8.8.8.8")).check(url)

    @given(st.text())
    def test_any_text_gets_an_answer(self, text: str) -> None:
        targets = Targets(resolve=resolving("8.8.8.8"))

        check = targets.check(text)

        try:
            check.send(None)
        except (StopIteration, Refused, Unreachable):
            return
        raise AssertionError("the check waits for something")

    async def test_http_where_only_https_is_allowed(self) -> None:
        targets = Targets(https_only=True, resolve=resolving("8.8.8.8"))

        assert await targets.check("https://hooks.example.test/")
        with pytest.raises(Refused, match="OUTDIAL_WEBHOOK_HTTPS_ONLY"):
            await targets.check("http://hooks.example.test/")
