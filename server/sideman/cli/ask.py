"""`sideman ask`: an instruction to the small LLM of text, what it answers, and how sure it was of each character."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import SetupError
from .app import app

#: Characters of which it was less sure than this are marked.
SURE: Final = 0.5


@app.command()
def ask(
    instruction: Annotated[str, typer.Argument(help="such as: Replace the vegetables by fruits.")],
    sentence: Annotated[str, typer.Argument(help="such as: Ann ate a carrot on Sunday.")],
    folder: Annotated[Path | None, typer.Option("--from", help="folder of a text model [the one that ships]")] = None,
) -> None:
    """Tell the small LLM what to do with a sentence, in English or French; it writes the likeliest, letter by letter.

    A caret under a letter: there it hesitated, even the likeliest had less than half of all probability.
    """
    from ..llm import Unfit
    from ..tokens import TEXT, prompt, vocabulary_of
    from ..training.engine import Engine, considered

    there = folder or Path(str(importlib.resources.files("sideman_llm"))) / "models" / "text"
    try:
        engine = Engine(there)
        vocabulary_of(engine.about, {TEXT.kind: TEXT})
    except (Unfit, ValueError) as error:
        raise SetupError(f"no model of text in {there}: {error}", "name a folder that `sideman train` made") from None
    try:
        told = prompt(instruction, sentence)
    except UnicodeEncodeError:
        raise SetupError("what was asked is no UTF-8 text", "set the terminal to UTF-8") from None
    room = engine.window - len(told)
    if room < len(sentence.encode()):  # an answer is about as long as its sentence
        most = engine.window - (len(told) - len(sentence.encode()))
        raise SetupError(f"the sentence is too long: this model hears {engine.window} bytes", f"at most {most // 2}")
    letters = considered(engine, told, room)
    print("".join(letter for letter, _ in letters))
    if any(p < SURE for _, p in letters):
        print("".join("^" if p < SURE else " " for _, p in letters).rstrip())
