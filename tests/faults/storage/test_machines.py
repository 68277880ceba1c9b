"""Storage faults under state machines: what they find at their start, and what happens when an effect fails."""

from __future__ import annotations

import errno
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.statemachine import Context, Effects, Persist, Remove, Rename, Send, SetTimer, Sync, Truncate, Write

from .world import SEEDS, opened, sealed


class Counter:
    """Counts up once in two milliseconds, keeps the number, and tells it to n2 when it is durable."""

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.told: list[int] = []
        self.number = self.recovered(context) if self.name == "n1" else 0

    def recovered(self, context: Context) -> int:
        raise NotImplementedError

    def keep(self) -> list[Any]:
        raise NotImplementedError

    def start(self) -> Effects:
        return [SetTimer("count", 0.002)] if self.name == "n1" else None

    def timer(self, name: str) -> Effects:
        self.number += 1
        return [*self.keep(), Send("n2", self.number), SetTimer("count", 0.002)]

    def message(self, sender: str, message: Any) -> Effects:
        self.told.append(message)
        return None


class InPlace(Counter):
    """WRONG: writes the number over the old one, to a fixed width."""

    def recovered(self, context: Context) -> int:
        return int(context.files.get("number", b"0"))

    def keep(self) -> list[Any]:
        return [Persist("number", b"%d" % (self.number * 1_001_001))]


class TornInPlace(InPlace):
    def recovered(self, context: Context) -> int:
        number, rest = divmod(super().recovered(context), 1_001_001)
        assert rest == 0, "torn"
        return number


class Appended(Counter):
    """Right: appends a record with a checksum; the last good one counts, and the damaged rest is cut off."""

    def recovered(self, context: Context) -> int:
        lines = context.files.get("log", b"").splitlines()
        self.good = [value for line in lines if (value := opened(line)) is not None]
        return int(self.good[-1]) if self.good else 0

    def start(self) -> Effects:
        if self.name != "n1":
            return None
        anew = b"".join(sealed(value) for value in self.good)
        return [Write("new", anew), Sync("new"), Rename("new", "log"), Sync(""), SetTimer("count", 0.002)]

    def keep(self) -> list[Any]:
        return [Persist("log", sealed(b"%d" % self.number), append=True)]


def told(machine: Any, fault: Any, seed: int, *, crashing: bool = True) -> tuple[list[int], int]:
    """Return what n2 was told, and the number that n1 has after the last of its starts."""
    numbers: list[int] = []

    async def main(cluster: cl.Cluster) -> list[int]:
        cluster.start(machine, nodes=2)
        moments = cluster.engine.choices.stream("moments")
        await trio.sleep(0.02)
        with cluster.faults(fault):
            for _ in range(10):
                await trio.sleep(moments.between(0.0, 0.05))
                if crashing:
                    cluster.crash("n1")
                    cluster.restart("n1")
        await trio.sleep(0.05)
        cluster.crash("n1")
        await trio.sleep(0.05)
        cluster.restart("n1")
        host: Any = cluster.node("n1")
        numbers.append(host.machine.number)
        other: Any = cluster.node("n2")
        return list(other.machine.told)

    heard = cl.run(main, seed=seed, latency=0.0001)
    return heard, numbers[0]


def test_a_persist_in_place_does_not_survive_torn_writes() -> None:
    """A mixture of two numbers is found at the start, or half of one; appended records with checksums survive."""
    fault = cl.torn_write("n1")
    torn = 0
    for seed in SEEDS:
        try:
            told(TornInPlace, fault, seed)
        except cl.NodeError as error:
            torn += isinstance(error.__cause__, AssertionError | ValueError)
        heard, number = told(Appended, fault, seed)
        assert heard == sorted(set(heard))
        assert number >= heard[-1]
    assert torn > len(SEEDS) // 2


class IgnoresErrors(Appended):
    """WRONG: whatever the disk says, what has not been told is told now."""

    def disk_error(self, path: str, error: OSError) -> Effects:
        return [Send("n2", self.number), SetTimer("count", 0.002)]


def test_a_machine_that_ignores_a_failed_sync_forgets_what_it_told() -> None:
    """One that does not handle the error panics, so nothing behind the barrier happens, and it starts anew after it."""
    fault = cl.fsync_error("n1", ratio=0.5, files="log")
    forgotten = 0
    for seed in SEEDS:
        heard, _ = told(IgnoresErrors, fault, seed)
        forgotten += heard != sorted(set(heard))
        heard, number = told(Appended, fault, seed)
        assert heard == sorted(set(heard))
        assert number >= heard[-1]
    assert forgotten > len(SEEDS) // 2


