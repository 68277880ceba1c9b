"""Primary and backup with asynchronous replication and failover by timeout.

The primary answers as soon as a write is on its own disk, and tells the backups afterwards. A backup that has heard
nothing for a while makes itself the primary of a new epoch; whoever hears of a higher epoch follows it and takes over
the state of its primary.

That is how many databases are run, and it promises little: a primary that is cut off goes on answering, and what it
acknowledged in that time is thrown away when it comes back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chaoslab.statemachine import (
    Become,
    CancelTimer,
    Context,
    Effect,
    Effects,
    Persist,
    Probe,
    Request,
    Send,
    SetTimer,
    reply,
)
from chaoslab_protocols import store
from chaoslab_protocols.primary_backup.messages import Fetch, Heartbeat, Replicate, State

__all__ = ["Replica"]


class Replica:
    """One of the nodes; the primary of an epoch is the node at that position in the ring of names.

    Probes: ``acknowledged``: a client was told of a write, no backup yet; ``taken-over``: a backup has made itself
    primary; ``overwritten``: a node has thrown its own state away for another's.

    Attributes:
        HEARTBEAT_S: Seconds between heartbeats of the primary.
        SILENCE_S: Range of seconds without a heartbeat after which a backup takes over.
    """

    HEARTBEAT_S = 0.1
    SILENCE_S = (0.4, 0.8)

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.nodes = context.nodes
        self.backups = context.peers
        self.epoch = 0
        self.position = 0
        self.values: dict[str | None, Any] = {}
        self.is_primary = False
        self.behind = False
        self.handlers: dict[type, Callable[[str, Any], Effects]] = {
            Request: self.on_request,
            Heartbeat: self.on_heartbeat,
            Replicate: self.on_replicate,
            Fetch: self.on_fetch,
            State: self.on_state,
        }
        for line in context.files.get("log", b"").splitlines():
            self.epoch, self.position, changes = json.loads(line)
            self.values.update((key, value) for key, value in changes)

    # Events

    def start(self) -> Effects:
        if self.epoch == 0 and self.position == 0 and self.name == self.nodes[0]:
            return self.take_over(0)
        return self.follow()

    def message(self, sender: str, message: Any) -> Effects:
        return self.handlers[type(message)](sender, message)

    def timer(self, name: str) -> Effects:
        if name == "heartbeat":
            return self.announce() if self.is_primary else None
        ring = len(self.nodes)
        own = self.nodes.index(self.name)
        return self.take_over(self.epoch + 1 + (own - self.epoch - 1) % ring)

    # The primary

    def take_over(self, epoch: int) -> list[Effect]:
        """Become the primary of *epoch*. Nobody is asked: that is the weakness of this protocol."""
        self.epoch = epoch
        self.is_primary, self.behind = True, False
        probes = [Probe("taken-over")] if epoch else []
        return [Become("primary"), CancelTimer("silence"), self.record(()), *probes, *self.announce()]

    def announce(self) -> list[Effect]:
        """Tell the backups who is primary."""
        heartbeat = Heartbeat(self.epoch, self.position)
        return [*(Send(backup, heartbeat) for backup in self.backups), SetTimer("heartbeat", self.HEARTBEAT_S)]

    def on_request(self, sender: str, request: Request) -> Effects:
        if not self.is_primary:
            return [reply(sender, request, error="not the primary")]
        try:
            answer, changed = store.apply(self.values, request.body)
        except store.Refused as refused:
            return [reply(sender, request, error=str(refused))]
        if not changed:
            return [reply(sender, request, answer)]
        self.position += 1
        key = request.body.key
        replicate = Replicate(self.epoch, self.position, key, self.values[key])
        return [
            self.record(((key, self.values[key]),)),
            reply(sender, request, answer),  # before any backup knows of it
            Probe("acknowledged"),
            *(Send(backup, replicate) for backup in self.backups),
        ]

    def on_fetch(self, sender: str, fetch: Fetch) -> Effects:
        if not self.is_primary:
            return None
        return [Send(sender, State(self.epoch, self.position, tuple(self.values.items())))]

    # A backup

    def follow(self) -> list[Effect]:
        """Be a backup of today's epoch, and wait for its primary."""
        self.is_primary = False
        return [Become("backup"), CancelTimer("heartbeat"), SetTimer("silence", self.SILENCE_S)]

    def hear(self, sender: str, epoch: int) -> list[Effect] | None:
        """Take notice of a message of the primary of *epoch*; return None if that primary is of the past."""
        if epoch < self.epoch or (epoch == self.epoch and self.is_primary):
            return None
        if epoch > self.epoch:
            self.epoch = epoch
            self.behind = True  # who knows what this primary's history is
        return self.follow()

    def on_heartbeat(self, sender: str, heartbeat: Heartbeat) -> Effects:
        effects = self.hear(sender, heartbeat.epoch)
        if effects is None:
            return None
        if self.behind or heartbeat.position > self.position:
            self.behind = True
            effects.append(Send(sender, Fetch(self.epoch)))
        return effects

    def on_replicate(self, sender: str, replicate: Replicate) -> Effects:
        effects = self.hear(sender, replicate.epoch)
        if effects is None:
            return None
        if self.behind or replicate.position > self.position + 1:
            self.behind = True
            return [*effects, Send(sender, Fetch(self.epoch))]
        if replicate.position == self.position + 1:
            self.position = replicate.position
            self.values[replicate.key] = replicate.value
            effects.append(self.record(((replicate.key, replicate.value),)))
        return effects

    def on_state(self, sender: str, state: State) -> Effects:
        effects = self.hear(sender, state.epoch)
        if effects is None or (state.position < self.position and not self.behind):
            return effects
        self.position = state.position
        self.values = dict(state.values)
        self.behind = False
        return [*effects, self.record(state.values, anew=True), Probe("overwritten")]

    # The disk

    def record(self, changes: tuple[tuple[str | None, Any], ...], *, anew: bool = False) -> Persist:
        """Write *changes* to the log, or, *anew*, a log that begins with them."""
        line = json.dumps([self.epoch, self.position, changes]) + "\n"
        return Persist("log", line.encode(), append=not anew)
