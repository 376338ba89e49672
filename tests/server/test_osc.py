"""The OSC codec from Python: agreement with python-osc and liblo, refusals, patterns, time tags."""

from __future__ import annotations

import contextlib
import gc
import math
import re
import struct
import sys
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from liblo7 import Liblo, Typed, liblo
from sideman import osc
from sideman._core import osc as core
from sideman.errors import Refused

Value = osc.Argument

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters, max_size=40)
addresses = st.text(characters, max_size=30).map("/".__add__)
int32s = st.integers(-(2**31), 2**31 - 1)
int64s = st.integers(-(2**63), 2**63 - 1)
float32s = st.floats(width=32)
blobs = st.binary(min_size=1, max_size=40)  # neither python-osc nor liblo builds empty ones
values: st.SearchStrategy[Value] = st.one_of(
    int64s, int32s, float32s, texts, st.binary(max_size=40), st.booleans(), st.none()
)


def same(one: Value, other: Value) -> bool:
    """Equal in type and value, and not a number equal to itself; 0.0 is not -0.0."""
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack(">d", one) == struct.pack(">d", other) or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and one == other


def all_same(some: Sequence[Value], others: Sequence[Value]) -> bool:
    return len(some) == len(others) and all(map(same, some, others))


def decoded(packet: bytes) -> osc.Message:
    message = osc.decode(packet)
    assert isinstance(message, osc.Message)
    return message


def reason_of(packet: bytes) -> str:
    with pytest.raises(osc.Malformed) as caught:
        osc.decode(packet)
    return caught.value.reason


def padded(data: bytes) -> bytes:
    return data + bytes(4 - len(data) % 4)


def bundle(*elements: bytes) -> bytes:
    """A bundle by hand, so that it may break the rules."""
    return b"#bundle\0" + struct.pack(">Q", 1) + b"".join(struct.pack(">i", len(e)) + e for e in elements)


class TestPythonOsc:
    """Packets of python-osc are understood, and ours by it."""

    @given(addresses, st.lists(values, max_size=8))
    def test_it_reads_what_we_build(self, address: str, arguments: list[Value]) -> None:
        message = OscMessage(osc.encode(address, *arguments))
        assert message.address == address
        assert all_same(message.params, arguments)

    scalars: st.SearchStrategy[tuple[str, Value]] = st.one_of(
        st.tuples(st.just("i"), int32s),
        st.tuples(st.just("h"), int64s),
        st.tuples(st.just("f"), float32s),
        st.tuples(st.just("d"), st.floats()),
        st.tuples(st.just("s"), texts),
        st.tuples(st.just("b"), blobs),
        st.tuples(st.just("r"), st.integers(0, 2**32 - 1)),
        st.tuples(st.just("m"), st.binary(min_size=4, max_size=4)),
        st.tuples(st.just("T"), st.just(True)),
        st.tuples(st.just("F"), st.just(False)),
        st.tuples(st.just("N"), st.none()),
    )

    @given(addresses, st.lists(scalars, max_size=8))
    def test_we_read_what_it_builds(self, address: str, arguments: list[tuple[str, Value]]) -> None:
        builder = OscMessageBuilder(address)
        for tag, value in arguments:
            builder.add_arg(tuple(value) if isinstance(value, bytes) and tag == "m" else value, tag)
        message = decoded(builder.build().dgram)
        assert message.address == address
        assert all_same(message.arguments, [value for _, value in arguments])

    @given(st.recursive(st.lists(int32s, max_size=3), lambda inner: st.lists(inner, max_size=3), max_leaves=6))
    def test_its_arrays_are_read_flat(self, array: list[object]) -> None:
        builder = OscMessageBuilder("/a")
        builder.add_arg(array)
        builder.add_arg("end")

        def flat(part: object) -> list[int]:
            return [n for one in part for n in flat(one)] if isinstance(part, list) else [int(str(part))]

        assert decoded(builder.build().dgram).arguments == (*flat(array), "end")

    @given(st.lists(addresses, max_size=5), st.integers(1_600_000_000, 1_900_000_000))
    def test_bundles_agree_both_ways(self, names: list[str], second: int) -> None:
        inner = OscBundleBuilder(0)
        outer = OscBundleBuilder(second)
        for name in names:
            inner.add_content(OscMessageBuilder(name).build())
            outer.add_content(OscMessageBuilder(name).build())
        outer.add_content(inner.build())
        theirs = outer.build().dgram
        messages = tuple(osc.Message(name, ()) for name in names)
        tag = osc.time_tag(second * 10**9)
        assert osc.decode(theirs) == osc.Bundle(tag, (*messages, osc.Bundle(osc.IMMEDIATELY, messages)))

        packets = [osc.encode(name) for name in names]
        ours = osc.encode_bundle(tag, [*packets, osc.encode_bundle(osc.IMMEDIATELY, packets)])
        assert ours == theirs
        read = OscBundle(ours)
        assert read.timestamp == pytest.approx(second, abs=1e-6)
        assert [one.address for one in list(read)[:-1]] == names

    def test_a_message_without_tags_has_no_arguments_to_both(self) -> None:
        assert decoded(b"/old\0\0\0\0").arguments == ()
        assert OscMessage(b"/old\0\0\0\0").params == []


