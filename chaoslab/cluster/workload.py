"""What clients do: the operations they ask for, and when.

Rules:

1. Each client draws its operations and its pauses on a stream of its own: one client more or less changes nothing
   for the others.
2. Values that are written are unique in a run unless a workload says otherwise: that is what makes checking cheap.
3. A client asks, waits for the answer, pauses, asks again (closed arrivals). The pauses are those of a Poisson process;
   a client that waits long for an answer falls behind, as a person would. With open arrivals it does not: what was due
   meanwhile is asked at once, and has been waiting since it was due.

This file does not know protocols, faults or levels of consistency.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal

import attrs

from chaoslab.checkers.verdict import Verdict
from chaoslab.choices import Stream
from chaoslab.cluster.client import Client
from chaoslab.history import History
from chaoslab.parameters import one_of
from chaoslab.sim import Engine
from chaoslab.statemachine import Invocation
from chaoslab.units import NS_PER_S

__all__ = ["ARRIVALS", "Arrivals", "ClientView", "Drive", "Script", "ScriptedOperation", "Workload", "key_names"]

Arrivals = Literal["closed", "open"]
ARRIVALS: Final = one_of("closed", "open")


@attrs.frozen(kw_only=True)
class ClientView:
    """What a workload may know when it makes the operations of one client.

    Attributes:
        number: The client's number, from 0.
        keys: The keys to work on.
        random: The client's own stream.
        unique: Return a positive integer that no other call in this run returns.
        parameters: The workload's own parameters, an instance of its ``parameters`` class.
    """

    number: int
    keys: tuple[str, ...]
    random: Stream
    unique: Callable[[], int]
    parameters: Any = None


@attrs.frozen(kw_only=True)
class Workload:
    """A kind of work that clients do, and the model that says what they may see.

    Attributes:
        name: As in scenario files.
        summary: One line for people.
        model: The name of the sequential specification that its histories are checked against.
        operations: Makes the operations of one client, without end.
        last: Makes the operations with which a run ends, when all is calm: typically one read of each key.
        quiet_ns: How long nobody asks for anything before these, so that replicas can come to agree.
        all_read: Every client does these last operations, one client after the other, instead of the first alone.
        parameters: An attrs class of further parameters, or None.
        given: An instance of it, where somebody has said what they are; None: all by default.
        checks: Judges a history beyond its consistency, given the keys and the parameters (None: all by default).
    """

    name: str
    summary: str
    model: str
    operations: Callable[[ClientView], Iterator[Invocation]]
    last: Callable[[ClientView], Iterator[Invocation]] = lambda view: iter(())
    quiet_ns: int = 0
    all_read: bool = False
    parameters: type | None = None
    given: Any = None
    checks: Callable[[History, tuple[str, ...], Any], Sequence[Verdict]] = lambda history, keys, parameters: ()


class Drive:
    """Clients at work: lets each one ask for operation after operation.

    Args:
        engine: The simulation.
        workload: What they ask for.
        clients: Who asks.
        keys: What about.
        rate: Operations a second that all clients together aim at.
        parameters: The workload's own parameters.
        arrivals: ``"closed"``: a client thinks for a while after each operation, so a slow service is asked less.
            ``"open"``: operations are due whatever became of those before, as with users who know nothing of each
            other; what is due while its client is busy waits, and has been waiting since it was due.
    """

    def __init__(
        self,
        engine: Engine,
        workload: Workload,
        clients: Sequence[Client],
        *,
        keys: tuple[str, ...],
        rate: float,
        parameters: Any = None,
        arrivals: Arrivals = "closed",
    ) -> None:
        self._engine = engine
        self._workload = workload
        self._clients = clients
        self._pause_s = len(clients) / rate
        self._keys = keys
        self._parameters = workload.given if parameters is None else parameters
        self._begin_with = self._arrive if arrivals == "open" else self._go_on
        self._made = 0
        self._stopped = False
        self._busy = 0
        self._when_idle: Callable[[], None] | None = None

    def _unique(self) -> int:
        self._made += 1
        return self._made

    def _view(self, client: Client, concern: str) -> ClientView:
        return ClientView(
            number=client.number,
            keys=self._keys,
            random=self._engine.choices.stream(f"{concern} {client.client_name}"),
            unique=self._unique,
            parameters=self._parameters,
        )

    def begin(self) -> None:
        """Let every client begin, each after a first pause."""
        for client in self._clients:
            operations = self._workload.operations(self._view(client, "operations"))
            pauses = self._engine.choices.stream(f"pauses {client.client_name}")
            self._begin_with(client, operations, pauses)

    def _go_on(self, client: Client, operations: Iterator[Invocation], pauses: Stream) -> None:
        def ask() -> None:
            if self._stopped:
                return
            invocation = next(operations, None)
            if invocation is not None:
                self._ask(client, invocation, pause)

        def pause() -> None:
            self._engine.after(int(pauses.exponential(self._pause_s) * NS_PER_S), ask)

        pause()

    def _arrive(self, client: Client, operations: Iterator[Invocation], pauses: Stream) -> None:
        waiting: deque[int] = deque()  # when they were due; the first of them is the one under way
        clock = self._engine.clock

        def due() -> None:
            if self._stopped:
                return
            waiting.append(clock.now_ns)
            if len(waiting) == 1:
                ask()
            self._engine.after(int(pauses.exponential(self._pause_s) * NS_PER_S), due)

        def ask() -> None:
            invocation = next(operations, None)
            if invocation is not None:
                self._ask(client, invocation, done, due_ns=waiting[0])

        def done() -> None:
            waiting.popleft()
            if waiting:
                ask()

        self._engine.after(int(pauses.exponential(self._pause_s) * NS_PER_S), due)

    def _ask(
        self, client: Client, invocation: Invocation, then: Callable[[], None], *, due_ns: int | None = None
    ) -> None:
        def completed(type: str) -> None:
            self._busy -= 1
            if self._stopped:
                if not self._busy and self._when_idle is not None:
                    self._when_idle()
            else:
                then()

        self._busy += 1
        client.on_completion = completed
        client.invoke(invocation, due_ns=due_ns)

    def stop(self, when_idle: Callable[[], None]) -> None:
        """Ask for nothing more, and call *when_idle* once every open operation has ended."""
        self._stopped = True
        self._when_idle = when_idle
        if not self._busy:
            when_idle()

    def finish(self, then: Callable[[], None]) -> None:
        """Let clients ask for the workload's last operations, one after the other; then call *then*."""
        readers = self._clients if self._workload.all_read else self._clients[:1]
        left = deque((client, one) for client in readers for one in self._workload.last(self._view(client, "last")))

        def ask() -> None:
            if not left:
                then()
                return
            client, invocation = left.popleft()
            client.on_completion = lambda type: self._engine.after(0, ask)
            client.invoke(invocation)

        if self._workload.quiet_ns:
            self._engine.after(self._workload.quiet_ns, ask)
        else:
            ask()


