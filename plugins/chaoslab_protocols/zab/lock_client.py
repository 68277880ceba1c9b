"""A client that takes a lock by an ephemeral node, and changes a counter under it (Hunt et al. 2010, section 2.4).

The lock is an ephemeral node of the client's session: who makes it holds the lock, and loses it when the session is
closed. What is done under the lock is done in the session, so it is refused from then on. The zxid of the node is
the fencing token.
"""

from __future__ import annotations

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols.zab.client import Client
from chaoslab_protocols.zab.messages import ClientReply
from chaoslab_protocols.zab.sessions import CREATE, DELETE, EXPIRED, OPEN, Touch
from chaoslab_protocols.zab.settings import SessionSettings

__all__ = ["LockClient"]


class LockClient(Client):
    """One client, with one session at a time.

    Attributes:
        PAUSE_S: Seconds before the next server is asked when one does not serve.
        POLL_S: Seconds before a lock that is held is asked for again.
        session: Its session, or None.
        phase: What it is doing; empty: nothing.
        next_step: What it does when it stops standing still, or None.
        token: The zxid of the node that is its lock, as a number.
        count: What it writes.
    """

    POLL_S = (0.01, 0.04)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.settings: SessionSettings = context.settings or SessionSettings()
        self.random = context.random
        self.session: str | None = None
        self.phase = ""
        self.next_step: Invocation | None = None
        self.token = self.count = 0

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.phase = "reading"
        begin = self.submit(invocation) if invocation.f == "read" else self.acquire()
        return [SetTimer("timeout", self.TIMEOUT_S), *begin]

    def acquire(self) -> list[Effect]:
        """Make the node, in a session."""
        assert self.invocation is not None
        if self.session is not None:
            return self.step("acquiring", Invocation(f=CREATE, key=self.invocation.key, value=self.session))
        self.phase = "opening"
        self.session = f"{self.name} {self.number}"
        return [*self.submit(Invocation(f=OPEN, value=self.session)), *self.touch()]

    def touch(self) -> list[Effect]:
        """Show that the session is in use, now and then. Who stands still does not."""
        if self.session is None:
            return []
        again = SetTimer("touch", self.settings.session_s / 4)
        return [again] if self.next_step else [Send(self.servers[self.turn], Touch(self.session)), again]

    def step(self, phase: str, operation: Invocation) -> list[Effect]:
        """Go on with *operation*, perhaps after standing still."""
        self.phase = phase
        if not self.random.chance(self.settings.stall):
            return self.submit(operation)
        self.next_step = operation
        return [CancelTimer("try"), SetTimer("stall", (self.settings.session_s, 3 * self.settings.session_s))]

    def begin_anew(self) -> list[Effect]:
        """The session is over, and so is what it held: begin with another one."""
        self.session = None
        return self.acquire()

    def answered(self, sender: str, reply: ClientReply) -> Effects:
        assert self.invocation is not None
        key = self.invocation.key
        if self.next_step is not None or self.phase == "waiting":
            return None  # answered twice
        if self.invocation.f == "read":
            return self.end(Complete("ok", reply.result or 0, node=sender))
        if self.phase == "opening":
            return self.acquire()
        if reply.result == EXPIRED:
            return self.begin_anew()
        if self.phase == "acquiring":
            if not reply.result:
                self.phase = "waiting"
                return [CancelTimer("try"), SetTimer("poll", self.POLL_S)]
            self.token = (reply.zxid.epoch << 32) + reply.zxid.counter
            self.phase = "reading"
            return self.submit(Invocation(f="read", key=key))
        if self.phase == "reading":
            self.count = (reply.result or 0) + 1
            return self.step("writing", Invocation(f="write", key=key, value=(self.session, self.count)))
        if self.phase == "writing":
            self.phase = "releasing"
            return self.submit(Invocation(f=DELETE, key=key, value=self.session))
        return self.end(Complete("ok", self.count, self.token, node=sender))

    def timer(self, name: str) -> Effects:
        if name == "touch":
            return self.touch()
        if self.invocation is None:
            return None
        if name == "stall" and self.next_step is not None:
            operation, self.next_step = self.next_step, None
            return self.submit(operation)  # it does not know that it stood still
        if name == "poll" and self.phase == "waiting":
            return self.acquire()
        return self.give_up() if name == "timeout" else super().timer(name)

    def give_up(self) -> list[Effect]:
        """Time has run out: leave the session, and what it may hold, to its expiry."""
        if self.invocation is not None and self.invocation.f == "read":
            return self.end(Complete("fail", error="no server answered in time"))
        self.session = None
        if self.phase == "releasing":
            return self.end(Complete("ok", self.count, self.token))
        # While it stands still the write has not been sent.
        unknown = self.phase == "writing" and self.next_step is None
        self.next_step = None
        return self.end(Complete("info" if unknown else "fail", error=f"gave up {self.phase}"))

    def end(self, completion: Complete) -> list[Effect]:
        self.phase = ""
        return [CancelTimer("stall"), CancelTimer("poll"), *super().end(completion)]
