"""A member of a group: a node of Multi-Paxos whose log holds what the group was told.

Rules:

1. Whatever arrives for the group, from another group or from a client, becomes a command. Any member takes it.
2. All members execute the commands; the active leader says what comes of them to the outside. If it fails before,
   nothing was said, and who waits for it asks again.
3. While the group has something to wait for, the active leader lets time pass by a command at each tick.
4. A message to a group goes to one member: the one that was heard of last, or, when it is silent, the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import attrs

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Persist, Send
from chaoslab_protocols.multi_paxos.leader import ACTIVE
from chaoslab_protocols.multi_paxos.messages import Command
from chaoslab_protocols.multi_paxos.replica import Replica
from chaoslab_protocols.multi_paxos.server import Server
from chaoslab_protocols.two_phase_commit.messages import Begin
from chaoslab_protocols.two_phase_commit_replicated.groups import groups_of
from chaoslab_protocols.two_phase_commit_replicated.machine import GroupMachine
from chaoslab_protocols.two_phase_commit_replicated.replica import GroupReplica
from chaoslab_protocols.two_phase_commit_replicated.settings import Settings
from chaoslab_protocols.two_phase_commit_replicated.wire import TICK, message_written

__all__ = ["Deliver", "Member"]

STARTS: Final = "starts"
"""A file with one byte for each start: commands are numbered within one."""


@attrs.frozen
class Deliver:
    """One group to another: a message of two-phase commit."""

    group: str
    message: Any


class Member(Server):
    """One node.

    Attributes:
        SILENCE_S: Seconds after which another member of a group that is silent is written to.
        groups: The members of each group.
        group: The group that this node belongs to.
        machine: The state of that group, as far as this node has executed its log.
    """

    SILENCE_S = 0.2
    replica_class: ClassVar[type[Replica]] = GroupReplica
    machine_class: ClassVar[type[GroupMachine]] = GroupMachine

    def __init__(self, context: Context) -> None:
        settings: Settings = context.settings or Settings()
        self.groups = groups_of(context.nodes, settings.group)
        self.group, members = next((name, some) for name, some in self.groups.items() if context.name in some)
        super().__init__(attrs.evolve(context, nodes=members, settings=settings.paxos))
        self.monotonic_time = context.monotonic_time
        self.incarnation = len(context.files.get(STARTS, b"")) + 1
        self.commands = 0
        self.contacts = dict.fromkeys(self.groups, 0)
        self.heard_s = dict.fromkeys(self.groups, self.monotonic_time())
        self.machine = self.machine_class(self.group, tuple(self.groups), settings)
        assert isinstance(self.replica, GroupReplica)
        self.replica.execute = self.execute
        self.log: GroupReplica = self.replica

    def start(self) -> Effects:
        return [Persist(STARTS, b"+", append=True), *(super().start() or ())]

    # What comes in

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Deliver):
            self.contacts[message.group] = self.groups[message.group].index(sender)
            self.heard_s[message.group] = self.monotonic_time()
            return self.at_home(self.on_told(sender, message.group, message.message))
        if isinstance(message, Begin):
            return self.at_home(self.on_told(sender, sender, message))
        return super().message(sender, message)

    def on_told(self, node: str, sender: str, message: Any) -> list[Effect]:
        """Let what *sender*, a group or a client, says to this group become a command."""
        return self.submit(message_written(sender, message))

    def submit(self, operation: Invocation) -> list[Effect]:
        """Propose a command; its number is of this start and used once."""
        self.commands += 1
        return self.log.submit(Command(f"{self.name}.{self.incarnation}", self.commands, operation))

    def timer(self, name: str) -> Effects:
        effects = list(super().timer(name) or ())
        if name != "tick":
            return effects
        now_s = self.monotonic_time()
        for group, members in self.groups.items():
            if now_s - self.heard_s[group] > self.SILENCE_S:
                self.contacts[group] = (self.contacts[group] + 1) % len(members)
        if self.leader.role == ACTIVE and self.machine.is_waiting and not self.log.has_pending(TICK.f):
            effects += self.at_home(self.submit(TICK))
        return effects

    # What goes out

    def execute(self, operation: Invocation) -> list[Effect]:
        """Execute a command; if this node leads its group, say what comes of it."""
        effects = self.machine.apply(operation)
        return self.routed(effects) if self.leader.role == ACTIVE else []

    def routed(self, effects: Sequence[Effect]) -> list[Effect]:
        """Return *effects*, with messages to groups addressed to one member each."""
        return [self.sent(effect) if isinstance(effect, Send) else effect for effect in effects]

    def sent(self, effect: Send) -> Send:
        """Return *effect*, a message to a group or a client, as one to a node or a client."""
        members = self.groups.get(effect.to)
        if members is None:
            return effect
        return Send(members[self.contacts[effect.to]], Deliver(self.group, effect.message))
