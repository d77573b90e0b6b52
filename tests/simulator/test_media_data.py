"""Session descriptions and RTP packets as data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.carriers.simulator import rtp, sdp

OFFER = b"""v=0\r
o=- 1 1 IN IP4 192.0.2.1\r
s=-\r
c=IN IP4 192.0.2.1\r
t=0 0\r
m=video 4000 RTP/AVP 99\r
m=audio 5004 RTP/AVP 96 8 0 97\r
a=rtpmap:96 opus/48000/2\r
a=rtpmap:97 telephone-event/8000\r
a=sendonly\r
"""


class TestAnOffer:
    def test_is_read_for_the_first_codec_we_know(self) -> None:
        assert sdp.read(OFFER) == sdp.Media("192.0.2.1", 5004, sdp.PCMA, 97, "sendonly")

    def test_without_digits_is_fine(self) -> None:
        assert sdp.read(OFFER.replace(b" 97\r", b"\r")).digits_payload is None

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"96 8 0 97", b"96 97"),
            (b"RTP/AVP 96 8", b"RTP/SAVP 96 8"),
            (b"m=audio 5004", b"m=audio 0"),
            (b"m=audio", b"m=image"),
            (b"c=IN IP4 192.0.2.1", b"c=IN IP4 nowhere"),
            (b"c=IN IP4 192.0.2.1\r\n", b""),
        ],
    )
    def test_of_anything_else_is_not_acceptable(self, old: bytes, new: bytes) -> None:
        assert old in OFFER

        with pytest.raises(sdp.NotAcceptable):
            sdp.read(OFFER.replace(old, new))

    @given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda junk: OFFER + junk + OFFER))
    def test_of_any_bytes_is_media_or_not_acceptable(self, body: bytes) -> None:
        try:
            media = sdp.read(body)
        except sdp.NotAcceptable:
            return
        assert sdp.read(sdp.write(media, session_id=1)) == media

    @pytest.mark.parametrize(("theirs", "ours"), [("sendonly", "recvonly"), ("inactive", "inactive")])
    def test_on_hold_is_answered_with_its_mirror(self, theirs: str, ours: str) -> None:
        assert sdp.answer_direction(theirs) == ours

    def test_of_ours_names_both_codecs(self) -> None:
        text = sdp.offer("127.0.0.1", 4000, session_id=7)

        assert b"m=audio 4000 RTP/AVP 0 8 101\r\n" in text
        assert sdp.read(text) == sdp.Media("127.0.0.1", 4000)


class TestAPacket:
    @given(
        st.builds(
            rtp.Packet,
            st.integers(0, 63),
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.binary(max_size=160),
            st.booleans(),
        )
    )
    def test_survives_the_wire(self, packet: rtp.Packet) -> None:
        assert rtp.read(rtp.write(packet)) == packet

    @given(st.binary(max_size=60))
    def test_of_any_bytes_is_read_or_ignored(self, data: bytes) -> None:
        packet = rtp.read(data)
        if packet is not None:
            assert len(packet.payload) <= len(data)
            rtp.event_digit(packet.payload)

    def test_may_have_sources_an_extension_and_padding(self) -> None:
        data = bytes([0xB1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]) + b"csrc" + bytes([0, 0, 0, 1]) + b"exte" + b"ab\0\2"

        packet = rtp.read(data)

        assert packet is not None
        assert packet.payload == b"ab"

    def test_of_the_control_protocol_is_ignored(self) -> None:
        assert rtp.read(bytes([0x80, 200, 0, 6]) + bytes(24)) is None

    @given(st.sampled_from(rtp.KEYS), st.integers(0, 0xFFFF), st.booleans())
    def test_carries_a_key(self, key: str, length: int, end: bool) -> None:
        assert rtp.event_digit(rtp.event_payload(key, length, end=end)) == key
