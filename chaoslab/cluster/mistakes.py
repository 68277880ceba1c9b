"""What is wrong with what a state machine's handler returned, in words.

Asked only after performing it has failed, so that the hot path checks nothing: an effect that is in order was broken
by ChaosLab itself, one that is not was the node's mistake. Whose it is, is thereby never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from chaoslab.errors import unknown_word
from chaoslab.statemachine import Persist, Remove, Rename, Send, SetTimer, Sync, Truncate, Write

__all__ = ["mistake_in", "mistake_in_list", "mistake_in_timer"]


def mistake_in_list(effects: object) -> str | None:
    """Return what is wrong with *effects* as a whole, or None."""
    if isinstance(effects, Sequence) and not isinstance(effects, str | bytes):
        return None
    return f"{effects!r} is not a list of effects: a handler returns a list, or None."


def mistake_in(effect: Any, receivers: Collection[str]) -> str | None:
    """Return what is wrong with *effect*, or None.

    Args:
        effect: What a handler returned in its list.
        receivers: The names of all nodes and clients.
    """
    if isinstance(effect, Send):
        if not isinstance(effect.to, str):
            return f"{effect!r} is sent to {effect.to!r}, which is not a name."
        return None if effect.to in receivers else unknown_word("receiver", effect.to, receivers)
    if isinstance(effect, SetTimer):
        return mistake_in_timer(effect)
    if isinstance(effect, Persist | Write) and not isinstance(effect.data, bytes | bytearray | memoryview):
        return f"{effect!r} writes {type(effect.data).__name__}: a disk takes bytes."
    if isinstance(effect, Truncate) and not isinstance(effect.size, int):
        return f"{effect!r} lets a file end after {effect.size!r}: a number of bytes."
    paths = {
        Persist: ("path",),
        Write: ("path",),
        Truncate: ("path",),
        Sync: ("path",),
        Remove: ("path",),
        Rename: ("path", "to"),
    }
    for name in paths.get(type(effect), ()):
        if not isinstance(getattr(effect, name), str):
            return f"{effect!r} has the {name} {getattr(effect, name)!r}, which is not text."
    return None


def mistake_in_timer(effect: SetTimer) -> str | None:
    """Return what is wrong with a timer, or None."""
    after = effect.after
    if not isinstance(effect.name, str):
        return f"{effect!r} has the name {effect.name!r}, which is not text."
    if _is_finite(after) or (
        isinstance(after, tuple) and len(after) == 2 and _is_finite(after[0]) and _is_finite(after[1])
    ):
        return None
    return f"{effect!r} runs out after {after!r}: a number of seconds, or a range (low, high) of them."


def _is_finite(number: object) -> bool:
    return (number.__class__ is float or isinstance(number, int | float)) and math.isfinite(number)
