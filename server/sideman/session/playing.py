"""What players play: they are asked as their plans run out, and their answers become what is said.

The session never calls a player: it leaves a `Query` among the effects, and is told an `Answer`.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ..effects import Make
from ..events import Answer, Event, Query
from ..params import PLAYER_PARAMS, defaults
from ..viewpoint import EARLY_BEATS, beat_of
from ..voice import ENDLESS, STALE_NS, Finished, Voice
from .mannered import Mannered

MAX_EVENT = 16_777_215
#: Whose plan has run out for longer than this, when it plans again, has missed a deadline.
LATE_NS = 5_000_000


class Playing(Mannered):
    """The automatic layer."""

    def add_voice(self, name: str, model: str, viewpoint: str, memory: str, owner: str, now: int) -> Voice:
        """A new player."""
        voice = Voice(name, f"{self.name}/{name}", model, viewpoint, memory, owner, defaults(PLAYER_PARAMS))
        voice.made = (model, viewpoint, memory)
        voice.slow = model in self.slow
        voice.lead_ns = self._lead_ns()
        voice.shadowed = any(other.silences(voice) for other in self.voices.values())
        self.voices[name] = voice
        self.memory_lengths.setdefault(memory, 0)
        self.effects.append(Make(voice.key, model, viewpoint, f"{self.name}/{memory}"))
        return voice

    def drop_faulty(self, voice: Voice, now: int) -> None:
        """Effects that have failed leave its chain."""
        raise NotImplementedError

    def awaits(self, query: Query) -> bool:
        """Whether a question still stands, and was not replaced or dropped since."""
        voice = self.voices.get(query.player.rpartition("/")[2])
        return voice is not None and voice.asked is query

    def receive(self, answer: Answer, now: int) -> None:
        """A player's answer: its events are numbered, said when they are due, and kept for `why`.

        That it has heard more since it was asked is no reason to ask again: who hears a crowd would never answer.
        """
        voice = self.voices.get(answer.player.rpartition("/")[2])
        if voice is None or voice.asked is None or not voice.adopts(answer):
            return
        if voice.fresh or voice.asked.opening is not None:
            voice.begun = 0
        voice.asked, voice.fresh = None, False
        voice.forget_ended(now)
        if voice.trying and answer.events:
            voice.trying = False
            self.show(voice, now)
        if answer.plan:
            self.say(now, f"/player/{voice.name}/plan", answer.plan)
        for planned in answer.events:
            self.last_event = self.last_event % MAX_EVENT + 1
            self.effects.extend(voice.adopt(self.last_event, planned, self.timeline))
        if voice.faults:
            self.drop_faulty(voice, now)
        if not voice.playing:
            return
        if not answer.events:
            self._nothing(voice, now)
        else:
            self._await(voice, now)
        self.show(voice, now)

    def _await(self, voice: Voice, now: int) -> None:
        """Its plan reaches so far: there it ends if that was all, else it goes on a little before."""
        end, plan, at_ns = ("end", voice.name), ("plan", voice.name), self.timeline.ns_at(voice.cursor_beat)
        if voice.cursor_beat >= voice.until_beat:
            self.agenda.clear(plan)
            self.agenda.set(end, at_ns)
        else:
            self.agenda.clear(end)
            self.agenda.set(plan, max(at_ns - voice.horizon_ns(self.timeline), now + 1))

    def _begin_mode(self, voice: Voice, now: int, beats: float) -> None:
        """An armed player begins what its mode begins, for so many beats; below 0 without end, 0: none are left."""
        if voice.take:
            if not voice.playing:
                voice.take_since = self._starting_beat(now)
                self._begin_free(voice, now, voice.take_since, ENDLESS)
        elif voice.goes_on:
            if voice.mode == "chart" and not self.charts:
                return  # it waits for a chart, and for the transport
            if beats == 0:
                voice.armed = False
                self.show(voice, now)
            elif voice.playing:
                self._end_at(voice, now, self.timeline.beat_at(now) + beats if beats > 0 else ENDLESS)
            else:
                beat = self._starting_beat(now)
                self._begin_free(voice, now, beat, beat + beats if beats > 0 else ENDLESS)
        elif voice.mode == "answer" and voice.playing and voice.answering and beats > 0:
            begun = voice.until_beat - self._answer_beats(voice, voice.answering)
            self._end_at(voice, now, begun + beats)
        elif voice.mode == "answer" and not voice.playing:
            self._next_answer(voice, now)

    def _end_at(self, voice: Voice, now: int, until_beat: float) -> None:
        """What is being played is to end elsewhere."""
        voice.until_beat = until_beat
        if voice.asked is None and not voice.hand.busy:
            self._await(voice, now)

    def _beats_left(self, voice: Voice, now: int) -> float:
        """What is left of a `play`: below 0, it has no end. Who has not begun, or plays something else, has it all."""
        if voice.take or not voice.goes_on or not (voice.playing or voice.resting):
            return voice.beats
        if voice.until_beat == ENDLESS:
            return -1.0
        return max(0.0, voice.until_beat - (voice.hand.since_beat if voice.hand.held else self.timeline.beat_at(now)))

    def _begin_free(self, voice: Voice, now: int, beat: float, until_beat: float) -> None:
        """Go on from memory; with nothing in it, it rests until something is heard, and does not say that it plays."""
        voice.begin(beat, until_beat, None)
        voice.trying = not self.memory_lengths.get(voice.memory)
        self.show(voice, now)
        self._go(voice, now)

    def replan(self, voice: Voice, now: int) -> None:
        """Its unsent plan is void; it plans again from where that began."""
        self.effects.extend(voice.revise(now))
        self._go(voice, now)

    def _lead_ns(self) -> int:
        here = (seat.early_ms for seat in self.seats.of(self.name) if seat.state == "here")
        return round(max(here, default=0.0) * 1e6)

    def heed_leads(self) -> None:
        """Somebody wants things earlier or later than before: players plan so far ahead."""
        for voice in self.voices.values():
            voice.lead_ns = self._lead_ns()

    def heed_wall_time(self, now: int) -> None:
        """Wall time has stepped: what has left with tags of the old one is planned anew."""
        if any(seat.ahead for seat in self.seats.of(self.name)):
            for voice in self.voices.values():
                if voice.playing:
                    self.replan(voice, now)

    def overtaken(self, voice: Voice, now: int) -> None:
        """The wire has voided its plan and ended its notes for a stop that was not to be obeyed."""
        voice.sounding.clear()
        if voice.playing:
            self.replan(voice, now)

    def _nothing(self, voice: Voice, now: int) -> None:
        """Its player had nothing to say: in `free` it rests until the next close, or its end; an answer ends."""
        voice.trying = False
        if voice.goes_on and voice.cursor_beat < voice.until_beat:
            voice.playing, voice.resting = False, True
            if voice.until_beat < ENDLESS:
                self.agenda.set(("end", voice.name), self.timeline.ns_at(voice.until_beat))
        else:
            self._end(voice, now)
        self.show(voice, now)

    def _go(self, voice: Voice, now: int) -> None:
        """Plan on, from now if its place lies so far back that it would have to be rushed."""
        if voice.resting:
            voice.playing, voice.resting, voice.trying = True, False, True
            voice.cursor_beat = max(voice.cursor_beat, self.timeline.beat_at(now))
        stale = self.timeline.ns_at(voice.cursor_beat) < now - STALE_NS
        if stale:
            voice.cursor_beat = self.timeline.beat_at(now)
        if voice.cursor_beat >= voice.until_beat and not voice.fresh:  # all that it was to play is planned, or is over
            if self.timeline.ns_at(voice.cursor_beat) > now:
                self._await(voice, now)
            else:
                self._end(voice, now)
            return
        self.late += stale
        self.agenda.clear(("end", voice.name))
        self._ask(voice, now, count=0)

    def _ask(self, voice: Voice, now: int, count: int, opening: tuple[Event, int] | None = None) -> None:
        length = self.memory_lengths.get(voice.memory, 0)
        seed = int(self.settings["seed"])
        grid = self.transport.position - self.transport.since_beat if self.transport.running else 0.0
        chord = self.chord_at(voice.cursor_beat)
        manners = self.manners(voice, now, by_hand=count == 1 and opening is None)
        query = voice.query(now, self.timeline, seed, length, count, opening, chord, grid, manners)
        self.effects.append(self._with_chart(voice, query) if opening is None else query)

    def _with_chart(self, voice: Voice, query: Query) -> Query:
        """Who plays a take is asked for it, who plays over the chart for what that asks for on one beat of the form.

        One event by hand is memory's, whatever take is played: that may be silent just then.
        """
        if voice.take and query.count == 1:
            return query
        if voice.take:
            voice.asked = replace(query, take=voice.take, take_since=voice.take_since)
            return voice.asked
        if voice.mode != "chart" or not self.charts:
            return query
        beat = beat_of(query.onset_beats, query.grid_beats)
        voice.asked = replace(
            query,
            scenario=self.chart_labels(beat, int(voice.settings["lookahead"])),
            chart_beat=self.chart_place(beat),
            until_beats=min(query.until_beats, beat + 1 - EARLY_BEATS),
        )
        return voice.asked

    def _starting_beat(self, now: int) -> float:
        """Now, or the next beat if the transport runs."""
        beat = self.timeline.beat_at(now)
        return self.transport.next_beat(beat) if self.transport.running else beat

    def _next_half(self, now: int) -> float:
        """The next half beat after now."""
        beat = self.timeline.beat_at(now)
        position = self.transport.position_at(beat) if self.transport.running else beat
        return beat + (math.floor(2 * position + 1e-3) + 1) / 2 - position

    def _answer_beats(self, voice: Voice, finished: Finished) -> float:
        phrase = finished.phrase
        return voice.beats if voice.beats > 0 else self.timeline.span_beats(phrase.end_ns - phrase.first_ns)

    def _next_answer(self, voice: Voice, now: int) -> None:
        """Begin to answer the phrase that waits, if one does."""
        finished, voice.waiting = voice.waiting, None
        if finished is None:
            return
        beat = self._starting_beat(now)
        if finished.depth:  # it was a player's
            beat = max(beat, self._next_half(now))
        voice.begin(beat, beat + self._answer_beats(voice, finished), finished)
        self.show(voice, now)
        self._go(voice, now)

    def _end(self, voice: Voice, now: int) -> None:
        """What it was to play is played: an answer gives way to the next, `free` for so many beats disarms."""
        voice.playing = voice.resting = voice.trying = False
        voice.answering = None
        self.agenda.clear(("plan", voice.name))
        self.agenda.clear(("end", voice.name))
        if voice.mode == "answer":
            if voice.waiting:
                self._next_answer(voice, now)
        elif voice.goes_on:
            voice.armed = False
        self.show(voice, now)

    def _plan(self, name: str, due: int, now: int) -> None:
        voice = self.voices.get(name)
        if voice is not None and voice.playing:
            if self.timeline.ns_at(voice.cursor_beat) < now - LATE_NS:
                voice.missed += 1
            self._go(voice, now)

    def _ended(self, name: str, due: int, now: int) -> None:
        voice = self.voices.get(name)
        if voice is None or not (voice.playing or voice.resting):
            return
        if voice.resting and self.timeline.ns_at(voice.until_beat) > now:  # the tempo has become slower
            self.agenda.set(("end", name), self.timeline.ns_at(voice.until_beat))
        else:
            self._end(voice, now)