@attrs.frozen(kw_only=True)
class ScriptedOperation:
    """One operation of a script.

    Attributes:
        at_ns: When it is asked for, in virtual nanoseconds; later, if its client is still busy then.
        client: Who asks: the client's number, from 0.
        invocation: What for.
    """

    at_ns: int
    client: int
    invocation: Invocation


class Script:
    """Clients that ask for given operations at given times, instead of making some up.

    Args:
        engine: The simulation.
        operations: What is asked for, in order of time.
        clients: Who asks.
    """

    def __init__(self, engine: Engine, operations: Sequence[ScriptedOperation], clients: Sequence[Client]) -> None:
        self._engine = engine
        self._clients = clients
        self._queues: list[deque[ScriptedOperation]] = [deque() for _ in clients]
        for operation in operations:
            self._queues[operation.client].append(operation)
        self._left = len(operations)
        self._then: Callable[[], None] = lambda: None

    def begin(self, then: Callable[[], None]) -> None:
        """Let the clients begin; call *then* once the last operation has ended."""
        self._then = then
        if not self._left:
            then()
        for number in range(len(self._clients)):
            self._go_on(number)

    def _go_on(self, number: int) -> None:
        queue = self._queues[number]
        if queue:
            operation = queue.popleft()
            self._engine.at(operation.at_ns, self._ask, number, operation.invocation)

    def _ask(self, number: int, invocation: Invocation) -> None:
        def completed(type: str) -> None:
            self._left -= 1
            if self._left:
                self._go_on(number)
            else:
                self._engine.after(0, self._then)

        client = self._clients[number]
        client.on_completion = completed
        client.invoke(invocation)


def key_names(count: int) -> tuple[str, ...]:
    """Return the names of *count* keys: x, y, z, then k4, k5, ..."""
    return tuple("xyz"[number] if number < 3 else f"k{number + 1}" for number in range(count))
