"""A chat in which nobody sees a reply before its question.

One person of a room asks; the others read the question and reply, or read the last reply and then the question. A
replica shows a write only once it has everything that the writer had seen; ``chat-unordered`` shows what it gets as it
comes, and "yes, 7 o'clock" arrives before "shall we meet?".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, Workload
from chaoslab.history import History, Operation
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_protocols import causal
from chaoslab_protocols.causal.messages import Write
from chaoslab_protocols.causal.replica import Replica
from chaoslab_systems.promises import QUIET_NS, Broken, judged

__all__ = ["PROTOCOLS", "WORKLOADS"]

QUESTION, REPLY = "question", "reply"


class AsItComes(Replica):
    """A replica that waits for nothing that a write depends on."""

    def dep_check(self, write: Write) -> bool:
        return True


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of the chat workload."""

    replies: float = parameter(RATIO, "The share of turns of those who do not ask in which they reply.", default=0.4)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    own = view.keys[view.number] if view.number < len(view.keys) else None
    while True:
        room = view.random.pick(view.keys)
        if own is not None and view.random.chance(0.5):
            yield Invocation(f="write", key=f"{own} {QUESTION}", value=view.unique())
        elif view.random.chance(parameters.replies):
            yield Invocation(f="read", key=f"{room} {QUESTION}")
            yield Invocation(f="write", key=f"{room} {REPLY}", value=view.unique())
        else:
            yield Invocation(f="read", key=f"{room} {REPLY}")
            yield Invocation(f="read", key=f"{room} {QUESTION}")


def _read_all(view: ClientView) -> Iterator[Invocation]:
    return (Invocation(f="read", key=f"{room} {what}") for room in view.keys for what in (QUESTION, REPLY))


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    """Judge whether who had seen a reply saw its question, or a later one. A room has one who asks: numbers grow."""
    answered: dict[tuple[str, Any], int] = {}  # which question a reply is to
    asked: dict[tuple[int, str], int] = {}  # the latest question that a session has seen
    due: dict[tuple[int, str], Operation] = {}  # the reply that a session has seen to the latest question
    found, seen = None, 0
    for one in sorted(history.operations(), key=lambda one: one.call):
        if one.type == "fail":
            continue
        room, _, what = one.key.rpartition(" ")
        at = one.process, room
        if one.f == "write":
            if what == REPLY and at in asked:
                answered[room, one.argument] = asked[at]
            elif what == QUESTION and one.type == "ok":
                asked[at] = max(one.argument, asked.get(at, 0))
        elif one.type == "ok" and what == REPLY:
            if answered.get((room, one.value), 0) > (answered[room, due[at].value] if at in due else 0):
                due[at] = one
        elif one.type == "ok":
            if at in due:
                seen += 1
                question = answered[room, due[at].value]
                if found is None and (one.value or 0) < question:
                    summary = (
                        f"somebody in {room} saw the reply {due[at].value} to the question {question}, "
                        f"and then {'no question' if one.value is None else f'the older question {one.value}'}."
                    )
                    found = Broken("reply before its question", summary, (due[at], one))
            asked[at] = max(one.value or 0, asked.get(at, 0))
    return judged("reply-after-question", found, seen, "who had seen a reply saw its question")


WORKLOADS = (
    Workload(
        name="chat",
        summary="one person of a room asks, others read the question and reply, or read a reply and its question",
        model="register",
        operations=_operations,
        last=_read_all,
        quiet_ns=QUIET_NS,
        all_read=True,
        parameters=Parameters,
        checks=_checks,
    ),
)

PROTOCOLS = (
    attrs.evolve(
        causal.PROTOCOLS[0],
        name="chat",
        summary="rooms on replicas that show a write only after what its writer had seen: no reply before its question",
        serves=("chat", "converging-register"),
    ),
    attrs.evolve(
        causal.PROTOCOLS[0],
        name="chat-unordered",
        summary="the same with replicas that show what they get as it comes: replies before their questions",
        replica=AsItComes,
        serves=("chat", "converging-register"),
        claims=("eventual",),
    ),
)
