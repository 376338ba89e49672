"""A small stand-in for Max, which can't run here: what its own objects do, for those that our patches use.

It opens a patch with its abstractions, carries messages depth first and from right to left as Max does, and keeps
time by `advance`. The network is two lists: what `udpsend` sent, and what one hands to `udpreceive`. A message is a
tuple of its words; a bang is `("bang",)`. It knows no more of Max than the reference pages say of these objects.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

Atom = int | float | str
Message = tuple[Atom, ...]
BANG: Final[Message] = ("bang",)


@dataclass(frozen=True)
class Sent:
    """One message that `udpsend` has sent."""

    host: str
    port: int
    message: Message


def atoms(text: str) -> Message:
    """The words of a box or message, numbers as numbers."""
    words: list[Atom] = []
    for word in text.split():
        if re.fullmatch(r"-?\d+", word):
            words.append(int(word))
        elif re.fullmatch(r"-?\d+\.\d*|-?\.\d+", word):
            words.append(float(word))
        else:
            words.append(word)
    return tuple(words)


class Max:
    """Max with its clock at 0 ms and the patches that were opened in it; abstractions come from `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 0.0
        self.sent: list[Sent] = []
        self.printed: list[Message] = []
        self.receivers: dict[str, list[Object]] = {}
        self.ports: dict[int, Object] = {}
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count(1)

    def open(self, name: str, *arguments: Atom) -> Patch:
        """An abstraction as a box would make it, loaded."""
        patch = self.make(name, arguments)
        patch.load()
        return patch

    def make(self, name: str, arguments: Message) -> Patch:
        """An abstraction that is not loaded yet."""
        return Patch(self, self.folder / f"{name}.maxpat", arguments, next(self._numbers))

    def after(self, ms: float, does: Callable[[], None]) -> Callable[[], bool]:
        """Do something later; the function that comes back stops it, and says whether it was still to come."""
        alive = [True]

        def due() -> None:
            if alive[0]:
                alive[0] = False
                does()

        def stop() -> bool:
            was, alive[0] = alive[0], False
            return was

        heapq.heappush(self._waiting, (self.now + ms, next(self._numbers), due))
        return stop

    def advance(self, ms: float) -> None:
        """Let time pass."""
        until = self.now + ms
        while self._waiting and self._waiting[0][0] <= until:
            self.now, _, does = heapq.heappop(self._waiting)
            does()
        self.now = until

    def hear(self, port: int, *message: Atom) -> None:
        """An OSC message comes to a port on which an `udpreceive` listens."""
        self.ports[port].out(0, message)


class Object:
    """A box: takes messages by its inlets, sends by its outlets."""

    def __init__(self, max_: Max, words: Message) -> None:
        self.max = max_
        self.name = str(words[0])
        self.words = tuple(words[1:])
        self.arguments = self.words
        for place, word in enumerate(self.words):
            if str(word).startswith("@"):
                self.arguments = self.words[:place]
                break
        self.cords: dict[int, list[tuple[float, Object, int]]] = {}
        self.made()

    def made(self) -> None:
        """What it does when it is made."""

    def load(self) -> None:
        """What it does when its patch has been made."""

    def take(self, inlet: int, message: Message) -> None:
        """A message comes."""
        raise NotImplementedError(f"{self.name} at inlet {inlet} does not know {message}")

    def out(self, outlet: int, message: Message) -> None:
        """Send: of several cords the rightmost object first."""
        for _, to, inlet in sorted(self.cords.get(outlet, ()), key=lambda cord: -cord[0]):
            to.take(inlet, message)


class Patch(Object):
    """An abstraction: a file, its arguments in place of `#1` to `#9`, a number of its own in place of `#0`."""

    def __init__(self, max_: Max, path: Path, arguments: Message, number: int) -> None:
        self.path = path
        self.number = number
        self.boxes: dict[str, Object] = {}
        self.outputs: list[tuple[int, Message]] = []
        super().__init__(max_, (path.stem, *arguments))

    def made(self) -> None:
        patcher = json.loads(self.path.read_text())["patcher"]
        places = {}
        for entry in patcher["boxes"]:
            box = entry["box"]
            self.boxes[box["id"]] = self._box(box)
            places[box["id"]] = box["patching_rect"][0]
        for entry in patcher["lines"]:
            line = entry["patchline"]
            (source, outlet), (destination, inlet) = line["source"], line["destination"]
            cord = (places[destination], self.boxes[destination], inlet)
            self.boxes[source].cords.setdefault(outlet, []).append(cord)

    def load(self) -> None:
        for box in self.boxes.values():
            box.load()

    def take(self, inlet: int, message: Message) -> None:
        doors = [box for box in self.boxes.values() if isinstance(box, Inlet)]
        doors[inlet].out(0, message)

    def out(self, outlet: int, message: Message) -> None:
        self.outputs.append((outlet, message))
        super().out(outlet, message)

    def said(self, outlet: int) -> list[Message]:
        """What has come out of an outlet so far."""
        return [message for place, message in self.outputs if place == outlet]

    def _box(self, box: dict[str, Any]) -> Object:
        kind = box["maxclass"]
        if kind == "inlet":
            return Inlet(self.max, ("inlet",))
        if kind == "outlet":
            return Outlet(self.max, self, box["index"] - 1)
        words = tuple(self._replaced(word) for word in atoms(box.get("text", "")))
        if kind == "message":
            return MessageBox(self.max, ("message", *words))
        if kind == "comment":
            return Object(self.max, ("comment",))
        name = str(words[0])
        if name == "patcherargs":
            return PatcherArgs(self.max, words, self)
        if name in OBJECTS:
            return OBJECTS[name](self.max, words)
        return self.max.make(name, words[1:])

    def _replaced(self, word: Atom) -> Atom:
        found = re.match(r"#(\d)(.*)", str(word))
        if not found:
            return word
        number, rest = int(found[1]), found[2]
        value: Atom = self.number
        if number:
            value = self.arguments[number - 1] if number <= len(self.arguments) else 0
        return f"{value}{rest}" if rest else value


