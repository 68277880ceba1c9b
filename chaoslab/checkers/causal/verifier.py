"""Re-checks what the causal levels claim, on the raw history: shares no code with the checkers.

*A causal order* is right if everything that an operation depends on stands ahead of it and is in its claimed past
(which may be too large: that only makes the rest harder), and if no read's past holds a write that should have hidden
the one it saw. *Views* are right if replaying each gives every read its value. *A pattern* is right if each of its
steps is a fact of the history, and they form what the level forbids.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import ge, gt, le
from typing import Any, Literal

from chaoslab.checkers.causal.evidence import CausalOrder, Views
from chaoslab.checkers.reads_from.evidence import Pattern, Refutation, Step
from chaoslab.checkers.reads_from.raw import Chosen, Raw, complaint_about_refutation
from chaoslab.history import History
from chaoslab.models import Model

__all__ = [
    "Level",
    "complaint_about_order",
    "complaint_about_pasts",
    "complaint_about_pattern",
    "complaint_about_views",
]

Level = Literal["pram", "causal", "causal-convergence", "causal-memory"]

_NEVER = 1 << 60

_FORBIDDEN: Mapping[str, frozenset[str]] = {
    "causal": frozenset({"CyclicCO", "WriteCOInitRead", "WriteCORead"}),
    "causal-convergence": frozenset({"CyclicCO", "WriteCOInitRead", "WriteCORead", "CyclicCF"}),
    "causal-memory": frozenset({"CyclicCO", "WriteCOInitRead", "WriteCORead", "WriteHBInitRead", "CyclicHB"}),
    "pram": frozenset({"WriteHBInitRead", "CyclicHB"}),
}


def complaint_about_order(evidence: CausalOrder, history: History, model: Model, level: Level) -> str | None:
    """Return what is wrong with a causal order, or None. Cost: O(n * k * log n) for k sessions."""
    raw = Raw(history, model)
    saw, complaint = raw.readings(dict(evidence.readings))
    complaint = complaint or complaint_about_pasts(raw, saw, evidence)
    if complaint is not None:
        return complaint
    pasts = dict(zip(evidence.order, evidence.pasts, strict=True))
    session, place, key = raw.session, raw.place, raw.key
    bounds = _ranked_bounds(raw, evidence) if level == "causal-convergence" else _known_bounds(raw, saw, pasts)
    for read, write in saw.items():
        first = bounds.get((key[read], write))
        if first is None:
            continue
        mine = session[read]
        if any(map(ge, pasts[read], first)) or place[read] > first[mine]:
            return f"event {read} saw what event {write} wrote although it knew of a later one"
    return None


def _known_bounds(
    raw: Raw, saw: Mapping[int, int | None], pasts: Mapping[int, Sequence[int]]
) -> dict[tuple[Any, int | None], list[int]]:
    """Return for each version that was seen the place in each session of the first write that hides it.

    For the initial value that is the session's first write of the key, for others its first one that knew of it.
    """
    bounds: dict[tuple[Any, int | None], list[int]] = {}
    versions = set(saw.values())
    for key in dict.fromkeys(raw.key.values()):
        columns = raw.writes_of(key)
        initial = bounds[key, None] = [_NEVER] * len(raw.sessions)
        seen: dict[int, list[tuple[int, list[int]]]] = {}  # from a session to its versions' places and bounds
        for line, (places, writes) in columns.items():
            initial[line] = places[0]
            rows = seen[line] = []
            for place, write, following in zip(places, writes, (*places[1:], _NEVER), strict=True):
                if write in versions:
                    row = bounds[key, write] = [_NEVER] * len(raw.sessions)
                    row[line] = following
                    rows.append((place, row))
        for line, (places, writes) in columns.items():
            ends = [*places, _NEVER]
            behind = [pasts[write] for write in writes]
            for home, rows in seen.items():
                if home != line and rows and behind[-1][home] >= rows[0][0]:
                    known = [past[home] for past in behind]
                    for place, row in rows:
                        row[line] = ends[bisect_left(known, place)]
    return bounds


def _ranked_bounds(raw: Raw, evidence: CausalOrder) -> dict[tuple[Any, int | None], list[int]]:
    """Return the same where a write hides all those of its key that stand ahead of it in the order."""
    bounds: dict[tuple[Any, int | None], list[int]] = {}
    following: dict[Any, list[int]] = {key: [_NEVER] * len(raw.sessions) for key in raw.key.values()}
    for call in reversed(evidence.order):
        if call in raw.wrote:
            first = following[raw.key[call]]
            bounds[raw.key[call], call] = list(first)
            first[raw.session[call]] = raw.place[call]
    for key, first in following.items():
        bounds[key, None] = first
    return bounds


def complaint_about_pasts(raw: Raw, saw: Mapping[int, int | None], evidence: CausalOrder) -> str | None:
    """Return why the order does not keep to sessions and reads-from, or the pasts do not hold all that they lead to."""
    if sorted(evidence.order) != sorted(raw.session) or len(evidence.pasts) != len(evidence.order):
        return "the order is not one of all operations"
    rank = {call: index for index, call in enumerate(evidence.order)}
    pasts = dict(zip(evidence.order, evidence.pasts, strict=True))
    session, place = raw.session, raw.place
    for mine, calls in enumerate(raw.sessions):
        before, latest = [0] * len(raw.sessions), -1
        for call in calls:
            past = pasts[call]
            if rank[call] < latest or past[mine]:
                return f"event {call} stands ahead of what its session did before"
            if past is not before and not all(map(le, before, past)):
                return f"event {call} forgets what its session knew"
            before, latest = past, rank[call]
            write = saw.get(call)
            if write is None:
                continue
            if rank[write] >= rank[call]:
                return f"event {call} stands ahead of what it saw"
            home = session[write]
            if home == mine:
                continue
            if past[home] < place[write]:
                return f"event {call} does not know what it saw"
            theirs = pasts[write]
            if sum(map(gt, theirs, past)) > (theirs[mine] > 0):  # its own session is not counted in its past
                return f"event {call} does not know what event {write} knew"
    return None


def complaint_about_views(evidence: Views, history: History, model: Model, level: Level) -> str | None:
    """Return what is wrong with the sessions' views, or None. Cost: O(n * k) for k sessions."""
    raw = Raw(history, model)
    saw, complaint = raw.readings(dict(evidence.readings))
    if complaint is not None:
        return complaint
    if len(evidence.views) != len(raw.sessions):
        return "there is not one view for each session"
    for mine, view in enumerate(evidence.views):
        complaint = _complaint_about_view(raw, saw, mine, view, level)
        if complaint is not None:
            return complaint
    return None