@pytest.fixture(scope="module")
def lo() -> Liblo:
    return liblo()


class TestLiblo:
    """Packets of liblo are understood, and ours by it."""

    typed: st.SearchStrategy[Typed] = st.one_of(
        st.tuples(st.just("i"), int32s),
        st.tuples(st.just("h"), int64s),
        st.tuples(st.just("f"), float32s),
        st.tuples(st.just("d"), st.floats()),
        st.tuples(st.sampled_from("sS"), texts),
        st.tuples(st.just("b"), blobs),
        st.tuples(st.just("t"), st.integers(0, 2**64 - 1)),
        st.tuples(st.just("c"), st.integers(1, 127)),
        st.tuples(st.just("m"), st.binary(min_size=4, max_size=4)),
        st.tuples(st.sampled_from("TFNI"), st.none()),
    )

    @staticmethod
    def plain(argument: Typed) -> Value:
        """The value that the codec gives for it."""
        tag, value = argument
        match tag:
            case "T" | "I":
                return True
            case "F":
                return False
            case "c":
                assert isinstance(value, int)
                return chr(value)
        return value

    @given(addresses, st.lists(typed, max_size=8))
    def test_we_read_what_it_builds(self, lo: Liblo, address: str, arguments: list[Typed]) -> None:
        message = decoded(lo.message(address, arguments))
        assert message.address == address
        assert all_same(message.arguments, [self.plain(argument) for argument in arguments])

    @given(addresses, st.lists(values, max_size=8))
    def test_it_reads_what_we_build(self, lo: Liblo, address: str, arguments: list[Value]) -> None:
        packet = osc.encode(address, *arguments)
        read = lo.read(packet)
        assert read is not None
        assert all_same([self.plain(argument) for argument in read], arguments)
        if b"" not in arguments:
            assert lo.message(address, read) == packet

    @given(st.integers(0, 2**64 - 1), st.lists(st.tuples(addresses, st.lists(typed, max_size=3)), max_size=4))
    def test_we_read_its_bundles(self, lo: Liblo, tag: int, parts: list[tuple[str, list[Typed]]]) -> None:
        packet = lo.bundle(tag, parts)
        packets = [lo.message(*part) for part in parts]
        assert osc.encode_bundle(tag, [*packets, osc.encode_bundle(tag, packets)]) == packet
        read = osc.decode(packet)
        assert isinstance(read, osc.Bundle)
        assert read.time_tag == tag
        assert len(read.elements) == len(parts) + 1

    @given(st.binary(max_size=24), st.sampled_from(["i", "s", "b", "ss", "bi", "mb", "hs", "TS", "sQ", ""]))
    @settings(max_examples=300)
    def test_what_it_reads_we_read_the_same(self, lo: Liblo, data: bytes, tags: str) -> None:
        packet = b"/a\0\0" + padded(b"," + tags.encode()) + data[: len(data) // 4 * 4]
        try:
            read = lo.read(packet)
        except UnicodeDecodeError:
            assert "UTF-8" in reason_of(packet)
            return
        if read is not None:
            assert all_same(decoded(packet).arguments, [self.plain(argument) for argument in read])

    parts = st.sampled_from(["a", "b", "c", "ab", "*", "?", "[ab]", "[a-c]", "[!b]", "[!a-b]"])

    @given(st.lists(parts, max_size=7).map("".join), st.text("abc", max_size=7))
    @settings(max_examples=500)
    def test_its_patterns_match_as_ours(self, lo: Liblo, pattern: str, name: str) -> None:
        assert osc.match(f"/{pattern}", f"/{name}") == lo.match(f"/{pattern}", f"/{name}")


class TestRefusals:
    """Whatever arrives is a value or `Malformed`, whole."""

    packets = st.one_of(
        st.tuples(addresses, st.lists(values, max_size=6)).map(lambda m: osc.encode(m[0], *m[1])),
        st.lists(addresses, max_size=4).map(lambda names: bundle(*map(osc.encode, names))),
        st.lists(addresses, max_size=3).map(lambda names: bundle(bundle(*map(osc.encode, names)))),
    )

    @staticmethod
    def is_read_or_refused(packet: bytes) -> None:
        parsed = core.parse(packet)
        if isinstance(parsed, str):
            assert parsed in core.REASONS
            assert reason_of(packet) == parsed
        else:
            assert isinstance(osc.decode(packet), osc.Message | osc.Bundle)

    @given(packets)
    def test_a_packet_cut_anywhere_is_read_or_refused(self, packet: bytes) -> None:
        for size in range(len(packet)):
            self.is_read_or_refused(packet[:size])

    @given(packets, st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=6))
    @settings(max_examples=500)
    def test_a_changed_packet_is_read_or_refused(self, packet: bytes, changes: list[tuple[int, int]]) -> None:
        data = bytearray(packet)
        for where, value in changes:
            data[where % len(data)] = value
        self.is_read_or_refused(bytes(data))

    @given(
        st.binary(max_size=200),
        st.sampled_from([b"", b"/", b"/a\0\0,", b"#bundle\0", b"#bundle\0" + bytes(8)]),
    )
    @settings(max_examples=500)
    def test_any_bytes_are_read_or_refused(self, data: bytes, head: bytes) -> None:
        self.is_read_or_refused(head + data)
        self.is_read_or_refused((head + data)[: (len(head) + len(data)) // 4 * 4])

    @pytest.mark.parametrize(
        ("packet", "reason"),
        [
            pytest.param(b"\0", "not a multiple of 4", id="pd sends a binary zero"),
            pytest.param(b"abc", "not a multiple of 4", id="three stray bytes"),
            pytest.param(b"/a\0\0,s\0\0", "string argument has no end", id="a string tag without data"),
            pytest.param(b"/a\0\0,s\0\0\xe7\xe1o\0", "not UTF-8", id="a string in Latin-1"),
            pytest.param(b"/a\0\0,Q\0\0", "unknown type tag", id="an unknown tag"),
        ],
    )
    def test_bar_1_what_stopped_other_programs_is_refused(self, packet: bytes, reason: str) -> None:
        assert reason in reason_of(packet)

    @pytest.mark.parametrize("size", [-4, -(2**31), 0, 1, 2, 3, 5, 8, 2**31 - 4, 2**31 - 1])
    def test_bar_2_a_wrong_element_size_is_refused(self, size: int) -> None:
        packet = bundle() + struct.pack(">i", size) + b"/a\0\0"
        assert "bundle element" in reason_of(packet)
        assert "bundle element" in reason_of(bundle(b"/b\0\0", packet))

    @pytest.mark.parametrize("size", [-1, -4, -(2**31), 5, 8, 2**31 - 1])
    def test_bar_2_a_wrong_blob_size_is_refused(self, size: int) -> None:
        assert "blob's size" in reason_of(b"/a\0\0,b\0\0" + struct.pack(">i", size) + b"1234")

    @pytest.mark.parametrize("tags", ["[", "]", "[i", "][", "[[]", "[" * 4000])
    def test_bar_2_unbalanced_arrays_are_refused(self, tags: str) -> None:
        assert "brackets" in reason_of(b"/a\0\0" + padded(b"," + tags.encode()) + bytes(4 * tags.count("i")))

    def test_bar_3_bundles_are_nested_eight_deep_at_most(self) -> None:
        packet = b"/a\0\0"
        for depth in range(1, 901):
            packet = bundle(packet)
            if depth <= 8:
                assert isinstance(osc.decode(packet), osc.Bundle)
            else:
                assert "nested more than 8 deep" in reason_of(packet)

    def test_bar_3_a_bundle_has_256_elements_at_most(self) -> None:
        assert len(osc.decode(bundle(*[b"/a\0\0"] * 256))[1]) == 256
        assert "more than 256 elements" in reason_of(bundle(*[b"/a\0\0"] * 257))

    def test_bar_3_a_message_has_64_arguments_or_1024_words_at_most(self) -> None:
        def message(tags: str) -> bytes:
            return b"/a\0\0" + padded(f",{tags}".encode()) + b"w\0\0\0" * tags.count("s")

        assert len(decoded(message("T" * 64)).arguments) == 64
        assert "more than 64 arguments" in reason_of(message("T" * 65))
        assert len(decoded(message("s" * 1024)).arguments) == 1024
        assert "more than 64 arguments" in reason_of(message("s" * 1025))
        assert "more than 64 arguments" in reason_of(message("s" * 64 + "T"))

    def test_bar_3_addresses_and_strings_have_their_length(self) -> None:
        assert len(decoded(padded(b"/" + b"a" * 254)).address) == 255
        assert "address is longer" in reason_of(padded(b"/" + b"a" * 255))
        assert "address is longer" in reason_of(padded(b"/" + b"a" * 60_000))
        assert decoded(b"/a\0\0,s\0\0" + padded(b"x" * 4096)).arguments == ("x" * 4096,)
        assert "string argument is longer" in reason_of(b"/a\0\0,s\0\0" + padded(b"x" * 4097))

    def test_a_refusal_is_the_peers_fault_and_says_a_cure(self) -> None:
        with pytest.raises(Refused) as caught:
            osc.decode(b"")
        assert caught.value.what == "malformed packet: the packet is empty"
        assert caught.value.cure

    def test_only_bytes_are_packets(self) -> None:
        with pytest.raises(TypeError, match="packet must be bytes, not str"):
            core.parse("/a")  # type: ignore[arg-type]

    def test_neither_values_nor_refusals_keep_memory(self) -> None:
        packets = [
            osc.encode("/all", 1, 2**40, 0.25, "text", b"blob", True, None),
            bundle(osc.encode("/é", "♪"), bundle(osc.encode("/x"))),
            b"/a\0\0,c\0\0\0\0&j",
            b"/a\0\0,s\0\0\xff\0\0\0",
            bundle(b"/a\0\0", b"/a\0\0,i\0\0"),
            b"nonsense",
        ]
        wrong: list[tuple[object, ...]] = [
            ("a",),
            ("/a", object()),
            ("/a", 2**64),
            ("/a", "x", 1e39),
            ("/a", "\0"),
        ]

        def everything() -> None:
            for packet in packets:
                core.parse(packet)
            for arguments in wrong:
                with contextlib.suppress(TypeError, ValueError):
                    core.encode(*arguments)  # type: ignore[arg-type]
            with contextlib.suppress(ValueError):
                core.build_bundle(1, [b"/a\0\0", b"x"])

        def blocks_after(rounds: int) -> int:
            for _ in range(rounds):
                everything()
            gc.collect()
            return sys.getallocatedblocks()

        before = blocks_after(20)
        assert blocks_after(500) - before < 100  # one lost in each round would be 500


class TestEncode:
    """What we send, and what we refuse to."""

    def test_a_note_has_these_bytes(self) -> None:
        packet = osc.encode("/note", 60, 0.5, "a")
        assert packet == b"/note\0\0\0,ifs\0\0\0\0\0\0\0\x3c\x3f\0\0\0a\0\0\0"

    @given(addresses, st.lists(values, max_size=64))
    def test_what_is_encoded_is_decoded_again(self, address: str, arguments: list[Value]) -> None:
        message = decoded(osc.encode(address, *arguments))
        assert message.address == address
        assert all_same(message.arguments, arguments)
        assert core.build(address, arguments) == osc.encode(address, *arguments)

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 2.0**-149, 3.4e38])
    def test_bar_5_the_codec_passes_every_float_on(self, number: float) -> None:
        single = struct.unpack(">f", struct.pack(">f", number))[0]
        assert same(decoded(osc.encode("/a", number)).arguments[0], single)
        packet = b"/a\0\0,d\0\0" + struct.pack(">d", number)
        assert same(decoded(packet).arguments[0], number)

    @pytest.mark.parametrize(
        ("arguments", "error", "words"),
        [
            (("a",), ValueError, "must begin with '/'"),
            (("",), ValueError, "must begin with '/'"),
            (("/" + "a" * 255,), ValueError, "address is longer than 255"),
            (("/a\0b",), ValueError, "address holds a null"),
            ((b"/a",), TypeError, "address must be str, not bytes"),
            (("/a", [1]), TypeError, "argument 0 must be an int.*not list"),
            (("/a", 1, object()), TypeError, "argument 1 must be"),
            (("/a", 2**63), ValueError, "argument 0 is too large"),
            (("/a", 0, 1e39), ValueError, "argument 1 is too large for a 32-bit float"),
            (("/a", "x\0"), ValueError, "string argument holds a null"),
            (("/a", "x" * 4097), ValueError, "string argument is longer"),
            (("/a", "\ud800"), ValueError, "surrogates"),
            (("/a", *[1] * 65), ValueError, "65 are more than 64"),
            (("/a", *["x"] * 1025), ValueError, "1025 are more than 64"),
            ((), TypeError, "encode"),
        ],
    )
    def test_what_osc_does_not_allow_is_named(
        self, arguments: tuple[object, ...], error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=words):
            core.encode(*arguments)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("tag", "elements", "error", "words"),
        [
            (-1, [], ValueError, "time_tag must be from 0"),
            (2**64, [], ValueError, "time_tag must be from 0"),
            (1.0, [], TypeError, "time_tag must be an int"),
            (1, ["/a"], TypeError, "element 0 must be bytes"),
            (1, [b"/a\0\0", b""], ValueError, "element's size"),
            (1, [b"/a\0"], ValueError, "multiple of 4"),
            (1, [b"text"], ValueError, "neither with '/'"),
            (1, [b"/a\0\0"] * 257, ValueError, "more than 256"),
        ],
    )
    def test_what_is_no_bundle_is_named(
        self, tag: int, elements: list[bytes], error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=words):
            osc.encode_bundle(tag, elements)


