"""What a crash may leave while a fault says so: lose-unsynced, torn-write, reorder-writes, rename-lost."""

from __future__ import annotations

from typing import Any

import pytest

import chaoslab as cl
from chaoslab.faults import LoseUnsynced, ReorderWrites, TornWrite

from .world import SEEDS, fails, opened, play, sealed, survives


def left_by_crashes(fault: Any, prepare: Any, number: int = 400) -> list[dict[str, bytes]]:
    """Return what crashes with *fault* in force leave of a disk that *prepare* writes to, with many seeds."""
    left = []

    async def main(cluster: cl.Cluster) -> None:
        async def idle(node: cl.Node) -> None:
            await node.sleep(1e9)

        cluster.start(idle, nodes=1)
        await cluster.sleep(0)
        host = cluster.node("n1")
        prepare(host.disk)
        with cluster.faults(fault):
            cluster.crash("n1")
        left.append(host.disk.contents())

    for seed in range(number):
        cl.run(main, seed=seed)
    return left


def share(left: list[dict[str, bytes]], state: dict[str, bytes]) -> float:
    """Return in which share of the crashes *state* was left."""
    return left.count(state) / len(left)


def three_appends(disk: cl.Disk) -> None:
    for byte in (b"1", b"2", b"3"):
        disk.write("log", byte, append=True)


def test_lose_unsynced_leaves_a_beginning_by_its_ratio() -> None:
    """With a third, 2/3 of the crashes keep the first write, 4/9 the second, 8/27 the third."""
    left = left_by_crashes(cl.lose_unsynced("n1", ratio=1 / 3), three_appends)
    assert share(left, {}) == pytest.approx(1 / 3, abs=0.08)
    assert share(left, {"log": b"1"}) == pytest.approx(2 / 9, abs=0.08)
    assert share(left, {"log": b"12"}) == pytest.approx(4 / 27, abs=0.08)
    assert share(left, {"log": b"123"}) == pytest.approx(8 / 27, abs=0.08)


def test_lose_unsynced_of_nothing_keeps_everything() -> None:
    """As when only the process dies."""
    assert left_by_crashes(cl.lose_unsynced("n1", ratio=0.0), three_appends, 5) == [{"log": b"123"}] * 5


def test_torn_write_leaves_the_beginning_of_the_first_lost_write() -> None:
    """Any number of its bytes, all equally likely; nothing of the writes after it."""

    def prepare(disk: cl.Disk) -> None:
        disk.write("log", b"abcd", append=True)
        disk.write("log", b"efgh", append=True)

    left = left_by_crashes(cl.torn_write("n1"), prepare)
    assert {state["log"] for state in left} == {b"", b"a", b"ab", b"abc"}
    for cut in range(4):
        assert share(left, {"log": b"abcd"[:cut]}) == pytest.approx(1 / 4, abs=0.08)


def test_torn_write_at_sectors_leaves_whole_sectors() -> None:
    """A write within one sector is there or not."""

    def prepare(disk: cl.Disk) -> None:
        disk.write("log", b"x" * 500, append=True)
        disk.begin_sync("log")()
        disk.write("log", b"y" * 1100, append=True)

    left = left_by_crashes(cl.torn_write("n1", at="sector"), prepare, 50)
    assert {len(state["log"]) for state in left} == {512, 1024, 1536}


def test_reorder_writes_keeps_any_of_them_by_its_ratio() -> None:
    """All eight subsets of three writes are about as likely."""
    left = left_by_crashes(cl.reorder_writes("n1", ratio=0.5), three_appends)
    for state in ({}, {"log": b"123"}, {"log": b"\0002"}, {"log": b"\0\0003"}, {"log": b"1\x003"}):
        assert share(left, state) == pytest.approx(1 / 8, abs=0.06)


def test_rename_lost_undoes_what_the_folder_has_not_synced() -> None:
    """The rename before the sync stays, those after it are undone."""

    def prepare(disk: cl.Disk) -> None:
        for path in ("a", "b"):
            disk.write(path, path.encode())
            disk.begin_sync(path)()
        disk.rename("a", "A")
        disk.begin_sync("")()
        disk.rename("b", "B")
        disk.remove("A")

    assert left_by_crashes(cl.rename_lost("n1"), prepare, 5) == [{"A": b"a", "b": b"b"}] * 5


class Lines:
    """WRONG: a log of lines; the last line counts even if it has no end."""

    async def recover(self, node: cl.Node) -> list[bytes]:
        return [line for line in node.disk.read("log").split(b"\n") if line]

    async def save(self, node: cl.Node, value: bytes) -> bool:
        node.disk.append("log", value + b"\n")
        await node.disk.fsync("log")
        return True


class SealedLines:
    """Right: lines with checksums; what follows the last good one is cut off before anything is added."""

    async def recover(self, node: cl.Node) -> list[bytes]:
        values, good = [], 0
        for line in node.disk.read("log").splitlines(keepends=True):
            value = opened(line.removesuffix(b"\n"))
            if value is None:
                break
            values.append(value)
            good += len(line)
        node.disk.truncate("log", good)
        await node.disk.fsync("log")
        return values

    async def save(self, node: cl.Node, value: bytes) -> bool:
        node.disk.append("log", sealed(value))
        await node.disk.fsync("log")
        return True


def test_records_without_checksums_do_not_survive_torn_writes() -> None:
    """Half a line is taken for a value; a checksum tells."""
    assert fails(Lines, cl.torn_write("n1"), crashes=20)
    assert survives(SealedLines, cl.torn_write("n1"), crashes=20)