def _complaint_about_view(
    raw: Raw, saw: Mapping[int, int | None], mine: int, view: Sequence[int], level: Level
) -> str | None:
    passed = [0] * len(raw.sessions)  # how many operations of each session the view has gone past
    latest: dict[object, int] = {}  # from a key to the write that a read would see now
    for call in view:
        line, place = raw.session[call], raw.place[call]
        if place <= passed[line]:
            return f"event {call} is out of its session's order, or twice in one view"
        for one in raw.sessions[line][passed[line] : place]:
            if one != call and (one in raw.wrote or line == mine):
                return f"event {one} is missing from the view of a session that has event {call}"
            write = saw.get(one) if line == mine or level == "causal-memory" else None
            if write is not None and raw.place[write] > passed[raw.session[write]]:
                return f"event {one} is ahead of event {write}, which it saw"
        if line == mine and call in saw and latest.get(raw.key[call]) != saw[call]:
            return f"event {call} does not see in its session's view what it read"
        passed[line] = place
        if call in raw.wrote:
            latest[raw.key[call]] = call
    if passed[mine] != len(raw.sessions[mine]):
        return "a session's own operations are missing from its view"
    return None


def complaint_about_pattern(refutation: Refutation, history: History, model: Model, level: Level) -> str | None:
    """Return what is wrong with the claim that the level forbids the history, or None. Cost: O(n) and its size."""
    raw = Raw(history, model)
    return complaint_about_refutation(raw, refutation, lambda pattern, chosen: _judged(raw, pattern, chosen, level))


