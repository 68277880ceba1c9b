"""Evidence of the checkers of transactions: orders that explain a history, and certificates that there is none.

Rules:

1. Evidence stands on its own: with the history beside it, and nothing else, a verifier can accept or refuse it.
2. An edge means "comes before". ww: both wrote the key, the source first. wr: the target read what the source wrote.
   rw: the source read the key as it was before the target's write. process: the same process did the source first.
   realtime: the source had ended when the target began.
3. Witnesses name transactions by the index of their invocation event, as they can be as long as the history.
   Certificates are short and hold the operations themselves. ``None`` in the place of one is the initial state.

This file knows nothing of how evidence is found or verified.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs

from chaoslab.history import Operation

__all__ = [
    "AssumedOrder",
    "AssumedSource",
    "CommitOrder",
    "Contradiction",
    "Cycle",
    "Derived",
    "Edge",
    "EdgeKind",
    "Pattern",
    "Proof",
    "Schedule",
    "SerialOrder",
    "Step",
]

EdgeKind = Literal["ww", "wr", "rw", "process", "realtime"]


@attrs.frozen(kw_only=True)
class SerialOrder:
    """The transactions one after the other; an info transaction that never happened is missing.

    Attributes:
        calls: Invocation events in that order.
    """

    calls: tuple[int, ...]


@attrs.frozen(kw_only=True)
class CommitOrder:
    """The order in which transactions committed, for levels below snapshot isolation.

    Attributes:
        calls: Invocation events in that order.
        sources: For registers with repeated values, (reader, position, writer) for each read that could have seen
            several writes: the invocations of both (None: the initial state), and how many reads of what others wrote
            the reader made before. Other reads are not listed.
    """

    calls: tuple[int, ...]
    sources: tuple[tuple[int, int, int | None], ...] = ()


@attrs.frozen(kw_only=True)
class Schedule:
    """When each transaction took its snapshot and when it committed: each invocation stands twice.

    Attributes:
        calls: Invocation events; the first time one stands there is its start, the second time its commit.
    """

    calls: tuple[int, ...]


@attrs.frozen(kw_only=True)
class Pattern:
    """An anomaly that a few reads show without any order of transactions.

    Attributes:
        anomaly: Its name.
        key: The key it is about.
        value: The value or element it is about, or None.
        reader: The transaction that shows it; of a lost update one of the two.
        other: A second transaction, if the pattern has one (the writer, another reader).
        other_key: The key by which the second transaction is known (fractured read: the one that was seen), or None.
    """

    anomaly: str
    key: Any
    value: Any = None
    reader: Operation
    other: Operation | None = None
    other_key: Any = None


@attrs.frozen(kw_only=True)
class Edge:
    """One transaction comes before another.

    Attributes:
        kind: Why (see rule 2 of this file).
        source: The earlier one; None is the initial state.
        target: The later one; None is the initial state, before which nothing can be.
        key: The key of a ww, wr or rw edge.
        value: ww, rw: what the target wrote. wr: what it read.
        earlier: ww: what the source wrote.
        shown_by: ww: a transaction whose read shows that order. In a proof about registers ``Derived`` says it instead,
            and only the edges that are told to people have it.
    """

    kind: EdgeKind
    source: Operation | None
    target: Operation | None
    key: Any = None
    value: Any = None
    earlier: Any = None
    shown_by: Operation | None = None


@attrs.frozen(kw_only=True)
class Cycle:
    """Edges of which each begins where the one before it ends, the first where the last ends.

    Attributes:
        edges: In that order.
    """

    edges: tuple[Edge, ...]


@attrs.frozen(kw_only=True)
class Derived:
    """A step of a proof: an edge that follows from earlier edges.

    ww: the target wrote what *reader* read, so the source, which comes before *reader*, comes before the target too; or
    (no reader) both wrote the key and the path shows which was first.
    rw: the source read what *reader* (here: the writer of it) wrote, and the target overwrote it later.

    Attributes:
        edge: The edge.
        through: The transaction named above, or None.
        path: Edges from earlier steps or from the history that show the premise; empty where the history alone does.
    """

    edge: Edge
    through: Operation | None = None
    path: tuple[Edge, ...] = ()


@attrs.frozen(kw_only=True)
class AssumedOrder:
    """A step of a proof: suppose that *first* wrote the key before *second*.

    When this has led to a contradiction, the opposite holds from there on.

    Attributes:
        key: The key both wrote.
        first: Supposed to be earlier.
        second: Supposed to be later.
    """

    key: Any
    first: Operation
    second: Operation


@attrs.frozen(kw_only=True)
class AssumedSource:
    """A step of a proof: suppose that *reader* saw the value that *writer* wrote, where several wrote the same one.

    When this has led to a contradiction for every possible writer, that is a contradiction of what stood before.

    Attributes:
        reader: The transaction that read.
        position: How many reads of what others wrote it made before that one.
        key: The key.
        value: The value that several wrote.
        writer: The supposed writer; None is the initial state.
    """

    reader: Operation
    position: int
    key: Any
    value: Any
    writer: Operation | None


@attrs.frozen(kw_only=True)
class Contradiction:
    """A step of a proof: a cycle, which ends the latest assumption that is still open.

    Attributes:
        edges: As in ``Cycle``.
    """

    edges: tuple[Edge, ...]


Step = Derived | AssumedOrder | AssumedSource | Contradiction


@attrs.frozen(kw_only=True)
class Proof:
    """Steps that end in a contradiction with no assumption left open: the history is impossible at that level.

    Attributes:
        steps: In order; each may use what stands before it and is still open.
    """

    steps: tuple[Step, ...]
