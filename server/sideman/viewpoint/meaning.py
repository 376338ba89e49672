"""What a symbol asks of the next event's pitch, where one stands: the other way through a viewpoint."""

from __future__ import annotations

from .pitches import DOWN, FIRST, PITCH_CLASSES, PITCHES, SAME, UNISON, UP, root_of
from .viewpoint import Viewpoint


def pitch_of(
    viewpoint: Viewpoint,
    values: tuple[int, ...],
    last_pitch: int | None,
    *,
    near: int | None = None,
    step: int | None = None,
    chord: str = "",
    low: int = 0,
    high: int = PITCHES - 1,
) -> int | None:
    """The MIDI pitch that a symbol means for the highest note; None if it speaks of none.

    A pitch class is taken in the octave nearest to `near` (the source's own pitch), or to `last_pitch`, between `low`
    and `high`, on the side that a contour linked to it asks for; a contour alone goes by `step`, the source's own from
    the note before it, where that has the direction.
    """
    kinds = dict(zip(viewpoint.names, values, strict=True))
    if "pitch" in kinds:
        return kinds["pitch"] - 1
    if "interval" in kinds:
        known = last_pitch is not None and kinds["interval"] != FIRST
        return last_pitch + kinds["interval"] - UNISON if known and last_pitch is not None else None
    start = last_pitch if last_pitch is not None else near if near is not None else 60
    for kind, root in (("pitch_class", 0), ("scale_degree", root_of(chord))):
        if kind in kinds:
            wanted = (kinds[kind] - 1 + root) % PITCH_CLASSES
            reachable = [pitch for pitch in range(max(low, 0), min(high, PITCHES - 1) + 1)
                         if pitch % PITCH_CLASSES == wanted]  # fmt: skip
            on_that_side = [pitch for pitch in reachable if _goes(kinds.get("contour"), last_pitch, pitch)]
            reachable = on_that_side or reachable
            return min(reachable, key=lambda pitch: (abs(pitch - start), pitch)) if reachable else None
    if "contour" in kinds:
        return _along(kinds["contour"], start, step) if last_pitch is not None else None
    return None


def _goes(contour: int | None, start: int | None, pitch: int) -> bool:
    """Whether a pitch lies on the side of the last one that a contour asks for, if one does."""
    if contour in (None, FIRST) or start is None:
        return True
    return contour == (UP if pitch > start else DOWN if pitch < start else SAME)


def _along(contour: int, start: int, step: int | None) -> int | None:
    """A step from `start` in the direction of a contour."""
    if contour == SAME:
        return start
    if contour in (DOWN, UP):
        direction = 1 if contour == UP else -1
        size = abs(step) if step is not None and step * direction > 0 else 2
        return min(max(start + direction * size, 0), PITCHES - 1)
    return None