def _judged(raw: Raw, pattern: Pattern, chosen: Chosen, level: Level) -> str | None:
    if pattern.name not in _FORBIDDEN[level]:
        return f"{level} does not forbid {pattern.name}"
    happened, complaint = raw.took_place(pattern.happened, chosen)
    if complaint is not None:
        return complaint
    observer = None
    if pattern.name.endswith(("HB", "HBInitRead")):
        if pattern.observer not in raw.session:
            return "it is not said from whose point of view the history is forbidden"
        observer = raw.session[pattern.observer]
    proven: set[tuple[int, int]] = set()

    def path_complaint(path: Sequence[Step], first: int, last: int) -> str | None:
        here = first
        for step in path:
            if step.before != here:
                return "the steps do not join"
            here = step.after
            if step.reason == "conflict":
                if (step.before, step.after) not in proven:
                    return f"it is not shown that event {step.before} comes before event {step.after}"
                continue
            if step.reason == "reads-from" and level == "pram" and raw.session[step.after] != observer:
                return "what other sessions read means nothing to this one"
            complaint = raw.complaint_about_step(step, chosen, happened)
            if complaint is not None:
                return complaint
        return None if path and here == last else "the steps do not lead where they should"

    for one in pattern.conflicts:
        if observer is None and any(step.reason == "conflict" for step in one.path):
            return "a conflict must be shown by causal steps alone"
        if observer is not None and raw.session.get(one.read) != observer:
            return f"event {one.read} is not of the session whose point of view it is"
        complaint = _visible(raw, one.before, one.after, one.read, chosen, happened)
        complaint = complaint or path_complaint(one.path, one.before, one.read)
        if complaint is not None:
            return complaint
        proven.add((one.before, one.after))
    if "CO" in pattern.name and any(step.reason == "conflict" for step in pattern.path):
        return "the causal order knows no conflicts"
    if pattern.name.startswith("Cyclic"):
        start = pattern.path[0].before if pattern.path else -1
        return path_complaint(pattern.path, start, start)
    return _stale(raw, pattern, chosen, happened) or path_complaint(
        pattern.path, pattern.path[0].before, pattern.read if pattern.read is not None else -1
    )


def _visible(raw: Raw, before: int, after: int, read: int, chosen: Chosen, happened: set[int]) -> str | None:
    """Return why *read* does not show that of two writes of its key *before* came before *after*, or None."""
    if len({raw.key.get(one, one) for one in (before, after, read)}) != 1 or before == after:
        return "a conflict is between two writes of one key"
    if before not in raw.wrote or after not in raw.wrote or read == before:
        return "a conflict is between two writes"
    return raw.complaint_about_step(Step(before=after, after=read, reason="reads-from"), chosen, happened)


def _stale(raw: Raw, pattern: Pattern, chosen: Chosen, happened: set[int]) -> str | None:
    read = pattern.read
    if read is None or not pattern.path or (read in raw.unsure and read not in happened):
        return "the pattern names no read"
    if read not in raw.saw and read not in raw.refused:
        return f"event {read} read nothing"
    known, write = raw.read_of(read, chosen)
    first = pattern.path[0].before
    if not known:
        return f"it is not known what event {read} read"
    if pattern.name != "WriteCORead":
        fits = write is None and first in raw.wrote and raw.key[first] == raw.key[read]
        return None if fits else f"event {read} did not read an initial value that had been replaced"
    between = {step.after for step in pattern.path[:-1]}
    if write != first:
        return f"event {read} did not read what event {first} wrote"
    hidden = any(one in raw.wrote and one != write and raw.key[one] == raw.key[read] for one in between)
    return None if hidden else f"nothing stands between event {first} and event {read}"
