"""Packets: what is built is read again as it was, and nothing that arrives can stop or hang the reader."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman_client.message import Malformed, Message, build, parse

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ARGUMENTS = st.lists(
    st.integers(-(2**63), 2**63 - 1) | st.floats(width=32, allow_nan=False) | st.booleans() | WORDS,
    max_size=8,
)


def bundle(*elements: bytes, sizes: tuple[int, ...] | None = None, tag: int = 1) -> bytes:
    packet = b"#bundle\0" + struct.pack(">Q", tag)
    for element, size in zip(elements, sizes or map(len, elements), strict=True):
        packet += struct.pack(">i", size) + element
    return packet


@given(ARGUMENTS)
def test_a_message_is_read_as_it_was_built(arguments: list[int | float | str | bool]) -> None:
    assert parse(build("/some/address", *arguments)) == [Message("/some/address", tuple(arguments))]


def test_messages_of_nested_bundles_come_in_order_with_the_tag_of_their_own_bundle() -> None:
    inner = bundle(build("/b", 2), build("/c"), tag=7 << 32)
    assert parse(bundle(build("/a", 1), inner, build("/d"), tag=5 << 32)) == [
        Message("/a", (1,), 5 << 32),
        Message("/b", (2,), 7 << 32),
        Message("/c", (), 7 << 32),
        Message("/d", (), 5 << 32),
    ]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0",
        b"/abc",
        b"#bundle\0",
        bundle(b"", sizes=(-4,)),
        bundle(b"", sizes=(0,)),
        bundle(build("/a"), sizes=(400,)),
        b"/a\0\0,s\0\0\xe7\xe1o\0",
        b"/a\0\0,ss\0",
        b"/a\0\0,b\0\0" + struct.pack(">i", -4),
        b"/a\0\0,N\0\0",
        b"/a\0\0,Q\0\0",
        b"/a\0\0," + b"[" * 4999 + b"\0" * 4,
        b"/a\0\0," + b"T" * 4999 + b"\0" * 4,
    ],
    ids=lambda packet: repr(packet[:24]),
)
def test_what_is_not_osc_is_refused_with_a_reason(packet: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        parse(packet)
    assert str(refusal.value)


def test_bundles_nested_deeper_than_the_protocol_allows_are_refused() -> None:
    packet = build("/a")
    for _ in range(8):
        packet = bundle(packet)
    assert parse(packet) == [Message("/a")]
    with pytest.raises(Malformed, match="nested"):
        parse(bundle(packet))


@given(
    st.binary(max_size=64)
    | st.binary(max_size=64).map(lambda tail: b"#bundle\0" + bytes(8) + tail)
    | st.tuples(st.text("ifsbhdTFN[]Q", max_size=8), st.binary(max_size=40)).map(
        lambda parts: b"/a\0\0," + parts[0].encode() + b"\0" * (4 - (len(parts[0]) + 1) % 4) + parts[1]
    )
)
def test_any_bytes_are_read_or_refused(packet: bytes) -> None:
    try:
        messages = parse(packet)
    except Malformed:
        return
    assert all(message.address.startswith("/") for message in messages)


def test_an_address_without_a_slash_and_arguments_that_osc_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="slash"):
        build("note", 60)
    with pytest.raises(ValueError, match="/note"):
        build("/note", [60])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="/note"):
        build("/note", 2**64)
