"""The Max package, without Max: its files, every object, cord and address, and what the patches do.

The objects' inlets and outlets are those that Max 8 and 9 give them; what the patches do is tried on `max_machine`.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as xml
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from clients.max_machine import OBJECTS, Max, Message, Patch, Sent, atoms
from sideman.addresses import BROADCASTS, find
from sideman.commands import parse
from sideman.osc import Message as Command

PACKAGE: Final = Path(__file__).parents[2] / "clients" / "max" / "sideman"
ABSTRACTIONS: Final = PACKAGE / "patchers"
FILES: Final = sorted(chain(ABSTRACTIONS.glob("*.maxpat"), (PACKAGE / "help").glob("*.maxhelp")))

Ports = tuple[int, int]


def fixed(inlets: int, outlets: int) -> Callable[[Message], Ports]:
    """An object with the same ports whatever its arguments."""
    return lambda _: (inlets, outlets)


#: Inlets and outlets of Max's own objects by their arguments.
PORTS: Final[dict[str, Callable[[Message], Ports]]] = {
    "change": fixed(1, 3),
    "closebang": fixed(1, 1),
    "combine": lambda arguments: (len(arguments), 2),
    "delay": fixed(2, 1),
    "i": fixed(2, 1),
    "makenote": fixed(3, 2),
    "metro": fixed(2, 1),
    "noteout": fixed(3, 0),
    "pack": lambda arguments: (len(arguments) or 2, 1),
    "patcherargs": fixed(1, 2),
    "prepend": fixed(1, 1),
    "print": fixed(1, 0),
    "r": lambda arguments: (0 if arguments else 1, 1),
    "regexp": fixed(1, 5),
    "route": lambda arguments: (len(arguments) + 1, len(arguments) + 1),
    "s": lambda arguments: (1 if arguments else 2, 0),
    "sel": lambda arguments: (2 if len(arguments) == 1 else 1, len(arguments) + 1),
    "sprintf": lambda arguments: (max(1, sum(str(word).count("%") for word in arguments)), 1),
    "t": lambda arguments: (1, len(arguments)),
    "udpreceive": fixed(1, 1),
    "udpsend": fixed(1, 0),
    "unpack": lambda arguments: (1, len(arguments) or 2),
    "zl.join": fixed(2, 2),
    "zl.reg": fixed(2, 2),
    "zl.slice": fixed(2, 2),
}

#: Boxes that are not objects by name.
BOXES: Final[dict[str, Ports]] = {
    "button": (1, 1),
    "comment": (1, 0),
    "inlet": (0, 1),
    "message": (2, 1),
    "outlet": (1, 0),
    "toggle": (1, 1),
}


def patcher(path: Path) -> dict[str, Any]:
    """What a patch's file holds."""
    found: dict[str, Any] = json.loads(path.read_text())["patcher"]
    return found


def boxes(path: Path) -> list[dict[str, Any]]:
    """The boxes of a patch."""
    return [entry["box"] for entry in patcher(path)["boxes"]]


def split(box: dict[str, Any]) -> tuple[str, Message]:
    """An object's name and its arguments, without the attributes behind them."""
    name, *words = atoms(box["text"])
    at = next((place for place, word in enumerate(words) if str(word).startswith("@")), len(words))
    return str(name), tuple(words[:at])


def ports(box: dict[str, Any]) -> Ports:
    """The inlets and outlets that a box must have; an abstraction's are counted in its file."""
    if box["maxclass"] != "newobj":
        return BOXES[box["maxclass"]]
    name, arguments = split(box)
    if name in PORTS:
        return PORTS[name](arguments)
    inside = boxes(ABSTRACTIONS / f"{name}.maxpat")
    doors = [entry["maxclass"] for entry in inside]
    return doors.count("inlet"), doors.count("outlet")


every_patch = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


@every_patch
def test_ids_are_unique(path: Path) -> None:
    ids = [box["id"] for box in boxes(path)]
    assert ids
    assert len(set(ids)) == len(ids)


@every_patch
def test_every_object_is_known_and_has_the_inlets_and_outlets_that_it_has_in_max(path: Path) -> None:
    for box in boxes(path):
        assert (box["numinlets"], box["numoutlets"]) == ports(box), box
        assert len(box.get("outlettype", [])) == box["numoutlets"], box
        assert len(box["patching_rect"]) == 4, box


