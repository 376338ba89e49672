"""Results in words and tables: what the command prints, and docs/evaluation.md.

Only texts are made here; nothing is measured.
"""

from __future__ import annotations

from .examination import Result


def told(result: Result) -> str:
    """A result as the command prints it."""
    s = result.score
    rows = [
        ("task", result.task),
        ("model", f"{result.model}{', learning the running piece' if result.online else ''}"),
        ("bits per event", f"{s.bits_per_event:.4f} ± {s.standard_error:.4f} (standard error over pieces)"),
        ("perplexity", f"{s.perplexity:.3f}"),
        ("top-1, top-3", f"{s.top1:.4f}, {s.top3:.4f}"),
        ("calibration", f"{s.calibration_error:.4f} (a perfectly calibrated model: at most {s.calibrated:.4f})"),
        ("events, pieces", f"{s.events}, {s.pieces}"),
        ("speed", f"{s.events_per_s:.0f} events/s, {result.outcome.training_seconds:.1f} s of training"),
        ("settings", ", ".join(f"{name} {value}" for name, value in result.settings.items())),
    ]
    return "\n".join(f"{name:15s} {value}" for name, value in rows)
