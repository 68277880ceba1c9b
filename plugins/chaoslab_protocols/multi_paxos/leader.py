"""A leader: passive, scouting for a ballot, or active with one (section 2, figure 7).

The first phase covers all slots at once, so an active leader needs one round trip to the acceptors for a command. What
was not answered is sent again at every tick. Safety needs none of the timers here: there may be any number of leaders.

Failure detection (section 3): an active leader says at every tick that it is alive. The others are passive, until they
hear nothing for a random time. A scouting leader does not count as alive: it may be one that nobody can answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chaoslab.statemachine import Become, CancelTimer, Effect, Probe, Send, SetTimer
from chaoslab_protocols.multi_paxos.commander import Commander
from chaoslab_protocols.multi_paxos.messages import (
    BOTTOM,
    NO_OP,
    Alive,
    Ballot,
    Command,
    Decision,
    P1b,
    P2b,
    Propose,
    PValue,
)
from chaoslab_protocols.multi_paxos.replica import Replica
from chaoslab_protocols.multi_paxos.scout import Scout, pmax
from chaoslab_protocols.multi_paxos.settings import Settings

__all__ = ["ACTIVE", "PASSIVE", "SCOUTING", "Leader"]

PASSIVE: Final = "passive"
SCOUTING: Final = "scouting"
ACTIVE: Final = "active"


class Leader:
    """One leader, beside a replica on the same node (colocation, section 4), from which it knows what is decided.

    Probes: ``adopted``: a ballot has its promises and nobody knows; ``decided``: a pvalue has its quorum and nobody
    knows; ``preempted``: a higher ballot ended this one; ``filled``: a gap is proposed to be a no-op.

    Attributes:
        TRIES_MAX: How often a commander asks before the leader takes it that it is cut off, and turns passive.
        ballot_num: The ballot of this leader, once it has one.
        highest: The highest ballot it has heard of: the next one of its own is above it.
        role: Passive, scouting or active.
        proposals: Slot to command, for slots that are not known to be decided.
    """

    TRIES_MAX = 8

    def __init__(self, name: str, nodes: Sequence[str], highest: Ballot, replica: Replica, settings: Settings) -> None:
        self.name = name
        self.nodes = nodes
        self.peers = [node for node in nodes if node != name]
        self.replica = replica
        self.settings = settings
        self.ballot_num = BOTTOM
        self.highest = highest
        self.role = PASSIVE
        self.proposals: dict[int, Command | None] = {}
        self.scout: Scout | None = None
        self.commanders: dict[int, Commander] = {}
        self.quorum_1, self.quorum_2 = self.quorums(len(nodes))

    def quorums(self, acceptors: int) -> tuple[int, int]:
        """Return how many acceptors must promise, and accept: majorities, so that any two have one in common."""
        return acceptors // 2 + 1, acceptors // 2 + 1

    def become(self, role: str) -> list[Effect]:
        """Play *role* from now on."""
        self.role = role
        timer = SetTimer("silence", self.settings.silence_s) if role == PASSIVE else CancelTimer("silence")
        return [Become(role), timer]

    # The first phase

    def on_silence(self) -> list[Effect]:
        """No leader is alive: begin a ballot above all that this leader has heard of."""
        if self.role != PASSIVE:
            return []
        self.ballot_num = self.highest = self.next_ballot()
        # Its own acceptor first: the ballot is on this node's disk before any other hears of it, so a leader that
        # starts again never uses a ballot twice.
        self.scout = Scout(self.ballot_num, self.replica.slot_out, [self.name, *self.peers], self.quorum_1)
        return [*self.become(SCOUTING), *self.scout.ask()]

    def next_ballot(self) -> Ballot:
        """Return a ballot above all that this leader has heard of, and that no other leader uses."""
        return Ballot(self.highest.round + 1, self.name)

    def on_p1b(self, sender: str, message: P1b) -> list[Effect]:
        """Count a promise, or learn of a higher ballot.

        What answers an earlier scout of this leader is no promise to this one, though it may name its ballot: it tells
        only of slots that the earlier one asked for.
        """
        if self.scout is None or not message.ballot == message.scout == self.scout.ballot:
            return self.hear(message.ballot)
        return self.adopted(self.scout.pvalues) if self.scout.on_p1b(sender, message) else []

    def adopted(self, pvalues: Sequence[PValue]) -> list[Effect]:
        """The ballot has its promises: propose what may have been decided before, then what replicas asked for."""
        self.scout = None
        self.proposals = self.choose(pmax(pvalues))
        effects = [*self.become(ACTIVE), Probe("adopted"), *self.alive()]
        for slot in sorted(self.proposals):
            effects += self.command(slot)
        return effects

    def choose(self, found: dict[int, PValue]) -> dict[int, Command | None]:
        """Return what to propose: what acceptors had accepted goes before this leader's own (figure 7)."""
        first = self.replica.slot_out
        chosen: dict[int, Command | None] = {slot: self.proposals[slot] for slot in self.proposals if slot >= first}
        chosen |= {slot: pvalue.command for slot, pvalue in found.items() if slot >= first}
        for slot in range(first, max(found, default=0)):  # holes before what may be decided
            chosen.setdefault(slot, NO_OP)
        return chosen

    # The second phase

    def on_propose(self, sender: str, message: Propose) -> list[Effect]:
        """Propose the command, unless another is proposed or decided for the slot."""
        slot = message.slot
        if slot in self.replica.decisions:
            return [Send(sender, Decision(slot, self.replica.decisions[slot]))]
        if slot in self.proposals:
            return []
        self.proposals[slot] = message.command
        return self.command(slot) if self.role == ACTIVE else []

    def command(self, slot: int) -> list[Effect]:
        """Let a commander see to *slot*."""
        if slot in self.replica.decisions:
            return []
        command = self.proposals[slot]
        commander = Commander(PValue(self.ballot_num, slot, command), [*self.peers, self.name], self.quorum_2)
        self.commanders[slot] = commander
        return [*([Probe("filled")] if command is NO_OP else []), *commander.ask()]

    def on_p2b(self, sender: str, message: P2b) -> list[Effect]:
        """Count an acceptor, or learn of a higher ballot; what answers a commander of an earlier ballot is no vote."""
        if not message.ballot == message.commander == self.ballot_num:
            return self.hear(message.ballot)
        commander = self.commanders.get(message.slot)
        if commander is None or not commander.on_p2b(sender):
            return []
        del self.commanders[message.slot]
        decision = Decision(message.slot, commander.pvalue.command)
        return [Probe("decided"), *(Send(node, decision) for node in [*self.peers, self.name])]

    def on_decided(self, slot: int) -> None:
        """The replica has learned what is decided for *slot*."""
        self.proposals.pop(slot, None)
        self.commanders.pop(slot, None)

    # Other leaders

    def hear(self, ballot: Ballot) -> list[Effect]:
        """Take notice of a ballot; a higher one preempts this leader's."""
        self.highest = max(self.highest, ballot)
        if self.role == PASSIVE or ballot <= self.ballot_num:
            return []
        return [Probe("preempted"), *self.retire()]

    def retire(self) -> list[Effect]:
        """Give the ballot up."""
        self.scout = None
        self.commanders.clear()
        return self.become(PASSIVE)

    def on_alive(self, ballot: Ballot) -> list[Effect]:
        """The leader of *ballot* is alive: keep still, unless it is of the past."""
        effects = self.hear(ballot)
        return self.become_still() if not effects and self.role == PASSIVE and ballot >= self.highest else effects

    def become_still(self) -> list[Effect]:
        """Stay passive for another while."""
        return [SetTimer("silence", self.settings.silence_s)]

    def alive(self) -> list[Effect]:
        """Say that this leader is alive."""
        return [Send(peer, Alive(self.ballot_num, self.replica.slot_out)) for peer in self.peers]

    def on_tick(self) -> list[Effect]:
        """Send again what was not answered."""
        if self.scout is not None:
            return self.scout.ask()
        if self.role != ACTIVE:
            return []
        if any(commander.tries >= self.TRIES_MAX for commander in self.commanders.values()):
            return self.retire()
        return [*self.alive(), *(effect for one in self.commanders.values() for effect in one.ask())]
