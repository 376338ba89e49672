"""The prediction core: alphabets, the factor oracle, the n-gram, keyed chance, the sampler, and the loop that chooses.

Symbols are ids of an `Alphabet`, or tuples of its components; ids and component values are int32 from 1,
0 is *unseen*. Positions count what a model has learned, over all its streams, from 0.
"""

from collections.abc import Sequence
from mmap import mmap
from typing import final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Symbol = int | Sequence[int]
Intervals = Sequence[tuple[int, int]]
Feature = tuple[str, int, int, int, int]  # what it looks at, component, lag, back, modulo
View = tuple[int, int, int, bool, Sequence[Feature]]  # target, relative to, modulo, brief, features

GAVE_UP_TABOO: int
GAVE_UP_CONTINUITY: int
GAVE_UP_MIN_CONTEXT: int
GAVE_UP_AVOID: int

def chance(seed: int, player: int, ordinal: int, purpose: int) -> int:
    """64 uniform bits for one purpose of one event of one player, the same on every platform (Philox 4x32-10)."""

def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """The bare generator: four words from a counter of four and a key of two."""

@final
class Alphabet:
    """Symbols as ids from 1 against tuples of component values from 1; it only grows."""

    names: tuple[str, ...]  # of the viewpoint's components, where somebody has set them

    def __init__(self, components: int = 1) -> None: ...
    @property
    def components(self) -> int: ...
    def __len__(self) -> int: ...
    def intern(self, symbol: Sequence[int]) -> int:
        """The id of a tuple, a new one if it has none; raises `ValueError` for values below 1."""

    def find(self, symbol: Sequence[int]) -> int:
        """The id of a tuple, or 0."""

    def values(self, id: int) -> tuple[int, ...]:
        """The tuple of an id; raises `ValueError` for an id that it does not have."""

class NativeModel:
    """Any model of the core: what `Walk` walks through and `Blend` blends."""

@final
class State:
    """Where a player stands in one model; small, and the player's own."""

    def copy(self) -> State:
        """A state of its own at the same place."""

    def rollback(self, n: int) -> None:
        """Take back the last n advances, at most 64; raises `ValueError` beyond what there is."""

