"""`python tests/bench/echo.py PORT...`: a bare asyncio UDP echo, the floor; it answers to every port that is named.

Without ports it answers to the sender. Its own port is the one line that it prints.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast


class Echo(asyncio.DatagramProtocol):
    """Sends back what it gets."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """To all that are named, or back."""
        for port in self._ports or [addr[1]]:
            self._transport.sendto(data, ("127.0.0.1", port))


async def main(ports: list[int]) -> None:
    """Echo until the process is ended."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Echo(ports), local_addr=("127.0.0.1", 0)
    )
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main([int(port) for port in sys.argv[1:]]))
