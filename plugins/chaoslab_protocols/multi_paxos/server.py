"""A node of Multi-Paxos: an acceptor, a replica and a leader on one machine (colocation, section 4).

What one of them tells another on the same node does not take the network: it is handled on the spot, in its place among
the effects. So what follows a write to the disk waits for it as if it had come by a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from chaoslab.statemachine import Become, Context, Effect, Effects, Send, SetTimer
from chaoslab_protocols.multi_paxos.acceptor import Acceptor
from chaoslab_protocols.multi_paxos.journal import JOURNAL
from chaoslab_protocols.multi_paxos.leader import PASSIVE, Leader
from chaoslab_protocols.multi_paxos.messages import (
    Alive,
    ClientRequest,
    Decision,
    Decisions,
    Learn,
    P1a,
    P1b,
    P2a,
    P2b,
    Propose,
)
from chaoslab_protocols.multi_paxos.replica import Replica
from chaoslab_protocols.multi_paxos.settings import Settings

__all__ = ["Server"]


class Server:
    """One node.

    Attributes:
        acceptor: Its acceptor.
        replica: Its replica.
        leader: Its leader.
    """

    acceptor_class: ClassVar[type[Acceptor]] = Acceptor
    replica_class: ClassVar[type[Replica]] = Replica
    leader_class: ClassVar[type[Leader]] = Leader

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.settings: Settings = context.settings or Settings()
        self.acceptor = self.acceptor_class(context.files.get(JOURNAL, b""))
        self.replica = self.replica_class([*context.peers, context.name], self.settings.window)
        self.leader = self.leader_class(
            context.name, context.nodes, self.acceptor.ballot_num, self.replica, self.settings
        )
        self.handlers: dict[type, Callable[[str, Any], Sequence[Effect]]] = {
            P1a: self.on_p1a,
            P2a: self.on_p2a,
            P1b: self.leader.on_p1b,
            P2b: self.leader.on_p2b,
            Propose: self.leader.on_propose,
            Alive: self.on_alive,
            ClientRequest: self.replica.on_request,
            Decision: self.on_decision,
            Learn: self.replica.on_learn,
            Decisions: self.on_decisions,
        }

    def start(self) -> Effects:
        silence = SetTimer("silence", self.settings.silence_s)
        return [*self.acceptor.start(), Become(PASSIVE), silence, SetTimer("tick", self.settings.tick_s)]

    def message(self, sender: str, message: Any) -> Effects:
        return self.at_home(self.handlers[message.__class__](sender, message))

    def timer(self, name: str) -> Effects:
        if name == "silence":
            return self.at_home(self.leader.on_silence())
        again = SetTimer("tick", self.settings.tick_s)
        return [*self.at_home(self.leader.on_tick()), *self.at_home(self.replica.on_tick()), again]

    def at_home(self, effects: Sequence[Effect]) -> list[Effect]:
        """Return *effects*, with what this node sends itself carried out."""
        done: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Send) and effect.to == self.name:
                done += self.at_home(self.handlers[effect.message.__class__](self.name, effect.message))
            else:
                done.append(effect)
        return done

    def on_p1a(self, sender: str, message: P1a) -> list[Effect]:
        """The acceptor answers, and the leader hears of the ballot."""
        return [*self.acceptor.on_p1a(sender, message), *self.leader.hear(message.ballot)]

    def on_p2a(self, sender: str, message: P2a) -> list[Effect]:
        """The acceptor answers, and the leader hears of the ballot."""
        return [*self.acceptor.on_p2a(sender, message), *self.leader.hear(message.pvalue.ballot)]

    def on_alive(self, sender: str, message: Alive) -> list[Effect]:
        """The leader keeps still, the replica catches up."""
        return [*self.leader.on_alive(message.ballot), *self.replica.on_alive(sender, message.slot_out)]

    def on_decision(self, sender: str, message: Decision) -> list[Effect]:
        """Tell the replica, and its leader, which need not propose for the slot any more."""
        effects = self.replica.on_decision(message.slot, message.command)
        self.leader.on_decided(message.slot)
        return effects

    def on_decisions(self, sender: str, message: Decisions) -> list[Effect]:
        """As for each decision alone."""
        effects = self.replica.on_decisions(sender, message)
        for slot in range(message.slot, message.slot + len(message.commands)):
            self.leader.on_decided(slot)
        return effects
