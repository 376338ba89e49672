"""Chains of effects: what each does, that nothing leaves its bounds, and that one that fails disturbs nobody."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.chain import MOST_LINKS, links, treated, words
from sideman.errors import PluginFault, Refused
from sideman.events import Before, Control, Note, Planned, Why
from sideman.plugin import Registry
from sideman.settings import PlayerSettings, Settings
from sideman.testing import Performer, Stage
from sideman.treatments import TREATMENTS, Arguments, Treatment

P = "/player/sideman"
WHY = Why("oracle", 0.5, 0.5, 1.0, 0, "ann", 3, 1.0, 2)
NONE = Before((), 0)


def event(*pitches: float, onset: float = 4.0, channel: int = 1) -> Planned:
    return Planned(onset, 1.0, tuple(Note(pitch, 64.0, 0.0, 0.8, channel) for pitch in pitches), "", WHY)


def after(chain: str, planned: Planned, before: Before = NONE) -> Planned:
    made, faults = treated(planned, links(chain, TREATMENTS), before)
    assert faults == []
    return made


def pitches(planned: Planned) -> list[float]:
    return [note.pitch for note in planned.notes]


def test_each_effect_does_what_it_says() -> None:
    assert pitches(after("transpose:7", event(60, 64))) == [67, 71]
    assert pitches(after("octave:-1", event(60))) == [48]
    assert pitches(after("inversion:60", event(60, 64, 67))) == [60, 56, 53]
    assert [note.offset_beats for note in after("delay:0.5", event(60)).notes] == [0.5]
    assert after("velocity:2", event(60)).notes[0].velocity == pytest.approx(64 * 64 / 127)
    assert after("velocity:0.5", replace(event(60), notes=(Note(60, 127, 0, 1),))).notes[0].velocity == 127
    echoed = after("echo:0.5:2:0.5", event(60)).notes
    assert [(note.offset_beats, note.velocity) for note in echoed] == [(0, 64), (0.5, 32), (1.0, 16)]
    struck = after("repeat:4", event(60)).notes
    assert [round(note.offset_beats, 3) for note in struck] == [0, 0.2, 0.4, 0.6]
    assert {round(note.duration_beats, 3) for note in struck} == {0.2}


def test_retrograde_plays_each_group_backwards_one_group_late() -> None:
    line, played = [event(60 + step, onset=step) for step in range(12)], []
    for count, planned in enumerate(line):
        played.append(pitches(after("retrograde:4", planned, Before(tuple(line[:count]), count)))[0])
    assert played == [60, 61, 62, 63, 63, 62, 61, 60, 67, 66, 65, 64]


def test_effects_act_in_the_order_of_the_chain_and_are_named_in_the_reasons() -> None:
    made = after("transpose:2 inversion:60", event(60))
    assert pitches(made) == [58]
    assert made.why.bound_by == ("effect transpose:2", "effect inversion:60")
    assert pitches(after("inversion:60 transpose:2", event(60))) == [62]
    assert after("transpose:0", event(60)) == event(60)  # what changes nothing is not named


def test_drums_keep_their_pitches() -> None:
    for chain in ("transpose:7", "octave:1", "inversion:60"):
        assert pitches(after(chain, event(36, channel=10))) == [36]


def test_pressure_goes_with_its_key() -> None:
    pressed = replace(event(60), controls=(Control("pressure", 60, 80, 0.2), Control("bend", 0, 0.5, 0.3)))
    assert after("transpose:5", pressed).controls == (Control("pressure", 65, 80, 0.2), Control("bend", 0, 0.5, 0.3))


def test_what_is_no_effect_is_refused_with_a_cure() -> None:
    for wrong in ("transpos:7", "transpose:high", "transpose:99", "transpose:1:2", "transpose:nan", ":7", "delay:-1"):
        with pytest.raises(Refused):
            links(wrong, TREATMENTS)
    with pytest.raises(ValueError, match=f"at most {MOST_LINKS}"):
        words("repeat " * (MOST_LINKS + 1))


numbers = st.floats(allow_nan=True, allow_infinity=True)
notes = st.builds(Note, numbers, numbers, numbers, numbers, st.integers(-300, 300))
controls = st.builds(
    Control, st.sampled_from(["control", "bend", "pressure"]), st.integers(-9, 999), numbers, numbers, st.integers(0, 9)
)


@st.composite
def chains(draw: st.DrawFn) -> str:
    """Any chain with any values that are allowed."""
    said = []
    for name in draw(st.lists(st.sampled_from(sorted(TREATMENTS)), max_size=MOST_LINKS)):
        knobs = TREATMENTS[name].knobs or ()
        values = [draw(st.floats(knob.low, knob.high)) for knob in knobs]
        said.append(":".join([name, *(f"{value:.6f}" for value in values)]))
    return " ".join(said)


def within(planned: Planned, source: Planned) -> None:
    assert (planned.onset_beats, planned.span_beats) == (source.onset_beats, source.span_beats)
    for note in planned.notes:
        assert 0 <= round(note.pitch) <= 127
        assert 1 <= note.velocity <= 127
        assert note.offset_beats >= 0
        assert note.duration_beats > 0
        assert 1 <= note.channel <= 255
        assert all(map(math.isfinite, (note.pitch, note.velocity, note.offset_beats, note.duration_beats)))
    for control in planned.controls:
        assert -1 <= control.number <= 127
        assert -1 <= control.value <= 127
        assert control.offset_beats >= 0


@given(chains(), st.lists(st.tuples(st.floats(0, 127), st.floats(1, 127)), min_size=1, max_size=5), st.integers(0, 40))
def test_no_chain_leaves_the_bounds(chain: str, played: list[tuple[float, float]], count: int) -> None:
    source = replace(event(60), notes=tuple(Note(pitch, loud, 0.1, 0.5) for pitch, loud in played))
    past = tuple(event(60 + step % 12, onset=step) for step in range(min(count, 32)))
    made, faults = treated(source, links(chain, TREATMENTS), Before(past, count))
    assert faults == []
    within(made, source)


@given(st.lists(notes, max_size=4), st.lists(controls, max_size=4), numbers)
def test_whatever_a_plugins_effect_gives_is_bounded_or_refused(
    given_notes: list[Note], given_controls: list[Control], onset: float
) -> None:
    def wild(planned: Planned, arguments: Arguments, before: Before) -> Planned:
        return replace(planned, onset_beats=onset, notes=tuple(given_notes), controls=tuple(given_controls))

    made, faults = treated(event(60), links("wild", {"wild": Treatment("wild", wild)}), NONE)
    within(made, event(60))
    finite = all(
        map(math.isfinite, [x for n in given_notes for x in (n.pitch, n.velocity, n.offset_beats, n.duration_beats)])
    ) and all(map(math.isfinite, [x for c in given_controls for x in (c.value, c.offset_beats)]))
    assert finite == (not faults)


# On stage


def fails(planned: Planned, arguments: Arguments, before: Before) -> Planned:
    raise ZeroDivisionError("no idea")


def higher(planned: Planned, arguments: Arguments, before: Before) -> Planned:
    return replace(planned, notes=tuple(replace(n, pitch=n.pitch + arguments[0]) for n in planned.notes))


@pytest.fixture
def ann() -> Performer:
    """Ann, to whose phrase the player goes on in `free`."""
    performer = Stage().performer("ann")
    performer.play([(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5)])
    performer.send(f"{P}/mode", "free")
    performer.stage.advance(2)
    performer.clear()
    return performer


def played(ann: Performer) -> set[int]:
    return {int(str(note[0])) for note in ann.got(f"{P}/note")}


def test_effects_come_and_go_while_it_plays(ann: Performer) -> None:
    ann.send(f"{P}/effects", "transpose:24", "repeat:2")
    assert ann.got("/done") == [(f"{P}/effects",)]
    assert ann.got(f"{P}/is") == [("effects", "transpose:24 repeat:2")]
    ann.stage.advance(0.6)
    ann.clear()
    ann.stage.advance(4)
    assert played(ann)
    assert played(ann) <= {84, 86, 88, 89}
    ann.send(f"{P}/why")
    assert "effect transpose:24; effect repeat:2" in str(ann.got(f"{P}/why")[0][-1])
    ann.send(f"{P}/effects")
    ann.stage.advance(0.6)
    ann.clear()
    ann.stage.advance(4)
    assert played(ann) <= {60, 62, 64, 65}
    ann.send(f"{P}/undo")
    ann.send(f"{P}/get", "effects")
    assert ann.got(f"{P}/is")[-1] == ("effects", "transpose:24 repeat:2")


def test_an_unknown_effect_changes_nothing(ann: Performer) -> None:
    for address, *rest in ((f"{P}/effects", "transpose:7", "wah"), (f"{P}/set", "effects", "wah")):
        ann.send(address, *rest)
        assert ann.got("/error")[-1][0] == address
        assert "no effect 'wah'" in str(ann.got("/error")[-1][1])
    assert ann.got(f"{P}/is") == []


def test_a_bundle_with_a_wrong_chain_is_refused_whole(ann: Performer) -> None:
    ann.stage.packet(
        ann.endpoint,
        bundle(("/player/sideman/octave", 1), ("/player/sideman/effects", "wah")),
    )
    ann.send(f"{P}/get", "octave")
    assert ann.got(f"{P}/is") == [("octave", 0)]


def test_an_effect_that_fails_leaves_the_chain_and_the_music_goes_on(ann: Performer) -> None:
    session = ann.stage.engine.band.treatments  # what a plugin in this process brought
    assert session == {}
    there = ann.stage.engine._sessions["main"].treatments
    there["fails"] = Treatment("fails", fails)
    there["higher"] = Treatment("higher", higher)
    ann.send(f"{P}/effects", "fails", "higher:12")
    assert ann.got(f"{P}/is")[-1] == ("effects", "higher:12")
    assert "ZeroDivisionError: no idea" in str(ann.got("/notice")[-1][1])
    ann.stage.advance(0.6)
    ann.clear()
    ann.stage.advance(4)
    assert played(ann)
    assert played(ann) <= {72, 74, 76, 77}
    ann.send("/status")
    assert ("failed_effect", "sideman", "fails", "ZeroDivisionError: no idea") in ann.got("/status/is")


def test_a_delayed_note_comes_though_the_plan_is_made_anew_and_not_after_a_stop(ann: Performer) -> None:
    ann.send(f"{P}/effects", "delay:2")
    ann.stage.advance(3)
    ann.clear()
    for step in range(40):  # a fader moves all the time
        ann.send(f"{P}/param/temperature", 1 + step / 100)
        ann.stage.advance(0.1)
    assert len(ann.got(f"{P}/note")) >= 6
    ann.send(f"{P}/stop")
    ann.clear()
    ann.stage.advance(5)
    assert ann.got(f"{P}/note") == []


def test_a_note_that_is_to_come_again_ends_before(ann: Performer) -> None:
    ann.send(f"{P}/effects", "echo:0.25:4:1")
    ann.stage.advance(6)
    sounding: dict[int, float] = {}
    for message in ann.heard():
        if message.address == f"{P}/note":
            pitch, _, length_ms, _, _ = message.arguments
            assert sounding.get(int(str(pitch)), 0) <= message.time_s + 1e-6
            sounding[int(str(pitch))] = message.time_s + float(str(length_ms)) / 1000
        elif message.address == f"{P}/off":
            sounding.pop(int(str(message.arguments[0])), None)


def test_the_configuration_may_ask_for_effects() -> None:
    stage = Stage(settings=Settings(players=[PlayerSettings("sideman", params={"effects": "octave:1"})]))
    assert stage.engine.complaints == []
    ann = stage.performer("ann")
    ann.send(f"{P}/get", "effects")
    assert ann.got(f"{P}/is") == [("effects", "octave:1")]


# By the public door


def test_a_plugins_effect_is_checked_when_it_registers() -> None:
    registry = Registry("mine")
    registry.effect("higher", higher, "higher by so much")
    for name, treat in (("higher", higher), ("transpose", higher), ("no name", higher), ("other", lambda event: event)):
        with pytest.raises(PluginFault):
            registry.effect(name, treat)  # type: ignore[arg-type]
    assert list(registry.effects) == ["higher"]


def bundle(*messages: tuple[str, object]) -> bytes:
    """A bundle that is due at once."""
    from sideman.osc import encode

    elements = [encode(address, value) for address, value in messages]  # type: ignore[arg-type]
    head = b"#bundle\0" + (1).to_bytes(8, "big")
    return head + b"".join(len(element).to_bytes(4, "big") + element for element in elements)
