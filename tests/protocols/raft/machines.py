"""Servers of Raft driven by hand: no simulator, a clock that is set, a disk that is a dict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaoslab.statemachine import Context, Effect, Invocation, Send, SetTimer
from chaoslab_protocols.raft import journal
from chaoslab_protocols.raft.log import Entry, Operation
from chaoslab_protocols.raft.messages import AppendEntries, AppendEntriesReply, ClientRequest, RequestVoteReply
from chaoslab_protocols.raft.replica import Replica
from chaoslab_protocols.raft.settings import Settings
from tests.protocols.by_hand import ByHand

__all__ = ["Server", "append", "entry", "leader", "request", "server"]


def entry(term: int, value: int, key: str = "x", client: str = "c1") -> Entry:
    """An entry that writes *value*; the value is the client's number for it, too."""
    return Entry(term, Operation(client, value, Invocation(f="write", key=key, value=value)))


def request(f: str, value: Any = None, number: int = 1, key: str = "x", client: str = "c1") -> ClientRequest:
    """A client's request."""
    return ClientRequest(client, number, Invocation(f=f, key=key, value=value))


def append(
    term: int, prev: tuple[int, int], *entries: Entry, commit: int = 0, leader: str = "n2", round: int = 1
) -> AppendEntries:
    """An AppendEntries of *leader*; *prev* is (prevLogIndex, prevLogTerm)."""
    return AppendEntries(term, leader, *prev, entries, commit, round)


class Server(ByHand):
    """One machine, its disk and its clock."""

    def __init__(self, name: str, nodes: Sequence[str], settings: Settings, files: dict[str, bytes]) -> None:
        self.now = 1000.0
        self.files = files
        self.context = Context(
            name=name,
            nodes=tuple(nodes),
            settings=settings,
            files=files,
            wall_time=lambda: 0.0,
            monotonic_time=lambda: self.now,
            home=name,
        )
        self.restart()

    def restart(self) -> None:
        self.machine = Replica(self.context)
        self.did(self.machine.start())

    def election_timeout(self) -> list[Effect]:
        """So long without a leader that an election begins."""
        self.now += 2 * self.machine.settings.election_timeout_s
        return self.fires("election")

    def terms(self) -> list[int]:
        """The terms of the entries in the log."""
        return [one.term for one in self.machine.log.entries]


def sends(effects: Sequence[Effect], kind: type = object) -> list[Send]:
    """The messages among *effects*, of *kind*."""
    return [effect for effect in effects if isinstance(effect, Send) and isinstance(effect.message, kind)]


def timers(effects: Sequence[Effect]) -> list[str]:
    """The timers set among *effects*."""
    return [effect.name for effect in effects if isinstance(effect, SetTimer)]


def server(
    *entries: Entry,
    term: int = 0,
    voted_for: str | None = None,
    nodes: int = 3,
    name: str = "n1",
    settings: Settings | None = None,
) -> Server:
    """A follower that starts from a disk with this term, vote and log."""
    records = [journal.state_record(term, voted_for)]
    records += [journal.entry_record(index, one) for index, one in enumerate(entries, start=1)]
    files = {journal.JOURNAL: journal.lines(records)} if term or entries else {}
    return Server(name, [f"n{number}" for number in range(1, nodes + 1)], settings or Settings(), files)


def elect(one: Server) -> list[Effect]:
    """Let *one* win an election; return what it did when it became the leader."""
    one.election_timeout()
    done: list[Effect] = []
    for pre_vote in (True, False):
        term = one.machine.current_term + pre_vote
        for peer in one.machine.peers[: len(one.machine.members) // 2]:
            done = one.gets(peer, RequestVoteReply(term, True, pre_vote))
    assert one.machine.role == "leader"
    return done


def leader(*entries: Entry, term: int = 0, nodes: int = 3, settings: Settings | None = None) -> Server:
    """The leader of the term after *term*, whose first entry is in no other log yet."""
    one = server(*entries, term=term, nodes=nodes, settings=settings)
    elect(one)
    return one


def acknowledge(one: Server, *peers: str) -> list[Effect]:
    """*peers* have everything that the leader *one* has."""
    done: list[Effect] = []
    for peer in peers:
        machine = one.machine
        reply = AppendEntriesReply(machine.current_term, True, machine.log.last_index, machine.round)
        done += one.gets(peer, reply)
    return done