@every_patch
def test_every_cord_joins_an_outlet_to_an_inlet(path: Path) -> None:
    here = {box["id"]: box for box in boxes(path)}
    lines = [entry["patchline"] for entry in patcher(path)["lines"]]
    assert lines
    for line in lines:
        (source, outlet), (destination, inlet) = line["source"], line["destination"]
        assert 0 <= outlet < here[source]["numoutlets"], line
        assert 0 <= inlet < here[destination]["numinlets"], line
    assert len({str(line) for line in lines}) == len(lines)


@every_patch
def test_no_object_lies_about_unconnected(path: Path) -> None:
    joined = {end[0] for entry in patcher(path)["lines"] for end in entry["patchline"].values()}
    alone = [box for box in boxes(path) if box["id"] not in joined and box["maxclass"] != "comment"]
    assert all(split(box)[0] == "sideman" for box in alone)


@every_patch
def test_no_box_covers_another(path: Path) -> None:
    places = [(box["patching_rect"], box) for box in boxes(path)]
    for place, (one, first) in enumerate(places):
        for other, second in places[:place]:
            apart = (
                one[0] + one[2] <= other[0]
                or other[0] + other[2] <= one[0]
                or one[1] + one[3] <= other[1]
                or other[1] + other[3] <= one[1]
            )
            assert apart, (first, second)


def addresses(path: Path) -> Iterator[str]:
    """The OSC addresses in a patch's objects and messages."""
    for box in boxes(path):
        if box["maxclass"] in ("message", "newobj"):
            yield from re.findall(r"(?:^| )(/[a-z]\S*)", box["text"])


def is_said(address: str) -> bool:
    """Whether the server says it, to some name."""
    return any(re.fullmatch(re.sub(r"<\w>", "[^/]+", row.template), address) for row in BROADCASTS)


@every_patch
def test_every_address_is_one_of_the_servers(path: Path) -> None:
    for address in addresses(path):
        if address == "/player/":  # the beginning of one that is put together; what comes out is tried below
            continue
        full = f"/player/sideman{address}" if path.name.startswith("sideman.player") else address
        assert find(full) or is_said(full) or full == "/performer/*/note", full


def test_the_messages_of_the_help_patches_are_commands_with_the_right_arguments() -> None:
    tried = 0
    for name, prefix in (("sideman", ""), ("sideman.player", "/player/sideman")):
        for box in boxes(PACKAGE / "help" / f"{name}.maxhelp"):
            words = atoms(box.get("text", ""))
            if box["maxclass"] == "message" and words[0] not in ("join", "leave", "$1"):
                parse(Command(f"{prefix}{words[0]}", words[1:]))
                tried += 1
    assert tried > 10


def test_every_abstraction_has_its_help_and_its_reference() -> None:
    names = [path.stem for path in ABSTRACTIONS.iterdir()]
    assert sorted(names) == ["sideman", "sideman.player"]
    for name in names:
        assert (PACKAGE / "help" / f"{name}.maxhelp").exists()
        page = xml.parse(PACKAGE / "docs" / f"{name}.maxref.xml").getroot()
        assert page.get("name") == name
        doors = [box for box in boxes(ABSTRACTIONS / f"{name}.maxpat") if box["maxclass"] in ("inlet", "outlet")]
        for kind in ("inlet", "outlet"):
            described = page.findall(f"./{kind}list/{kind}")
            assert [int(door.get("id", -1)) + 1 for door in described] == [
                door["index"] for door in doors if door["maxclass"] == kind
            ]
        assert all(door["comment"] for door in doors)


def test_the_package_says_what_max_asks_of_it() -> None:
    info = json.loads((PACKAGE / "package-info.json").read_text())
    assert info["name"] == PACKAGE.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", info["version"])
    for key in ("displayname", "author", "description", "tags", "max_version_min", "max_version_max", "os"):
        assert info[key]
    assert (PACKAGE / "help" / info["homepatcher"]).exists()


def test_the_stand_in_for_max_knows_every_object_of_the_abstractions() -> None:
    used = {split(box)[0] for path in ABSTRACTIONS.iterdir() for box in boxes(path) if box["maxclass"] == "newobj"}
    assert used <= {*OBJECTS, "patcherargs"}


def seat(*arguments: int | str) -> tuple[Max, Patch]:
    """[sideman] in a Max of its own."""
    max_ = Max(ABSTRACTIONS)
    return max_, max_.open("sideman", *arguments)


