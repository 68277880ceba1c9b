"""Sessions and ephemeral nodes: the state, the leader that expires sessions, the server (Hunt et al. 2010, section 2).

Rules:

1. A session is opened and closed by transactions, so all servers agree on which commands came while it was open.
2. An ephemeral node belongs to the session that made it, and is gone when that is closed.
3. The leader alone decides that a session has expired, by its own clock, and says so by a transaction. A new leader
   knows nothing of signs of life given to the old one, and gives every session its full time again.
4. What a closed session asks for is refused, also if it was asked for before. So it needs no clock to be safe: whoever
   was thought dead and is not finds out at its next command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from chaoslab.statemachine import Effect, Effects, Invocation
from chaoslab_protocols.zab.leader import Leader, Learner
from chaoslab_protocols.zab.messages import Command, Frame
from chaoslab_protocols.zab.replica import Replica
from chaoslab_protocols.zab.server import Server
from chaoslab_protocols.zab.settings import SessionSettings
from chaoslab_protocols.zab.state_machine import StateMachine

__all__ = [
    "CLOSE",
    "CREATE",
    "DELETE",
    "EXPIRED",
    "OPEN",
    "SessionLeader",
    "SessionReplica",
    "SessionServer",
    "SessionStateMachine",
    "Touch",
]

OPEN: Final = "open"
CLOSE: Final = "close"
CREATE: Final = "create"
DELETE: Final = "delete"
EXPIRED: Final = "expired"
"""What a command of a closed session gives."""


@attrs.frozen
class Touch:
    """A client to its server, and that to the leader: the session is in use."""

    session: str


class SessionStateMachine(StateMachine):
    """The store, and beside it sessions and ephemeral nodes.

    Operations: open and close, whose value is the session; create and delete of the ephemeral node that the key names,
    whose value is the session; write, whose value is the session and what to write.

    Attributes:
        sessions: The sessions that are open, in the order of their opening.
        ephemerals: Node to the session that it belongs to.
    """

    def __init__(self, state: Any = ()) -> None:
        store_state, sessions, ephemerals = state or ((), (), ())
        super().__init__(store_state)
        self.sessions: dict[str, None] = dict.fromkeys(sessions)
        self.ephemerals: dict[str, str] = dict(ephemerals)

    def written(self) -> Any:
        return super().written(), tuple(self.sessions), tuple(self.ephemerals.items())

    def carry_out(self, command: Command) -> Any:
        f, key, value = command.operation.f, command.operation.key, command.operation.value
        if f == OPEN:
            self.sessions[value] = None
            return True
        if f == CLOSE:
            return self.close(value)
        if f == CREATE:
            return self.create(key, value) if self.may_create(value) else EXPIRED
        if f == DELETE:
            return self.ephemerals.pop(key, None) is not None if self.ephemerals.get(key) == value else False
        session, written = value
        if not self.may_write(session):
            return EXPIRED
        self.values[key] = written
        return True

    def create(self, key: str, session: str) -> bool:
        """Make the node, if there is none; return whether it is the session's."""
        return self.ephemerals.setdefault(key, session) == session

    def may_create(self, session: str) -> bool:
        """Whether the session may make nodes."""
        return session in self.sessions

    def may_write(self, session: str) -> bool:
        """Whether the session may write."""
        return session in self.sessions

    def close(self, session: str) -> bool:
        """Close the session and remove its nodes."""
        self.ephemerals = {key: owner for key, owner in self.ephemerals.items() if owner != session}
        return self.sessions.pop(session, "none") is None

    def refusal(self, operation: Invocation) -> str | None:
        if operation.f in (OPEN, CLOSE, CREATE, DELETE, "write", "read"):
            return None
        return f"a store with sessions does not know {operation.f!r}"


class SessionReplica(Replica):
    """What a server with sessions has in every role."""

    state_machine_class = SessionStateMachine
    state_machine: SessionStateMachine
    settings: SessionSettings


class SessionLeader(Leader):
    """A leader that expires sessions.

    Attributes:
        touched: Session to when it was last in use, as far as this leader has heard.
    """

    replica: SessionReplica

    def __init__(self, name: str, nodes: Sequence[str], replica: Replica, now: float) -> None:
        super().__init__(name, nodes, replica, now)
        self.now = now
        self.touched: dict[str, float] = {}
        self.handlers[Touch] = self.on_touch

    def on_frame(self, sender: str, frame: Frame, now: float) -> list[Effect]:
        self.now = now
        return super().on_frame(sender, frame, now)

    def on_tick(self, now: float) -> list[Effect]:
        self.now = now
        return [*super().on_tick(now), *self.expire()]

    def on_touch(self, sender: str, learner: Learner, message: Touch) -> list[Effect]:
        """A follower's client has shown that it is there."""
        return self.touch(message.session)

    def touch(self, session: str) -> list[Effect]:
        """Note that a session is in use."""
        self.touched[session] = self.now
        return []

    def expire(self) -> list[Effect]:
        """Propose to close the sessions that have been silent for too long."""
        if not self.is_established:
            return []
        sessions = self.replica.state_machine.sessions
        self.touched = {session: self.touched.get(session, self.now) for session in sessions}
        silent = self.now - self.replica.settings.session_s
        expired = [session for session, touched in self.touched.items() if touched < silent]
        effects: list[Effect] = []
        for session in expired:
            self.touched[session] = self.now  # once more only if this comes to nothing
            effects += self.propose(Command(f"expiry of {session}", 1, Invocation(f=CLOSE, value=session)))
        return effects


class SessionServer(Server):
    """One server of a store with sessions."""

    replica_class = SessionReplica
    leader_class = SessionLeader

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Touch):
            return super().message(sender, message)
        if not self.is_serving:
            return None
        if self.follower is not None:
            return self.follower.channel.send(message)
        assert isinstance(self.leader, SessionLeader)
        return self.leader.touch(message.session)
