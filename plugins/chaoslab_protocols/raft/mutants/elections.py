"""Mistakes in elections: votes, terms, candidates."""

from __future__ import annotations

from chaoslab.statemachine import Effect
from chaoslab_protocols.raft import journal
from chaoslab_protocols.raft.mutants.planted import PLANTED
from chaoslab_protocols.raft.replica import Replica

__all__: list[str] = []


@PLANTED.mutant(
    "R2",
    "the vote is not saved before it is given",
    source="akka-raft issue 56; raft.tla pull request 5",
    scenario="raft/elections",
)
class ForgetsItsVote(Replica):
    def save_state(self) -> list[Effect]:
        return [self.save(journal.state_record(self.current_term, None))]


@PLANTED.mutant("R3", "the current term is not saved", source="raft.tla pull request 5", scenario="raft/elections")
class ForgetsItsTerm(Replica):
    def save_state(self) -> list[Effect]:
        return []


@PLANTED.mutant(
    "R4",
    "a vote is granted whatever the candidate's log lacks",
    source="Raft section 5.4.1",
    scenario="raft/partitions",
)
class VotesForAnybody(Replica):
    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        return True


@PLANTED.mutant(
    "R11",
    "no pre-vote and no leader stickiness: a server that hears nobody raises the term for all",
    source="Raft thesis section 4.2.3; Cloudflare's outage of November 2020",
    scenario="raft/deaf_server",
    check="availability",
)
class DisturbsTheLeader(Replica):
    def begin_pre_vote(self) -> list[Effect]:
        self.pre_vote_term = self.current_term + 1
        return self.start_election()

    def is_led(self) -> bool:
        return False


@PLANTED.mutant(
    "R27",
    "a pre-vote that succeeds makes a candidate of a term in which the server has voted for another meanwhile",
    source="camunda/zeebe issue 1068",
    scenario="raft/split_votes",
)
class StandsInTheTermItVotedIn(Replica):
    def call_off_pre_vote(self) -> None:
        return