class Renames(Counter):
    """WRONG: another file, synced and renamed, but the folder is not synced."""

    folder: tuple[Any, ...] = ()

    def recovered(self, context: Context) -> int:
        return int(context.files.get("number", b"0"))

    def keep(self) -> list[Any]:
        return [Write("new", b"%d" % self.number), Sync("new"), Rename("new", "number"), *self.folder]


class SyncsTheFolder(Renames):
    """Right."""

    folder = (Sync(""),)


def test_a_machine_that_renames_without_a_sync_of_the_folder_forgets() -> None:
    """It goes back to an older number, and tells one again that it told before."""
    forgotten = 0
    for seed in SEEDS:
        heard, _ = told(Renames, cl.rename_lost("n1"), seed)
        forgotten += heard != sorted(set(heard))
        heard, _ = told(SyncsTheFolder, cl.rename_lost("n1"), seed)
        assert heard == sorted(set(heard))
    assert forgotten > len(SEEDS) // 2


class Asked:
    """Performs what it is told to at its start, and remembers what the disk said."""

    effects: tuple[Any, ...] = ()
    handles = True

    def __init__(self, context: Context) -> None:
        self.errors: list[tuple[str, int | None]] = []
        self.fired: list[str] = []
        self.first = context.name == "n1" and not context.files

    def start(self) -> Effects:
        return list(self.effects) if self.first else None

    def message(self, sender: str, message: Any) -> Effects:
        self.fired.append(message)
        return None

    def timer(self, name: str) -> Effects:
        self.fired.append(name)
        return None


class Handles(Asked):
    def disk_error(self, path: str, error: OSError) -> Effects:
        self.errors.append((path, error.errno))
        return [SetTimer("after", 0.1)]


class RaisesAgain(Asked):
    def disk_error(self, path: str, error: OSError) -> Effects:
        raise error


def after_start(machine: type, effects: tuple[Any, ...], fault: Any, *, heal: bool = False) -> Any:
    """Return the host of n1 some time after a start at which *machine* performs *effects*."""

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(type("Now", (machine,), {"effects": (SetTimer("go", 0.5),)}), nodes=2)
        injection = cluster.inject(*fault)
        host: Any = cluster.node("n1")
        host.perform(list(effects))
        await trio.sleep(1)
        if heal:
            cluster.heal(injection)
        other: Any = cluster.node("n2")
        return host, other.machine.fired

    return cl.run(main)


FAILING = [
    pytest.param((Persist("f", b"x" * 9),), cl.disk_full("n1", after_bytes=4), errno.ENOSPC, id="persist"),
    pytest.param((Write("f", b"x" * 9),), cl.disk_full("n1"), errno.ENOSPC, id="write"),
    pytest.param((Write("f", b"x"), Sync("f")), cl.fsync_error("n1"), errno.EIO, id="sync"),
    pytest.param((Truncate("f", 9),), cl.disk_full("n1", after_bytes=4), errno.ENOSPC, id="truncate"),
    pytest.param((Rename("f", "g"),), cl.io_error("n1", ratio=1.0, on="rename"), errno.EIO, id="rename"),
    pytest.param((Remove("f"),), cl.io_error("n1", ratio=1.0, on="remove"), errno.EIO, id="remove"),
]


@pytest.mark.parametrize(("effects", "fault", "number"), FAILING)
def test_what_stands_behind_a_failed_effect_is_dropped_and_the_machine_is_told(
    effects: tuple[Any, ...], fault: Any, number: int
) -> None:
    """Neither the message nor the timer behind it happen; what ``disk_error`` returns does."""
    host, heard = after_start(Handles, (*effects, Send("n2", "saved"), SetTimer("never", 0.1)), fault)
    assert host.machine.errors == [("f", number)]
    assert host.machine.fired == ["after", "go"]
    assert heard == []
    assert host.panics == 0


@pytest.mark.parametrize("machine", [Asked, RaisesAgain])
@pytest.mark.parametrize(("effects", "fault", "number"), FAILING)
def test_a_machine_that_does_not_handle_the_error_panics(
    machine: type, effects: tuple[Any, ...], fault: Any, number: int
) -> None:
    """It is down, nothing behind the effect has happened, and the heal starts it again."""
    host, heard = after_start(machine, (*effects, Send("n2", "saved")), fault)
    assert (host.alive, host.panicked, host.panics) == (False, True, 1)
    assert heard == []
    host, _ = after_start(machine, effects, fault, heal=True)
    assert (host.alive, host.panicked, host.starts) == (True, False, 2)


