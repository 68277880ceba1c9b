"""The view service: decides who is primary and who is backup, so that there is never more than one primary that acts.

Rules (after the view service of MIT 6.824, second exercise, 2012-2015):

1. A primary is only ever replaced by its backup, and only out of a view whose primary has said that it is ready: its
   backup has all of the state. Else the service waits until the primary comes back.
2. A server that is not heard of for ``DEAD_S`` is taken for dead. That may be wrong, and nothing but availability
   depends on it: a primary that was replaced gets no answer from its former backup.
3. The service is one process that is never replaced. It may crash, and keeps its disk; while it is away the view
   stays. A view is on the disk before anybody hears of it.
4. The service may hear a primary and a backup that do not hear each other. The primary says so, and its backup is
   passed over for ``SHUN_S``, so that the view does not go to and fro between backups of which it can reach none.

In the exercise no view is left that its primary has not acknowledged. Here that holds for changes of the primary;
another backup may be tried at any time, since the primary has the state.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols import records
from chaoslab_protocols.primary_backup.synchronous.messages import Announcement, Ping, View
from chaoslab_protocols.primary_backup.synchronous.settings import Settings
from chaoslab_protocols.seeking_client import NOT_HERE, ClientReply, ClientRequest
from chaoslab_protocols.update_journal import whole_records

__all__ = ["ViewService"]

VIEWS = "views"


class ViewService:
    """Answers pings with the view.

    Probes: ``failed-over``: a view with another primary is durable; ``enlisted``: one with another backup is.

    Attributes:
        DEAD_S: Seconds without a ping after which a server is taken for dead.
        SHUN_S: Seconds for which a backup that its primary could not reach is not enlisted again.
        CHECK_S: Seconds between looks at who is.
    """

    DEAD_S = 0.4
    SHUN_S = 2.0
    CHECK_S = 0.05

    def __init__(self, context: Context) -> None:
        self.settings: Settings = context.settings or Settings()
        self.servers = context.nodes[:-1]
        self.now = context.monotonic_time
        self.view = View(1, *self.servers[:2])
        self.is_acknowledged = False
        self.last_heard: dict[str, float] = {}
        self.shunned_until: dict[str, float] = {}
        for written in whole_records(context.files.get(VIEWS, b"")):
            self.view = View(*written)

    def start(self) -> Effects:
        # Who was heard of before a crash is not known any more, so everybody has as long as ever.
        self.last_heard = dict.fromkeys(self.servers, self.now())
        written = records.replace(VIEWS, [attrs.astuple(self.view)])
        return [*written, Become("view-service"), SetTimer("check", self.CHECK_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Ping):
            return self.on_ping(sender, message)
        if isinstance(message, ClientRequest):
            reply = ClientReply(message.sequence, NOT_HERE, None, self.view.number, self.view.members)
            return [Send(sender, reply)]
        return None

    def on_ping(self, sender: str, ping: Ping) -> Effects:
        self.last_heard[sender] = self.now()
        if sender == self.view.primary and ping.number == self.view.number:
            self.is_acknowledged = self.is_acknowledged or ping.is_ready
            if ping.is_backup_silent and self.view.backup is not None:
                self.shun(self.view.backup)
        return [Send(sender, Announcement(self.view))]

    def timer(self, name: str) -> Effects:
        return [SetTimer("check", self.CHECK_S), *self.check()]

    def shun(self, backup: str) -> None:
        """Take notice that the primary cannot reach *backup*."""
        self.shunned_until[backup] = self.now() + self.SHUN_S

    def check(self) -> list[Effect]:
        """Begin another view if the primary is dead and may be replaced, or if there ought to be another backup."""
        living = [server for server in self.servers if self.now() - self.last_heard[server] <= self.DEAD_S]
        if self.view.primary not in living:
            primary = self.successor(living)
            if primary is not None:
                self.shunned_until = {}  # that another primary could not reach somebody says nothing of this one
                return [*self.begin(primary, self.spare(living, primary)), Probe("failed-over"), *self.announce()]
        if self.view.backup in self.reachable(living):
            return []
        backup = self.spare(living, self.view.primary)
        if backup == self.view.backup:
            return []
        return [*self.begin(self.view.primary, backup), Probe("enlisted"), *self.announce()]

    def successor(self, living: list[str]) -> str | None:
        """Return who takes over from the primary, None if nobody can: only the backup, and only if it has the state."""
        if not self.settings.failover:
            return None
        return self.view.backup if self.is_acknowledged and self.view.backup in living else None

    def reachable(self, living: list[str]) -> list[str]:
        """Return those of the *living* of whom no primary has said that it cannot reach them, lately."""
        return [server for server in living if self.now() >= self.shunned_until.get(server, 0.0)]

    def spare(self, living: list[str], primary: str) -> str | None:
        """Return who may be the backup of *primary*, None if nobody."""
        candidates = self.reachable(living)
        return next((server for server in candidates if server not in (primary, self.view.primary)), None)

    def begin(self, primary: str, backup: str | None) -> list[Effect]:
        """Begin the next view."""
        self.view = View(self.view.number + 1, primary, backup)
        self.is_acknowledged = False
        return [records.append(VIEWS, [attrs.astuple(self.view)])]

    def announce(self) -> list[Effect]:
        """Tell every server at once; who does not hear it learns it by its next ping."""
        return [Send(server, Announcement(self.view)) for server in self.servers]
