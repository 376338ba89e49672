"""The one table of addresses: what may be said to the server, by whom, with which arguments, and what it says.

Decoder, checks, rights and `docs/protocol.md` are made from it; nothing else may list addresses.
Only the table and its reading belong here, not what a command does.

Arguments are written as PROTOCOL.md writes them: `s:name`, `[i:reply_port=0]` with a default, `s:word...` for any
number of them. Types: `i` whole number, `f` number, `s` string, `any` number or string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}\Z")
NAME_CURE: Final = "names begin with a letter and have at most 32 letters, digits, _ or -"

Value = int | float | str

#: Who may use an address; each may also do what those before may.
ROLES: Final = ("anyone", "listener", "player", "leader")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its name, type, default (`None`: it must be given) and range."""

    name: str
    type: str
    default: Value | None = None
    many: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the table of commands."""

    template: str
    arguments: tuple[Argument, ...]
    does: str
    section: int
    role: str = "player"
    quiet: bool = False  # answered only by errors
    replies: str = "/done"  # what answers it

    @property
    def trigger(self) -> bool:
        """Whether it takes no argument, and so one optional number of which 0 does nothing."""
        return not self.arguments

    @property
    def usage(self) -> str:
        """The template with its arguments, as one types it."""
        words = [self.template]
        for argument in self.arguments:
            word = f"{argument.type}:{argument.name}" + ("..." if argument.many else "")
            if argument.default is not None and not argument.many:
                word = f"[{word}={argument.default if argument.default != '' else '-'}]"
            words.append(word)
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One row of the table of what the server says."""

    template: str
    arguments: str
    means: str
    section: int


_ARGUMENT = re.compile(r"(\[)?(any|[ifs]):([a-z_0-9]+)(\.\.\.)?(?:=([^\]\s]+))?\]?(?:\{(\S+),(\S+)\})?\Z")


def parse_arguments(signature: str) -> tuple[Argument, ...]:
    """The arguments of a row, read from its signature; a range is written `{low,high}` behind the argument."""
    arguments = []
    for word in signature.split():
        found = _ARGUMENT.match(word)
        if not found:
            raise ValueError(f"{word!r} in {signature!r} is not an argument")
        bracket, kind, name, many, default, low, high = found.groups()
        value: Value | None = None
        if bracket or many:
            text = "" if default in (None, "-") else default
            value = text if kind in ("s", "any") else (int(text or 0) if kind == "i" else float(text or 0))
        arguments.append(
            Argument(name, kind, value, bool(many), float(low) if low else None, float(high) if high else None)
        )
    return tuple(arguments)


def _row(
    template: str,
    signature: str,
    does: str,
    section: int,
    role: str = "player",
    *,
    quiet: bool = False,
    replies: str = "/done",
) -> Address:
    return Address(template, parse_arguments(signature), does, section, role, quiet, replies)


