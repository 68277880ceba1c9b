"""What a fault can be replaced with that is plainer: fewer nodes, one crash for many, a cut for a network that limps.

People read a partition and a crash at once; a clog of a third of the links in periods of 2.4 seconds they have to work
out. And one bug that messages can show by being lost, late, or held would otherwise come out under a name for each.

Rules:

1. Restarts of whatever kind, and the loss of a disk, are replaced by a crash; messages that do not get through, or
   not in time, by a partition. Nothing else is replaced by another kind: a copy too many, a wrong clock or a rotten
   disk is what it is.
2. A fault that picks its messages (``match``) keeps its kind: somebody said exactly what is to be lost.
3. Every candidate is plainer than what it replaces, so this comes to an end.

This file does not know which candidate fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from chaoslab.errors import UsageError
from chaoslab.faults import Crash, Partition
from chaoslab.nemesis import FaultRequest
from chaoslab.parameters import parameters_of, split_groups

__all__ = ["plainer"]

_CUT_INSTEAD: Final = frozenset(
    ("flapping", "drop", "clog", "swizzle", "latency", "jitter", "spike", "bandwidth", "queue")
)
_CRASH_INSTEAD: Final = frozenset(("restart-loop", "rolling-restart", "amnesia"))


def plainer(request: FaultRequest, nodes: Sequence[str]) -> Iterator[FaultRequest]:
    """Yield what may be tried in place of *request*, the plainest first.

    Args:
        request: One fault, with names for targets.
        nodes: The names of the cluster's nodes.
    """
    fault, names = request.fault, tuple(request.target.split())
    if fault.kind in _CUT_INSTEAD and fault.match is None:
        yield from (attrs.evolve(request, fault=cut, target="") for cut in _cuts(_sides(fault, names), nodes))
    elif fault.kind in _CRASH_INSTEAD:
        for target in dict.fromkeys((*names, request.target)):
            yield attrs.evolve(request, fault=Crash(), target=target)
    elif fault.kind == Partition.kind and not _isolates_one(fault):
        for cut in _cuts(_sides(fault, names), nodes):
            yield attrs.evolve(request, fault=attrs.evolve(cut, match=fault.match), target="")
    if len(names) > 1:
        yield from (attrs.evolve(request, target=name) for name in names)
        for name in names:
            yield attrs.evolve(request, target=" ".join(other for other in names if other != name))
    for usual in _more_usual(fault):
        yield attrs.evolve(request, fault=usual)


def _sides(fault: Any, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of nodes that *fault* is about."""
    groups = getattr(fault, "groups", "")
    return split_groups(groups) if groups else (names,)


def _cuts(sides: Sequence[tuple[str, ...]], nodes: Sequence[str]) -> Iterator[Partition]:
    """Yield partitions: each node of *sides* alone, the smallest of these first; then each of them from the rest."""
    ordered = sorted(filter(None, sides), key=len)
    alone = [name for side in ordered for name in side if name in nodes] or list(nodes)
    wide = [" ".join(side) for side in ordered if 1 < len(side) < len(nodes)]
    yield from (Partition(groups=f"{group} | rest") for group in (*dict.fromkeys(alone), *wide))


def _isolates_one(cut: Partition) -> bool:
    sides = split_groups(cut.groups) if cut.groups else ()
    return len(sides) == 2 and min(map(len, sides)) == 1


def _more_usual(fault: Any) -> Iterator[Any]:
    """Yield *fault* with one parameter each as it is where nobody says anything: that need not be read.

    Whose messages are picked stays: all of them would be another fault, and not a plainer one.
    """
    for parameter in parameters_of(type(fault)):
        if (
            parameter.field != "match"
            and not parameter.required
            and getattr(fault, parameter.field) != parameter.default
        ):
            try:
                yield attrs.evolve(fault, **{parameter.field: parameter.default})
            except UsageError:
                continue  # it needs that one: a partition has groups or a shape
