"""The randomness of the standard library, drawn from the stream of the process that asks.

Rules:

1. Served are the functions of ``random``, generators without a seed, ``os.urandom``, ``os.getrandom`` and
   ``ssl.RAND_bytes``, and what is made of them (``uuid4``, ``secrets``, ``SystemRandom``), ``uuid1``, the names of
   temporary files, the process's number and its machine's name.
2. The generator behind the functions of ``random`` is one for the whole of Python: what a run leaves in it is put back.
3. A seed that a program gives to ``random.seed`` has no effect: what its functions draw is decided by the run's seed.

A generator that was made before the run, when a module was imported, keeps its own state: nobody knows of it here.
"""

from __future__ import annotations

import math
import os
import random
import socket
import ssl
import tempfile
import uuid
import zlib
from collections.abc import Callable
from typing import Any, Final

from chaoslab.sim.process import Process

__all__ = ["hidden_generator_served", "randomness_replacements"]

_HIDDEN: Final[Any] = random._inst
"""The generator whose methods the functions of ``random`` are."""

_GREGORIAN_100NS: Final = 0x01B21DD213814000
"""From the beginning of the Gregorian calendar to 1970: version 1 of RFC 9562 counts from there."""


def randomness_replacements(
    current: Callable[[], Process | None], node: Callable[[], Process | None]
) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions that are random, for the process that *current* says, or *node* alone."""
    real_urandom, real_seed, real_uuid1, real_getppid = os.urandom, random.Random.seed, uuid.uuid1, os.getppid
    real_getpid, real_gethostname, real_getnode, real_uname = os.getpid, socket.gethostname, uuid.getnode, os.uname

    def urandom(size: int, /) -> bytes:
        process = current()
        return real_urandom(size) if process is None else process.bits(8 * size).to_bytes(size, "big")

    def seed(self: Any, a: Any = None, version: int = 2) -> None:
        process = current()
        real_seed(self, process.bits(64) if a is None and process is not None else a, version)

    def uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
        process = current()
        if process is None:
            return real_uuid1(node, clock_seq)
        time_100ns = process.wall_ns() // 100 + _GREGORIAN_100NS
        sequence = process.bits(14) if clock_seq is None else clock_seq
        machine = process.bits(48) | 1 << 40 if node is None else node  # the bit that says: no network card's
        low, middle, high = time_100ns & 0xFFFFFFFF, time_100ns >> 32 & 0xFFFF, time_100ns >> 48 & 0x0FFF
        return uuid.UUID(fields=(low, middle, high, sequence >> 8 & 0x3F, sequence & 0xFF, machine), version=1)

    def getpid() -> int:
        process = node()
        return real_getpid() if process is None else process.number

    def getppid() -> int:
        return real_getppid() if node() is None else 0

    def gethostname() -> str:
        process = node()
        return real_gethostname() if process is None else process.name

    def getnode() -> int:
        process = node()
        return real_getnode() if process is None else 1 << 40 | zlib.crc32(process.name.encode())

    def uname() -> os.uname_result:
        process, real = node(), real_uname()
        return real if process is None else os.uname_result((real.sysname, process.name, *real[2:]))

    real_getrandom: Any = getattr(os, "getrandom", None)  # only Linux has it

    def getrandom(size: int, flags: int = 0) -> bytes:
        return real_getrandom(size, flags) if current() is None else urandom(size)

    draw, getrandbits = _hidden_draws(current)
    return [
        *([] if real_getrandom is None else [(os, "getrandom", getrandom)]),
        (os, "urandom", urandom),
        (os, "getpid", getpid),
        (os, "getppid", getppid),
        (os, "uname", uname),
        (ssl, "RAND_bytes", urandom),
        (random, "_urandom", urandom),
        (random, "random", draw),
        (random, "getrandbits", getrandbits),
        (random.Random, "seed", seed),
        (uuid, "uuid1", uuid1),
        (uuid, "getnode", getnode),
        (socket, "gethostname", gethostname),
    ]


def _hidden_draws(current: Callable[[], Process | None]) -> tuple[Callable[[], float], Callable[[int], int]]:
    real_random, real_getrandbits = random.random, random.getrandbits

    def draw() -> float:
        process = current()
        return real_random() if process is None else process.stream.random()

    def getrandbits(k: int, /) -> int:
        process = current()
        return real_getrandbits(k) if process is None or k < 0 else process.bits(k)

    return draw, getrandbits


def hidden_generator_served(current: Callable[[], Process | None]) -> Callable[[], None]:
    """Let the generator behind the functions of ``random`` draw for processes too; return how to end that.

    Its other methods, such as ``choice``, come down to the two that are replaced.
    """
    state = _HIDDEN.getstate()
    _HIDDEN.gauss_next = None  # half a pair of numbers, left by whoever drew before the run
    _HIDDEN.random, _HIDDEN.getrandbits = _hidden_draws(current)
    names = _names_of_temporary_files(current)

    def end() -> None:
        del _HIDDEN.random, _HIDDEN.getrandbits
        _HIDDEN.setstate(state)
        names()

    return end


class _FileNames:
    """The names that ``tempfile`` tries."""

    _CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789_"

    def __init__(self, current: Callable[[], Process | None]) -> None:
        self._current = current

    def __iter__(self) -> _FileNames:
        return self

    def __next__(self) -> str:
        process = self._current()
        drawn = random.SystemRandom().random if process is None else process.stream.random
        return "".join(self._CHARACTERS[math.floor(drawn() * len(self._CHARACTERS))] for _ in range(8))


def _names_of_temporary_files(current: Callable[[], Process | None]) -> Callable[[], None]:
    private: Any = tempfile
    tempfile.gettempdir()  # looked for now, not in the run that happens to be the first to ask
    before = private._name_sequence
    private._name_sequence = _FileNames(current)

    def end() -> None:
        private._name_sequence = before

    return end
