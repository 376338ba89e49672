"""Does it make musical sense? The same questions over twenty seeds (a phrase, its jitter and the draws)."""

from __future__ import annotations

import random

import pytest

from sideman.testing import Performer, Stage

SEEDS = range(20)
NOTE = "/player/sideman/note"
STATE = "/player/sideman/state"
BEAT_S = 0.5  # at 120 a minute


def phrase(draw: random.Random) -> list[tuple[float, float]]:
    """Eight to twelve notes of a scale, in eighths, quarters and halves: (pitch, seconds to the next)."""
    scale = (60, 62, 64, 65, 67, 69, 71, 72)
    return [
        (float(draw.choice(scale)), BEAT_S * draw.choice((0.5, 0.5, 1.0, 1.0, 2.0))) for _ in range(draw.randint(8, 12))
    ]


def jittered(notes: list[tuple[float, float]], draw: random.Random) -> list[tuple[float, float]]:
    """Each time to the next note up to 10 % shorter or longer."""
    return [(pitch, seconds * draw.uniform(0.9, 1.1)) for pitch, seconds in notes]


def answered(performer: Performer) -> tuple[list[tuple[object, ...]], float]:
    """The notes of the answer that follows, and how long it lasted in seconds."""
    performer.clear()
    performer.stage.advance(60)
    states = [heard for heard in performer.heard() if heard.address == STATE]
    assert [state.arguments[0] for state in states[:2]] == ["playing", "armed"]
    return performer.got(NOTE), states[1].time_s - states[0].time_s


def longest_joint_run(answer: list[tuple[int, int]], played: list[tuple[int, int]]) -> int:
    """The longest run of (pitch, time class) of the answer that stands as such in what was played."""
    longest = 0
    for start in range(len(answer)):
        for end in range(start + longest + 1, len(answer) + 1):
            run = answer[start:end]
            if any(played[at : at + len(run)] == run for at in range(len(played))):
                longest = end - start
            else:
                break
    return longest


@pytest.mark.parametrize("seed", SEEDS)
def test_a_phrase_played_three_times_keeps_its_contexts(seed: int) -> None:
    draw = random.Random(seed)
    notes = phrase(draw)
    stage = Stage(seed=seed + 1)
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    contexts: list[int] = []
    for time in range(3):
        for pitch, seconds in jittered(notes, draw):
            ann.play([(pitch, seconds)], legato=0.9)
            if time == 2:
                contexts.append(stage.context_of("main/sideman"))
        stage.advance(2)
    kept = sum(context >= 3 for context in contexts)
    # Over all seeds the share is held below; a single phrase may fare worse, but not lose everything.
    SHARES[seed] = kept / len(contexts)
    assert SHARES[seed] >= 0.3


SHARES: dict[int, float] = {}


def test_over_all_seeds_seven_tenths_of_the_third_pass_have_contexts_of_three_and_more() -> None:
    assert len(SHARES) == len(SEEDS), "run the whole file"
    assert sum(SHARES.values()) / len(SHARES) >= 0.7


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_lasts_as_long_as_the_phrase_within_one_event_on_its_channel(seed: int) -> None:
    draw = random.Random(seed)
    stage = Stage(seed=seed + 1)
    ann = stage.performer("ann")
    channel = draw.randint(1, 9)
    for _ in range(2):
        began_s = stage.now_s
        for pitch, seconds in phrase(draw):
            ann.send("/note", pitch, float(draw.randint(40, 110)), channel, 900 * seconds)
            stage.advance(seconds)
            last_s = stage.now_s - 0.1 * seconds
        length_s = last_s - began_s
        notes, lasted_s = answered(ann)
        longest_event_s = 2.0 * BEAT_S * 1.5
        assert length_s - 1e-6 <= lasted_s <= length_s + longest_event_s
        assert {note[3] for note in notes} == {channel}


STARTS: dict[int, int] = {}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_starts_from_the_phrases_end_and_is_no_copy_of_it(seed: int) -> None:
    draw = random.Random(seed)
    stage = Stage(seed=seed + 1)
    ann = stage.performer("ann")
    theme = phrase(draw)
    ann.send("/player/sideman/stop")
    for _ in range(3):
        ann.play(jittered(theme, draw))
        stage.advance(2)
    ann.send("/player/sideman/play")
    ann.play(jittered(theme, draw))
    notes, _ = answered(ann)
    first = notes[0][4]
    ann.clear()
    ann.send("/player/sideman/why", int(str(first)))
    context = ann.got("/player/sideman/why")[0][5]
    assert isinstance(context, int)
    STARTS[seed] = context
    times = [heard.time_s for heard in ann.stage.arrived(ann.endpoint) if heard.address == NOTE]
    joint = [
        (int(str(note[0])), round((after - before) / BEAT_S * 4))
        for note, before, after in zip(notes, times, times[1:], strict=False)
    ]
    played = [(int(pitch), round(seconds / BEAT_S * 4)) for pitch, seconds in theme]
    assert longest_joint_run(joint, played) < len(theme)


def test_nine_answers_in_ten_begin_with_what_followed_the_phrases_end_before() -> None:
    assert len(STARTS) == len(SEEDS), "run the whole file"
    assert sum(context >= 1 for context in STARTS.values()) >= 0.9 * len(SEEDS)
