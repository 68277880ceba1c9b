"""Membership changes, one server at a time (thesis, chapter 4).

Rules:

1. A leader changes the configuration only after an entry of its own term is committed, and only when the previous
   change is: without the first, two leaders could each have a majority of their own (Ongaro on raft-dev, 2015).
2. A server that joins catches up before it counts (section 4.2.1).
3. A leader that leaves goes on until the configuration without it is committed, does not count itself meanwhile, and
   then steps down (section 4.2.2).
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Send
from chaoslab_protocols.raft.log import Configuration, Entry
from chaoslab_protocols.raft.messages import BUSY, OK, REFUSED, ClientReply, ClientRequest
from chaoslab_protocols.raft.reads import Reads
from chaoslab_protocols.raft.server import LEADER

__all__ = ["CHANGES", "Membership"]

CHANGES = ("join", "leave")


class Membership(Reads):
    """Leaders change the configuration.

    Attributes:
        waiting: Who waits for the entry at an index to be applied: the client, and its number for the command.
        join_request: Who asked for the join that is being prepared.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.waiting: dict[int, tuple[str, int]] = {}
        self.join_request: tuple[str, int] | None = None

    def change_membership(self, sender: str, request: ClientRequest) -> Effects:
        """Let a server join or leave, and answer once that is committed."""
        server = request.invocation.value
        members = self.members
        if (server in members) == (request.invocation.f == "join") and self.configuration_index <= self.commit_index:
            return [self.answer(sender, request.sequence_num, OK)]  # done already, by an earlier try
        if not self.may_change_membership():
            return [self.answer(sender, request.sequence_num, BUSY)]
        if request.invocation.f == "join":
            return self.prepare_join(server, (sender, request.sequence_num))
        remaining = tuple(member for member in members if member != server)
        if not remaining:
            return [self.answer(sender, request.sequence_num, REFUSED, "the last member stays")]
        return self.enter(Configuration(remaining), (sender, request.sequence_num))

    def may_change_membership(self) -> bool:
        """Whether an entry of this term is committed, and with it every earlier configuration."""
        return self.has_committed_in_its_term() and self.configuration_index <= self.commit_index

    def has_committed_in_its_term(self) -> bool:
        """Whether an entry of the leader's own term is committed."""
        return self.commit_index >= self.term_start

    # Joining

    def prepare_join(self, server: str, asked_by: tuple[str, int]) -> list[Effect]:
        """Begin to replicate to *server*, which does not count yet."""
        self.join_request = asked_by
        if server == self.joining:
            return []
        self.joining = server
        self.next_index[server] = self.log.last_index + 1
        self.match_index[server] = 0
        self.put_in_force()
        return self.begin_round()

    def replicated(self, server: str, match_index: int) -> list[Effect]:
        effects = super().replicated(server, match_index)
        if server == self.joining and self.has_caught_up(server) and self.may_change_membership():
            return [*effects, *self.finish_join(server)]
        return effects

    def has_caught_up(self, server: str) -> bool:
        """Whether *server* has all that is committed."""
        return self.match_index[server] >= self.commit_index

    def finish_join(self, server: str) -> list[Effect]:
        """Let *server*, which has caught up, be a member."""
        asked_by, self.join_request, self.joining = self.join_request, None, None
        return self.enter(Configuration((*self.members, server)), asked_by)

    # Entries that somebody waits for

    def enter(self, command: Any, asked_by: tuple[str, int] | None) -> list[Effect]:
        """Append *command* to the log; whoever asked is answered when it has been applied."""
        if asked_by is not None:
            self.waiting[self.log.last_index + 1] = asked_by
        return self.replicate(Entry(self.current_term, command))

    def applied(self, index: int, entry: Entry, answer: Any) -> list[Effect]:
        waiting = self.waiting.pop(index, None)
        answers: list[Effect] = [] if waiting is None else [self.answer(*waiting, OK, answer)]
        return [*super().applied(index, entry, answer), *answers]

    def commit_up_to(self, index: int) -> list[Effect]:
        effects = super().commit_up_to(index)
        if self.role == LEADER and self.name not in self.members and self.configuration_index <= self.commit_index:
            return [*effects, *self.step_down()]
        return effects

    def answer(self, client: str, sequence_num: int, status: str, response: Any = None) -> Send:
        """Return the answer to a client's request."""
        return Send(client, ClientReply(sequence_num, status, response, self.leader_id or self.member_to_ask()))

    def member_to_ask(self) -> str | None:
        """Return whom clients should ask if this server has left, and hears of no leader: the latest to have joined.

        Clients may know none but servers that have left.
        """
        return None if self.name in self.members else self.members[-1]

    def step_down(self) -> list[Effect]:
        self.join_request = None
        if self.joining is not None:
            self.joining = None
            self.put_in_force()
        return super().step_down()
