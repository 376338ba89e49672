"""Whatever comes in whatever order: nothing breaks, no note is without an end, and all of it replays byte for byte.

The words are drawn from the table of addresses itself, so that a new command is among them from its first day.
"""

from __future__ import annotations

import random

import pytest

from sideman.addresses import TABLE, Address, Argument, Value
from sideman.effects import Cut
from sideman.engine import Engine
from sideman.hub import Output
from sideman.inputs import Begin
from sideman.journal import encode_output
from sideman.params import PLAYER_PARAMS, SESSION_PARAMS
from sideman.plugin import bundled
from sideman.testing import Performer, Stage
from sideman.voice import MODES

PLAYERS = ("sideman", "echo", "shadow", "late", "*", "{echo,late}")
PEOPLE = ("ann", "bob", "robot")
MODELS = ("oracle", "ngram", "blend", "llm", "nobody")
VIEWS = ("pitch", "pitch*ioi", "interval*ioi", "chord", "beat", "pcset", "label", "char", "pitch*chord", "no")
CHARTS = (
    "[A] Dm7 | G7 C7 | C^7 | % [B] |: Am7 | D7 |1. G7 :|2. C^7 |",
    "3/4 C | F G | Am |",
    "C",
    "[A] * | * | [B] N | Bb-7 Eb7",
    "-",
    "|: |: |",
)
#: Of arguments with these names, the words that mean something.
WORDS: dict[str, tuple[Value, ...]] = {
    "when": ("beat", "bar", "section", "never"),
    "mode": (*MODES, "now", "ahead"),
    "model": MODELS,
    "viewpoint": VIEWS,
    "memory": ("echo", "shadow", "sideman", "-", "new"),
    "label": ("Dm7", "G7", "N", "C7(b9)", "Hm", "walk"),
    "kind": ("human", "sensor", "bot"),
    "name": (*PEOPLE, *PLAYERS[:4], "blues", "anatole", *PLAYER_PARAMS, *SESSION_PARAMS),
    "text": (*CHARTS, "a", "hello there"),
    "bar_or_section": ("A", "B", 1, 3, 0, 99),
    "first": ("A", 1, 2, 0),
    "last": ("B", 2, 3, 0, "-"),
    "session": ("main",),
    "token": ("-",),
    "pattern": ("/player/*/note", "/performer/*/note", "/clock", "nothing"),
    "address": tuple(row.template for row in TABLE),
    "model_and_weight": ("oracle", 1, "ngram", 3.0, 0.0),
}
NUMBERS: tuple[Value, ...] = (0, 1, 2, 4, 0.5, 1.5, -1, 3, 16, 64, 127, 1000, "x", "8")
NEVER_AT = frozenset({"/at", "/forget-me"})
#: What ends or renames a seat says nothing of music; each comes seldom.
RARE = frozenset({"/leave", "/join", "/confirm", "/forget-me", "/ignore", "/player/<p>/drop"})


def word(draw: random.Random, argument: Argument, row: Address) -> Value:
    """An argument: mostly one that means something."""
    if row.template.endswith("/effects") and argument.type == "s":
        return draw.choice(("octave", "transpose:7", "retrograde", "inversion", "delay:0.5", "velocity:0.5", "none"))
    if argument.name in WORDS and draw.random() < 0.95:
        return draw.choice(WORDS[argument.name])
    if argument.type == "s":
        return draw.choice(("x", "", "é" * 90, "-", "3"))
    if argument.low is not None and argument.high is not None and draw.random() < 0.8:
        high = min(argument.high, argument.low + 500)
        return draw.randint(int(argument.low), int(high)) if argument.type == "i" else draw.uniform(argument.low, high)
    return draw.choice(NUMBERS)


def concrete(draw: random.Random, row: Address) -> str:
    """An address of a row's shape."""
    template = row.template
    for shape, names in (
        ("<p>", PLAYERS),
        ("<m>", ("echo", "shadow", "sideman", "none")),
        ("<n>", (*PEOPLE, "*")),
        ("<name>", tuple(PLAYER_PARAMS) if row.section == 5 else ("tilt", "slide")),
    ):
        template = template.replace(shape, draw.choice(names))
    return template.replace("...", draw.choice(("note", "chord", "event", "start", "player/echo/stop", "as/ann/note")))


def said(draw: random.Random, row: Address) -> tuple[str, list[Value]]:
    """A message of a row: its address, and arguments that may or may not fit."""
    arguments: list[Value] = []
    if row.template == "/at":
        inner = draw.choice([other for other in TABLE if other.section in (4, 5) and other.template not in NEVER_AT])
        address, rest = said(draw, inner)
        return "/at", [draw.choice(("beat", "bar", "section")), address, *rest]
    if (row.template.endswith("/set") and row.template != "/chart/set") or row.template.endswith("/param/<name>"):
        table = SESSION_PARAMS if row.template.startswith("/session") else PLAYER_PARAMS
        name = draw.choice([name for name in table if name not in ("seed", "panic_release_s")])
        value = draw.choice(("", "C Eb G", "auto", "*", "own", "sparser", 0, 1, 0.25, 2, 7, 60, 1e9))
        return concrete(draw, row), [value] if row.template.endswith("<name>") else [name, value]
    for argument in row.arguments:
        if argument.many:
            arguments += [word(draw, argument, row) for _ in range(draw.choice((0, 1, 1, 2, 4)))]
        elif argument.default is None or draw.random() < 0.5:
            arguments.append(word(draw, argument, row))
        else:
            break
    return concrete(draw, row), arguments


