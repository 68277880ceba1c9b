"""What every server has: the state of figure 2, and the rules that hold in every role.

The replica is built in layers, a file each, every layer calling only those below it::

    replica        clients' requests; which message goes where
    membership     join and leave
    reads          read index and leases
    elections      pre-vote, votes, becoming leader
    replication    AppendEntries, and when an entry is committed
    snapshots      applying entries, compaction, InstallSnapshot
    configuration  the log, and the members that it says are in force
    server         state, disk, terms, roles

A layer adds to what a lower one does by extending its method. Names are the paper's.
"""

from __future__ import annotations

from typing import Final

from chaoslab.statemachine import Become, CancelTimer, Context, Effect, Persist, SetTimer
from chaoslab_protocols.raft import journal
from chaoslab_protocols.raft.journal import Record, Recovered
from chaoslab_protocols.raft.settings import Settings
from chaoslab_protocols.raft.state_machine import StateMachine

__all__ = ["CANDIDATE", "FOLLOWER", "LEADER", "Server"]

FOLLOWER: Final = "follower"
CANDIDATE: Final = "candidate"
LEADER: Final = "leader"


class Server:
    """The state of a server, as in figure 2.

    Ongaro & Ousterhout, "In search of an understandable consensus algorithm (extended version)" (2014).

    Attributes:
        current_term: Latest term the server has seen. Persistent.
        voted_for: Candidate that received its vote in the current term, or None. Persistent.
        log: The entries. Persistent.
        commit_index: Index of the highest entry known to be committed.
        last_applied: Index of the highest entry applied to the state machine.
        next_index: On leaders, for each server the index of the next entry to send to it.
        match_index: On leaders, for each server the index of the highest entry known to be replicated on it.
        role: Follower, candidate or leader.
        leader_id: The leader of the current term, if the server knows it: clients are sent there.
        last_heard: When the server last heard of a current leader, on its monotonic clock.
        pre_vote_term: The term for which the server has asked for pre-votes (see ``elections``), or None.
        lost_index: Entries up to there were damaged on the disk: no vote until a leader has given them back.
    """

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.settings: Settings = context.settings or Settings()
        self.monotonic_time = context.monotonic_time
        self.wall_time = context.wall_time
        recovered = self.recovered(context)
        self.is_journal_torn = recovered.torn
        self.current_term = recovered.current_term
        self.voted_for = recovered.voted_for
        self.log = recovered.log
        self.lost_index = recovered.lost_index
        self.state_machine = StateMachine(self.log.snapshot)
        self.commit_index = self.last_applied = self.log.last_included_index
        self.next_index: dict[str, int] = {}
        self.match_index: dict[str, int] = {}
        self.role = FOLLOWER
        self.leader_id: str | None = None
        self.pre_vote_term: int | None = None
        self.last_heard = self.heard_before_start()

    def recovered(self, context: Context) -> Recovered:
        """Return what the disk kept."""
        return journal.recover(context.files, context.nodes)

    def heard_before_start(self) -> float:
        """Return when the server may have heard of a leader for the last time.

        With leases that may have been just before it went down, and that leader counts on its keeping still: it does
        so from now on for as long. Without leases nobody counts on it.
        """
        return self.monotonic_time() if self.settings.reads == "lease" else float("-inf")

    def start(self) -> list[Effect]:
        """Begin as a follower (section 5.2), with a journal that ends in a whole record."""
        written_anew = self.replace_journal() if self.is_journal_torn else []
        return [*written_anew, Become(FOLLOWER), self.election_timer()]

    # The disk

    def save(self, *records: Record) -> Persist:
        """Append *records* to the journal; what follows waits until they are durable."""
        return Persist(journal.JOURNAL, journal.lines(records), append=True)

    def save_state(self) -> list[Effect]:
        """Make the term and the vote durable, "before responding to RPCs" (figure 2)."""
        return [self.save(journal.state_record(self.current_term, self.voted_for))]

    def replace_journal(self) -> list[Effect]:
        """Write the journal anew: with what the server knows now, and nothing that it has discarded."""
        return journal.replace(self.records())

    def records(self) -> list[Record]:
        """Return the records of a journal that says what the server knows now."""
        now = Recovered(
            current_term=self.current_term, voted_for=self.voted_for, log=self.log, lost_index=self.lost_index
        )
        return now.records()

    def found_again(self, match_index: int) -> list[Effect]:
        """The log matches a leader's up to *match_index*: what the disk had lost may be there again."""
        if match_index < self.lost_index:
            return []
        self.lost_index = 0
        return [self.save(journal.lost_record(0))]

    # Terms and roles

    def observe(self, term: int) -> list[Effect]:
        """If *term* > currentTerm: set currentTerm, convert to follower (figure 2, rules for all servers)."""
        if term <= self.current_term:
            return []
        self.current_term, self.voted_for = term, None
        return [*self.save_state(), *self.step_down()]

    def step_down(self) -> list[Effect]:
        """Convert to follower, of a leader that is not known yet."""
        was, self.role, self.leader_id = self.role, FOLLOWER, None
        if was == FOLLOWER:
            return []
        timers = [CancelTimer("heartbeat"), CancelTimer("quorum")] if was == LEADER else []
        return [Become(FOLLOWER), *timers, self.election_timer()]

    def follow(self, term: int, leader_id: str) -> list[Effect]:
        """Take note of a message of the leader of *term*, which is not below the current term."""
        effects = self.observe(term) if term > self.current_term else []
        if self.role != FOLLOWER:
            effects += self.step_down()
        self.leader_id, self.pre_vote_term = leader_id, None
        self.last_heard = self.monotonic_time()
        return effects

    def is_stale(self, term: int) -> bool:
        """Whether a leader's message of *term* is of the past: "reply false if term < currentTerm" (section 5.1)."""
        return term < self.current_term

    def election_timer(self, elapsed: float = 0.0) -> SetTimer:
        """Return the timer of a randomized election timeout (section 5.2), of which *elapsed* seconds are over."""
        shortest = self.settings.election_timeout_s
        return SetTimer("election", (shortest - elapsed, 2 * shortest - elapsed))
