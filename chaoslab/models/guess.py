"""Which model a history is of, from the operations in it.

Names alone do not always tell: a set, a counter, a log and a map of texts are all read, and added or appended to. Then
what was seen decides: a number is a counter's, a list is a set's or a log's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history import History
from chaoslab.models.kv import kv_starting_as
from chaoslab.models.model import Model

__all__ = ["guessed_model"]


def guessed_model(history: History, format: str, models: Mapping[str, Model]) -> Model:
    """Return the first of *models* that knows every operation of *history*.

    Args:
        history: History of n operations.
        format: The format it was read from: in a kv log every key starts as the empty text.
        models: By name; the plainer ones first.

    Returns:
        The model. Cost: O(n).

    Raises:
        HistoryError: none knows them all; names the operations.
    """
    if format == "kv-log":
        return kv_starting_as("")
    used = sorted({f for f, process in zip(history.fs, history.processes, strict=True) if not isinstance(process, str)})
    if used == ["txn"]:
        return models[_transactions(history)]
    fitting = [model for model in models.values() if model.fs.issuperset(used)]
    for model in fitting:
        decide = _BY_WHAT_WAS_SEEN.get(model.name)
        if len(fitting) == 1 or decide is None or decide(history):
            return model
    if fitting:
        return fitting[0]
    raise HistoryError(
        f"no model knows all of the operations {', '.join(used)}; name one with --model: {', '.join(models)}.",
    )


def _seen(history: History) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, value and result of each ok operation."""
    for ret, type in enumerate(history.types):
        if type == "ok" and not isinstance(history.processes[ret], str):
            yield history.fs[ret], history.values[ret], history.results[ret]


def _is_set(history: History) -> bool:
    """Return whether nothing shows that it is a counter: a number that was read."""
    return not any(f == "read" and _is_number(value) for f, value, _ in _seen(history))


def _is_map(history: History) -> bool:
    """Return whether nothing shows that it is a log: a list that was read, or the offset of an append."""
    return not any(
        (f == "read" and isinstance(value, list | tuple)) or (f == "append" and _is_number(result))
        for f, value, result in _seen(history)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_BY_WHAT_WAS_SEEN: Mapping[str, Callable[[History], bool]] = {"set": _is_set, "kv": _is_map}
"""For models that share all their operations with another one: whether the history can be of this one."""


def _transactions(history: History) -> str:
    """Return the name of the model of a history of transactions: appends or writes decide, else what was read."""
    for transaction in history.values:
        for micro in transaction if isinstance(transaction, list | tuple) else ():
            if isinstance(micro, list | tuple) and len(micro) == 3:
                if micro[0] == "append" or isinstance(micro[2], list | tuple):
                    return "list-append"
                if micro[0] == "w" or micro[2] is not None:
                    return "rw-register"
    return "list-append"
