"""What is held and what goes round: the hand plays in the place of the player, until it lets go.

Held: the notes that sound go on sounding, each struck again when it would end; what has no notes to sustain (drums, a
label, a gesture) comes again in its own rhythm. A loop: the events of so many beats again and again. A stop opens the
hand; a phrase that somebody plays meanwhile does not.
"""

from __future__ import annotations

from dataclasses import replace

from ..constraints import DRUMS_CHANNEL
from ..events import Answer, Event, Planned
from ..hand import HELD_MS, SHORTEST_LOOP_BEATS, SHORTEST_REPEAT_BEATS, looped
from ..voice import MS, STALE_NS, Voice
from .leash import Leashed
from .playing import MAX_EVENT

HELD_NS = HELD_MS * MS


class Holding(Leashed):
    """Players that are held, and players that go round."""

    # Hold

    def hold(self, voice: Voice, now: int) -> None:
        """Hold what it is at, or (where it is at nothing) what it plays next."""
        hand = voice.hand
        if hand.held or not voice.armed or voice.leashed:
            return
        last = voice.find(0, now)
        sounds = any(held.start_ns <= now < held.end_ns for held in voice.sounding)
        if last is not None and (sounds or voice.playing) and not _silent(last.planned):
            self._grip(voice, now)
        elif voice.playing:
            self.replan(voice, now)

    def _grip(self, voice: Voice, now: int) -> None:
        hand, last = voice.hand, voice.find(0, now)
        assert last is not None
        self.effects.extend(voice.revise(now))
        self.agenda.clear(("plan", voice.name))
        self.agenda.clear(("end", voice.name))
        hand.woke = hand.woke or not voice.playing
        hand.held, voice.playing, voice.resting, voice.trying = True, True, False, False
        hand.since_beat = self.timeline.beat_at(now)
        hand.event = last.number
        sounding = [held for held in voice.sounding if held.end_ns > now and held.channel != DRUMS_CHANNEL]
        hand.of = frozenset({last.number, *(held.event for held in sounding)})
        hand.ringing = {(held.pitch, held.channel): held.note for held in sounding}
        if not sounding:
            notes = [note for note in last.planned.notes if note.channel != DRUMS_CHANNEL]
            hand.ringing = {(round(note.pitch), note.channel): note for note in notes}
        hand.again = None if hand.ringing else (last.raw or last.planned)
        self._sustain(voice, now)
        self.show(voice, now)

    def _sustain(self, voice: Voice, now: int) -> None:
        """Strike again what is held and has ended, and see to it that the rest is when it ends."""
        hand, due = voice.hand, None
        voice.forget_ended(now)
        if hand.again is not None:
            due = self._repeat(voice, hand.again, now)
        elif not voice.silent:
            for (pitch, channel), note in hand.ringing.items():
                ends = [h.end_ns for h in voice.sounding if (h.pitch, h.channel) == (pitch, channel)]
                end = max(ends, default=now)
                if end <= now:
                    self.effects.extend(voice.strike(now, HELD_NS, note, hand.event))
                    end = now + HELD_NS
                due = end if due is None else min(due, end)
        if due is None:
            self.agenda.clear(("hold", voice.name))
        else:
            self.agenda.set(("hold", voice.name), due)

    def _repeat(self, voice: Voice, again: Planned, now: int) -> int:
        """Plan the next repetition if none is planned; when it is due."""
        last = voice.played[-1]
        if last.due_ns > now:
            return last.due_ns
        span = max(again.span_beats, SHORTEST_REPEAT_BEATS)
        beat = max(last.planned.onset_beats + span, self.timeline.beat_at(now))
        why = replace(again.why, bound_by=(*again.why.bound_by, "hold"))
        self._by_hand(voice, replace(again, onset_beats=beat, span_beats=span, why=why), now)
        return max(voice.played[-1].due_ns, now + 1)

    def _by_hand(self, voice: Voice, planned: Planned, now: int) -> None:
        """An event of the hand's enters the plan."""
        self.last_event = self.last_event % MAX_EVENT + 1
        self.effects.extend(voice.adopt(self.last_event, planned, self.timeline, by_hand=True))
        if voice.faults:
            self.drop_faulty(voice, now)

    def _held(self, name: str, now: int) -> None:
        """A held note has ended, or the event that is to be held has come."""
        voice = self.voices.get(name)
        if voice is None or not voice.armed or voice.leashed:
            return
        if voice.hand.held:
            self._sustain(voice, now)
        elif voice.settings["hold"]:
            last = voice.find(0, now)
            if last is not None and not _silent(last.planned):
                self._grip(voice, now)

    def loosen(self, voice: Voice, now: int) -> None:
        """What is sustained ends; where the player stands does not change."""
        hand = voice.hand
        if not hand.held:
            return
        self.agenda.clear(("hold", voice.name))
        for held in voice.sounding:
            if held.by_hand and held.start_ns <= now < held.end_ns:
                self.say(now, f"/player/{voice.name}/off", held.pitch, held.channel, held.event)
                held.end_ns = held.natural_end_ns = now
        hand.let_go()

    def unhold(self, voice: Voice, now: int) -> None:
        """Let go: it goes on from where it was held."""
        hand = voice.hand
        if not hand.held:
            if voice.playing:
                self.replan(voice, now)
            return
        self.loosen(voice, now)
        self.effects.extend(voice.revise(now))
        beat = self.timeline.beat_at(now)
        voice.until_beat += beat - hand.since_beat
        voice.cursor_beat = max(voice.cursor_beat, beat)
        self._go_on(voice, now)

    def _go_on(self, voice: Voice, now: int) -> None:
        """The hand is open: the player goes on, or is as silent as it was."""
        hand = voice.hand
        if hand.loop is None and hand.woke:
            hand.woke, voice.playing, voice.answering = False, False, None
            if voice.mode == "answer":
                self._next_answer(voice, now)
            self.show(voice, now)
        elif hand.loop is None and voice.cursor_beat >= voice.until_beat:
            self._end(voice, now)
        else:
            self._go(voice, now)

    # Loop

    def go_round(self, voice: Voice, beats: float, now: int) -> None:
        """Let the last so many beats go round, or (where it has played nothing in them) the next; 0: no more."""
        hand = voice.hand
        was = hand.loop is not None
        if beats <= 0:
            hand.loop = None
            hand.awaited_beats, hand.awaited_since = 0.0, None
            if was:
                self.effects.extend(voice.revise(now))
                voice.cursor_beat = max(voice.cursor_beat, self.timeline.beat_at(now))
                if not hand.held:
                    self._go_on(voice, now)
            return
        beats = max(beats, SHORTEST_LOOP_BEATS)
        beat = self.timeline.beat_at(now)
        heard = [(p.raw or p.planned) for p in voice.played if p.due_ns <= now and not p.erased]
        hand.loop = looped(heard, beat - beats, beats, int(voice.settings["octave"])) if voice.armed else None
        if hand.loop is None:
            hand.awaited_beats, hand.awaited_since = beats, None
            if was or voice.playing:
                self.replan(voice, now)
            return
        hand.awaited_beats, hand.awaited_since = 0.0, None
        if not voice.leashed:
            self._begin_round(voice, beat, now)

    def _begin_round(self, voice: Voice, beat: float, now: int) -> None:
        voice.hand.woke = voice.hand.woke or not voice.playing
        self.effects.extend(voice.revise(now))
        self.agenda.clear(("end", voice.name))
        voice.playing, voice.resting = True, False
        voice.cursor_beat = beat
        self._go(voice, now)
        self.show(voice, now)

    def _round(self, voice: Voice, now: int) -> None:
        """Plan on in the loop, up to the horizon."""
        loop = voice.hand.loop
        assert loop is not None
        if self.timeline.ns_at(voice.cursor_beat) < now - STALE_NS:
            self.late += 1
        voice.cursor_beat = max(voice.cursor_beat, self.timeline.beat_at(now))  # rounds that are past are not rushed
        horizon = self.timeline.beat_at(now + voice.horizon_ns(self.timeline))
        voice.forget_ended(now)
        while True:
            planned = loop.next(voice.cursor_beat, int(voice.settings["octave"]))
            if planned.onset_beats > horizon:
                break
            self._by_hand(voice, planned, now)
        ahead = self.timeline.ns_at(planned.onset_beats) - voice.horizon_ns(self.timeline)
        self.agenda.set(("plan", voice.name), max(ahead, now + 1))
        self.show(voice, now)

    def _awaits_round(self, voice: Voice, now: int) -> bool:
        """Whether the loop that was awaited is there now: it begins behind what was played of it."""
        hand = voice.hand
        if not hand.awaited_beats:
            return False
        if hand.awaited_since is None:
            stale = voice.resting or self.timeline.ns_at(voice.cursor_beat) < now - STALE_NS
            hand.awaited_since = self.timeline.beat_at(now) if stale else voice.cursor_beat
        end = hand.awaited_since + hand.awaited_beats
        if voice.cursor_beat < end - 1e-9:
            return False
        heard = [(p.raw or p.planned) for p in voice.played if not p.erased]
        hand.loop = looped(heard, hand.awaited_since, hand.awaited_beats, int(voice.settings["octave"]))
        if hand.loop is None:
            hand.awaited_since = voice.cursor_beat
            return False
        hand.awaited_beats, hand.awaited_since = 0.0, None
        hand.woke = False
        voice.cursor_beat = end
        self.agenda.clear(("end", voice.name))
        return True

    # A place in memory

    def cue(self, voice: Voice, beat: float, now: int) -> None:
        """Go on from a beat of its memory; what goes round does so from there."""
        hand = voice.hand
        beats = hand.loop.beats if hand.loop is not None else hand.awaited_beats
        if beats:
            hand.loop, hand.awaited_beats, hand.awaited_since = None, beats, None
        self.effects.extend(voice.revise(now))
        hand.jump, hand.jumped_at = beat, voice.count
        if voice.playing:
            voice.cursor_beat = max(voice.cursor_beat, self.timeline.beat_at(now))
            self._go(voice, now)

    # In the place of the automatic layer

    def _go(self, voice: Voice, now: int) -> None:
        if voice.hand.held:
            self._sustain(voice, now)
        elif voice.hand.loop is not None or self._awaits_round(voice, now):
            if voice.resting:
                voice.playing, voice.resting = True, False
            self._round(voice, now)
        else:
            super()._go(voice, now)

    def _ask(self, voice: Voice, now: int, count: int, opening: tuple[Event, int] | None = None) -> None:
        if voice.settings["hold"] and not voice.hand.held:
            count = 1  # it will be held
        super()._ask(voice, now, count, opening)

    def _ended(self, name: str, due: int, now: int) -> None:
        """What it was to play is played: of an awaited loop the rest is silence."""
        voice = self.voices.get(name)
        if voice is not None and voice.playing and voice.hand.awaited_since is not None:
            voice.cursor_beat = max(voice.cursor_beat, voice.hand.awaited_until)
            if self._awaits_round(voice, now):
                self._go(voice, now)
                return
        super()._ended(name, due, now)

    def keep(self, voice: Voice, now: int) -> None:
        """Its mode has changed: what is held or goes round does so on."""
        if voice.hand.busy and voice.armed and not voice.leashed:
            voice.hand.woke = voice.mode not in ("free", "chart")
            voice.playing, voice.resting = True, False
            self._go(voice, now)

    def receive(self, answer: Answer, now: int) -> None:
        """An answer; of what is to be held the first event is."""
        super().receive(answer, now)
        voice = self.voices.get(answer.player.rpartition("/")[2])
        if voice is None or not voice.settings["hold"] or voice.hand.held or not voice.played or voice.asked:
            return
        if answer.events and self.agenda.due(("hold", voice.name)) is None:
            self.agenda.set(("hold", voice.name), max(voice.played[-1].due_ns, now))


def _silent(planned: Planned) -> bool:
    return not (planned.notes or planned.label or planned.gesture)
