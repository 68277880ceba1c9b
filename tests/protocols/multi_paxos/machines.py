"""Servers of Multi-Paxos driven by hand: no simulator, a disk that is a dict."""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Invocation
from chaoslab_protocols.multi_paxos.messages import (
    BOTTOM,
    Ballot,
    ClientRequest,
    Command,
    P1b,
    P2b,
    PValue,
)
from chaoslab_protocols.multi_paxos.server import Server as Machine
from tests.protocols.by_hand import ByHand, of, sends

__all__ = ["Server", "accepted_by", "active", "command", "context", "of", "pvalue", "request", "sends"]

NODES = ("n1", "n2", "n3")


def context(name: str = "n1", files: dict[str, bytes] | None = None) -> Context:
    return Context(
        name=name,
        nodes=NODES,
        settings=None,
        files={} if files is None else files,
        wall_time=lambda: 0.0,
        monotonic_time=lambda: 0.0,
        home=name,
    )


def command(value: int, client: str = "c1", f: str = "write") -> Command:
    """A command that writes *value*, which is the client's number for it, too."""
    return Command(client, value, Invocation(f=f, key="x", value=value))


def request(value: int, client: str = "c1", f: str = "write") -> ClientRequest:
    return ClientRequest(command(value, client, f))


def pvalue(round: int, slot: int, value: int, leader: str = "n2") -> PValue:
    return PValue(Ballot(round, leader), slot, command(value))


class Server(ByHand):
    """One machine and its disk."""

    def __init__(self, name: str = "n1") -> None:
        self.files: dict[str, bytes] = {}
        self.name = name
        self.restart()

    def restart(self) -> None:
        self.machine = Machine(context(self.name, self.files))
        self.did(self.machine.start())


def active(*accepted: PValue, one: Server | None = None) -> Server:
    """A leader whose ballot n2 has adopted, having accepted *accepted* before."""
    one = one or Server()
    one.fires("silence")
    one.gets("n2", P1b(one.machine.leader.ballot_num, accepted, one.machine.leader.ballot_num))
    assert one.machine.leader.role == "active"
    return one


def accepted_by(one: Server, acceptor: str, slot: int) -> list[Effect]:
    """*acceptor* accepts what the leader *one* proposes for *slot*."""
    assert one.machine.leader.ballot_num > BOTTOM
    return one.gets(acceptor, P2b(one.machine.leader.ballot_num, slot, one.machine.leader.ballot_num))
