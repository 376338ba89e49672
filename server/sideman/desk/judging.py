"""Judgements: one likes an event, or does not."""

from __future__ import annotations

from ..errors import Refused
from ..judgement import DISLIKE, LIKE
from .call import Call, Steps, command


@command("/player/<p>/like")
def like(call: Call) -> Steps:
    return _judge(call, LIKE)


@command("/player/<p>/dislike")
def dislike(call: Call) -> Steps:
    return _judge(call, DISLIKE)


def _judge(call: Call, value: int) -> Steps:
    name, there = call.player()
    number = int(call.command.arguments[0])
    played = there.find(number, call.now) if there is not None else None
    if played is None:
        what = f"event {number} is not remembered" if number else "it has played nothing yet"
        raise Refused(f"{name}: {what}", "judge a later event, or 0, the last")
    yield
    before = call.session.judge(call.voice(), played.number, call.sender.name, value, call.now)
    call.changed(f"judge {played.number}", before)
