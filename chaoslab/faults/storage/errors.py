"""Faults of storage that show at once: a device that fails, is full, is slow, gives less than asked for, or lies."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster, Host
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults.scene import Scene
from chaoslab.faults.storage.disk_fault import DiskFault, FailingDisk, FaultRule, files_parameter, require_effect
from chaoslab.net.latency import LATENCY, Constant, Exponential, Latency, sampler
from chaoslab.parameters import COUNT, RATIO, SIZE, WORDS, parameter
from chaoslab.storage import OPERATIONS, DiskError
from chaoslab.units import format_duration

__all__ = ["DiskFull", "FsyncError", "FsyncLie", "IoError", "ShortRead", "SlowDisk"]


@attrs.frozen(kw_only=True)
class FsyncError(FailingDisk):
    """Syncs fail with EIO, and what they should have written counts as written: syncing again does not save it."""

    kind: ClassVar[str] = "fsync-error"
    counts: ClassVar[str] = "syncs failed"

    ratio: float = parameter(RATIO, "The share of syncs that fail.", default=1.0)
    times: int = parameter(COUNT, "How many syncs fail at most; 0: no bound.", default=0)
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> FsyncError:
        return cls(ratio=stream.between(0.1, 1.0), times=stream.below(3))

    def rule(self, host: Host) -> FaultRule:
        return _Failing(self.kind, host, self.files, self.ratio, ("fsync",), self.times)


@attrs.frozen(kw_only=True)
class IoError(FailingDisk):
    """A share of reads, writes, renames or removals fails with EIO and does nothing; the next may succeed."""

    kind: ClassVar[str] = "io-error"
    counts: ClassVar[str] = "operations failed"

    ratio: float = parameter(RATIO, "The share of operations that fail.")
    on: tuple[str, ...] = parameter(
        WORDS, "Which operations: read, write, rename, remove.", default=("read", "write", "rename", "remove")
    )
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)
        if not self.on:
            raise UsageError("this names no operation: read, write, rename or remove.", key="on")
        for word in self.on:
            if word == "fsync":
                raise UsageError("syncs that fail are another kind of fault: fsync-error.", key="on")
            if word not in OPERATIONS:
                raise UsageError(unknown_word("operation", word, OPERATIONS[:-1]), key="on")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> IoError:
        return cls(ratio=stream.between(0.01, 0.3), on=stream.pick((("read",), ("write",), ("read", "write"))))

    def rule(self, host: Host) -> FaultRule:
        return _Failing(self.kind, host, self.files, self.ratio, self.on, 0)


class _Failing(FaultRule):
    def __init__(self, kind: str, host: Host, files: str, ratio: float, on: tuple[str, ...], times: int) -> None:
        super().__init__(kind, host, files)
        self._ratio = ratio
        self._on = on
        self._times = times

    def attempt(self, operation: str, path: str) -> None:
        if operation not in self._on or not self.covers(path) or (self._times and self.hits == self._times):
            return
        if self.draws.chance(self._ratio):
            self.hit(f"{operation} {path}")
            raise DiskError.of(errno.EIO, path)


@attrs.frozen(kw_only=True)
class FsyncLie(DiskFault):
    """Syncs say that they succeeded and have made nothing durable, as of a device that ignores its flush command."""

    kind: ClassVar[str] = "fsync-lie"
    counts: ClassVar[str] = "syncs that did nothing"

    ratio: float = parameter(RATIO, "The share of syncs that lie.", default=1.0)
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> FsyncLie:
        return cls(ratio=stream.between(0.2, 1.0))

    def rule(self, host: Host) -> FaultRule:
        return _Lying(self.kind, host, self.files, self.ratio)


class _Lying(FaultRule):
    def __init__(self, kind: str, host: Host, files: str, ratio: float) -> None:
        super().__init__(kind, host, files)
        self._ratio = ratio

    def lies(self, path: str) -> bool:
        lies = self.covers(path) and self.draws.chance(self._ratio)
        if lies:
            self.hit(path)
        return lies


@attrs.frozen(kw_only=True)
class DiskFull(FailingDisk):
    """Writes that need more room fail with ENOSPC; what still fits of them is written."""

    kind: ClassVar[str] = "disk-full"
    counts: ClassVar[str] = "writes refused"

    after_bytes: int = parameter(SIZE, "How much more fits before the disk is full.", default=0, name="after")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> DiskFull:
        return cls(after_bytes=stream.below(4096))

    def rule(self, host: Host) -> FaultRule:
        return _Full(self.kind, host, self.after_bytes)


class _Full(FaultRule):
    def __init__(self, kind: str, host: Host, room: int) -> None:
        super().__init__(kind, host)
        self._room = room

    def room(self, path: str, growth: int) -> int:
        fits = min(growth, max(self._room, 0))
        if fits < growth:
            self.hit(path)
        return fits

    def grew(self, size: int) -> None:
        self._room -= size


@attrs.frozen(kw_only=True)
class ShortRead(FailingDisk):
    """A share of the reads gives fewer bytes than asked for, at least one; who reads on gets the rest.

    Does nothing to a state machine: what it finds at its start has been read to the end.
    """

    kind: ClassVar[str] = "short-read"
    counts: ClassVar[str] = "reads cut short"

    ratio: float = parameter(RATIO, "The share of reads that are cut short.")
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ShortRead:
        return cls(ratio=stream.between(0.1, 0.9))

    def rule(self, host: Host) -> FaultRule:
        return _Short(self.kind, host, self.files, self.ratio)


class _Short(FaultRule):
    def __init__(self, kind: str, host: Host, files: str, ratio: float) -> None:
        super().__init__(kind, host, files)
        self._ratio = ratio

    def length(self, path: str, size: int) -> int:
        if size < 2 or not self.covers(path) or not self.draws.chance(self._ratio):
            return size
        given = 1 + self.draws.below(size - 1)
        self.hit(f"{path} {given} of {size} bytes")
        return given


@attrs.frozen(kw_only=True)
class SlowDisk(DiskFault):
    """Every sync takes longer, by a delay drawn for each."""

    kind: ClassVar[str] = "slow-disk"
    counts: ClassVar[str] = "syncs slowed"

    added: Latency = parameter(LATENCY, "How much longer a sync takes.")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> SlowDisk:
        return cls(added=Exponential(mean_ns=int(stream.between(1e6, 2e8))))

    def rule(self, host: Host) -> _Slow:
        return _Slow(self.kind, host, sampler(self.added))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> tuple[tuple[Host, FaultRule], ...]:
        state = []
        for host in [cluster.node(name) for name in targets]:
            slow = self.rule(host)
            host.slow_syncs = (*host.slow_syncs, slow.delay_ns)
            state.append((host, slow))
        return tuple(state)

    def heal(self, cluster: Cluster, state: tuple[tuple[Host, FaultRule], ...]) -> None:
        for host, rule in state:
            assert isinstance(rule, _Slow)
            host.slow_syncs = tuple(one for one in host.slow_syncs if one != rule.delay_ns)

    def describe(self, targets: tuple[str, ...]) -> str:
        added = self.added
        much = format_duration(added.value_ns) if isinstance(added, Constant) else f"{added.distribution} delays"
        return f"slow-disk: {' '.join(targets)}, {much} more a sync"


class _Slow(FaultRule):
    """Not asked by the disk, which knows no time, but by its host."""

    def __init__(self, kind: str, host: Host, sample: Callable[[float], int]) -> None:
        super().__init__(kind, host)
        self._sample = sample

    def delay_ns(self) -> int:
        """Return how much longer this sync takes."""
        self.hits += 1
        return self._sample(self.draws.random())
