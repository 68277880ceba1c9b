"""What the servers of Raft tell each other, and what clients ask: the paper's remote procedure calls as messages.

Figure 2: RequestVote and AppendEntries; figure 13: InstallSnapshot, in one piece; Ongaro's thesis, figure 6.1: the
client's requests.

Beyond the figures: ``pre_vote`` (thesis, section 9.6); ``round``, the number of the leader's latest round of messages,
which an answer returns, so that a leader knows which of its rounds a majority has answered (section 6.4);
``match_index``, so that an answer says which request it answers, however late it comes.
"""

from __future__ import annotations

from typing import Final

import attrs

from chaoslab.statemachine import Invocation
from chaoslab_protocols.raft.log import Entry, Snapshot

__all__ = [
    "BUSY",
    "NOT_LEADER",
    "NO_ROUND",
    "OK",
    "REFUSED",
    "UNKNOWN",
    "AppendEntries",
    "AppendEntriesReply",
    "ClientReply",
    "ClientRequest",
    "InstallSnapshot",
    "InstallSnapshotReply",
    "RequestVote",
    "RequestVoteReply",
]

# Made for every heartbeat: plain, not frozen, which would double the price of making one. Nobody changes them.


@attrs.define
class RequestVote:
    """A candidate asks for a vote; with ``pre_vote`` it asks whether it would get one, if it began that term."""

    term: int
    candidate_id: str
    last_log_index: int
    last_log_term: int
    pre_vote: bool = False


@attrs.define
class RequestVoteReply:
    """The voter's term, and whether it grants the vote."""

    term: int
    vote_granted: bool
    pre_vote: bool = False


@attrs.define
class AppendEntries:
    """The leader replicates its log; without entries, a heartbeat."""

    term: int
    leader_id: str
    prev_log_index: int
    prev_log_term: int
    entries: tuple[Entry, ...]
    leader_commit: int
    round: int


@attrs.define
class AppendEntriesReply:
    """The follower's term and whether its log matched at ``prev_log_index``.

    Attributes:
        match_index: On success, up to where its log is now known to match the leader's; else where the leader may
            look for a match next.
    """

    term: int
    success: bool
    match_index: int
    round: int


@attrs.define
class InstallSnapshot:
    """The leader has discarded what the follower needs, and sends its snapshot instead."""

    term: int
    leader_id: str
    snapshot: Snapshot
    round: int


@attrs.define
class InstallSnapshotReply:
    """The follower's term; its log now matches the leader's up to ``match_index``."""

    term: int
    match_index: int
    round: int


NO_ROUND: Final = 0
"""The round of an answer that confirms none: to a message of an earlier term. Its sender may lead again since, and
count anew after a crash."""

OK: Final = "ok"
NOT_LEADER: Final = "not the leader"
BUSY: Final = "another membership change is under way"
UNKNOWN: Final = "the leader stepped down"
REFUSED: Final = "refused"


@attrs.define
class ClientRequest:
    """A client's request. Its number tells it from all others of that client, and stays when it is repeated."""

    client_id: str
    sequence_num: int
    invocation: Invocation


@attrs.define
class ClientReply:
    """What became of it.

    Attributes:
        sequence_num: The number of the request.
        status: ``OK``; ``NOT_LEADER``, ``BUSY``, ``UNKNOWN``: ask again; ``REFUSED``: it will never be done.
        response: What the state machine answered, or why it refused.
        leader_hint: Who may be the leader.
    """

    sequence_num: int
    status: str
    response: object = None
    leader_hint: str | None = None
