"""Cuts a history into parts that can be judged alone, as columns of small numbers.

Rules:

1. Operations that failed, and reads of which nobody knows the outcome, are left out: they constrain nothing.
2. A keyed model's history is split by key: linearizability is local (Herlihy & Wing 1990, theorem 1).
3. What an operation does, as far as the model can tell, is its *effect*: name, argument, value and result. Equal
   effects have one number, and so have equal states: the model steps once for each pair, however often a search asks.

This file does not decide anything.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final

from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history import History
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, UNKNOWN, Model

__all__ = ["NEVER", "NO_STATE", "Effects", "Part", "split"]

NEVER: Final = 1 << 62
"""The return of an operation that may take effect at any later time: after every event."""

NO_STATE: Final = -1
"""Where an effect that is illegal in a state leads."""

_REFUSED = frozen(False)
_PLAIN = frozenset({int, str, type(None)})


class Effects:
    """The effects that occur in a history and the states they lead to, numbered; shared by all searches of one check.

    Attributes:
        model: Who knows what an effect does.
        arguments: For each effect ``(f, argument, value, result)`` as the model's ``step`` takes them.
        is_read: For each effect whether it never changes the state.
        rows: For each state a map from an effect to the next state, or ``NO_STATE``; filled by ``fill`` when needed.
    """

    __slots__ = ("_numbers", "_state_numbers", "arguments", "is_read", "model", "rows", "states")

    def __init__(self, model: Model) -> None:
        self.model = model
        self._numbers: dict[tuple[str, Any, Any, Any], int] = {}
        self._state_numbers: dict[Hashable, int] = {model.initial: 0}
        self.arguments: list[tuple[str, Any, Any, Any]] = []
        self.is_read: list[bool] = []
        self.states: list[Hashable] = [model.initial]
        self.rows: list[dict[int, int]] = [{}]

    def number(self, arguments: tuple[str, Any, Any, Any]) -> int:
        """Return the number of an effect whose values are frozen."""
        number = self._numbers.get(arguments)
        if number is None:
            number = self._numbers[arguments] = len(self.arguments)
            self.arguments.append(arguments)
            f, argument, _, result = arguments
            if f == "cas" and (argument.__class__ is not tuple or argument[0] != "list" or len(argument[1]) != 2):
                raise HistoryError(f"a cas takes [from, to], not {argument!r}.")
            self.is_read.append(f in self.model.reads or (f in self.model.refusable and result == _REFUSED))
        return number

    def observes(self, effect: int) -> bool:
        """Return whether *effect* may be legal in certain states only: it is a read, or has a result, or can have."""
        f, _, _, result = self.arguments[effect]
        return f in self.model.reads or f in self.model.refusable or result is not None

    def fill(self, state: int, effect: int) -> int:
        """Ask the model where *effect* leads from *state*, and remember it."""
        following = self.model.after(self.states[state], *self.arguments[effect])
        if following is ILLEGAL:
            number = NO_STATE
        else:
            known = self._state_numbers.get(following)
            if known is None:
                known = self._state_numbers[following] = len(self.states)
                self.states.append(following)
                self.rows.append({})
            number = known
        self.rows[state][effect] = number
        return number


class Part:
    """Operations that can be judged without the others: columns, in the order of their invocations.

    Attributes:
        calls: Index of each invocation event; ascending.
        rets: Index of each completion event, or ``NEVER``.
        effects: Number of each operation's effect.
    """

    __slots__ = ("calls", "effects", "rets")

    def __init__(self, calls: list[int], rets: list[int], effects: list[int]) -> None:
        self.calls = calls
        self.rets = rets
        self.effects = effects

    def only(self, chosen: Sequence[int]) -> Part:
        """Return the part that consists of the operations at the positions *chosen*, which ascend."""
        return Part(
            [self.calls[one] for one in chosen],
            [self.rets[one] for one in chosen],
            [self.effects[one] for one in chosen],
        )


def split(history: History, effects: Effects) -> list[Part]:
    """Return the parts of a history of n events, in the order of their first operation. Cost: O(n).

    Raises:
        HistoryError: an operation that the model does not know.
    """
    model = effects.model
    reads, fs_known, keyed, numbers = model.reads, model.fs, model.keyed, effects._numbers
    parts: dict[Hashable, tuple[list[int], list[int], list[int]]] = {}
    plain = _PLAIN
    types, partners, values, results, keys = (
        history.types,
        history.partners,
        history.values,
        history.results,
        history.keys,
    )
    processes = history.processes
    key: Any = None
    for call, f in enumerate(history.fs):
        if types[call] != "invoke" or processes[call].__class__ is str:
            continue
        if f not in fs_known:
            raise HistoryError(
                f"event {call}: the model {model.name!r} has no such operation: "
                + unknown_word("operation", f, fs_known)
            )
        ret = partners[call]
        ending = types[ret] if ret >= 0 else "info"
        argument = values[call]
        if argument.__class__ not in plain:
            argument = frozen(argument)
        if ending == "ok":
            value, result = values[ret], results[ret]
            if value.__class__ not in plain:
                value = frozen(value)
            if result is not None:
                result = frozen(result)
        elif ending == "fail" or f in reads:
            continue
        else:
            ret, value, result = NEVER, UNKNOWN, None
        arguments = (f, argument, value, result)
        number = numbers.get(arguments)
        if number is None:
            if f == "cas" and not (isinstance(values[call], list | tuple) and len(values[call]) == 2):
                raise HistoryError(f"event {call}: a cas takes [from, to], not {values[call]!r}.")
            number = effects.number(arguments)
        if keyed:
            key = keys[call]
            if key.__class__ not in plain:
                key = frozen(key)
        part = parts.get(key)
        if part is None:
            part = parts[key] = ([], [], [])
        part[0].append(call)
        part[1].append(ret)
        part[2].append(number)
    return [Part(*columns) for columns in parts.values()]
