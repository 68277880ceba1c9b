"""What people give to a cluster, looked at before it is used: what makes no sense is refused in one sentence.

This file knows neither what runs on a cluster nor how checks decide.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from chaoslab.checkers import Verdict
from chaoslab.errors import UsageError
from chaoslab.history import History

__all__ = ["mistake_in_factory", "refuse_client", "refuse_code", "refuse_fault", "refuse_nodes", "verdict_of"]


_OF_CLIENTS: Final = "code of clients"


def refuse_nodes(nodes: Any) -> None:
    """Refuse what is not a number of nodes.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(nodes, int) or isinstance(nodes, bool):
        raise UsageError(f"nodes={nodes!r} is not a whole number.", key="cluster.start")
    if nodes < 1:
        raise UsageError(f"a cluster has at least one node, not {nodes}.")


def refuse_code(code: Any, what: str = "code of nodes") -> None:
    """Refuse what is neither an async function, nor a class or object with an async ``serve``, nor a factory.

    Raises:
        UsageError: it is none of these.
    """
    if inspect.iscoroutine(code):
        name = code.__qualname__
        code.close()  # or Python warns that nobody awaited it
        raise UsageError(f"{name} was called already: write {name}, without parentheses.", key="cluster.start")
    method = "call" if what == _OF_CLIENTS else "serve"
    if not callable(code) and not inspect.iscoroutinefunction(getattr(code, method, None)):
        arguments = "self, node, invocation" if what == _OF_CLIENTS else "self, node"
        raise UsageError(
            f"{code!r} is no {what}: that is an async function, a class with async def {method}({arguments}), or the "
            "factory of a state machine.",
            key="cluster.start",
        )


def refuse_client(code: Any) -> None:
    """Refuse what is neither ``async def call(node, invocation)`` nor a class with it, nor a factory of a machine.

    Raises:
        UsageError: it is none of these.
    """
    refuse_code(code, _OF_CLIENTS)
    if inspect.iscoroutinefunction(code) or not inspect.isfunction(code):
        return
    try:
        inspect.signature(code).bind(None)
    except TypeError:
        raise UsageError(
            f"{code.__name__} is not async, and no factory of a state machine, which takes a Context alone: write "
            f"async def call(node, invocation).",
            key="cluster.start: client",
        ) from None


def mistake_in_factory(factory: Any, context: Any, error: BaseException) -> str | None:
    """Return why *factory*, which was called with *context* and led to *error*, makes no state machine, or None."""
    if not inspect.isfunction(factory) or not isinstance(error, AttributeError):
        return None
    made_nothing = error.obj is None and error.name == "start"
    if error.obj is not context and not made_nothing:
        return None
    name = factory.__name__
    return (
        f"{name} is not async, so it was taken for the factory of a state machine, which it is not ({error}): is async "
        f"missing before def {name}?"
    )


def refuse_fault(fault: Any) -> None:
    """Refuse what cannot be injected and healed.

    Raises:
        UsageError: it cannot.
    """
    if not hasattr(fault, "inject") or not hasattr(fault, "heal"):
        raise UsageError(
            f'{fault!r} is no fault: write one such as cl.partition("n1 | n2 n3") or cl.crash("n1").',
            key="cluster.faults",
        )


def verdict_of(check: Callable[[History], Verdict], history: History) -> Verdict:
    """Return what *check* says of *history*.

    Raises:
        UsageError: it is no check, or what it returns is no verdict.
    """
    if not callable(check):
        raise UsageError(
            f"{check!r} is no check: write one such as cl.linearizable(), or cl.consistency({str(check)!r}).",
            key="cluster.check",
        )
    verdict = check(history)
    if not isinstance(verdict, Verdict):
        name = getattr(check, "__name__", repr(check))
        raise UsageError(f"the check {name} returned {verdict!r}: a check returns a cl.Verdict.", key="cluster.check")
    return verdict
