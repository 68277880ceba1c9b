"""A lock server: a node of Multi-Paxos whose state is a table of locks, and a clock that tells when leases are over.

A lease is over when the whole of it has passed since the server learned of the grant, on its own monotonic clock
(Gray & Cheriton 1989, section 2). It learns after the client has asked, so the client's lease, counted from the
asking, is over first; a server that starts again learns anew, and waits the longer. It does not end a lease alone: it
proposes the end, and the lock is free when that is decided, for all servers at the same place in the order of commands.
"""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Send
from chaoslab_protocols.lock_service.lock_table import ACQUIRE, EXPIRE, LockTable
from chaoslab_protocols.multi_paxos.messages import ClientRequest, ClientResponse, Command
from chaoslab_protocols.multi_paxos.replica import Replica
from chaoslab_protocols.multi_paxos.server import Server

__all__ = ["LockReplica", "LockServer"]


class LockReplica(Replica):
    """A replica of the table."""

    state_machine_class = LockTable
    state_machine: LockTable

    def on_request(self, sender: str, request: ClientRequest) -> list[Effect]:
        """Propose the command; but that a lock is held is said at once: the answer changes and promises nothing."""
        command = request.command
        table = self.state_machine
        if (
            command.operation.f == ACQUIRE
            and command.operation.key in table.held
            and not table.has_applied(command)
            and command.client_id not in self.asked
        ):
            return [Send(sender, ClientResponse(command.command_id))]
        return super().on_request(sender, request)


class LockServer(Server):
    """One lock server.

    Attributes:
        ends: Lock name to (token of the hold, when its lease is over on this server's clock).
    """

    replica_class = LockReplica
    replica: LockReplica

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.context = context
        self.ends: dict[str, tuple[int, float]] = {}

    def message(self, sender: str, message: object) -> Effects:
        effects = super().message(sender, message)
        self.watch()
        return effects

    def timer(self, name: str) -> Effects:
        effects = [*(super().timer(name) or ()), *self.end_leases()]
        self.watch()
        return effects

    def now(self) -> float:
        """Read the clock that leases run on: the monotonic one, which nobody sets."""
        return self.context.monotonic_time()

    def watch(self) -> None:
        """Let the leases begin of which the server has learned now."""
        held = self.replica.state_machine.held
        if {name: token for name, (token, _) in self.ends.items()} == {name: hold.token for name, hold in held.items()}:
            return
        end = self.now() + self.context.settings.lease_s
        self.ends = {
            name: self.ends[name] if self.ends.get(name, (0, 0.0))[0] == hold.token else (hold.token, end)
            for name, hold in held.items()
        }

    def over(self) -> list[tuple[str, int]]:
        """Return the locks whose leases are over, with the tokens of the holds."""
        now = self.now()
        return [(name, token) for name, (token, end) in self.ends.items() if end < now]

    def end_leases(self) -> list[Effect]:
        """Propose the end of the leases that are over."""
        return [effect for name, token in self.over() for effect in self.end_lease(name, token)]

    def end_lease(self, name: str, token: int) -> list[Effect]:
        """Propose the end of a hold. Whoever proposes it, it is the same command, and carried out once."""
        command = Command(f"lease of {name} under {token}", 1, Invocation(f=EXPIRE, key=name, value=token))
        if self.replica.state_machine.has_applied(command):
            return []
        return self.at_home(self.replica.submit(command))
