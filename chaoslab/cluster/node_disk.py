"""A node's disk as its code sees it: files that can be read, written, renamed, removed and synced.

Rules:

1. A write can be read at once and is durable only after ``fsync`` of the file; a rename or removal, after ``fsync`` of
   its folder (``""`` is the root).
2. What fails raises ``OSError`` with an ``errno``: a device by a fault, a wrong path by itself.
3. In a life that has ended, writing does nothing and waiting raises ``NodeCrashed``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from chaoslab.errors import UsageError
from chaoslab.storage import Disk

__all__ = ["NodeDisk"]


class NodeDisk:
    """The disk of one life of a node.

    Args:
        disk: The node's disk.
        is_alive: Whether that life goes on.
        sync: Waits until a path is durable.
    """

    __slots__ = ("_disk", "_is_alive", "_sync")

    def __init__(self, disk: Disk, is_alive: Callable[[], bool], sync: Callable[[str], Awaitable[None]]) -> None:
        self._disk = disk
        self._is_alive = is_alive
        self._sync = sync

    def read(self, path: str, offset: int = 0, size: int | None = None) -> bytes:
        """Return *size* bytes of *path* from *offset*, by default all to the end; empty if there is no such file.

        A disk may give fewer: read on until nothing more comes.

        Raises:
            OSError: the device failed.
        """
        return self._disk.read(path, offset, size)

    def exists(self, path: str) -> bool:
        """Return whether there is a file *path*."""
        return path in self._disk.files

    def size(self, path: str) -> int:
        """Return how many bytes *path* has; 0 if there is no such file."""
        file = self._disk.files.get(path)
        return 0 if file is None else len(file.content)

    def list(self, folder: str = "") -> tuple[str, ...]:
        """Return the names in *folder*, sorted; those of folders end with ``/``."""
        return self._disk.list(folder)

    def write(self, path: str, data: bytes, *, append: bool = False, offset: int | None = None) -> None:
        """Write *data* to *path*; the file is made if there is none.

        Args:
            path: The file; folders are separated by ``/``.
            data: What to write.
            append: Add it to the end.
            offset: Write it here and leave the rest as it is. With neither, *data* is the whole content from then on,
                written over the old content in place: a crash in the middle may leave some of each.

        Raises:
            OSError: the device failed, and a part may have been written; or *path* is a folder.
            UsageError: *data* is no bytes.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            what = "text.encode()" if isinstance(data, str) else "json.dumps(...).encode()"
            raise UsageError(f"{path} was to hold {data!r}: a disk takes bytes, such as {what}.")
        if self._is_alive():
            self._disk.write(path, bytes(data), append=append, offset=offset)

    def append(self, path: str, data: bytes) -> None:
        """Add *data* to the end of *path*. Raises as ``write`` does."""
        self.write(path, data, append=True)

    def truncate(self, path: str, size: int) -> None:
        """Let *path* end at *size* bytes: cut it, or add zeros. Raises as ``write`` does."""
        if self._is_alive():
            self._disk.truncate(path, size)

    def rename(self, path: str, to: str) -> None:
        """Give the file or folder *path* the name *to*, in one step, replacing a file of that name.

        Raises:
            OSError: the device failed, or *to* is a folder.
        """
        if self._is_alive():
            self._disk.rename(path, to)

    def remove(self, path: str) -> None:
        """Remove the file *path*, if there is one.

        Raises:
            OSError: the device failed, or *path* is a folder.
        """
        if self._is_alive():
            self._disk.remove(path)

    async def fsync(self, path: str) -> None:
        """Wait until everything written to *path* so far is durable; for a folder, the names in it.

        Raises:
            OSError: the device failed. What was written since the last sync may be lost, and syncing again does not
                save it: the system thinks that it has been written.
        """
        await self._sync(path)