class TestPatterns:
    """Address patterns of OSC 1.0."""

    @staticmethod
    def expression(pattern: str) -> str:
        """The pattern as a regular expression: the twin, for short patterns only."""
        found, brace, at = "", False, 0
        while at < len(pattern):
            sign = pattern[at]
            if sign == "[":
                close = pattern.index("]", at)
                inside = pattern[at + 1 : close].removeprefix("!")
                negated = pattern[at + 1] == "!"
                listed = "".join(c if c == "-" and 0 < i < len(inside) - 1 else re.escape(c)
                                 for i, c in enumerate(inside))  # fmt: skip
                found += f"(?!/)[{'^' * negated}{listed}]" if inside else "[^/]" if negated else "(?!)"
                at = close
            elif sign in "{}":
                brace = sign == "{"
                found += "(?:" if brace else ")"
            elif sign == "," and brace:
                found += "|"
            else:
                found += {"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign))
            at += 1
        return found

    signs = st.sampled_from(["a", "b", "/", "*", "?", "[ab]", "[a-c]", "[!b]", "[!]", "{a,b}", "{,ab}", "{*b,a?}"])

    @given(st.lists(signs, max_size=8).map("".join), st.text("abc/", max_size=8))
    @settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
    @example("{*b,a?}", "aab")
    @example("*" * 6 + "b", "a" * 8)
    def test_a_pattern_matches_as_its_regular_expression(self, pattern: str, name: str) -> None:
        expected = re.fullmatch(self.expression(pattern), name, re.DOTALL) is not None
        assert osc.match(f"/{pattern}", f"/{name}") == expected

    @pytest.mark.parametrize("pattern", ["/[a", "/a]", "/{a", "/a}", "/{a,{b}}", "/[a/b]", "/{a/b}"])
    def test_a_malformed_pattern_is_named_and_matches_nothing(self, pattern: str) -> None:
        assert osc.pattern_fault(pattern)
        assert osc.is_pattern(pattern)
        assert not osc.match(pattern, pattern)
        assert osc.pattern_fault("/player/*/{stop,start}") is None

    def test_bar_4_hostile_patterns_take_bounded_work_on_500_addresses(self) -> None:
        names = [f"/player/voice{n:03}/param/temperature" for n in range(500)]
        size = len(names[0])
        for pattern in (
            "/player/" + "*e" * 32,
            "/player/" + "*" * 200,
            "/player/" + "{,e}" * 60,
            "/" + "{" * 200,
        ):
            steps = sum(core.match_steps(pattern, name) for name in names)
            assert steps <= 500 * (2 * len(pattern) + size + 1)
        assert sum(core.match_steps("/player/" + "*[!x]" * 40, name) for name in names) <= 500 * (
            6 * 208 + 41 * size + 1
        )


class TestTimeTags:
    """NTP and Unix time."""

    def test_the_epochs_are_70_years_apart(self) -> None:
        assert osc.time_tag(0) == 2_208_988_800 << 32
        assert osc.unix_ns(2_208_988_800 << 32 | 1 << 31) == 500_000_000

    @given(st.integers(-61_505_152 * 10**9, 4_233_462_144 * 10**9 - 1))
    @example(2_085_978_496 * 10**9)
    @example(2_085_978_496 * 10**9 - 1)
    @example(999_999_999)
    def test_a_time_survives_its_tag(self, ns: int) -> None:
        tag = osc.time_tag(ns)
        assert 0 <= tag < 2**64
        assert tag != osc.IMMEDIATELY
        assert osc.unix_ns(tag) == ns
