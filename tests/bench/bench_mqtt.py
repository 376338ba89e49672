"""What the bridge adds to MQTT: from a note's arrival by UDP to its arrival from the broker, beside a bare aiomqtt
client that publishes to itself through the same broker, in turns."""

from __future__ import annotations

import asyncio
import json
import queue
import random
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import aiomqtt

from bench.report import Cell, Table, Timing
from plugins.broker import broker
from sideman.osc import Message, decode, encode
from system.server import serving

SAMPLES = 400
NOTE = "sideman/main/json/player/sideman/note"
CONFIG = """
[plugins.mqtt.config]
host = "127.0.0.1"
port = {port}
server = "bench"
"""


def run() -> list[Table]:
    """One table; the line that matters is the last."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        mqtt = stack.enter_context(broker(folder))
        path = folder / "sideman.toml"
        path.write_text(CONFIG.format(port=mqtt.port), encoding="utf-8")
        server = stack.enter_context(serving("--seed", "7", "--config", str(path)))
        by_udp, by_mqtt, bare, both = asyncio.run(_measure(mqtt.port, server.port))
    out = Timing([late - early for late, early in zip(by_mqtt, by_udp, strict=True)])
    added = (out.median_s - Timing(bare).median_s) * 1e6
    rows: list[tuple[Cell, ...]] = [
        ("a command by UDP, its note by UDP", *Timing(by_udp).cells()),
        ("a command by UDP, its note by MQTT", *Timing(by_mqtt).cells()),
        ("a command by MQTT, its note by MQTT", *Timing(both).cells()),
        ("from the note's arrival by UDP to its arrival by MQTT", *out.cells()),
        ("bare aiomqtt, published to itself", *Timing(bare).cells()),
        ("the bridge adds, of the two before", "", added, ""),
    ]
    return [
        Table(
            "A note over MQTT",
            ("what", "min µs", "median µs", "p99 µs"),
            rows,
            f"{SAMPLES} notes, 5 ms apart, in turns with the bare client; Mosquitto on loopback, QoS 0, both formats.",
        )
    ]


async def _measure(mqtt_port: int, osc_port: int) -> tuple[list[float], list[float], list[float], list[float]]:
    by_udp, by_mqtt, bare, both = list[float](), list[float](), list[float](), list[float]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.connect(("127.0.0.1", osc_port))
        arrived: queue.SimpleQueue[float] = queue.SimpleQueue()

        def listen() -> None:  # on a thread: the loop is busy with the broker's packets
            while True:
                message = decode(ear.recv(4096))
                if isinstance(message, Message) and message.address == "/player/sideman/note":
                    arrived.put(time.perf_counter())
                elif isinstance(message, Message) and message.arguments == ("/leave",):
                    return

        async with aiomqtt.Client("127.0.0.1", mqtt_port) as client:
            await client.subscribe(NOTE)
            await client.subscribe("bare")
            messages = aiter(client.messages)
            ear.send(encode("/join", "ear"))
            draw = random.Random(1)
            for _ in range(100):
                ear.send(encode("/note", float(draw.choice((60, 62, 64, 65, 67, 69))), 90.0, 1, 10.0))
                await asyncio.sleep(0.04)  # further apart than `chord_ms`
            ear.send(encode("/player/sideman/mode", "manual"))
            await asyncio.sleep(2.5)
            listener = threading.Thread(target=listen, daemon=True)
            listener.start()
            payload = json.dumps([64, 88, 250.0, 1, 17]).encode()
            for _ in range(SAMPLES):
                while not arrived.empty():
                    arrived.get()
                begun = time.perf_counter()
                ear.send(encode("/player/sideman/next"))
                await _until(messages, NOTE)
                by_mqtt.append(time.perf_counter() - begun)
                by_udp.append(arrived.get(timeout=10) - begun)
                await asyncio.sleep(0.005)
                begun = time.perf_counter()
                await client.publish("bare", payload)
                await _until(messages, "bare")
                bare.append(time.perf_counter() - begun)
                await asyncio.sleep(0.005)
                begun = time.perf_counter()
                await client.publish("sideman/main/in/player/json/player/sideman/next", b"")
                await _until(messages, NOTE)
                both.append(time.perf_counter() - begun)
                await asyncio.sleep(0.005)
            ear.send(encode("/leave"))
            listener.join(10)
    return by_udp, by_mqtt, bare[1:], both[1:]


async def _until(messages: AsyncIterator[aiomqtt.Message], topic: str) -> None:
    async with asyncio.timeout(10):
        async for message in messages:
            if str(message.topic) == topic:
                return