TABLE: Final[tuple[Address, ...]] = (
    # 2. Joining
    _row(
        "/join",
        "s:name [i:reply_port=0]{0,65535} [s:token=-] [s:session=main] [s:kind=-]",
        "take a seat; answers go to `reply_port` of the same host, or (0) to the port it came from; `kind`: `human`, "
        "`sensor`, `bot` or `server`; where it is not named a seat stays what it was, and a new one is `human`",
        2,
        "anyone",
        replies="/joined",
    ),
    _row(
        "/confirm",
        "i:number{1,16777215}",
        "the answer to `/challenge`, within 5 s",
        2,
        "anyone",
        replies="/joined",
    ),
    _row("/leave", "", "leave: the notes that it holds end, what it taught stays", 2, "listener"),
    _row(
        "/ping",
        "any:echo...",
        "answered by `/pong` with the same arguments, the time since the start and since midnight UTC",
        2,
        "listener",
        replies="/pong",
    ),
    _row("/listen", "s:pattern...", "adds to the broadcasts that one gets", 2, "listener"),
    _row("/ignore", "s:pattern...", "takes from the broadcasts that one gets", 2, "listener"),
    _row(
        "/deliver",
        "s:mode [f:ms=0]{0,500}",
        "`now`: each message leaves when it is due, `ms` earlier for a listener whose own delay is known; `ahead`: "
        "what players plan leaves `ms` early, in a bundle whose time tag is the due time",
        2,
        "listener",
    ),
    _row("/latency", "f:ms{0,500}", "this performer's known input delay, taken off before learning", 2, "listener"),
    _row("/status", "", "what is running, connected, late, refused", 2, "listener", replies="/synced"),
    _row(
        "/session/set",
        "s:name any:value...",
        "set a parameter of the session, clipped to its range",
        2,
        "leader",
        replies="/session/is",
    ),
    _row("/session/get", "s:name", "the value of a parameter of the session", 2, "listener", replies="/session/is"),
    _row("/refresh", "", "the whole state again, then `/synced`", 2, "listener", replies="/synced"),
    _row(
        "/as/<n>/...",
        "any:argument...",
        "any message of section 3 in the name of another seat that was joined from this IP or with this token",
        2,
        "listener",
        quiet=True,
    ),
    # 3. What a performer plays
    _row(
        "/note",
        "f:pitch{0,127} f:velocity{0,127} [i:channel=1]{1,255} [f:duration_ms=0]{0,3600000}",
        "note-on, or note-off with velocity 0; with a duration no note-off is awaited",
        3,
        quiet=True,
    ),
    _row(
        "/control",
        "i:number{0,127} i:value{0,127} [i:channel=1]{1,255}",
        "a controller: kept with the event under way and sent back with it; 64, the pedal, is not sent back but "
        "lengthens the notes that it holds",
        3,
        quiet=True,
    ),
    _row("/bend", "f:value{-1,1} [i:channel=1]{1,255}", "the bend wheel, 0 at rest; kept likewise", 3, quiet=True),
    _row(
        "/pressure",
        "i:value{0,127} [i:pitch=-1]{-1,127}",
        "pressure on the key of a pitch, or (-1) on all of channel 1; kept likewise",
        3,
        quiet=True,
    ),
    _row(
        "/event",
        "s:label [f:duration_beats=1]{0.001,10000}",
        "any symbol of any flow: a scene, a step, a word",
        3,
        quiet=True,
    ),
    _row(
        "/gesture",
        "f:number...",
        "1 to 16 numbers from a sensor or fader, as often as it likes; the first message fixes how many",
        3,
        quiet=True,
    ),
    _row("/gesture/<name>", "f:number...", "the same, of a sensor or fader with a name", 3, quiet=True),
    _row(
        "/text",
        "s:text",
        "text typed, for text players: a single character goes on, a longer text is a line of whole words",
        3,
        quiet=True,
    ),
    _row(
        "/chord",
        "s:label",
        "the harmony from now on: Dm7 G7 Cmaj7 C^7 Bb-7 F#m7b5 C7(b9) C/E, N for none",
        3,
        quiet=True,
    ),
    # 4. Time
    _row(
        "/beat",
        "[i:beat_in_bar=0]{0,64}",
        "a beat, now: the first gives the phase, the second the tempo, the rest are followed; from 1 where it is known "
        "which beat of the bar it is",
        4,
    ),
    _row("/tempo", "f:bpm{10,400}", "beats a minute", 4, "leader"),
    _row(
        "/tempo/ramp",
        "f:bpm{10,400} f:beats{0,256}",
        "beats a minute, reached evenly after so many beats; `/tempo` is told on each",
        4,
        "leader",
    ),
    _row("/metre", "i:beats{1,64} i:unit{1,64}", "beats in a bar, from the bar under way, and their unit", 4, "leader"),
    _row("/position", "f:beat{0,10000000}", "go to that place in the form, from 0", 4, "leader"),
    _row("/start", "", "start or continue the transport, and the players that were halted", 4, "leader"),
    _row("/stop", "", "stop the transport, halt every player", 4),
    _row(
        "/panic",
        "",
        "now: every player is disarmed, every sounding note ends, all plans are dropped, so are commands that wait for "
        "a beat, bar or section or for a time tag; one that waits itself drops those that were due with it",
        4,
    ),
    _row(
        "/at",
        "s:when s:address any:argument...",
        "any command of sections 4 and 5 at the next `beat`, `bar` or `section`; with the transport stopped: at once",
        4,
        replies="/will",
    ),
    # 5. Players
    _row(
        "/player/<p>/new",
        "s:model [s:viewpoint=pitch*ioi] [s:memory=-]",
        "make a player (mode `free`, not armed) with a memory of its own name unless another is named",
        5,
    ),
    _row("/player/<p>/drop", "", "end it; its memory stays", 5),
    _row("/player/<p>/model", "s:model", "another model, while it plays: what it has heard is kept", 5),
    _row("/player/<p>/viewpoint", "s:viewpoint", "another viewpoint, while it plays", 5),
    _row(
        "/player/<p>/parts",
        "any:model_and_weight...",
        "of a blend: its models, each with its weight, as `oracle 1 ngram 3`",
        5,
    ),
    _row(
        "/player/<p>/hear",
        "s:name...",
        "whom it learns from and reacts to: performers, other players, itself (to learn only); `*`: all humans",
        5,
    ),
    _row("/player/<p>/learn", "i:on{0,1}", "whether it goes on learning from whom it hears", 5),
    _row("/player/<p>/mode", "s:mode", "`free`, `answer`, `follow`, `chart` or `manual`; neither arms nor disarms", 5),
    _row(
        "/player/<p>/play",
        "[f:beats=-1]{0,1000000}",
        "arm; in `free` and `chart` play until stopped or so many beats; in `answer` answer from now on",
        5,
    ),
    _row("/player/<p>/stop", "", "disarm, fall silent now", 5),
    _row("/player/<p>/next", "", "one event now", 5),
    _row(
        "/player/<p>/record",
        "i:on{0,1}",
        "record a take of whom it hears, from the nearest beat; 0: it ends there and is kept with the memory",
        5,
    ),
    _row("/player/<p>/takes", "i:number{0,1000000}", "play that take, from 1, round and round; 0: none", 5),
    _row(
        "/player/<p>/why",
        "[i:event=0]{0,16777215}",
        "where that event (0: the last) came from",
        5,
        "listener",
        replies="/player/<p>/why",
    ),
    _row(
        "/player/<p>/param/<name>",
        "any:value...",
        "set a parameter, clipped to its range",
        5,
        replies="/player/<p>/is",
    ),
    _row(
        "/player/<p>/set",
        "s:name any:value...",
        "set a parameter, clipped to its range",
        5,
        replies="/player/<p>/is",
    ),
    _row(
        "/player/<p>/hold",
        "i:on{0,1}",
        "hold what it is at: its notes go on sounding (each struck again when it would end, and every 10 s), what has "
        "none to sustain comes again and again; where nothing sounds, the next event is held; `next` goes one on; let "
        "go by 0, and by a stop",
        5,
    ),
    _row(
        "/player/<p>/jump",
        "f:beat{0,10000000}",
        "go on from a place in its memory: from the first event that was played at that beat or later, as it was "
        "recorded, then as its parameter `through` says; a loop is then made from there",
        5,
    ),
    _row(
        "/player/<p>/loop",
        "f:beats{0,256}",
        "what it played in the last so many beats goes round, from now on; where it played nothing, the next so many "
        "beats do; the same again takes the last so many anew; 0, or a stop: it goes on by itself",
        5,
    ),
    _row(
        "/player/<p>/like",
        "i:event{0,16777215}",
        "one likes that event (0: the last): kept with it, shown by `why`, and read from a recording by "
        "`sideman judgements`",
        5,
    ),
    _row("/player/<p>/dislike", "i:event{0,16777215}", "one does not like that event; kept likewise", 5),
    _row("/player/<p>/volume", "f:volume{0,1}", "scales every velocity; what sounds is never silenced by it", 5),
    _row("/player/<p>/octave", "i:octaves{-4,4}", "so many octaves up, or (below 0) down", 5),
    _row(
        "/player/<p>/speed",
        "f:ratio{0.125,8}",
        "against the beat: 0.5, 1.5, 2, 4 and so on times as fast; its spans and durations are divided by it",
        5,
    ),
    _row(
        "/player/<p>/solo",
        "i:on{0,1}",
        "alone: while any player is solo, those that are not go on thinking in silence",
        5,
    ),
    _row(
        "/player/<p>/effects",
        "s:name...",
        "the chain of effects that its events go through, such as transpose:7 delay:0.5; without any: none",
        5,
    ),
    _row("/player/<p>/mute", "i:on{0,1}", "it goes on thinking in silence", 5),
    _row("/player/<p>/undo", "", "take back this sender's last change to it", 5),
    _row("/player/<p>/forget", "f:beats", "unlearn the last so many beats; `undo` reverses it", 5),
    _row(
        "/memory/<m>/save",
        "s:name",
        "keep what it holds in a file of that name",
        5,
        "leader",
        replies="/done once it is written",
    ),
    _row(
        "/memory/<m>/load",
        "s:name",
        "what a file holds takes its place, while its players play on",
        5,
        "leader",
        replies="/done once it is read",
    ),
    _row("/memory/<m>/clear", "", "forget all of it; `undo` of a player that plays from it reverses it", 5, "leader"),
    _row(
        "/forget-me",
        "",
        "every memory and the recording lose what one has played, for good; a file saved before keeps it",
        5,
        replies="/forgotten",
    ),
    _row(
        "/chart/set",
        "s:text",
        "the form, chords by bars: `[A] Dm7 | G7 C7 | C^7 | %`, repeats `|: :|`, endings `|1. :|2.`, `3/4`; a link of "
        "iReal Pro too; `-`: none",
        5,
        "leader",
    ),
    _row(
        "/chart/load",
        "s:name",
        "the form that a file of that name holds",
        5,
        "leader",
        replies="/done once it is read",
    ),
    _row(
        "/chart/loop",
        "any:first [any:last=-]",
        "go round from a bar to another, or a section, once they are reached; 0 0: off",
        5,
        "leader",
    ),
    _row("/chart/jump", "any:bar_or_section", "go on from that bar or section, from the next beat", 5, "leader"),
    _row(
        "/player/<p>/get",
        "s:name",
        "the value of a parameter",
        5,
        "listener",
        replies="/player/<p>/is",
    ),
)