class Inlet(Object):
    """An abstraction's inlet, seen from inside."""


class Outlet(Object):
    """An abstraction's outlet, seen from inside."""

    def __init__(self, max_: Max, patch: Patch, place: int) -> None:
        super().__init__(max_, ("outlet",))
        self._patch = patch
        self._place = place

    def take(self, inlet: int, message: Message) -> None:
        self._patch.out(self._place, message)


class MessageBox(Object):
    """Sends its words, with the incoming ones in place of `$1` to `$9`."""

    def take(self, inlet: int, message: Message) -> None:
        given = () if message == BANG else message

        def value(word: Atom) -> Atom:
            found = re.fullmatch(r"\$(\d)", str(word))
            if not found:
                return word
            place = int(found[1])
            return given[place - 1] if place <= len(given) else 0

        self.out(0, tuple(value(word) for word in self.words))


class PatcherArgs(Object):
    """Sends the arguments of its patch when that is loaded, or its own where the patch has none."""

    def __init__(self, max_: Max, words: Message, patch: Patch) -> None:
        super().__init__(max_, words)
        self._patch = patch

    def load(self) -> None:
        self.out(0, self._patch.arguments or self.arguments)


class Pack(Object):
    def made(self) -> None:
        self.items = list(self.arguments)

    def take(self, inlet: int, message: Message) -> None:
        if message != BANG:
            for place, word in enumerate(message[: len(self.items) - inlet], inlet):
                kept = self.items[place]
                self.items[place] = word if isinstance(word, str) == isinstance(kept, str) else 0
        if inlet == 0:
            self.out(0, tuple(self.items))


class Unpack(Object):
    def take(self, inlet: int, message: Message) -> None:
        for place in reversed(range(min(len(message), len(self.arguments)))):
            kind, word = self.arguments[place], message[place]
            if isinstance(kind, int | float):
                word = type(kind)(word) if isinstance(word, int | float) else type(kind)(0)
            self.out(place, (word,))


class Trigger(Object):
    def take(self, inlet: int, message: Message) -> None:
        for place in reversed(range(len(self.arguments))):
            kind = self.arguments[place]
            self.out(place, BANG if kind == "b" else message if kind == "l" else (kind,))


class Route(Object):
    def take(self, inlet: int, message: Message) -> None:
        if message[0] in self.arguments:
            self.out(self.arguments.index(message[0]), message[1:] or BANG)
        else:
            self.out(len(self.arguments), message)


class Select(Object):
    def take(self, inlet: int, message: Message) -> None:
        if message[0] in self.arguments:
            self.out(self.arguments.index(message[0]), BANG)
        else:
            self.out(len(self.arguments), message)


class Prepend(Object):
    def take(self, inlet: int, message: Message) -> None:
        self.out(0, self.arguments + message)


