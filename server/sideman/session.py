"""An ensemble: its performers, its players, its time. Commands and notes in, effects out.

The session knows no socket, no clock and no model: `now` is an argument, and what it wants done it leaves in
`effects`, in order. What each command does is in `desk.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from .addresses import Value
from .agenda import Agenda
from .effects import Effect, Forget, Make, Revert, Say, Teach, Unmake
from .errors import Refused
from .events import Answer, Event
from .params import PLAYER_PARAMS, SESSION_PARAMS, defaults
from .seats import GONE_NS, LEASE_NS, Endpoint, Seat, Seats
from .streams import Held, Stream, gap_ns
from .timeline import Timeline, Transport
from .voice import ENDLESS, LEASHING_BEATS, STALE_NS, Change, Finished, Voice

DEFAULT_PLAYER = "sideman"
DRUMS_CHANNEL = 10
MAX_PLAYERS = 32
MAX_SEATS = 64
MAX_EVENT = 16_777_215


class Session:
    """The state of one ensemble. Its beats count from the moment it was made, at the tempo in force."""

    def __init__(
        self,
        name: str,
        seed: int,
        models: tuple[str, ...],
        viewpoints: tuple[str, ...],
        seats: Seats,
        now: int,
        *,
        default: bool = True,
    ) -> None:
        self.name = name
        self.new = False  # nobody has joined it yet
        self.models = models
        self.viewpoints = viewpoints
        self.seats = seats
        self.effects: list[Effect] = []
        self.agenda = Agenda()
        self.timeline = Timeline(now)
        self.transport = Transport()
        self.settings: dict[str, Value] = defaults(SESSION_PARAMS)
        self.settings["seed"] = seed
        self.voices: dict[str, Voice] = {}
        self.streams: dict[tuple[str, str], Stream] = {}
        self._stream_numbers = 0
        self.last_human_ns = now
        self.echoes = 0
        self.memory_lengths: dict[str, int] = {}
        self.phrase_starts: dict[tuple[int, str], int] = {}
        self.last_event = 0
        self.late = 0
        if not default:
            return
        self.add_voice(DEFAULT_PLAYER, "oracle", "pitch*ioi", DEFAULT_PLAYER, owner="", now=now)
        voice = self.voices[DEFAULT_PLAYER]
        voice.mode, voice.armed = "answer", True
        voice.shown = voice.states()
        self._await_leash(voice)

    # What it says

    def say(self, now: int, address: str, *arguments: Value, but: Seat | None = None) -> None:
        """Broadcast, now."""
        self.effects.append(Say(now, address, arguments, None, but))

    def tell(self, now: int, to: Seat | Endpoint, address: str, *arguments: Value) -> None:
        """To one alone, now."""
        self.effects.append(Say(now, address, arguments, to))

    def show(self, voice: Voice, now: int, *, always: bool = False) -> None:
        """Broadcast a player's state if it has changed."""
        states = voice.states()
        if always or states != voice.shown:
            voice.shown = states
            self.say(now, f"/player/{voice.name}/state", *states)

    def state(self) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """The whole present state as the broadcasts that would tell of it."""
        yield "/transport", (int(self.transport.running),)
        yield "/tempo", (self.timeline.bpm,)
        yield "/metre", (self.transport.beats, self.transport.unit)
        for seat in self.seats.of(self.name):
            if seat.state != "gone":
                yield f"/performer/{seat.name}/state", (seat.state,)
        for voice in self.voices.values():
            yield f"/player/{voice.name}/state", voice.states()
        for voice in self.voices.values():
            yield f"/player/{voice.name}/hears", voice.hears
        for voice in self.voices.values():
            for name, value in voice.settings.items():
                yield f"/player/{voice.name}/is", (name, value)

    def tell_state(self, now: int, seat: Seat) -> None:
        """The whole state to one seat, then `/synced` with the number of its messages."""
        count = 0
        for address, arguments in self.state():
            self.effects.append(Say(now, address, arguments, seat))
            count += 1
        self.tell(now, seat, "/synced", count)

    # Performers

    def performer(self, name: str, state: str, now: int, but: Seat | None = None) -> None:
        """Tell the others that somebody is here, lapsed or gone."""
        self.say(now, f"/performer/{name}/state", state, but=but)

    def renew(self, seat: Seat, now: int) -> None:
        """Any message renews the lease, and revives a lapsed seat first."""
        seat.heard_ns = now
        if seat.state == "lapsed":
            seat.state = "here"
            self.performer(seat.name, "here", now)
            self.seats.version += 1
            self.agenda.set(("lease", seat.name), now + LEASE_NS)

    def seated(self, seat: Seat, now: int) -> None:
        """A seat was taken, or taken again."""
        seat.heard_ns = now
        self.seats.version += 1
        self.agenda.set(("lease", seat.name), now + LEASE_NS)

    def release(self, name: str, now: int) -> None:
        """The notes that a performer holds end; the phrase under way ends after its gap."""
        for (performer, _), stream in self.streams.items():
            if performer == name:
                stream.release(now)
                self._await_phrase(stream)

    def gone(self, seat: Seat, now: int) -> None:
        """A seat is free again; what its performer taught stays."""
        self.release(seat.name, now)
        self.forget_streams(seat.name, now)
        self.agenda.clear(("lease", seat.name))
        self.seats.remove(seat)
        seat.state = "gone"
        self.performer(seat.name, "gone", now)

    def room(self) -> Seat | None:
        """None where another may take a seat; else the lapsed seat that would have to go for it.

        Raises `Refused` when all are taken.
        """
        seats = self.seats.of(self.name)
        if len(seats) < MAX_SEATS:
            return None
        lapsed = [seat for seat in seats if seat.state == "lapsed" and not seat.lasting]
        if not lapsed:
            raise Refused(f"all {MAX_SEATS} seats of {self.name} are taken", "somebody has to /leave first")
        return min(lapsed, key=lambda seat: seat.heard_ns)

    def _lease(self, name: str, due: int, now: int) -> None:
        seat = self.seats.get(self.name, name)
        if seat is None:
            return
        if seat.state == "lapsed":
            self.gone(seat, now)
        elif seat.lasting:
            return
        elif seat.heard_ns + LEASE_NS > now:
            self.agenda.set(("lease", name), seat.heard_ns + LEASE_NS)
        else:
            seat.state = "lapsed"
            self.seats.version += 1
            self.release(name, now)
            self.tell(now, seat, "/lapsed", name)
            self.performer(name, "lapsed", now, but=seat)
            self.agenda.set(("lease", name), seat.heard_ns + GONE_NS)

    # What performers play

    def status(self) -> list[tuple[str, tuple[Value, ...]]]:
        """What `/status` tells of this session: key and values."""
        here = [seat for seat in self.seats.of(self.name) if seat.state == "here"]
        lines: list[tuple[str, tuple[Value, ...]]] = [
            ("session", (self.name,)),
            ("performers", (len(here),)),
            ("players", (len(self.voices),)),
            ("late", (self.late,)),
            ("offs_without_ons", (sum(stream.ignored_offs for stream in self.streams.values()),)),
            ("sounding", (sum(len(voice.sounding) for voice in self.voices.values()),)),
        ]
        lines += [("performer", (seat.name, seat.kind, seat.role, *seat.reply)) for seat in here]
        lines += [("player", (voice.name, *voice.states())) for voice in self.voices.values()]
        lines += [("memory", (name, length)) for name, length in self.memory_lengths.items()]
        return lines

    def note(
        self, seat: Seat, now: int, played_ns: int, pitch: float, velocity: float, channel: int, duration_ms: float
    ) -> None:
        """A note-on, or with velocity 0 a note-off, that was played at `played_ns`."""
        played_ns -= round(seat.latency_ms * 1e6)
        key = (seat.name, "drums" if channel == DRUMS_CHANNEL else "notes")
        stream = self.streams.get(key)
        if velocity == 0:
            if stream is None or not stream.note_off(played_ns, pitch, channel):
                return
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
            if closed:
                self._close(stream, closed)
            if opens:
                self._opened(stream, now, human=seat.kind == "human")
        self._await_phrase(stream)
        self.say(
            now,
            f"/performer/{seat.name}/note",
            round(pitch),
            round(velocity) if velocity == 0 else max(1, round(velocity)),
            channel,
            but=seat,
        )

    def _new_stream(self, key: tuple[str, str]) -> Stream:
        self._stream_numbers += 1
        stream = self.streams[key] = Stream(key[0], self._stream_numbers)
        return stream

    def forget_streams(self, name: str, now: int) -> None:
        """Somebody has gone: what was under way ends now, and nothing waits for more."""
        for key in [key for key in self.streams if key[0] == name]:
            number = self.streams[key].number
            self.agenda.clear(("phrase", number))
            self._phrase(number, now, now)
            del self.streams[key]

    def hearers(self, name: str) -> list[Voice]:
        """The players that hear a performer."""
        seat = self.seats.get(self.name, name)
        human = seat is not None and seat.kind == "human"
        return [voice for voice in self.voices.values() if name in voice.hears or (human and "*" in voice.hears)]

    def _is_echo(self, pitch: int, now: int) -> bool:
        """Whether a pitch may be the machine's own, heard back through a microphone."""
        echo_ns = round(float(self.settings["echo_ms"]) * 1e6)
        return echo_ns > 0 and any(voice.struck(pitch, now - echo_ns, now) for voice in self.voices.values())

    def event(self, seat: Seat, now: int, played_ns: int, label: str, duration_beats: float) -> None:
        """A labelled event: a scene, a step, a word."""
        key = (seat.name, "labels")
        stream = self.streams.get(key)
        if stream is None:
            stream = self._new_stream(key)
        played_ns -= round(seat.latency_ms * 1e6)
        closed = stream.label(played_ns, label, played_ns + self.timeline.span_ns(duration_beats), self.timeline)
        if closed:
            self._close(stream, closed)
        self._opened(stream, now, human=seat.kind == "human")
        self._await_phrase(stream)

    def _opened(self, stream: Stream, now: int, *, human: bool) -> None:
        """An onset: an answer to this performer yields, who follows answers at once, who was leashed comes back."""
        for voice in self.hearers(stream.performer):
            if voice.leashed and human:
                self._unleash(voice, now)
            if voice.mode == "answer" and voice.settings["yield"]:
                self._yield(voice, stream.performer, now)
            elif voice.mode == "follow" and voice.armed and not voice.leashed and stream.open:
                voice.cursor_beat = self.timeline.beat_at(now)
                self._ask(voice, now, count=1, opening=(stream.opening(self.timeline), stream.number))

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

    def _close(self, stream: Stream, event: Event) -> None:
        """An event has closed: its hearers learn it, those that waited for something to play from begin."""
        hearers = self.hearers(stream.performer)
        if not hearers:
            return
        for memory in {voice.memory for voice in hearers if voice.learn}:
            position = self.memory_lengths.get(memory, 0)
            self.phrase_starts.setdefault((stream.number, memory), position)
            self.memory_lengths[memory] = position + 1
        self.effects.append(
            Teach(
                tuple(voice.key for voice in hearers),
                tuple(voice.learn for voice in hearers),
                event,
                stream.number,
            )
        )
        for voice in hearers:
            if voice.resting:
                self._go(voice, event.onset_ns)

    def _await_phrase(self, stream: Stream) -> None:
        end = stream.end_ns(gap_ns(float(self.settings["hold_max_s"])))
        if end is not None:
            self.agenda.set(("phrase", stream.number), end + gap_ns(float(self.settings["phrase_gap_s"])))

    def _phrase(self, number: int, due: int, now: int) -> None:
        """A phrase has ended: who hears it may answer."""
        stream = next((stream for stream in self.streams.values() if stream.number == number), None)
        if stream is None:
            return
        finished = stream.finish(due, self.timeline, gap_ns(float(self.settings["hold_max_s"])))
        if finished is None:
            return
        event, phrase = finished
        if event:
            self._close(stream, event)
        for voice in self.hearers(stream.performer):
            if voice.mode != "answer" or voice.deaf:
                continue
            past = self.memory_lengths.get(voice.memory, 0)
            first = self.phrase_starts.get((number, voice.memory), past)
            voice.waiting = Finished(phrase, number, (first, past))
            if voice.armed and not voice.playing and not voice.leashed:
                self._next_answer(voice, due)
        for key in [key for key in self.phrase_starts if key[0] == number]:
            del self.phrase_starts[key]

    # What players play

    def add_voice(self, name: str, model: str, viewpoint: str, memory: str, owner: str, now: int) -> Voice:
        """A new player."""
        voice = Voice(name, f"{self.name}/{name}", model, viewpoint, memory, owner, defaults(PLAYER_PARAMS))
        self.voices[name] = voice
        self.memory_lengths.setdefault(memory, 0)
        self.effects.append(Make(voice.key, model, viewpoint, f"{self.name}/{memory}"))
        return voice

    def drop(self, voice: Voice, now: int) -> None:
        """A player ends; its memory stays."""
        self.disarm(voice, now)
        del self.voices[voice.name]
        self.effects.append(Unmake(voice.key))
        self.say(now, f"/player/{voice.name}/state", "gone", voice.model, voice.mode)

    def set_mute(self, voice: Voice, muted: bool, now: int) -> None:
        """Silence or sound; what it thinks goes on."""
        if muted == voice.muted:
            return
        voice.muted = muted
        if voice.playing:
            if muted:
                self._end_sounding(voice, now)
            self.replan(voice, now)
        elif muted:
            self._end_sounding(voice, now)
        self.show(voice, now)

    def _end_sounding(self, voice: Voice, now: int) -> None:
        for held in voice.sounding:
            if held.start_ns <= now < held.end_ns:
                self.say(now, f"/player/{voice.name}/off", held.pitch, held.channel, held.event)
                held.end_ns = held.natural_end_ns = now

    def forget(self, voice: Voice, beats: float, now: int) -> float:
        """Unlearn the last so many beats of its memory; the beat from which on."""
        since = self.timeline.beat_at(now) - beats
        self.effects.append(Forget(voice.key, since, False))
        if voice.playing:
            self.replan(voice, now)
        return since

    def undo(self, voice: Voice, change: Change, now: int) -> None:
        """Put back what a change has changed."""
        before = change.before
        what, _, name = change.what.partition(" ")
        if what == "param" and not isinstance(before, tuple):
            voice.settings = {**voice.settings, name: before}
            self.say(now, f"/player/{voice.name}/is", name, before)
            if voice.playing:
                self.replan(voice, now)
        elif what == "mode":
            self.change_mode(voice, str(before), now)
        elif what == "hear" and isinstance(before, tuple):
            voice.hears = before
            self.say(now, f"/player/{voice.name}/hears", *before)
        elif what == "learn":
            voice.learn = bool(before)
        elif what == "mute":
            self.set_mute(voice, bool(before), now)
        elif what == "forget" and not isinstance(before, tuple):
            self.effects.append(Forget(voice.key, float(before), True))
            if voice.playing:
                self.replan(voice, now)

    def change_mode(self, voice: Voice, mode: str, now: int) -> None:
        """Another mode from now on: what sounds ends its time, what was planned is void, arming stays as it is."""
        if mode == voice.mode:
            return
        if voice.playing:
            self.effects.extend(voice.revise(now))
            self.agenda.clear(("plan", voice.name))
            self.agenda.clear(("end", voice.name))
        voice.mode = mode
        voice.playing = voice.resting = False
        voice.answering = voice.waiting = None
        if voice.armed and mode == "free":
            beat = self._starting_beat(now)
            voice.begin(beat, ENDLESS, None)
            self._go(voice, now)
        self.show(voice, now)

    def set_session_param(self, name: str, value: Value, by: Seat, now: int) -> None:
        """A parameter of the session; the others are told if it has changed."""
        if self.settings[name] == value:
            return
        self.settings[name] = value
        self.say(now, "/session/is", name, value, but=by)

    def set_param(self, voice: Voice, name: str, value: Value, by: Seat, now: int) -> None:
        """A parameter's value; the others are told if it has changed, and what is planned is planned again."""
        if voice.settings[name] == value:
            return
        voice.settings = {**voice.settings, name: value}
        self.say(now, f"/player/{voice.name}/is", name, value, but=by)
        if voice.playing:
            self.replan(voice, now)

    # The leash

    def human_act(self, now: int) -> None:
        """A human has played or commanded: every leash is renewed, but who is leashed waits for an onset."""
        self.last_human_ns = now
        for voice in self.voices.values():
            if voice.leashing:
                voice.leashing = False
                self.show(voice, now)

    def _await_leash(self, voice: Voice) -> None:
        leash_ns = voice.leash_ns(self.timeline)
        if leash_ns and voice.armed and not voice.leashed:
            ahead = 0 if voice.leashing else self.timeline.span_ns(LEASHING_BEATS)
            self.agenda.set(("leash", voice.name), self.last_human_ns + max(0, leash_ns - ahead))
        else:
            self.agenda.clear(("leash", voice.name))

    def _leash(self, name: str, due: int, now: int) -> None:
        """No human for long: first it says that it is about to fall silent, then it does."""
        voice = self.voices.get(name)
        leash_ns = voice.leash_ns(self.timeline) if voice is not None else 0
        if voice is None or not voice.armed or not leash_ns:
            return
        quiet_ns = now - self.last_human_ns
        if quiet_ns >= leash_ns:
            left = voice.until_beat - self.timeline.beat_at(now) if voice.playing else -1.0
            self.effects.extend(voice.silence(now))
            self.agenda.clear(("plan", name))
            self.agenda.clear(("end", name))
            voice.beats_left = left if voice.mode == "free" and left < ENDLESS else -1.0
            voice.waiting = None
            voice.leashed, voice.leashing = True, False
        elif quiet_ns >= leash_ns - self.timeline.span_ns(LEASHING_BEATS):
            voice.leashing = True
        self._await_leash(voice)
        self.show(voice, now)

    def _unleash(self, voice: Voice, now: int) -> None:
        voice.leashed = voice.leashing = False
        if voice.armed and voice.mode == "free":
            self.arm(voice, now, voice.beats_left)
        self._await_leash(voice)
        self.show(voice, now)

    def arm(self, voice: Voice, now: int, beats: float, *, human: bool = True) -> None:
        """`play`: arm it, and begin what its mode begins; only a human lifts its leash by it."""
        voice.leashed = voice.leashed and not human
        voice.armed, voice.panicked, voice.halted, voice.deaf = True, False, False, False
        voice.beats = beats
        self._await_leash(voice)
        if voice.leashed:
            self.show(voice, now)
            return
        if voice.mode == "free":
            if voice.playing:
                voice.until_beat = self.timeline.beat_at(now) + beats if beats > 0 else ENDLESS
            else:
                beat = self._starting_beat(now)
                voice.begin(beat, beat + beats if beats > 0 else ENDLESS, None)
                self._go(voice, now)
        elif voice.mode == "answer" and voice.playing and voice.answering and beats > 0:
            begun = voice.until_beat - self._answer_beats(voice, voice.answering)
            voice.until_beat = begun + beats
        elif voice.mode == "answer" and not voice.playing:
            self._next_answer(voice, now)
        self.show(voice, now)

    def disarm(self, voice: Voice, now: int) -> None:
        """Fall silent now, and stay so; states are shown by the caller."""
        if voice.playing and voice.mode == "free" and voice.until_beat < ENDLESS:
            voice.beats_left = max(0.0, voice.until_beat - self.timeline.beat_at(now))
        else:
            voice.beats_left = -1.0
        self.effects.extend(voice.silence(now))
        voice.armed = voice.leashed = voice.leashing = False
        self.agenda.clear(("leash", voice.name))
        voice.deaf = True
        voice.waiting = None
        self.agenda.clear(("plan", voice.name))
        self.agenda.clear(("end", voice.name))

    def halt(self, now: int, *, panic: bool) -> None:
        """`/stop` and `/panic`: every player is disarmed; those that were armed come back at `/start`."""
        for voice in self.voices.values():
            armed, left = voice.armed, voice.beats_left
            self.disarm(voice, now)
            if armed:
                voice.halted = True
            else:
                voice.beats_left = left
            voice.panicked = voice.panicked or panic
        self.transport = self.transport.run(self.timeline.beat_at(now), False)
        self.agenda.clear(("clock",))

    def resume(self, now: int) -> None:
        """`/start`: the transport, and the players that were halted, with the beats that they had left."""
        beat = self.timeline.beat_at(now)
        if not self.transport.running:
            self.transport = self.transport.run(beat, True)
            self.agenda.set(("clock",), self.timeline.ns_at(self.transport.next_beat(beat)))
        self.say(now, "/transport", 1)
        for voice in self.voices.values():
            voice.panicked = False
            if voice.halted:
                self.arm(voice, now, voice.beats_left)
            else:
                self.show(voice, now)

    def change_tempo(self, now: int, bpm: float) -> None:
        """Another tempo from now on; what was planned at the old one and is unsent is planned again."""
        self.timeline = self.timeline.with_tempo(now, bpm)
        self.say(now, "/tempo", bpm)
        if self.transport.running:
            beat = self.transport.next_beat(self.timeline.beat_at(now))
            self.agenda.set(("clock",), self.timeline.ns_at(beat))
        for voice in self.voices.values():
            if voice.playing:
                self.replan(voice, now)

    def replan(self, voice: Voice, now: int) -> None:
        """Its unsent plan is void; it plans again from where that began."""
        self.effects.extend(voice.revise(now))
        self._go(voice, now)

    def trigger(self, voice: Voice, now: int) -> None:
        """`next`: one event, now; raises `Refused` where there is nothing to play or it may not play."""
        if voice.playing:
            self.effects.extend(voice.revise(now))
        voice.cursor_beat = self.timeline.beat_at(now)
        voice.fresh = False
        self._ask(voice, now, count=1)

    def receive(self, answer: Answer, now: int) -> None:
        """A player's answer: its events are numbered, said when they are due, and kept for `why`."""
        voice = self.voices.get(answer.player.rpartition("/")[2])
        if voice is None or voice.asked is None or not voice.adopts(answer):
            return
        if answer.memory_length != self.memory_lengths.get(voice.memory, 0):
            self._ask_again(voice, now)
            return
        voice.asked, voice.fresh = None, False
        voice.forget_ended(now)
        for planned in answer.events:
            self.last_event = self.last_event % MAX_EVENT + 1
            self.effects.extend(voice.adopt(self.last_event, planned, self.timeline))
        if not voice.playing:
            return
        if not answer.events:
            self._nothing(voice, now)
        elif voice.cursor_beat >= voice.until_beat:
            self.agenda.set(("end", voice.name), self.timeline.ns_at(voice.cursor_beat))
        else:
            ahead = self.timeline.ns_at(voice.cursor_beat) - voice.horizon_ns(self.timeline)
            self.agenda.set(("plan", voice.name), max(ahead, now + 1))
        self.show(voice, now)

    def _ask_again(self, voice: Voice, now: int) -> None:
        """It has heard more since it was asked: the answer is discarded, the question put again."""
        asked = voice.asked
        assert asked is not None
        self.effects.append(Revert(voice.key, asked.count))
        self.effects.append(voice.again(asked, self.memory_lengths.get(voice.memory, 0), self.timeline.beat_at(now)))

    def fail(self, name: str, reason: str, now: int) -> None:
        """A player's model has failed: it falls silent and says so to all, to leaders also why."""
        voice = self.voices.get(name)
        if voice is None or voice.failed:
            return
        self.disarm(voice, now)
        voice.failed = reason
        self.show(voice, now)
        for seat in self.seats.of(self.name):
            if seat.state == "here" and seat.may("leader"):
                self.tell(now, seat, "/notice", f"/player/{name}", f"{name} has failed: {reason}"[:400])

    def _nothing(self, voice: Voice, now: int) -> None:
        """Its player had nothing to say: in `free` it rests until the next close, an answer ends."""
        if voice.mode == "free":
            voice.playing, voice.resting = False, True
        else:
            self._end(voice, now)
        self.show(voice, now)

    def _go(self, voice: Voice, now: int) -> None:
        """Plan on, from now if its place lies so far back that it would have to be rushed."""
        if voice.resting:
            voice.playing, voice.resting = True, False
            voice.cursor_beat = max(voice.cursor_beat, self.timeline.beat_at(now))
        if self.timeline.ns_at(voice.cursor_beat) < now - STALE_NS:
            self.late += 1
            voice.cursor_beat = self.timeline.beat_at(now)
        self._ask(voice, now, count=0)

    def _ask(self, voice: Voice, now: int, count: int, opening: tuple[Event, int] | None = None) -> None:
        length = self.memory_lengths.get(voice.memory, 0)
        seed = int(self.settings["seed"])
        self.effects.append(voice.query(now, self.timeline, seed, length, count, opening))

    def _starting_beat(self, now: int) -> float:
        """Now, or the next beat if the transport runs."""
        beat = self.timeline.beat_at(now)
        return self.transport.next_beat(beat) if self.transport.running else beat

    def _answer_beats(self, voice: Voice, finished: Finished) -> float:
        phrase = finished.phrase
        return voice.beats if voice.beats > 0 else self.timeline.span_beats(phrase.end_ns - phrase.first_ns)

    def _next_answer(self, voice: Voice, now: int) -> None:
        """Begin to answer the phrase that waits, if one does."""
        finished, voice.waiting = voice.waiting, None
        if finished is None:
            return
        beat = self._starting_beat(now)
        voice.begin(beat, beat + self._answer_beats(voice, finished), finished)
        self.show(voice, now)
        self._go(voice, now)

    def _end(self, voice: Voice, now: int) -> None:
        """What it was to play is played: an answer gives way to the next, `free` for so many beats disarms."""
        voice.playing, voice.answering = False, None
        if voice.mode == "answer":
            if voice.waiting:
                self._next_answer(voice, now)
        elif voice.mode == "free":
            voice.armed = False
        self.show(voice, now)

    def _plan(self, name: str, due: int, now: int) -> None:
        voice = self.voices.get(name)
        if voice is not None and voice.playing:
            self._go(voice, now)

    def _ended(self, name: str, due: int, now: int) -> None:
        voice = self.voices.get(name)
        if voice is not None and voice.playing:
            self._end(voice, now)

    # Time

    def _clock(self, due: int, now: int) -> None:
        beat = self.timeline.beat_at(due)
        position = round(self.transport.position_at(beat))
        self.say(due, "/clock", *self.transport.bar_and_beat(position), self.timeline.bpm)
        following = self.transport.since_beat + position + 1 - self.transport.position
        self.agenda.set(("clock",), self.timeline.ns_at(following))

    def wake(self, now: int) -> None:
        """Do what has fallen due, in order."""
        while (item := self.agenda.pop(now)) is not None:
            name, due = item
            match name:
                case ("phrase", int(number)):
                    self._phrase(number, due, now)
                case ("plan", str(player)):
                    self._plan(player, due, now)
                case ("end", str(player)):
                    self._ended(player, due, now)
                case ("clock",):
                    self._clock(due, now)
                case ("leash", str(player)):
                    self._leash(player, due, now)
                case ("lease", str(performer)):
                    self._lease(performer, due, now)

    def take(self) -> list[Effect]:
        """The effects so far; they are then the caller's."""
        effects, self.effects = self.effects, []
        return effects
