"""The master of a chain: detects failed servers, and decides who is in the chain (section 3 of the paper).

Rules:

1. The master is one process that is never replaced. It may crash, and keeps its disk; while it is away nothing is
   reconfigured and tails do not answer queries. (In the paper it is itself replicated, by Paxos.)
2. A server has failed when it has not been heard of for ``DEAD_S``. That may be wrong: the servers' leases, which are
   shorter, see to it that a tail which was removed by mistake knows.
3. A server that was added counts for nothing until it has said that it is in sync: the chain is never left without a
   server that has everything.
4. A configuration is on the disk before anybody hears of it.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols import records
from chaoslab_protocols.chain_replication.messages import Answer, Configuration, Ping
from chaoslab_protocols.seeking_client import NOT_HERE, ClientReply, ClientRequest
from chaoslab_protocols.update_journal import whole_records

__all__ = ["Master"]

CONFIGURATIONS = "configurations"


class Master:
    """Answers pings, and puts servers out of the chain and back in at its end.

    Probes: ``removed``: a configuration without failed servers is durable; ``extended``: one with a new tail is.

    Attributes:
        DEAD_S: Seconds without a ping after which a server has failed.
        CHECK_S: Seconds between looks at who has failed.
    """

    DEAD_S = 0.8
    CHECK_S = 0.05

    def __init__(self, context: Context) -> None:
        self.servers = context.nodes[:-1]
        self.now = context.monotonic_time
        self.configuration = Configuration(1, self.servers)
        self.has_joined = False
        self.last_heard: dict[str, float] = {}
        for number, chain, joining in whole_records(context.files.get(CONFIGURATIONS, b"")):
            self.configuration = Configuration(number, tuple(chain), joining)

    def start(self) -> Effects:
        # Who was heard of before a crash is not known any more, so everybody has as long as ever.
        self.last_heard = dict.fromkeys(self.servers, self.now())
        written = records.replace(CONFIGURATIONS, [attrs.astuple(self.configuration)])
        return [*written, Become("master"), SetTimer("check", self.CHECK_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Ping):
            return self.on_ping(sender, message)
        if isinstance(message, ClientRequest):
            known = self.configuration
            return [Send(sender, ClientReply(message.sequence, NOT_HERE, None, known.number, known.chain))]
        return None

    def on_ping(self, sender: str, ping: Ping) -> Effects:
        self.last_heard[sender] = self.now()
        if sender == self.joining and ping.number == self.configuration.number and ping.in_sync:
            self.has_joined = True
        return [Send(sender, Answer(ping.sent_at, self.configuration))]

    @property
    def joining(self) -> str | None:
        """The server that was added and has not said that it is in sync."""
        return None if self.has_joined else self.configuration.joining

    def timer(self, name: str) -> Effects:
        return [SetTimer("check", self.CHECK_S), *self.check()]

    def check(self) -> list[Effect]:
        """Remove who has failed; if nobody has, add one of those that are outside, one at a time."""
        now = self.now()
        living = [server for server in self.servers if now - self.last_heard[server] <= self.DEAD_S]
        chain = self.configuration.chain
        rest = tuple(server for server in chain if server in living)
        if rest != chain:
            return self.remove(rest)
        outside = [server for server in living if server not in chain]
        if outside and self.joining is None:
            return [*self.configure((*chain, outside[0]), outside[0]), Probe("extended"), *self.announce()]
        return []

    def remove(self, rest: tuple[str, ...]) -> list[Effect]:
        """Go on with *rest*, unless nobody in it is known to have everything."""
        if not any(server != self.joining for server in rest):
            return []
        joining = self.joining if self.joining in rest else None
        return [*self.configure(rest, joining), Probe("removed"), *self.announce()]

    def configure(self, chain: tuple[str, ...], joining: str | None) -> list[Effect]:
        """Begin the next configuration."""
        self.configuration = Configuration(self.configuration.number + 1, chain, joining)
        self.has_joined = False
        return [records.append(CONFIGURATIONS, [attrs.astuple(self.configuration)])]

    def announce(self) -> list[Effect]:
        """Tell every server at once; who does not hear it learns it by its next ping."""
        return [Send(server, Answer(None, self.configuration)) for server in self.servers]
