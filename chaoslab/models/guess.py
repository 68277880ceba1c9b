"""Which model a history is of, from the operations in it."""

from __future__ import annotations

from collections.abc import Mapping

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
    for model in models.values():
        if model.fs.issuperset(used):
            return model
    raise HistoryError(
        f"no model knows all of the operations {', '.join(used)}; name one with --model: {', '.join(models)}.",
    )


def _transactions(history: History) -> str:
    """Return the name of the model of a history of transactions: whether anything is appended decides."""
    for call, type in enumerate(history.types):
        if type == "invoke" and isinstance(history.values[call], list | tuple):
            for micro in history.values[call]:
                if isinstance(micro, list | tuple) and micro:
                    if micro[0] == "append":
                        return "list-append"
                    if micro[0] == "w":
                        return "rw-register"
    return "list-append"
