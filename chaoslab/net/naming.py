"""What a message is called: the words by which faults choose messages.

Rules:

1. A message of a class has the class's name. One that people build from plain values is called by what it calls
   itself: a dict by its ``type`` or ``kind``, a list or tuple by its first word, a short text by itself.
2. A request or response has also the names of what it carries.
3. Names are compared without regard to case, ``-`` and ``_``: ``append-reply`` is ``AppendReply``.

This file does not know which messages there are: a name that no message has matches nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from chaoslab.statemachine import Request, Response

__all__ = ["names_of", "normal", "type_of"]

_LONGEST: Final = 40
_PLAIN: Final = (dict, list, tuple, str, bytes, int, float, bool, type(None))


@functools.lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return *name* as it is compared."""
    return name.replace("-", "").replace("_", "").lower()


def names_of(message: Any) -> tuple[str, ...]:
    """Return the names of *message*, from the outside in. Cost: O(1)."""
    name: str = message.__class__.__name__
    if isinstance(message, Request | Response):
        return (name, *names_of(message.body))
    own = _own_word(message)
    return (name,) if own is None else (name, own)


def type_of(message: Any) -> str:
    """Return the one name under which *message* is counted: the innermost that says more than a plain type does."""
    if isinstance(message, Request | Response):
        inner = "" if isinstance(message.body, _PLAIN) and _own_word(message.body) is None else type_of(message.body)
        return f"{message.__class__.__name__}({inner})" if inner else message.__class__.__name__
    return _own_word(message) or message.__class__.__name__


def _own_word(message: Any) -> str | None:
    if isinstance(message, Mapping):
        word = message.get("type", message.get("kind"))
    elif message.__class__ in (list, tuple) and message:
        word = message[0]
    else:
        word = message
    return word if isinstance(word, str) and 0 < len(word) <= _LONGEST else None
