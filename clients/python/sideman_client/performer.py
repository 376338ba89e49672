"""A performer who plays the tune as a person would: in phrases, with breath, accents and some unsteadiness.

Only playing belongs here; what is shown is `screen`'s matter.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from random import Random
from typing import Final

from .client import Client
from .melody import Phrase, phrases
from .message import Message

QUAVER_S: Final = 0.3
BREATH_S: Final = 0.7

#: How long after its last note a phrase may go unanswered, and an answer may last beyond the phrase's length.
_PATIENCE_S: Final = 3.0

_VELOCITY: Final = (58.0, 30.0)  # at the ends of a phrase, and what its middle adds
_ACCENT: Final = 8.0
_UNSTEADY: Final = 0.03  # standard deviation of a tone's length, relative
_SLOWER: Final = 0.08  # the last tone of a phrase, relative
_LEGATO: Final = 0.92  # sounding part of a tone's length


async def perform(client: Client, rounds: int | None, random: Random) -> None:
    """Play the tune so many times (None: for ever), with room for an answer after each phrase."""
    while rounds is None or rounds > 0:
        for phrase in phrases():
            length_s = await play(client, phrase, random)
            await listen(client, length_s)
            await asyncio.sleep(BREATH_S)
        rounds = None if rounds is None else rounds - 1


async def play(client: Client, phrase: Phrase, random: Random) -> float:
    """Play one phrase in real time, to the end of its last note; returns its length in seconds."""
    loop = asyncio.get_running_loop()
    begin_s = at_s = loop.time()
    for number, tone in enumerate(phrase):
        place = number / max(1, len(phrase) - 1)
        arch = _VELOCITY[0] + _VELOCITY[1] * math.sin(math.pi * (0.15 + 0.7 * place))
        velocity = arch + _ACCENT * tone.strong + random.gauss(0, 3)
        length_s = tone.quavers * QUAVER_S * (1 + _SLOWER * place**3) * random.gauss(1, _UNSTEADY)
        client.note(tone.pitch, round(velocity), duration_ms=1000 * length_s * _LEGATO)
        at_s += length_s
        await asyncio.sleep(at_s - loop.time())
    return at_s - begin_s


async def listen(client: Client, length_s: float) -> None:
    """Wait until every player that begins to answer now is done, or for so long that nobody will."""
    playing: set[str] = set()
    for message in client.unread():  # what was answered to others meanwhile
        _follow(playing, message)
    answered = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S) as limit:
            async for message in client:
                before = len(playing)
                _follow(playing, message)
                if len(playing) > before:
                    answered = True
                    limit.reschedule(asyncio.get_running_loop().time() + length_s + _PATIENCE_S)
                elif answered and not playing:
                    return


def _follow(playing: set[str], message: Message) -> None:
    """Keep the set of players that play, from their states."""
    match message.address.split("/"):
        case ["", "player", player, "state"] if message.arguments[:1] == ("playing",):
            playing.add(player)
        case ["", "player", player, "state"]:
            playing.discard(player)
