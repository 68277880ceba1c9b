"""Faults that show at once: fsync-error, fsync-lie, disk-full, io-error, short-read, slow-disk."""

from __future__ import annotations

import contextlib
import errno
from typing import Any

import pytest
import trio

import chaoslab as cl

from .test_crashes import SealedLines
from .world import fails, opened, sealed, survives


def answers(fault: Any, ask: Any, *, seed: int = 1) -> Any:
    """Return what ``await ask(node)`` returns while *fault* is in force."""
    found: list[Any] = []

    async def serve(node: cl.Node) -> None:
        await node.sleep(0.1)
        found.append(await ask(node))
        await node.sleep(1e9)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        with cluster.faults(fault):
            await trio.sleep(60)
        assert cluster.injections[0].took_effect

    cl.run(main, seed=seed)
    return found[0]


async def tried(action: Any) -> int | None:
    """Return the number of the error that *action* raises, if any."""
    try:
        done = action()
        if done is not None:
            await done
    except OSError as error:
        return error.errno
    return None


def test_an_fsync_error_loses_what_it_should_have_synced_although_the_next_succeeds() -> None:
    """EIO once; then the pages count as clean, and a crash shows that they never were on the device."""
    found: list[Any] = []

    async def serve(node: cl.Node) -> None:
        found.append(node.disk.read("log"))
        await node.sleep(0.1)
        node.disk.append("log", b"lost ")
        found.append(await tried(lambda: node.disk.fsync("log")))
        found.append(await tried(lambda: node.disk.fsync("log")))
        found.append(node.disk.read("log"))
        await node.sleep(1e9)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        with cluster.faults(cl.fsync_error("n1", times=1)):
            await trio.sleep(1)
        cluster.crash("n1")
        cluster.restart("n1")
        await trio.sleep(0.05)

    cl.run(main)
    assert found == [b"", errno.EIO, None, b"lost ", b""]


def test_fsync_errors_come_by_their_ratio() -> None:
    """A third of 300."""

    async def ask(node: cl.Node) -> int:
        return sum([await tried(lambda: node.disk.fsync("log")) is not None for _ in range(300)])

    assert answers(cl.fsync_error("n1", ratio=1 / 3), ask) == pytest.approx(100, rel=0.3)


def test_a_full_disk_takes_what_still_fits() -> None:
    """A half record, then nothing; overwriting needs no room, and removing gives some back."""

    async def ask(node: cl.Node) -> list[Any]:
        disk = node.disk
        seen: list[Any] = [await tried(lambda: disk.append("log", b"12345678")), disk.read("log")]
        seen.append(await tried(lambda: disk.append("log", b"9")))
        seen.append(await tried(lambda: disk.write("log", b"ab", offset=0)))
        disk.truncate("log", 2)
        seen.append(await tried(lambda: disk.append("log", b"cde")))
        return [*seen, disk.read("log")]

    full = errno.ENOSPC
    assert answers(cl.disk_full("n1", after_bytes=5), ask) == [full, b"12345", full, None, None, b"abcde"]


def test_a_full_disk_writes_nothing_where_not_even_the_gap_before_it_fits() -> None:
    """A write far behind the end of a file needs room for all that comes before it."""

    async def ask(node: cl.Node) -> list[Any]:
        node.disk.write("log", b"ab")
        seen: list[Any] = [await tried(lambda: node.disk.write("log", b"0123456789", offset=8))]
        return [*seen, node.disk.read("log"), node.disk.size("log")]

    assert answers(cl.disk_full("n1", after_bytes=5), ask) == [errno.ENOSPC, b"ab", 2]


def test_io_errors_come_by_their_ratio_at_the_operations_that_are_named() -> None:
    """A third of the reads, none of the writes."""

    async def ask(node: cl.Node) -> list[int]:
        reads = [await tried(lambda: node.disk.read("log") and None) for _ in range(300)]
        writes = [await tried(lambda: node.disk.append("log", b"x")) for _ in range(100)]
        assert set(reads) == {None, errno.EIO}
        return [300 - reads.count(None), 100 - writes.count(None)]

    async def with_file(node: cl.Node) -> list[int]:
        node.disk.append("log", b"x")
        return await ask(node)

    failed_reads, failed_writes = answers(cl.io_error("n1", ratio=1 / 3, on="read"), with_file)
    assert failed_reads == pytest.approx(100, rel=0.3)
    assert failed_writes == 0


def test_a_short_read_gives_at_least_a_byte_and_less_than_was_asked_for() -> None:
    """By its ratio; reading on gives the rest."""

    async def ask(node: cl.Node) -> list[int]:
        node.disk.append("log", b"x" * 10)
        await node.disk.fsync("log")
        return [len(node.disk.read("log")) for _ in range(400)]

    sizes = answers(cl.short_read("n1", ratio=0.25), ask)
    assert set(sizes) == set(range(1, 11))
    assert sum(size < 10 for size in sizes) == pytest.approx(100, rel=0.3)


def test_a_slow_disk_adds_its_delay_to_every_sync() -> None:
    """Half a second more than the usual two milliseconds at most."""

    async def ask(node: cl.Node) -> list[float]:
        times = []
        for _ in range(10):
            before = node.monotonic()
            await node.disk.fsync("log")
            times.append(node.monotonic() - before)
        return times

    assert all(0.5 < time < 0.52 for time in answers(cl.slow_disk("n1", seconds=0.5), ask))


class SyncsAgain(SealedLines):
    """WRONG: a sync that failed is tried again until it succeeds."""

    async def save(self, node: cl.Node, value: bytes) -> bool:
        node.disk.append("log", sealed(value))
        while True:
            try:
                await node.disk.fsync("log")
            except OSError:
                continue
            return True