def joined() -> tuple[Max, Patch]:
    """[sideman] that has joined as `max`, with nothing sent since."""
    max_, patch = seat()
    max_.hear(7120, "/joined", "max", "main", 30.0, "kABC")
    max_.sent.clear()
    return max_, patch


JOIN: Final = Sent("127.0.0.1", 7117, ("/join", "max", 7120, "-", "main"))
PING: Final = Sent("127.0.0.1", 7117, ("/ping",))


def test_the_seat_is_taken_when_the_patch_opens_with_the_port_to_answer_to() -> None:
    max_, patch = seat()
    assert max_.sent == [JOIN]
    assert list(max_.ports) == [7120]
    assert patch.said(1) == [(0,)]
    max_.hear(7120, "/joined", "max", "main", 30.0, "kABC")
    assert patch.said(1) == [(0,), (1,)]
    assert patch.said(0) == [("/joined", "max", "main", 30.0, "kABC")]


def test_arguments_replace_the_defaults_from_the_left() -> None:
    max_, _ = seat("ann", "10.0.0.2", 7200, 9000, "secret", "trio")
    assert max_.sent == [Sent("10.0.0.2", 7200, ("/join", "ann", 9000, "secret", "trio"))]
    assert list(max_.ports) == [9000]
    max_, _ = seat("ann", "10.0.0.2")
    assert max_.sent == [Sent("10.0.0.2", 7117, ("/join", "ann", 7120, "-", "main"))]


def test_it_asks_again_every_two_seconds_until_it_is_let_in() -> None:
    max_, _ = seat()
    max_.advance(6000)
    assert max_.sent == [JOIN] * 4


def test_it_pings_every_two_seconds_while_it_is_answered() -> None:
    max_, patch = joined()
    for _ in range(30):
        max_.advance(2000)
        max_.hear(7120, "/pong", 1, 0.5, 2, 0.5)
    assert max_.sent == [PING] * 30
    assert patch.said(1)[-1] == (1,)


def test_it_joins_again_when_nothing_has_answered_for_ten_seconds() -> None:
    max_, patch = joined()
    max_.advance(2000)
    max_.hear(7120, "/pong", 1, 0.5, 2, 0.5)
    max_.sent.clear()
    max_.advance(9999)
    assert max_.sent == [PING] * 4
    assert patch.said(1)[-1] == (1,)
    max_.advance(2001)
    assert patch.said(1)[-1] == (0,)
    assert max_.sent[-1] == JOIN
    max_.hear(7120, "/joined", "max", "main", 30.0, "kXYZ")
    max_.sent.clear()
    max_.advance(2000)
    assert max_.sent == [PING]
    assert patch.said(1)[-1] == (1,)


def test_a_seat_that_was_taken_over_is_not_fought_for() -> None:
    max_, patch = joined()
    max_.hear(7120, "/lapsed", "max")
    assert patch.said(1)[-1] == (0,)
    assert "taken over" in " ".join(map(str, max_.printed[-1]))
    max_.advance(60_000)
    assert max_.sent == []
    patch.take(0, ("join",))
    assert max_.sent == [JOIN]


def test_a_seat_that_lapsed_for_want_of_messages_is_revived() -> None:
    max_, _ = joined()
    max_.advance(40_000)
    max_.sent.clear()
    max_.hear(7120, "/lapsed", "max")
    max_.advance(2000)
    assert max_.sent == [JOIN]


def test_a_challenge_is_confirmed() -> None:
    max_, _ = seat()
    max_.hear(7120, "/challenge", 4711)
    assert max_.sent[-1] == Sent("127.0.0.1", 7117, ("/confirm", 4711))


def test_what_goes_in_is_sent_and_what_is_heard_comes_out() -> None:
    max_, patch = joined()
    patch.take(0, ("/note", 60, 90, 1, 250))
    assert max_.sent == [Sent("127.0.0.1", 7117, ("/note", 60, 90, 1, 250))]
    max_.hear(7120, "/clock", 1, 1, 120.0)
    assert patch.said(0)[-1] == ("/clock", 1, 1, 120.0)
    max_.hear(7120, "/error", "/note", "pitch must be 0 to 127", "send a value in that range")
    max_.hear(7120, "/notice", "/player/sideman/param/temperature", "4 is the most")
    assert max_.printed == [
        ("error", "/note", "pitch must be 0 to 127", "send a value in that range"),
        ("notice", "/player/sideman/param/temperature", "4 is the most"),
    ]


