"""Latency is zero: for the believer, silence means that nothing was done; the doubter says that nobody knows."""

from __future__ import annotations

from chaoslab.cluster import RequestClient
from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Complete, Effects
from chaoslab_systems.fallacies.single_store import SingleStore

__all__ = ["PROTOCOLS", "Believer", "Doubter"]


class Doubter(RequestClient):
    """Silence says nothing of what has happened, and an answer may come late."""

    TIMEOUT_S = 1.0


class Believer(RequestClient):
    """An answer comes at once. Where none comes, nothing was done."""

    TIMEOUT_S = 0.05

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        return self._finish(Complete("fail", error="no answer, so it was not done"))


PROTOCOLS = tuple(
    Protocol(
        name=f"zero-latency-{belief}",
        summary=summary,
        replica=SingleStore,
        client=client,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="all"),
        nodes=1,
    )
    for belief, summary, client in (
        ("believer", "clients that call a write without a prompt answer undone, and it is done all the same", Believer),
        ("doubter", "clients that wait, and call a write without an answer unknown", Doubter),
    )
)
