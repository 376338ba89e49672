"""What players meet of the LLM: a whole event, how soon it is there and what it takes, sixteen at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from bench.report import Table, Timing
from server.llama import Shape, file_of, weights_of
from sideman.llm import llm
from sideman.models import Alphabet, Reader, Sampler, Transformer, Walk
from sideman.tokens import MUSIC, Around, around_tokens

VIEW = ("pitch", "ioi", "duration")
SIZES = {
    "1M": Shape(MUSIC.size, 128, 384, 5, 4, 1, 32),
    "5M": Shape(MUSIC.size, 256, 768, 7, 8, 2, 32),
}
PLAYERS = 16
EVENTS_A_SECOND = 20
SECONDS = 5


def _reader(shape: Shape, contexts: int = 2 * PLAYERS) -> Reader:
    file = file_of({name: weight.astype("f2") for name, weight in weights_of(shape).items()})
    return Reader(Transformer(file, **shape._asdict(), weights_as="int8", sequences=contexts))


def _walk(reader: Reader, seed: int) -> Walk:
    """A player that has heard 100 events, and remembers them."""
    letters = Alphabet(len(VIEW))
    letters.names = VIEW
    model = llm(reader, letters)
    chance = np.random.default_rng(seed)
    played = np.stack([chance.integers(50, 75, 100), chance.integers(3, 12, 100), chance.integers(3, 12, 100)], 1)
    model.learn(played.astype(np.int32))
    state = model.start()
    for symbol in played.tolist():
        model.advance(state, symbol)
    return Walk(model, state)


def _choose(walk: Walk, number: int, ordinal: int) -> None:
    """One event: where it stands in the bar is said, its pitch is masked, drawn, explained; then it goes on by it."""
    mask = np.ones(129)
    mask[:40] = 0
    walk.steer(around_tokens(Around(0, None, None, 0.0, ordinal % 8 / 2), None))
    assert walk.choose(Sampler(min_p=0.1), 1, number, ordinal, [mask, None, None]) is not None


def events() -> Table:
    """µs for an event of four tokens."""
    rows = []
    for name, shape in SIZES.items():
        walk = _walk(_reader(shape), 1)
        samples = []
        for ordinal in range(400):
            began = time.perf_counter_ns()
            _choose(walk, 1, ordinal)
            samples.append((time.perf_counter_ns() - began) / 1e9)
        rows.append((name, *Timing(samples).cells()))
    return Table(
        "A whole event of the LLM: place in the bar and three components, masked, drawn, with its sources",
        ("parameters", "least µs", "median µs", "p99 µs"),
        rows,
        "From Python, int8, one thread. About every hundredth event finds its context full: half of it is read again.",
    )


def beginning() -> Table:
    """How long until it is there, and what it takes."""
    rows = []
    for name, shape in SIZES.items():
        file = file_of({key: weight.astype("f2") for key, weight in weights_of(shape).items()})
        before = _resident_mb()
        began = time.perf_counter_ns()
        reader = Reader(Transformer(file, **shape._asdict(), weights_as="int8", sequences=32))
        loaded = time.perf_counter_ns()
        walk = _walk(reader, 1)
        _choose(walk, 1, 0)
        played = time.perf_counter_ns()
        rows.append((name, len(file) / 1e6, (loaded - began) / 1e6, (played - loaded) / 1e6, _resident_mb() - before))
    return Table(
        "The LLM's beginning",
        ("parameters", "file MB", "load ms", "first event ms", "resident MB more"),
        rows,
        "32 contexts of 512 tokens; the first event is after 100 that were heard and are read first.",
    )


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def sixteen() -> Table:
    """Sixteen players, twenty events a second each: how late the last of them is, and what share of a core it takes."""
    reader = _reader(SIZES["1M"])
    walks = [_walk(reader, seed) for seed in range(PLAYERS)]
    for number, walk in enumerate(walks):
        _choose(walk, number, 0)
    late = []
    began, used = time.perf_counter(), time.process_time()
    for beat in range(1, SECONDS * EVENTS_A_SECOND + 1):
        due = began + beat / EVENTS_A_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        for number, walk in enumerate(walks):
            _choose(walk, number, beat)
        late.append(time.perf_counter() - due)
    share = (time.process_time() - used) / (time.perf_counter() - began)
    missed = sum(one > 1 / EVENTS_A_SECOND for one in late)
    least, median, p99 = Timing(late).cells(1e-3)
    return Table(
        f"{PLAYERS} players with the LLM of 1M, {EVENTS_A_SECOND} events a second each, all at the same moment",
        ("least ms", "median ms", "p99 ms", "deadlines missed", "share of a core"),
        [(least, median, p99, missed, share)],
        f"{SECONDS} s; a deadline is the next event, {1000 / EVENTS_A_SECOND:.0f} ms later. One after another, on one "
        "thread: together in a batch a token is little cheaper, and so nobody waits for others to be ready.",
    )
