"""Where trunks may lead that a customer added: nowhere inside, whatever the name and however the address is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.carriers.sip.addresses import Unfit
from outdial.carriers.sip.guard import guarded, must_lead_outside
from outdial.domain.addresses import Allowed, is_internal
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Unreachable
from outdial.outgoing.resolving import Resolver
from outdial.outgoing.trunk_targets import TrunkTargets
from outdial.settings import load

THEIRS = Trunk(id="t", name="carrier", host="sip.carrier.test", added_by="api")
OURS = replace(THEIRS, added_by="command")


def resolving(**names: str) -> TrunkTargets:
    """Names with ``_`` for the dot; several addresses with a blank between them. No other name is known."""

    async def resolve(host: str) -> Sequence[str]:
        try:
            return names[host.replace(".", "_")].split()
        except KeyError:
            raise OSError("unknown") from None

    return TrunkTargets(resolve=resolve)


class TestATrunkOfACustomers:
    @pytest.mark.parametrize(
        "address",
        [
            *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
            *("::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "fe80::1", "fd00::1", "8.8.8.8 10.0.0.1"),
            *("10.0.0.1 8.8.8.8", "8.8.8.8 ::1"),
        ],
    )
    async def test_may_not_lead_inside_and_is_not_told_where_that_is(self, address: str) -> None:
        inside = resolving(sip_carrier_test=address)

        for look in (must_lead_outside, guarded):
            with pytest.raises(Unfit, match="host: leads to an internal address") as refusal:
                await look(THEIRS, inside)
            assert not any(one in str(refusal.value) for one in address.split() if one != "::1")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"])
    async def test_may_not_lead_inside_in_any_way_of_writing_it(self, host: str) -> None:
        with pytest.raises(Unfit, match="internal address"):
            await must_lead_outside(replace(THEIRS, host=host), TrunkTargets())

    @pytest.mark.parametrize("proxy", ["proxy.test", "sip:proxy.test:5070;transport=tcp", "proxy.test:25"])
    async def test_may_not_lead_inside_by_its_outbound_proxy(self, proxy: str) -> None:
        targets = resolving(sip_carrier_test="8.8.8.8", proxy_test="10.0.0.1")

        for look in (must_lead_outside, guarded):
            with pytest.raises(Unfit, match="outbound_proxy: leads to an internal address"):
                await look(replace(THEIRS, outbound_proxy=proxy), targets)

    async def test_may_not_name_a_host_inside_behind_a_proxy_outside(self) -> None:
        targets = resolving(sip_carrier_test="10.0.0.1", proxy_test="8.8.8.8")

        for look in (must_lead_outside, guarded):
            with pytest.raises(Unfit, match="host: leads to an internal address"):
                await look(replace(THEIRS, outbound_proxy="proxy.test"), targets)

    async def test_is_stored_when_its_name_is_not_known_yet_and_not_dialled_over(self) -> None:
        await must_lead_outside(THEIRS, resolving())

        with pytest.raises(Unreachable, match="cannot be found"):
            await guarded(THEIRS, resolving())

    @pytest.mark.parametrize("transport", ["udp", "tcp"])
    async def test_is_tied_to_the_address_that_was_checked(self, transport: str) -> None:
        """A second look-up could be answered with an address inside."""
        trunk = replace(THEIRS, transport=transport, port=5070)

        tied = await guarded(trunk, resolving(sip_carrier_test="9.9.9.9 8.8.8.8 2606:2800:21f:cb07::1"))

        assert tied == replace(trunk, outbound_proxy=f"sip:8.8.8.8:5070;transport={transport}")

    async def test_is_tied_to_its_proxys_address(self) -> None:
        trunk = replace(THEIRS, outbound_proxy="sip:proxy.test:5080;transport=tcp")

        tied = await guarded(trunk, resolving(sip_carrier_test="8.8.8.8", proxy_test="9.9.9.9"))

        assert tied.outbound_proxy == "sip:9.9.9.9:5080;transport=tcp"

    async def test_keeps_its_name_over_tls_for_the_certificate(self) -> None:
        trunk = replace(THEIRS, transport="tls")

        assert await guarded(trunk, resolving(sip_carrier_test="8.8.8.8")) == trunk

    async def test_that_is_an_address_stays_as_it_is(self) -> None:
        trunk = replace(THEIRS, host="8.8.8.8")

        assert await guarded(trunk, TrunkTargets()) == trunk

    async def test_waits_no_longer_for_a_name_server_than_the_limit(self) -> None:
        async def never(_host: str) -> Sequence[str]:
            await asyncio.Event().wait()
            return ()

        with pytest.raises(Unreachable):
            await guarded(THEIRS, TrunkTargets(resolve=never, limit_s=0.01))

    async def test_may_lead_where_the_operator_allows(self) -> None:
        inside = resolving(sip_carrier_test="10.1.2.3")

        await must_lead_outside(THEIRS, replace(inside, allowed=Allowed(networks=[ip_network("10.1.0.0/16")])))
        await must_lead_outside(THEIRS, replace(inside, allowed=Allowed(private=True)))
        with pytest.raises(Unfit):
            await must_lead_outside(THEIRS, replace(inside, allowed=Allowed(networks=[ip_network("10.2.0.0/16")])))

    async def test_may_not_lead_outside_where_the_operator_wants_his_own_only(self) -> None:
        own = replace(resolving(sip_carrier_test="8.8.8.8"), allowed=Allowed(public=False, private=True))

        with pytest.raises(Unfit, match="an address the operator does not allow"):
            await must_lead_outside(THEIRS, own)


class TestATrunkOfTheOperators:
    async def test_leads_where_it_leads_and_nothing_is_looked_up(self) -> None:
        assert await guarded(replace(OURS, host="10.0.0.1"), resolving()) == replace(OURS, host="10.0.0.1")


class TestWhatIsAllowed:
    @given(st.ip_addresses())
    def test_is_by_itself_what_is_public(self, address: object) -> None:
        one = ip_address(str(address))

        assert Allowed().holds(one) == (not is_internal(one))

    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "169.254.169.254", "fe80::1", "::1", "fd00:ec2::254", "100.64.0.1"]
    )
    def test_as_private_is_neither_this_machine_nor_the_link_nor_the_clouds(self, address: str) -> None:
        assert not Allowed(private=True).holds(ip_address(address))

    @pytest.mark.parametrize("address", ["10.0.0.1", "172.31.0.1", "192.168.0.1", "fd12::1", "::ffff:10.0.0.1"])
    def test_as_private_are_the_networks_of_ones_own(self, address: str) -> None:
        assert Allowed(private=True).holds(ip_address(address))

    @pytest.mark.parametrize(
        ("text", "allowed"),
        [
            ("public", Allowed()),
            ("public, private", Allowed(private=True)),
            ("10.1.0.0/16,fd00::/8", Allowed(False, False, (ip_network("10.1.0.0/16"), ip_network("fd00::/8")))),
        ],
    )
    def test_is_a_setting(self, text: str, allowed: Allowed) -> None:
        assert load({"OUTDIAL_HOME": "/h", "OUTDIAL_TRUNK_NETWORKS": text}).trunks_allowed == allowed


class TestAResolver:
    async def test_asks_once_for_those_who_ask_at_the_same_time(self) -> None:
        resolve = Resolver()

        first, second = await asyncio.gather(resolve("localhost"), resolve("localhost"))

        assert first is second
        assert "127.0.0.1" in first

    async def test_says_that_a_name_has_no_address(self) -> None:
        with pytest.raises((OSError, UnicodeError)):
            await Resolver()("a" * 300)
