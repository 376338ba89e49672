"""All players of a server, their memories, and what they have learned, shared where they name the same things.

What takes long to learn is a `Job` in `jobs`: somebody builds it, on a thread of its own, and `switch` puts it in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from .beatmemory import Beats
from .columns import forget_rows
from .events import Answer, Event, Query
from .learned import Job, Key, Learned
from .memory import MOST_EVENTS, SEGMENT, Memory, Take
from .memoryfile import decode
from .models import Foreseeing, ModelFactory, blended
from .player import Player
from .treatments import Treatment

#: How often (in events) it is seen to that all memories together stay within their bytes.
WEIGHED_EVERY: Final = 4096
MOST_BYTES: Final = 512_000_000
#: So many clearings of a memory can be taken back.
MOST_CLEARED: Final = 8


class Band:
    """Makes players, teaches them, asks them. `factories` makes models by name, `treatments` are plugins' effects."""

    def __init__(
        self, factories: Mapping[str, ModelFactory], treatments: Mapping[str, Treatment] = MappingProxyType({})
    ) -> None:
        self.treatments = dict(treatments)
        self._factories = dict(factories)
        self.limit(SEGMENT, MOST_EVENTS, MOST_BYTES)
        self._memories: dict[str, Memory] = {}
        self._cleared: dict[str, list[list[tuple[int, int]]]] = {}
        self._learned: dict[Key, Learned] = {}
        self._traced: set[Key] = set()  # by which somebody has followed
        self._beats: dict[str, Beats] = {}  # memories seen in beats, of those from which somebody plays over a chart
        self._players: dict[str, tuple[Player, Key]] = {}
        self._jobs: dict[int, Job] = {}
        self._numbers = 0
        self._heard = 0
        #: Jobs that nobody has taken yet, in order.
        self.jobs: list[Job] = []

    def limit(self, segment: int, most_events: int, most_bytes: int) -> None:
        """Bound each memory to so many events, and all of them with what was learned from them to so many bytes."""
        self._segment, self._most_events, self._most_bytes = segment, most_events, most_bytes

    @property
    def limits(self) -> tuple[int, int, int]:
        """Events in a segment, events in a memory, bytes of all."""
        return self._segment, self._most_events, self._most_bytes

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that players can be made with."""
        return tuple(self._factories)

    @property
    def held_bytes(self) -> int:
        """What all memories and all that was learned from them take."""
        kept = sum(memory.bytes for memory in self._memories.values())
        kept += sum(beats.bytes for beats in self._beats.values())
        return kept + sum(learned.bytes for learned in self._learned.values())

    def memory(self, name: str) -> Memory:
        """A memory by name; a new one if there is none."""
        made = self._memories.get(name)
        if made is None:
            made = self._memories[name] = Memory(self._segment, self._most_events)
        return made

    def make(
        self, name: str, model: str, viewpoint: str, memory: str, parts: tuple[tuple[str, float], ...] = ()
    ) -> None:
        """A new player; it knows what its memory holds already, at once or as soon as that is learned."""
        key = Key(memory, viewpoint, model, parts)
        self._players[name] = (Player(name, model, self._learned.get(key) or self._empty(key)), key)
        self.prepare(name, key)

    def drop(self, name: str) -> None:
        """A player ends; its memory stays if it is not empty, what nobody uses of it any more is forgotten."""
        memory = self._players.pop(name)[1].memory
        for job in self._jobs.values():
            job.waiting.pop(name, None)
        self._forget_unused()
        used = any(key.memory == memory for _, key in self._players.values())
        if not used and not len(self.memory(memory)) and all(job.name != memory for job in self._jobs.values()):
            del self._memories[memory]
            self._cleared.pop(memory, None)

    def close(self, session: str) -> None:
        """A session is closed, in which nobody plays any more: its memories are no more."""
        for name in [name for name in self._memories if name.startswith(f"{session}/")]:
            del self._memories[name]
            self._cleared.pop(name, None)

    @property
    def learning(self) -> set[str]:
        """The sessions in which something is being learned."""
        return {job.name.partition("/")[0] for job in self._jobs.values()}

    def key_of(self, name: str) -> Key:
        """What a player plays from."""
        return self._players[name][1]

    def prepare(self, name: str, key: Key) -> Job:
        """A player is to play from what a key names: a job, of which only the switching in is left if it is there."""
        for job in self._jobs.values():
            job.waiting.pop(name, None)
        learned = self._learned.get(key)
        for job in self._jobs.values():
            if learned is None and key in job.made:
                job.waiting[name] = key
                return job
        if learned is not None:
            made = self._new_job(key.memory, learned.memory, {key: learned})
            made.done = True
        else:
            made = self._new_job(key.memory, self.memory(key.memory), {key: self._empty(key)})
        made.waiting[name] = key
        return made

    def __contains__(self, name: str) -> bool:
        return name in self._players

    @property
    def players(self) -> tuple[str, ...]:
        """The names of its players."""
        return tuple(self._players)

    def give_up(self) -> None:
        """Jobs that nobody has taken are not done: whoever waited for them stays as it is."""
        for job in self.jobs:
            self.abandon(job)
        self.jobs.clear()

    def _empty(self, key: Key) -> Learned:
        return self._empty_of(self.memory(key.memory), key)

    def _empty_of(self, memory: Memory, key: Key) -> Learned:
        return Learned(memory, key.viewpoint, self.factory(key.model, key.parts), traced=key in self._traced)

    def _trace(self, key: Key) -> None:
        """Somebody follows by what a key names: it is to be learned with its traces, unless that is under way."""
        self._traced.add(key)
        if all((made := job.made.get(key)) is None or made.traced is None for job in self._jobs.values()):
            self._new_job(key.memory, self.memory(key.memory), {key: self._empty(key)})

    def factory(self, model: str, parts: tuple[tuple[str, float], ...] = ()) -> ModelFactory:
        """What makes a model; of a blend with parts, these in place of its own."""
        return blended(self._factories, parts) if parts else self._factories[model]

    def _new_job(self, name: str, memory: Memory, made: dict[Key, Learned], beats: Beats | None = None) -> Job:
        self._numbers += 1
        job = self._jobs[self._numbers] = Job(
            self._numbers, name, memory, memory.snapshot(), made, since=len(self.memory(name)), beats=beats
        )
        self.jobs.append(job)
        return job

    def job(self, number: int) -> Job | None:
        """A job that is still under way, by its number."""
        return self._jobs.get(number)

    def users(self, job: Job) -> list[str]:
        """The players that a job's result changes, in the order in which they were made."""
        changed = {key for key, learned in job.made.items() if self._learned.get(key) is not learned}
        return [name for name, (player, key) in self._players.items()
                if name in job.waiting or key in changed
                or (job.beats is not None and player.charting and key.memory == job.name)]  # fmt: skip

    def switch(self, job: Job) -> None:
        """Put in what a job has built: it catches up with what was heard meanwhile, and its players play from it."""
        names = self.users(job)
        del self._jobs[job.number]
        old = self.memory(job.name)
        if old is not job.memory:  # it was loaded: what was heard since goes on in it
            for position in range(max(job.since, old.first), len(old)):
                if old.has(position):
                    job.memory.append(old.event(position), old.stream(position))
            self._memories[job.name] = job.memory
            self._cleared.pop(job.name, None)
        for key, learned in job.made.items():
            if self._learned.get(key) is not learned:
                learned.catch_up()
                self._learned[key] = learned
        if job.beats is not None:
            job.beats.catch_up()
            self._beats[job.name] = job.beats
        for name in names:
            player, key = self._players[name]
            key = job.waiting.get(name, key)
            self._players[name] = (player, key)
            if name in job.waiting or player.learned is not self._learned[key]:
                player.take(self._learned[key], key.model)
            player.see(self._beats.get(key.memory))
        self._forget_unused()
        made: list[Learned | Beats] = [*job.made.values(), *([job.beats] if job.beats is not None else [])]
        if any(one.stale or one.memory is not self.memory(job.name) for one in made):
            self._relearn(job.name)

    def is_void(self, job: Job) -> bool:
        """Whether what a job has built may not be used: it may hold what was erased, or its memory is not there now."""
        return job.spoiled or not (job.loads or job.memory is self.memory(job.name))

    def renew(self, job: Job) -> None:
        """In place of a job that is void another, for whoever waits for it, from the memory as it is now."""
        del self._jobs[job.number]
        memory = job.memory if job.loads else self.memory(job.name)
        made = {key: self._empty_of(memory, key) for key in job.made}
        again = self._new_job(job.name, memory, made, Beats(memory) if job.beats is not None else None)
        again.waiting, again.since, again.loads = job.waiting, job.since, job.loads

    def settle(self) -> None:
        """Learn whatever is to be learned here and now, and switch it in."""
        while self.jobs:
            job = self.jobs.pop(0)
            if not job.done:
                job.build()
            self.switch(job)

    def abandon(self, job: Job) -> None:
        """A job that cannot be done; all stays as it is."""
        del self._jobs[job.number]

    def _relearn(self, name: str) -> None:
        """Everything that was learned from a memory is to be learned afresh, unless that is under way already.

        What changes meanwhile is masked, and learned afresh once more when that job is switched in.
        """
        keys = {key for key in self._learned if key.memory == name}
        seen = name in self._beats
        if (keys or seen) and not any(
            keys <= set(job.made) and (not seen or job.beats is not None)
            for job in self._jobs.values()
            if job.name == name
        ):
            beats = Beats(self.memory(name)) if seen else None
            made = {key: self._empty(key) for key in self._learned if key in keys}
            self._new_job(name, self.memory(name), made, beats)

    def _see_in_beats(self, name: str) -> None:
        """A memory is to be seen in beats: a job, unless that is under way."""
        if not any(job.name == name and job.beats is not None for job in self._jobs.values()):
            self._new_job(name, self.memory(name), {}, Beats(self.memory(name)))

    def _forget_unused(self) -> None:
        used = {key for _, key in self._players.values()}
        used.update(key for job in self._jobs.values() for key in job.waiting.values())
        self._learned = {key: learned for key, learned in self._learned.items() if key in used}
        self._traced &= used
        charting = {key.memory for player, key in self._players.values() if player.charting}
        self._beats = {name: beats for name, beats in self._beats.items() if name in charting}

    def hear(self, players: Sequence[str], learn: Sequence[bool], event: Event, stream: int) -> None:
        """An event has closed: each memory of those that learn keeps it once, each player listens."""
        known = self._players
        learners = [known[name][1].memory for name, on in zip(players, learn, strict=True) if on]
        self.keep(tuple(dict.fromkeys(learners)), players, event, stream)

    def keep(self, memories: Sequence[str], players: Sequence[str], event: Event, stream: int) -> None:
        """These memories keep an event, these players hear it."""
        places: dict[str, int] = {}
        for name in memories:
            memory = self.memory(name)
            changes = memory.changes
            places[name] = memory.append(event, stream)
            if memory.changes != changes:
                self._relearn(name)
        before, self._heard = self._heard, self._heard + len(memories)
        if before // WEIGHED_EVERY != self._heard // WEIGHED_EVERY:
            self._weigh()
        positions: dict[Learned, int] = {}
        for key, learned in self._learned.items():
            place = places.get(key[0])
            if place is not None:
                positions[learned] = learned.learn(event, stream, place)
                if learned.outgrown:
                    self._relearn(key.memory)
        for kept_in, place in places.items():
            if kept_in in self._beats:
                self._beats[kept_in].learn(event, stream, place)
        for name in players:
            player = self._players[name][0]
            player.hear(event, stream, positions.get(player.learned, -1))

    def _weigh(self) -> None:
        """The largest memories lose their oldest until all together are within their bytes."""
        while self.held_bytes > self._most_bytes:
            largest = max(self._memories, key=lambda name: self._memories[name].bytes)
            if len(self._memories[largest].segments) < 2:
                break
            self._memories[largest].drop_oldest()
            self._relearn(largest)

    def answer(self, query: Query) -> Answer:
        """What a player answers."""
        player, key = self._players[query.player]
        if query.follows and player.learned.traced is None:
            self._trace(key)
        if query.scenario:
            player.see(self._beats.get(key.memory))
            if player.over is None:
                self._see_in_beats(key.memory)
        return player.answer(query)

    def answer_many(self, queries: Sequence[Query]) -> list[Answer | Exception]:
        """What several players answer, event by event side by side; or what their models raise.

        A model that has `foresee(states)` is told before each round from where it will be asked to predict, so that it
        can compute all of that together.
        """
        answers: dict[int, Answer | Exception] = {}
        going = {at: (self._players[query.player][0], query) for at, query in enumerate(queries)}
        steps = {at: player.answering(query) for at, (player, query) in going.items()}
        while steps:
            for at, step in list(steps.items()):
                try:
                    next(step)
                except StopIteration as end:
                    answers[at] = end.value
                    del steps[at]
                except Exception as error:
                    answers[at] = error
                    del steps[at]
            waiting: dict[int, tuple[Foreseeing, list[Any]]] = {}
            for at in steps:
                player = going[at][0]
                model = player.learned.model
                if isinstance(model, Foreseeing) and player.state is not None:
                    waiting.setdefault(id(model), (model, []))[1].append(player.state)
            for model, states in waiting.values():
                model.foresee(states)
        return [answers[at] for at in range(len(queries))]

    def context_of(self, name: str) -> int:
        """How many of the last events that a player heard agree with something heard before."""
        return self._players[name][0].context

    def revert(self, name: str, events: int) -> None:
        """The last events that a player planned were dropped."""
        self._players[name][0].revert(events)

    def forget(self, name: str, since_beat: float, again: bool) -> None:
        """Unlearn what a player's memory holds from a beat on, or learn it again."""
        key = self._players[name][1]
        memory = self.memory(key.memory)
        spans = memory.since(since_beat)
        if again:
            memory.remember(spans)
        else:
            memory.forget(spans)
        self._relearn(key.memory)

    def keep_take(self, name: str, take: Take) -> None:
        """A take is kept with a memory; one of no beats drops the last."""
        takes = self.memory(name).takes
        if take.span_beats > 0:
            takes.append(take)
        elif takes:
            takes.pop()

    def clear(self, name: str, again: bool) -> None:
        """Forget all of a memory, or remember what was forgotten so last."""
        memory, cleared = self.memory(name), self._cleared.setdefault(name, [])
        if not again:
            cleared.append(memory.clear())
            del cleared[:-MOST_CLEARED]
        elif cleared:
            memory.remember(cleared.pop())
        self._relearn(name)

    def forget_performer(self, session: str, performer: str) -> int:
        """All memories of a session lose what somebody played, for good; how many events that was.

        What is being built from them just then may hold it or not, as far as it has come: it is built anew.
        """
        erased, lost = 0, set[int]()
        under_way = [job for job in self._jobs.values() if job.name.startswith(f"{session}/")]
        for name, memory in self._memories.items():
            if name.startswith(f"{session}/") and (count := memory.forget_performer(performer)):
                erased += count
                self._cleared.pop(name, None)
                self._relearn(name)
                lost.add(id(memory))
        for job in under_way:
            has_a_place = job.memory is self._memories.get(job.name)  # and is not just being loaded
            if not has_a_place and (count := job.memory.forget_performer(performer)):
                erased += count
                lost.add(id(job.memory))
            if job in self.jobs:  # nobody has begun it
                job.snapshot = job.memory.snapshot()
            elif id(job.memory) in lost or job.snapshot.first < job.memory.first:
                job.spoiled = True
        for learned in self._learned.values():
            learned.viewpoint.forget_last()
        forget_rows()
        for player, _ in self._players.values():
            player.forget_performer(performer)
        return erased

    def load(self, name: str, memory: Memory) -> None:
        """A memory is to take the place of the one of that name, once all is learned from it.

        Its positions are counted from beyond any that there were, also in what was loaded and is not there yet.
        """
        past = [len(job.memory) for job in self._jobs.values() if job.name == name]
        memory.move(max([len(self.memory(name)), *past]) + SEGMENT)
        keys = [*self._learned, *(key for job in self._jobs.values() for key in job.made)]
        made = {key: self._empty_of(memory, key) for key in dict.fromkeys(keys) if key.memory == name}
        beats = Beats(memory) if name in self._beats else None
        self._new_job(name, memory, made, beats).loads = True

    def fill(self, name: str, memory: Memory) -> None:
        """A memory as it is elsewhere takes the place of the one of that name, with its positions, and is learned."""
        made = {key: self._empty_of(memory, key) for key in self._learned if key.memory == name}
        if made:
            self._new_job(name, memory, made).loads = True
        else:
            self._memories[name] = memory

    def decode(self, data: bytes) -> Memory:
        """The memory in a file's bytes, on any thread; raises `Damaged`. Its positions are settled by `load`."""
        return decode(data, self._segment, self._most_events)

    def positions(self, name: str) -> int:
        """The position that the next event of a memory will have."""
        return len(self.memory(name))
