"""From messages to commands: types, defaults, triggers, names, and errors that name the cure."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.addresses import TABLE
from sideman.commands import parse, text
from sideman.desk import COMMANDS
from sideman.errors import Refused
from sideman.osc import Message


def arguments(address: str, *raw: object) -> tuple[object, ...]:
    return parse(Message(address, raw)).arguments  # type: ignore[arg-type]


def test_every_row_of_the_table_is_obeyed_and_nothing_else() -> None:
    assert set(COMMANDS) == {row.template for row in TABLE}


@pytest.mark.parametrize("raw", [1, 1.0, "1", "1.0", True])
def test_a_whole_number_is_accepted_in_any_form_that_loses_nothing(raw: object) -> None:  # bar 6
    assert arguments("/player/echo/learn", raw) == (1,)


@pytest.mark.parametrize("raw", [90, 90.0, "90", "90.0"])
def test_a_number_is_accepted_in_any_form_that_loses_nothing(raw: object) -> None:  # bar 6
    assert arguments("/tempo", raw) == (90.0,)


@pytest.mark.parametrize("raw", [0.5, "0.5", "yes", None, b"1"])
def test_a_whole_number_is_not_made_of_what_is_none(raw: object) -> None:
    with pytest.raises(Refused, match="on must be"):
        arguments("/player/echo/learn", raw)


@pytest.mark.parametrize("raw", [math.nan, math.inf, -math.inf, "nan", "inf", "1e999"])
def test_numbers_that_are_not_finite_are_refused_by_name(raw: object) -> None:
    with pytest.raises(Refused, match="bpm must be a finite number"):
        arguments("/tempo", raw)  # bar 5


@pytest.mark.parametrize(("raw", "shortest"), [(3, "3"), (3.0, "3"), (0.10000000149011612, "0.1"), (-2.5, "-2.5")])
def test_a_number_where_a_string_is_wanted_becomes_its_shortest_form(raw: float, shortest: str) -> None:
    assert arguments("/event", raw) == (shortest, 1.0)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_shortest_form_reads_back_as_the_same_float(value: float) -> None:
    import struct

    again = struct.unpack("f", struct.pack("f", float(text(value, "x"))))[0]
    assert again == value


def test_missing_arguments_take_their_defaults() -> None:
    assert arguments("/note", 60, 90) == (60.0, 90.0, 1, 0.0)
    assert arguments("/join", "ann") == ("ann", 0, "", "main", "")


def test_a_missing_argument_without_default_is_refused_with_the_usage() -> None:
    with pytest.raises(Refused, match="velocity is missing") as refusal:
        arguments("/note", 60)
    assert refusal.value.cure == "send /note f:pitch f:velocity [i:channel=1] [f:duration_ms=0.0]"


def test_surplus_arguments_are_refused() -> None:
    with pytest.raises(Refused, match="too many"):
        arguments("/note", 60, 90, 1, 0, 7)


def test_the_last_string_takes_the_remaining_words() -> None:
    assert arguments("/player/echo/get", "phrase", "gap", 3.0) == ("phrase gap 3",)


def test_a_dash_is_the_empty_string() -> None:
    assert arguments("/join", "ann", 0, "-")[2] == ""


def test_out_of_range_is_refused_with_the_range() -> None:
    with pytest.raises(Refused, match="bpm must be 10 to 400, 401 came"):
        arguments("/tempo", 401)


def test_a_trigger_takes_one_optional_number_and_zero_is_a_release() -> None:
    assert not parse(Message("/panic", ())).released
    assert not parse(Message("/panic", (1.0,))).released
    assert parse(Message("/panic", (0,))).released
    with pytest.raises(Refused):
        parse(Message("/panic", (1, 2)))


@pytest.mark.parametrize("name", ["1st", "a b", "x" * 33, "", "ann!"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        parse(Message(f"/player/{name}/stop", ()))


@pytest.mark.parametrize("address", ["", "tempo", "/", "//", "/as", "as/ann/note"])
def test_what_is_no_address_is_refused_as_unknown(address: str) -> None:
    with pytest.raises(Refused, match="no such address"):
        parse(Message(address, ()))


def test_an_unknown_address_is_answered_with_the_nearest() -> None:
    with pytest.raises(Refused) as refusal:
        parse(Message("/player/echo/stopp", ()))
    assert refusal.value.cure == "did you mean /player/<p>/stop?"


raw_values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary()


@given(
    st.sampled_from([row.template.replace("<p>", "echo").replace("<name>", "taboo") for row in TABLE]),
    st.lists(raw_values, max_size=6),
)
def test_whatever_the_arguments_a_command_is_parsed_or_refused(address: str, raw: list[object]) -> None:
    try:
        command = parse(Message(address, tuple(raw)))  # type: ignore[arg-type]
    except Refused as refusal:
        assert refusal.what
        assert refusal.cure
    else:
        numbers = [value for value in command.arguments if not isinstance(value, str)]
        assert all(math.isfinite(value) for value in numbers)
