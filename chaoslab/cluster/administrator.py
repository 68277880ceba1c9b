"""Administrators: clients who ask the cluster to change itself, by the protocol's own commands.

Rules:

1. An administrator's operations stand in the trace and, as the nemesis's notes, in the history: they are no part of the
   workload and no checker judges them.
2. A command is ``Invocation(f="join", value="n6")``. What it asks for may be so already; then the protocol says yes. A
   refusal, or no answer, is asked again after a pause, until the administrator loses patience.
3. An administrator stands beside a node, as clients do, and does one thing at a time.

This file does not know who is a member: see ``membership``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from chaoslab.history import History
from chaoslab.sim import Engine
from chaoslab.statemachine import Invocation
from chaoslab.units import NS_PER_S

__all__ = ["Administrator", "Answer", "Notes"]

Answer = Literal["yes", "no", "unknown"]
"""``no``: every attempt was refused; ``unknown``: at least one was not answered, and none succeeded."""

PAUSE_NS: Final = NS_PER_S // 4
"""How long an administrator waits before asking again."""


class Notes:
    """Stands in for the history of an administrator's client: writes the nemesis's notes."""

    def __init__(self, history: History, name: str) -> None:
        self._history = history
        self._name = name
        self._f = ""

    def invoke(self, process: int, f: str, key: Any, value: Any, *, time_ns: int, **_: Any) -> None:
        """Note that it asks."""
        self._history.note(f, f"{self._name} asks for {value}", time_ns=time_ns)
        self._f = f

    def complete(self, process: int, type: str, value: Any, result: Any, *, time_ns: int, **_: Any) -> None:
        """Note what it was told."""
        self._history.note(self._f, f"{self._name} was told {type} for {value}", time_ns=time_ns)


class Administrator:
    """One administrator.

    Args:
        client: Its client; its history is a ``Notes``.
        engine: The simulation.

    Attributes:
        busy: It is at work for somebody.
    """

    def __init__(self, client: Any, engine: Engine) -> None:
        self.client = client
        self.busy = False
        self._engine = engine
        self._patience_ends_ns = 0
        self._stopped = False

    def ask(self, f: str, node: str, patience_ns: int, then: Callable[[Answer], None]) -> None:
        """Ask for *f* of *node* until the answer is yes or *patience_ns* are over; call *then* with the answer."""
        self._patience_ends_ns = self._engine.now_ns + patience_ns
        self._stopped = False
        self._engine.after(0, lambda: self._attempt(f, node, then, unanswered=False))  # a new client must begin first

    def lose_patience(self) -> None:
        """Do not ask again: what is open now is the last attempt."""
        self._stopped = True

    def _attempt(self, f: str, node: str, then: Callable[[Answer], None], *, unanswered: bool) -> None:
        def completed(type: str) -> None:
            if type == "ok":
                self._engine.after(0, then, "yes")
                return
            unknown = unanswered or type == "info"
            self._engine.after(PAUSE_NS, again, unknown)

        def again(unknown: bool) -> None:
            if self._stopped or self._engine.now_ns >= self._patience_ends_ns:
                then("unknown" if unknown else "no")
            else:
                self._attempt(f, node, then, unanswered=unknown)

        self.client.on_completion = completed
        self.client.invoke(Invocation(f=f, value=node))
