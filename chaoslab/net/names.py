"""Simulated DNS: one name server with records, and the resolver of each machine with its cache.

Rules:

1. Every machine can be looked up under its own name; other names point where ``point`` says.
2. The name server is an endpoint called ``dns``. Questions and answers are messages over its links, so they can be
   slow, lost or cut off. A resolver asks twice, five seconds apart, then gives up (resolv.conf's defaults).
3. A resolver keeps an answer as long as its time to live says, on true time, and forgets everything in a power cut. It
   does not keep failures.

This file does not know faults; a *rule* may change what the server says and what a resolver keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, Protocol

import attrs

from chaoslab.net.packets import DnsAnswer, DnsQuery
from chaoslab.sim import Entry
from chaoslab.units import seconds_to_ns

if TYPE_CHECKING:
    from chaoslab.net.internet import Internet
    from chaoslab.net.streams import Stack

__all__ = ["NAME_SERVER", "NAME_SERVER_ADDRESS", "Lookup", "NameServer", "NamingRule", "Record", "Resolver"]

NAME_SERVER: Final = "dns"
NAME_SERVER_ADDRESS: Final = "10.0.255.53"
_TTL_NS: Final = 30_000_000_000
_PATIENCE_NS: Final = 5_000_000_000
_ATTEMPTS_MAX: Final = 2

Code = Literal["", "NOERROR", "NXDOMAIN", "SERVFAIL", "TIMEOUT"]


@attrs.frozen(kw_only=True)
class Record:
    """Where a name points.

    Attributes:
        addresses: IPv4 addresses, in the order in which they should be tried.
        ttl_ns: How long an answer may be kept.
    """

    addresses: tuple[str, ...]
    ttl_ns: int = _TTL_NS


class NamingRule(Protocol):
    """Something done to names: a fault."""

    def answer(self, machine: str, answer: DnsAnswer, server: NameServer) -> DnsAnswer | None:
        """Return what the server says to *machine* in place of *answer*; None: nothing."""

    def keeps(self, machine: str, name: str) -> bool:
        """Return whether *machine* goes on using what it knows of *name*, although its time is over."""


class NameServer:
    """The name server of one cluster.

    Attributes:
        rules: What is done to its answers, in order.
        queries: How many questions it has had.
    """

    def __init__(self, internet: Internet) -> None:
        self.rules: list[NamingRule] = []
        self.queries = 0
        self._internet = internet
        self._records: dict[str, Record] = {}
        self._before: dict[str, Record] = {}
        self._attached = False

    def point(self, name: str, *targets: str, ttl: float = 30.0) -> None:
        """Let *name* point at *targets* from now on; at nothing if there are none.

        Args:
            name: Any name; a machine's own name may be pointed elsewhere, too.
            targets: Machines, or addresses.
            ttl: Seconds for which an answer may be kept.

        Raises:
            UsageError: a target is neither.
        """
        name = canonical(name)
        addresses = tuple(
            target if target.replace(".", "").isdigit() else self._internet.address(target) for target in targets
        )
        before = self.record(name)
        if before is not None:
            self._before[name] = before
        self._records[name] = Record(addresses=addresses, ttl_ns=seconds_to_ns(ttl))

    def record(self, name: str) -> Record | None:
        """Return where *name* points now, or None if there is no such name."""
        record = self._records.get(name)
        if record is None and name in self._internet.network.names:
            record = Record(addresses=(self._internet.address(name),))
        return record if record is not None and record.addresses else None

    def record_before(self, name: str) -> Record | None:
        """Return where *name* pointed before its last change; where it points, if it was never changed."""
        return self._before.get(name) or self.record(name)

    def attach(self) -> None:
        """Join the network, if that has not happened yet: a cluster that looks nothing up has no name server."""
        if not self._attached:
            self._attached = True
            self._internet.network.attach(NAME_SERVER, self._on_message)

    def _on_message(self, entry: Entry) -> None:
        _, _, _, link, query = entry
        network = self._internet.network
        if link.guarded and not network.admits(link, query):
            return
        if not isinstance(query, DnsQuery) or not query.intact:
            network.lose(link, query, "checksum")
            return
        network.note(link, query, "asked")
        self.queries += 1
        answer: DnsAnswer | None = say(query, self.record(query.name))
        for rule in self.rules:
            if answer is not None:
                answer = rule.answer(link.source, answer, self)
        if answer is not None:
            network.send(network.link(NAME_SERVER, link.source), answer)


def canonical(name: str) -> str:
    """Return *name* as it is looked up: names have no case, and may end with a dot."""
    return name.rstrip(".").lower()


def say(query: DnsQuery | DnsAnswer, record: Record | None) -> DnsAnswer:
    """Return the answer to *query* (or in place of an answer to it) that *record* gives; None: no such name."""
    if record is None:
        return DnsAnswer(id=query.id, name=query.name, code="NXDOMAIN")
    return DnsAnswer(id=query.id, name=query.name, addresses=record.addresses, ttl_ns=record.ttl_ns)


class Lookup:
    """A name that is being looked up.

    Attributes:
        name: The name.
        code: How it ended; ``""`` while it goes on.
        addresses: What was found.
        changed: Called when it has ended.
    """

    __slots__ = ("addresses", "attempts", "changed", "code", "id", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.code: Code = ""
        self.addresses: tuple[str, ...] = ()
        self.changed: Callable[[], None] = lambda: None
        self.attempts = 0
        self.id = 0

    def end(self, code: Code, addresses: tuple[str, ...] = ()) -> None:
        """This is how it ended."""
        self.code, self.addresses = code, addresses
        self.changed()


class Resolver:
    """Looks names up for one machine, and remembers what it was told."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._server = stack.internet.dns
        self._known: dict[str, tuple[tuple[str, ...], int]] = {}  # addresses, and until when they are good
        self._open: dict[int, Lookup] = {}
        self._asked = 0

    def look_up(self, name: str) -> Lookup:
        """Begin to look *name* up. It may have ended at once, from what is known."""
        lookup = Lookup(canonical(name))
        known = self._known.get(lookup.name)
        if lookup.name == "localhost":
            lookup.end("NOERROR", ("127.0.0.1",))
        elif known is not None and (self._stack.now_ns < known[1] or self._keeps(lookup.name)):
            lookup.end("NOERROR", known[0])
        else:
            self._ask(lookup)
        return lookup

    def receive(self, answer: DnsAnswer) -> None:
        """The name server has answered."""
        lookup = self._open.get(answer.id)
        if lookup is None or lookup.name != answer.name:
            return  # too late
        del self._open[answer.id]
        if answer.code == "NOERROR":
            self._known[answer.name] = (answer.addresses, self._stack.now_ns + answer.ttl_ns)
            lookup.end("NOERROR", answer.addresses)
        elif answer.code == "NXDOMAIN":
            self._known.pop(answer.name, None)
            lookup.end("NXDOMAIN")
        else:
            self._ask_again(lookup, "SERVFAIL")

    def _keeps(self, name: str) -> bool:
        return any(rule.keeps(self._stack.machine, name) for rule in tuple(self._server.rules))

    def _ask(self, lookup: Lookup) -> None:
        self._server.attach()
        self._asked += 1
        lookup.id = self._asked
        lookup.attempts += 1
        self._open[lookup.id] = lookup
        self._stack.send(NAME_SERVER, DnsQuery(id=lookup.id, name=lookup.name))
        self._stack.after(_PATIENCE_NS, self._give_up, lookup.id)

    def _give_up(self, id: int) -> None:
        lookup = self._open.pop(id, None)
        if lookup is not None:
            self._ask_again(lookup, "TIMEOUT")

    def _ask_again(self, lookup: Lookup, code: Code) -> None:
        if lookup.attempts < _ATTEMPTS_MAX:
            self._ask(lookup)
        else:
            lookup.end(code)
