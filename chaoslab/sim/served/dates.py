"""``datetime.now()`` and ``date.today()``, as the clock of the process shows them that asks.

The real classes are C code in which nothing can be replaced, so classes that look like them stand in their places.

Rules:

1. Whatever is made by such a class is an instance of the real one, and counts as an instance of both.
2. Classes that programs derive from them while a run lasts may have a metaclass, as from the real ones.
3. What is pickled names the real one's maker here, as the real one's name leads to the stand-in meanwhile.

This file does not know where a class is known by a name: see ``bindings``.
"""

from __future__ import annotations

import builtins
import copyreg
import datetime
from collections.abc import Callable
from typing import Any, Final

from chaoslab.sim.process import Process

__all__ = ["date_replacements", "pickled_by_makers"]

_DATE: Final = datetime.date
_DATETIME: Final = datetime.datetime
_NS_PER_S: Final = 1_000_000_000


class _Kind(type):
    """The class of the stand-ins: who asks for an instance of one means the real one."""

    def __instancecheck__(cls, instance: object) -> bool:
        if cls.__module__ != __name__:  # a class that a program has derived from a stand-in
            return super().__instancecheck__(instance)
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, other: type) -> bool:
        if cls.__module__ != __name__:
            return super().__subclasscheck__(other)
        return issubclass(other, cls.__mro__[1])


def date_replacements(current: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the classes that read clocks, for the process that *current* says."""

    class date(datetime.date, metaclass=_Kind):  # noqa: N801 - the name that it stands for
        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            return _DATE(*arguments, **named)

        @classmethod
        def today(cls) -> Any:
            process = current()
            return _DATE.today() if process is None else _DATE.fromtimestamp(process.wall_ns() // _NS_PER_S)

    class datetime_(datetime.datetime, metaclass=_Kind):  # noqa: N801
        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            return _DATETIME(*arguments, **named)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            process = current()
            if process is None:
                return _DATETIME.now(tz)
            seconds, nanoseconds = divmod(process.wall_ns(), _NS_PER_S)
            return _DATETIME.fromtimestamp(seconds, tz).replace(microsecond=nanoseconds // 1000)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    real_build: Any = builtins.__build_class__
    meant: dict[type, type] = {date: datetime.date, datetime_: datetime.datetime}

    def build_class(function: Any, name: str, *bases: Any, **named: Any) -> Any:
        """Derive a class of another kind from the real classes: a stand-in's kind would be in its way."""
        kinds = [named.get("metaclass", type), *(type(base) for base in bases if base not in meant)]
        if any(kind is not type and isinstance(kind, type) for kind in kinds):
            bases = tuple(meant.get(base, base) if isinstance(base, type) else base for base in bases)
        return real_build(function, name, *bases, **named)

    datetime_.__name__ = datetime_.__qualname__ = "datetime"
    date.__qualname__ = "date"
    return [
        (datetime, "datetime", datetime_),
        (datetime, "date", date),
        (builtins, "__build_class__", build_class),
    ]


def pickled_by_makers() -> Callable[[], None]:
    """Let instances of the real classes be pickled while the stand-ins have their names; return how to end that."""
    before = dict(copyreg.dispatch_table)
    copyreg.pickle(_DATE, lambda made: (_make_date, _state(made)))
    copyreg.pickle(_DATETIME, lambda made: (_make_datetime, _state(made)))

    def end() -> None:
        for kind in (_DATE, _DATETIME):
            copyreg.dispatch_table.pop(kind, None)
            if kind in before:
                copyreg.dispatch_table[kind] = before[kind]

    return end


def _state(made: datetime.date) -> tuple[Any, ...]:
    reduced: Any = made.__reduce_ex__(2)
    return tuple(reduced[1])


def _make_date(*arguments: Any) -> datetime.date:
    return _DATE(*arguments)


def _make_datetime(*arguments: Any) -> datetime.datetime:
    return _DATETIME(*arguments)
