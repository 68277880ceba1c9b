"""A simulated disk: small, and honest about what a power cut may take.

Rules:

1. A write goes to the page cache: it can be read back at once, and is gone after a crash.
2. ``fsync`` makes the writes that came before its call durable, when it ends, not when it begins.
3. A crash leaves the durable content: what was written and not synced is lost.
4. A disk that was cut off does nothing any more, whoever still holds it.

This file does not know nodes or time: whoever calls ``begin_sync`` decides when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

__all__ = ["Disk", "File", "Unsynced"]

Unsynced = Literal["lost", "kept"]
"""What a power cut does to writes that were not synced: they are lost, or the device had them all the same."""


class File:
    """One file: what can be read now, and what would be left after a power cut.

    Attributes:
        content: What a read returns.
        durable: What a crash leaves; None until the file was first synced.
        unsynced: The writes since the last sync, oldest first: (appended?, data).
    """

    __slots__ = ("content", "durable", "unsynced")

    def __init__(self) -> None:
        self.content = bytearray()
        self.durable: bytearray | None = None
        self.unsynced: list[tuple[bool, bytes]] = []

    def write(self, data: bytes, append: bool) -> None:
        """Replace the content by *data*, or add to its end."""
        if not append:
            self.content.clear()
        self.content += data
        self.unsynced.append((append, data))

    def settle(self, count: int) -> None:
        """Make the oldest *count* unsynced writes durable. Cost: O(bytes written)."""
        if self.durable is None:
            self.durable = bytearray()
        for append, data in self.unsynced[:count]:
            if not append:
                self.durable.clear()
            self.durable += data
        del self.unsynced[:count]


class Disk:
    """The files of one node. It outlives the node's crashes; what a node holds is a ``Disk`` until it is cut off.

    Attributes:
        files: By name. Treat as read-only.
    """

    __slots__ = ("_generation", "files")

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self._generation = 0

    def read(self, path: str) -> bytes:
        """Return the content of *path*, written or synced; empty if there is no such file."""
        file = self.files.get(path)
        return b"" if file is None else bytes(file.content)

    def write(self, path: str, data: bytes, *, append: bool = False) -> None:
        """Write *data* to the page cache: replace the file's content, or add to its end. Cost: O(len(data))."""
        file = self.files.get(path)
        if file is None:
            file = self.files[path] = File()
        file.write(data, append)

    def rename(self, path: str, to: str) -> None:
        """Give the file *path* the name *to*, replacing a file of that name. Does nothing if there is no *path*."""
        file = self.files.pop(path, None)
        if file is not None:
            self.files[to] = file

    def remove(self, path: str) -> None:
        """Remove the file *path*, if there is one."""
        self.files.pop(path, None)

    def begin_sync(self, path: str) -> Callable[[], bool]:
        """Begin to make what is written to *path* so far durable; call the result when the device is done.

        Returns:
            A function that ends the sync. It returns False, and does nothing, if a crash came in between.
        """
        generation = self._generation
        file = self.files.get(path)
        if file is None:
            file = self.files[path] = File()
        count = len(file.unsynced)

        def end() -> bool:
            if generation != self._generation:
                return False
            # Another sync of the same file may have ended meanwhile and settled some of these writes.
            file.settle(min(count, len(file.unsynced)))
            return True

        return end

    def crash(self, unsynced: Unsynced = "lost") -> None:
        """Cut the power: keep what is durable, lose or keep the rest, and let no sync under way end."""
        self._generation += 1
        for path in list(self.files):
            file = self.files[path]
            if unsynced == "kept":
                file.settle(len(file.unsynced))
            if file.durable is None:
                del self.files[path]
            else:
                file.content = bytearray(file.durable)
                file.unsynced.clear()

    def wipe(self) -> None:
        """Lose everything, synced or not: what is there from now on is an empty disk."""
        self._generation += 1
        self.files.clear()

    def contents(self) -> dict[str, bytes]:
        """Return every file's content by name, in the order in which the files were made."""
        return {path: bytes(file.content) for path, file in self.files.items()}
