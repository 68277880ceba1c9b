"""Faults of the medium: sectors that have rotted, cannot be read, or are looked for in the wrong place.

Sectors have 512 bytes and are counted from the beginning of each file. What was not synced is in memory and is safe.
"""

from __future__ import annotations

import errno
from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Host
from chaoslab.errors import UsageError
from chaoslab.faults.scene import Scene
from chaoslab.faults.storage.disk_fault import DiskFault, FailingDisk, FaultRule, files_parameter, require_effect
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.storage import SECTOR_BYTES, Disk, DiskError, File, Write, carry_out

__all__ = ["BitRot", "LatentSector", "MisdirectedRead", "MisdirectedWrite"]


class _BadSectors(FaultRule):
    """Decides for each sector, when it is first read, whether it is bad. Writing it anew makes it good."""

    def __init__(self, kind: str, host: Host, files: str, ratio: float) -> None:
        super().__init__(kind, host, files)
        self._ratio = ratio
        self._flips: dict[tuple[int, int], tuple[int, ...] | None] = {}

    def flips(self, bits: int) -> tuple[int, ...]:
        """Return what is wrong with a bad sector: which of its *bits*."""
        return ()

    def badness(self, file: File, path: str, number: int, data: bytes) -> tuple[int, ...] | None:
        """Return what is wrong with a sector; None if nothing is."""
        if not data or not self.covers(path):
            return None
        key = (file.number, number)
        if key not in self._flips:
            self._flips[key] = self.flips(len(data) * 8) if self.draws.chance(self._ratio) else None
        return self._flips[key]

    def settled(self, file: File, first_sector: int, last_sector: int) -> None:
        for number in range(first_sector, last_sector + 1):
            self._flips.pop((file.number, number), None)


@attrs.frozen(kw_only=True)
class BitRot(DiskFault):
    """A share of the sectors has rotted: every read of them gives the same wrong bits, until they are written anew."""

    kind: ClassVar[str] = "bit-rot"
    counts: ClassVar[str] = "reads of rotten sectors"

    ratio: float = parameter(RATIO, "The share of sectors that has rotted.")
    bits: int = parameter(COUNT, "How many bits of such a sector are flipped.", default=1)
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)
        if self.bits < 1:
            raise UsageError("a sector in which no bit is flipped has not rotted: bits is 1 or more.", key="bits")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> BitRot:
        return cls(ratio=stream.between(0.05, 0.5), bits=1 + stream.below(4))

    def rule(self, host: Host) -> FaultRule:
        return _Rot(self.kind, host, self.files, self.ratio, self.bits)


class _Rot(_BadSectors):
    def __init__(self, kind: str, host: Host, files: str, ratio: float, bits: int) -> None:
        super().__init__(kind, host, files, ratio)
        self._bits = bits

    def flips(self, bits: int) -> tuple[int, ...]:
        return tuple(self.draws.sample(range(bits), min(self._bits, bits)))

    def sector(self, disk: Disk, file: File, path: str, number: int, data: bytes) -> bytes:
        flips = self.badness(file, path, number, data)
        if flips is None:
            return data
        self.hit(f"{path} sector {number}")
        rotten = bytearray(data)
        for bit in flips:
            if bit < len(rotten) * 8:  # the file may have been cut since
                rotten[bit // 8] ^= 1 << bit % 8
        return bytes(rotten)


@attrs.frozen(kw_only=True)
class LatentSector(FailingDisk):
    """A share of the sectors cannot be read: EIO each time, until they are written anew."""

    kind: ClassVar[str] = "latent-sector"
    counts: ClassVar[str] = "reads failed"

    ratio: float = parameter(RATIO, "The share of sectors that cannot be read.")
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> LatentSector:
        return cls(ratio=stream.between(0.05, 0.5))

    def rule(self, host: Host) -> FaultRule:
        return _Unreadable(self.kind, host, self.files, self.ratio)


class _Unreadable(_BadSectors):
    def sector(self, disk: Disk, file: File, path: str, number: int, data: bytes) -> bytes:
        if self.badness(file, path, number, data) is None:
            return data
        self.hit(f"{path} sector {number}")
        raise DiskError.of(errno.EIO, path)


class _Misdirected(FaultRule):
    def __init__(self, kind: str, host: Host, files: str, ratio: float) -> None:
        super().__init__(kind, host, files)
        self._ratio = ratio

    def elsewhere(self, disk: Disk, file: File, number: int) -> tuple[str, File, int] | None:
        """Return another sector of the disk that holds something, drawn; None if there is none."""
        places = [
            (path, other, sector)
            for path, other in disk.files.items()
            for sector in range(-(-len(other.durable or b"") // SECTOR_BYTES))
            if other is not file or sector != number
        ]
        return self.draws.pick(places) if places else None


@attrs.frozen(kw_only=True)
class MisdirectedRead(DiskFault):
    """A share of the reads of sectors gives what another sector of the disk holds."""

    kind: ClassVar[str] = "misdirected-read"
    counts: ClassVar[str] = "sectors read from the wrong place"

    ratio: float = parameter(RATIO, "The share of reads of sectors that go astray.")
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> MisdirectedRead:
        return cls(ratio=stream.between(0.05, 0.5))

    def rule(self, host: Host) -> FaultRule:
        return _ReadElsewhere(self.kind, host, self.files, self.ratio)


class _ReadElsewhere(_Misdirected):
    def sector(self, disk: Disk, file: File, path: str, number: int, data: bytes) -> bytes:
        if not data or not self.covers(path) or not self.draws.chance(self._ratio):
            return data
        place = self.elsewhere(disk, file, number)
        if place is None:
            return data
        other_path, other, sector = place
        self.hit(f"{path} sector {number} read from {other_path} sector {sector}")
        start = sector * SECTOR_BYTES
        return bytes((other.durable or b"")[start : start + len(data)]).ljust(len(data), b"\0")


@attrs.frozen(kw_only=True)
class MisdirectedWrite(DiskFault):
    """A share of the sectors written goes over another sector of the disk, and is missing at its own place."""

    kind: ClassVar[str] = "misdirected-write"
    counts: ClassVar[str] = "sectors written to the wrong place"

    ratio: float = parameter(RATIO, "The share of writes of sectors that go astray.")
    files: str = files_parameter()

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> MisdirectedWrite:
        return cls(ratio=stream.between(0.02, 0.2))

    def rule(self, host: Host) -> FaultRule:
        return _WriteElsewhere(self.kind, host, self.files, self.ratio)


class _WriteElsewhere(_Misdirected):
    def settle(self, disk: Disk, file: File, path: str, piece: Write) -> bool:
        sequence, offset, data = piece
        if not data or file.durable is None or not self.covers(path) or not self.draws.chance(self._ratio):
            return False
        number = offset // SECTOR_BYTES
        start = number * SECTOR_BYTES
        image = bytearray(file.durable[start : start + SECTOR_BYTES])
        carry_out(image, (sequence, offset - start, data))
        if len(file.durable) < offset + len(data):  # the file's size is kept elsewhere, and arrives
            carry_out(file.durable, (sequence, offset + len(data), None))
        place = self.elsewhere(disk, file, number)
        if place is None:
            self.hit(f"{path} sector {number} went nowhere")
            return True
        other_path, other, sector = place
        self.hit(f"{path} sector {number} went to {other_path} sector {sector}")
        if other.durable is not None:
            begin = sector * SECTOR_BYTES
            image = image[: len(other.durable) - begin]
            other.durable[begin : begin + len(image)] = image
            other.show_device()
        return True
