"""Servers of Multi-Paxos driven by hand: no simulator, a disk that is a dict."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Persist, Rename, Send, Write
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


class Server:
    """One machine and its disk; every call returns the effects and carries out those on the disk."""

    def __init__(self, name: str = "n1") -> None:
        self.files: dict[str, bytes] = {}
        self.name = name
        self.restart()

    def restart(self) -> None:
        self.machine = Machine(context(self.name, self.files))
        self.did(self.machine.start())

    def did(self, effects: Effects) -> list[Effect]:
        done = list(effects or ())
        for effect in done:
            if isinstance(effect, Persist | Write):
                before = self.files.get(effect.path, b"") if effect.append else b""
                self.files[effect.path] = before + effect.data
            elif isinstance(effect, Rename):
                self.files[effect.to] = self.files.pop(effect.path)
        return done

    def gets(self, sender: str, message: Any) -> list[Effect]:
        """*message* arrives from *sender*."""
        return self.did(self.machine.message(sender, message))

    def hears(self, sender: str, message: Any) -> Any:
        """*message* arrives, and is answered: return the one answer to *sender*."""
        (answer,) = [effect.message for effect in of(Send, self.gets(sender, message)) if effect.to == sender]
        return answer

    def fires(self, timer: str) -> list[Effect]:
        return self.did(self.machine.timer(timer))


def of(kind: type, effects: Effects) -> list[Any]:
    return [effect for effect in effects or () if isinstance(effect, kind)]


def sends(effects: Effects, kind: type, to: str | None = None) -> list[Any]:
    """The messages of *kind* among *effects*, those to *to* or all."""
    return [
        effect.message for effect in of(Send, effects) if isinstance(effect.message, kind) and to in (None, effect.to)
    ]


def active(*accepted: PValue, one: Server | None = None) -> Server:
    """A leader whose ballot n2 has adopted, having accepted *accepted* before."""
    one = one or Server()
    one.fires("silence")
    one.gets("n2", P1b(one.machine.leader.ballot_num, accepted))
    assert one.machine.leader.role == "active"
    return one


def accepted_by(one: Server, acceptor: str, slot: int) -> list[Effect]:
    """*acceptor* accepts what the leader *one* proposes for *slot*."""
    assert one.machine.leader.ballot_num > BOTTOM
    return one.gets(acceptor, P2b(one.machine.leader.ballot_num, slot))
