"""The contract of a node that is a state machine: events in, ordered effects out.

Rules:

1. A machine performs nothing itself. Each handler changes the machine's own state and returns a list of effects
   (or None), which the engine performs in that order.
2. A ``Persist`` is a barrier: every later effect of the node, of this event and of the next ones, waits until the
   disk says that the data are durable. "Save the vote before answering" is the order of two items in a list.
3. A machine has no randomness of its own: a timer with a range is drawn by the engine, and ``Context.random`` is a
   recorded stream, so every choice can be replayed and overridden.
4. Time is what the node's own clock says, through ``Context``; a wall clock may be skewed, any clock may drift.
5. Messages are values. Make them frozen, with immutable fields: a machine's message reaches the other side as it is.
6. When the disk fails, what stands behind the failed effect is dropped: it counted on it. A machine may have a method
   ``disk_error(path, error)``, which is given the ``OSError`` and returns effects; a machine that has none, or that
   raises the error again, panics: the node loses power. So no machine goes on as if nothing were wrong by mistake.
7. A crash loses the machine. A restart makes a new one from the same factory and from what the disk kept.

This file knows no Trio, no clock, no network and no randomness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import Any, Protocol

import attrs

__all__ = [
    "Become",
    "CancelTimer",
    "ClientMachine",
    "Complete",
    "Context",
    "Dice",
    "Effect",
    "Effects",
    "Invocation",
    "Machine",
    "Persist",
    "Probe",
    "Remove",
    "Rename",
    "Request",
    "Response",
    "Send",
    "SetTimer",
    "Sync",
    "Truncate",
    "Write",
    "reply",
]

# Effects and requests are made for every message. They are plain, not frozen: freezing doubles the price of
# making one. Treat them as frozen all the same.


@attrs.define
class Send:
    """Send *message* to the node or client called *to*. Delivery is up to the network."""

    to: str
    message: Any


@attrs.define
class SetTimer:
    """Call ``timer(name)`` after a time on the node's own clock; replaces a running timer of that name.

    Attributes:
        name: The timer's name.
        after: Seconds, or a range ``(low, high)`` of seconds from which the engine draws.
    """

    name: str
    after: float | tuple[float, float]


@attrs.define
class CancelTimer:
    """Stop the timer called *name*, if it runs."""

    name: str


@attrs.define
class Persist:
    """Write *data* to the file *path* and hold every later effect back until they are durable.

    Without *append* the old content is written over in place, and a torn write leaves a mixture of both. Who must
    survive that appends records with checksums; or writes another file, syncs it, renames it and syncs the folder.

    Attributes:
        path: The file's name on the node's own disk.
        data: What to write.
        append: Add to the end of the file instead of replacing what it holds.
    """

    path: str
    data: bytes
    append: bool = False


@attrs.define
class Write:
    """Write *data* to the file *path*: readable at once, durable only after a ``Sync``. No barrier.

    Attributes:
        path: The file's name on the node's own disk; folders are separated by ``/``.
        data: What to write.
        append: Add to the end of the file instead of replacing what it holds.
    """

    path: str
    data: bytes
    append: bool = False


@attrs.define
class Truncate:
    """Let the file *path* end after *size* bytes, as after a write that went only half way. Durable after a ``Sync``.

    Attributes:
        path: The file's name on the node's own disk.
        size: How many bytes to keep; a shorter file is filled up with zeros.
    """

    path: str
    size: int


@attrs.define
class Sync:
    """Hold every later effect back until the disk says that *path* is durable.

    Attributes:
        path: A file: its content. A folder (``""`` is the root): which names it holds, that is renames and removals.
    """

    path: str


@attrs.define
class Rename:
    """Give the file *path* the name *to*, in one step, replacing a file of that name. Durable after a folder sync."""

    path: str
    to: str


@attrs.define
class Remove:
    """Remove the file *path*, if there is one. Durable after a folder sync."""

    path: str


@attrs.define
class Probe:
    """A named point of the protocol: counted, and a place at which a fault can strike (crash exactly here).

    What stands before it in the list has been performed, what stands after it has not.
    """

    name: str


@attrs.define
class Become:
    """Report the role that the node now plays, such as ``"leader"``; faults can be aimed at roles."""

    role: str


@attrs.define
class Complete:
    """Finish the client's open operation.

    Attributes:
        type: ``"ok"``, ``"fail"`` (it did not happen) or ``"info"`` (nobody knows).
        value: What was read; for writes left None, as the history then keeps the value written.
        result: A further result, such as whether a compare-and-set took place.
        node: The node that served it, if there was one.
        error: Why it failed or is unknown.
    """

    type: str
    value: Any = None
    result: Any = None
    node: str | None = None
    error: str | None = None


Effect = Send | SetTimer | CancelTimer | Persist | Write | Truncate | Sync | Rename | Remove | Probe | Become | Complete
Effects = Sequence[Effect] | None


@attrs.define
class Request:
    """A message that asks for an answer; *id* is the sender's own number for it."""

    id: int
    body: Any