@final
class Oracle(NativeModel):
    """The factor oracle as a predictor: one automaton a stream, at most eight pooled, component by component."""

    weights: Floats
    """How often its votes were right, by kind: float64[k], to keep and to set again."""

    def __init__(self, alphabet: Alphabet | None = None) -> None: ...
    @property
    def alphabet(self) -> Alphabet | None: ...
    @property
    def bytes(self) -> int:
        """Memory in use."""

    def learn(self, symbols: npt.ArrayLike, stream: int = 0) -> int:
        """Learn int32[n] of ids or int32[n, components] of values, from 1, in order; the position of the first.

        Raises `TypeError` for another dtype, `ValueError` for a value below 1.
        """

    def end(self, stream: int = 0) -> None:
        """A break: the stream's context ends, and nothing is predicted across it."""

    def unlearn(self, first: int, past: int) -> None:
        """Forget the positions [first, past): as a model that had a break there. Work as of learning their streams."""

    def start(self) -> State:
        """A state that has heard nothing."""

    def advance(self, state: State, symbol: Symbol, at: int | None = None) -> None:
        """Go on by a symbol (0 breaks the context), at the position that was played if known."""

    def context(self, state: State) -> int:
        """How many of the last events agree with memory, at most 32."""

    def symbol_at(self, position: int) -> int:
        """The id of the symbol at a position."""

    def longest_vote(self, state: State, exclude: Intervals = ()) -> int:
        """The longest context of any place that has a word to say about what comes next."""

    def speaks(
        self,
        state: State,
        exclude: Intervals = (),
        min_context: int = 0,
        masks: Sequence[Floats | None] = (),
    ) -> bool:
        """Whether memory has a word to say under these wishes, or only the last resort would speak."""

    def contexts(self, state: State, positions: Sequence[int]) -> list[int]:
        """How many events before each position agree with what was played, at most 32."""

    def predict(self, state: State, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        """The next component given those chosen: values int32[m] ascending from 0, p float64[m] that sums to 1."""

    def sources(self, state: State, symbol: Symbol, exclude: Intervals = ()) -> list[int]:
        """At most 16 positions in memory that support a symbol, longest context first."""

    def probability(self, state: State, symbol: Symbol) -> float:
        """The probability of a symbol: the product over its components."""

    def __len__(self) -> int: ...
    def links(self, stream: int = 0) -> tuple[Ints, Ints]:
        """Suffix links and LRS of the n-th stream, int32[states] each."""

    def reverse_links(self, state: int, stream: int = 0) -> list[int]:
        """The states whose suffix link leads to a state, newest first."""

    def transition(self, state: int, symbol: int, stream: int = 0) -> int:
        """Where a symbol leads from a state; -1: nowhere."""

    def steps(self) -> int:
        """How many suffix-link steps all learning has taken."""

    def unbuilt(self) -> int:
        """How many states wait for the appends to come."""

@final
class NGramState:
    """Where a player stands in one n-gram; small, and the player's own."""

    around: Sequence[int]
    """What is known of the next event beside its symbol, for views that look around."""

    def copy(self) -> NGramState:
        """A state of its own at the same place."""

    def rollback(self, n: int) -> None:
        """Take back the last n advances, at most 64; raises `ValueError` beyond what there is."""

@final
class NGram(NativeModel):
    """A variable-order n-gram, component by component: interpolated modified Kneser-Ney, or PPM with exclusion.

    Without `views` each component is predicted from those chosen before it and order - 1 whole symbols; with them,
    from several views mixed by how right each has been. With a half-life what was learned counts half after so many
    beats. A brief model knows the running piece alone: `piece()` empties it. Raises `ValueError` for an order outside
    1 to 16.
    Sources: Chen & Goodman 1998; Moffat 1990; Conklin & Witten 1995; Pearce 2005.
    """

    def __init__(
        self,
        order: int = 5,
        alphabet: Alphabet | None = None,
        smoothing: str = "kneser-ney",
        views: Sequence[View] | None = None,
        half_life_beats: float = 0.0,
        brief: bool = False,
    ) -> None: ...
    @property
    def alphabet(self) -> Alphabet | None: ...
    @property
    def bytes(self) -> int:
        """Memory in use."""

    @property
    def contexts_kept(self) -> int:
        """How many contexts it keeps."""

    @property
    def parts(self) -> list[list[float]]:
        """For each component the weight of each of its views."""

    @property
    def weights(self) -> npt.NDArray[np.float32]:
        """The weights of the views, float32[k], to keep and to set again; raises `ValueError` for another shape."""

    @weights.setter
    def weights(self, given: npt.ArrayLike) -> None: ...
    def learn(
        self,
        symbols: npt.ArrayLike,
        stream: int = 0,
        around: npt.ArrayLike | None = None,
        weigh: bool = True,
        beats: npt.ArrayLike | None = None,
    ) -> int:
        """Learn int32[n] of ids or int32[n, components] of values, from 1, in order; the position of the first.

        `around`: int32[n, k], what is known of each event beside its symbol, for views that look around.
        `weigh`: learn how far to trust each view, too. `beats`: float64[n], where each began, for a model with a
        half-life; one before the last learned counts as that.
        Raises `TypeError` for another dtype, `ValueError` for a value below 1.
        """

    def know(self, symbols: npt.ArrayLike) -> None:
        """These symbols belong to the alphabet, though they were not heard yet."""

    def end(self, stream: int = 0) -> None:
        """A break: the stream's context ends, and nothing is predicted across it."""

    def piece(self) -> None:
        """A new piece begins: views that know the running piece alone are empty again."""

    def unlearn(self, first: int, past: int) -> None:
        """Forget the positions [first, past): the counts are those of a model that had a break there."""

    def start(self) -> NGramState:
        """A state that has heard nothing."""

    def advance(self, state: NGramState, symbol: Symbol, at: int | None = None) -> None:
        """Go on by a symbol (0 breaks the context); `at` is for models that stand in memory."""

    def context(self, state: NGramState) -> int:
        """How many of the last events agree with memory, at most order - 1."""

    def symbol_at(self, position: int) -> int:
        """The id of the symbol at a position; 0 where it was forgotten."""

    def longest_vote(self, state: NGramState, exclude: Intervals = ()) -> int:
        """The longest context, in events, that anything followed which is not excluded; at most order - 1."""

    def speaks(
        self,
        state: NGramState,
        exclude: Intervals = (),
        min_context: int = 0,
        masks: Sequence[Floats | None] = (),
    ) -> bool:
        """Whether memory has a word to say under these wishes, or only the last resort would speak."""

    def contexts(self, state: NGramState, positions: Sequence[int]) -> list[int]:
        """How many events before each position agree with what was played, at most 32."""

    def predict(self, state: NGramState, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        """The next component given those chosen: values int32[m] ascending from 0, p float64[m] that sums to 1."""

    def sources(self, state: NGramState, symbol: Symbol, exclude: Intervals = ()) -> list[int]:
        """At most 16 positions where a symbol followed what was played, longest context first."""

    def probability(self, state: NGramState, symbol: Symbol) -> float:
        """The probability of a symbol: the product over its components."""

    def __len__(self) -> int: ...

class Blending:
    """How the distributions of several models become one; see `Blend`."""

    def __init__(
        self,
        components: int,
        parts: int,
        how: str = "product",
        weights: str = "success",
        shares: Sequence[float] | None = None,
    ) -> None: ...
    @property
    def learns(self) -> bool: ...
    @property
    def weighs_prefixes(self) -> bool: ...
    def mix(
        self, component: int, said: Sequence[tuple[Ints, Floats]], evidence: Sequence[float] | Floats = ()
    ) -> tuple[Ints, Floats, list[float]]:
        """One component of all parts made into one: values, p, and the parts' weights."""

    def said(self, value: int) -> list[float]:
        """What each part gave a value in the last `mix`."""

    def learn(self, component: int, came: int) -> None:
        """A value came, after `mix` of the same component."""

@final
class StandingState:
    """Where a player stands in a blend or an LLM; small, and the player's own."""

    around: Sequence[int]
    """What is known of the next event beside its symbol, for parts that look around."""

    def copy(self) -> StandingState:
        """A state of its own at the same place."""

    def rollback(self, n: int) -> None:
        """Take back the last n advances, at most 64; raises `ValueError` beyond what there is."""

    def steer(self, tokens: Sequence[int]) -> None:
        """Words before the next event, as tokens of an LLM; for others nothing."""

class _Asked(NativeModel):  # only here: what models that are asked through their standings have in common
    weights: Floats
    """What it and its parts have learned of whom to trust: float64[k], to keep and to set again."""

    @property
    def alphabet(self) -> Alphabet | None: ...
    def learn(self, symbols: npt.ArrayLike, stream: int = 0, around: Ints | None = None, weigh: bool = True) -> int:
        """Learn symbols, in order; the position of the first. `weigh`: weights learn, too."""

    def end(self, stream: int = 0) -> None:
        """A break: the stream's context ends, and nothing is predicted across it."""

    def know(self, symbols: npt.ArrayLike) -> None:
        """These belong to the alphabet, though they were not heard yet."""

    def piece(self) -> None:
        """A new piece begins, for parts that know the running one apart."""

    def unlearn(self, first: int, past: int) -> None:
        """Forget the positions [first, past)."""

    def start(self) -> StandingState:
        """A state that has heard nothing."""

    def advance(self, state: StandingState, symbol: Symbol, at: int | None = None) -> None:
        """Go on by a symbol (0 breaks the context)."""

    def predict(self, state: StandingState, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        """The next component given those chosen: values int32[m] ascending from 0, p float64[m] that sums to 1."""

    def sources(self, state: StandingState, symbol: Symbol, exclude: Intervals = ()) -> list[int]:
        """At most 16 positions in memory that support a symbol, longest context first."""

    def probability(self, state: StandingState, symbol: Symbol) -> float:
        """The probability of a symbol: the product over its components."""

    def longest_vote(self, state: StandingState, exclude: Intervals = ()) -> int:
        """The longest of its parts' contexts."""

    def context(self, state: StandingState) -> int:
        """How many of the last events agree with memory."""

    def speaks(
        self,
        state: StandingState,
        exclude: Intervals = (),
        min_context: int = 0,
        masks: Sequence[Floats | None] = (),
    ) -> bool:
        """Whether any part has a word to say from memory under these wishes."""

    def contexts(self, state: StandingState, positions: Sequence[int]) -> list[int]:
        """How many events before each position agree with what was played, at most 32."""

    def symbol_at(self, position: int) -> int:
        """The id of the symbol at a position; 0 where it was forgotten."""

    def __len__(self) -> int: ...

@final
class Blend(_Asked):
    """Several models of the core that learn the same symbols and predict as one.

    `how`: product or mixture; `weights`: fixed, entropy or success; `shares`: where the weights begin. Raises
    `ValueError` for parts that have learned different things or share no alphabet.
    """

    def __init__(
        self,
        parts: Sequence[NativeModel],
        how: str = "product",
        weights: str = "success",
        shares: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
    ) -> None: ...
    @property
    def parts(self) -> list[NativeModel]: ...
    @property
    def names(self) -> tuple[str, ...]: ...

@final
class Sampler:
    """The one sampler: mask, temperature (0: the most probable), top-k (0: all), min-p, top-p."""

    def __init__(self, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0) -> None: ...
    def weigh(self, p: Floats, mask: Floats | None = None) -> Floats:
        """What is drawn from, float64[m] that sums to 1; raises `ValueError` where the mask leaves nothing."""

    def pick(self, p: Floats, draw: int, mask: Floats | None = None) -> int:
        """The index that 64 uniform bits fall on, the same on every platform."""

@final
class Choice:
    """What was chosen, from where in memory, and why."""

    @property
    def values(self) -> tuple[int, ...]: ...
    @property
    def position(self) -> int: ...
    @property
    def sources(self) -> list[int]: ...
    @property
    def context(self) -> int: ...
    @property
    def raw(self) -> float: ...
    @property
    def probability(self) -> float: ...
    @property
    def entropy_bits(self) -> float: ...
    @property
    def rank(self) -> int: ...
    @property
    def bound(self) -> int: ...
    @property
    def given_up(self) -> int: ...
    @property
    def parts(self) -> list[tuple[float, float]]:
        """Of a blend: each part's weight, and the probability that it gave."""

@final
class Walk:
    """A player's way through a model of the core: where it stands and what it took last."""

    def __init__(self, model: NativeModel, state: object = None) -> None: ...
    def copy(self) -> Walk: ...
    def steer(self, tokens: Sequence[int]) -> None:
        """Words before the next event, as tokens of an LLM; for others nothing."""

    def word(self, first: int, past: int) -> list[float] | None:
        """How probable each of the tokens [first, past) is as the next word; None of a model without words."""

    def choose(
        self,
        sampler: Sampler,
        seed: int,
        player: int,
        ordinal: int,
        masks: Sequence[Floats | None] = (),
        continuity: int = 8,
        taboo: int = 0,
        min_context: int = 0,
        avoid: Intervals = (),
    ) -> Choice | None:
        """Choose the next event and go on by it; None when the masks leave nothing."""

    def choose_many(
        self,
        count: int,
        sampler: Sampler,
        seed: int,
        player: int,
        ordinal: int,
        masks: Sequence[Floats | None] = (),
        continuity: int = 8,
        taboo: int = 0,
        min_context: int = 0,
        avoid: Intervals = (),
    ) -> list[Choice]:
        """Choose up to `count` events in one call, others running meanwhile."""

def transformer_kernels() -> list[str]:
    """The kernels that this processor can run, the best first; all give the same bits."""

@final
class Transformer:
    """A decoder-only transformer of Llama's or GPT-2's blocks, for several sequences at once."""

    def __init__(
        self,
        weights: bytes | mmap,
        *,
        vocab_size: int,
        hidden_size: int,
        intermediate_size: int,
        num_hidden_layers: int,
        num_attention_heads: int,
        num_key_value_heads: int,
        head_dim: int,
        rms_norm_eps: float = 1e-5,
        rope_theta: float = 10000.0,
        tie_word_embeddings: bool = True,
        weights_as: str = "f32",
        cache_as: str = "bf16",
        sequences: int = 16,
        window: int = 512,
        rollback: int = 64,
        kernel: str = "auto",
        model_type: str = "llama",
        max_position_embeddings: int = 0,
    ) -> None:
        """From the bytes of a safetensors file and the fields of its config.json.

        `weights_as`: f32 or int8; `cache_as`: f32 or bf16; `window` in tokens, `rollback` how many may always be taken
        back; `kernel`: auto or one of `transformer_kernels()`; `model_type`: llama, or gpt2, of which a sequence has at
        most `max_position_embeddings` tokens. Raises `ValueError` that names what is wrong.
        """

    def step(self, sequences: Ints, tokens: Ints) -> npt.NDArray[np.float32]:
        """One token each for different sequences, int32[n] both: the logits of what comes next, [n, vocab_size].

        Raises `ValueError`, and nothing has moved.
        """

    def read(self, sequence: int, tokens: Ints) -> npt.NDArray[np.float32]:
        """Many tokens of one sequence, int32[n]: the same logits as one after another, [vocab_size], sooner."""

    def rollback(self, sequence: int, n: int) -> None:
        """Take a sequence's last n tokens back."""

    def reset(self, sequence: int) -> None:
        """Let a sequence begin anew."""

    def length(self, sequence: int) -> int:
        """How many tokens a sequence holds, those that slid out of the window included."""

    @property
    def kernel(self) -> str: ...
    @property
    def bytes(self) -> int:
        """What weights and cache take."""

@final
class Reader:
    """A transformer that reads for many players, its sequences lent to whoever asks."""

    def __init__(self, transformer: Transformer) -> None:
        """Takes a transformer over, which is of no use by itself from then on."""

    @property
    def work(self) -> int:
        """How many tokens were run through it so far."""

    @property
    def kernel(self) -> str: ...
    @property
    def bytes(self) -> int:
        """What weights and caches take."""

    @property
    def vocab_size(self) -> int: ...

@final
class LLM(_Asked):
    """A transformer as a model: symbols are read as tokens, one a component; an oracle remembers the performer."""

    def __init__(
        self,
        reader: Reader,
        header: Sequence[int],
        spans: Sequence[tuple[int, int]],
        end: int = -1,
        alphabet: Alphabet | None = None,
        memory_share: float = 0.5,
        memory_half: float = 4.0,
    ) -> None:
        """`header`: how each stream begins; `spans`: of each component the tokens [first, past) of its values from 0.

        `end` is said where a context breaks. Where c events agree with memory its word weighs
        `memory_share` * c / (c + `memory_half`). Raises `ValueError`.
        """

    @property
    def reader(self) -> Reader: ...
    @property
    def bytes(self) -> int:
        """What its memory takes; the reader's weights are shared."""

@final
class Traces:
    """Of each event learned what finds it again: its pitch and those before it, its harmony, its onset."""

    def __init__(self) -> None: ...
    def __len__(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    def append(self, stream: int, value: int, harmony: int, onset: float, bpm: float) -> None:
        """The next event of a stream: a pitch, or another value from 128 on; harmony 1 to 127 (0: none); its tempo."""

    def end(self, stream: int) -> None:
        """A break: what the stream plays next does not go on from what it played."""

    def next(self, place: int) -> int:
        """The place after it in its stream; -1: none."""

    def agreement(self, played: Sequence[int], place: int, shift: int = 0) -> int:
        """How many events up to a place, moved, are as the last that were played; 8 at most."""

    def melodies(
        self, played: Sequence[int], moved: bool, least: int, most: int, lost: Sequence[tuple[int, int]] = ()
    ) -> list[tuple[int, float, int]]:
        """Where it was played before, the newest last; `moved`: in any key. (place, events that agree, shift)."""

    def places_in(
        self, wanted: Sequence[tuple[int, float, int]], most: int, lost: Sequence[tuple[int, int]] = ()
    ) -> list[tuple[int, float, int]]:
        """Places in harmonies that are wanted, as (harmony, score, shift): (place, score, shift)."""

@final
class Peaks:
    """One player's lit places: they move on with the beats, and fade."""

    def __init__(self) -> None: ...
    def __len__(self) -> int: ...
    def move(self, traces: Traces, beats: float, decay: float, threshold: float) -> None:
        """Beats go by: peaks fall to a tenth in `decay` beats, and are gone below `threshold`."""

    def light(self, traces: Traces, kind: int, places: Sequence[tuple[int, float, int]]) -> None:
        """Light (place, height, shift) by an influence: 0 melodic, 1 harmonic, 2 self."""

    def candidates(
        self, traces: Traces, lead: int, lost: Sequence[tuple[int, int]] = ()
    ) -> tuple[Ints, Ints, Ints, Floats, Floats, Floats]:
        """What may be played now: places, shifts, values int32[m], heights float64[m, 3], onsets, tempos float64[m]."""

@final
class Manner:
    """How a player follows: its parameters, read once; `weights` are those of the influences, `moves` semitones."""

    def __init__(
        self,
        weights: Sequence[float],
        decay_beats: float,
        phase: float,
        bonus: float,
        tempo: float,
        transposition: float,
        threshold: float,
        lead: int,
        least: int = 1,
        continuity: int = 0,
        taboo: int = 0,
        longest_copy: int = 0,
        moves: Sequence[int] | None = None,
    ) -> None: ...
    @property
    def weights(self) -> list[float]: ...

@final
class Reach:
    """How far a player that follows has come: what is lit, where it stands, what it played."""

    LIGHTS: int  # places that are lit by one influence of one event, at most

    def __init__(self, beat: float = ...) -> None: ...
    def copy(self) -> Reach: ...
    @property
    def beat(self) -> float:
        """Up to which time has moved the peaks."""

    @property
    def peaks(self) -> int:
        """How many there are."""

    @property
    def shift(self) -> int:
        """By how many semitones it moved its last source."""

    def go(
        self,
        traces: Traces,
        manner: Manner,
        place: int,
        shift: int,
        value: int,
        bpm: float,
        carried: bool,
        lost: Sequence[tuple[int, int]] = (),
    ) -> None:
        """It has played an event (`carried`: what it heard had lit it): where it stands, and what that lights."""

@final
class Picked:
    """What is to be played, and why. Bits: a constraint each in their order, then continuity, then taboo."""

    @property
    def place(self) -> int: ...
    @property
    def shift(self) -> int: ...
    @property
    def value(self) -> int: ...
    @property
    def heights(self) -> list[float]:
        """How high each influence lit it."""

    @property
    def bpm(self) -> float: ...
    @property
    def probability(self) -> float:
        """That it was drawn with."""

    @property
    def share(self) -> float:
        """Of all that is lit, before the sampler."""

    @property
    def entropy_bits(self) -> float: ...
    @property
    def rank(self) -> int: ...
    @property
    def context(self) -> int:
        """How many of the last events heard agree with what led there, up to eight."""

    @property
    def bound(self) -> int: ...
    @property
    def given_up(self) -> int: ...
    @property
    def copy(self) -> bool:
        """Something was passed over that would have been too long a copy."""

@final
class Reaction:
    """Picks one of the places that are lit, under wishes and constraints, by a draw."""

    def __init__(self) -> None: ...
    def react(
        self,
        reach: Reach,
        traces: Traces,
        manner: Manner,
        beat: float,
        heard: Sequence[int],
        wanted: Floats,
        weights: Floats,
        kept: int,
        sampler: Sampler,
        draw: int,
        lost: Sequence[tuple[int, int]] = (),
    ) -> Picked | None:
        """Time goes by up to a beat, what was heard lights places, one of them is picked; None: none may be.

        `wanted` are harmonies float64[n, 3] (harmony, how alike, shift), `weights` float64[k, 128] those of the pitches
        by each constraint; taboo is given up first, then continuity, then the last constraint, never the first `kept`.
        """

@final
class Scenario:
    """A memory of labelled beats, asked for the places that go on longest as a chart asks.

    Families and kinds of chords are numbers from 1, roots pitch classes from 0, -1 for labels that have none. Positions
    count beats from 0, over all streams. Nika & Chemillier's scenario and memory.
    """

    def __init__(self) -> None: ...
    def append(self, stream: int, family: int, kind: int, root: int, follows: bool) -> int:
        """The next beat of a stream, which `follows` its last one or begins a run; its position."""

    def longest(
        self,
        asked: Ints,
        moves: int = 0xFFF,
        exclude: Intervals = (),
        most: int = 16,
        enough: int = 32,
        salt: int = 0,
    ) -> list[tuple[int, int, int]]:
        """(position, moved, length) of the places that agree longest with what is asked, up to `most` beats.

        `asked`: int32[n, 3] of family (0: any label), kind (0: any of the family) and root; `moves`: a bit for each
        semitone, 0 to 11, by which beats may be moved up; none of `exclude` begins an answer. At most `enough` places,
        of more a sample that `salt` chooses; `moved` is -1 where any move will do.
        """

    def agreement(self, position: int, asked: Ints, moves: int = 0xFFF, moved: int = -1) -> tuple[int, int]:
        """(moved, length) of one place, moved by so much or (-1) by any of `moves`."""

    def drop(self, first: int, past: int) -> None:
        """Beats [first, past) are gone: they agree with nothing."""

    def next(self, position: int) -> int:
        """The beat that follows in its run; -1: none."""

    def before(self, position: int) -> int:
        """The beat that it follows in its run; -1: none."""

    def gone(self, position: int) -> bool:
        """Whether a beat is gone."""

    @property
    def work(self) -> int:
        """How many beats the last question has compared."""

    @property
    def bytes(self) -> int:
        """What it takes."""

    def __len__(self) -> int: ...
