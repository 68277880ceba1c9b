"""What a test says of its cluster beforehand: the arguments of ``@pytest.mark.chaoslab(...)``, checked at once.

Rules:

1. Every argument has a default that finds ordinary bugs: a test that says nothing gets a swarm of faults within the
   usual budget, clients that read and write registers, and a check that what they saw is linearizable.
2. A wrong argument is one sentence: what is wrong, what is allowed, the nearest word.

This file does not know pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from chaoslab.checkers.registry import LEVELS
from chaoslab.errors import UsageError, unknown_word
from chaoslab.plugins import Registry

__all__ = ["Setup", "count", "positive"]

NO_FAULTS: Final = "none"
_SWARM: Final = "swarm"
_MARKER: Final = "@pytest.mark.chaoslab"


@attrs.frozen(kw_only=True)
class Setup:
    """What a test's cluster is made of, where the test itself does not say otherwise.

    Attributes:
        nodes: How many nodes.
        seeds: Which seeds the test runs with; None: as the options say.
        faults: Names of kinds of fault, or of nemesis programs, from which each seed draws; ``("swarm",)``: all kinds
            that the usual budget allows; empty: none.
        workload: What clients do, by name.
        clients: How many clients.
        rate: Operations a second of all clients together.
        keys: How many keys they work on.
        seconds: How long clients work while faults come and go.
        settle: How many seconds they go on after everything is healed.
        consistency: The levels that must hold of a test that makes no check of its own; empty: what the protocol
            claims, or linearizability.
        each_fault_counts: Each kind of fault that was named must be possible. Not for names that were given for many
            tests at once, of which at least one must be.
    """

    nodes: int = 3
    seeds: tuple[int, ...] | None = None
    faults: tuple[str, ...] = (_SWARM,)
    workload: str = "register"
    clients: int = 4
    rate: float = 50.0
    keys: int = 3
    seconds: float = 10.0
    settle: float = 5.0
    consistency: tuple[str, ...] = ()
    each_fault_counts: bool = True

    @classmethod
    def of(cls, arguments: Mapping[str, Any], plugins: Registry) -> Setup:
        """Return the setup that *arguments* say.

        Raises:
            UsageError: an argument is unknown, or has a value that makes no sense.
        """
        names = list(_CHECKS)
        for name in arguments:
            if name not in names:
                raise UsageError(unknown_word("argument", name, names), key=_MARKER)
        checked = {name: _CHECKS[name](name, value, plugins) for name, value in arguments.items()}
        return cls(**checked)


def count(name: str, value: Any, *, key: str = _MARKER) -> int:
    """Return *value*, which must be a whole number from 1; *key* is where it stands."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _refuse(name, value, "a whole number from 1", key)
    return value


def positive(name: str, value: Any, *, key: str = _MARKER) -> float:
    """Return *value*, which must be a number above zero; *key* is where it stands."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e9:
        raise _refuse(name, value, "a number above zero", key)
    return float(value)


def _refuse(name: str, value: object, allowed: str, key: str = _MARKER) -> UsageError:
    return UsageError(f"{name}={value!r} is not {allowed}.", key=key)


def _count(name: str, value: Any, plugins: Registry) -> int:
    return count(name, value)


def _positive(name: str, value: Any, plugins: Registry) -> float:
    return positive(name, value)


def _seeds(name: str, value: Any, plugins: Registry | None) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return tuple(range(value))
    seeds = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    if not seeds or not all(isinstance(seed, int) and seed >= 0 for seed in seeds):
        raise _refuse(name, value, "a number of seeds, or a list of seeds such as [7, 12]")
    return seeds


def _words(name: str, value: Any) -> tuple[str, ...]:
    words = tuple(value.split()) if isinstance(value, str) else value
    if not isinstance(words, tuple | list) or not all(isinstance(word, str) for word in words):
        raise _refuse(name, value, 'names: write "partition crash", or a list of them')
    return tuple(words)


def _faults(name: str, value: Any, plugins: Registry) -> tuple[str, ...]:
    words = () if value is None or value == NO_FAULTS else _words(name, value)
    for word in words:
        if word not in plugins.faults and word not in plugins.nemeses:
            allowed = [NO_FAULTS, *plugins.nemeses, *plugins.faults]
            raise UsageError(unknown_word("fault", word, allowed), key=f"{_MARKER}: faults")
    return words


def _workload(name: str, value: Any, plugins: Registry) -> str:
    if value not in plugins.workloads:
        raise UsageError(unknown_word("workload", str(value), plugins.workloads), key=_MARKER)
    return str(value)


def _levels(name: str, value: Any, plugins: Registry) -> tuple[str, ...]:
    words = _words(name, value)
    for word in words:
        if word not in LEVELS:
            raise UsageError(unknown_word("level", word, LEVELS), key=f"{_MARKER}: consistency")
    return words


_CHECKS: Final[dict[str, Callable[[str, Any, Registry], Any]]] = {
    "nodes": _count,
    "seeds": _seeds,
    "faults": _faults,
    "workload": _workload,
    "clients": _count,
    "rate": _positive,
    "keys": _count,
    "seconds": _positive,
    "settle": _positive,
    "consistency": _levels,
}
