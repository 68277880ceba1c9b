"""Values that can be compared and hashed: by type and by content.

Python finds ``True == 1`` and ``1 == 1.0`` and ``nan != nan``. A checker must not: a client that wrote 1 and reads True
has seen something else than it wrote. ``frozen`` maps a value to one for which ``==`` means "the same value of the
same type", leaving the common ones (None, text, int) as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any

__all__ = ["frozen", "thawed"]

_AS_THEY_ARE = frozenset({int, str, type(None), bytes})
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
_BOOLS = {True: ("bool", "True"), False: ("bool", "False")}

_HEIGHT_MAX = 50
"""Python hashes and compares nested tuples by recursion; what is nested deeper is replaced by a digest of itself."""


def frozen(value: Any) -> Hashable:
    """Return a hashable stand-in for *value* that equals another one only if type and content are the same.

    Cost: O(size of the value). Explicit stack: depth does not matter.
    """
    kind = value.__class__
    if kind in _AS_THEY_ARE:
        result: Hashable = value
        return result
    if kind is bool:
        return _BOOLS[value]
    if kind not in _CONTAINERS:
        return _atom(value)
    if kind is tuple or kind is list:
        for item in value:
            if item.__class__ not in _AS_THEY_ARE:
                break
        else:
            return ("list", tuple(value))
    # Post-order over an explicit stack: [container, items left, frozen items so far, height so far].
    stack: list[list[Any]] = [[value, _items(value), [], 1]]
    while True:
        container, items, done, height = stack[-1]
        if items:
            item = items.pop()
            if item.__class__ in _CONTAINERS:
                stack.append([item, _items(item), [], 1])
            else:
                done.append(_atom(item))
            continue
        stack.pop()
        made = _made(container, done)
        if height >= _HEIGHT_MAX:
            made, height = ("deep", hashlib.blake2b(_canonical(made).encode()).hexdigest()), 0
        if not stack:
            return made
        around = stack[-1]
        around[2].append(made)
        around[3] = max(around[3], height + 1)


def thawed(made: Any) -> Any:
    """Return a value that ``frozen`` makes *made* of, to show it to people. What was nested too deeply is left out."""
    if made.__class__ is not tuple:
        return made
    kind, content = made
    if kind == "list":
        return [thawed(one) for one in content]
    if kind == "set":
        return [thawed(one) for one in sorted(content, key=repr)]
    if kind == "dict":
        return {
            key if key.__class__ in _AS_THEY_ARE else str(thawed(key)): thawed(one)
            for key, one in sorted(content, key=repr)
        }
    if kind == "deep":
        return "..."
    if kind == "bool":
        return content == "True"
    return float(content) if kind == "float" else content


def _canonical(made: Any) -> str:
    """Return *made* as text that does not depend on the order of sets. Not deeper than ``_HEIGHT_MAX``."""
    if made.__class__ is frozenset:
        return "{" + ",".join(sorted(map(_canonical, made))) + "}"
    if made.__class__ is tuple:
        return "(" + ",".join(map(_canonical, made)) + ")"
    return repr(made)


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