@attrs.define
class Response:
    """The answer to the request with the same *id*; *error* says in words why it was refused, if it was."""

    id: int
    body: Any = None
    error: str | None = None


def reply(to: str, request: Request, body: Any = None, *, error: str | None = None) -> Send:
    """Return the effect that answers *request*, which came from *to*."""
    return Send(to, Response(request.id, body, error))


@attrs.frozen(kw_only=True)
class Invocation:
    """What a client is asked to do.

    Attributes:
        f: The operation's name, such as ``"write"``.
        key: The key it is about, or None.
        value: Its argument.
    """

    f: str
    key: Any = None
    value: Any = None


class Dice(Protocol):
    """A recorded stream of random choices."""

    def chance(self, ratio: float) -> bool:
        """Return True with probability *ratio*."""

    def below(self, bound: int) -> int:
        """Return an integer from 0 to *bound* - 1."""

    def between(self, low: float, high: float) -> float:
        """Return a float from *low* up to *high*."""

    def pick(self, options: Sequence[Any]) -> Any:
        """Return one of *options*."""

    def shuffle(self, items: MutableSequence[Any]) -> None:
        """Put *items* into a random order, in place."""

    def sample(self, options: Sequence[Any], count: int) -> list[Any]:
        """Return *count* different ones of *options*, in the order in which they stand there."""


@attrs.frozen(kw_only=True)
class Context:
    """All that a machine may know of the place it runs in.

    Attributes:
        name: The node's own name, such as ``"n1"``.
        nodes: The names of the nodes with which the cluster began, in order. A node that was added later is not among
            them, in its own context either.
        settings: The protocol's settings.
        files: What the disk kept: file name to content. Looking up a file that the disk cannot read raises ``OSError``;
            a machine that does not handle it does not start.
        wall_time: Read the node's wall clock, in seconds. It may be wrong, and jump.
        monotonic_time: Read the node's monotonic clock, in seconds. It may drift, and never jumps back.
        true_time: Read the interval ``(earliest, latest)``, in seconds since 1970, in which true time is, if the source
            is honest (Corbett et al. 2012, section 3).
        random: The node's own recorded stream of random choices.
        zones: The zone of each node that has one: node name to zone name.
        directory: Look up who serves now, as in a name service that operators keep: nodes that were started and not
            switched off for good, the added ones last. A crash takes nobody out; who is listed need not be a member.
        home: For a client, the node beside which it stands: a partition cuts it off from what that node is cut off
            from. For a node, its own name.
    """

    name: str
    nodes: tuple[str, ...]
    settings: Any
    files: Mapping[str, bytes]
    wall_time: Callable[[], float]
    monotonic_time: Callable[[], float]
    home: str
    true_time: Callable[[], tuple[float, float]] = lambda: (0.0, 0.0)
    random: Dice = None  # type: ignore[assignment]  # always given by the engine; tests of one machine may not care
    zones: Mapping[str, str] = attrs.field(factory=dict)
    directory: Callable[[], tuple[str, ...]] = attrs.Factory(lambda self: lambda: self.nodes, takes_self=True)

    @property
    def peers(self) -> tuple[str, ...]:
        """The other nodes, in order."""
        return tuple(node for node in self.nodes if node != self.name)


class Machine(Protocol):
    """A node's code as a state machine. Made by a factory that takes a ``Context``.

    It may also have ``disk_error(path, error)``: an effect on the file *path* failed with *error*, an ``OSError``, and
    every effect that stood behind it, of this event and of those since, timers included, was dropped. It returns
    effects. What it wrote since the last sync of that file may be lost.
    """

    def start(self) -> Effects:
        """The node has started, or started again after a crash."""

    def message(self, sender: str, message: Any) -> Effects:
        """*message* has arrived from *sender*."""

    def timer(self, name: str) -> Effects:
        """The timer called *name* has run out."""


class ClientMachine(Machine, Protocol):
    """A client's code as a state machine: one operation at a time, each ended by ``Complete``."""

    def invoke(self, invocation: Invocation) -> Effects:
        """Begin *invocation*. There is no other open operation."""
