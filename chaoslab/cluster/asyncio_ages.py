"""What a simulated loop of asyncio makes, and asyncio keeps in sets or heaps: all of it goes by its age.

Real tasks have their address in memory for a hash, and real timers of one moment no order. Both would make one seed
several runs.
"""

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

__all__ = ["Future", "Generators", "Task", "Timer"]


class Task(asyncio.Task[Any]):
    """A task whose hash says how old it is."""

    def __init__(self, age: int, coroutine: Any, **named: Any) -> None:
        self._age = age  # before asyncio puts the task into its sets
        super().__init__(coroutine, **named)

    def __hash__(self) -> int:
        return self._age


class Future(asyncio.Future[Any]):
    """A future whose hash says how old it is."""

    def __init__(self, age: int, loop: asyncio.AbstractEventLoop) -> None:
        self._age = age
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._age


class Timer(events.TimerHandle):
    """A timer that comes before a later one of the same moment."""

    __slots__ = ("age",)

    age: int

    def __lt__(self, other: Any) -> bool:
        own: Any = self
        mine: tuple[float, int] = (own._when, self.age)
        return mine < (other._when, other.age)


class Generators:
    """The async generators that have begun and not ended, the oldest first."""

    def __init__(self) -> None:
        self._by_id: WeakValueDictionary[int, Any] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._by_id.values()))

    def add(self, generator: Any) -> None:
        """One has begun."""
        self._by_id[id(generator)] = generator

    def discard(self, generator: Any) -> None:
        """One has ended."""
        self._by_id.pop(id(generator), None)

    def clear(self) -> None:
        """Forget them."""
        self._by_id.clear()