def test_a_machine_that_truncates_a_file_goes_on_where_it_ends() -> None:
    """What is appended next stands directly behind what was kept, also after a crash."""

    async def main(cluster: cl.Cluster) -> dict[str, bytes]:
        cluster.start(Asked, nodes=2)
        host: Any = cluster.node("n1")
        host.perform([Persist("f", b"whole half"), Truncate("f", 5), Sync("f"), Persist("f", b" next", append=True)])
        await trio.sleep(1)
        cluster.crash("n1")
        contents: dict[str, bytes] = host.disk.contents()
        return contents

    assert cl.run(main) == {"f": b"whole next"}


def test_a_machine_that_cannot_read_its_files_stays_down_until_the_heal() -> None:
    """Looking the file up raises in the factory; one that looks no file up, or handles the error, starts."""
    seen: list[str] = []

    class Reads(Asked):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            try:
                seen.append(f"{context.files.get('f', b'none')!r}")
            except OSError as error:
                seen.append(f"errno {error.errno}")
                if context.settings != "careful":
                    raise

    async def main(cluster: cl.Cluster, settings: str) -> list[bool]:
        cluster.start(Reads, nodes=1, settings=settings)
        host: Any = cluster.node("n1")
        host.perform([Persist("f", b"x")])
        await trio.sleep(0.1)
        alive = []
        with cluster.faults(cl.latent_sector("n1", ratio=1.0)):
            cluster.crash("n1")
            cluster.restart("n1")
            alive.append(host.alive)
        alive.append(host.alive)
        return alive

    assert cl.run(lambda cluster: main(cluster, "rash")) == [False, True]
    assert seen == ["b'none'", f"errno {errno.EIO}", "b'x'"]
    seen.clear()
    assert cl.run(lambda cluster: main(cluster, "careful")) == [True, True]
    assert seen == ["b'none'", f"errno {errno.EIO}"]


def test_a_machine_starts_from_rotten_files() -> None:
    """What it finds at its start has gone through the faults of the medium."""
    found: list[dict[str, bytes]] = []

    class Reads(Asked):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            found.append(dict(context.files))

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Reads, nodes=1)
        host: Any = cluster.node("n1")
        host.perform([Persist("f", b"x" * 100)])
        await trio.sleep(0.1)
        with cluster.faults(cl.bit_rot("n1", ratio=1.0)):
            cluster.crash("n1")
            cluster.restart("n1")
        cluster.crash("n1")
        cluster.restart("n1")

    cl.run(main)
    before, rotten, healed = found
    assert before == {}
    assert healed == {"f": b"x" * 100}
    assert sum(byte != ord("x") for byte in rotten["f"]) == 1


def test_an_error_that_no_fault_made_is_the_nodes_own_mistake() -> None:
    """Writing to a folder ends the run as any exception of a node does."""

    async def main(cluster: cl.Cluster) -> None:
        async def serve(node: cl.Node) -> None:
            node.disk.write("logs/1", b"x")
            node.disk.write("logs", b"x")

        cluster.start(serve, nodes=1)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match="IsADirectoryError"):
        cl.run(main)


def test_an_async_node_that_lets_an_error_pass_panics_with_all_its_tasks() -> None:
    """Also when the error comes in a group; the heal starts it again."""
    starts: list[float] = []

    async def serve(node: cl.Node) -> None:
        starts.append(trio.current_time())
        if len(starts) > 1:
            await node.sleep(1e9)
        await node.sleep(0.1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(node.sleep, 1e9)
            nursery.start_soon(node.disk.fsync, "log")

    async def main(cluster: cl.Cluster) -> tuple[int, bool]:
        cluster.start(serve, nodes=1)
        with cluster.faults(cl.fsync_error("n1")):
            await trio.sleep(1)
            assert not cluster.node("n1").alive
        await trio.sleep(1)
        return cluster.node("n1").panics, cluster.node("n1").alive

    assert cl.run(main) == (1, True)
    assert starts == [0.0, 1.0]


def test_a_node_that_panicked_and_is_also_crashed_starts_when_both_faults_are_healed() -> None:
    """Neither heal starts it while the other fault wants it down."""

    async def main(cluster: cl.Cluster, crash_healed_first: bool) -> list[bool]:
        async def serve(node: cl.Node) -> None:
            await node.disk.fsync("log")
            await node.sleep(1e9)

        cluster.start(serve, nodes=1)
        broken = cluster.inject(*cl.fsync_error("n1"))
        await trio.sleep(0.1)
        crash = cluster.inject(*cl.crash("n1"))
        alive = []
        for injection in (crash, broken) if crash_healed_first else (broken, crash):
            cluster.heal(injection)
            alive.append(cluster.node("n1").alive)
        return alive

    assert cl.run(lambda cluster: main(cluster, True)) == [False, True]
    assert cl.run(lambda cluster: main(cluster, False)) == [False, True]