class EarlyPromise(SealedLines):
    """WRONG: promises before the sync has ended."""

    async def save(self, node: cl.Node, value: bytes) -> bool:
        node.disk.append("log", sealed(value))
        return True


def test_promises_before_the_sync_do_not_survive_lost_writes() -> None:
    """A part of the unsynced writes is lost, and with it what was promised."""
    assert fails(EarlyPromise, cl.lose_unsynced("n1", ratio=0.5))
    assert survives(SealedLines, cl.lose_unsynced("n1", ratio=0.5))


class Pairs:
    """WRONG: a value is two records, each half of it; one sync for both, and nothing says where a pair ends."""

    async def recover(self, node: cl.Node) -> list[bytes]:
        halves = node.disk.read("log").split()
        return [b"".join(halves[number : number + 2]) for number in range(0, len(halves), 2)]

    async def save(self, node: cl.Node, value: bytes) -> bool:
        node.disk.append("log", value[:2] + b"\n")
        node.disk.append("log", value[2:] + b"\n")
        await node.disk.fsync("log")
        return True


def test_what_was_not_synced_may_be_there_all_the_same() -> None:
    """Half a pair survives, which a crash that loses everything unsynced would never show."""
    assert fails(Pairs, cl.lose_unsynced("n1", ratio=0.3), crashes=30)
    assert not any(play(Pairs, cl.lose_unsynced("n1", ratio=1.0), seed, crashes=30).complaints for seed in SEEDS)


class Indexed:
    """WRONG: data and the number of records in two files, both written and then both synced."""

    async def recover(self, node: cl.Node) -> list[bytes]:
        self.count = int(node.disk.read("count") or b"0")
        return [node.disk.read("data", 8 * number, 8).rstrip() for number in range(self.count)]

    async def save(self, node: cl.Node, value: bytes) -> bool:
        node.disk.write("data", value[:3], offset=8 * self.count)
        node.disk.write("data", value[3:].ljust(5), offset=8 * self.count + 3)
        await self.between(node)
        self.count += 1
        node.disk.write("count", b"%6d" % self.count)
        await node.disk.fsync("data")
        await node.disk.fsync("count")
        return True

    async def between(self, node: cl.Node) -> None:
        """Nothing."""


class IndexedInOrder(Indexed):
    """Right: the data are durable before the number says that they are there."""

    async def between(self, node: cl.Node) -> None:
        await node.disk.fsync("data")


def test_two_files_synced_together_do_not_survive_reordering() -> None:
    """The number of records arrives, the record does not."""
    assert fails(Indexed, cl.reorder_writes("n1"), crashes=100, every=0.01)
    assert survives(IndexedInOrder, cl.reorder_writes("n1"), crashes=100, every=0.01)


class Renamed:
    """WRONG: writes all to another file, syncs it, renames it, and forgets the folder."""

    async def recover(self, node: cl.Node) -> list[bytes]:
        self.values = node.disk.read("state").split()
        return list(self.values)

    async def save(self, node: cl.Node, value: bytes) -> bool:
        self.values.append(value)
        node.disk.write("state.new", b" ".join(self.values))
        await node.disk.fsync("state.new")
        node.disk.rename("state.new", "state")
        await self.after(node)
        return True

    async def after(self, node: cl.Node) -> None:
        """Nothing."""


class RenamedForGood(Renamed):
    """Right: the folder is synced too."""

    async def after(self, node: cl.Node) -> None:
        await node.disk.fsync("")


def test_a_rename_without_a_sync_of_its_folder_does_not_survive() -> None:
    """The old file is back after the crash, with what was promised since missing."""
    assert fails(Renamed, cl.rename_lost("n1"))
    assert survives(RenamedForGood, cl.rename_lost("n1"))


def test_two_crash_faults_leave_what_either_may_leave() -> None:
    """Healed in any order, each takes its own part away."""

    async def main(cluster: cl.Cluster) -> list[str]:
        async def idle(node: cl.Node) -> None:
            await node.sleep(1e9)

        cluster.start(idle, nodes=1)
        disk = cluster.node("n1").disk
        first = cluster.inject(LoseUnsynced(ratio=0.25), ("n1",))
        second = cluster.inject(ReorderWrites(ratio=0.5), ("n1",))
        third = cluster.inject(TornWrite(at="sector"), ("n1",))
        seen = []
        for injection in (second, first, third):
            mode = cl.CrashMode()
            for rule in disk.rules:
                mode = mode.with_(rule.crash_mode)
            seen.append(f"{mode.lost} {mode.torn} {mode.reordered}")
            cluster.heal(injection)
        assert disk.rules == ()
        return seen

    assert cl.run(main) == ["0.25 1.0 True", "0.25 1.0 False", "1.0 1.0 False"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: cl.lose_unsynced("n1", ratio=1.5),
        lambda: cl.torn_write("n1", ratio=0.0),
        lambda: cl.torn_write("n1", at="bit"),
        lambda: cl.reorder_writes("n1", ratio=1.0),
        lambda: cl.rename_lost("n1", ratio=-0.1),
    ],
)
def test_strengths_that_mean_nothing_are_refused(make: Any) -> None:
    """With the key that is wrong."""
    with pytest.raises(cl.UsageError) as error:
        make()
    assert error.value.key in ("ratio", "at")
