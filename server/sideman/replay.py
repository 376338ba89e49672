"""Replay: a recording fed again to a fresh engine, and what comes out held against what came out then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .effects import Cut
from .engine import Engine
from .errors import SetupError
from .hub import Output, Send
from .inputs import Begin, Erased, Input
from .journal import encode_output, read
from .judgement import Judgement
from .osc import Malformed, decode
from .plugin import bundled


@dataclass(slots=True)
class Verdict:
    """What a replay found: how much was compared, and the first difference, if any."""

    inputs: int = 0
    outputs: int = 0
    erased: int = 0  # the first input that was erased; 0: none
    difference: str = ""


def replayed(path: Path) -> Iterator[tuple[int, Input, list[Output], list[Output]]]:
    """For each recorded input: its number, itself, the outputs recorded, and those of the engine now."""
    engine: Engine | None = None
    pending: tuple[int, Input] | None = None
    recorded: list[Output] = []

    def settle() -> tuple[int, Input, list[Output], list[Output]]:
        nonlocal engine
        assert pending is not None
        number, item = pending
        if isinstance(item, Begin):
            engine = Engine(item, bundled())
            return number, item, recorded, []
        if engine is None:
            raise SetupError(f"{path} does not begin with a beginning", "use a whole recording")
        outputs = engine.feed(item)
        engine.elsewhere.handed.clear()  # what was answered to it stands in the recording
        return number, item, recorded, outputs

    for frame in read(path):
        if isinstance(frame, Send | Cut):
            recorded.append(frame)
            continue
        if pending is not None:
            yield settle()
        pending, recorded = frame, []
    if pending is not None:
        yield settle()


def verify(path: Path) -> Verdict:
    """Replay a recording and compare every output, byte for byte, up to the first difference.

    The outputs of the very last input may be missing where the recording broke off.
    """
    verdict = Verdict()
    for number, item, recorded, now in replayed(path):
        if isinstance(item, Erased):
            verdict.erased = number
            return verdict
        verdict.inputs += 1
        for place in range(max(len(recorded), len(now))):
            then = recorded[place] if place < len(recorded) else None
            again = now[place] if place < len(now) else None
            if then is None or again is None or encode_output(then) != encode_output(again):
                verdict.difference = f"input {number}, output {place}: {tell(then)} then, {tell(again)} now"
                return verdict
            verdict.outputs += 1
    return verdict


def judged(path: Path) -> list[Judgement]:
    """The judgements in a recording in order; of several by one performer on one event the last, none taken back.

    The recording is replayed for it: what stands behind an erasure may not be as it was.
    """
    engine: Engine | None = None
    found: dict[tuple[str, str, str, int], Judgement] = {}
    for frame in read(path):
        if isinstance(frame, Send | Cut):
            continue
        item = frame[1]
        if isinstance(item, Begin):
            engine = Engine(item, bundled())
            continue
        if engine is None:
            raise SetupError(f"{path} does not begin with a beginning", "use a whole recording")
        engine.feed(item)
        engine.elsewhere.handed.clear()
        for judgement in engine.take_judgements():
            key = (judgement.session, judgement.player, judgement.by, judgement.event)
            found.pop(key, None)
            if judgement.value:
                found[key] = judgement
    return list(found.values())


def tell(output: Output | None) -> str:
    """An output in a person's words."""
    if output is None:
        return "nothing"
    if isinstance(output, Cut):
        return f"cut {output.player}"
    try:
        return f"{decode(output.packet)} to {len(output.to)} at {output.due_ns}"
    except Malformed:
        return f"{len(output.packet)} bytes to {len(output.to)} at {output.due_ns}"
