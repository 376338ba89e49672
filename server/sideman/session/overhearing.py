"""Players heard by players: what one of them plays is heard, when it sounds, by those that were told to hear it.

It is a stream like any other, with the player as its performer, so that it is learned, followed and answered as a
human's is. Three rules keep a band from talking to itself for ever: an event causes at most one reaction of each
hearer, not before the next half beat, and no chain of reactions is longer than four. And only humans renew a leash.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from ..events import Answer, Control, Planned
from ..streams import Held, Mark, Stream
from ..voice import DEEPEST, Played, Voice
from .listening import DRUMS_CHANNEL, Listening
from .unheard import Reaction, Unheard

#: Of one player at most so much waits to sound and be heard; what is beyond is not heard.
MOST_WAITING: Final = 1024


class Overhearing(Listening):
    """Who of the players hears whom of them."""

    def receive(self, answer: Answer, now: int) -> None:
        """A player's answer; what it is going to play will be heard when it sounds."""
        super().receive(answer, now)
        voice = self.voices.get(answer.player.rpartition("/")[2])
        if voice is not None:
            self._foresee(voice)

    def _by_hand(self, voice: Voice, planned: Planned, now: int) -> None:
        """What the hand plays in a player's place is heard like what it plays by itself."""
        super()._by_hand(voice, planned, now)
        self._foresee(voice)

    def _foresee(self, voice: Voice) -> None:
        """What has entered its plan since this was asked last will be heard."""
        new, voice.foreseen = voice.adopted - voice.foreseen, voice.adopted
        if not new or voice.silent or not self._has_hearers(voice):
            return
        waiting = [unheard for unheard in self.unheard.get(voice.name, ()) if self._stands(unheard, voice)]
        for played in list(voice.played)[-new:]:
            waiting.extend(self._to_be_heard(voice, played))
        ordered = sorted(waiting, key=lambda unheard: unheard.due_ns)[:MOST_WAITING]
        if ordered:  # rests and suggestions make no sound
            self.unheard[voice.name] = deque(ordered)
            self.agenda.set(("heard", voice.name), ordered[0].due_ns)

    def _stands(self, unheard: Unheard, voice: Voice) -> bool:
        """Whether it was not made void before it was due."""
        return unheard.epoch == voice.epoch or unheard.due_ns <= voice.cut_ns

    def _has_hearers(self, voice: Voice) -> bool:
        return any(voice.name in other.hears for other in self.voices.values())

    def _to_be_heard(self, voice: Voice, played: Played) -> Iterator[Unheard]:
        """What of a planned event can be heard: its notes, each when it sounds, or the label or gesture that it is; and
        then its controllers, which belong to the event that the notes have begun."""
        planned, depth = played.planned, 1 if played.by_hand else voice.depth
        until_ns = played.due_ns + self.timeline.span_ns(planned.span_beats)
        if planned.label or planned.gesture:
            mark = Mark(planned.label, "", planned.gesture, planned.span_beats, planned.why.origin)
            yield Unheard(played.due_ns, voice.epoch, depth, mark, until_ns)
        for note in planned.notes:
            onset_ns = played.due_ns + self.timeline.span_ns(note.offset_beats)
            off_ns = onset_ns + max(1, self.timeline.span_ns(note.duration_beats))
            held = Held(note.pitch, note.velocity, note.channel, onset_ns, off_ns, planned.why.origin)
            yield Unheard(onset_ns, voice.epoch, depth, held, off_ns)
        for control in planned.controls:
            at_ns = played.due_ns + self.timeline.span_ns(control.offset_beats)
            yield Unheard(at_ns, voice.epoch, depth, control, at_ns)

    def _sounds(self, name: str, due: int, now: int) -> None:
        """What a player plays now is heard, unless it was stopped or has thought better of it since."""
        voice, waiting = self.voices.get(name), self.unheard.get(name)
        if voice is None or waiting is None:
            self.unheard.pop(name, None)
            return
        while waiting and waiting[0].due_ns <= due:
            unheard = waiting.popleft()
            if self._stands(unheard, voice) and not voice.silent:
                self._heard(voice, unheard, now)
        if waiting:
            self.agenda.set(("heard", name), waiting[0].due_ns)
        else:
            del self.unheard[name]

    def _heard(self, voice: Voice, unheard: Unheard, now: int) -> None:
        """It enters the player's stream; what opens may be reacted to, what it closes is learned."""
        what = unheard.what
        if isinstance(what, Control):
            key = (voice.name, "drums" if what.channel == DRUMS_CHANNEL else "notes")
            controls = (self.streams.get(key) or self._new_stream(key)).controls
            controls.move(unheard.due_ns, what.kind, what.number, what.value, what.channel)
            return
        kind = "labels" if isinstance(what, Mark) else "drums" if what.channel == DRUMS_CHANNEL else "notes"
        if isinstance(what, Mark) and what.gesture:
            kind = "gesture/"
        key = (voice.name, kind)
        stream = self.streams.get(key) or self._new_stream(key)
        deepest = max(unheard.depth, stream.depth if stream.phrase_events else 0)
        if isinstance(what, Mark):
            closed = stream.put(unheard.due_ns, what, unheard.until_ns, self.timeline, self._hold_max_ns())
            opens = True
        else:
            chord_ns = round(float(self.settings["chord_ms"]) * 1e6)
            closed, opens = stream.note_on(unheard.due_ns, what, self.timeline, chord_ns)
        if closed:
            self._close(stream, closed, now)
        if opens:
            stream.controls.resting.clear()  # a player's event says by itself what is bent or pressed when it begins
            stream.chord, stream.depth = self.harmony, deepest
            self._overheard(stream, unheard, now)
        self._await_phrase(stream)

    def _overheard(self, stream: Stream, unheard: Unheard, now: int) -> None:
        """A player has begun an event: its hearers yield, or will follow at the next half beat."""
        for voice in self.hearers(stream.performer):
            if voice.name == stream.performer or voice.hand.busy:
                continue  # it may learn from itself; it never reacts to itself, nor to anybody while the hand plays
            if voice.mode == "answer" and voice.settings["yield"]:
                self._yield(voice, stream.performer, now)
            elif self._may_follow(voice) and unheard.depth < DEEPEST:
                self.reactions[voice.name] = Reaction(stream.number, unheard.due_ns, unheard.depth + 1)
                self.agenda.set(("react", voice.name), self.timeline.ns_at(self._next_half(now)))

    def _react(self, name: str, due: int, now: int) -> None:
        """The half beat has come: it follows what it heard last of players, if that is still under way."""
        reaction, voice = self.reactions.pop(name, None), self.voices.get(name)
        if reaction is None or voice is None or not self._may_follow(voice):
            return
        stream = next((stream for stream in self.streams.values() if stream.number == reaction.stream), None)
        if stream is None or not (stream.open or stream.mark):
            return
        opening = stream.opening(self.timeline)
        if opening.onset_ns != reaction.onset_ns:
            return
        voice.cursor_beat = self.timeline.beat_at(due)
        voice.depth = reaction.depth
        self._ask(voice, now, count=1, opening=(opening, stream.number))

    # What it may learn

    def _learns(self, voice: Voice, performer: str) -> bool:
        """Whether a player learns what somebody plays: what it played itself only if it was told to hear itself."""
        heard = self.voices.get(performer)
        if heard is not None and heard.memory == voice.memory and performer not in heard.hears:
            return False
        return super()._learns(voice, performer)

    def disarm(self, voice: Voice, now: int) -> None:
        """Fall silent now: what it sounded is over for its hearers too."""
        super().disarm(voice, now)
        self.release(voice.name, now)

    def drop(self, voice: Voice, now: int) -> None:
        """A player ends; whoever heard it hears it no more."""
        super().drop(voice, now)
        self.unheard.pop(voice.name, None)
        self.reactions.pop(voice.name, None)
        self.forget_streams(voice.name, now)
