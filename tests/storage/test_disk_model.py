"""Any sequence of operations and crashes leaves what the rules allow, and all that the rules allow can be left.

The rules are written a second time in ``allowed.py``, by listing every possibility.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chaoslab.choices import Choices
from chaoslab.storage import CrashMode, Disk, crash_states

from .allowed import ModelDisk, ModelFile

PATHS = st.sampled_from(["a", "b", "d/a", "d/b"])
NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d", "e"])
FOLDERS = st.sampled_from(["", "d", "e"])
DATA = st.one_of(
    st.binary(max_size=3),
    st.integers(1, 255).map(lambda byte: bytes([byte]) * 600),  # over the boundary of a sector
)

LOST = st.sampled_from([0.0, 0.3, 0.7, 1.0])
TORN_AT = st.sampled_from(["byte", "sector"])
RENAMES_LOST = st.sampled_from([0.0, 0.5])
MODES = st.one_of(
    st.builds(CrashMode, lost=LOST, torn=st.sampled_from([0.0, 0.5, 1.0]), torn_at=TORN_AT, renames_lost=RENAMES_LOST),
    st.builds(
        CrashMode,
        lost=LOST,
        torn=st.sampled_from([0.0, 0.5]),
        torn_at=TORN_AT,
        renames_lost=RENAMES_LOST,
        reordered=st.just(True),
    ),
)


class DiskAgainstModel(RuleBasedStateMachine):
    """A disk and the model of it, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = Disk()
        self.model = ModelDisk()
        self.syncs: list[tuple[Callable[[], bool], ModelFile, int]] = []

    @initialize(seed=st.integers(0, 3))
    def seeded(self, seed: int) -> None:
        self.draws = Choices(seed).stream("crash")

    def does(self, operation: Callable[[], Any]) -> bool:
        """Return whether *operation* is one that a disk allows: not so for a file where a folder is."""
        try:
            operation()
        except OSError:
            return False
        return True

    def is_folder(self, path: str) -> bool:
        """Return whether *path* is the root, or there is a file in it."""
        return not path or any(name.startswith(path + "/") for name in self.model.names())

    @rule(path=PATHS, data=DATA)
    def append(self, path: str, data: bytes) -> None:
        if self.does(lambda: self.disk.write(path, data, append=True)):
            file = self.model.file(path)
            self.model.change(path, len(file.now()), data)

    @rule(path=PATHS, data=DATA)
    def replace(self, path: str, data: bytes) -> None:
        if self.does(lambda: self.disk.write(path, data)):
            longer = len(self.model.file(path).now()) > len(data)
            self.model.change(path, 0, data)
            if longer:
                self.model.change(path, len(data), None)

    @rule(path=PATHS, data=DATA, offset=st.sampled_from([0, 1, 2, 511]))
    def write_at(self, path: str, data: bytes, offset: int) -> None:
        if self.does(lambda: self.disk.write(path, data, offset=offset)):
            self.model.change(path, offset, data)

    @rule(path=PATHS, size=st.sampled_from([0, 1, 513]))
    def truncate(self, path: str, size: int) -> None:
        if self.does(lambda: self.disk.truncate(path, size)) and len(self.model.file(path).now()) != size:
            self.model.change(path, size, None)

    @rule(path=NAMES, to=NAMES)
    def rename(self, path: str, to: str) -> None:
        names = self.model.names()
        there = path in names or self.is_folder(path)
        if self.does(lambda: self.disk.rename(path, to)) and there and path != to:
            self.model.history.append(("rename", path, to, None))

    @rule(path=NAMES)
    def remove(self, path: str) -> None:
        if self.does(lambda: self.disk.remove(path)) and path in self.model.names():
            self.model.history.append(("remove", path, "", None))

    @rule(path=PATHS)
    def begin_sync(self, path: str) -> None:
        if self.is_folder(path):
            return
        known = path in self.model.names()
        ends: list[Callable[[], bool]] = []
        if self.does(lambda: ends.append(self.disk.begin_sync(path))):
            if not known:
                self.model.change(path, 0, b"")
            self.syncs.append((ends[0], self.model.file(path), self.model.sequence))

    @rule(which=st.integers(0, 5))
    def end_sync(self, which: int) -> None:
        if self.syncs:
            end, file, sequence = self.syncs.pop(which % len(self.syncs))
            assert end()
            self.model.settle(file, sequence)

    @rule(folder=FOLDERS)
    def sync_folder(self, folder: str) -> None:
        if self.is_folder(folder):
            assert self.disk.begin_sync(folder)()
            self.model.settle_folder(folder)

    @rule(mode=MODES)
    def crash(self, mode: CrashMode) -> None:
        allowed = self.model.allowed(mode) if self.is_small(mode) else None
        if allowed is not None:
            assert {tuple(sorted(state.items())) for state in crash_states(self.disk, mode, limit=100_000)} == allowed
        self.disk.crash(self.draws, mode)
        left = self.disk.contents()
        assert allowed is None or tuple(sorted(left.items())) in allowed
        for end, _, _ in self.syncs:
            assert not end()
        self.syncs.clear()
        self.model.restart(left)

    def is_small(self, mode: CrashMode) -> bool:
        """Return whether all that a crash may leave can be listed quickly."""
        pending = [data or b"" for file in self.model.names().values() for _, _, data in file.pending]
        sizes = sum(map(len, pending))
        bytes_max = 16 if mode.torn and mode.torn_at == "byte" else 2000
        return len(pending) <= 4 and len(self.model.history) <= 6 and sizes <= bytes_max

    @invariant()
    def what_is_durable_agrees(self) -> None:
        (left,) = crash_states(self.disk, CrashMode())
        assert {tuple(sorted(left.items()))} == self.model.allowed(CrashMode())

    @invariant()
    def reads_agree(self) -> None:
        assert self.disk.contents() == {path: file.now() for path, file in self.model.names().items()}


TestDiskAgainstModel = DiskAgainstModel.TestCase
TestDiskAgainstModel.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)


def test_every_allowed_state_is_reached_by_some_draws() -> None:
    """For a small disk, crashes with many seeds leave exactly the states that are listed: none more, none never."""
    modes = [
        CrashMode(lost=0.5),
        CrashMode(torn=0.5),
        CrashMode(lost=0.5, torn=0.5),
        CrashMode(lost=0.5, reordered=True),
        CrashMode(lost=0.5, torn=0.5, torn_at="sector", reordered=True, renames_lost=0.3),
    ]

    def small() -> Disk:
        disk = Disk()
        disk.write("old", b"123456")
        disk.begin_sync("old")()
        disk.write("old", b"AB", offset=1)
        disk.write("new", b"x" * 520)
        disk.rename("new", "newer")
        disk.write("old", b"C", append=True)
        disk.remove("newer")
        disk.write("newer", b"yz")
        return disk

    for mode in modes:
        listed = [tuple(sorted(state.items())) for state in crash_states(small(), mode)]
        assert len(set(listed)) == len(listed)
        reached = set()
        for seed in range(1500):
            disk = small()
            disk.crash(Choices(seed).stream("crash"), mode)
            reached.add(tuple(sorted(disk.contents().items())))
        assert reached == set(listed)
