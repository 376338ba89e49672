"""`sideman import` and `sideman generate`: music into memories and out of them, without a server."""

from __future__ import annotations

import math
import sys
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ..addresses import NAME, NAME_CURE
from ..chart import read as read_chart
from ..errors import Refused, SetupError
from ..memory import MOST_EVENTS, SEGMENT, Memory
from ..memoryfile import Damaged, decode, encode
from ..params import PLAYER_PARAMS, check, defaults
from ..shelf import Shelf
from ..viewpoint import check as check_viewpoint
from .app import app

MEMORIES = typer.Option(
    envvar="SIDEMAN_MEMORIES", help="folder of saved memories [where the system keeps a user's data]"
)


def _shelf(folder: Path | None, memory: str) -> Shelf:
    if not NAME.match(memory):
        raise SetupError(f"{memory!r} is not a memory's name", NAME_CURE)
    return Shelf(folder)


def _kept(shelf: Shelf, name: str) -> Memory | None:
    """The memory of that name; None: there is none. Raises `SetupError` for one that cannot be read."""
    try:
        return decode(shelf.bring(name), SEGMENT, MOST_EVENTS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SetupError(f"{shelf.path(name)} cannot be read: {error.strerror}", "see who may read it") from None
    except Damaged as error:
        raise SetupError(f"{shelf.path(name)} is {error}", "move it away, or import with --replace") from None


@app.command(name="import")
def import_music(
    paths: Annotated[list[Path], typer.Argument(help="files, song folders of Djazz, or folders that are searched")],
    memory: Annotated[str, typer.Option(help="the memory that keeps them: /memory/NAME/load brings it")],
    memories: Annotated[Path | None, MEMORIES] = None,
    replace: Annotated[bool, typer.Option("--replace", help="begin anew, rather than add to what it holds")] = False,
) -> None:
    """Read music into a memory, which players then play from.

    Read are Standard MIDI Files of every type; MusicXML (.musicxml .xml .mxl); JSON Lines (.jsonl .jsonl.gz, a piece
    a line, with notes [[onset, duration, pitch], ...], chords [[onset, length, label], ...], a grid of voices, or
    text); song folders of Djazz; chord charts as text (.chart .txt: Dm7 | G7 | C^7 | %). Each file's line says what
    it gave, or why it was refused; exit status 1 where one was.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ..corpora import Unreadable, found, read
    from ..importing import keep

    shelf = _shelf(memories, memory)
    kept = (None if replace else _kept(shelf, memory)) or Memory()
    files = found(paths)
    if not files:
        raise SetupError("nothing to read in what was named", "name files, or folders with files in them")
    refused = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("reading", total=len(files))
        for file in files:
            progress.update(task, description=file.name[:40])
            before = len(kept)
            try:
                line = f"{file}: {keep(kept, read(file)).line()}"
            except Unreadable as error:
                refused += 1
                kept.forget([(before, len(kept))])  # of a file that breaks off in the middle nothing is kept
                line = f"{file}: REFUSED, {error.what}; {error.cure}"
            progress.console.print(line, highlight=False, markup=False, soft_wrap=True)
            progress.advance(task)
    if not kept.remembered:
        raise SetupError("nothing was read, and nothing is kept", "see the lines above")
    try:
        shelf.keep(memory, encode(kept.snapshot(), (kept.velocity_sum, kept.velocity_count)))
    except OSError as error:
        raise SetupError(
            f"cannot write to {shelf.folder}: {error.strerror}", "name another folder: --memories"
        ) from None
    print(f"{memory}: {kept.remembered} events in {shelf.path(memory)}")
    if refused:
        print(f"{refused} of {len(files)} refused", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def generate(
    memory: Annotated[str, typer.Option(help="from which memory it plays, as import or /memory/NAME/save has kept it")],
    out: Annotated[Path, typer.Option(help="the MIDI file to write")],
    model: Annotated[str, typer.Option(help="oracle, ngram, blend, or what a bundled plugin brings")] = "oracle",
    viewpoint: Annotated[str, typer.Option(help="what it sees of an event")] = "pitch*ioi",
    beats: Annotated[float, typer.Option(min=0.1, max=100_000, help="until the event that crosses so many")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="of chance: the same seed plays the same")] = 1,
    tempo: Annotated[float, typer.Option(min=10, max=400, help="beats a minute, in the file")] = 120,
    chord: Annotated[str, typer.Option(help="the harmony over which it plays, for chord_tones and scale_degree")] = "",
    chart: Annotated[
        str,
        typer.Option(help="a form to play over, again and again, as /chart/set takes it: Dm7 | G7 | C^7 | %"),
    ] = "",
    param: Annotated[
        list[str] | None, typer.Option(help="a player's parameter, as --param temperature=0.8; as often as you like")
    ] = None,
    explain: Annotated[
        Path | None, typer.Option(help="a file of JSON Lines: each event, and why it was played")
    ] = None,
    memories: Annotated[Path | None, MEMORIES] = None,
) -> None:
    """Let a player improvise into a MIDI file: models, constraints and chance as on stage, without a server."""
    from ..band import Band
    from ..generating import explained, generated, midi_of
    from ..plugin import bundled_models

    shelf = _shelf(memories, memory)
    kept = _kept(shelf, memory)
    if kept is None:
        raise SetupError(f"there is no memory {memory!r} in {shelf.folder}", f"there are: {_list(shelf.names())}")
    band = Band(bundled_models())  # nobody waits: slow ones too
    if model not in band.models:
        raise SetupError(f"no model {model!r}", f"models: {', '.join(band.models)}")
    settings = defaults(PLAYER_PARAMS)
    try:
        check_viewpoint(viewpoint)
        form = [beat.label for beat in read_chart(chart).form] if chart else []
        for given in param or []:
            name, _, value = given.partition("=")
            settings[name] = check(PLAYER_PARAMS, name, value)[0]
    except Refused as error:
        raise SetupError(error.what, error.cure) from None
    labels = tuple(islice(cycle(form), math.ceil(beats)))
    try:
        events = generated(band, kept, model, viewpoint, settings, beats, seed, chord, labels)
    except Refused as error:  # a model may refuse a viewpoint
        raise SetupError(error.what, error.cure) from None
    if not events:
        raise SetupError("it had nothing to play", "import more, or loosen the parameters")
    try:
        midi_of(events, tempo, f"{memory} {model} {seed}").save(out)
        if explain is not None:
            explain.write_bytes(b"".join(msgspec.json.encode(explained(event)) + b"\n" for event in events))
    except OSError as error:
        raise SetupError(f"cannot write {error.filename}: {error.strerror}", "name another file") from None
    notes = sum(len(event.notes) for event in events)
    print(f"{out}: {len(events)} events, {notes} notes, {events[-1].onset_beats + events[-1].span_beats:.1f} beats")


def _list(names: list[str]) -> str:
    return ", ".join(names) or "none; make one with sideman import"
