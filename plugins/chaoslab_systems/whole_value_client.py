"""A client that keeps a collection as one value: it reads all of it, changes its copy, and writes all of it back.

The simplest way to keep a cart or a document, and the one that loses what somebody else wrote in between: the last
writer wins, with everything that this writer had not seen thrown away.
"""

from __future__ import annotations

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Complete, Invocation
from chaoslab_systems.steps_client import Program, StepsClient

__all__ = ["WholeValueClient"]


class WholeValueClient(StepsClient):
    """One client. Items are numbers; the store keeps them as text."""

    STORE_CLIENT = RequestClient

    def steps(self, invocation: Invocation) -> Program:
        read = yield Invocation(f="read", key=invocation.key)
        if read.type != "ok":
            return Complete("fail", error=read.error)
        items = [int(item) for item in (read.value or "").split()]
        if invocation.f == "read":
            return Complete("ok", items, node=read.node)
        changed = [item for item in items if item != invocation.value]
        if invocation.f == "add":
            changed = [*changed, invocation.value]
        text = " ".join(map(str, changed))
        written = yield Invocation(f="write", key=invocation.key, value=text)
        return Complete(written.type, node=written.node, error=written.error)
