"""What a crash may leave, said a second time: slowly, by listing, and knowing nothing of the code that is tested."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import attrs

from chaoslab.storage import CrashMode

SECTOR = 512
State = tuple[tuple[str, bytes], ...]
Change = tuple[int, int, bytes | None]
Written = tuple[Change, str]


@attrs.define
class ModelFile:
    """A file: what the device holds, and the writes (sequence, offset, data or None for a cut) that it does not."""

    device: bytes | None = None
    pending: list[Change] = attrs.field(factory=list)

    def now(self) -> bytes:
        content = self.device or b""
        for write in self.pending:
            content = apply(content, write)
        return content


def apply(content: bytes, write: Change) -> bytes:
    """Return *content* after *write*."""
    _, offset, data = write
    padded = content.ljust(offset, b"\0")
    if data is None:
        return padded[:offset]
    return padded[:offset] + data + padded[offset + len(data) :]


@attrs.define
class ModelDisk:
    """Names and files; ``history`` holds the changes of names since the last one that is known to be durable."""

    durable: dict[str, ModelFile] = attrs.field(factory=dict)
    history: list[tuple[str, str, str, ModelFile | None]] = attrs.field(factory=list)
    sequence: int = 0

    def names(self, changes: int | None = None) -> dict[str, ModelFile]:
        """Return the files by name after the first so many changes; all by default."""
        names = dict(self.durable)
        for kind, path, to, file in self.history[:changes]:
            if kind == "make":
                assert file is not None
                names[path] = file
            elif kind == "remove":
                del names[path]
            elif path in names:
                names[to] = names.pop(path)
            else:
                for one in [name for name in names if name.startswith(path + "/")]:
                    names[to + one[len(path) :]] = names.pop(one)
        return names

    def commit(self, changes: int) -> None:
        """The first so many changes are durable."""
        self.durable = self.names(changes)
        del self.history[:changes]

    def file(self, path: str) -> ModelFile:
        """Return the file *path*, made if there is none."""
        file = self.names().get(path)
        if file is None:
            file = ModelFile()
            self.history.append(("make", path, "", file))
        return file

    def change(self, path: str, offset: int, data: bytes | None) -> None:
        """Note a write to *path*."""
        file = self.file(path)
        self.sequence += 1
        file.pending.append((self.sequence, offset, data))

    def settle(self, file: ModelFile, until: int) -> None:
        """The writes of *file* up to the sequence *until* are durable, and the name under which it was made."""
        content = file.device or b""
        for write in file.pending:
            if write[0] <= until:
                content = apply(content, write)
        file.device = content
        file.pending = [write for write in file.pending if write[0] > until]
        for position, change in enumerate(self.history):
            if change[3] is file:
                self.commit(position + 1)
                break

    def settle_folder(self, folder: str) -> None:
        """The names in *folder* are durable."""
        touched = [
            position
            for position, (kind, path, to, _) in enumerate(self.history)
            if _folder(path) == folder or (kind == "rename" and _folder(to) == folder)
        ]
        if touched:
            self.commit(touched[-1] + 1)

    def restart(self, state: dict[str, bytes]) -> None:
        """Go on from what a crash has left."""
        self.durable = {path: ModelFile(device=content) for path, content in state.items()}
        self.history = []

    def allowed(self, mode: CrashMode) -> set[State]:
        """Return every state that a crash in *mode* may leave."""
        states: set[State] = set()
        for changes in range(len(self.history) + 1) if mode.renames_lost else [len(self.history)]:
            names = self.names(changes)
            writes = sorted(
                ((write, path) for path, file in names.items() for write in file.pending), key=lambda pair: pair[0][0]
            )
            for kept in _kept(writes, mode, {path for path, file in names.items() if file.device is not None}):
                contents = {path: file.device for path, file in names.items()}
                for write, path in kept:
                    contents[path] = apply(contents[path] or b"", write)
                states.add(tuple(sorted((path, data) for path, data in contents.items() if data is not None)))
        return states


def _kept(writes: list[Written], mode: CrashMode, existing: set[str]) -> Iterator[list[Written]]:
    """Yield every list of writes, whole or torn, that may be there."""
    if mode.reordered:
        assert mode.torn < 1.0  # whether a write can tear would depend on those before it
        parts = [(part, path) for write, path in writes for part in _sectors(write)]
        fates = [_fates(part, mode, may_be_empty=True) for part, _ in parts]
        for found in itertools.product(*fates):
            yield [(write, path) for write, (_, path) in zip(found, parts, strict=True) if write is not None]
        return
    for count in range(len(writes) + 1):
        if (count and mode.lost == 1.0) or (count < len(writes) and mode.lost == 0.0):
            continue
        whole = writes[:count]
        if count == len(writes):
            yield whole
            continue
        write, path = writes[count]
        parts_left = _torn(write, mode, may_be_empty=path not in existing | {one for _, one in whole})
        if not parts_left or mode.torn < 1.0:
            yield whole
        for torn in parts_left:
            yield [*whole, (torn, path)]


def _fates(write: Change, mode: CrashMode, *, may_be_empty: bool) -> list[Change | None]:
    """Return what may become of one sector's write by itself: it is there, it is not (None), or a part is."""
    if mode.lost == 0.0:
        return [write]
    lost: list[Change | None] = [None, *_torn(write, mode, may_be_empty=may_be_empty)]
    return lost if mode.lost == 1.0 else [write, *lost]


def _torn(write: Change, mode: CrashMode, *, may_be_empty: bool) -> list[Change]:
    """Return the parts of a write that may be there.

    One of them may be "nothing but that the file exists". Of a file that has something already, that is nothing.
    """
    sequence, offset, data = write
    if not data or not mode.torn:
        return []
    cuts = [cut for cut in range(1, len(data)) if mode.torn_at == "byte" or (offset + cut) % SECTOR == 0]
    empty: list[Change] = [(sequence, 0, b"")] if may_be_empty else []
    return [*empty, *((sequence, offset, data[:cut]) for cut in cuts)]


def _sectors(write: Change) -> list[Change]:
    """Return *write* cut at the boundaries of sectors."""
    sequence, offset, data = write
    if not data:
        return [write]
    found: list[Change] = []
    for position in range(len(data)):
        if position and (offset + position) % SECTOR:
            _, start, before = found.pop()
            found.append((sequence, start, (before or b"") + data[position : position + 1]))
        else:
            found.append((sequence, offset + position, data[position : position + 1]))
    return found


def _folder(path: str) -> str:
    return path[: path.rfind("/")] if "/" in path else ""