class Int(Object):
    def made(self) -> None:
        self.value: Message = self.arguments or (0,)

    def take(self, inlet: int, message: Message) -> None:
        if message != BANG:
            self.value = message
        if inlet == 0:
            self.out(0, self.value)


class Change(Int):
    def take(self, inlet: int, message: Message) -> None:
        if message != self.value:
            self.value = message
            self.out(0, message)


class Metro(Object):
    def made(self) -> None:
        self._stop: Callable[[], bool] = bool

    def take(self, inlet: int, message: Message) -> None:
        self._stop()
        if message != (0,):
            self._beat()

    def _beat(self) -> None:
        self._stop = self.max.after(float(self.arguments[0]), self._beat)
        self.out(0, BANG)


class Delay(Object):
    def made(self) -> None:
        self._stop: Callable[[], bool] = bool

    def take(self, inlet: int, message: Message) -> None:
        self._stop()
        self._stop = self.max.after(float(self.arguments[0]), lambda: self.out(0, BANG))


class Send(Object):
    def take(self, inlet: int, message: Message) -> None:
        for receiver in self.max.receivers.get(str(self.arguments[0]), ()):
            receiver.out(0, message)


class Receive(Object):
    def made(self) -> None:
        self.max.receivers.setdefault(str(self.arguments[0]), []).append(self)


class Print(Object):
    def take(self, inlet: int, message: Message) -> None:
        self.max.printed.append(message)


class UdpSend(Object):
    def made(self) -> None:
        self.host, self.port = str(self.arguments[0]), int(self.arguments[1])

    def take(self, inlet: int, message: Message) -> None:
        if message[0] == "host":
            self.host = str(message[1])
        elif message[0] == "port":
            self.port = int(message[1])
        else:
            self.max.sent.append(Sent(self.host, self.port, message))


class UdpReceive(Object):
    def take(self, inlet: int, message: Message) -> None:
        if message[0] != "port":
            raise NotImplementedError(f"udpreceive does not know {message}")
        self.max.ports = {port: box for port, box in self.max.ports.items() if box is not self}
        self.max.ports[int(message[1])] = self


class Register(Object):
    """`zl.reg`"""

    def made(self) -> None:
        self.kept: Message = ()

    def take(self, inlet: int, message: Message) -> None:
        if message != BANG:
            self.kept = message
        if inlet == 0 and self.kept:
            self.out(0, self.kept)


class Slice(Object):
    """`zl.slice`"""

    def take(self, inlet: int, message: Message) -> None:
        at = int(self.arguments[0])
        if message[at:]:
            self.out(1, message[at:])
        self.out(0, message[:at])


class Join(Object):
    """`zl.join`"""

    def made(self) -> None:
        self.right: Message = ()

    def take(self, inlet: int, message: Message) -> None:
        if message == ("zlclear",):
            self.right = ()
        elif inlet == 1:
            self.right = message
        else:
            self.out(0, message + self.right)


class Combine(Object):
    def made(self) -> None:
        self.items = list(self.arguments)
        self.triggers = self.words[self.words.index("@triggers") + 1 :]

    def take(self, inlet: int, message: Message) -> None:
        self.items[inlet] = message[0]
        if inlet in self.triggers:
            self.out(0, ("".join(map(str, self.items)),))


class Sprintf(Object):
    def take(self, inlet: int, message: Message) -> None:
        self.out(0, atoms(" ".join(map(str, self.arguments)) % message))


class Regexp(Object):
    def made(self) -> None:
        self.pattern = ""

    def take(self, inlet: int, message: Message) -> None:
        if message[0] == "re":
            self.pattern = str(message[1])
            return
        found = re.search(self.pattern, " ".join(map(str, message)))
        if found:
            self.out(1, atoms(" ".join(found.groups())))
        else:
            self.out(3, message)


class CloseBang(Object):
    def take(self, inlet: int, message: Message) -> None:
        self.out(0, BANG)


OBJECTS: Final[dict[str, type[Object]]] = {
    "pack": Pack,
    "unpack": Unpack,
    "t": Trigger,
    "route": Route,
    "sel": Select,
    "prepend": Prepend,
    "i": Int,
    "change": Change,
    "metro": Metro,
    "delay": Delay,
    "s": Send,
    "r": Receive,
    "print": Print,
    "udpsend": UdpSend,
    "udpreceive": UdpReceive,
    "zl.reg": Register,
    "zl.slice": Slice,
    "zl.join": Join,
    "combine": Combine,
    "sprintf": Sprintf,
    "regexp": Regexp,
    "closebang": CloseBang,
}
