"""The open files of one life of a program: what an operating system puts between a program and its disk.

The methods are those of ``os`` with the same names, arguments and errors; flags are those of ``os.open``.

Rules:

1. A path is a name on the disk: relative to the program's folder, or without the first ``/`` if it is absolute and
   leads elsewhere. What folders the real machine has counts for absolute paths alone.
2. An open file is the file, not its name: it is written to under the name that it has by then. One without a name any
   more can be used until it is closed, and nothing of it is durable.
3. A folder that was made, or that had a file in it, is there until it is removed or the program ends, and on the disk
   for as long as a file is in it.
4. In a life that has ended nothing has an effect.
5. A folder's names come in an order of their own, as in file systems that look names up by hash: the same each time,
   and not sorted. Who needs them sorted sorts them.
6. A file's time is that of its last change, or what ``utime`` has set. That of a folder never changes.

What is left out: links, permissions, owners, times of access and of changes to what is known of a file.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import zlib
from collections.abc import Callable
from typing import Any, Final

import attrs

from chaoslab.sim.process import EPOCH_NS
from chaoslab.storage.disk import Disk
from chaoslab.storage.file import File, carry_out

__all__ = ["FIRST_DESCRIPTOR", "Descriptors"]

FIRST_DESCRIPTOR: Final = 1 << 21
"""No real descriptor is as large: whoever uses one for anything real gets an error."""

_NAME_MAX: Final = 255
"""Bytes of a file's name, as in all common file systems."""

_FOLDERS: Final = 1 << 40
"""From here on count the numbers of folders: programs tell by them whether two names are the same."""

_SYNCED: Final = os.O_SYNC | os.O_DSYNC
"""Flags of which any one means that every write is synced; the bits of one are among those of the other."""

_WITHOUT_NAME: Final = getattr(os, "O_TMPFILE", 0)

_NS_PER_S: Final = 1_000_000_000


@attrs.define(eq=False)
class _Open:
    path: str
    file: File | None  # None: a folder
    flags: int
    position: int = 0

    @property
    def access(self) -> int:
        return self.flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)


