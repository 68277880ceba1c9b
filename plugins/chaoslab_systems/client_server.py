"""Client and server: one server has everything, its clients ask again when they hear nothing.

An answer that was lost looks like a request that was lost. A client can only ask again, and the server must know that
it is asked again: each request has a number, and the server keeps the number and the answer of each client's last one.

There is one server, and what it does not know is how to be replaced.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.nemesis import Budget
from chaoslab.parameters import FLAG, parameter
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Become, Context, Effect, Effects, Invocation, Send
from chaoslab_protocols import records, store
from chaoslab_protocols.seeking_client import OK, REFUSED, ClientReply, ClientRequest, SeekingClient
from chaoslab_protocols.session_store import SessionStore, Update
from chaoslab_protocols.update_journal import whole_records

__all__ = ["PROTOCOLS", "Client", "Server", "Settings"]

SERVER = "server"


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a server."""

    request_numbers: bool = parameter(
        FLAG, "Whether the server looks at the number of a request, and does none twice.", default=True
    )


class Server:
    """The server: answers once a change is on its disk.

    Attributes:
        store: What is stored, and what each client was answered last.
    """

    JOURNAL = "journal"

    def __init__(self, context: Context, settings: Settings | None = None) -> None:
        self.settings: Settings = settings or context.settings or Settings()
        self.store = SessionStore()
        content = context.files.get(self.JOURNAL, b"")
        self.kept = whole_records(content)
        self.is_cut_short = None in records.read(content)
        for line in self.kept:
            self.store.apply(Update.of_line(list(line)))

    def start(self) -> Effects:
        return [*(records.replace(self.JOURNAL, self.kept) if self.is_cut_short else ()), Become(SERVER)]

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        return self.carry_out(sender, message) if isinstance(message, ClientRequest) else None

    def carry_out(self, client: str, request: ClientRequest) -> list[Effect]:
        """Do what is asked for and answer; what was done before is only answered again, if anybody still waits."""
        number = request.sequence
        if request.invocation.f in store.READS:
            return [Send(client, ClientReply(number, OK, self.store.read(request.invocation)))]
        session = self.store.sessions.get(client)
        if self.settings.request_numbers and session is not None and number <= session.sequence:
            return [Send(client, ClientReply(number, OK, session.answer))] if number == session.sequence else []
        update = Update(self.store.position + 1, client, number, request.invocation)
        try:
            answer = self.store.apply(update)
        except store.Refused as refused:
            return [Send(client, ClientReply(number, REFUSED, str(refused)))]
        return [records.append(self.JOURNAL, [update.line()]), Send(client, ClientReply(number, OK, answer))]


class Client(SeekingClient):
    """A client that knows one server, and asks it again and again."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nodes = context.nodes[:1]

    def first_members(self) -> tuple[str, ...]:
        return self.nodes[:1]

    def whom(self, invocation: Invocation) -> str:
        return self.members[0]


PROTOCOLS = (
    Protocol(
        name="client-server",
        summary="one server whose clients ask again when they hear nothing; numbers tell it what it has done already",
        replica=Server,
        client=Client,
        serves=("orders", "register", "cas-register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="all"),
        roles=(SERVER,),
        nodes=1,
        settings=Settings,
    ),
)
