"""Which names of which modules are bound to a function, and binding them to another while a simulation runs.

``from time import monotonic`` makes a second name for a function. Replacing the first is not enough, so the modules of
people's programs and libraries are looked through for others. A module is looked through once, when it is there at the
beginning of a run; one that is imported anew is another. What a run imports binds what is in force by then.

Not seen are other references: default arguments, attributes of classes, ``functools.partial``, names in functions that
have begun to run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final

__all__ = ["Bindings"]

_OWN: Final = ("chaoslab", "trio", "outcome", "pytest", "_pytest", "pluggy", "hypothesis")
"""Packages that mean the real functions, beside the standard library."""

_KEEPING: Final = ("bz2", "tarfile")
"""Modules of the standard library that keep the ``open`` that was there when they were imported."""

_INHERITED: Final = object()
"""What stands for a method that a class has from another: it is taken away again, not put back."""

_LIBRARY: Final = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120
_PACKAGES: Final = ("site-packages", "dist-packages")


class Bindings:
    """What replaces what, and where else it is known by a name.

    Args:
        replacements: The module, the name in it, and what replaces what is called so.
    """

    def __init__(self, replacements: list[tuple[Any, str, Any]]) -> None:
        self._first = [(place, name, getattr(place, name), new) for place, name, new in replacements]
        self._before: list[Any] = []
        self._new: dict[int, tuple[Any, Any]] = {}
        for _, name, old, new in self._first:
            if callable(old) and not name.startswith("__"):  # a method of a class has no other name
                self._new.setdefault(id(old), (old, new))
        self._seen: dict[str, ModuleType] = {}
        self._others: list[tuple[ModuleType, str, Any, Any]] = []

    def bind(self) -> None:
        """Put the replacements in place. Cost: the number of names, and once that of all names of new modules."""
        if sys.modules != self._seen:
            self._look_through()
        # Not what was there at the first run: a test may have put something else there for a while.
        self._before = [vars(place).get(name, _INHERITED) for place, name, _, _ in self._first]
        for place, name, _, new in self._first:
            setattr(place, name, new)
        for module, name, old, new in self._others:
            if module.__dict__.get(name) is old:
                module.__dict__[name] = new

    def release(self) -> None:
        """Put back what was there, also in modules that were imported meanwhile."""
        for (place, name, _, _), before in zip(self._first, self._before, strict=True):
            if before is _INHERITED:
                delattr(place, name)
            else:
                setattr(place, name, before)
        for module, name, old, new in self._others:
            if module.__dict__.get(name) is new:
                module.__dict__[name] = old
        if sys.modules != self._seen:
            old_of = {id(new): (new, old) for old, new in self._new.values()}
            for module in self._unseen():
                for name, value in _names_of(module, old_of):
                    module.__dict__[name] = old_of[id(value)][1]
            self._look_through()

    def _look_through(self) -> None:
        for module in self._unseen():
            self._others.extend((module, name, *self._new[id(value)]) for name, value in _names_of(module, self._new))
        self._seen = dict(sys.modules)

    def _unseen(self) -> Iterator[ModuleType]:
        for name, module in list(sys.modules.items()):
            if module is not self._seen.get(name) and isinstance(module, ModuleType) and _is_a_programs(name, module):
                yield module


def _names_of(module: ModuleType, values: Mapping[int, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in list(module.__dict__.items()) if id(value) in values]


def _is_a_programs(name: str, module: ModuleType) -> bool:
    if name.partition(".")[0] in _OWN:
        return False
    if name in _KEEPING:
        return True
    file = getattr(module, "__file__", None)
    if not file:
        return name == "__main__"  # what is typed at a prompt or in a notebook
    return not file.startswith(_LIBRARY) or any(f"{os.sep}{packages}{os.sep}" in file for packages in _PACKAGES)
