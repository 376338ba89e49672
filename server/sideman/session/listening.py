"""What performers play, heard: notes to events, events to those who learn, phrases to those who answer."""

from __future__ import annotations

from ..effects import Teach
from ..events import Event
from ..seats import Seat
from ..streams import Held, Mark, Stream, gap_ns
from ..text import typed
from ..viewpoint import EARLY_BEATS
from ..voice import DEEPEST, Finished, Voice
from .forgetting import Forgetting

DRUMS_CHANNEL = 10


class Listening(Forgetting):
    """Who hears what, and what it sets off."""

    def note(
        self, seat: Seat, now: int, played_ns: int, pitch: float, velocity: float, channel: int, duration_ms: float
    ) -> None:
        """A note-on, or with velocity 0 a note-off, that was played at `played_ns`."""
        played_ns -= round(seat.latency_ms * 1e6)
        key = (seat.name, "drums" if channel == DRUMS_CHANNEL else "notes")
        stream = self.streams.get(key)
        if velocity == 0:
            ended = stream.note_off(played_ns, pitch, channel) if stream is not None else None
            if stream is None or ended is None:
                return
            pitch = ended.pitch  # from which it may have drifted
            self.agenda.clear(("off", seat.name, round(pitch), channel))
        else:
            if self._is_echo(round(pitch), now):
                self.echoes += 1
                return
            if stream is None:
                stream = self._new_stream(key)
            off_ns = played_ns + round(duration_ms * 1e6) if duration_ms > 0 else None
            chord_ns = round(float(self.settings["chord_ms"]) * 1e6)
            held = Held(pitch, velocity, channel, played_ns, off_ns)
            closed, opens = stream.note_on(played_ns, held, self.timeline, chord_ns)
            for given_up in stream.too_many(played_ns):
                self.say(now, f"/performer/{seat.name}/note", round(given_up.pitch), 0, given_up.channel, but=seat)
            if closed:
                self._close(stream, closed, now)
            if opens:
                self._place(stream, played_ns)
                self._opened(stream, now, human=seat.kind == "human")
            if off_ns is not None:
                self.agenda.set(("off", seat.name, round(pitch), channel), max(off_ns, now))
            else:
                self.agenda.clear(("off", seat.name, round(pitch), channel))
        self._await_phrase(stream)
        heard = 0 if velocity == 0 else max(1, round(velocity))
        self.say(now, f"/performer/{seat.name}/note", round(pitch), heard, channel, but=seat)

    def control(self, seat: Seat, now: int, played_ns: int, kind: str, number: int, value: float, channel: int) -> None:
        """A controller, the bend or the pressure is moved: it belongs to the event under way."""
        key = (seat.name, "drums" if channel == DRUMS_CHANNEL else "notes")
        stream = self.streams.get(key) or self._new_stream(key)
        stream.controls.move(played_ns - round(seat.latency_ms * 1e6), kind, number, value, channel)

    def _place(self, stream: Stream, played_ns: int) -> None:
        """What opens at `played_ns` is played over the chord of the beat that it belongs to, there in the form."""
        beat = self.timeline.beat_at(played_ns)
        stream.chord = self.chord_at(beat + EARLY_BEATS)
        stream.form_beats = self.transport.position_at(beat) if self.transport.running else -1.0

    def _off(self, name: str, pitch: int, channel: int, due: int) -> None:
        """A note that came with its duration is over: whoever listens to humans hears its end."""
        self.say(due, f"/performer/{name}/note", pitch, 0, channel, but=self.seats.get(self.name, name))

    def event(self, seat: Seat, now: int, played_ns: int, label: str, duration_beats: float) -> None:
        """A labelled event: a scene, a step, a word."""
        until_ns = self.timeline.span_ns(duration_beats)
        self._marks(seat, now, played_ns, "labels", [Mark(label)], until_ns)

    def gesture(self, seat: Seat, now: int, played_ns: int, name: str, vector: tuple[float, ...]) -> None:
        """The state of a sensor or fader."""
        self.gesture_sizes.setdefault((seat.name, name), len(vector))
        self._marks(seat, now, played_ns, f"gesture/{name}", [Mark(gesture=vector)], 0)

    def gesture_size(self, seat: Seat, name: str) -> int:
        """How many numbers this performer's gestures of that name have; 0: none came yet."""
        return self.gesture_sizes.get((seat.name, name), 0)

    def gesture_names(self, seat: Seat) -> int:
        """Under how many names this performer has sent gestures."""
        return sum(name == seat.name for name, _ in self.gesture_sizes)

    def text(self, seat: Seat, now: int, played_ns: int, text: str) -> None:
        """What is typed: a single character goes on from the last, anything longer is a line with a space before it."""
        stream = self.streams.get((seat.name, "text"))
        written = stream.written if stream is not None else ""
        written, marks = typed(written, text)
        self._marks(seat, now, played_ns, "text", marks, 0)
        self.streams[seat.name, "text"].written = written

    def _marks(self, seat: Seat, now: int, played_ns: int, kind: str, marks: list[Mark], last_ns: int) -> None:
        """What is played but is no note, at once; the last of it lasts so long."""
        key = (seat.name, kind)
        stream = self.streams.get(key)
        if stream is None:
            stream = self._new_stream(key)
        played_ns -= round(seat.latency_ms * 1e6)
        for mark in marks:
            closed = stream.put(played_ns, mark, played_ns + last_ns, self.timeline, self._hold_max_ns())
            if closed:
                self._close(stream, closed, now)
            self._place(stream, played_ns)
        self._opened(stream, now, human=seat.kind == "human")
        self._await_phrase(stream)

    def change_harmony(self, seat: Seat, label: str, now: int) -> None:
        """Another chord is in force; what was planned over the old one is planned again."""
        if label == self.harmony:
            return
        self.harmony = label
        self.say(now, "/harmony", label, but=seat)
        for voice in self.voices.values():
            if voice.playing and float(voice.settings["chord_tones"]) > 0:
                self.replan(voice, now)

    def hearers(self, name: str) -> list[Voice]:
        """The players that hear a performer."""
        seat = self.seats.get(self.name, name)
        human = seat is not None and seat.kind == "human"
        return [voice for voice in self.voices.values() if name in voice.hears or (human and "*" in voice.hears)]

    def _learns(self, voice: Voice, performer: str) -> bool:
        """Whether a player learns what somebody plays whom it hears."""
        return voice.learn

    def _new_stream(self, key: tuple[str, str]) -> Stream:
        self._stream_numbers += 1
        stream = self.streams[key] = Stream(key[0], self._stream_numbers)
        return stream

    def _is_echo(self, pitch: int, now: int) -> bool:
        """Whether a pitch may be the machine's own, heard back through a microphone."""
        echo_ns = round(float(self.settings["echo_ms"]) * 1e6)
        return echo_ns > 0 and any(voice.struck(pitch, now - echo_ns, now) for voice in self.voices.values())

    def _opened(self, stream: Stream, now: int, *, human: bool) -> None:
        """An onset: an answer to this performer yields, who follows answers at once, who was leashed comes back."""
        for voice in self._human_turn(now) if human else ():
            self.replan(voice, now)
        for voice in self.hearers(stream.performer):
            if voice.leashed and human:
                self._unleash(voice, now)
            if voice.hand.busy:
                continue
            if voice.mode == "answer" and voice.settings["yield"]:
                self._yield(voice, stream.performer, now)
            elif self._may_follow(voice) and (stream.open or stream.mark):
                voice.cursor_beat, voice.depth = self.timeline.beat_at(now), 1
                self._ask(voice, now, count=1, opening=(stream.opening(self.timeline), stream.number))

    def _may_follow(self, voice: Voice) -> bool:
        """Whether it reacts to onsets; in whose place the hand plays, or who plays a take, does not."""
        following = voice.mode == "follow" and voice.armed and not voice.leashed
        return following and not voice.hand.busy and not voice.take

    def _yield(self, voice: Voice, performer: str, now: int) -> None:
        """Whom it answers plays again: it ends, and answers the new phrase when that is over."""
        if voice.waiting is not None and voice.waiting.phrase.performer == performer:
            voice.waiting = None
        answering = voice.answering
        if voice.playing and answering is not None and answering.phrase.performer == performer:
            self.effects.extend(voice.silence(now))
            self.agenda.clear(("plan", voice.name))
            self.agenda.clear(("end", voice.name))
            self.show(voice, now)
            self._next_answer(voice, now)

    def _close(self, stream: Stream, event: Event, now: int) -> None:
        """An event has closed: its hearers learn it, those that waited for something to play from begin."""
        self.heard += 1
        hearers = self.hearers(stream.performer)
        if not hearers:
            return
        learns = tuple(self._learns(voice, stream.performer) or voice.records(event) for voice in hearers)
        grown = {voice.memory for voice, on in zip(hearers, learns, strict=True) if on}
        for memory in grown:
            position = self.memory_lengths.get(memory, 0)
            self.phrase_starts.setdefault((stream.number, memory), position)
            self.memory_lengths[memory] = position + 1
        self.effects.append(
            Teach(
                tuple(voice.key for voice in hearers),
                learns,
                event,
                stream.number,
            )
        )
        for voice in self.voices.values():
            if voice.resting and (voice in hearers or voice.memory in grown):
                self._go(voice, now)

    def _hold_max_ns(self) -> int:
        return gap_ns(float(self.settings["hold_max_s"]))

    def _await_phrase(self, stream: Stream) -> None:
        end = stream.end_ns(self._hold_max_ns())
        if end is not None:
            self.agenda.set(("phrase", stream.number), end + gap_ns(float(self.settings["phrase_gap_s"])))

    def _phrase(self, number: int, due: int, now: int) -> None:
        """A phrase has ended: who hears it may answer."""
        stream = next((stream for stream in self.streams.values() if stream.number == number), None)
        if stream is None:
            return
        finished = stream.finish(due, self.timeline, self._hold_max_ns())
        if finished is None:
            return
        event, phrase = finished
        if event:
            self._close(stream, event, now)
        for voice in self.hearers(stream.performer):
            if voice.mode != "answer" or voice.deaf or voice.name == stream.performer or stream.depth >= DEEPEST:
                continue
            past = self.memory_lengths.get(voice.memory, 0)
            first = self.phrase_starts.get((number, voice.memory), past)
            voice.waiting = Finished(phrase, number, (first, past), stream.depth)
            if voice.armed and not voice.playing and not voice.leashed:
                self._next_answer(voice, due)
        for key in [key for key in self.phrase_starts if key[0] == number]:
            del self.phrase_starts[key]

    def release(self, name: str, now: int) -> None:
        """The notes that a performer holds end; the phrase under way ends after its gap."""
        for (performer, _), stream in self.streams.items():
            if performer == name:
                stream.release(now)
                self._await_phrase(stream)

    def forget_streams(self, name: str, now: int) -> None:
        """Somebody has gone: what was under way ends now, and nothing waits for more."""
        for gesture in [gesture for gesture in self.gesture_sizes if gesture[0] == name]:
            del self.gesture_sizes[gesture]
        for key in [key for key in self.streams if key[0] == name]:
            number = self.streams[key].number
            self.agenda.clear(("phrase", number))
            self._phrase(number, now, now)
            del self.streams[key]
