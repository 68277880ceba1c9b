"""What a run has reached, as a set of numbers: by it one run is told to be new.

Features, each with how often it came in powers of two, as in fuzzers of bytes:

1. What follows what at one node, in the order of happened-before: a message type, a timer, a fault, a sync, a probe;
   together with the role that the node plays. These are what state machines report of themselves.
2. Over each message: what the sender had seen last, and the type that arrives.
3. Which roles are played in the cluster at once.

Names of nodes are left out: what n1 does is not new at n2. Nothing depends on values or times.
"""

from __future__ import annotations

import zlib
from collections import Counter

from chaoslab.runner import Run

__all__ = ["features_of"]

_OWN = frozenset(("crash", "start", "pause", "resume", "panic", "fsync", "probe", "role"))


def features_of(done: Run) -> tuple[int, ...]:
    """Return what *done*, whose trace was kept, has reached, in ascending order. Cost: O(lines of the trace)."""
    counts: Counter[str] = Counter()
    last: dict[str, str] = {}
    roles: dict[str, str] = {}
    for line in done.trace:
        words = line.split(" ", 3)
        node, event = _event(words)
        if not node:
            if words[1] in ("inject", "heal") and len(words) > 2:
                kind = f"{words[1]} {words[2].rstrip(':')}"
                counts[f"{kind} while {' '.join(sorted(roles.values()))}"] += 1
            continue
        if words[1] == "role" or words[1] == "crash":
            roles[node] = words[3] if words[1] == "role" else "down"
            counts[f"roles {' '.join(sorted(roles.values()))}"] += 1
        elif ">" in words[2]:
            source = words[2].partition(">")[0]
            counts[f"{last.get(source, '')} sends {event} to {roles.get(node, '')}"] += 1
        counts[f"{roles.get(node, '')}: {last.get(node, '')}, then {event}"] += 1
        last[node] = event
    return tuple(sorted({zlib.crc32(f"{what} {count.bit_length()}".encode()) for what, count in counts.items()}))


def _event(words: list[str]) -> tuple[str, str]:
    """Return where and what a line of the trace is about; no place for what is not about one endpoint."""
    if len(words) >= 3 and words[1] in _OWN:
        return words[2], " ".join((words[1], *words[3:])) if words[1] in ("probe", "role") else words[1]
    if len(words) == 4 and words[2] == "timer":
        return words[3].partition(" ")[0], f"timer {words[3].partition(' ')[2]}"
    if len(words) == 4 and ">" in words[2]:
        return words[2].partition(">")[2], words[3]
    return "", ""
