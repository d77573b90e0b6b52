from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from outdial.carriers.sip.certificates import ca_bundle
from outdial.carriers.sip.settings import SipSettings, check_port_free, native_lines
from outdial.domain.errors import Invalid, Unreachable


class TestSettings:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("listen_host", "localhost"),
            ("listen_port", 65535),
            ("net_interface", "eth0\nsip_verify_server no"),
            ("rtp_port_min", 80),
            ("jitter_min_ms", 0),
            ("rtp_timeout_s", -1),
            ("max_calls", 257),
            ("max_calls", 0),
        ],
    )
    def test_out_of_range_are_refused_by_name(self, field: str, value: Any) -> None:
        with pytest.raises(Invalid) as refused:
            SipSettings(**{field: value})

        assert refused.value.faults[0].path == (field,)

    def test_leave_room_for_every_call_and_identity_in_the_native_tables(self) -> None:
        settings = SipSettings()

        assert settings.max_calls + settings.max_identities < 1023

    def test_always_have_certificates_verified(self) -> None:
        lines = native_lines(SipSettings(), "/tmp/bundle.pem").splitlines()

        assert "sip_verify_server yes" in lines
        assert "sip_cafile /tmp/bundle.pem" in lines


class TestThePort:
    @pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
    def test_that_another_program_holds_is_named(self, kind: socket.SocketKind) -> None:
        with socket.socket(socket.AF_INET, kind) as other:
            other.bind(("127.0.0.1", 0))
            if kind is socket.SOCK_STREAM:
                other.listen()
            port = other.getsockname()[1]

            with pytest.raises(Unreachable) as taken:
                check_port_free(SipSettings(listen_host="127.0.0.1", listen_port=port))

        assert f"127.0.0.1:{port} cannot be used" in str(taken.value)

    def test_that_is_picked_by_the_system_is_always_free(self) -> None:
        check_port_free(SipSettings(listen_port=0))


class TestTheCaBundle:
    def test_that_cannot_be_read_is_refused_by_its_path(self, tmp_path: Path) -> None:
        missing = str(tmp_path / "none.pem")

        with pytest.raises(Invalid) as refused, ca_bundle((missing,)):
            pass

        assert missing in str(refused.value)

    def test_that_holds_no_certificate_is_refused(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty.pem"
        empty.write_text("not a certificate")

        with pytest.raises(Invalid), ca_bundle((str(empty),)):
            pass
