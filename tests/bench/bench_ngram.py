"""The n-gram: learning, the worst single append, prediction by order and alphabet, memory; beside kenlm and nltk."""

from __future__ import annotations

import importlib
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench import arpa
from bench.report import Cell, Table, Timing, cxx, in_turns
from bench.streams import loop, markov, stuck
from sideman.models import Ints, NGram

RUNS = 3
ORDERS = (3, 5, 8, 16)
LETTERS = (12, 128, 1000)
LENGTH = 200_000
SHARED = 20_000  # symbols that all three models learn
INCLUDE = Path(__file__).resolve().parents[2] / "cpp" / "include"


def run() -> list[Table]:
    """Learning, prediction, what is left out, and all beside others."""
    return [_learning(), _prediction(), _native(), _left_out(), *_beside()]


def _learned(symbols: Ints, order: int) -> NGram:
    model = NGram(order)
    model.learn(symbols)
    return model


def _learning() -> Table:
    streams = {f"{letters} letters": markov(letters, LENGTH) for letters in LETTERS}
    streams |= {"one letter, then another": stuck(LENGTH), "a loop of seven": loop(LENGTH)}
    rows: list[tuple[Cell, ...]] = []
    for name, symbols in streams.items():
        for order in ORDERS:
            speeds = []
            for _ in range(RUNS):
                begun = time.perf_counter()
                model = _learned(symbols, order)
                speeds.append(LENGTH / (time.perf_counter() - begun))
            contexts = model.contexts_kept
            worst = _worst_us(symbols, order)
            held = (model.bytes / contexts, model.bytes / LENGTH)
            rows.append((name, order, float(np.median(speeds)), worst, contexts, *held))
    return Table(
        "N-gram: learning",
        ("stream", "order", "events/s", "worst append µs", "contexts", "bytes/context", "bytes/event"),
        rows,
        f"{LENGTH:,} events in one call, median of {RUNS}. Worst append: the last 10,000 one call each from Python, "
        "the least of three runs' worst, since the machine's own pauses are in it. Bytes: all that the model holds, "
        "the events themselves too.",
    )


def _worst_us(symbols: Ints, order: int) -> float:
    worst = []
    for _ in range(RUNS):
        model = _learned(symbols[:-10_000], order)
        singles = [symbols[place : place + 1] for place in range(LENGTH - 10_000, LENGTH)]
        slowest = 0
        for single in singles:
            begun = time.perf_counter_ns()
            model.learn(single)
            slowest = max(slowest, time.perf_counter_ns() - begun)
        worst.append(slowest / 1000)
    return min(worst)


def _prediction() -> Table:
    rows: list[tuple[Cell, ...]] = []
    for letters in LETTERS:
        symbols = markov(letters, LENGTH)
        for order in ORDERS:
            model = _learned(symbols, order)
            state = model.start()
            whole, one, learns = [], [], []
            for symbol in symbols[:5000].tolist():
                model.advance(state, symbol)
                begun = time.perf_counter_ns()
                model.predict(state)
                predicted = time.perf_counter_ns()
                model.probability(state, symbol)
                asked = time.perf_counter_ns()
                whole.append((predicted - begun) / 1e9)
                one.append((asked - predicted) / 1e9)
            for place in range(5000):
                single = symbols[place : place + 1]
                begun = time.perf_counter_ns()
                model.learn(single)
                learns.append((time.perf_counter_ns() - begun) / 1e9)
            rows.append(
                (letters, order, *Timing(whole).cells(), Timing(one).median_s * 1e6, Timing(learns).median_s * 1e6)
            )
    return Table(
        "N-gram: the full distribution, one probability and one update, from Python",
        ("letters", "order", "all: min µs", "all: median µs", "all: p99 µs", "one: median µs", "update: median µs"),
        rows,
        f"After {LENGTH:,} events; 5,000 calls of each, timed one by one.",
    )


def _native() -> Table:
    rows: list[tuple[Cell, ...]] = []
    note = "The same within C++, without Python's calls and arrays."
    compiler = cxx()
    if compiler is None:
        return Table("N-gram: in C++", ("does",), (), "No C++ compiler was found.")
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "ngram_native")
        source = str(Path(__file__).with_name("ngram_native.cpp"))
        command = [compiler, "-std=c++20", "-O3", "-ffp-contract=off", f"-I{INCLUDE}", source, "-o", program]
        subprocess.run(command, check=True)
        for order in ORDERS:
            given = [program, str(order), *map(str, LETTERS)]
            for line in subprocess.run(given, capture_output=True, text=True, check=True).stdout.splitlines():
                what, letters, samples = line.split("|")
                timing = Timing([float(ns) / 1e9 for ns in samples.split()])
                rows.append((what, int(letters), order, *timing.cells()))
    columns = ("what", "letters", "order", "min µs", "median µs", "p99 µs")
    return Table("N-gram: in C++", columns, sorted(rows, key=lambda row: (str(row[0]), row[1])), note)