def test_join_changes_what_is_given_and_keeps_the_rest() -> None:
    max_, patch = joined()
    patch.take(0, ("join", "bob"))
    assert max_.sent == [Sent("127.0.0.1", 7117, ("/join", "bob", 7120, "-", "main"))]
    patch.take(0, ("join", "bob", "10.0.0.2", 7200, 9000))
    assert max_.sent[-1] == Sent("10.0.0.2", 7200, ("/join", "bob", 9000, "-", "main"))
    assert list(max_.ports) == [9000]


def test_leave_leaves_and_is_quiet() -> None:
    max_, patch = joined()
    patch.take(0, ("leave",))
    assert max_.sent == [Sent("127.0.0.1", 7117, ("/leave",))]
    assert patch.said(1)[-1] == (0,)
    max_.advance(60_000)
    assert len(max_.sent) == 1


def test_a_closed_patch_leaves() -> None:
    max_, patch = joined()
    closing = next(box for box in patch.boxes.values() if box.name == "closebang")
    closing.take(0, ("bang",))
    assert max_.sent == [Sent("127.0.0.1", 7117, ("/leave",))]


def test_two_seats_in_one_max_do_not_hear_each_other() -> None:
    max_ = Max(ABSTRACTIONS)
    ann, bob = max_.open("sideman", "ann"), max_.open("sideman", "bob", "127.0.0.1", 7117, 7121)
    max_.hear(7120, "/joined", "ann", "main", 30.0, "kABC")
    assert ann.said(1)[-1] == (1,)
    assert bob.said(0) == []
    assert bob.said(1)[-1] == (0,)


def voice() -> tuple[Max, Patch]:
    """[sideman.player sideman max] beside [sideman max]; nothing sent since `/join`."""
    max_ = Max(ABSTRACTIONS)
    max_.open("sideman", "max")
    patch = max_.open("sideman.player", "sideman", "max")
    max_.sent.clear()
    return max_, patch


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("/mode free", "/player/sideman/mode free"),
        ("/next", "/player/sideman/next"),
        ("/param/temperature 1.5", "/player/sideman/param/temperature 1.5"),
        ("/play 8", "/player/sideman/play 8"),
    ],
)
def test_a_command_to_a_player_gets_its_address(said: str, sent: str) -> None:
    max_, patch = voice()
    patch.take(0, ("/hear", "ann", "bob"))  # and leaves nothing behind
    max_.sent.clear()
    patch.take(0, atoms(said))
    assert max_.sent == [Sent("127.0.0.1", 7117, atoms(sent))]


def test_a_players_notes_ends_and_states_come_out_apart() -> None:
    max_, patch = voice()
    max_.hear(7120, "/player/sideman/note", 60, 90, 250.5, 1, 7)
    max_.hear(7120, "/player/sideman/off", 60, 1, 7)
    max_.hear(7120, "/player/sideman/state", "armed", "oracle", "answer")
    max_.hear(7120, "/player/sideman/is", "temperature", 1.5)
    max_.hear(7120, "/player/sideman/hears")
    assert patch.outputs == [
        (0, (60, 90, 250.5, 1, 7)),
        (1, (60, 1, 7)),
        (2, ("armed", "oracle", "answer")),
        (3, ("is", "temperature", 1.5)),
        (3, ("hears",)),
    ]


def test_other_players_and_other_messages_are_none_of_its_business() -> None:
    max_, patch = voice()
    for message in (
        ("/player/bass/note", 60, 90, 250.0, 1, 7),
        ("/player/sideman2/state", "armed", "oracle", "answer"),
        ("/performer/sideman/note", 60, 90, 1),
        ("/clock", 1, 1, 120.0),
    ):
        max_.hear(7120, *message)
    assert patch.outputs == []


def test_two_players_are_spoken_to_and_heard_apart() -> None:
    max_, sideman = voice()
    bass = max_.open("sideman.player", "bass", "max")
    bass.take(0, ("/mode", "free"))
    assert max_.sent == [Sent("127.0.0.1", 7117, ("/player/bass/mode", "free"))]
    max_.hear(7120, "/player/bass/off", 40, 1, 3)
    assert (sideman.outputs, bass.outputs) == ([], [(1, (40, 1, 3))])


def test_the_player_is_the_default_one_where_none_is_named() -> None:
    max_ = Max(ABSTRACTIONS)
    max_.open("sideman")
    patch = max_.open("sideman.player")
    max_.sent.clear()
    patch.take(0, ("/stop",))
    assert max_.sent == [Sent("127.0.0.1", 7117, ("/player/sideman/stop",))]
