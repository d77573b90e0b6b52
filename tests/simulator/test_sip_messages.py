"""Bytes to messages and back: nothing that comes over the wire may break the network."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outdial.carriers.simulator.sip_framing import Framer
from outdial.carriers.simulator.sip_messages import (
    Malformed,
    Request,
    Response,
    address,
    answer_to,
    branch,
    cseq,
    header,
    header_values,
    params,
    parse,
    split_list,
    tag,
    uri_host,
    uri_user,
    write,
)

INVITE = b"""INVITE sip:+15550001111@127.0.0.1:5070;user=phone SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:5062;rport;branch=z9hG4bKabc\r
v: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKdef\r
Max-Forwards: 70\r
f: "Ava, of City Dental" <sip:+15550009999@127.0.0.1>;tag=aaa\r
t: <sip:+15550001111@127.0.0.1>\r
i: one@example\r
CSeq: 7 INVITE\r
Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r
Subject: folded\r
 over two lines\r
l: 4\r
\r
v=0
rest"""


class TestAMessage:
    def test_is_read_with_compact_and_folded_headers(self) -> None:
        message = parse(INVITE)

        assert isinstance(message, Request)
        assert (message.method, uri_user(message.uri)) == ("INVITE", "+15550001111")
        assert (header(message, "Call-ID"), cseq(message), tag(message, "From")) == (
            "one@example",
            (7, "INVITE"),
            "aaa",
        )
        assert len(header_values(message, "Via")) == 2
        assert header(message, "Subject") == "folded over two lines"
        assert branch(message) == "z9hG4bKabc|127.0.0.1:5062"

    def test_ends_where_its_content_length_says(self) -> None:
        assert parse(INVITE).body == b"v=0\n"

    def test_is_written_as_it_was_read(self) -> None:
        message = parse(INVITE)

        assert parse(write(message)) == parse(write(parse(write(message))))
        assert write(parse(write(message))) == write(message)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"CSeq: 7 INVITE", b"CSeq: 7 BYE"),
            (b"CSeq: 7 INVITE", b"CSeq: x INVITE"),
            (b"i: one@example\r\n", b""),
            (b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"),
            (b"l: 4", b"l: 400"),
            (b"l: 4", b"l: -4"),
            (b"Via: SIP/2.0/UDP 127.0.0.1:5062", b"Via: ,"),
            (b"Max-Forwards: 70", b"Max Forwards"),
            (b"Max-Forwards: 70", b"Max-Forwards: 7\n0"),
        ],
    )
    def test_with_a_fault_is_refused(self, old: bytes, new: bytes) -> None:
        assert old in INVITE

        with pytest.raises(Malformed):
            parse(INVITE.replace(old, new))

    def test_with_a_line_break_hidden_in_an_address_is_refused(self) -> None:
        with pytest.raises(Malformed):
            parse(INVITE.replace(b"<sip:+15550009999@127.0.0.1>", b"<sip:+1555\r\n0009999@127.0.0.1>"))


class TestAnyBytes:
    @given(st.binary(max_size=400))
    @example(b"\r\n\r\n")
    @example(b"SIP/2.0 200 OK\r\n\r\n")
    def test_are_a_message_or_malformed(self, data: bytes) -> None:
        _read(data)

    @given(st.data())
    def test_may_replace_any_part_of_a_message(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(INVITE)))
        end = data.draw(st.integers(at, min(len(INVITE), at + 40)))
        _read(INVITE[:at] + data.draw(st.binary(max_size=40)) + INVITE[end:])

    @given(st.text(max_size=80))
    def test_may_stand_in_any_header_value(self, text: str) -> None:
        params(text)
        address(text)
        uri_user(text)
        uri_host(text)
        split_list(text)

    @given(st.lists(st.binary(max_size=200), max_size=8))
    def test_may_come_over_a_stream(self, pieces: list[bytes]) -> None:
        framer = Framer()
        try:
            for piece in pieces:
                list(framer.feed(piece))
        except Malformed:
            return


def _read(data: bytes) -> None:
    """Everything the network does with a message before it knows what it is."""
    try:
        message = parse(data)
    except Malformed:
        return
    branch(message), cseq(message), tag(message, "To"), address(header(message, "Contact"))
    if isinstance(message, Request):
        uri_user(message.uri)
        write(answer_to(message, 200, "OK", to_tag="t"))
    assert parse(write(message)).headers


class TestAResponse:
    def test_echoes_what_it_must_and_adds_our_tag(self) -> None:
        request = parse(INVITE)
        assert isinstance(request, Request)

        response = parse(write(answer_to(request, 180, "Ringing", to_tag="bbb")))

        assert isinstance(response, Response)
        assert header_values(response, "Via") == header_values(request, "Via")
        assert header_values(response, "Record-Route") == header_values(request, "Record-Route")
        assert (tag(response, "From"), tag(response, "To"), cseq(response)) == ("aaa", "bbb", (7, "INVITE"))

    def test_of_100_has_no_tag_yet(self) -> None:
        request = parse(INVITE)
        assert isinstance(request, Request)

        assert tag(answer_to(request, 100, "Trying", to_tag="bbb"), "To") == ""


class TestAnAddress:
    @pytest.mark.parametrize(
        ("uri", "user", "host"),
        [
            ("sip:+15550001111@127.0.0.1:5070", "+15550001111", ("127.0.0.1", 5070)),
            ("sip:+15550001111;npdi@example.com", "+15550001111", ("example.com", 5060)),
            ("sips:a%20b:secret@[::1]:5061;transport=tls", "a b", ("::1", 5061)),
            ("sip:127.0.0.1", "", ("127.0.0.1", 5060)),
            ("tel:+15550001111;phone-context=x", "+15550001111", None),
            ("sip:a@host:99999", "a", None),
            ("nonsense", "", None),
            ("sip:\udc80+1555@host", "?+1555", ("host", 5060)),
        ],
    )
    def test_names_a_user_and_a_host(self, uri: str, user: str, host: tuple[str, int] | None) -> None:
        assert (uri_user(uri), uri_host(uri)) == (user, host)

    def test_is_split_from_others_only_at_real_commas(self) -> None:
        assert split_list('"a, b" <sip:a,b@x>;p=1, <sip:c>') == ['"a, b" <sip:a,b@x>;p=1', "<sip:c>"]


class TestAStream:
    @given(st.lists(st.integers(1, 60), max_size=40))
    def test_is_cut_into_messages_wherever_its_pieces_end(self, sizes: list[int]) -> None:
        whole = write(parse(INVITE))
        stream = b"\r\n\r\n" + whole * 3
        framer, found = Framer(), []
        for size in [*sizes, len(stream)]:
            found += list(framer.feed(stream[:size]))
            stream = stream[size:]

        assert found == [whole] * 3

    def test_without_an_end_is_given_up(self) -> None:
        framer = Framer()
        list(framer.feed(b"x" * 60_000))

        with pytest.raises(Malformed):
            list(framer.feed(b"x" * 60_000))
