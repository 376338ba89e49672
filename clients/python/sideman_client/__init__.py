"""An asyncio client for sideman: join, play notes, hear what the players answer."""