def _left_out() -> Table:
    """What it costs to leave out a phrase, and to play on while it is left out."""
    symbols = markov(60, LENGTH)
    rows: list[tuple[Cell, ...]] = []
    for order in ORDERS:
        model = _learned(symbols, order)
        state = model.start()
        for symbol in symbols[-20:].tolist():
            model.advance(state, symbol)
        one, other = (LENGTH - 512, LENGTH), (LENGTH - 1024, LENGTH - 512)
        for name, without in (("nothing left out", []), ("a phrase of 512, the same as before", [one])):
            call = partial(model.predict, state, (), without)
            rows.append((order, name, *in_turns({name: call}, 50, 20)[name].cells()))
        changing = []
        for turn in range(200):
            begun = time.perf_counter_ns()
            model.predict(state, (), [one if turn % 2 else other])
            changing.append((time.perf_counter_ns() - begun) / 1e9)
        rows.append((order, "two players in turns, each another phrase of 512", *Timing(changing).cells()))
    return Table(
        "N-gram: positions left out of a prediction",
        ("order", "what", "min µs", "median µs", "p99 µs"),
        rows,
        "60 letters. Only the difference to what was left out before is work: 512 out and 512 back in the last row.",
    )


def _beside() -> list[Table]:
    """kenlm (query) and nltk (learning and query) on the same symbols."""
    letters, order = 128, 5
    symbols = markov(letters, SHARED)
    begun = time.perf_counter()
    model = _learned(symbols, order)
    rows: list[tuple[Cell, ...]] = [("sideman", order, SHARED, SHARED / (time.perf_counter() - begun))]
    place = SHARED // 2
    past = symbols[place - 8 : place].tolist()
    state = model.start()
    for symbol in past:
        model.advance(state, symbol)
    following = int(symbols[place])
    calls: dict[str, Any] = {
        "sideman|all": lambda: model.predict(state),
        "sideman|one": lambda: model.probability(state, following),
    }
    note = ""
    with tempfile.TemporaryDirectory() as folder:
        kenlm = _kenlm(Path(folder) / "model.arpa", symbols, order)
        if kenlm is None:
            note += "kenlm is not installed here. "
        else:
            ask, one = kenlm.asking(past)
            values = np.unique(symbols).tolist()
            words = [arpa.word(value) for value in values]
            calls["kenlm|all"] = lambda: [ask(word) for word in words]
            calls["kenlm|one"] = lambda: ask(one(following))
            note += f"Largest difference from kenlm's probabilities: {_difference(model, kenlm, symbols):.1e}. "
        nltk = _nltk(symbols[:5000].tolist(), letters)
        if nltk is None:
            note += "nltk is not installed here. "
        else:
            learned, seconds = nltk
            rows.append(("nltk, Kneser-Ney (one discount)", 3, 5000, 5000 / seconds))
            calls["nltk|one"] = lambda: learned.score(str(following), [str(symbol) for symbol in past[-2:]])
        quick = {name: call for name, call in calls.items() if not name.startswith("nltk")}
        found = in_turns(quick, rounds=50, repeats=200)
        if "nltk|one" in calls:
            found |= in_turns({"nltk|one": calls["nltk|one"]}, rounds=5, repeats=1)
    asked: list[tuple[Cell, ...]] = [(*name.split("|"), *timing.cells()) for name, timing in found.items()]
    return [
        Table(
            "N-gram beside others: learning", ("model", "order", "events", "events/s"), rows, "kenlm learns off-line."
        ),
        Table(
            f"N-gram beside others: a query, {letters} letters, order {order}",
            ("model", "asked for", "min µs", "median µs", "p99 µs"),
            asked,
            note + "From Python, in turns. kenlm's file is written from the naive twin's counts (bench/arpa.py); all: "
            "128 queries from one state.",
        ),
    ]


def _difference(model: NGram, kenlm: _Kenlm, symbols: Ints) -> float:
    """The largest, of all values after a thousand pasts."""
    words = [arpa.word(value) for value in np.unique(symbols).tolist()]
    most = 0.0
    for place in range(8, 1008):
        past = symbols[place - 8 : place].tolist()
        state = model.start()
        for symbol in past:
            model.advance(state, symbol)
        ask, _ = kenlm.asking(past)
        theirs = np.array([10 ** ask(word) for word in words])
        most = max(most, float(np.abs(model.predict(state)[1][1:] - theirs).max()))
    return most


class _Kenlm:
    """A model of kenlm, asked from one state."""

    def __init__(self, module: Any, path: Path) -> None:
        self._module = module
        self._model = module.Model(str(path))

    def asking(self, past: list[int]) -> tuple[Any, Any]:
        """A function from a word to its log10 probability after a past, and the names of symbols."""
        state, after = self._module.State(), self._module.State()
        self._model.NullContextWrite(state)
        for symbol in past:
            self._model.BaseScore(state, arpa.word(symbol), after)
            state, after = after, self._module.State()
        score, scratch = self._model.BaseScore, self._module.State()
        return (lambda word: score(state, word, scratch)), arpa.word


def _kenlm(path: Path, symbols: Ints, order: int) -> _Kenlm | None:
    try:
        module = importlib.import_module("kenlm")
    except ImportError:
        return None
    arpa.write(path, symbols.tolist(), order)
    return _Kenlm(module, path)


def _nltk(symbols: list[int], letters: int) -> tuple[Any, float] | None:
    try:
        lm = importlib.import_module("nltk.lm")
        ngrams = importlib.import_module("nltk.util").everygrams
    except ImportError:
        return None
    words = [str(symbol) for symbol in symbols]
    model = lm.KneserNeyInterpolated(3)
    begun = time.perf_counter()
    model.fit([list(ngrams(words, max_len=3))], [str(letter) for letter in range(1, letters + 1)])
    return model, time.perf_counter() - begun