BROADCASTS: Final[tuple[Broadcast, ...]] = (
    Broadcast("/joined", "s:name s:session f:lease_s s:key", "welcome; the state follows, then `/synced`", 2),
    Broadcast("/synced", "i:messages", "the state is complete: so many messages since `/joined`", 2),
    Broadcast("/challenge", "i:number", "in place of `/joined`, beyond loopback: `/confirm` it within 5 s", 2),
    Broadcast("/status/is", "s:key any...", "one line of the answer to `/status`", 2),
    Broadcast("/session/is", "s:name any...", "a parameter of the session, on each change and when asked", 2),
    Broadcast("/lapsed", "s:name", "the lease ran out, or the seat was taken over", 2),
    Broadcast("/pong", "any... i:up_s f:up_fraction i:utc_s f:utc_fraction", "the answer to `/ping`", 2),
    Broadcast("/done", "s:address", "it was obeyed", 1),
    Broadcast("/error", "s:address s:what s:cure", "it was not obeyed and nothing has changed", 1),
    Broadcast("/notice", "s:address s:what", "something was done otherwise than asked", 1),
    Broadcast("/performer/<n>/state", "s:state", "`here`, `lapsed` or `gone`", 5),
    Broadcast(
        "/performer/<n>/note", "i:pitch i:velocity i:channel", "what a human plays, to those who `/listen` for it", 5
    ),
    Broadcast("/transport", "i:running", "whether the transport runs", 5),
    Broadcast("/tempo", "f:bpm", "the tempo in force", 5),
    Broadcast("/metre", "i:beats i:unit", "the metre in force", 5),
    Broadcast("/clock", "i:bar i:beat f:tempo_bpm", "each beat while the transport runs; bars count from 1", 5),
    Broadcast("/forgotten", "i:events", "so many events that one had played are erased", 5),
    Broadcast("/harmony", "s:label", "the chord in force", 4),
    Broadcast("/chart", "s:name i:bars", "the form in force; no bars: none", 5),
    Broadcast("/chart/loop", "i:first_bar i:last_bar", "what is gone round; 0 0: nothing", 5),
    Broadcast("/section", "s:name", "a section of the form begins", 5),
    Broadcast("/will", "s:when s:address any...", "the answer to `/at`: what will be done, and when", 4),
    Broadcast("/panic", "s:by", "somebody has sent `/panic`", 4),
    Broadcast(
        "/player/<p>/note", "i:pitch i:velocity f:duration_ms i:channel i:event", "a note; its duration is above 0", 5
    ),
    Broadcast("/player/<p>/event", "s:label f:duration_ms i:event", "an event that is no note", 5),
    Broadcast("/player/<p>/gesture", "i:event f...", "an answer to gestures: the vector of one that was played", 5),
    Broadcast(
        "/player/<p>/control",
        "i:number i:value i:channel i:event",
        "a controller, as it was moved when what is played was recorded",
        5,
    ),
    Broadcast(
        "/player/<p>/bend",
        "f:value i:channel i:event",
        "the bend wheel, -1 to 1; back to 0 where an event has none, and at a stop",
        5,
    ),
    Broadcast(
        "/player/<p>/pressure",
        "i:value i:pitch i:event",
        "pressure on a pitch (-1: on all), moved with its note; back to 0 likewise",
        5,
    ),
    Broadcast("/player/<p>/suggest", "s:text f:probability ...", "completions of what is typed, best first", 5),
    Broadcast("/player/<p>/plan", "s:text", "what it intends, before it plays", 5),
    Broadcast("/player/<p>/off", "i:pitch i:channel i:event", "ends that note early", 5),
    Broadcast("/player/<p>/cut", "i:event", "this event and later ones are void, to those in `ahead` delivery", 5),
    Broadcast("/player/<p>/state", "s:state s:model s:mode", "on each change and after `new`", 5),
    Broadcast("/player/<p>/record", "i:on", "whether a take is being recorded, on each change", 5),
    Broadcast("/player/<p>/takes", "i:playing i:kept", "which take it plays (0: none), how many there are", 5),
    Broadcast("/player/<p>/hears", "s:name...", "whom it hears, on each change", 5),
    Broadcast("/player/<p>/is", "s:name any...", "a parameter's value, on each change and when asked", 5),
    Broadcast(
        "/player/<p>/why",
        "i:event s:model f:probability s:source f:source_beat i:context s:note",
        "where an event came from, to who asked",
        5,
    ),
)

