"""An asyncio client for sideman: join, play notes, hear what the players answer."""

from .client import DEFAULT_PORT, Client, NobodyAnswers, Refused
from .message import Message

__all__ = ["DEFAULT_PORT", "Client", "Message", "NobodyAnswers", "Refused"]
