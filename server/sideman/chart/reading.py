"""A chart from whatever it is written in: text, a link of iReal Pro, a song file of Djazz."""

from __future__ import annotations

from ..errors import Refused
from .form import Chart
from .ireal import LINK, read_ireal
from .songs import read_song
from .text import read_text


def read(text: str, name: str = "untitled", metre: tuple[int, int] = (4, 4)) -> Chart:
    """The chart that a text is, in `metre` until it says another; raises `Refused` that names bar and cure."""
    if LINK.search(text):
        return read_ireal(text)
    if text.lstrip().startswith("{"):
        return read_song(text.encode(), name, metre)
    return read_text(text, name, metre)


def read_bytes(data: bytes, name: str, metre: tuple[int, int] = (4, 4)) -> Chart:
    """The chart in a file; raises `Refused`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"not readable as text: {error.reason} at byte {error.start}", "save it as UTF-8") from None
    return read(text, name, metre)