#: Never answered, so that two servers that face each other fall silent.
NEVER_ANSWERED: Final = frozenset({"/error", "/done", "/notice", "/joined", "/pong"})


def _key(template: str) -> tuple[str, ...]:
    return tuple("<>" if part.startswith("<") else part for part in template.split("/")[1:])


_EXACT: Final = {row.template: row for row in TABLE if "<" not in row.template}
_SHAPES: Final = {_key(row.template): row for row in TABLE if "<" in row.template}

_SPOKEN: Final = next(row for row in TABLE if row.template == "/as/<n>/...")


def find(address: str) -> tuple[Address, tuple[str, ...]] | None:
    """The row for a concrete address and the names in it, or None when the table has none.

    Of what is said in another's name: that name, and the rest of the address.
    """
    row = _EXACT.get(address)
    if row is not None:
        return row, ()
    parts = address.split("/")[1:]
    if parts and parts[0] == "as" and len(parts) > 2:
        return _SPOKEN, (parts[1], "/".join(parts[2:]))
    if len(parts) == 2:
        row = _SHAPES.get((parts[0], "<>"))
        return (row, (parts[1],)) if row else None
    if len(parts) == 3:
        row = _SHAPES.get((parts[0], "<>", parts[2]))
        return (row, (parts[1],)) if row else None
    if len(parts) == 4:
        row = _SHAPES.get((parts[0], "<>", parts[2], "<>"))
        return (row, (parts[1], parts[3])) if row else None
    return None
