"""Values that can be compared and hashed: by type and by content.

Python finds ``True == 1`` and ``1 == 1.0`` and ``nan != nan``. A checker must not: a client that wrote 1 and reads True
has seen something else than it wrote. ``frozen`` maps a value to one for which ``==`` means "the same value of the
same type", leaving the common ones (None, text, int) as they are.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

__all__ = ["frozen"]

_AS_THEY_ARE = (int, str, type(None), bytes)


def frozen(value: Any) -> Hashable:
    """Return a hashable stand-in for *value* that equals another one only if type and content are the same.

    Cost: O(size of the value). Explicit stack: depth does not matter.
    """
    kind = value.__class__
    if kind in _AS_THEY_ARE:
        result: Hashable = value
        return result
    if kind not in (list, tuple, dict, set, frozenset):
        return _atom(value)
    # Post-order over an explicit stack: (container, its items, frozen items so far).
    stack: list[tuple[Any, list[Any], list[Hashable]]] = [(value, _items(value), [])]
    while True:
        container, items, done = stack[-1]
        if items:
            item = items.pop()
            if item.__class__ in (list, tuple, dict, set, frozenset):
                stack.append((item, _items(item), []))
            else:
                done.append(_atom(item))
            continue
        stack.pop()
        made = _made(container, done)
        if not stack:
            return made
        stack[-1][2].append(made)


def _items(container: Any) -> list[Any]:
    """Return the direct contents, last first, as they are taken from the end."""
    if isinstance(container, dict):
        return [part for pair in reversed(container.items()) for part in reversed(pair)]
    return list(container)[::-1]


def _made(container: Any, parts: list[Hashable]) -> Hashable:
    if isinstance(container, dict):
        return ("dict", frozenset(zip(parts[::2], parts[1::2], strict=True)))
    if isinstance(container, set | frozenset):
        return ("set", frozenset(parts))
    return ("list", tuple(parts))  # a list and a tuple of the same items are the same: JSON knows no tuples


def _atom(value: Any) -> Hashable:
    kind = value.__class__
    if kind in _AS_THEY_ARE:
        result: Hashable = value
        return result
    if kind is bool or kind is float:
        return (kind.__name__, repr(value))  # repr: nan is itself, and 0.0 is not -0.0
    try:
        hash(value)
    except TypeError:
        return (kind.__name__, repr(value))
    return (kind.__name__, value)