class Descriptors:
    """The files that one life of a program has open, and its view of the disk.

    Args:
        disk: The disk.
        is_alive: Whether the life goes on.
        sync: Makes a path durable at once. Raises if it cannot be, or if the program does not survive it.
        folder: The program's folder, an absolute path.
        is_real_folder: Whether the machine on which the simulation runs has a folder of this path.
        wall_ns: The program's wall clock, in nanoseconds since 1970.
        order: Decides, with a name, where in a folder it comes.
    """

    def __init__(
        self,
        disk: Disk,
        is_alive: Callable[[], bool],
        sync: Callable[[str], None],
        *,
        folder: str,
        is_real_folder: Callable[[str], bool] = lambda path: False,
        wall_ns: Callable[[], int] = lambda: EPOCH_NS,
        order: str = "",
    ) -> None:
        self._disk = disk
        self._is_alive = is_alive
        self._sync = sync
        self._folder = folder
        self._is_real_folder = is_real_folder
        self._wall_ns = wall_ns
        self._order = order
        self._made: dict[str, None] = {}  # folders that are there also when they are empty
        self._open: dict[int, _Open] = {}
        self._next = FIRST_DESCRIPTOR

    # Names

    def place(self, path: Any) -> str:
        """Return what *path* is called on the disk; ``""`` is the program's folder."""
        if not os.fspath(path):
            raise _error(errno.ENOENT, path)
        whole = os.path.normpath(os.path.join(self._folder, os.fsdecode(path)))  # noqa: PTH118
        if whole == self._folder:
            return ""
        own = self._folder.rstrip("/") + "/"
        return whole.removeprefix(own) if whole.startswith(own) else whole.lstrip("/")

    def knows(self, path: Any) -> bool:
        """Return whether there is a file or a folder *path* on the disk."""
        if isinstance(path, int):
            return path in self._open
        if not os.fspath(path):
            return False
        place = self.place(path)
        return place in self._disk.files or self._is_folder(place)

    def _is_folder(self, place: str) -> bool:
        return self._disk.names.is_folder(place) or place in self._made

    def _check_no_file_above(self, place: str, path: Any) -> None:
        files, above = self._disk.files, place
        while above:
            above = above.rpartition("/")[0]
            if above in files:
                raise _error(errno.ENOTDIR, path)

    def _check_parent(self, place: str, path: Any) -> None:
        self._check_no_file_above(place, path)
        if len(os.fsencode(place.rpartition("/")[2])) > _NAME_MAX:
            raise _error(errno.ENAMETOOLONG, path)
        parent = place.rpartition("/")[0]
        if not self._is_folder(parent):
            real = os.fsdecode(path)
            if not os.path.isabs(real) or not self._is_real_folder(os.path.dirname(real)):  # noqa: PTH117, PTH120
                raise _error(errno.ENOENT, path)

    def _existing(self, path: Any) -> str:
        place = self.place(path)
        if place not in self._disk.files and not self._is_folder(place):
            self._check_no_file_above(place, path)
            raise _error(errno.ENOENT, path)
        if place in self._disk.files and _means_a_folder(path):
            raise _error(errno.ENOTDIR, path)
        return place

    # Open files

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        place = self.place(path)
        if _WITHOUT_NAME and flags & _WITHOUT_NAME == _WITHOUT_NAME:
            raise _error(errno.EOPNOTSUPP, path)  # some file systems cannot: programs go another way then
        if self._is_folder(place):
            if flags & os.O_CREAT and flags & os.O_EXCL:
                raise _error(errno.EEXIST, path)
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                raise _error(errno.EISDIR, path)
            return self._new(_Open(place, None, flags))
        files = self._disk.files
        if place in files and (flags & os.O_DIRECTORY or _means_a_folder(path)):
            raise _error(errno.ENOTDIR, path)
        if place not in files:
            self._check_no_file_above(place, path)
            if not flags & os.O_CREAT:
                raise _error(errno.ENOENT, path)
            self._check_parent(place, path)
            if not self._is_alive():
                return self._new(_Open(place, File(0), flags))
            self._disk.truncate(place, 0)
            files[place].modified_ns = self._wall_ns()
        elif flags & os.O_CREAT and flags & os.O_EXCL:
            raise _error(errno.EEXIST, path)
        elif flags & os.O_TRUNC and self._is_alive():
            self._disk.truncate(place, 0)
            files[place].modified_ns = self._wall_ns()
        return self._new(_Open(place, files[place], flags))

    def _new(self, opened: _Open) -> int:
        descriptor = self._next
        self._next += 1
        self._open[descriptor] = opened
        return descriptor

    def _of(self, descriptor: int) -> _Open:
        opened = self._open.get(descriptor)
        if opened is None:
            raise _error(errno.EBADF)
        return opened

    def _file(self, descriptor: int, forbidden: int) -> tuple[_Open, File, str | None]:
        """Return what is open, its file, and its name by now; None if it has none any more."""
        opened = self._of(descriptor)
        if opened.access == forbidden:
            raise _error(errno.EBADF)
        if opened.file is None:
            raise _error(errno.EISDIR)
        files = self._disk.files
        if files.get(opened.path) is not opened.file:
            names = [name for name, file in files.items() if file is opened.file]
            if not names:
                return opened, opened.file, None
            opened.path = names[0]
        return opened, opened.file, opened.path

    def close(self, descriptor: int) -> None:
        self._of(descriptor)
        del self._open[descriptor]

    def read(self, descriptor: int, size: int) -> bytes:
        opened = self._of(descriptor)
        data = self.pread(descriptor, size, opened.position)
        opened.position += len(data)
        return data

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        _, file, path = self._file(descriptor, os.O_WRONLY)
        if path is None:
            return bytes(file.content[offset : offset + size])
        return self._disk.read(path, offset, size)

    def write(self, descriptor: int, data: Any) -> int:
        opened, file, _ = self._file(descriptor, os.O_RDONLY)
        if opened.flags & os.O_APPEND:
            opened.position = len(file.content)
        written = self.pwrite(descriptor, data, opened.position)
        opened.position += written
        return written

    def pwrite(self, descriptor: int, data: Any, offset: int) -> int:
        _, file, path = self._file(descriptor, os.O_RDONLY)
        content = bytes(memoryview(data))
        written = len(content)
        if self._is_alive() and content:
            if path is None:
                carry_out(file.content, (0, offset, content))
            else:
                written = self._write(file, path, content, offset)
                if self._of(descriptor).flags & _SYNCED:
                    self._sync(path)
            file.modified_ns = self._wall_ns()
        return written

    def _write(self, file: File, path: str, content: bytes, offset: int) -> int:
        """Write, and return how much: what a disk that is full had room for, if that is anything."""
        try:
            self._disk.write(path, content, offset=offset)
        except OSError as error:
            written = len(file.content) - offset
            if error.errno != errno.ENOSPC or not 0 < written < len(content):
                raise
            return written
        return len(content)

    def lseek(self, descriptor: int, offset: int, whence: int) -> int:
        opened, file, _ = self._file(descriptor, -1)
        start = {os.SEEK_SET: 0, os.SEEK_CUR: opened.position, os.SEEK_END: len(file.content)}.get(whence)
        if start is None or start + offset < 0:
            raise _error(errno.EINVAL)
        opened.position = start + offset
        return opened.position

    def ftruncate(self, descriptor: int, length: int) -> None:
        if self._of(descriptor).access == os.O_RDONLY:
            raise _error(errno.EINVAL)
        _, file, path = self._file(descriptor, -1)
        if not self._is_alive():
            return
        if path is None:
            carry_out(file.content, (0, length, None))
        else:
            self._disk.truncate(path, length)
        file.modified_ns = self._wall_ns()

    def fsync(self, descriptor: int) -> None:
        opened = self._of(descriptor)
        if opened.file is None:
            if self._disk.names.is_folder(opened.path):  # in any other there is nothing that could be durable
                self._sync(opened.path)
            return
        _, _, path = self._file(descriptor, -1)
        if path is not None:
            self._sync(path)

    # Files and folders by their names

    def truncate(self, path: Any, length: int) -> None:
        place = self._existing(path)
        if place not in self._disk.files:
            raise _error(errno.EISDIR, path)
        if self._is_alive():
            self._disk.truncate(place, length)
            self._disk.files[place].modified_ns = self._wall_ns()

    def utime(self, path: Any, times: tuple[float, float] | None = None, *, ns: tuple[int, int] | None = None) -> None:
        file = self._of(path).file if isinstance(path, int) else self._disk.files.get(self._existing(path))
        if file is None or not self._is_alive():
            return
        if ns is not None:
            file.modified_ns = ns[1]
        else:
            file.modified_ns = self._wall_ns() if times is None else round(times[1] * _NS_PER_S)

    def rename(self, src: Any, dst: Any) -> None:
        source, target = self._existing(src), self.place(dst)
        self._check_parent(target, dst)
        if source in self._disk.files:
            if self._is_folder(target):
                raise _error(errno.EISDIR, dst)
        elif target != source:
            self._check_folder_can_be(source, target, dst)
        if not self._is_alive():
            return
        self._disk.rename(source, target)
        if source != target and source not in self._disk.files:
            inside = [made for made in self._made if made == source or made.startswith(f"{source}/")]
            for made in inside:
                del self._made[made]
                self._made[target + made[len(source) :]] = None
        self._keep_folder_of(source)

    replace = rename

    def _check_folder_can_be(self, source: str, target: str, path: Any) -> None:
        if target.startswith(f"{source}/"):
            raise _error(errno.EINVAL, path)
        if target in self._disk.files:
            raise _error(errno.ENOTDIR, path)
        if self._is_folder(target) and self.listdir(path):
            raise _error(errno.ENOTEMPTY, path)

    def unlink(self, path: Any) -> None:
        place = self._existing(path)
        if place not in self._disk.files:
            raise _error(errno.EISDIR, path)
        if self._is_alive():
            self._disk.remove(place)
            self._keep_folder_of(place)

    def _keep_folder_of(self, place: str) -> None:
        """Let the folders stay in which *place* was, should it have been the last file there."""
        while place := place.rpartition("/")[0]:
            self._made[place] = None

    remove = unlink

    def mkdir(self, path: Any, mode: int = 0o777) -> None:
        place = self.place(path)
        if place in self._disk.files or self._is_folder(place):
            raise _error(errno.EEXIST, path)
        self._check_parent(place, path)
        self._made[place] = None

    def rmdir(self, path: Any) -> None:
        place = self._existing(path)
        if place in self._disk.files:
            raise _error(errno.ENOTDIR, path)
        if self.listdir(path):
            raise _error(errno.ENOTEMPTY, path)
        self._made.pop(place, None)

    def listdir(self, path: Any = ".") -> list[Any]:
        place = self._of(path).path if isinstance(path, int) else self._existing(path)
        if place in self._disk.files:
            raise _error(errno.ENOTDIR, path)
        start = f"{place}/" if place else ""
        names = {name.rstrip("/") for name in self._disk.list(place)}
        names.update(made[len(start) :].partition("/")[0] for made in self._made if made.startswith(start))
        listed = sorted(names, key=self._rank)
        return [os.fsencode(name) for name in listed] if isinstance(path, bytes) else listed

    def _rank(self, name: str) -> bytes:
        named = f"{self._order}\0{name}".encode("utf-8", "surrogateescape")
        return hashlib.blake2b(named, digest_size=16).digest()

    def stat(self, path: Any) -> os.stat_result:
        if isinstance(path, int):
            opened = self._of(path)
            return _status(opened.path, opened.file)
        place = self._existing(path)
        return _status(place, self._disk.files.get(place))


def _means_a_folder(path: Any) -> bool:
    return os.fsdecode(path).endswith("/")


def _status(place: str, file: File | None) -> os.stat_result:
    kind, number, size = stat.S_IFDIR | 0o755, _FOLDERS + zlib.crc32(place.encode("utf-8", "surrogateescape")), 0
    if file is not None:
        kind, number = stat.S_IFREG | 0o644, file.number + 1
    time_ns = EPOCH_NS  # a date, not zero, as for the wall clock
    if file is not None:
        size, time_ns = len(file.content), file.modified_ns
    time_s = time_ns // _NS_PER_S
    times: dict[str, float] = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), time_ns / _NS_PER_S)
    times |= dict.fromkeys(("st_atime_ns", "st_mtime_ns", "st_ctime_ns"), time_ns)
    return os.stat_result((kind, number, 1, 1, 0, 0, size, time_s, time_s, time_s), times)


def _error(number: int, path: Any = None) -> OSError:
    if path is None or isinstance(path, int):
        return OSError(number, os.strerror(number))
    return OSError(number, os.strerror(number), os.fspath(path))
