"""Names of hosts become addresses before anybody plays; who cannot be found is left out and told."""

from __future__ import annotations

from sideman.hosts import looked_up
from sideman.settings import OutputSettings, PerformerSettings, Settings

NOBODY = "no-such-host.invalid"


def test_names_become_addresses_and_addresses_stay() -> None:
    settings = Settings(
        outputs=[OutputSettings("localhost", 9), OutputSettings("127.0.0.9", 9)],
        performers=[PerformerSettings("ann", address="localhost:9000"), PerformerSettings("bob")],
    )
    found, complaints = looked_up(settings)
    assert [output.host for output in found.outputs] == ["127.0.0.1", "127.0.0.9"]
    assert [performer.address for performer in found.performers] == ["127.0.0.1:9000", ""]
    assert complaints == []


def test_an_output_to_an_unknown_host_is_left_out_and_a_performer_there_has_to_join() -> None:
    settings = Settings(
        outputs=[OutputSettings(NOBODY, 9), OutputSettings("127.0.0.9", 9)],
        performers=[PerformerSettings("ann", address=f"{NOBODY}:9000")],
    )
    found, complaints = looked_up(settings)
    assert [output.host for output in found.outputs] == ["127.0.0.9"]
    assert found.performers[0].address == ""
    assert complaints == [
        f"outputs: nobody here knows the host '{NOBODY}'; write its address, as 10.0.0.9",
        f"performers: nobody here knows the host '{NOBODY}'; ann has to /join",
    ]
