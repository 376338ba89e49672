"""Viewpoints: what of an event a model sees. One file for each kind of component."""

from __future__ import annotations

from .component import CLASSES, ONE_BEAT, Component, class_beats, time_class
from .meaning import pitch_of
from .pitches import FIRST, PITCHES, UNISON, projected
from .slices import EARLY_BEATS, SAME_BEATS, Slicer, beat_of, beat_of_event, merged
from .viewpoint import COMPONENTS, Viewpoint, check

__all__ = [
    "CLASSES",
    "COMPONENTS",
    "EARLY_BEATS",
    "FIRST",
    "ONE_BEAT",
    "PITCHES",
    "SAME_BEATS",
    "UNISON",
    "Component",
    "Slicer",
    "Viewpoint",
    "beat_of",
    "beat_of_event",
    "check",
    "class_beats",
    "merged",
    "pitch_of",
    "projected",
    "time_class",
]
