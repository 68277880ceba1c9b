"""Faults of the medium: bit-rot, latent-sector, misdirected-read, misdirected-write."""

from __future__ import annotations

import errno
from typing import Any

import pytest

import chaoslab as cl

from .world import fails, opened, sealed, survives

SECTOR = 512
SECTORS = 400


def on_a_disk(fault: Any, then: Any, *, seed: int = 1) -> Any:
    """Return what ``then(disk)`` returns while *fault* is in force; the file "big" has many synced sectors."""

    async def idle(node: cl.Node) -> None:
        await node.sleep(1e9)

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(idle, nodes=1)
        disk = cluster.node("n1").disk
        disk.write("big", whole())
        disk.begin_sync("big")()
        with cluster.faults(fault):
            found = then(disk)
        assert cluster.injections[0].took_effect
        return found, disk.read("big")

    return cl.run(main, seed=seed)


def whole() -> bytes:
    """Return sectors that are all different."""
    return b"".join(b"%04d" % number * (SECTOR // 4) for number in range(SECTORS))


def sectors(content: bytes) -> list[bytes]:
    return [content[start : start + SECTOR] for start in range(0, len(content), SECTOR)]


def wrong(found: bytes) -> list[int]:
    """Return the numbers of the sectors that are not what was written."""
    return [
        number for number, pair in enumerate(zip(sectors(found), sectors(whole()), strict=True)) if len(set(pair)) > 1
    ]


def test_bit_rot_flips_so_many_bits_of_a_share_of_the_sectors() -> None:
    """The same ones at every read; after the heal all is well."""
    (first, second), healed = on_a_disk(
        cl.bit_rot("n1", ratio=0.2, bits=3), lambda disk: (disk.read("big"), disk.read("big"))
    )
    assert first == second
    assert healed == whole()
    bad = wrong(first)
    assert len(bad) == pytest.approx(0.2 * SECTORS, rel=0.4)
    for number in bad:
        pairs = zip(sectors(first)[number], sectors(whole())[number], strict=True)
        assert sum((one ^ other).bit_count() for one, other in pairs) == 3


def test_a_rotten_sector_that_is_written_anew_is_as_good_as_any() -> None:
    """What is not synced is in memory, and what is synced is decided anew."""

    def rewrite(disk: cl.Disk) -> tuple[bytes, bytes]:
        disk.read("big")
        disk.write("big", whole())
        in_memory = disk.read("big")
        disk.begin_sync("big")()
        return in_memory, disk.read("big")

    (in_memory, synced), _ = on_a_disk(cl.bit_rot("n1", ratio=0.5), rewrite)
    assert in_memory == whole()
    assert 0 < len(wrong(synced)) < SECTORS


def test_a_pattern_says_which_files_have_rotted() -> None:
    """Others are as they were."""

    def read_both(disk: cl.Disk) -> tuple[bytes, bytes]:
        disk.write("other", b"x" * 5000)
        disk.begin_sync("other")()
        return disk.read("big"), disk.read("other")

    (big, other), _ = on_a_disk(cl.bit_rot("n1", ratio=1.0, files="b*"), read_both)
    assert len(wrong(big)) == SECTORS
    assert other == b"x" * 5000


def test_a_latent_sector_cannot_be_read_until_it_is_written() -> None:
    """EIO each time, for a share of the sectors."""

    def read(disk: cl.Disk) -> list[tuple[int, int | None]]:
        bad = []
        for number in range(SECTORS):
            for _ in range(2):
                try:
                    disk.read("big", number * SECTOR, SECTOR)
                except OSError as error:
                    bad.append((number, error.errno))
        return bad

    bad, _ = on_a_disk(cl.latent_sector("n1", ratio=0.2), read)
    assert bad[::2] == bad[1::2]
    assert {number for _, number in bad} == {errno.EIO}
    assert len(bad) / 2 == pytest.approx(0.2 * SECTORS, rel=0.4)


def test_a_misdirected_read_gives_another_sector() -> None:
    """One that is on the disk, and the next read may be right."""
    found, healed = on_a_disk(cl.misdirected_read("n1", ratio=0.2), lambda disk: disk.read("big"))
    assert healed == whole()
    assert len(wrong(found)) == pytest.approx(0.2 * SECTORS, rel=0.4)
    assert set(sectors(found)) <= set(sectors(whole()))


def test_a_misdirected_write_is_missing_at_its_place_and_covers_another() -> None:
    """So there are two wrong sectors for each that went astray; they stay wrong, for healing brings no data back."""

    def rewrite(disk: cl.Disk) -> bytes:
        for number in range(0, SECTORS, 2):
            disk.write("big", b"new!" * (SECTOR // 4), offset=number * SECTOR)
        disk.begin_sync("big")()
        return disk.read("big")

    found, later = on_a_disk(cl.misdirected_write("n1", ratio=0.2), rewrite)
    assert later == found
    new = [number for number, sector in enumerate(sectors(found)) if sector == b"new!" * (SECTOR // 4)]
    missing = [number for number in range(0, SECTORS, 2) if number not in new]
    astray = [number for number in new if number % 2]
    assert len(missing) == pytest.approx(0.2 * SECTORS / 2, rel=0.5)
    assert 0 < len(astray) <= len(missing) * 2


class OneCopy:
    """WRONG: one copy of each value, and nothing to tell whether it is whole. A sector a value."""

    def __init__(self) -> None:
        self.count = 0

    async def recover(self, node: cl.Node) -> list[bytes]:
        size = node.disk.size("log")
        found = [self.fetch(node, number) for number in range(size // SECTOR)]
        self.count = len(found)
        return [value for value in found if value]

    def fetch(self, node: cl.Node, number: int) -> bytes:
        try:
            return node.disk.read("log", number * SECTOR, SECTOR).partition(b" ")[0]
        except OSError:
            return b""

    async def save(self, node: cl.Node, value: bytes) -> bool:
        record = self.sealed(value, self.count).ljust(SECTOR, b"\0")
        for path in ("log", "mirror"):
            node.disk.write(path, record, offset=self.count * SECTOR)
            await node.disk.fsync(path)
        self.count += 1
        return True

    def sealed(self, value: bytes, place: int) -> bytes:
        return sealed(value)


class TwoCopies(OneCopy):
    """Right: the mirror is asked where the checksum, which knows the place, says that a record is not the right one."""

    def fetch(self, node: cl.Node, number: int) -> bytes:
        for path in ("log", "mirror", "log", "mirror", "log", "mirror"):
            try:
                record = node.disk.read(path, number * SECTOR, SECTOR).rstrip(b"\0")
            except OSError:
                continue
            value = opened(record.removesuffix(b"\n"), number)
            if value is not None:
                return value
        return b""

    def sealed(self, value: bytes, place: int) -> bytes:
        return sealed(value, place)


class TwoPlacelessCopies(TwoCopies):
    """WRONG: the checksum does not know the place, so a whole record of another place passes."""

    def fetch(self, node: cl.Node, number: int) -> bytes:
        record = node.disk.read("log", number * SECTOR, SECTOR).rstrip(b"\0")
        return opened(record.removesuffix(b"\n")) or b""

    def sealed(self, value: bytes, place: int) -> bytes:
        return sealed(value)


def test_one_copy_without_checksum_does_not_survive_bit_rot() -> None:
    """A value that nobody wrote is read; a checksum and a second copy help."""
    fault = cl.bit_rot("n1", ratio=0.5, bits=200, files="log")
    assert fails(OneCopy, fault)
    assert survives(TwoCopies, fault)


def test_one_copy_does_not_survive_latent_sectors() -> None:
    """The value is gone where there is no second copy."""
    fault = cl.latent_sector("n1", ratio=0.2, files="log")
    assert fails(OneCopy, fault)
    assert survives(TwoCopies, fault)


def test_a_checksum_that_does_not_know_its_place_does_not_survive_misdirected_reads() -> None:
    """It is the right checksum of the wrong record."""
    fault = cl.misdirected_read("n1", ratio=0.1)
    assert fails(TwoPlacelessCopies, fault)
    assert survives(TwoCopies, fault)


def test_a_checksum_that_does_not_know_its_place_does_not_survive_misdirected_writes() -> None:
    """A record was written over another; the mirror still has both."""
    fault = cl.misdirected_write("n1", ratio=0.05, files="log")
    assert fails(TwoPlacelessCopies, fault)
    assert survives(TwoCopies, fault)


@pytest.mark.parametrize(
    "make",
    [
        lambda: cl.bit_rot("n1", ratio=0.0),
        lambda: cl.bit_rot("n1", ratio=0.1, bits=0),
        lambda: cl.latent_sector("n1", ratio=2.0),
        lambda: cl.misdirected_read("n1", ratio=0.0),
        lambda: cl.misdirected_write("n1", ratio=-1.0),
    ],
)
def test_strengths_that_mean_nothing_are_refused(make: Any) -> None:
    """With the key that is wrong."""
    with pytest.raises(cl.UsageError) as error:
        make()
    assert error.value.key in ("ratio", "bits")
