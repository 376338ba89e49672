"""Delivery ahead of time: bundles with time tags, and what is void is called back."""

from __future__ import annotations

import pytest

from sideman.hub import Send
from sideman.osc import Bundle, Message, decode, unix_ns
from sideman.testing import Performer, Stage

MS = 1_000_000


def playing(ms: float) -> tuple[Stage, Performer, Performer]:
    """Bob gets things so much ahead, ann when they are due; the default player goes on freely."""
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    bob.send("/deliver", "ahead", ms)
    ann.play([(60, 0.25), (62, 0.25), (64, 0.25), (60, 0.25), (65, 0.25), (62, 0.25)] * 3)
    stage.advance(8)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/play")
    stage.advance(2)
    return stage, ann, bob


def sent(stage: Stage, to: Performer, since: int = 0) -> list[tuple[int, Message | Bundle]]:
    """What has left for somebody: when, and what."""
    return [(left, decode(packet)) for left, packet, places in stage.wire.sent[since:] if to.endpoint in places]


def message_of(content: Message | Bundle) -> Message:
    if isinstance(content, Message):
        return content
    (element,) = content.elements
    assert isinstance(element, Message)
    return element


def test_what_is_planned_leaves_ahead_in_a_bundle_whose_tag_is_when_it_is_due() -> None:
    stage, ann, bob = playing(400)
    begun = len(stage.wire.sent)
    stage.advance(3)
    offset = stage.clock.wall_offset()
    due = {
        unix_ns(content.time_tag) - offset: (left, message_of(content))
        for left, content in sent(stage, bob, begun)
        if isinstance(content, Bundle) and message_of(content).address == "/player/sideman/note"
    }
    on_time = {left: message_of(content) for left, content in sent(stage, ann, begun)}
    on_time = {left: message for left, message in on_time.items() if message.address == "/player/sideman/note"}
    assert len(on_time) > 4
    both = {left for left in due if any(abs(left - other) <= 1 for other in on_time)}
    assert len(both) > 4
    assert all(due[moment][0] == moment - 400 * MS or abs(due[moment][0] - moment + 400 * MS) <= 1 for moment in both)


def test_a_stop_voids_what_was_delivered_and_ends_each_note_of_it_twice() -> None:
    stage, ann, bob = playing(500)
    begun = len(stage.wire.sent)
    now = stage.clock.now()
    offset = stage.clock.wall_offset()
    delivered = {}
    for _, content in sent(stage, bob):
        message = message_of(content)
        if isinstance(content, Bundle) and message.address == "/player/sideman/note":
            due = unix_ns(content.time_tag) - offset
            if due > now + 1:
                delivered[message.arguments[0], message.arguments[4]] = due
    assert delivered
    ann.send("/player/sideman/stop")
    stage.advance(3)
    after = sent(stage, bob, begun)
    assert not [content for _, content in after if message_of(content).address == "/player/sideman/note"]
    (void,) = [message_of(content).arguments for _, content in after if message_of(content).address.endswith("/cut")]
    assert void[0] == min(event for _, event in delivered if isinstance(event, int))
    for (pitch, event), due in delivered.items():
        offs = [
            content
            for _, content in after
            if message_of(content).address.endswith("/off") and message_of(content).arguments == (pitch, 1, event)
        ]
        assert isinstance(offs[0], Message)
        (late,) = offs[1:]
        assert isinstance(late, Bundle)
        assert abs(unix_ns(late.time_tag) - offset - due - MS) <= 1
    assert not [output for output in stage.outputs_of[-1] if isinstance(output, Send) and not output.to]
    assert not ann.got("/player/sideman/cut")


@pytest.mark.parametrize("ms", [400, 100])
def test_when_plans_change_what_has_begun_goes_on_ahead_as_for_everybody_and_each_of_its_echoes_comes_once(
    ms: float,
) -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.play([(60, 1.0), (62, 1.0), (64, 1.0), (65, 1.0)])
    stage.advance(6)
    bob.send("/deliver", "ahead", ms)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/effects", "echo:0.6:2:0.9")  # 300 ms later, and again
    stage.advance(3)
    known = event = ann.got("/player/sideman/note")[-1][4]
    while event == known:
        stage.advance(0.01)
        event = ann.got("/player/sideman/note")[-1][4]
    for taboo in (1, 2, 3, 4):
        stage.advance(0.08)
        ann.send("/player/sideman/param/taboo", taboo)
    stage.advance(2)
    said = [heard for heard in ann.heard() if heard.address.endswith(("/note", "/off")) and event in heard.arguments]
    offset = stage.clock.wall_offset()
    there = []
    for left, content in sent(stage, bob):
        message = message_of(content)
        if message.address.endswith(("/note", "/off")) and event in message.arguments[2:]:
            due = unix_ns(content.time_tag) - offset if isinstance(content, Bundle) else left
            there.append((round(due / MS), message.address, message.arguments))
    assert len(said) == 5
    assert there == [(round(heard.time_s * 1000), heard.address, heard.arguments) for heard in said]


def test_a_delivery_that_there_is_not_is_refused() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/deliver", "pigeon")
    assert ann.got("/error")[0][1] == "no delivery 'pigeon'"


def test_players_plan_ahead_only_for_those_who_are_here() -> None:
    stage = Stage()
    stage.performer("ann")
    bob = stage.performer("bob")
    voice = stage.engine._sessions["main"].voices["sideman"]
    for back in (True, False):
        bob.send("/deliver", "ahead", 400.0)
        assert voice.lead_ns == 400_000_000
        stage.advance(40)  # its lease has run out
        assert voice.lead_ns == 0
        bob.send("/ping" if back else "/leave")
        assert voice.lead_ns == (400_000_000 if back else 0)