def test_syncing_again_after_an_error_does_not_survive_a_crash() -> None:
    """Right is to let the error pass, which ends the program, and to find out at the next start what is there."""
    fault = cl.fsync_error("n1", ratio=0.3)
    assert fails(SyncsAgain, fault, crashing=False)
    assert survives(SealedLines, fault, crashing=False)


class WithPeer(SealedLines):
    """Right: a value is promised when another node has it too, and is asked for at the start."""

    async def recover(self, node: cl.Node) -> list[bytes]:
        return await node.call("n2", "all")  # type: ignore[no-any-return]

    async def save(self, node: cl.Node, value: bytes) -> bool:
        await super().save(node, value)
        await node.call("n2", value)
        return True


async def peer(node: cl.Node) -> None:
    """Keep what is sent, after a sync, and tell it to who asks for all."""
    store = SealedLines()
    values = await store.recover(node)
    while True:
        message = await node.recv()
        if message.body == "all":
            message.reply(list(values))
        else:
            values.append(message.body)
            await store.save(node, message.body)
            message.reply()


def test_one_disk_that_lies_about_syncs_loses_what_one_node_promised() -> None:
    """No program on that node alone can know; a second node saves it."""
    fault = cl.fsync_lie("n1")
    assert fails(SealedLines, fault)
    assert survives(WithPeer, fault, nodes=2, peer=peer)


class Careless(SealedLines):
    """WRONG: a write that failed is forgotten, with the half of it that was written; the next goes behind it."""

    async def save(self, node: cl.Node, value: bytes) -> bool:
        try:
            node.disk.append("log", sealed(value))
        except OSError:
            return False
        await node.disk.fsync("log")
        return True


class Careful(Careless):
    """Right: what was written of a failed record is cut off before the next."""

    async def save(self, node: cl.Node, value: bytes) -> bool:
        before = node.disk.size("log")
        if await super().save(node, value):
            return True
        node.disk.truncate("log", before)
        return False


def test_a_half_record_of_a_full_disk_damages_what_comes_after() -> None:
    """When there is room again, the next records stand behind the half one, and nobody finds them."""
    fault = cl.disk_full("n1", after_bytes=109)  # not a whole number of records
    assert fails(Careless, fault, crashing=False)
    assert survives(Careful, fault, crashing=False)


class Unaware(SealedLines):
    """WRONG: goes on after an error of the disk as if the write had happened."""

    async def save(self, node: cl.Node, value: bytes) -> bool:
        with contextlib.suppress(OSError):
            node.disk.append("log", sealed(value))
        await node.disk.fsync("log")
        return True


def test_ignoring_an_io_error_loses_the_write() -> None:
    """What is right is not to promise."""
    fault = cl.io_error("n1", ratio=0.1, on="write", files="log")
    assert fails(Unaware, fault, crashing=False)
    assert survives(Careful, fault, crashing=False)


class ReadsOn(SealedLines):
    """Right: reads on until nothing more comes."""

    async def recover(self, node: cl.Node) -> list[bytes]:
        content = b""
        while more := node.disk.read("log", len(content)):
            content += more
        return [value for line in content.splitlines() if (value := opened(line)) is not None]


def test_who_reads_once_does_not_survive_short_reads() -> None:
    """The rest of the log is not there, and is cut off as if it were damaged."""
    fault = cl.short_read("n1", ratio=0.5)
    assert fails(SealedLines, fault)
    assert survives(ReadsOn, fault)


class Impatient(SealedLines):
    """WRONG: a sync that takes longer than usual will surely have succeeded."""

    async def save(self, node: cl.Node, value: bytes) -> bool:
        node.disk.append("log", sealed(value))
        with trio.move_on_after(0.01):
            await node.disk.fsync("log")
        return True


def test_promises_after_a_timeout_do_not_survive_a_slow_disk() -> None:
    """The crash comes before the sync has ended."""
    fault = cl.slow_disk("n1", seconds=0.05)
    assert fails(Impatient, fault, every=0.1)
    assert survives(SealedLines, fault, every=0.1)


def test_two_slow_disks_are_as_slow_as_both() -> None:
    """And each takes its own part away."""

    async def ask(node: cl.Node) -> float:
        before = node.monotonic()
        await node.disk.fsync("log")
        return node.monotonic() - before

    found = []

    async def serve(node: cl.Node) -> None:
        await node.sleep(0.1)
        for _ in range(3):
            found.append(round(await ask(node), 1))
            await node.sleep(1 - node.monotonic() % 1)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        first = cluster.inject(*cl.slow_disk("n1", seconds=0.2))
        second = cluster.inject(*cl.slow_disk("n1", seconds=0.3))
        await trio.sleep(0.9)
        cluster.heal(first)
        await trio.sleep(1.0)
        cluster.heal(second)
        assert cluster.node("n1").slow_syncs == ()
        await trio.sleep(1.0)

    cl.run(main)
    assert found == [0.5, 0.3, 0.0]


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: cl.io_error("n1", ratio=0.1, on=""), "on"),
        (lambda: cl.io_error("n1", ratio=0.1, on="raed"), "on"),
        (lambda: cl.io_error("n1", ratio=0.1, on="fsync"), "on"),
        (lambda: cl.fsync_error("n1", ratio=0.0), "ratio"),
        (lambda: cl.fsync_lie("n1", ratio=1.1), "ratio"),
        (lambda: cl.short_read("n1", ratio=0.0), "ratio"),
    ],
)
def test_strengths_that_mean_nothing_are_refused(make: Any, key: str) -> None:
    """With the key that is wrong."""
    with pytest.raises(cl.UsageError) as error:
        make()
    assert error.value.key == key
