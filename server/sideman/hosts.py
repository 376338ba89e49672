"""The names of hosts in the configuration, looked up once, before anybody plays.

Only here is a name ever looked up: that may take seconds, and a note must not wait for it. What comes after knows
addresses alone, so that a performer is recognised by the one that its packets bear, and a replay asks nobody.
"""

from __future__ import annotations

import socket

import msgspec

from .settings import Settings


def looked_up(settings: Settings) -> tuple[Settings, list[str]]:
    """The settings with addresses in place of names; an output whose host is unknown is left out, and told."""
    complaints: list[str] = []
    outputs = []
    for output in settings.outputs:
        address = address_of(output.host)
        if address:
            outputs.append(msgspec.structs.replace(output, host=address))
        else:
            complaints.append(f"outputs: nobody here knows the host {output.host!r}; write its address, as 10.0.0.9")
    performers = []
    for performer in settings.performers:
        host, colon, port = performer.address.rpartition(":")
        address = address_of(host) if host else ""
        if not host:
            performers.append(performer)
            continue
        if not address:
            complaints.append(f"performers: nobody here knows the host {host!r}; {performer.name} has to /join")
        performers.append(msgspec.structs.replace(performer, address=f"{address}{colon}{port}" if address else ""))
    return msgspec.structs.replace(settings, outputs=outputs, performers=performers), complaints


def address_of(host: str) -> str:
    """The IPv4 address of a host, as it stands in packets; empty where the name is not known."""
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return ""
    return str(found[0][4][0])
