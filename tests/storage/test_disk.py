"""The simulated disk: what a power cut takes, and what it leaves."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chaoslab.storage import Disk

PATHS = st.sampled_from(["a", "b"])
DATA = st.binary(max_size=3)


def _sync(disk: Disk, path: str) -> None:
    assert disk.begin_sync(path)()


def test_a_write_can_be_read_at_once() -> None:
    """The page cache serves what is not durable yet."""
    disk = Disk()
    disk.write("a", b"one")
    disk.write("a", b"two", append=True)
    assert disk.read("a") == b"onetwo"


def test_a_crash_loses_what_was_not_synced() -> None:
    """A file that was never synced is gone; a synced one has its synced content."""
    disk = Disk()
    disk.write("never", b"x")
    disk.write("a", b"old")
    _sync(disk, "a")
    disk.write("a", b"new")
    disk.crash()
    assert disk.contents() == {"a": b"old"}


def test_a_sync_covers_only_the_writes_before_its_call() -> None:
    """What is written while a sync is under way is not durable when it ends."""
    disk = Disk()
    disk.write("a", b"1")
    end = disk.begin_sync("a")
    disk.write("a", b"2", append=True)
    assert end()
    disk.crash()
    assert disk.read("a") == b"1"


def test_a_sync_that_a_crash_interrupts_never_ends() -> None:
    """Its end, should somebody still call it, has no effect on the next life's files."""
    disk = Disk()
    disk.write("a", b"1")
    end = disk.begin_sync("a")
    disk.crash()
    disk.write("a", b"2")
    assert not end()
    disk.crash()
    assert disk.read("a") == b""


class DiskAgainstModel(RuleBasedStateMachine):
    """Any sequence of writes, syncs and crashes agrees with two plain dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = Disk()
        self.cache: dict[str, bytes] = {}
        self.durable: dict[str, bytes] = {}

    @rule(path=PATHS, data=DATA, append=st.booleans())
    def write(self, path: str, data: bytes, append: bool) -> None:
        self.disk.write(path, data, append=append)
        self.cache[path] = (self.cache.get(path, b"") if append else b"") + data

    @rule(path=PATHS)
    def sync(self, path: str) -> None:
        _sync(self.disk, path)
        self.cache.setdefault(path, b"")
        self.durable[path] = self.cache[path]

    @rule()
    def crash(self) -> None:
        self.disk.crash()
        self.cache = dict(self.durable)

    @invariant()
    def reads_agree(self) -> None:
        assert self.disk.contents() == self.cache


TestDiskAgainstModel = DiskAgainstModel.TestCase
TestDiskAgainstModel.settings = settings(max_examples=100, deadline=None)
