"""The history of a run: what clients asked and what they were told, in one global order.

Rules:

1. Append-only columns; an event's index is its position.
2. A process has at most one open operation, and completes only what it invoked. A breach is a ``HistoryError``
   at the moment it is recorded, with the index.
3. Faults are noted under the process ``"nemesis"``; they are events, never operations.

This file does not know formats (see ``readers`` and ``writers``) nor guarantees (see ``checkers``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history.operation import NEMESIS, Completion, Event, EventType, Operation

__all__ = ["History"]

_OPEN = -1


class History:
    """Events in the order they were recorded.

    The columns are public for checkers that read millions of events: ``times_ns``, ``processes``, ``types``,
    ``fs``, ``keys``, ``values``, ``results``, ``nodes``, ``errors`` and ``partners`` (the index of an invocation's
    completion and the reverse; -1 while open and for notes). Treat them as read-only. ``due_ns`` has, by index, when
    an invocation should have taken place that took place later, as its client was still busy.

    Cost: O(1) an event.
    """

    __slots__ = (
        "_open",
        "due_ns",
        "errors",
        "fs",
        "keys",
        "nodes",
        "partners",
        "processes",
        "results",
        "times_ns",
        "types",
        "values",
    )

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.times_ns: list[int] = []
        self.processes: list[int | str] = []
        self.types: list[EventType] = []
        self.fs: list[str] = []
        self.keys: list[Any] = []
        self.values: list[Any] = []
        self.results: list[Any] = []
        self.nodes: list[str | None] = []
        self.errors: list[str | None] = []
        self.partners: list[int] = []
        self.due_ns: dict[int, int] = {}
        self._open: dict[int | str, int] = {}
        for event in events:
            self.append(event)

    def invoke(
        self,
        process: int,
        f: str,
        key: Any = None,
        value: Any = None,
        *,
        time_ns: int = 0,
        node: str | None = None,
        due_ns: int | None = None,
    ) -> int:
        """Record that *process* calls *f* and return the event's index.

        Args:
            process: Who calls.
            f: What.
            key: On which key.
            value: With which argument.
            time_ns: When, in nanoseconds.
            node: The node that is asked, if known.
            due_ns: When it should have been called, if that was earlier, in nanoseconds.

        Raises:
            HistoryError: the process already has an open operation.
        """
        index = len(self.times_ns)
        if process in self._open:
            raise HistoryError(
                f"event {index}: process {process} invokes {f} while its {self.fs[self._open[process]]} "
                f"(event {self._open[process]}) is still open."
            )
        self._open[process] = index
        if due_ns is not None and due_ns < time_ns:
            self.due_ns[index] = due_ns
        self._add(time_ns, process, "invoke", f, key, value, None, node, None, _OPEN)
        return index

    def complete(
        self,
        process: int,
        type: Completion,
        value: Any = None,
        result: Any = None,
        *,
        time_ns: int = 0,
        node: str | None = None,
        error: str | None = None,
        f: str | None = None,
        key: Any = None,
    ) -> int:
        """Record how the open operation of *process* ended and return the event's index.

        Args:
            process: The process whose open operation it is.
            type: ``ok``, ``fail`` or ``info``.
            value: What was read, or what was written.
            result: A further result, such as whether a compare-and-set took place.
            time_ns: When, in nanoseconds.
            node: The node that served it, if known.
            error: Why it failed or is unknown.
            f: Which operation the recording says it was; None: it does not say.
            key: On which key it says it was; None: it does not say.

        Raises:
            HistoryError: the process has no open operation, or another one.
        """
        index = len(self.times_ns)
        call = self._open.pop(process, None)
        if call is None:
            raise HistoryError(f"event {index}: process {process} completes an operation that it never invoked.")
        if (f is not None and f != self.fs[call]) or (key is not None and key != self.keys[call]):
            raise HistoryError(
                f"event {index}: process {process} completes {_named(f, key)}, but what it has open is "
                f"{_named(self.fs[call], self.keys[call])} (event {call})."
            )
        self.partners[call] = index
        self._add(time_ns, process, type, self.fs[call], self.keys[call], value, result, node, error, call)
        return index

    def note(self, f: str, value: Any = None, *, time_ns: int = 0) -> int:
        """Record what the nemesis did and return the event's index."""
        index = len(self.times_ns)
        self._add(time_ns, NEMESIS, "info", f, None, value, None, None, None, _OPEN)
        return index

    def append(self, event: Event) -> int:
        """Record *event*, whose own index is ignored, and return its index.

        Raises:
            HistoryError: as ``invoke`` and ``complete``.
        """
        process = event.process
        if isinstance(process, str):
            return self._note_event(event)
        if event.type == "invoke":
            return self.invoke(
                process,
                event.f,
                event.key,
                event.value,
                time_ns=event.time_ns,
                node=event.node,
                due_ns=event.due_ns,
            )
        return self.complete(
            process,
            event.type,
            event.value,
            event.result,
            time_ns=event.time_ns,
            node=event.node,
            error=event.error,
            f=event.f,
            key=event.key,
        )

    def _note_event(self, event: Event) -> int:
        index = len(self.times_ns)
        self._add(
            event.time_ns,
            event.process,
            event.type,
            event.f,
            event.key,
            event.value,
            event.result,
            event.node,
            event.error,
            _OPEN,
        )
        return index

    def _add(
        self,
        time_ns: int,
        process: int | str,
        type: EventType,
        f: str,
        key: Any,
        value: Any,
        result: Any,
        node: str | None,
        error: str | None,
        partner: int,
    ) -> None:
        self.times_ns.append(time_ns)
        self.processes.append(process)
        self.types.append(type)
        self.fs.append(f)
        self.keys.append(key)
        self.values.append(value)
        self.results.append(result)
        self.nodes.append(node)
        self.errors.append(error)
        self.partners.append(partner)

    def __len__(self) -> int:
        return len(self.times_ns)

    def __getitem__(self, index: int) -> Event:
        index = range(len(self.times_ns))[index]
        return Event(
            index=index,
            time_ns=self.times_ns[index],
            process=self.processes[index],
            type=self.types[index],
            f=self.fs[index],
            key=self.keys[index],
            value=self.values[index],
            result=self.results[index],
            node=self.nodes[index],
            error=self.errors[index],
            due_ns=self.due_ns.get(index),
        )

    def __iter__(self) -> Iterator[Event]:
        return map(self.__getitem__, range(len(self)))

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations in the order of their invocations; what is still open counts as info.

        Cost: O(n) for a history of n events.
        """
        processes = self.processes
        return tuple(
            self.operation(call)
            for call, type in enumerate(self.types)
            if type == "invoke" and not isinstance(processes[call], str)
        )

    def operation(self, call: int) -> Operation:
        """Return the operation whose invocation is the event *call*."""
        process = self.processes[call]
        assert isinstance(process, int)
        partner = self.partners[call]
        closed = partner != _OPEN
        ending: Completion = self.types[partner] if closed else "info"  # type: ignore[assignment]
        return Operation(
            process=process,
            f=self.fs[call],
            key=self.keys[call],
            argument=self.values[call],
            type=ending,
            value=self.values[partner] if closed else None,
            result=self.results[partner] if closed else None,
            call=call,
            ret=partner if closed and ending != "info" else None,
            call_time_ns=self.times_ns[call],
            ret_time_ns=self.times_ns[partner] if closed else None,
            node=(self.nodes[partner] if closed else None) or self.nodes[call],
            error=self.errors[partner] if closed else None,
        )


def _named(f: str | None, key: Any) -> str:
    return f"{f or 'an operation'}" + ("" if key is None else f" on {key!r}")
