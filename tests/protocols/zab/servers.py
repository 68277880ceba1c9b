"""Servers of Zab driven by hand: no simulator, a disk that is a dict, and the other servers played by the test."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Invocation, Send
from chaoslab_protocols.zab.messages import (
    ZERO,
    AckEpoch,
    AckNewLeader,
    CEpoch,
    ClientRequest,
    Command,
    Diff,
    Frame,
    NewEpoch,
    NewLeader,
    Notification,
    Txn,
    UpToDate,
    Vote,
    Zxid,
)
from chaoslab_protocols.zab.server import Server as Machine
from chaoslab_protocols.zab.settings import Settings
from tests.protocols.by_hand import ByHand, of

__all__ = ["Server", "command", "elected", "follower", "leader", "of", "read", "txn", "write"]


def command(value: int, f: str = "write") -> Command:
    """A command about x; its number is the value."""
    return Command("c1", value, Invocation(f=f, key="x", value=value if f == "write" else None))


def txn(epoch: int, counter: int) -> Txn:
    """A transaction that writes 10 * epoch + counter."""
    return Txn(Zxid(epoch, counter), command(10 * epoch + counter))


def write(number: int) -> ClientRequest:
    return ClientRequest(command(number), ZERO)


def read(number: int, zxid: Zxid = ZERO) -> ClientRequest:
    return ClientRequest(command(number, "read"), zxid)


class Server(ByHand):
    """One machine, its disk, and the other ends of its channels."""

    def __init__(self, name: str = "n2", *, files: dict[str, bytes] | None = None, **settings: Any) -> None:
        self.name = name
        self.settings = Settings(**settings)
        self.files: dict[str, bytes] = files or {}
        self.restart()

    def restart(self) -> list[Effect]:
        self.now = 0.0
        self.numbers: dict[str, int] = {}
        self.machine = Machine(
            Context(
                name=self.name,
                nodes=("n1", "n2", "n3"),
                settings=self.settings,
                files=self.files,
                wall_time=lambda: 0.0,
                monotonic_time=lambda: self.now,
                home=self.name,
            )
        )
        return self.did(self.machine.start())

    def frame(self, sender: str, *messages: Any) -> list[Effect]:
        """*messages* arrive on the channel with *sender*."""
        first = self.numbers.get(sender, 0) + 1
        self.numbers[sender] = first + len(messages) - 1
        follows = self.machine.follower
        connection = follows.channel.connection if follows is not None else (1, 1)
        owner = self.name if follows is not None else sender
        return self.gets(sender, Frame(owner, connection, 0, first, messages))

    def told(self, effects: list[Effect], kind: type, to: str | None = None) -> list[Any]:
        """The messages of *kind* among *effects*, in frames or not, those to *to* or all."""
        found = []
        for send in of(Send, effects):
            if to in (None, send.to):
                carried = send.message.messages if isinstance(send.message, Frame) else (send.message,)
                found += [message for message in carried if isinstance(message, kind)]
        return found

    @property
    def replica(self) -> Any:
        return self.machine.replica


def follower(epoch: int = 1, *txns: Txn, one: Server | None = None) -> Server:
    """A server that follows n1 in *epoch*, with an initial history of *txns* that is committed."""
    one = one or Server()
    one.gets("n1", Notification(1, Vote(0, ZERO, "n1"), is_leading=True))
    one.frame("n1", NewEpoch(epoch))
    one.frame("n1", Diff(txns), NewLeader(epoch))
    one.frame("n1", UpToDate(txns[-1].zxid if txns else ZERO))
    return one


def elected(one: Server) -> Server:
    """A server that n3 has voted for, and that leads."""
    election = one.machine.election
    one.gets("n3", Notification(election.round, election.own_vote()))
    one.fires("decide")
    assert one.machine.leader is not None
    return one


def leader(*, one: Server | None = None, last_zxid: Zxid = ZERO) -> Server:
    """A leader with n3 for a follower, established."""
    one = elected(one or Server())
    one.frame("n3", CEpoch(0))
    epoch = one.machine.leader.epoch  # type: ignore[union-attr]
    assert epoch is not None
    one.frame("n3", AckEpoch(epoch, True, 0, last_zxid))
    one.frame("n3", AckNewLeader(epoch))
    assert one.machine.is_serving
    return one
