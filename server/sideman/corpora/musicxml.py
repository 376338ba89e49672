"""MusicXML scores, plain and packed (.mxl): parts, voices, ties, chord symbols. Entities are refused by defusedxml."""

from __future__ import annotations

import io
import zipfile
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .piece import Flow, Heard, Piece, Unreadable

STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
KINDS: Final = {
    "major": "", "minor": "m", "augmented": "+", "diminished": "dim", "dominant": "7", "major-seventh": "maj7",
    "minor-seventh": "m7", "diminished-seventh": "dim7", "half-diminished": "m7b5", "major-minor": "mM7",
    "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9", "minor-ninth": "m9",
    "dominant-11th": "9sus4", "minor-11th": "m11", "dominant-13th": "13", "suspended-second": "sus2",
    "suspended-fourth": "sus4", "augmented-seventh": "+7", "power": "5", "none": "N",
}  # fmt: skip
MOST_BYTES: Final = 64 << 20


def read_musicxml(name: str, data: bytes) -> Piece:
    """The piece in a score; raises `Unreadable`."""
    if data[:2] == b"PK":
        data = _unpacked(data)
    try:
        root = fromstring(data)
    except DefusedXmlException:
        raise Unreadable("it defines entities", "such files are refused; export it anew as MusicXML") from None
    except (ParseError, ValueError) as error:
        raise Unreadable(f"not readable as XML: {error}", "export it anew as MusicXML") from None
    if root.tag != "score-partwise":
        raise Unreadable(f"its root is <{root.tag[:32]}>", "export it as MusicXML, partwise")
    title = (root.findtext("work/work-title") or root.findtext("movement-title") or name).strip()
    piece = Piece(title or name)
    for number, part in enumerate(root.findall("part"), 1):
        _part(piece, part, number)
    if not piece.notes:
        raise Unreadable("it has no notes", "nothing can be learned from it")
    piece.chords.sort()
    return piece


def _unpacked(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            container = fromstring(archive.read("META-INF/container.xml"))
            entry = container.find(".//{*}rootfile")
            path = entry.get("full-path", "") if entry is not None else ""
            if archive.getinfo(path).file_size > MOST_BYTES:
                raise Unreadable("it unpacks to more than 64 MB", "give a smaller score")
            return archive.read(path)
    except (zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException, ValueError, RuntimeError) as error:
        raise Unreadable(f"not readable as packed MusicXML: {error}", "export it anew") from None


def _part(piece: Piece, part: Element, number: int) -> None:
    voices: dict[str, Flow] = {}
    tied: dict[tuple[str, float], int] = {}
    divisions, at = 1.0, 0.0
    for measure in part.findall("measure"):
        onset = at
        for element in measure:
            if element.tag == "attributes" and element.findtext("divisions"):
                divisions = max(_number(element.findtext("divisions")), 1e-6)
            elif element.tag == "sound" and element.get("tempo"):
                piece.bpm = min(max(_number(element.get("tempo")), 10.0), 400.0)
            elif element.tag == "direction":
                sound = element.find("sound")
                if sound is not None and sound.get("tempo"):
                    piece.bpm = min(max(_number(sound.get("tempo")), 10.0), 400.0)
            elif element.tag == "harmony" and number == 1:
                piece.chords.append((at, _harmony(element)))
            elif element.tag in ("backup", "forward"):
                moved = _number(element.findtext("duration")) / divisions
                at += moved if element.tag == "forward" else -moved
            elif element.tag == "note" and element.find("grace") is None:
                length = _number(element.findtext("duration")) / divisions
                if element.find("chord") is None:
                    onset, at = at, at + length
                _note(element, voices, tied, onset, length)
    piece.flows += [Flow(f"part {number} voice {voice}", flow.heard) for voice, flow in voices.items() if flow.heard]


def _note(
    element: Element, voices: dict[str, Flow], tied: dict[tuple[str, float], int], onset: float, length: float
) -> None:
    pitch = element.find("pitch")
    if pitch is None:
        return
    step, octave = (pitch.findtext("step") or "C").strip().upper(), _number(pitch.findtext("octave"))
    sounding = 12 * (octave + 1) + STEPS.get(step, 0) + _number(pitch.findtext("alter") or "0")
    voice = (element.findtext("voice") or "1").strip()
    heard = voices.setdefault(voice, Flow("")).heard
    kinds = {tie.get("type") for tie in element.findall("tie")}
    key = voice, sounding
    if "stop" in kinds and key in tied:
        before = heard[tied[key]]
        heard[tied[key]] = Heard(before.onset_beats, before.duration_beats + length, sounding)
    else:
        tied[key] = len(heard)
        heard.append(Heard(onset, length, sounding))
    if "start" not in kinds:
        tied.pop(key, None)


def _harmony(element: Element) -> str:
    kind = KINDS.get((element.findtext("kind") or "major").strip(), "")
    if kind == "N":
        return "N"
    root = (element.findtext("root/root-step") or "C") + _accidental(element.findtext("root/root-alter"))
    bass = element.findtext("bass/bass-step")
    over = f"/{bass}{_accidental(element.findtext('bass/bass-alter'))}" if bass else ""
    return f"{root}{kind}{over}"


def _accidental(alter: str | None) -> str:
    value = round(_number(alter or "0"))
    return "#" * value if value > 0 else "b" * -value


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise Unreadable(f"{(text or '')[:24]!r} stands where a number should", "export it anew") from None
