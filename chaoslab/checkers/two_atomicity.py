"""Looks for an order in which each read sees the last write before it or the one before that.

The order is built from its end (limited backtracking: Golab, Hurwitz, Li 2013, section 3). Some write is the last one.
Whatever reads must come after it, because it had ended when they began, saw it or the write before it: if they saw
others than it, that names the write before, and so on. Such a chain of writes, an *epoch*, either fails, and another
last write is tried, or ends with all reads that were placed having their writes placed as well. Then what is left
stands on its own: an order of the whole gives one of what is left by dropping complete clusters, so an epoch is never
taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import attrs

__all__ = ["Cluster", "Interval", "Moment", "two_atomic_order"]

Moment = tuple[int, int]
"""A time and an event index."""


@attrs.frozen(kw_only=True, eq=False)
class Interval:
    """One operation in time.

    Attributes:
        call: The index of its invocation; -1 for the write of the initial value.
        begin: When it was invoked.
        end: When it ended.
    """

    call: int
    begin: Moment
    end: Moment


@attrs.frozen(kw_only=True, eq=False)
class Cluster:
    """A write and the reads that saw it.

    Attributes:
        write: The write.
        reads: The reads.
        end: When the write or the first of its reads ended: the write cannot take effect later.
    """

    write: Interval
    reads: tuple[Interval, ...]
    end: Moment


def two_atomic_order(clusters: Sequence[Cluster]) -> list[int] | None:
    """Return such an order of all operations of a key, by the index of their invocations, or None if there is none.

    Args:
        clusters: All writes of one key, the one of the initial value included, with their reads.

    Cost: O(n log n + n * c) for c writes that overlap each other; O(n * n) at worst.
    """
    writes = sorted(range(len(clusters)), key=lambda number: clusters[number].write.begin)
    latest_ends = list(accumulate((clusters[number].end for number in writes), max))
    reads = sorted(
        ((read.begin, number, read) for number, cluster in enumerate(clusters) for read in cluster.reads),
        key=lambda one: one[0],
    )
    placed = [False] * len(clusters)
    backwards: list[int] = []
    while True:
        while writes and placed[writes[-1]]:
            writes.pop()
        while reads and placed[reads[-1][1]]:
            reads.pop()
        if not writes:
            return [call for call in reversed(backwards) if call >= 0]
        latest = clusters[writes[-1]].write.begin
        for place in range(len(writes) - 1, -1, -1):
            if latest_ends[place] < latest:
                return None
            if not placed[writes[place]] and clusters[writes[place]].end >= latest:
                epoch = _epoch(clusters, writes, reads, placed, writes[place])
                if epoch is not None:
                    break
        else:
            return None
        for number, segment in epoch:
            placed[number] = True
            backwards += [read.call for read in reversed(segment)]
            backwards.append(clusters[number].write.call)


def _epoch(
    clusters: Sequence[Cluster],
    writes: Sequence[int],
    reads: Sequence[tuple[Moment, int, Interval]],
    placed: Sequence[bool],
    last: int,
) -> list[tuple[int, list[Interval]]] | None:
    """Return the writes that follow from *last* being the last one, backwards, each with the reads right after it."""
    chain: list[tuple[int, list[Interval]]] = []
    taken: set[int] = set()
    given: set[int] = set()  # the reads that are placed, by the index of their invocations
    top, latest = len(reads), len(writes)
    current = last
    while True:
        taken.add(current)
        cluster = clusters[current]
        while latest and (writes[latest - 1] in taken or placed[writes[latest - 1]]):
            latest -= 1
        if latest and cluster.end < clusters[writes[latest - 1]].write.begin:
            return None
        segment = [read for read in cluster.reads if read.call not in given]
        before: int | None = None
        while top and reads[top - 1][0] > cluster.end:
            top -= 1
            _, number, read = reads[top]
            if number == current or read.call in given or placed[number]:
                continue
            if number in taken or (before is not None and number != before):
                return None
            before = number
            segment.append(read)
        given.update(read.call for read in segment)
        chain.append((current, sorted(segment, key=lambda read: read.begin)))
        if before is None:
            return chain
        current = before
