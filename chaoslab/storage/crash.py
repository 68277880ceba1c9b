"""What a power cut leaves on a disk.

Rules:

1. What was synced is there. Of what was not synced, ``CrashMode`` says what may be there.
2. In order: the device holds the first so many unsynced writes, over all files. Reordered: any of the sectors written.
   Of writes to the same sector the later wins if it is there: the page cache never hands out the older of two.
3. A torn write is there from its beginning up to a sector boundary or to any byte. An empty file is what is left of a
   new file whose first write was torn at its very beginning.
4. A file of which nothing reached the device is not there.
5. ``left_by_crash`` makes every decision by asking: a stream of random draws gives one state, ``crash_states`` asks for
   all answers in turn and gets all states.

This file does not know faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

import attrs

from chaoslab.errors import UsageError
from chaoslab.storage.file import SECTOR_BYTES, File, Write, carry_out, pieces
from chaoslab.storage.names import Names

__all__ = [
    "ANY_CRASH",
    "CRASH_MODES",
    "KEEP_UNSYNCED",
    "LOSE_UNSYNCED",
    "CrashMode",
    "Draws",
    "Left",
    "Unsynced",
    "left_by_crash",
]


class Draws(Protocol):
    """Who decides what a crash leaves."""

    def chance(self, ratio: float) -> bool:
        """Return True with probability *ratio*."""

    def below(self, bound: int) -> int:
        """Return an integer from 0 to *bound* - 1."""


def _a_ratio(instance: Any, attribute: attrs.Attribute[Any], value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"{value!r} is not a ratio: it is from 0 to 1.", key=attribute.name)


@attrs.frozen(kw_only=True)
class CrashMode:
    """What a crash may leave of what was not synced.

    Attributes:
        lost: The chance of each unsynced write to be lost. In order, everything after the first lost one is lost too.
        torn: The chance of a lost write to leave a part of itself; in order only the first lost one can.
        torn_at: Where writes tear: ``"byte"`` or ``"sector"``.
        reordered: Each sector written is kept or lost by itself, instead of a beginning of all writes.
        renames_lost: The chance of each change of names that was not synced to be lost, and all later ones with it.
    """

    lost: float = attrs.field(default=1.0, validator=_a_ratio)
    torn: float = attrs.field(default=0.0, validator=_a_ratio)
    torn_at: str = attrs.field(default="byte", validator=attrs.validators.in_(("byte", "sector")))
    reordered: bool = False
    renames_lost: float = attrs.field(default=0.0, validator=_a_ratio)

    def with_(self, other: CrashMode) -> CrashMode:
        """Return the mode that leaves what either of both may leave."""
        if self is LOSE_UNSYNCED:
            return other
        torn_at = "byte" if "byte" in [one.torn_at for one in (self, other) if one.torn] else "sector"
        return CrashMode(
            lost=min(self.lost, other.lost),
            torn=max(self.torn, other.torn),
            torn_at=torn_at,
            reordered=self.reordered or other.reordered,
            renames_lost=max(self.renames_lost, other.renames_lost),
        )


LOSE_UNSYNCED: Final = CrashMode()
"""What a crash does unless a fault says otherwise: every unsynced write is lost, changes of names are journaled."""

KEEP_UNSYNCED: Final = CrashMode(lost=0.0)
"""The process dies and the operating system lives on: what was written is there, synced or not."""

Unsynced = Literal["lost", "kept", "torn"]

CRASH_MODES: Final[Mapping[Unsynced, CrashMode]] = {
    "lost": LOSE_UNSYNCED,
    "kept": KEEP_UNSYNCED,
    "torn": CrashMode(torn=1.0),
}
"""What a crash can be told to do to writes that were not synced; torn: a part of the first of them is there."""

ANY_CRASH: Final = CrashMode(lost=0.5, torn=0.5, torn_at="sector", reordered=True, renames_lost=0.5)
"""The most that a disk with whole sectors may do: any sectors of the unsynced writes, a beginning of the journal."""


@attrs.frozen(kw_only=True)
class Left:
    """What a crash has left.

    Attributes:
        files: By name: the file and its content.
        kept: Unsynced writes, or sectors of them, that are there.
        lost: Those that are not.
        overtaken: Those of the lost after which a later one was kept.
        torn: Those of which a part is there.
        renames_undone: Renames and removals that are undone.
    """

    files: dict[str, tuple[File, bytearray]]
    kept: int
    lost: int
    overtaken: int
    torn: int
    renames_undone: int


def left_by_crash(names: Names, mode: CrashMode, draws: Draws) -> Left:
    """Return what a crash in *mode* leaves, as *draws* decides. Changes nothing.

    Cost: O(bytes of the files).
    """
    journal = names.journal
    changes_kept = len(journal)
    if mode.renames_lost:
        changes_kept = next((n for n in range(len(journal)) if _is(mode.renames_lost, draws)), len(journal))
    whole = changes_kept == len(journal)
    found = names.now if whole else names.after(journal[:changes_kept])

    writes = [(write, file) for file in found.values() for write in file.unsynced]
    writes.sort(key=lambda pair: pair[0][0])  # the sequence
    decide = _any_of if mode.reordered else _beginning_of
    fates = decide(writes, mode, draws)

    contents = {path: None if file.durable is None else bytearray(file.durable) for path, file in found.items()}
    path_of = {file.number: path for path, file in found.items()}
    kept = lost = overtaken = torn = 0
    for write, file, fate in fates:
        if fate == _LOST:
            lost += 1
            continue
        overtaken, kept = lost, kept + (fate == _KEPT)
        path = path_of[file.number]
        content = contents[path]
        if content is None:
            content = contents[path] = bytearray()
        if fate == _KEPT:
            carry_out(content, write)
        else:
            torn += 1
            sequence, offset, data = write
            if data and fate:
                carry_out(content, (sequence, offset, data[:fate]))
    return Left(
        files={path: (found[path], content) for path, content in contents.items() if content is not None},
        kept=kept,
        lost=lost,
        overtaken=overtaken,
        torn=torn,
        renames_undone=sum(change.kind != "make" for change in journal[changes_kept:]),
    )


_KEPT: Final = -1
_LOST: Final = -2
_Fates = list[tuple[Write, File, int]]
"""What becomes of each write: kept, lost, or so many bytes of it are there."""


def _beginning_of(writes: list[tuple[Write, File]], mode: CrashMode, draws: Draws) -> _Fates:
    fates: _Fates = []
    for number, (write, file) in enumerate(writes):
        if _is(mode.lost, draws):
            began = file.durable is not None or any(one is file for _, one, _ in fates)
            fates.append((write, file, _torn(write, began, mode, draws)))
            fates.extend((one, of, _LOST) for one, of in writes[number + 1 :])
            break
        fates.append((write, file, _KEPT))
    return fates


def _any_of(writes: list[tuple[Write, File]], mode: CrashMode, draws: Draws) -> _Fates:
    fates: _Fates = []
    began: set[int] = {file.number for _, file in writes if file.durable is not None}
    for write, file in writes:
        for piece in pieces(write):
            fate = _torn(piece, file.number in began, mode, draws) if _is(mode.lost, draws) else _KEPT
            if fate != _LOST:
                began.add(file.number)
            fates.append((piece, file, fate))
    return fates


def _torn(write: Write, began: bool, mode: CrashMode, draws: Draws) -> int:
    """Return how many bytes of a lost write are there, or that it is lost altogether."""
    _, offset, data = write
    if not mode.torn or not data:
        return _LOST
    size = len(data)
    if mode.torn_at == "byte":
        cuts: range | list[int] = range(1, size)
    else:
        cuts = range(SECTOR_BYTES - offset % SECTOR_BYTES, size, SECTOR_BYTES)
    cuts = cuts if began else [0, *cuts]
    if not cuts or _is(1.0 - mode.torn, draws):
        return _LOST
    return cuts[draws.below(len(cuts))]


def _is(ratio: float, draws: Draws) -> bool:
    """Decide with *ratio*; what is certain takes no draw."""
    return ratio >= 1.0 or (ratio > 0.0 and draws.chance(ratio))
