"""The membership workload: clients ask the node beside them whom it sees.

A read's value is (life, ((name, incarnation, status), ...)): how often the node was started, and what it believes of
everybody, with status 0 for alive, 1 for suspected, 2 for dead. What must hold is checked here, not by a model:

* In the end, when everything is healed and has been quiet for a while, everybody sees everybody alive.
* In one life, what a node believes of a member never goes back while it remembers it: of the same incarnation only from
  alive to suspected to dead, and to alive only with a higher one.
* With ``detects_within``: nobody believes that a node is there which has been down for that long, until it is back.
  Else it was never found out, or it has come back from the dead without having said a word.
* With ``stable``, where no fault takes anybody away: nobody is ever believed dead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, Workload
from chaoslab.history import History, Operation
from chaoslab.models import Model
from chaoslab.parameters import DURATION, FLAG, parameter
from chaoslab.service_levels import fault_windows
from chaoslab.statemachine import Invocation

__all__ = ["MEMBERSHIP", "VIEWS"]

_QUIET_NS = 5_000_000_000
_DEAD = 2


@attrs.frozen(kw_only=True)
class MembershipParameters:
    """Parameters of the membership workload."""

    stable: bool = parameter(FLAG, "No fault takes a node away, so none may ever be believed dead.", default=False)
    detects_within_ns: int | None = parameter(
        DURATION,
        "How long after a crash nobody may believe any more that the node is there.",
        default=None,
        name="detects_within",
    )


VIEWS = Model(
    name="views",
    summary="what nodes believe of each other; any belief is allowed, the membership workload judges them",
    step=lambda state, f, argument, value, result: state,
    reads=frozenset({"read"}),
    fs=frozenset({"read"}),
)


def _operations(view: ClientView) -> Iterator[Invocation]:
    while True:
        yield Invocation(f="read")


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    reads = [one for one in history.operations() if one.type == "ok" and one.value is not None]
    parameters = parameters or MembershipParameters()
    found = _contradiction(reads)
    if found is None and parameters.stable:
        found = _false_positive(reads)
    if found is None and parameters.detects_within_ns is not None:
        found = _undetected(history, reads, parameters.detects_within_ns)
    found = found or _last_views(history, reads)
    if found is not None:
        anomaly, summary, operations = found
        return (Verdict(outcome="invalid", name="membership", anomaly=anomaly, summary=summary, operations=operations),)
    if not reads:
        return (Verdict(outcome="unknown", name="membership", summary="no node ever said whom it sees."),)
    nodes = len({one.node for one in reads})
    summary = f"what {nodes} nodes believed of each other never went back, and in the end all saw all alive."
    return (Verdict(outcome="valid", name="membership", summary=summary),)


_Found = tuple[str, str, tuple[Operation, ...]]


def _contradiction(reads: Sequence[Operation]) -> _Found | None:
    """Return a node that went back on what it believed, in one life."""
    latest: dict[tuple[str | None, int], tuple[dict[str, tuple[int, int]], Operation]] = {}
    for read in sorted(reads, key=lambda one: one.ret or 0):
        life, beliefs = read.value
        now = {name: (incarnation, status) for name, incarnation, status in beliefs}
        before = latest.get((read.node, life))
        if before is not None and (before[1].ret or 0) < read.call:
            for name, believed in before[0].items():
                if name in now and now[name] < believed:
                    summary = (
                        f"{read.node} believed {name} {_words(believed)}, and later {_words(now[name])}, "
                        "though it had said nothing new."
                    )
                    return "went back", summary, (before[1], read)
        latest[read.node, life] = (now, read)
    return None


def _words(believed: tuple[int, int]) -> str:
    incarnation, status = believed
    return f"{('alive', 'suspected', 'dead')[status]} in incarnation {incarnation}"


def _false_positive(reads: Sequence[Operation]) -> _Found | None:
    for read in reads:
        for name, _, status in read.value[1]:
            if status == _DEAD:
                summary = f"{read.node} believed {name} dead, which was up and could be reached all the time."
                return "false positive", summary, (read,)
    return None


def _undetected(history: History, reads: Sequence[Operation], within_ns: int) -> _Found | None:
    """Return a node that believes a crashed one to be there, long after the crash."""
    for fault in fault_windows(history):
        kind, _, names = fault.name.partition(": ")
        if kind != "crash":
            continue
        for read in reads:
            if read.call_time_ns < fault.began_ns + within_ns or (read.ret_time_ns or 0) >= fault.ended_ns:
                continue
            there = [name for name, _, status in read.value[1] if name in names.split() and status != _DEAD]
            if there:
                ago_s = (read.call_time_ns - fault.began_ns) / 1e9
                summary = f"{read.node} believed {there[0]} to be there, {ago_s:.1f} s after it had crashed."
                return "zombie member", summary, (read,)
    return None


def _last_views(history: History, reads: Sequence[Operation]) -> _Found | None:
    """Return a node that in the end does not see another alive that answers."""
    last: dict[str | None, Operation] = {}
    for read in reads:
        last[read.node] = read
    since = max(history.times_ns, default=0) - _QUIET_NS // 2
    last = {node: read for node, read in last.items() if read.call_time_ns >= since}
    for node, read in last.items():
        statuses = {name: status for name, _, status in read.value[1]}
        for name in last:
            status = statuses.get(str(name), _DEAD)
            if status != 0:
                believed = "dead" if status == _DEAD else "not there for sure"
                summary = f"in the end, long after everything was healed, {node} believes {name} {believed}."
                return "stays dead", summary, (read,)
    return None


MEMBERSHIP = Workload(
    name="membership",
    summary="clients ask nodes whom they see; in the end everybody must see everybody",
    model="views",
    operations=_operations,
    last=lambda view: iter((Invocation(f="read"),)),
    quiet_ns=_QUIET_NS,
    all_read=True,
    parameters=MembershipParameters,
    checks=_checks,
)
