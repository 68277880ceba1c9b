"""Online banking: after a transfer you see the new balance, whichever server answers you.

Writes go through a leader, every server reads from its own copy, and an app is sent to any of them. The app says how
much of the order of writes it has seen, and a server that is behind does not answer it.
"""

import attrs

from chaoslab.statemachine import Context, Effects, Invocation
from chaoslab_protocols import zab
from chaoslab_protocols.zab.client import Client
from chaoslab_protocols.zab.messages import ClientReply
from chaoslab_systems.authors import authors

__all__ = ["PROTOCOLS", "WORKLOADS"]


class App(Client):
    """An app that is sent to any server for each operation."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.random = context.random

    def invoke(self, invocation: Invocation) -> Effects:
        self.turn = self.random.below(len(self.servers))
        return super().invoke(invocation)


class ForgetfulApp(App):
    """The same, and it does not say what it has seen."""

    def see(self, reply: ClientReply) -> None:
        return None


WORKLOADS = (authors("balances", "people change their own balance, and look at it and at others"),)

PROTOCOLS = (
    attrs.evolve(
        zab.PROTOCOLS[0],
        name="online-banking",
        summary="balances at servers behind a leader, apps that say what they have seen: the own balance is up to date",
        client=App,
        serves=("balances", "register"),
    ),
    attrs.evolve(
        zab.PROTOCOLS[0],
        name="online-banking-forgetful",
        summary="the same with apps that do not say what they have seen: a server that is behind shows the old balance",
        client=ForgetfulApp,
        serves=("balances", "register"),
        claims=("eventual",),
    ),
)
