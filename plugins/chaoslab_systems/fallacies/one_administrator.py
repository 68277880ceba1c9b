"""There is one administrator: the believer takes everybody's settings for its own; the doubter compares them first.

Keys are shared out among the first nodes, as many as the setting ``owners`` says. Whoever has another setting has
another idea of whose a key is.
"""

from __future__ import annotations

import zlib
from typing import Any

import attrs

from chaoslab.cluster import RequestClient
from chaoslab.errors import UsageError
from chaoslab.nemesis import Budget
from chaoslab.parameters import COUNT, parameter
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Context, Effects, Invocation, Request, Send, reply
from chaoslab_systems.fallacies.single_store import SingleStore

__all__ = ["PROTOCOLS", "Believer", "Doubter", "Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a store whose keys are shared out."""

    owners: int = parameter(COUNT, "Among how many nodes keys are shared out: the first ones.", default=3)

    def __attrs_post_init__(self) -> None:
        if self.owners < 1:
            raise UsageError("somebody owns the keys.", key="owners")


@attrs.frozen
class Passed:
    """A request on its way to the owner of its key: for which client it is, and how many owners its sender knows of."""

    client: str
    request: Request
    owners: int


class Believer(SingleStore):
    """Passes a request to the owner of its key; and what is passed to it is its own, for all have the same settings."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.owners = min((context.settings or Settings()).owners, len(context.nodes))

    def serves(self, invocation: Invocation) -> bool:
        return True

    def owner(self, key: str | None) -> str:
        """Return the node that keeps the value of *key*."""
        return self.context.nodes[zlib.crc32(str(key).encode()) % self.owners]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Passed):
            return self.on_passed(message)
        if not isinstance(message, Request):
            return None
        owner = self.owner(message.body.key)
        if owner == self.context.name:
            return self.on_own(sender, message)
        return [Send(owner, Passed(sender, message, self.owners))]

    def on_own(self, client: str, request: Request) -> Effects:
        """Serve a client whose key is this node's own."""
        return self.on_request(client, request)

    def on_passed(self, passed: Passed) -> Effects:
        """Serve a client whom another node has passed on."""
        return self.on_request(passed.client, passed.request)


@attrs.frozen
class Stated:
    """A request that states how many owners its client knows of."""

    request: Request
    owners: int


class Doubter(Believer):
    """Serves nobody who has other settings than its own: one of the two is wrong, and it cannot know which."""

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Stated):
            if message.owners != self.owners:
                return [reply(sender, message.request, error="we have different settings")]
            return super().message(sender, message.request)
        return super().message(sender, message)

    def on_passed(self, passed: Passed) -> Effects:
        if passed.owners != self.owners:
            return [reply(passed.client, passed.request, error="we have different settings")]
        return super().on_passed(passed)


class StatingClient(RequestClient):
    """A client that states with each request what it knows of the settings."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.owners = min((context.settings or Settings()).owners, len(context.nodes))

    def _ask(self) -> list[Any]:
        return [Send(one.to, Stated(one.message, self.owners)) for one in super()._ask() if isinstance(one, Send)]


PROTOCOLS = tuple(
    Protocol(
        name=f"one-administrator-{belief}",
        summary=summary,
        replica=replica,
        client=client,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="all", settings=True),
        settings=Settings,
    )
    for belief, summary, replica, client in (
        (
            "believer",
            "keys shared out by a setting that all have alike: else a key has two owners",
            Believer,
            RequestClient,
        ),
        ("doubter", "keys shared out by a setting that is compared before anybody is served", Doubter, StatingClient),
    )
)
