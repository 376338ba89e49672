"""All stages in full, one after another, and the tables of what each reached, written into docs/training.md.

What is trained is `stages`', what is measured `measures`'. A stage that is done is not done again, so that the
whole goes on where it was broken off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from . import align as aligning
from . import letters, measures, stages
from .engine import Engine, answer, song_bits, text_bits
from .exercises import HELD_OUT, SINGLE
from .lessons import Lesson, exam
from .preferences import Preference, taste
from .saving import CONFIG, load, save
from .sentences import Task, make
from .songs import Song, songs_of_corpus
from .stages import Work
from .torches import settle
from .wordings import NAMES

BEGIN: Final = "<!-- begin: written by `sideman train all` -->"
END: Final = "<!-- end -->"
#: Players draw at temperature 1 unless they are told otherwise; where there is a right answer, less is safer.
COOL: Final = 0.7
EACH: Final = 30  # lessons of each kind, or tasks of each name, that are tried
PROMPTS: Final = 20  # for the ends, each twelve times
TEXTS: Final = 200  # of each sort, not longer than this
LONGEST_TEXT: Final = 240
#: Of tasks of text: whether words are held out, whether verbs are, and what that is called.
TASK_KINDS: Final = (
    (False, False, "unseen sentences and wordings"),
    (True, False, "and unseen words"),
    (False, True, "unseen sentences, verbs never tuned"),
)
PAIRS: Final = 480
HELD_PAIRS: Final = 160
BOUNDS: Final = (0.0002, 0.001, 0.005, 0.02, 0.1)


def everything(data: Path, out: Path, work: Work, say: Callable[[str], None] = print) -> str:
    """Train and measure all; the tables as Markdown."""
    songs, valid, test = (
        [song for name in stages.CLEARED for song in songs_of_corpus(data, name, split)]
        for split in ("train", "valid", "test")
    )
    texts, valid_texts = letters.shipped_texts(data, "train"), letters.shipped_texts(data, "valid")
    _once(out / "music-1-pretrain", lambda to: stages.pretrain_music(
        songs, valid, stages.PRETRAIN_MUSIC, to, work, data=", ".join(stages.CLEARED)), say)  # fmt: skip
    _once(out / "music-2-tune", lambda to: stages.tune_music(
        out / "music-1-pretrain", songs, valid, stages.TUNE_MUSIC, to, work), say)  # fmt: skip
    _once(out / "music-4-plan", lambda to: stages.plan_music(
        out / "music-2-tune", songs, valid, stages.PLAN_MUSIC, to, work), say)  # fmt: skip
    _once(out / "text-1-pretrain", lambda to: stages.pretrain_text(
        texts, valid_texts, stages.PRETRAIN_TEXT, to, work, data=letters.SHIPPED), say)  # fmt: skip
    _once(out / "text-2-tune", lambda to: stages.tune_text(
        out / "text-1-pretrain", texts, stages.TUNE_TEXT, to, work), say)  # fmt: skip
    return measured(data, out, test, songs, work, say)


def _once(folder: Path, run: Callable[[Path], Any], say: Callable[[str], None]) -> None:
    if (folder / CONFIG).exists():
        say(f"{folder.name}: done before")
        return
    say(f"{folder.name}: begun")
    run(folder)


def measured(
    data: Path, out: Path, test: Sequence[Song], songs: Sequence[Song], work: Work, say: Callable[[str], None]
) -> str:
    """The tables."""
    makers: tuple[Callable[[], str], ...] = (
        lambda: pretraining(data, out, test),
        lambda: instructions(out, test),
        lambda: sentences(data, out),
        lambda: preferring(out, songs, test, work),
        lambda: planning(out, test),
    )
    tables = []
    for maker in makers:
        tables.append(maker())
        say(tables[-1])
    return "\n".join(tables)


def pretraining(data: Path, out: Path, test: Sequence[Song]) -> str:
    """Bits an event on test splits, of the corpora and viewpoints of docs/evaluation.md, and messages recalled."""
    rows = []
    for name, folder in (("pretrained", out / "music-1-pretrain"), ("after the plan stage", out / "music-4-plan")):
        engine = Engine(folder)
        for corpus in stages.CLEARED:
            own = songs_of_corpus(data, corpus, "test")
            for view in ("pitch", "pitch*ioi"):
                for tell, given in (((False, False), "-"), ((True, True), "chord, bar")):
                    found = [bit for song in own for bit in song_bits(engine, song, view, tell)]
                    rows.append(f"| {name} | {corpus}.{view} | {given} | {sum(found) / len(found):.3f} |")
    names = ("messages", "sentences, French", "sentences, English", "prose, French")
    engine = Engine(out / "text-1-pretrain")
    for name, (_, texts) in zip(names, letters.shipped_texts(data, "test")[:4], strict=True):
        some = [text for text in texts if len(text) <= LONGEST_TEXT][:TEXTS]
        rows.append(f"| pretrained | {name}, a character | - | {text_bits(engine, some):.3f} |")
    train_on = letters.texts_of_corpus(data, "sms_en", "train")
    unseen = letters.texts_of_corpus(data, "sms_en", "test")
    engine = Engine(out / "text-2-tune")
    (known, of_known), (others, of_others) = (measures.recall(engine, some[:TEXTS]) for some in (train_on, unseen))
    return (
        "\n### Pretrain\n\nOn test splits, each piece from nothing before it.\n\n"
        "| model | what | given | bits an event |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        f"Messages of 24 bytes and more written to the end from their first half, byte for byte, by the tuned model:\n"
        f"{known} of {of_known} it was trained on, {others} of {of_others} it never saw.\n"
    )


def instructions(out: Path, test: Sequence[Song]) -> str:
    """Music: obeyed, told and untold, after tuning and before."""
    kinds: list[tuple[str, ...]] = [*((name,) for name in SINGLE), *HELD_OUT]
    lessons = exam(5, test, kinds, EACH)
    columns = [
        measures.obedience(Engine(out / name), lessons) for name in ("music-1-pretrain", "music-2-tune", "music-4-plan")
    ]
    columns.append(measures.obedience(Engine(out / "music-4-plan"), lessons, temperature=COOL))
    rows = []
    for before, tuned, planned, cool in zip(*columns, strict=True):
        held = " (held out)" if "+" in tuned.name else ""
        shares = (before.told, tuned.told, planned.told, cool.told, planned.untold, planned.chance)
        rows.append(f"| {tuned.name}{held} | " + " | ".join(f"{share / tuned.tried:.0%}" for share in shares) + " |")
    for label, keep in (("single", False), ("held-out pairs", True)):
        mine = [column for column in zip(*columns, strict=True) if ("+" in column[1].name) == keep]
        tried = sum(own[1].tried for own in mine)
        sums = [
            *(sum(own[i].told for own in mine) for i in range(4)),
            sum(own[2].untold for own in mine),
            sum(own[2].chance for own in mine),
        ]
        rows.append(f"| **all {label}** | " + " | ".join(f"**{value / tried:.0%}**" for value in sums) + " |")
    return (
        f"\n### Tune, music\n\n{EACH} answers to phrases of the test split for each kind.\n\n"
        f"| instruction | pretrained | tuned | after the plan stage | at temperature {COOL} | not told "
        "| chance: another phrase |\n|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def sentences(data: Path, out: Path) -> str:
    """Text: obeyed, with unseen wordings, sentences and words."""
    plain = stages.plain_of(letters.shipped_texts(data, "test")[:4])
    before, tuned = Engine(out / "text-1-pretrain"), Engine(out / "text-2-tune")
    rows = []
    for name in NAMES:
        for unseen_words, foreign, label in TASK_KINDS if name in ("fruits", "vegetables") else TASK_KINDS[:1]:
            chance = np.random.default_rng([11, unseen_words])
            tasks: list[Task] = [
                make(chance, name, True, unseen_words, plain, foreign=foreign) for _ in range(2 * EACH)
            ]
            old, new = measures.text_obedience(before, tasks), measures.text_obedience(tuned, tasks)
            shares = (old.told, new.told, new.untold, new.chance)
            rows.append(f"| {name}, {label} | " + " | ".join(f"{share / new.tried:.0%}" for share in shares) + " |")
    return (
        f"\n### Tune, text\n\n{2 * EACH} tasks in French and English a row.\n\n"
        "| instruction | told, pretrained | told, tuned | not told, tuned | chance: the sentence repeated |\n"
        "|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def preferring(out: Path, songs: Sequence[Song], test: Sequence[Song], work: Work) -> str:
    """Preferences won, and how flat answers have become, at several bounds."""
    start = out / "music-2-tune"
    train_on = stages.made_preferences(start, songs, PAIRS, 1)
    held: list[Preference] = stages.made_preferences(start, test, HELD_PAIRS, 2)
    prompts = [one.before for one in held]
    others = _answers(start, prompts, 1)
    rows = [_flat_row("tuned", None, _answers(start, prompts), others)]
    tuned, vocabulary, about = load(start)
    how = aligning.Alignment(bound_bits=float("inf"))
    far, _, _ = aligning.align(tuned, train_on, held, how, work.at.device)
    for bound in BOUNDS:
        model, part, bits = aligning.bounded(far, tuned, held, bound, work.at.device)
        gains = aligning.margins(model, tuned, held, work.at.device, how.beta)
        to = out / f"music-3-align-{bound}"
        if work.at.first:
            save(to, model, vocabulary, {**about, "stage": "align", "bound": bound})
        settle(work.at)
        result = stages.Aligned(sum(gain > 0 for gain in gains) / len(gains), part, bits)
        rows.append(_flat_row(f"bound {bound}", result, _answers(to, prompts), others))
    return (
        f"\n### Align\n\n{PAIRS} made preferences (small steps, last note held), {HELD_PAIRS} more on test pieces.\n\n"
        "| model | held-out pairs won | liked more than the tuned model's | moved, bits | different 4-grams "
        "| bits an interval | bits a time | notes an answer |\n|---|---|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _answers(folder: Path, prompts: Sequence[Any], seed: int = 0) -> list[Any]:
    engine = Engine(folder)
    return [answer(engine, np.random.default_rng([seed, at]), before)[0] for at, before in enumerate(prompts)]


def _flat_row(name: str, result: stages.Aligned | None, own: Sequence[Any], tuned: Sequence[Any]) -> str:
    liked = np.mean([(taste(a) > taste(b)) + 0.5 * (taste(a) == taste(b)) for a, b in zip(own, tuned, strict=True)])
    flat = measures.flatness(own)
    won = f"{result.won:.0%}" if result else "-"
    moved = f"{result.bits:.2g}" if result else "0"
    return (
        f"| {name} | {won} | {liked:.0%} | {moved} | {flat.distinct_4grams:.3f} | {flat.interval_bits:.3f} | "
        f"{flat.ioi_bits:.3f} | {flat.notes:.1f} |"
    )


def planning(out: Path, test: Sequence[Song]) -> str:
    """Plans carried out, and ends."""
    lessons = exam(6, test, [()], 4 * EACH, with_plan=True)
    engine = Engine(out / "music-4-plan")
    rows = []
    for name, told, temperature in (
        ("told its plan", True, 1.0),
        (f"told, at temperature {COOL}", True, COOL),
        ("not told", False, 1.0),
    ):
        found = measures.plans_carried(engine, lessons, told, temperature=temperature)
        rows.append(f"| {name} | " + " | ".join(f"{value:.0%}" for value in list(found)[1:]) + " |")
    prompts: list[Lesson] = lessons[:PROMPTS]
    table = []
    for name, plans, order in (
        ("with a plan of its own, told to end on the tonic", True, True),
        ("without plan, told to end on the tonic", False, True),
        ("with a plan of its own, told nothing", True, False),
        ("without plan, told nothing", False, False),
    ):
        found_ends = measures.ends(engine, prompts, 12, plans, order)
        table.append(
            f"| {name} | {found_ends.tries} | {found_ends.wrong} | "
            + (f"{found_ends.plan_right_end_wrong} | {found_ends.plan_wrong_end_right} |" if plans else "- | - |")
        )
    return (
        f"\n### Plan\n\n{len(lessons)} plans of phrases of the test split, given to the model.\n\n"
        "| model | cadence | shape | as many bars | density | whole plan |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nEnds that are not the tonic of what was played before, {PROMPTS} prompts, twelve tries each:\n\n"
        "| model | tries | wrong ends | plan right, end wrong | plan wrong, end right |\n|---|---|---|---|---|\n"
        + "\n".join(table)
        + "\n"
    )


def courses() -> str:
    """How long each stage was."""
    named = {
        "pretrain, music": stages.PRETRAIN_MUSIC,
        "tune, music": stages.TUNE_MUSIC,
        "plan, music": stages.PLAN_MUSIC,
        "pretrain, text": stages.PRETRAIN_TEXT,
        "tune, text": stages.TUNE_TEXT,
    }
    rows = [
        f"| {name} | {own.steps} | {own.rows * own.length} | {own.rate} | {own.dropout} | {own.seed} |"
        for name, own in named.items()
    ]
    return (
        "\n### Courses\n\n| stage | steps | tokens a step | rate | dropout | seed |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def filled(document: str, tables: str) -> str:
    """The document with its tables exchanged."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{courses()}{tables}\n{END}{after}"
