"""What a performer hears of an answer, for tests that compare what several heard."""

from __future__ import annotations

from sideman_client import Client, Message


async def answer(client: Client) -> list[Message]:
    """The notes of the next answer of the default player, from `playing` to `armed`."""
    notes = []
    playing = False
    async for message in client:
        if message.address == "/player/sideman/note":
            notes.append(message)
        elif message.address == "/player/sideman/state":
            if playing and message.arguments[0] == "armed":
                break
            playing = message.arguments[0] == "playing"
    return notes
