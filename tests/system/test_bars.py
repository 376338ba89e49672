"""The bars of a real process, by number: junk, two servers face to face, a port that is taken, where it listens."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sideman_client.message import build, parse
from system.server import serving

pytestmark = pytest.mark.system

#: How many datagrams of junk; `SIDEMAN_JUNK=1000000` for the whole bar.
JUNK = int(os.environ.get("SIDEMAN_JUNK", "20000"))


def resident_mb(pid: int) -> float:
    """The memory of a process, where the system tells."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def pinged(ears: socket.socket, to: tuple[str, int], number: int) -> None:
    """Send a ping until its pong comes: what was sent before may have been lost in a full buffer."""
    ears.settimeout(0.5)
    for _ in range(20):
        ears.sendto(build("/ping", number), to)
        try:
            while True:
                for message in parse(ears.recv(65536)):
                    if message.address == "/pong" and message.arguments[0] == number:
                        return
        except TimeoutError:
            continue
    raise AssertionError("no /pong")


def test_bar_1_junk_of_every_size_neither_stops_the_server_nor_fills_it() -> None:
    draw = random.Random(7117)
    good = [build("/note", 60.0, 90.0, 1, 50.0), build("/player/sideman/why"), build("/join", "eve")]
    with serving() as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
        ears.bind(("127.0.0.1", 0))
        to = (server.host, server.port)
        ears.sendto(build("/join", "ann"), to)
        pinged(ears, to, 1)
        before_mb = 0.0
        for number in range(JUNK):
            if number % 1000 == 0:
                ears.sendto(draw.randbytes(draw.choice((0, 1, 3, 9000, 65_507))), to)
            elif number % 2:
                packet = bytearray(draw.choice(good))
                packet[draw.randrange(len(packet))] = draw.randrange(256)
                ears.sendto(bytes(packet[: draw.randint(0, len(packet))]), to)
            else:
                ears.sendto(draw.randbytes(draw.randrange(120)), to)
            if number % 200 == 0:
                pinged(ears, to, number + 2)
            if number == JUNK // 2:
                before_mb = resident_mb(server.process.pid)
        pinged(ears, to, JUNK + 2)
        assert resident_mb(server.process.pid) - before_mb <= 5
        assert server.process.poll() is None
        assert len(server.log().splitlines()) < 300


def test_bar_14_two_servers_that_face_each_other_fall_silent() -> None:
    with serving() as one, serving() as other:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
            ears.bind(("127.0.0.1", 0))
            # Whoever forges the other's address can make a server speak to it: an error is not answered.
            for server, facing in ((one, other), (other, one)):
                ears.sendto(build("/join", "far", facing.port), (server.host, server.port))
                for _ in range(5):
                    ears.sendto(build("/nonsense"), (server.host, server.port))
            time.sleep(1.0)
            busy_s = [cpu_s(server.process.pid) for server in (one, other)]
            time.sleep(1.0)
            assert all(
                cpu_s(server.process.pid) - busy < 0.2 for server, busy in zip((one, other), busy_s, strict=True)
            )
            ears.sendto(build("/join", "ann"), (one.host, one.port))
            pinged(ears, (one.host, one.port), 7)
        assert len(one.log().splitlines()) < 60


def cpu_s(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(*options: str) -> subprocess.CompletedProcess[str]:
    """`sideman serve`, which is expected to refuse."""
    command = [sys.executable, "-m", "sideman", "serve", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_bar_28_a_port_that_is_taken_is_said_with_its_owner_and_the_cure() -> None:
    with serving() as server:
        refused = serve("--osc-port", str(server.port))
    assert refused.returncode == 98
    assert refused.stdout == ""
    (line,) = refused.stderr.strip().splitlines()
    assert f"UDP port {server.port} on 127.0.0.1 is taken" in line
    assert f"({server.process.pid})" in line
    assert "--osc-port" in line


def test_bar_32_a_wrong_configuration_is_refused_before_any_port_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('osc_prot = 7000\nhost = "127.0.0.1"\n')
    refused = serve("--config", str(path), "--check")
    assert refused.returncode == 2
    assert "wrong.toml:1: no key 'osc_prot'; did you mean 'osc_port'?" in refused.stderr
    missing = serve("--config", str(tmp_path / "nowhere.toml"))
    assert missing.returncode == 2
    assert "nowhere.toml is not there" in missing.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1"])
def test_bar_37_nothing_listens_beyond_loopback_without_tokens_or_open(host: str) -> None:
    refused = serve("--host", host, "--check")
    assert refused.returncode == 2
    assert "anybody could join" in refused.stderr
    assert serve("--host", host, "--open", "--check").returncode == 0


def test_bar_37_by_default_it_listens_on_loopback_alone() -> None:
    with serving() as server:
        table = Path("/proc/net/udp").read_text().splitlines()[1:]
        bound = [line.split()[1] for line in table if line.split()[1].endswith(f":{server.port:04X}")]
    assert bound == [f"0100007F:{server.port:04X}"]