def storm(stage: Stage, seed: int, steps: int, ear: Performer | None = None, *, erasing: bool = True) -> None:
    """Three performers play and say whatever comes to mind; `erasing`: also that they wish to be forgotten.

    After that a replay need not be the same.
    """
    draw = random.Random(seed)
    performers = [stage.performer("ann"), stage.performer("bob"), stage.performer("robot", 0, "-", "main", "bot")]
    performers[0].send("/player/echo/new", "oracle", "pitch*ioi")
    performers[0].send("/player/shadow/new", "ngram", "pitch*ioi", "echo")
    performers[0].send("/chart/set", CHARTS[0])
    performers[0].send("/start")
    for player, mode in (("echo", "chart"), ("shadow", "follow")):
        performers[0].send(f"/player/{player}/mode", mode)
        performers[0].send(f"/player/{player}/play")
    usual = [row for row in TABLE if row.template not in RARE]
    rare = [row for row in TABLE if row.template in RARE and (erasing or row.template != "/forget-me")]
    for _ in range(steps):
        performer = draw.choice(performers)
        if draw.random() < 0.5:
            pitch = float(draw.choice((48, 50, 52, 53, 55, 57, 59, 60, 62, 64, 65, 67)))
            performer.send("/note", pitch, float(draw.randint(1, 127)), 1, draw.uniform(20, 400))
        else:
            address, arguments = said(draw, draw.choice(rare if draw.random() < 0.02 else usual))
            performer.send(address, *arguments)
        if draw.random() < 0.1:
            performers[0].send("/start")
            performers[0].send("/player/*/play")
        if draw.random() < 0.02:
            performer.send("/join", performer.name)
        if ear is not None:
            ear.send("/ping")  # else its lease runs out
        stage.advance(draw.choice((0.0, 0.01, 0.12, 0.25, 0.5)))


def again(stage: Stage) -> list[Output]:
    """What a fresh engine makes of the same inputs."""
    begin, *rest = stage.inputs
    assert isinstance(begin, Begin)
    engine = Engine(begin, bundled())
    outputs = []
    for item in rest:
        outputs += engine.feed(item)
        engine.elsewhere.handed.clear()
        engine.building.clear()
        engine.errands.clear()
    return outputs


def listener(stage: Stage) -> Performer:
    """Somebody who only listens, and whom nothing can make leave."""
    return stage.performer("ear", 0, "-", "main", "bot")


@pytest.mark.parametrize("seed", range(4))
def test_no_storm_of_commands_breaks_anything_or_leaves_a_note_without_an_end(seed: int) -> None:
    stage = Stage(seed=seed)
    stage.building_s, stage.slow_s = seed % 3 * 0.15, seed % 2 * 0.2
    ear = listener(stage)
    storm(stage, seed, 400, ear)
    ear.send("/panic")
    stage.advance(0)
    at = stage.now_s
    stage.advance(120)
    ends: dict[tuple[str, object, object], float] = {}
    for time_s, address, arguments in ear.heard():
        parts = address.split("/")
        if len(parts) != 4 or parts[1] != "player":
            continue
        if parts[3] == "note":
            pitch, velocity, duration_ms, channel, _ = arguments
            assert isinstance(pitch, int | float)
            assert isinstance(velocity, int)
            assert isinstance(duration_ms, float)
            assert time_s <= at, "a note after /panic"
            assert duration_ms > 0
            assert 1 <= velocity <= 127
            assert 0 <= pitch <= 127
            ends[parts[2], round(pitch), channel] = time_s + duration_ms / 1000
        elif parts[3] == "off":
            ends[parts[2], arguments[0], arguments[1]] = time_s
    assert len(ends) > 2, "so little was played that nothing is shown"
    assert not {key: end for key, end in ends.items() if end > at + 0.001}, "notes that nobody ends"


@pytest.mark.parametrize("seed", [11, 12])
def test_a_storm_of_commands_replays_byte_for_byte(seed: int) -> None:
    stage = Stage(seed=seed)
    stage.building_s, stage.slow_s = seed % 3 * 0.15, seed % 2 * 0.2
    storm(stage, seed, 400, erasing=False)
    then = [encode_output(output) for output in stage.outputs]
    now = [encode_output(output) for output in again(stage)]
    assert then == now
    assert any(isinstance(output, Cut) for output in stage.outputs)
