"""Re-checks what the session guarantees claim, on the raw history: shares no code with the checkers.

*Orders of versions* are right if reading off each session's operations along them never goes back. For the guarantees
about other sessions' writes, who had seen what is gathered once more. *A pattern* is right if each of its steps is a
fact of the history and they are what the guarantee forbids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from chaoslab.checkers.causal.evidence import CausalOrder
from chaoslab.checkers.causal.verifier import complaint_about_pasts
from chaoslab.checkers.reads_from.evidence import Pattern, Refutation, Step
from chaoslab.checkers.reads_from.raw import Chosen, Raw, complaint_about_refutation
from chaoslab.checkers.sessions.evidence import VersionOrders
from chaoslab.history import History
from chaoslab.models import Model

__all__ = ["Guarantee", "complaint_about_breach", "complaint_about_guarantee"]

Guarantee = Literal["read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"]


def complaint_about_guarantee(
    evidence: VersionOrders | CausalOrder, history: History, model: Model, guarantee: Guarantee
) -> str | None:
    """Return why the history does not keep the guarantee, or None.

    Cost: O(n) for the guarantees about one's own operations, O(n * k) for k sessions for the others.
    """
    raw = Raw(history, model)
    saw, complaint = raw.readings(dict(evidence.readings))
    if complaint is not None:
        return complaint
    if isinstance(evidence, CausalOrder):
        if guarantee != "writes-follow-reads":
            return f"{guarantee} is not about the causal order"
        return complaint_about_pasts(raw, saw, evidence) or _effects_without_causes(raw, saw, evidence)
    if guarantee == "monotonic-writes":
        return _writes_out_of_order(raw, saw)
    if guarantee == "writes-follow-reads":
        return "there is no causal order"
    ranks: dict[tuple[int, Any], dict[int | None, int]] = {}
    for session, call, order in evidence.orders:
        ranks[session, raw.key.get(call)] = {write: index for index, write in enumerate((None, *order))}
    for session, calls in enumerate(raw.sessions):
        least: dict[Any, int] = {}  # from a key to the rank that a read must have now
        for call in calls:
            key = raw.key[call]
            rank = ranks.get((session, key), {None: 0})
            if call in saw:
                if rank.get(saw[call], -1) < least.get(key, 0):
                    return f"event {call} sees a version that its session's order does not allow"
                if guarantee == "monotonic-reads":
                    least[key] = rank[saw[call]]
            if guarantee == "read-your-writes" and call in raw.wrote:
                least[key] = max(least.get(key, 0), rank.get(call, 1 << 60))
    return None


def _writes_out_of_order(raw: Raw, saw: Mapping[int, int | None]) -> str | None:
    for calls in raw.sessions:
        seen: dict[int, int] = {}  # from a session to the place of its latest write that was seen
        for call in calls:
            if call not in saw:
                continue
            key, write = raw.key[call], saw[call]
            if write is None:
                missed = [raw.latest_write(key, line, place - 1) for line, place in seen.items()]
            else:
                line = raw.session[write]
                seen[line] = max(seen.get(line, 0), raw.place[write])
                latest = raw.latest_write(key, line, seen[line])
                if latest == call:  # a compare-and-set need not see itself
                    latest = raw.latest_write(key, line, raw.place[call] - 1)
                missed = [latest if latest != write else None]
            if any(one is not None and one != call for one in missed):
                return f"event {call} misses a write, although its session had seen a later one of the same process"
    return None


def _effects_without_causes(raw: Raw, saw: Mapping[int, int | None], evidence: CausalOrder) -> str | None:
    pasts = dict(zip(evidence.order, evidence.pasts, strict=True))
    readers: dict[Any, dict[int, list[int]]] = {}  # from a key and a session to the reads, in order
    first_reader: dict[int, dict[int, int]] = {}  # from a write and a session to the place of its first reader
    for session, calls in enumerate(raw.sessions):
        for call in calls:
            write = saw.get(call)
            if write is not None:
                readers.setdefault(raw.key[call], {}).setdefault(session, []).append(call)
                first_reader.setdefault(write, {}).setdefault(session, raw.place[call])

    behind: dict[int, list[int]] = {}  # from a version to how many operations of each session it is based on
    for write in first_reader:
        behind[write] = list(pasts[write])
        behind[write][raw.session[write]] = raw.place[write]
    for mine, calls in enumerate(raw.sessions):
        own = 0  # how many of its own operations what it saw is based on
        passed: dict[tuple[Any, int], int] = {}
        reach: dict[Any, list[int]] = {}  # from a key to all that the versions it must know of are based on
        known: set[int] = set()  # these versions
        implied: set[Any] = set()

        def learn(key: Any, version: int, reach: dict[Any, list[int]] = reach, known: set[int] = known) -> None:
            if version not in known:
                known.add(version)
                reach[key] = list(map(max, reach[key], behind[version])) if key in reach else behind[version]

        for call in calls:
            if call not in saw:
                continue
            key, write = raw.key[call], saw[call]
            own = max(own, behind[write][mine] if write is not None else 0)
            for session, reads in readers.get(key, {}).items():
                until = own if session == mine else pasts[call][session]
                index = passed.get((key, session), 0)
                while index < len(reads) and raw.place[reads[index]] <= until:
                    version = saw[reads[index]]
                    assert version is not None
                    learn(key, version)
                    implied.add(key)
                    index += 1
                passed[key, session] = index
            if write is None:
                if key in implied:
                    return f"event {call} reads the initial value, although what its session saw was based on another"
                continue
            far = reach.get(key)
            if far is not None and any(place <= far[line] for line, place in first_reader[write].items()):
                return f"event {call} reads what something that its session knew of was based on"
            learn(key, write)
    return None


def complaint_about_breach(refutation: Refutation, history: History, model: Model, guarantee: Guarantee) -> str | None:
    """Return what is wrong with the claim that the guarantee is broken, or None. Cost: O(n) and its size."""
    raw = Raw(history, model)
    return complaint_about_refutation(raw, refutation, lambda pattern, chosen: _judged(raw, pattern, chosen, guarantee))


def _judged(raw: Raw, pattern: Pattern, chosen: Chosen, guarantee: Guarantee) -> str | None:
    happened, complaint = raw.took_place(pattern.happened, chosen)
    paths = [pattern.path, *(conflict.path for conflict in pattern.conflicts)]
    for step in [step for path in paths for step in path if step.reason != "conflict"]:
        complaint = complaint or raw.complaint_about_step(step, chosen, happened)
    for path in paths:
        if not path or any(one.after != other.before for one, other in pairwise(path)):
            return complaint or "the steps do not join"
    if complaint is not None:
        return complaint
    if pattern.name == "CyclicCO" and guarantee == "writes-follow-reads":
        causal = all(step.reason != "conflict" for step in pattern.path)
        return None if causal and pattern.path[-1].after == pattern.path[0].before else "there is no cycle"
    if pattern.read is None:
        return _each_after_the_other(raw, pattern, chosen, happened, guarantee)
    known, write = raw.read_of(pattern.read, chosen)
    unsure = pattern.read in raw.unsure and pattern.read not in happened
    if not known or unsure or pattern.path[-1].after != pattern.read or pattern.path[-1].reason != "session":
        return f"it is not known what event {pattern.read} read"
    return _missed(raw, pattern.path, pattern.read, write, guarantee)


def _missed(raw: Raw, path: Sequence[Step], read: int, write: int | None, guarantee: Guarantee) -> str | None:
    """Return why *path* does not show that *read* of *write* misses a version that the guarantee puts in its way."""
    reasons = [step.reason for step in path]
    first = path[0].before
    # A compare-and-set need not see itself; but its session may have, if it saw it before it was made.
    versions = [
        call
        for step in path
        for call in (step.before, step.after)
        if call in raw.wrote and raw.key[call] == raw.key[read] and (call != read or guarantee == "monotonic-reads")
    ]
    if write is None:
        fits = (
            first in versions
            and {
                "read-your-writes": reasons == ["session"],
                "monotonic-reads": reasons == ["reads-from", "session"],
                "monotonic-writes": reasons == ["session", "reads-from", "session"] and path[0].after in raw.wrote,
                "writes-follow-reads": reasons.count("reads-from") > 1 and _by_reads(raw, path),
            }[guarantee]
        )
        return None if fits else f"the guarantee does not forbid that event {read} reads the initial value"
    later = [one for one in versions if one != write]
    fits = first == write and bool(later)
    if guarantee == "monotonic-writes":
        inside = path[: reasons.index("reads-from")] if "reads-from" in reasons else ()
        fits = fits and len(path) == len(inside) + 2 and bool(inside) and inside[0].after in raw.wrote
        fits = fits and any(step.after in later for step in inside)
    elif guarantee == "writes-follow-reads":
        fits = fits and _by_reads(raw, path)
    else:
        fits = False
    return None if fits else f"the guarantee does not forbid what event {read} reads"


def _by_reads(raw: Raw, path: Sequence[Step]) -> bool:
    """Return whether each session is entered by a read and left by a write, up to the last step."""
    return path[0].reason == "reads-from" and all(
        (step.before in raw.saw or step.before in raw.refused) and step.after in raw.wrote
        for step in path[:-1]
        if step.reason == "session"
    )


def _each_after_the_other(
    raw: Raw, pattern: Pattern, chosen: Chosen, happened: set[int], guarantee: Guarantee
) -> str | None:
    """Return why the reads do not show that two versions would each have to be later than the other for one session."""
    if len(pattern.conflicts) != 2 or guarantee not in ("read-your-writes", "monotonic-reads"):
        return "there are not two versions that would each have to be later than the other"
    one, other = pattern.conflicts
    ring = (one.before, one.after) == (other.after, other.before) and one.before != one.after
    if not ring or raw.session.get(one.read) != raw.session.get(other.read):
        return "the versions do not change places for one session"
    reasons = ["session"] if guarantee == "read-your-writes" else ["reads-from", "session"]
    for conflict in pattern.conflicts:
        path = conflict.path
        step = Step(before=conflict.after, after=conflict.read, reason="reads-from")
        fits = [part.reason for part in path] == reasons
        if not fits or (path[0].before, path[-1].after) != (conflict.before, conflict.read):
            return f"nothing shows that event {conflict.before} had to come before event {conflict.after}"
        if conflict.before not in raw.wrote or raw.key[conflict.before] != raw.key[conflict.read]:
            return f"event {conflict.before} is no version of that key"
        complaint = raw.complaint_about_step(step, chosen, happened)
        if complaint is not None:
            return complaint
    return None
