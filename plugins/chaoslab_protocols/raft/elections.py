"""Leader election (section 5.2), with the election restriction (5.4.1), pre-vote and leader stickiness.

Ongaro's thesis: a server that would not get a majority does not begin a term (section 9.6), and servers that hear from
a leader grant nobody a vote (section 4.2.3). A leader that a majority does not answer steps down (section 6.2).
"""

from __future__ import annotations

from chaoslab.statemachine import Become, CancelTimer, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols.raft.log import Entry
from chaoslab_protocols.raft.messages import RequestVote, RequestVoteReply
from chaoslab_protocols.raft.replication import Replication
from chaoslab_protocols.raft.server import CANDIDATE, LEADER

__all__ = ["Elections"]


class Elections(Replication):
    """Followers become candidates, candidates become leaders.

    Attributes:
        pre_votes: Who would vote for it.
        votes: Who has voted for it.
        term_start: On leaders, the index of the entry with which the term began.
        checked_round: On leaders, the latest round when the quorum was last checked.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.pre_votes: dict[str, None] = {}
        self.votes: dict[str, None] = {}
        self.term_start = 0
        self.checked_round = 0

    # Followers and candidates: "if election timeout elapses"

    def on_election_timeout(self) -> list[Effect]:
        silence = self.monotonic_time() - self.last_heard
        if silence < self.settings.election_timeout_s:  # heard from a leader since the timer was set
            return [self.election_timer(elapsed=silence)]
        self.leader_id = None
        begin = self.begin_pre_vote() if self.may_stand() else []
        return [self.election_timer(), *begin]

    def may_stand(self) -> bool:
        """Whether the server may become a leader: it may be needed as one, and its disk has lost nothing.

        Needed are members, and who has left as long as that is not committed: nobody else may have the entry, and then
        nobody else can get its vote (thesis, section 4.2.2, figure 4.6). It does not count its own vote.
        """
        is_needed = self.name in self.members or self.configuration_index > self.commit_index
        return is_needed and not self.lost_index

    def begin_pre_vote(self) -> list[Effect]:
        """Ask who would grant a vote, without beginning a term."""
        self.pre_vote_term = self.current_term + 1
        self.pre_votes = {self.name: None}
        if self.is_majority(self.pre_votes):
            return self.start_election()
        return self.request_votes(self.pre_vote_term, pre_vote=True)

    def start_election(self) -> list[Effect]:
        """On conversion to candidate: increment currentTerm, vote for self, send RequestVote RPCs (figure 2)."""
        assert self.pre_vote_term is not None
        self.current_term, self.voted_for = self.pre_vote_term, self.name
        self.pre_vote_term = None
        self.role, self.leader_id = CANDIDATE, None
        self.votes = {self.name: None}
        effects = [*self.save_state(), Probe("term-begun"), Become(CANDIDATE), self.election_timer()]
        if self.is_majority(self.votes):
            return [*effects, *self.become_leader()]
        return [*effects, *self.request_votes(self.current_term)]

    def call_off_pre_vote(self) -> None:
        """Pre-votes that still arrive count for nothing."""
        self.pre_vote_term = None

    def observe(self, term: int) -> list[Effect]:
        if term > self.current_term:
            self.call_off_pre_vote()  # it was about a term that has begun without this server
        return super().observe(term)

    def request_votes(self, term: int, *, pre_vote: bool = False) -> list[Effect]:
        """Ask the other members for their votes in *term*."""
        request = RequestVote(term, self.name, self.log.last_index, self.log.last_term, pre_vote)
        granted = self.pre_votes if pre_vote else self.votes
        asked = [peer for peer in self.members if peer not in granted]
        return [*(Send(peer, request) for peer in asked), SetTimer("votes", self.settings.heartbeat_s)]

    def ask_again(self) -> list[Effect]:
        """Ask those again that have not granted their vote: messages may be lost (section 5.1)."""
        if self.pre_vote_term is not None:
            return self.request_votes(self.pre_vote_term, pre_vote=True)
        return self.request_votes(self.current_term) if self.role == CANDIDATE else []

    # RequestVote RPC: receiver implementation (figure 2)

    def on_request_vote(self, sender: str, request: RequestVote) -> Effects:
        if self.is_led():  # neither grants its vote nor updates its term
            return [Send(sender, RequestVoteReply(self.current_term, False, request.pre_vote))]
        if request.pre_vote:
            granted = self.would_vote_for(request)
            return [Send(sender, RequestVoteReply(request.term if granted else self.current_term, granted, True))]
        effects = self.observe(request.term)
        granted = self.would_vote_for(request)
        if granted:
            self.call_off_pre_vote()
            self.voted_for = request.candidate_id
            effects += [*self.save_state(), Probe("vote-saved"), self.election_timer()]
        return [*effects, Send(sender, RequestVoteReply(self.current_term, granted))]

    def is_led(self) -> bool:
        """Whether the server is a leader, or has heard from one within the shortest election timeout."""
        return self.role == LEADER or self.monotonic_time() - self.last_heard < self.settings.election_timeout_s

    def would_vote_for(self, request: RequestVote) -> bool:
        """Whether the candidate's term, the server's earlier vote and the candidate's log allow a vote for it."""
        if self.lost_index or request.term < self.current_term:
            return False
        free = request.term > self.current_term or self.voted_for in (None, request.candidate_id)
        return free and self.is_up_to_date(request.last_log_index, request.last_log_term)

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        """Whether a log that ends so is at least as up-to-date as this one: the later term, then the longer log."""
        return (last_log_term, last_log_index) >= (self.log.last_term, self.log.last_index)

    # Candidates count

    def on_request_vote_reply(self, sender: str, reply: RequestVoteReply) -> Effects:
        if reply.pre_vote and reply.vote_granted:
            return self.count_pre_vote(sender, reply)
        if reply.term > self.current_term:
            return self.observe(reply.term)
        if self.role != CANDIDATE or reply.pre_vote or not reply.vote_granted or reply.term != self.current_term:
            return None
        self.votes[sender] = None
        return self.become_leader() if self.is_majority(self.votes) else None

    def count_pre_vote(self, sender: str, reply: RequestVoteReply) -> Effects:
        if self.pre_vote_term is None or reply.term != self.pre_vote_term:
            return None
        self.pre_votes[sender] = None
        return self.start_election() if self.is_majority(self.pre_votes) else None

    # Leaders

    def become_leader(self) -> list[Effect]:
        """Received votes from a majority of servers: become leader."""
        self.role, self.leader_id = LEADER, self.name
        self.next_index = dict.fromkeys(self.peers, self.log.last_index + 1)
        self.match_index = dict.fromkeys(self.peers, 0)
        self.acked_round, self.checked_round = {}, self.round
        self.term_start = self.log.last_index + 1
        quorum_timer = SetTimer("quorum", self.settings.election_timeout_s)
        return [
            Become(LEADER),
            Probe("became-leader"),
            CancelTimer("election"),
            quorum_timer,
            *self.begin_term(),
        ]

    def begin_term(self) -> list[Effect]:
        """Begin the term with an empty entry: once that is committed, all before it is (thesis, section 6.4)."""
        return self.replicate(Entry(self.current_term, None))

    def replicate(self, entry: Entry) -> list[Effect]:
        """Append *entry* to the leader's log and send it to all; the disk and the network work at the same time."""
        written = self.append([entry])
        return [*self.begin_round(), *written, *self.advance_commit_index()]

    def check_quorum(self) -> list[Effect]:
        """Step down if in an election timeout no round was answered by a majority (thesis, section 6.2)."""
        if self.confirmed_round() < self.checked_round:
            return self.step_down()
        self.checked_round = self.round
        return [SetTimer("quorum", self.settings.election_timeout_s)]
