"""Errors by fault: the peer's, a plugin's, the set-up's. Ours have no class: they are bugs, with a traceback.

Rule: an error says what is wrong and how to cure it; whoever catches it decides only where that is said.
"""

from __future__ import annotations


class SidemanError(Exception):
    """Something that went wrong and that somebody can cure.

    `what` names the cause, `cure` what to do about it; both are one line of plain text.
    """

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(f"{what}; {cure}" if cure else what)
        self.what = what
        self.cure = cure


class Refused(SidemanError):
    """The peer's fault: answered by `/error address what cure`; nothing has changed."""


class PluginFault(SidemanError):
    """A plugin's fault: isolated, named in the status; the others play on."""


class SetupError(SidemanError):
    """The set-up's fault: one line that says what to change, exit status 2."""
